from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import grpc
import grpc.aio
import pytest

from adapter.carrier.channel.arguments import open_channel
from adapter.carrier.channel.channel import Channel
from adapter.carrier.channel.credentials import Credentials
from tests import defaults
from tests.carrier.playing import METHOD, PlayedCarrier, fail, hang, playing
from tests.ports import free_port


def link_to(port: int) -> Channel:
    channel = open_channel(replace(defaults.CARRIER, target=f"127.0.0.1:{port}"), Credentials())
    return Channel(channel, methods=(METHOD,))


@pytest.fixture
async def carrier() -> AsyncIterator[PlayedCarrier]:
    async with playing() as carrier:
        yield carrier


@pytest.fixture
async def link(carrier: PlayedCarrier) -> AsyncIterator[Channel]:
    link = link_to(carrier.port)
    assert await link.ready(within_seconds=5)
    yield link
    await link.close(within_seconds=0)


async def test_a_call_brings_the_replys_bytes(link: Channel) -> None:
    assert await link.call(METHOD, b"abc", within_seconds=5, metadata=()) == b"abc"


async def test_a_ready_link_says_so_without_a_task_switch(link: Channel) -> None:
    switched = asyncio.create_task(asyncio.sleep(0))

    assert await link.ready(within_seconds=5)

    assert not switched.done()
    await switched


async def test_a_dead_port_is_not_ready_within_its_time() -> None:
    link = link_to(free_port())
    started = asyncio.get_running_loop().time()

    assert not await link.ready(within_seconds=0.2)

    assert asyncio.get_running_loop().time() - started < 1
    await link.close(within_seconds=0)


async def test_what_has_been_away_for_that_long_already_is_not_waited_for() -> None:
    link = link_to(free_port())
    await link.ready(within_seconds=0.2)
    started = asyncio.get_running_loop().time()

    is_ready = await link.ready(within_seconds=0.2)

    assert not is_ready
    assert asyncio.get_running_loop().time() - started < 0.1
    await link.close(within_seconds=0)


async def test_a_carrier_that_says_it_is_unwell_is_not_asked(
    carrier: PlayedCarrier, link: Channel
) -> None:
    await carrier.say("NOT_SERVING")
    await link.lost()

    assert not await link.ready(within_seconds=0.1)

    await carrier.say("SERVING")
    assert await link.ready(within_seconds=5)


async def test_a_restarted_carrier_is_found_again(carrier: PlayedCarrier, link: Channel) -> None:
    await carrier.stop()
    await link.lost()
    assert not await link.ready(within_seconds=0.5)

    await carrier.start()

    assert await link.ready(within_seconds=2)


async def test_silence_lasts_from_a_call_until_something_is_heard(
    carrier: PlayedCarrier, link: Channel
) -> None:
    carrier.behaviour = hang
    assert link.silent_seconds() == 0

    with pytest.raises(grpc.aio.AioRpcError, match="DEADLINE_EXCEEDED"):
        await link.call(METHOD, b"", within_seconds=0.05, metadata=())

    assert link.silent_seconds() > 0.04
    carrier.behaviour = fail(grpc.StatusCode.ABORTED)
    with pytest.raises(grpc.aio.AioRpcError, match="ABORTED"):
        await link.call(METHOD, b"", within_seconds=5, metadata=())
    assert link.silent_seconds() == 0


async def test_closing_waits_for_the_calls_in_flight(carrier: PlayedCarrier) -> None:
    let_go = asyncio.Event()

    async def held(request: bytes, _context: object) -> bytes:
        await let_go.wait()
        return request

    carrier.behaviour = held
    link = link_to(carrier.port)
    call = asyncio.create_task(link.call(METHOD, b"abc", within_seconds=5, metadata=()))
    await carrier.called.wait()
    closing = asyncio.create_task(link.close(within_seconds=5))
    let_go.set()

    assert await closing
    assert await call == b"abc"


async def test_closing_cuts_what_does_not_end_in_time(carrier: PlayedCarrier) -> None:
    carrier.behaviour = hang
    link = link_to(carrier.port)
    call = asyncio.create_task(link.call(METHOD, b"", within_seconds=5, metadata=()))
    await carrier.called.wait()

    assert not await link.close(within_seconds=0.05)

    with pytest.raises((grpc.aio.AioRpcError, asyncio.CancelledError)):
        await call
