"""What a sender may cost us: the size and the time of a body, and the pushes at once."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from starlette.types import Receive, Scope

from adapter.edge.time_limit import TimeLimit

# No setting: WeChat hangs up at 5 s, so there is nobody to answer after 4.5 s and this.
OVERRUN_SECONDS = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeLimits:
    """The edge's bounds. `overrun_seconds` is what the desk may take beyond the reply budget
    while it writes what it says."""

    reply_within_seconds: float
    overrun_seconds: float
    body_limit_bytes: int
    body_within_seconds: float
    max_in_flight: int


class Unreadable(Exception):
    """No whole body came; nothing was decided. `reason` names it in metrics."""

    reason = "unreadable"


class BodyTooLarge(Unreadable):
    """The body is announced, or grew, over the limit. RFC 9110, 15.5.14."""

    reason = "body_too_large"


class BodyTooSlow(Unreadable):
    """The body was not whole in time. RFC 9110, 15.5.9."""

    reason = "body_too_slow"


class SenderGone(Unreadable):
    """The sender hung up before the body was whole: there is nobody to answer."""

    reason = "sender_gone"


async def read_body(
    scope: Scope,
    receive: Receive,
    *,
    limit_bytes: int,
    within_seconds: float,
    task: asyncio.Task[Any] | None = None,
) -> bytes:
    """Return the whole body. Raises a kind of `Unreadable`; never holds more than the
    limit and one chunk. `task` is the running one, if it is known."""
    announced = header(scope, b"content-length")
    # More than eighteen digits is over any limit, and int() of a long text is slow.
    if announced.isdigit() and (len(announced) > 18 or int(announced) > limit_bytes):
        raise BodyTooLarge
    try:
        with TimeLimit(within_seconds, task=task):
            return await _gather(receive, limit_bytes=limit_bytes)
    except TimeoutError as error:
        raise BodyTooSlow from error


def header(scope: Scope, name: bytes) -> bytes:
    """Return the first header of that (lower-case) name, or nothing."""
    for key, value in scope["headers"]:
        if key == name:
            found: bytes = value
            return found
    return b""


async def _gather(receive: Receive, *, limit_bytes: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise SenderGone
        body = message.get("body", b"")
        size += len(body)
        if size > limit_bytes:
            raise BodyTooLarge
        if not message.get("more_body", False):
            return b"".join([*chunks, body]) if chunks else body
        chunks.append(body)


class InFlightLimit:
    """How many pushes are being decided at once; one more than the ceiling is shed."""

    __slots__ = ("_ceiling", "pushes")

    def __init__(self, ceiling: int) -> None:
        self._ceiling = ceiling
        self.pushes = 0

    def is_full(self, *, worked_on: int) -> bool:
        """Say whether the pushes waited for here, or worked on at the desk after their reply
        too, reach the ceiling."""
        return self.pushes >= self._ceiling or worked_on >= self._ceiling

    def taken(self) -> InFlightLimit:
        """Hold one place: `with room.taken():`."""
        return self

    def __enter__(self) -> None:
        self.pushes += 1

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.pushes -= 1
