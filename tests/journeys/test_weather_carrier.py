"""A carrier in trouble, or with its own words: asked rarely, and a "no" is told at once."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from adapter.simulator.cases import CASES
from legacy_stub.faults import StandingFault
from tests.journeys.evidence import Delivery, Mishap
from tests.journeys.journey import all_calls, await_quiet, gather
from tests.journeys.judge import judge
from tests.journeys.merchants import Street
from tests.journeys.mishaps import CARRIER_FAILS
from tests.journeys.unknown_noes import unknown_noes
from tests.journeys.weather import PATIENCE_SECONDS, calm, deliver, expect_no_violation
from tests.journeys.worlds import Terrain, World

Say = Callable[[object], None]
pytestmark = pytest.mark.usefixtures("may_wait")

UNKNOWN = -1
PRESSES, CALLS = 120, 145
PRESSES_A_SECOND = 40
UNAVAILABLE = StandingFault(name="unavailable")


def flaky(street: Street) -> str:
    """A waybill of the case `flaky`: unavailable twice, then cancelled."""
    return street.waybill(CASES["flaky"].waybill.partition("-{press}")[0])


async def press_each(street: Street, waybills: Sequence[str]) -> list[Delivery]:
    """Press once for each, at an even rate."""
    pressing = []
    for waybill in waybills:
        pressing.append(asyncio.create_task(deliver(street, street.next_press(waybill))))
        await asyncio.sleep(1 / PRESSES_A_SECOND)
    return await asyncio.gather(*pressing)


@pytest.mark.parametrize("rounds", [1, pytest.param(8, marks=pytest.mark.prove)])
def test_a_carrier_that_says_unavailable_gets_little_more_than_a_call_a_press(
    tmp_path: Path, say: Say, rounds: int
) -> None:
    """The budget lets a push be repeated as long as few calls fail, as the case `flaky` shows."""

    async def live(world: World, street: Street) -> tuple[Delivery, list[Delivery], Mishap]:
        async with street:
            healthy = await deliver(street, street.next_press(flaky(street)))
            waybills = [street.waybill("STUB-OK") for _ in range(PRESSES * rounds)]
            with world.stub.control() as control:
                at = time.time()
                control.set_fault(UNAVAILABLE)
                told = await press_each(street, waybills)
                await asyncio.to_thread(await_quiet, world.terrain.url)
                control.clear_faults()
            return healthy, told, Mishap(at=at, until=time.time(), what=CARRIER_FAILS)

    with calm(Terrain(folder=tmp_path)) as world:
        street = Street([world.replicas[0].url], seed=1, patience_seconds=PATIENCE_SECONDS)
        healthy, told, mishap = asyncio.run(live(world, street))
        evidence = gather(world, street.deliveries, mishaps=(mishap,))
    failed = [call for call in evidence.asked if call.waybill != healthy.press.waybill]
    verdict = judge(evidence)

    say(f"{len(told)} presses at a carrier that says UNAVAILABLE: {len(failed)} calls\n{verdict}")
    assert healthy.code == 0
    assert Counter(delivery.code for delivery in told) == {UNKNOWN: PRESSES * rounds}
    assert len(failed) <= CALLS * rounds
    expect_no_violation(verdict)


def test_without_request_ids_and_lookup_a_press_is_two_calls_at_most(
    tmp_path: Path, say: Say
) -> None:
    async def live(world: World, street: Street) -> list[Delivery]:
        async with street:
            with world.stub.control() as control:
                control.set_fault(UNAVAILABLE)
            waybills = [street.waybill("STUB-OK") for _ in range(4)]
            presses = [street.next_press(waybill) for waybill in waybills]
            first = await asyncio.gather(*(deliver(street, press) for press in presses))
            # WeChat's repeat of the push finds its calls used up.
            again = await asyncio.gather(*(deliver(street, press) for press in presses))
            return [*first, *again]

    with calm(Terrain(folder=tmp_path, lookup=False, request_ids=False)) as world:
        street = Street([world.replicas[0].url], seed=1, patience_seconds=PATIENCE_SECONDS)
        told = asyncio.run(live(world, street))
        calls = Counter(call.waybill for call in all_calls(world))

    say(f"calls of a press without request ids and lookup: {sorted(calls.values())}")
    assert {delivery.code for delivery in told} == {UNKNOWN}
    assert max(calls.values()) <= 2


NOES = {"STUB-PICKED-UP": 30002, "STUB-INVALID": 30003}


def test_a_no_that_is_said_as_unknown_is_told_at_the_first_press(tmp_path: Path, say: Say) -> None:
    """What the carrier says of the order beside its "no" settles the push in the same reply."""

    async def live(street: Street) -> list[Delivery]:
        async with street:
            words = [*NOES, "STUB-NOT-FOUND", "STUB-OK"]
            presses = [street.next_press(street.waybill(word)) for word in words]
            first = await asyncio.gather(*(deliver(street, press) for press in presses))
            again = await asyncio.gather(*(deliver(street, press) for press in presses))
            return [*first, *again]

    with (
        unknown_noes() as noes,
        calm(Terrain(folder=tmp_path, carrier_port=noes.port)) as world,
    ):
        noes.upstream = world.stub.target
        street = Street([world.replicas[0].url], seed=1, patience_seconds=PATIENCE_SECONDS)
        told = asyncio.run(live(street))
        verdict = judge(gather(world, street.deliveries, mishaps=()))
        calls = Counter(call.waybill for call in all_calls(world))

    say(f"{[delivery.code for delivery in told]}, calls {dict(calls)}\n{verdict}")
    codes = [*NOES.values(), UNKNOWN, 0]
    assert [delivery.code for delivery in told] == codes * 2
    assert [calls[f"{word}-{nth}"] for nth, word in enumerate(NOES, 1)] == [1, 1]
    expect_no_violation(verdict)
