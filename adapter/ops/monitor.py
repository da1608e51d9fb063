"""Say once that a part is lost, and once that it is back: what an alert is made of."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from adapter.ops.health import Condition
from adapter.ops.log import Logger

LOST_AFTER_SECONDS = 2.0  # less is no news: a carrier's restart is over in half a second
LOOK_EVERY_SECONDS = 0.5
# The alert's name, and the line's; then the line that ends it.
EVENTS: dict[str, tuple[str, str]] = {
    "carrier": ("carrier_lost", "carrier_back"),
    "ledger": ("ledger_lost", "ledger_back"),
}
# gRPC's core is silenced, see `adapter.__main__`: why a connection fails, `check` tells better.
HINTS = {
    "carrier": "`waybridge check` says why: name, TLS, health",
    "ledger": "`waybridge check` says why: file, disk, database",
}


class DependencyMonitor:
    """Looks at the parts by itself, so that a loss is told also while nobody pushes.

    `parts` are some of those of `EVENTS`; `count` is told the name of each loss.
    """

    def __init__(
        self,
        *,
        parts: Mapping[str, Callable[[], Condition]],
        log: Logger,
        count: Callable[[str], None],
    ) -> None:
        self._parts = parts
        self._log = log
        self._count = count
        self._gone_since: dict[str, float] = {}
        self._told: set[str] = set()

    async def keep(self) -> None:
        """Look again and again, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            self.look(now=loop.time())
            await asyncio.sleep(LOOK_EVERY_SECONDS)

    def look(self, *, now: float) -> None:
        """Look once; `now` is in seconds, of any clock that only goes forward."""
        for name, ask in self._parts.items():
            condition = ask()
            if condition.is_up:
                self._stands(name, now)
            else:
                self._is_gone(name, condition, now)

    def _is_gone(self, name: str, condition: Condition, now: float) -> None:
        since = self._gone_since.setdefault(name, now)
        if name in self._told or now - since < LOST_AFTER_SECONDS:
            return
        self._told.add(name)
        lost, _ = EVENTS[name]
        self._log.warning(lost, state=condition.word, detail=condition.detail, hint=HINTS[name])
        self._count(lost)

    def _stands(self, name: str, now: float) -> None:
        since = self._gone_since.pop(name, now)
        if name in self._told:
            self._told.remove(name)
            _, back = EVENTS[name]
            self._log.info(back, gone_seconds=round(now - since, 1))
