from __future__ import annotations

import asyncio
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from starlette.types import Receive, Scope, Send

from adapter.edge.server import (
    RESERVED_FILES,
    HttpServer,
    ListenFailed,
    connection_ceiling,
    raise_file_limit,
)
from tests import defaults
from tests.edge.playing import ScriptedDesk, push, running_edge, until
from tests.edge.wire import request, wire

ROOT = Path(__file__).parents[2]


async def nothing(_scope: Scope, _receive: Receive, _send: Send) -> None:
    """An application that is never reached."""


async def test_it_names_the_port_it_was_given() -> None:
    async with running_edge() as edge:
        assert edge.server.address[1] > 0
        assert edge.server.is_listening


async def test_a_taken_port_is_said_so() -> None:
    async with running_edge() as edge:
        second = HttpServer(
            nothing, host="127.0.0.1", port=edge.server.address[1], patience=defaults.CONNECTIONS
        )

        with pytest.raises(ListenFailed, match=str(edge.server.address[1])):
            await second.start()
        await second.close()

    assert not second.is_listening


async def test_an_address_that_is_not_ours_is_said_so() -> None:
    with pytest.raises(ListenFailed):
        await HttpServer(nothing, host="192.0.2.1", port=0, patience=defaults.CONNECTIONS).start()


async def test_a_name_that_nobody_knows_is_said_so() -> None:
    with pytest.raises(ListenFailed, match="no such name:8080: "):
        await HttpServer(
            nothing, host="no such name", port=8080, patience=defaults.CONNECTIONS
        ).start()


async def test_open_connections_are_counted() -> None:
    async with running_edge() as edge:
        async with wire(edge.server), wire(edge.server):
            await until(lambda: edge.server.connections == 2)
        await until(lambda: edge.server.connections == 0)


async def test_answers_carry_a_date_and_no_server() -> None:
    async with running_edge() as edge:
        answer = await edge.post(push(edge.account))

    assert "date" in answer.headers
    assert "server" not in answer.headers
    assert "connection" not in answer.headers


async def test_signals_stay_with_their_owner() -> None:
    before = signal.getsignal(signal.SIGTERM)
    async with running_edge():
        assert signal.getsignal(signal.SIGTERM) is before


async def test_while_draining_pushes_are_answered_and_asked_to_go_elsewhere() -> None:
    async with running_edge() as edge:
        await edge.reply()
        edge.server.begin_draining()
        await edge.server._server.on_tick(0)  # each second uvicorn makes its headers anew
        answer = await edge.post(push(edge.account))
        another = await edge.post(push(edge.account))

        assert edge.server.is_listening
    assert (answer.status_code, another.status_code) == (200, 200)
    assert (answer.headers["connection"], another.headers["connection"]) == ("close", "close")


async def test_a_push_in_flight_is_answered_after_the_door_is_shut() -> None:
    desk = ScriptedDesk(hangs=asyncio.Event())
    async with running_edge(desk=desk) as edge, wire(edge.server) as line:
        await line.send(request(push(edge.account)))
        await until(lambda: desk.asked)
        edge.server.begin_draining()
        edge.server.stop_accepting()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(*edge.server.address)
        assert desk.hangs is not None
        desk.hangs.set()
        answer = await line.rest()

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"connection: close" in answer.lower()
    assert not edge.server.is_listening


async def test_closing_cuts_what_does_not_end() -> None:
    desk = ScriptedDesk(hangs=asyncio.Event())
    async with running_edge(desk=desk) as edge, wire(edge.server) as line:
        await line.send(request(push(edge.account)))
        await until(lambda: desk.asked)
        edge.server.stop_accepting()
        await edge.server.close(within_seconds=0.1)

        assert await line.rest() == b""
        assert desk.hangs is not None
        desk.hangs.set()
    await edge.server.close()


def test_the_ceiling_leaves_files_for_everything_else() -> None:
    assert connection_ceiling(wanted=4_096, open_files=65_536) == 4_096
    assert connection_ceiling(wanted=4_096, open_files=1_024) == 1_024 - RESERVED_FILES
    assert connection_ceiling(wanted=4_096, open_files=100) == 16


def test_the_limit_of_open_files_is_lifted() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowered = min(512, hard) if hard != resource.RLIM_INFINITY else 512
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowered, hard))
    try:
        limit = raise_file_limit()

        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == limit
        assert limit >= lowered
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize("limit", [300, 1_024])
def test_a_limit_that_cannot_be_lifted_is_the_one_returned(limit: int) -> None:
    look = (
        "import resource; from adapter.edge.server import raise_file_limit;"
        f"resource.setrlimit(resource.RLIMIT_NOFILE, ({limit}, {limit})); print(raise_file_limit())"
    )

    # In a process of its own: a hard limit that was lowered stays low.
    ended = subprocess.run([sys.executable, "-c", look], cwd=ROOT, capture_output=True, text=True)

    assert (ended.stderr, ended.stdout.strip()) == ("", str(limit))


def test_a_limit_that_is_high_enough_is_left_alone() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        lifted = raise_file_limit()

        assert raise_file_limit() == lifted
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_it_listens_on_ipv6_too() -> None:
    server = HttpServer(nothing, host="::1", port=0, patience=defaults.CONNECTIONS)
    try:
        await server.start()
    except ListenFailed:
        pytest.skip("this machine has no IPv6 loopback")

    assert server.address[0] == "::1"
    await server.close(within_seconds=1)


async def test_a_server_that_cannot_begin_says_so_instead_of_waiting() -> None:
    server = HttpServer(nothing, host="127.0.0.1", port=0, patience=defaults.CONNECTIONS)
    server._config.backlog = "no number"  # type: ignore[assignment]

    with pytest.raises(ListenFailed):
        await server.start()
    assert not server.is_listening
    await server.close()
