"""What WeChat reaches: one path per Mini Program, and an answer to whatever comes."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Mapping

from starlette.types import Receive, Scope, Send

from adapter.edge import replies
from adapter.edge.limits import BodyTooLarge, BodyTooSlow, SenderGone, Unreadable
from adapter.edge.peer import peer_of
from adapter.edge.push import Delivery, EdgeParts, Program, PushEndpoint
from adapter.edge.refusals import PATH_LIMIT_CHARACTERS, HttpRefusal, Refusals
from adapter.edge.replies import HttpAnswer
from adapter.wechat.errors import STALE, Refused, Undecodable, WeChatError
from adapter.wechat.query import parse

FRAMES = 20  # of a traceback, the innermost ones
FAULT_TEXT_LIMIT = 300  # characters of an exception's own words in the log

_UNREADABLE: dict[type[Unreadable], HttpAnswer | None] = {
    BodyTooLarge: replies.TOO_LARGE,
    BodyTooSlow: replies.TOO_SLOW,
    SenderGone: None,
}


def create_app(programs: Mapping[str, Program], parts: EdgeParts) -> EdgeApp:
    """Build the edge: each path (as configured, no patterns) answers for its Mini Program."""
    refusals = Refusals(tally=parts.tally, log=parts.log)
    routes = {
        path: ProgramRoute(PushEndpoint(program, parts), refusals)
        for path, program in programs.items()
    }
    return EdgeApp(routes, not_found=NotFound(tuple(programs), parts, refusals), refusals=refusals)


class EdgeApp:
    """One route a path, exactly as configured: `/wechat/push/` is another path and gets 404,
    not a redirect WeChat would not follow. No router: patterns and middlewares would cost each
    push, and every `ProgramRoute` answers its own faults."""

    def __init__(
        self, routes: Mapping[str, ProgramRoute], *, not_found: NotFound, refusals: Refusals
    ) -> None:
        self._routes = dict(routes)
        self._not_found = not_found
        self.refusals = refusals

    def renew(self, programs: Mapping[str, Program]) -> None:
        """Answer by other Mini Programs at the same paths from now on. A push under way ends
        with the secrets that it was opened with."""
        for path, program in programs.items():
            self._routes[path] = self._routes[path].renewed(program)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        answering = self._routes.get(scope["path"], self._not_found)
        await answering(scope, receive, send)


class ProgramRoute:
    """The path of one Mini Program. The only place where every exception is caught."""

    def __init__(self, endpoint: PushEndpoint, refusals: Refusals) -> None:
        self._endpoint = endpoint
        self._refusals = refusals
        self._parts = endpoint.parts

    def renewed(self, program: Program) -> ProgramRoute:
        """Return the same route for a Mini Program with other secrets."""
        return ProgramRoute(PushEndpoint(program, self._parts), self._refusals)

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
        self._refusals.turned_away(
            HttpRefusal.METHOD.value,
            program=self._endpoint.program.name,
            peer=peer_of(scope, self._parts.trusted_proxies),
            method=scope["method"],
        )
        return replies.NOT_ALLOWED

    async def _apologise(self, delivery: Delivery) -> HttpAnswer | None:
        return self._endpoint.apologise(delivery) or replies.BAD_REQUEST

    def _turn_away(self, error: WeChatError | Unreadable, delivery: Delivery) -> None:
        """The precise reason, for our eyes only."""
        name = self._endpoint.program.name
        if error.reason == STALE:
            signed_at = int(parse(delivery.scope["query_string"])["timestamp"])
            self._parts.tally.aged(self._parts.unix() - signed_at, program=name)
        self._refusals.turned_away(
            error.reason,
            program=name,
            peer=peer_of(delivery.scope, self._parts.trusted_proxies),
            method=delivery.scope["method"],
            detail=getattr(error, "detail", ""),
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


class NotFound:
    """Every path that is no Mini Program's: 404, counted, and said of once."""

    def __init__(self, paths: tuple[str, ...], parts: EdgeParts, refusals: Refusals) -> None:
        self._paths = {_squeezed(path): path for path in paths}
        self._parts = parts
        self._refusals = refusals

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        self._refusals.turned_away(
            HttpRefusal.PATH.value,
            peer=peer_of(scope, self._parts.trusted_proxies),
            meant=self._paths.get(_squeezed(path), ""),
            method=scope["method"],
            path=path[:PATH_LIMIT_CHARACTERS],
        )
        await replies.NOT_FOUND.send(send)


def _squeezed(path: str) -> str:
    """Return a path as it is often mistyped: its slashes and letter case do not count."""
    return "/".join(part for part in path.lower().split("/") if part.strip())
