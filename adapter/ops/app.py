"""The HTTP side of the ops port: health, metrics, and the routes of the API."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from adapter.ops.browser_guard import BrowserGuard
from adapter.ops.health import Health
from adapter.ops.metrics import Metrics

PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"
# Health and numbers change by the second: nothing may cache them.
NO_STORE = {"cache-control": "no-store"}
INDEX = """waybridge, for operators

/livez        alive once the edge listens
/readyz       ready, and how the carrier and the ledger are
/metrics      for Prometheus
/api/status   the same as JSON; POST /api/pause, /api/resume, /api/drain

waybridge status, pause, resume, drain and ledger do this from a shell.
"""


def create_app(
    *,
    health: Health,
    metrics: Metrics,
    routes: Sequence[BaseRoute] = (),
    hosts: Collection[str] = (),
    any_address: bool = False,
) -> ASGIApp:
    """Build the ops side; `routes` are the API's, `hosts` and `any_address` the guard's."""

    async def index(_request: Request) -> Response:
        return PlainTextResponse(INDEX, headers=NO_STORE)

    async def livez(_request: Request) -> Response:
        status = 200 if health.is_alive else 503
        return PlainTextResponse(health.phase, status_code=status, headers=NO_STORE)

    async def readyz(_request: Request) -> Response:
        status = 200 if health.is_ready else 503
        return JSONResponse(health.report(), status_code=status, headers=NO_STORE)

    async def numbers(_request: Request) -> Response:
        # In a thread: the process' own numbers are read from /proc.
        page = await run_in_threadpool(metrics.page)
        return Response(page, media_type=PROMETHEUS, headers=NO_STORE)

    app = Starlette(
        routes=[
            Route("/livez", livez),
            Route("/readyz", readyz),
            Route("/metrics", numbers),
            *routes,
            Route("/", index),
        ],
    )
    return BrowserGuard(app, hosts=hosts, any_address=any_address)
