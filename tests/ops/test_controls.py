from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib.metadata import version

import httpx2
import pytest

from adapter.cancellation.gate import Gate
from adapter.edge.server import HttpServer
from adapter.ops.app import create_app
from adapter.ops.controls import Controls
from adapter.ops.health import Health
from adapter.ops.metrics import Metrics
from tests import defaults

JSON = {"content-type": "application/json"}


@dataclass(kw_only=True)
class Door:
    is_listening: bool = True


@dataclass(kw_only=True)
class Lines:
    events: list[str] = field(default_factory=list)

    def debug(self, event: str, **_: object) -> None: ...

    def info(self, event: str, **_: object) -> None: ...

    def error(self, event: str, **_: object) -> None: ...

    def warning(self, event: str, **_: object) -> None:
        self.events.append(event)


@dataclass(kw_only=True)
class Desk:
    """A running ops port, and what it turns."""

    gate: Gate
    log: Lines
    client: httpx2.AsyncClient
    drained: list[bool]


@asynccontextmanager
async def controlled() -> AsyncIterator[Desk]:
    gate, log, drained = Gate(), Lines(), list[bool]()
    health = Health(gate=gate, edge=Door())
    controls = Controls(
        health=health,
        log=log,
        drain=lambda: drained.append(True),
        in_flight=lambda: 3,
        in_doubt=lambda: 2,
        now=lambda: 100.5,
        started_at=10.0,
    )
    app = create_app(health=health, metrics=Metrics(), routes=controls.routes())
    server = HttpServer(app, host="127.0.0.1", port=0, patience=defaults.CONNECTIONS)
    await server.start()
    try:
        async with httpx2.AsyncClient(
            base_url=f"http://127.0.0.1:{server.address[1]}", trust_env=False
        ) as client:
            yield Desk(gate=gate, log=log, client=client, drained=drained)
    finally:
        await server.close(within_seconds=1)


async def test_status_tells_the_phase_the_pause_and_what_is_in_flight() -> None:
    async with controlled() as ops:
        answer = await ops.client.get("/api/status")

    assert answer.json() == {
        "status": "ready",
        "paused": False,
        "in_flight": 3,
        "in_doubt": 2,
        "version": version("waybridge"),
        "uptime_seconds": 90,
    }


async def test_pause_and_resume_turn_the_gate_and_are_logged_once() -> None:
    async with controlled() as ops:
        paused = [await ops.client.post("/api/pause", headers=JSON) for _ in range(2)]
        was_paused = ops.gate.paused
        resumed = await ops.client.post("/api/resume", headers=JSON)

    assert [answer.json()["paused"] for answer in [*paused, resumed]] == [True, True, False]
    assert (was_paused, ops.gate.paused) == (True, False)
    assert ops.log.events == ["paused", "resumed"]


async def test_drain_makes_it_unready_and_starts_the_sequence() -> None:
    async with controlled() as ops:
        answer = await ops.client.post("/api/drain", headers=JSON)
        ready = await ops.client.get("/readyz")

    assert answer.json()["status"] == "draining"
    assert (ops.drained, ready.status_code) == ([True], 503)


@pytest.mark.parametrize("path", ["/api/pause", "/api/resume", "/api/drain"])
async def test_another_site_cannot_turn_anything(path: str) -> None:
    async with controlled() as ops:
        form = await ops.client.post(path, data={"a": "b"})
        bare = await ops.client.post(path)
        foreign = await ops.client.post(path, headers={**JSON, "origin": "http://evil.example"})
        read = await ops.client.get(path)

    assert [a.status_code for a in (form, bare, foreign, read)] == [415, 415, 403, 405]
    assert (ops.gate, ops.drained, ops.log.events) == (Gate(), [], [])


async def test_a_page_of_our_own_may() -> None:
    async with controlled() as ops:
        own = str(ops.client.base_url).rstrip("/")
        answer = await ops.client.post("/api/pause", headers={**JSON, "origin": own})

    assert (answer.status_code, ops.gate.paused) == (200, True)
