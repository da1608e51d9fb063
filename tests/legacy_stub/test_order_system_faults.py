"""What may meet a call on its way to the orders: the role of its waybill, standing faults."""

from __future__ import annotations

import asyncio

import grpc
import pytest

from adapter.cancellation.model import Fact, Outcome
from legacy_stub.faults import StandingFault
from legacy_stub.scenarios import Casting, Scenario
from tests.legacy_stub.order_systems import Make, wish


async def test_a_hanging_waybill_acts_at_once_and_is_silent_the_first_time(make: Make) -> None:
    system = make()

    first = await system.cancel(wish("STUB-HANG-1", "r1"))
    second = await system.cancel(wish("STUB-HANG-1", "r1"))

    assert (first.silent, first.done) == (True, True)
    assert (second.silent, second.outcome) == (False, Outcome.CANCELLED)


async def test_a_dropping_waybill_acts_and_breaks_off_the_first_time(make: Make) -> None:
    system = make()

    first = await system.cancel(wish("STUB-DROP-1", "r1"))
    second = await system.cancel(wish("STUB-DROP-1", "r2"))

    assert (first.failure, first.done) == (grpc.StatusCode.UNAVAILABLE, True)
    assert second.outcome is Outcome.ALREADY_CANCELLED


async def test_a_flaky_waybill_refuses_n_times_and_then_acts(make: Make) -> None:
    system = make()

    answers = [await system.cancel(wish("STUB-FLAKY-2-1")) for _ in range(3)]

    assert [answer.word for answer in answers] == ["UNAVAILABLE", "UNAVAILABLE", "cancelled"]
    assert [answer.done for answer in answers] == [False, False, True]


@pytest.mark.parametrize(
    ("waybill", "word"), [("STUB-ERROR-1", "INTERNAL"), ("STUB-NEW-ENUM-1", "unknown_status")]
)
async def test_what_always_fails_never_acts(make: Make, waybill: str, word: str) -> None:
    system = make()

    answers = [await system.cancel(wish(waybill)) for _ in range(2)]

    assert [answer.word for answer in answers] == [word, word]
    assert (await system.look_up(wish(waybill))).fact is Fact.ACTIVE


async def test_a_cast_waybill_plays_its_role(make: Make) -> None:
    castings = (Casting(waybills="SF000000002", plays="STUB-OK"),)
    system = make(scenario=Scenario(castings=castings))

    answer = await system.cancel(wish("SF000000002"))

    assert answer.outcome is Outcome.CANCELLED


async def test_a_standing_fault_meets_every_call_and_every_lookup(make: Make) -> None:
    system = make()
    system.set_faults([StandingFault(name="unavailable")])

    call = await system.cancel(wish("STUB-OK-1"))
    lookup = await system.look_up(wish("STUB-OK-1"))

    assert (call.word, call.done, lookup.word) == ("UNAVAILABLE", False, "UNAVAILABLE")


async def test_standing_faults_add_up(make: Make) -> None:
    system = make()
    system.set_faults([StandingFault(name="latency", milliseconds=5), StandingFault(name="drop")])

    answer = await system.cancel(wish("STUB-OK-1"))

    assert (answer.word, answer.done) == ("UNAVAILABLE", True)


async def test_a_latency_acts_though_the_caller_has_gone(make: Make) -> None:
    system = make()
    system.set_faults([StandingFault(name="latency", milliseconds=10)])
    caller = asyncio.create_task(system.cancel(wish("STUB-OK-1")))
    await asyncio.sleep(0)
    caller.cancel()

    later = await system.cancel(wish("STUB-OK-1"))

    assert later.outcome is Outcome.CANCELLED
    assert [call.done for call in system.log] == [True, False]


async def test_an_unlikely_fault_does_not_strike(make: Make) -> None:
    system = make(drawn=0.9)
    system.set_faults([StandingFault(name="unavailable", probability=0.5)])

    assert (await system.cancel(wish("STUB-OK-1"))).outcome is Outcome.CANCELLED
