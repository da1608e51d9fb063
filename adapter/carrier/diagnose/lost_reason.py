"""Why the carrier has no connection, in the words of `check`, looked for while `serve` runs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from adapter.carrier.channel.options import CarrierOptions
from adapter.carrier.diagnose.probe import reach
from adapter.diagnostics.finding import Severity

LOOK_EVERY_SECONDS = 0.25
AFTER_SECONDS = 0.5  # a reconnection is over by then
STEP_SECONDS = 1.5  # each step of the search: the log's line waits for it
AGAIN_SECONDS = 10.0


class LostReason:
    """`text` is empty while the carrier is connected, or when nothing wrong was found; None while
    the reason is being looked for. `is_connected` is asked again and again."""

    def __init__(
        self, options: CarrierOptions, *, beside: str, is_connected: Callable[[], bool]
    ) -> None:
        self._options = options
        self._beside = beside
        self._is_connected = is_connected
        self.text: str | None = None

    async def run(self) -> None:
        """Look for a reason whenever there is no connection, until cancelled."""
        loop = asyncio.get_running_loop()
        lost_at: float | None = None
        looked_at = float("-inf")
        while True:
            now = loop.time()
            if self._is_connected():
                lost_at, looked_at, self.text = None, float("-inf"), None
            else:
                lost_at = now if lost_at is None else lost_at
                if now - lost_at >= AFTER_SECONDS and now - looked_at >= AGAIN_SECONDS:
                    self.text = await self.look()
                    looked_at = loop.time()
            await asyncio.sleep(LOOK_EVERY_SECONDS)

    async def look(self) -> str:
        """Look once; the first error is the reason."""
        found = await reach(
            self._options, beside=self._beside, within_seconds=STEP_SECONDS, now_unix=time.time()
        )
        reasons = (one for one in found.findings if one.severity is Severity.ERROR)
        first = next(reasons, None)
        return first.message.removesuffix(".") if first else ""
