from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx2
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from adapter.cancellation.gate import Gate
from adapter.edge.server import HttpServer
from adapter.ops.app import create_app
from adapter.ops.health import Condition, Health
from adapter.ops.metrics import Metrics
from tests import defaults


@dataclass(kw_only=True)
class Door:
    is_listening: bool = True


@asynccontextmanager
async def ops_port(health: Health) -> AsyncIterator[httpx2.AsyncClient]:
    async def more(_request: Request) -> PlainTextResponse:
        return PlainTextResponse("more")

    app = create_app(health=health, metrics=Metrics(), routes=[Route("/more", more)])
    server = HttpServer(app, host="127.0.0.1", port=0, patience=defaults.CONNECTIONS)
    await server.start()
    try:
        async with httpx2.AsyncClient(
            base_url=f"http://127.0.0.1:{server.address[1]}", trust_env=False
        ) as client:
            yield client
    finally:
        await server.close(within_seconds=1)


@pytest.mark.parametrize(
    ("listening", "draining", "livez", "readyz"),
    [(False, False, 503, 503), (True, False, 200, 200), (True, True, 200, 503)],
)
async def test_the_phases_are_told_by_status(
    *, listening: bool, draining: bool, livez: int, readyz: int
) -> None:
    health = Health(gate=Gate(draining=draining), edge=Door(is_listening=listening))
    async with ops_port(health) as client:
        statuses = [(await client.get(path)).status_code for path in ("/livez", "/readyz")]

    assert statuses == [livez, readyz]


async def test_a_carriers_outage_is_told_and_leaves_it_ready() -> None:
    health = Health(
        gate=Gate(),
        edge=Door(),
        parts={"carrier": lambda: Condition(is_up=False, detail="connection refused")},
    )
    async with ops_port(health) as client:
        answer = await client.get("/readyz")

    assert answer.status_code == 200
    assert answer.json()["carrier"] == {"state": "down", "detail": "connection refused"}
    assert answer.headers["cache-control"] == "no-store"


async def test_metrics_are_in_prometheus_format() -> None:
    async with ops_port(Health(gate=Gate(), edge=Door())) as client:
        answer = await client.get("/metrics")

    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert b"waybridge_reply_seconds_bucket" in answer.content


async def test_the_index_names_what_is_there() -> None:
    async with ops_port(Health(gate=Gate(), edge=Door())) as client:
        index = (await client.get("/")).text
        named = [word for word in index.split() if word in ("/livez", "/readyz", "/metrics")]

        answers = [(await client.get(path)).status_code for path in named]

    assert len(named) == 3
    assert 404 not in answers


async def test_other_routes_join_and_the_rest_is_404() -> None:
    async with ops_port(Health(gate=Gate(), edge=Door())) as client:
        assert (await client.get("/more")).text == "more"
        assert (await client.get("/nothing")).status_code == 404
        assert (await client.post("/metrics")).status_code == 405
