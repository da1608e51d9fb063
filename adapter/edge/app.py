"""What WeChat reaches: one path per Mini Program, and an answer to whatever comes."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Mapping

from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from adapter.edge import replies
from adapter.edge.limits import BodyTooLarge, BodyTooSlow, SenderGone, Unreadable
from adapter.edge.push import Delivery, EdgeParts, Program, PushEndpoint
from adapter.edge.replies import HttpAnswer
from adapter.wechat.errors import Refused, Undecodable, WeChatError

FRAMES = 20  # of a traceback, the innermost ones
FAULT_TEXT_LIMIT = 300  # characters of an exception's own words in the log

_UNREADABLE: dict[type[Unreadable], HttpAnswer | None] = {
    BodyTooLarge: replies.TOO_LARGE,
    BodyTooSlow: replies.TOO_SLOW,
    SenderGone: None,
}


def create_app(programs: Mapping[str, Program], parts: EdgeParts) -> Starlette:
    """Build the edge: each path (as configured, no patterns) answers for its Mini Program."""
    entrances = {
        path: Entrance(path, PushEndpoint(program, parts)) for path, program in programs.items()
    }
    app = _Edge(routes=[Route(path, entrance) for path, entrance in entrances.items()])
    app.entrances = entrances
    # `/wechat/push/` is another path and gets 404, not a redirect WeChat would not follow.
    app.router.redirect_slashes = False
    app.router.default = _nowhere
    return app


class _Edge(Starlette):
    """Starlette without its two exception middlewares: every `Entrance` answers its own
    faults, so they would cost each push and never be used. Nor is a push asked which route's
    pattern it fits: a path that is an entrance's own goes there at once."""

    entrances: Mapping[str, Entrance]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        entrance = self.entrances.get(scope["path"]) if scope["type"] == "http" else None
        if entrance is None:
            await super().__call__(scope, receive, send)
        else:
            await entrance(scope, receive, send)

    def build_middleware_stack(self) -> ASGIApp:
        return self.router


class Entrance:
    """One Mini Program's door. The only place where every exception is caught."""

    def __init__(self, path: str, endpoint: PushEndpoint) -> None:
        self._path = path
        self._endpoint = endpoint
        self._parts = endpoint.parts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; nothing a sender does becomes a 5xx."""
        delivery = Delivery(
            scope=scope,
            receive=receive,
            started=self._parts.monotonic(),
            task=asyncio.current_task(),
        )
        answer: HttpAnswer | None = replies.BAD_REQUEST
        for attempt in (self._answer, self._apologise):
            try:
                answer = await attempt(delivery)
                break
            except Exception as fault:  # the outermost edge: a push gets an answer
                self._report(fault, delivery)
        if answer is not None:
            await answer.send(send)

    async def _answer(self, delivery: Delivery) -> HttpAnswer | None:
        scope = delivery.scope
        # The router's pattern ends in `$`, which also lets a newline through.
        if scope["path"] != self._path:
            return replies.NOT_FOUND
        try:
            if scope["method"] == "POST":
                return await self._endpoint.take(delivery)
            if scope["method"] == "GET":
                return self._endpoint.verify(scope["query_string"])
        except Refused as error:
            self._turn_away(error, delivery)
            return replies.FORBIDDEN
        except Undecodable as error:
            self._turn_away(error, delivery)
            return replies.BAD_REQUEST
        except Unreadable as error:
            self._turn_away(error, delivery)
            return _UNREADABLE[type(error)]
        return replies.NOT_ALLOWED

    async def _apologise(self, delivery: Delivery) -> HttpAnswer | None:
        return self._endpoint.apologise(delivery) or replies.BAD_REQUEST

    def _turn_away(self, error: WeChatError | Unreadable, delivery: Delivery) -> None:
        """The precise reason, for our eyes only."""
        client = delivery.scope.get("client") or ("", 0)
        self._parts.tally.refused(error.reason)
        self._parts.log.warning(
            "push_refused",
            program=self._endpoint.program.name,
            method=delivery.scope["method"],
            reason=error.reason,
            detail=getattr(error, "detail", ""),
            peer=client[0],
        )

    def _report(self, fault: Exception, delivery: Delivery) -> None:
        """Log where it happened. An exception's own words are shown only where the one
        secret they could hold is known and taken out."""
        words = ""
        if delivery.push is not None:
            secret = delivery.push.biz_pwd.reveal()
            words = str(fault).replace(secret, "***") if secret else str(fault)
        self._parts.tally.faulted()
        self._parts.log.error(
            "push_faulted",
            program=self._endpoint.program.name,
            fault=type(fault).__name__,
            words=words[:FAULT_TEXT_LIMIT],
            frames=_frames(fault),
        )


def _frames(fault: Exception) -> list[str]:
    """Return file, line and function of each frame, innermost last; never their values."""
    # Without the source's lines: reading them would hold up every other push.
    walked = traceback.walk_tb(fault.__traceback__)
    stack = list(traceback.StackSummary.extract(walked, lookup_lines=False))[-FRAMES:]
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in stack]


async def _nowhere(scope: Scope, _receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        await replies.NOT_FOUND.send(send)
