"""A running ops port to type at: what its commands turn, and how it answers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread

import click
from click.testing import CliRunner, Result
from starlette.types import ASGIApp

from adapter.cancellation.gate import Gate
from adapter.edge.server import HttpServer
from adapter.ops.app import create_app
from adapter.ops.controls import Controls
from adapter.ops.health import Condition, Health
from adapter.ops.metrics import Metrics
from tests import defaults


@dataclass(kw_only=True)
class Door:
    is_listening: bool = True


@dataclass(kw_only=True)
class Turned:
    """What the commands turn."""

    gate: Gate = field(default_factory=Gate)
    drained: list[bool] = field(default_factory=list)
    in_flight: int = 3
    in_doubt: int = 0
    up_seconds: float = 0


class Quiet:
    def debug(self, event: str, **_: object) -> None: ...

    def info(self, event: str, **_: object) -> None: ...

    def warning(self, event: str, **_: object) -> None: ...

    def error(self, event: str, **_: object) -> None: ...


@contextmanager
def listening(app: ASGIApp) -> Iterator[str]:
    """Serve in a thread; the value is the URL."""
    ready, over, urls = Event(), Event(), list[str]()

    async def serve() -> None:
        server = HttpServer(app, host="127.0.0.1", port=0, patience=defaults.CONNECTIONS)
        await server.start()
        urls.append(f"http://127.0.0.1:{server.address[1]}")
        ready.set()
        await asyncio.to_thread(over.wait)
        await server.close(within_seconds=1)

    thread = Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert ready.wait(30)
    try:
        yield urls[0]
    finally:
        over.set()
        thread.join()


@contextmanager
def ops(turned: Turned) -> Iterator[str]:
    health = Health(gate=turned.gate, edge=Door())
    health.parts["ledger"] = lambda: Condition(is_up=False, detail="full")
    controls = Controls(
        health=health,
        log=Quiet(),
        drain=lambda: turned.drained.append(True),
        in_flight=lambda: turned.in_flight,
        in_doubt=lambda: turned.in_doubt,
        now=lambda: turned.up_seconds,
        started_at=0,
    )
    routes = controls.routes()
    with listening(create_app(health=health, metrics=Metrics(), routes=routes)) as url:
        yield url


def typed(command: click.Command, url: str, *words: str) -> Result:
    """Run a command at the ops port; exit codes and both streams are in the result."""
    return CliRunner().invoke(command, ["--ops", url, *words])
