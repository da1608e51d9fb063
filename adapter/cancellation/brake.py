"""The latency brake: a carrier that answers too late is asked by one probe a second.

What is answered -1 "not processed" without a call is then truly not done. Seconds are those of
a clock that never jumps.
"""

from __future__ import annotations

LATE_IN_A_ROW = 5
PROBE_EVERY_SECONDS = 1.0


class Brake:
    """On while the newest calls were all answered later than their pushes could wait."""

    def __init__(self) -> None:
        self._late = 0
        self._timely_sent_at = float("-inf")
        self._probed_at = float("-inf")

    @property
    def is_on(self) -> bool:
        return self._late >= LATE_IN_A_ROW

    def timely(self, *, sent_at: float) -> None:
        """A call was answered while somebody still waited for it: the brake is off."""
        self._late = 0
        self._timely_sent_at = max(self._timely_sent_at, sent_at)

    def late(self, *, sent_at: float) -> None:
        """A call was not answered in its push's time; said at that moment, and once. One that
        was sent before the last timely one says nothing of now."""
        if sent_at >= self._timely_sent_at:
            self._late += 1

    def admits(self, *, now: float) -> bool:
        """Whether a push may be sent: the brake is off, or this is the second's probe."""
        if not self.is_on:
            return True
        if now - self._probed_at < PROBE_EVERY_SECONDS:
            return False
        self._probed_at = now
        return True

    def not_sent(self) -> None:
        """A push that was admitted was not sent after all: the next one may be the probe."""
        self._probed_at = float("-inf")
