"""Requests that were turned away: each one counted, and so logged that a scan fills no disk.

Of each kind the first few are written, then fewer and fewer, each with the number of those
left out since the last line; what is still untold follows when the window ends.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from adapter.diagnostics.logger import Logger
from adapter.edge.limits import BodyTooLarge, BodyTooSlow, SenderGone
from adapter.edge.ports import EdgeMetrics
from adapter.wechat.errors import REFUSED_REASONS, Undecodable

WINDOW_SECONDS = 60.0
FIRST_LINES = 5  # of each kind in a window
SPARSER = 4  # after them the 20th, the 80th, the 320th …
PATH_LIMIT_CHARACTERS = 100


class HttpRefusal(Enum):
    """Requests that never became a push, by their words in log and metrics."""

    PATH = "path"
    METHOD = "method"
    MALFORMED = "malformed"
    HOST = "host"
    HEADER_TOO_LARGE = "header_too_large"
    HEADER_TOO_SLOW = "header_too_slow"
    CONNECTION_LIMIT = "connection_limit"


REFUSALS = (
    *REFUSED_REASONS,
    Undecodable.REASON,
    *(each.reason for each in (BodyTooLarge, BodyTooSlow, SenderGone)),
    *(each.value for each in HttpRefusal),
)
"""Every reason that something is turned away for, by its word in log and metrics."""


@dataclass(slots=True)
class _Kind:
    """What is alike enough to be told together."""

    seen: int = 0
    left_out: int = 0
    next_line: int = FIRST_LINES * SPARSER

    def is_written(self) -> bool:
        """Count one more, and say whether it gets a line."""
        self.seen += 1
        if self.seen == self.next_line:
            self.next_line *= SPARSER
            return True
        return self.seen <= FIRST_LINES


def _later(seconds: float, then: Callable[[], None]) -> object:
    return asyncio.get_running_loop().call_later(seconds, then)


class Refusals:
    """Counts and logs what the edge turns away.

    `later` calls something after so many seconds; it is how a window ends.
    """

    def __init__(
        self,
        *,
        tally: EdgeMetrics,
        log: Logger,
        later: Callable[[float, Callable[[], None]], object] = _later,
    ) -> None:
        self._tally = tally
        self._log = log
        self._later = later
        self._kinds: dict[tuple[str, str, str], _Kind] = {}

    def turned_away(
        self, reason: str, *, peer: str, program: str = "", meant: str = "", **more: object
    ) -> None:
        """One request was turned away. `meant` is the configured path that was almost asked
        for: such a slip is a kind of its own, so that no scan hides it."""
        self._tally.refused(reason, program=program)
        if not self._kinds:
            self._later(WINDOW_SECONDS, self.tell)
        kind = self._kinds.setdefault((program, reason, meant), _Kind())
        if not kind.is_written():
            kind.left_out += 1
            return
        if meant:
            more["meant"] = meant
        if kind.left_out:
            more["left_out"], kind.left_out = kind.left_out, 0
        self._log.warning("push_refused", program=program, reason=reason, peer=peer, **more)

    def refused(self, refusal: HttpRefusal, peer: str, detail: str) -> None:
        """A connection was turned away before there was a request."""
        self.turned_away(refusal.value, peer=peer, detail=detail)

    def tell(self) -> None:
        """Write what was left out so far, and begin a new window."""
        for (program, reason, _), kind in self._kinds.items():
            if kind.left_out:
                self._log.warning(
                    "refusals_left_out", program=program, reason=reason, left_out=kind.left_out
                )
        self._kinds.clear()
