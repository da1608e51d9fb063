"""Whether a carrier that is connected answers at all: one that fails every call, is frozen or
answers too late is lost for metrics, log and alerts. It is still asked."""

from __future__ import annotations

from itertools import count

LATE_SECONDS = 4.5  # by then the push has been answered −1
WAYBILLS_TO_TELL = 2  # one that always fails may be the waybill's own fault
WITHIN_SECONDS = 60.0


class RecentCalls:
    """What became of the calls since the last one that was answered well and in time.

    Times are in seconds of any clock that only goes forward. Lost from the moment that calls
    of two waybills within a minute failed or came late, with no good answer between them; until
    the next good answer.
    """

    def __init__(self) -> None:
        self._numbers = count()
        self._running: dict[int, tuple[str, float]] = {}
        self._bad: dict[str, float] = {}
        self._why = ""
        self._good_at = float("-inf")

    def begin(self, waybill: str, *, now: float) -> int:
        """Note that a call goes out; the number is for its `end`."""
        number = next(self._numbers)
        self._running[number] = waybill, now
        return number

    def end(self, number: int, *, fault: str, now: float) -> None:
        """Note how it ended; no fault: it was answered, whatever the answer was."""
        waybill, began = self._running.pop(number)
        if fault and fault != "DEADLINE_EXCEEDED":
            self._note(waybill, f"answers only errors: {fault}", now)
        elif not fault and now - began < LATE_SECONDS:
            self._bad.clear()
            self._good_at = now
        else:
            self._note(waybill, _LATE, min(now, began + LATE_SECONDS))

    def forget(self, number: int) -> None:
        """Drop a call that says nothing of the carrier: it was not sent, or we gave it up."""
        self._running.pop(number, None)

    def trouble(self, *, now: float) -> str:
        """Say why the carrier is lost; empty: it is not."""
        for waybill, began in self._running.values():
            if began + LATE_SECONDS <= now:
                self._note(waybill, _LATE, began + LATE_SECONDS)
        return self._why if len(self._bad) >= WAYBILLS_TO_TELL else ""

    def _note(self, waybill: str, why: str, at: float) -> None:
        if at <= self._good_at or waybill in self._bad:
            return
        if len(self._bad) < WAYBILLS_TO_TELL:
            self._bad = {one: then for one, then in self._bad.items() if at - then < WITHIN_SECONDS}
            self._bad[waybill] = at
            self._why = why


_LATE = f"does not answer within {LATE_SECONDS:g} s"
