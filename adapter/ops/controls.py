"""Pause, resume and drain over the ops port: what `waybridge pause` and the like call."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from importlib import metadata

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from adapter.diagnostics.logger import Logger
from adapter.ops.health import Health

Handler = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Controls:
    """What an operator may change. `drain` starts the same sequence as SIGTERM and returns
    at once; `in_flight` counts the pushes being worked on, `in_doubt` those that were in
    doubt at the last look."""

    health: Health
    log: Logger
    drain: Callable[[], None]
    in_flight: Callable[[], int]
    in_doubt: Callable[[], int]
    now: Callable[[], float] = time.monotonic
    started_at: float = field(default_factory=time.monotonic)  # on the clock of `now`

    def routes(self) -> list[Route]:
        """`GET /api/status`, and `POST /api/pause`, `/api/resume`, `/api/drain`."""
        return [
            Route("/api/status", self._status, methods=["GET"]),
            Route("/api/pause", _json_only(self._pause), methods=["POST"]),
            Route("/api/resume", _json_only(self._resume), methods=["POST"]),
            Route("/api/drain", _json_only(self._drain), methods=["POST"]),
        ]

    async def _status(self, _request: Request) -> Response:
        return self._report()

    async def _pause(self, _request: Request) -> Response:
        return self._set(is_paused=True)

    async def _resume(self, _request: Request) -> Response:
        return self._set(is_paused=False)

    async def _drain(self, _request: Request) -> Response:
        self.log.warning("drain_asked_for")
        self.health.gate.draining = True
        self.drain()
        return self._report()

    def _set(self, *, is_paused: bool) -> Response:
        if self.health.gate.paused is not is_paused:
            self.log.warning("paused" if is_paused else "resumed")
            self.health.gate.paused = is_paused
        return self._report()

    def _report(self) -> Response:
        report = {
            **self.health.report(),
            "in_flight": self.in_flight(),
            "in_doubt": self.in_doubt(),
            "version": VERSION,
            "uptime_seconds": int(self.now() - self.started_at),
        }
        return JSONResponse(report, headers={"cache-control": "no-store"})


def _version() -> str:
    try:
        return metadata.version("waybridge")
    except metadata.PackageNotFoundError:  # run from its source
        return ""


VERSION = _version()
"""Read once: the files of a package may be another version's while this one still runs."""


def _json_only(handler: Handler) -> Handler:
    """Refuse what a form of another site could send even from an old browser, which does not
    say where a request comes from: a form cannot send JSON's content type without asking first
    (Fetch standard, "CORS-safelisted request-header"). The rest is `BrowserGuard`'s.
    """

    async def guarded(request: Request) -> Response:
        content_type = request.headers.get("content-type", "").split(";")[0].strip().lower()
        if content_type != "application/json":
            return JSONResponse({"error": "send content-type: application/json"}, status_code=415)
        return await handler(request)

    return guarded
