from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import grpc
import pytest

from adapter.cancellation.model import CarrierAnswer, Outcome
from adapter.carrier.channel.client import GrpcCarrier
from adapter.carrier.channel.state import Breaker
from tests.carrier.misbehaving_carriers import (
    Behaviour,
    Context,
    PlayedCarrier,
    hang,
    playing,
    until,
)
from tests.carrier.misbehaving_carriers import reply as replying
from tests.carrier.shipped_client import ask, asking, cancelled
from tests.ports import free_port


@pytest.fixture
async def carrier() -> AsyncIterator[PlayedCarrier]:
    async with playing(replying(cancelled())) as carrier:
        yield carrier


@pytest.fixture
async def client(carrier: PlayedCarrier) -> AsyncIterator[GrpcCarrier]:
    async with asking(carrier.port) as client:
        assert await client.ready(within_seconds=5)
        yield client


def dies_after(effect: list[bytes]) -> Behaviour:
    async def act(request: bytes, context: Context) -> bytes:
        effect.append(request)
        await context.abort(grpc.StatusCode.UNAVAILABLE, "gone")
        raise AssertionError

    return act


async def test_a_cancel_that_took_effect_is_never_sent_again_by_grpc(
    carrier: PlayedCarrier, client: GrpcCarrier
) -> None:
    effects: list[bytes] = []
    carrier.behaviour = dies_after(effects)

    answers = [await ask(client) for _ in range(5)]

    assert len(effects) == 5
    assert {answer.status for answer in answers} == {"UNAVAILABLE"}


async def test_a_carrier_that_goes_away_mid_call_was_asked_once(
    carrier: PlayedCarrier, client: GrpcCarrier
) -> None:
    carrier.behaviour = hang
    calls = [asyncio.create_task(ask(client)) for _ in range(4)]
    await until(lambda: len(carrier.requests) == 4)

    await carrier.stop(0)
    await carrier.start()
    answers = await asyncio.gather(*calls)

    assert {answer.outcome for answer in answers} == {Outcome.IN_DOUBT}
    assert len(carrier.requests) == 4


async def test_a_dead_port_is_not_ready_and_nothing_is_sent() -> None:
    async with asking(free_port()) as client:
        assert not await client.ready(within_seconds=0.2)

        assert client.state.breaker in (Breaker.OPEN, Breaker.HALF_OPEN)


async def test_a_carrier_that_starts_late_is_asked_within_two_seconds() -> None:
    late = PlayedCarrier(behaviour=replying(cancelled()), port=free_port())
    async with asking(late.port) as client:
        assert not await client.ready(within_seconds=0.3)
        await late.start()

        assert await client.ready(within_seconds=2)

        assert (await ask(client)).outcome is Outcome.CANCELLED
    await late.stop()


async def test_of_two_carriers_one_may_die_and_only_its_calls_are_in_doubt() -> None:
    async with (
        playing(hang) as dying,
        playing(replying(cancelled())) as living,
        asking(dying.port, living.port) as client,
    ):
        await client.ready(within_seconds=5)
        calls: list[asyncio.Task[CarrierAnswer]] = []
        while len(dying.requests) < 2:
            calls.append(asyncio.create_task(ask(client)))
            await asyncio.sleep(0.02)

        await dying.stop(0)
        answers = await asyncio.gather(*calls)
        after = [await ask(client) for _ in range(20)]

        doubt = [answer for answer in answers if answer.outcome is Outcome.IN_DOUBT]
        assert len(doubt) == len(dying.requests) == 2
        assert {answer.outcome for answer in after} == {Outcome.CANCELLED}
