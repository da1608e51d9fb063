"""`pause`, `resume`, `drain` and `status`, typed at a running ops port."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from threading import Event, Thread

import pytest
from blockbuster import BlockBuster
from click.testing import CliRunner, Result
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from adapter.cancellation.gate import Gate
from adapter.edge.server import HttpServer
from adapter.ops.app import create_app
from adapter.ops.controls import Controls
from adapter.ops.health import Condition, Health
from adapter.ops.metrics import Metrics


@dataclass(kw_only=True)
class Door:
    is_listening: bool = True


@dataclass(kw_only=True)
class Turned:
    """What the commands turn."""

    gate: Gate = field(default_factory=Gate)
    drained: list[bool] = field(default_factory=list)


class Quiet:
    def info(self, event: str, **_: object) -> None: ...

    def warning(self, event: str, **_: object) -> None: ...

    def error(self, event: str, **_: object) -> None: ...


@pytest.fixture(autouse=True)
def in_a_loop_of_its_own(no_blocking_calls: BlockBuster) -> None:
    """The server has a thread of its own; a command may wait for it."""
    no_blocking_calls.deactivate()


@contextmanager
def listening(app: Starlette) -> Iterator[str]:
    """Serve in a thread; the value is the URL."""
    ready, over, urls = Event(), Event(), list[str]()

    async def serve() -> None:
        server = HttpServer(app, host="127.0.0.1", port=0)
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
        in_flight=lambda: 3,
    )
    routes = controls.routes()
    with listening(create_app(health=health, metrics=Metrics(), routes=routes)) as url:
        yield url


def typed(name: str, url: str, *words: str) -> Result:
    command = import_module(f"adapter.cli.{name}").command
    return CliRunner().invoke(command, ["--ops", url, *words])


def test_status_says_in_a_few_words_how_it_is() -> None:
    with ops(Turned()) as url:
        result = typed("status", url)

    assert result.stdout.splitlines() == [
        "ready; 3 pushes in flight",
        "carrier: unknown",
        "ledger: down (full)",
    ]


def test_a_pause_and_its_end_are_turned_and_told() -> None:
    turned = Turned()
    with ops(turned) as url:
        paused = typed("pause", url)
        was_paused = turned.gate.paused
        resumed = typed("resume", url, "--json")

    assert (was_paused, turned.gate.paused) == (True, False)
    assert paused.stdout.startswith("ready, paused: pushes are answered -1; 3 pushes in flight")
    assert json.loads(resumed.stdout)["paused"] is False


def test_a_drain_is_begun() -> None:
    turned = Turned()
    with ops(turned) as url:
        result = typed("drain", url + "/")

    assert (turned.drained, result.stdout.splitlines()[0]) == (
        [True],
        "draining; 3 pushes in flight",
    )


def test_where_nothing_answers_is_said_without_the_password() -> None:
    result = typed("status", "http://li:hunter2@127.0.0.1:1")

    assert result.exit_code == 2
    assert "http://***@127.0.0.1:1 does not answer" in result.stderr
    assert "hunter2" not in result.stderr


@pytest.mark.parametrize(
    ("path", "answer", "words"),
    [
        ("/elsewhere", "", "answered HTTP 404"),
        ("/api/status", "hello", "does not answer as a waybridge"),
        ("/api/status", "[]", "does not answer as a waybridge"),
    ],
)
def test_a_stranger_on_the_port_is_named_so(path: str, answer: str, words: str) -> None:
    app = Starlette(routes=[Route(path, lambda _: PlainTextResponse(answer))])

    with listening(app) as url:
        result = typed("status", url)

    assert (result.exit_code, words in result.stderr) == (2, True)
