"""Logs once that the ledger went back in time, and once that an operator accepted it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from adapter.diagnostics.logger import Logger

ALERT = "ledger_rewound"
CHECK_EVERY_SECONDS = 0.5
HINT = (
    "compare the lines push_answered of the lost time, then `waybridge ledger accept-rewind`;"
    " until then nothing is inferred"
)


class RewindMonitor:
    """Asks by itself, so that it is seen also while there are no pushes. `seen_at` is the Unix
    time since which the ledger counts as rewound; `count` is called with the alert's name."""

    def __init__(
        self,
        *,
        seen_at: Callable[[], float | None],
        log: Logger,
        count: Callable[[str], None],
    ) -> None:
        self._seen_at = seen_at
        self._log = log
        self._count = count
        self._known: float | None = None

    async def run(self) -> None:
        """Check again and again, until cancelled."""
        while True:
            self.check()
            await asyncio.sleep(CHECK_EVERY_SECONDS)

    def check(self) -> None:
        """Check once."""
        seen_at = self._seen_at()
        if seen_at == self._known:
            return
        if seen_at is None:
            self._log.info("rewind_accepted", seen_at=self._known)
        else:
            self._log.warning(ALERT, seen_at=seen_at, hint=HINT)
            self._count(ALERT)
        self._known = seen_at
