"""When to spare a handler that does not answer: after failures in a row, until one success."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True, kw_only=True)
class Circuit:
    """Counts failures in a row. Time is an argument, in seconds of any steady clock.

    After `failures` of them nothing is let through for `rest_seconds`; then one push is let
    through as a probe, and its outcome decides.
    """

    failures: int = 5
    rest_seconds: float = 5.0
    _in_a_row: int = 0
    _open_until: float = 0.0

    def lets_through(self, *, now: float) -> bool:
        """Say whether to ask; a probe moves the end of the rest, so that it is the only one."""
        if self._in_a_row < self.failures:
            return True
        if now < self._open_until:
            return False
        self._open_until = now + self.rest_seconds
        return True

    def is_open(self, *, now: float) -> bool:
        """Say whether pushes are being held back."""
        return self._in_a_row >= self.failures and now < self._open_until

    def succeeded(self) -> None:
        """The handler answered."""
        self._in_a_row = 0

    def failed(self, *, now: float) -> None:
        """The handler did not answer, or with a fault of its own."""
        self._in_a_row += 1
        if self._in_a_row >= self.failures:
            self._open_until = now + self.rest_seconds
