from __future__ import annotations

import asyncio

import pytest

from adapter.cancellation.model import Fact, Outcome
from adapter.carrier.mapping.values import PushFields
from legacy_stub.faults import StandingFault
from legacy_stub.scenarios import Scenario
from tests.legacy_stub.order_systems import Make, wish


@pytest.mark.parametrize(
    ("waybill", "order", "outcome", "fact"),
    [
        ("123456789", "012345678901234567890123456789", Outcome.CANCELLED, Fact.CANCELLED),
        ("SF000000002", "ORDER0002", Outcome.PICKED_UP, Fact.PICKED_UP),
        ("SF000000003", "ORDER0003", Outcome.INVALID, Fact.INVALID),
        ("SF000000004", "ORDER0004", Outcome.ALREADY_CANCELLED, Fact.CANCELLED),
        ("SF000000005", "ORDER0005", Outcome.UNSUPPORTED, Fact.ACTIVE),
        ("SF000000002", "ORDER0003", Outcome.NOT_FOUND, Fact.NOT_FOUND),
        ("SF000000009", "ORDER0009", Outcome.NOT_FOUND, Fact.NOT_FOUND),
        ("", "", Outcome.NOT_FOUND, Fact.NOT_FOUND),
    ],
)
async def test_each_order_answers_by_its_life_and_a_lookup_agrees(
    make: Make, waybill: str, order: str, outcome: Outcome, fact: Fact
) -> None:
    system = make()

    answer = await system.cancel(wish(waybill, order=order))
    lookup = await system.look_up(wish(waybill, order=order))

    assert (answer.outcome, answer.done) == (outcome, outcome is Outcome.CANCELLED)
    assert lookup.fact is fact


async def test_an_order_is_active_until_a_call_cancels_it(make: Make) -> None:
    system = make()

    before = await system.look_up(wish("STUB-OK-1"))

    assert before.fact is Fact.ACTIVE


@pytest.mark.parametrize(
    "refused",
    [
        PushFields(waybill_id="STUB-OK-1", biz_id="xyz", biz_pwd="wrong"),
        PushFields(waybill_id="STUB-OK-1", biz_id="nobody", biz_pwd="xyz123"),
        PushFields(waybill_id="STUB-HANG-1", biz_id="xyz", biz_pwd="wrong"),
    ],
)
async def test_credentials_are_checked_before_any_magic(make: Make, refused: PushFields) -> None:
    system = make()

    answer = await system.cancel(refused)

    assert answer.outcome is Outcome.NOT_FOUND
    assert not answer.silent


async def test_a_contract_without_credentials_is_not_asked_for_them(make: Make) -> None:
    answer = await make().cancel(PushFields(waybill_id="STUB-OK-1"))

    assert answer.outcome is Outcome.CANCELLED


async def test_another_request_id_hears_that_it_was_cancelled_before(make: Make) -> None:
    system = make()
    await system.cancel(wish("STUB-OK-1", "r1"))

    second = await system.cancel(wish("STUB-OK-1", "r2"))

    assert (second.outcome, second.done) == (Outcome.ALREADY_CANCELLED, False)


@pytest.mark.parametrize(
    ("remembers", "again"),
    [(True, Outcome.CANCELLED), (False, Outcome.ALREADY_CANCELLED)],
)
async def test_the_same_request_id_hears_the_first_answer_if_it_is_remembered(
    make: Make, *, remembers: bool, again: Outcome
) -> None:
    system = make(remembers=remembers)
    await system.cancel(wish("STUB-OK-1", "r1"))
    await system.cancel(wish("STUB-OK-1", "r2"))

    answer = await system.cancel(wish("STUB-OK-1", "r1"))

    assert (answer.outcome, answer.done) == (again, False)


async def test_an_empty_request_id_is_never_the_same(make: Make) -> None:
    system = make()
    await system.cancel(wish("STUB-OK-1", ""))

    answer = await system.cancel(wish("STUB-OK-1", ""))

    assert answer.outcome is Outcome.ALREADY_CANCELLED


async def test_the_same_request_id_joins_the_first_call_while_it_runs(make: Make) -> None:
    system = make()
    first = asyncio.create_task(system.cancel(wish("STUB-SLOW-40-1")))
    await asyncio.sleep(0)

    joined = await system.cancel(wish("STUB-SLOW-40-1"))

    assert (joined.outcome, joined.done) == (Outcome.CANCELLED, False)
    assert first.done()
    assert [call.done for call in system.log] == [True, False]


async def test_two_slow_calls_with_different_request_ids_cancel_once(make: Make) -> None:
    system = make()

    answers = await asyncio.gather(
        system.cancel(wish("STUB-SLOW-20-1", "r1")), system.cancel(wish("STUB-SLOW-20-1", "r2"))
    )

    assert [answer.outcome for answer in answers] == [
        Outcome.CANCELLED,
        Outcome.ALREADY_CANCELLED,
    ]
    assert [call.done for call in system.log] == [True, False]


async def test_a_slow_order_that_is_cancelled_says_so_at_once(make: Make) -> None:
    system = make()
    await system.cancel(wish("STUB-SLOW-20-1", "r1"))

    again = asyncio.ensure_future(system.cancel(wish("STUB-SLOW-20-1", "r2")))
    for _ in range(5):
        await asyncio.sleep(0)

    assert again.done()
    assert again.result().outcome is Outcome.ALREADY_CANCELLED


async def test_forgotten_request_ids_do_not_join_either(make: Make) -> None:
    system = make(remembers=False)

    answers = await asyncio.gather(
        system.cancel(wish("STUB-SLOW-20-1")), system.cancel(wish("STUB-SLOW-20-1"))
    )

    assert [answer.done for answer in answers] == [True, False]


async def test_a_slow_order_is_cancelled_though_the_caller_has_gone(make: Make) -> None:
    system = make()
    caller = asyncio.create_task(system.cancel(wish("STUB-SLOW-30-1")))
    await asyncio.sleep(0)
    caller.cancel()

    joined = await system.cancel(wish("STUB-SLOW-30-1"))

    assert joined.outcome is Outcome.CANCELLED
    assert caller.cancelled()
    assert [call.done for call in system.log] == [True, False]


async def test_work_given_up_at_the_end_has_not_happened(make: Make) -> None:
    system = make()
    caller = asyncio.create_task(system.cancel(wish("STUB-SLOW-60000-1")))
    await asyncio.sleep(0)

    await system.close()

    with pytest.raises(asyncio.CancelledError):
        await caller
    assert [(call.answer, call.done) for call in system.log] == [("", False)]


async def test_the_log_tells_each_call(make: Make) -> None:
    system = make()
    await system.cancel(wish("STUB-DROP-1", "r1", order="O7"))

    (call,) = system.log

    assert (call.time, call.waybill, call.order, call.request_id) == (
        7.0,
        "STUB-DROP-1",
        "O7",
        "r1",
    )
    assert (call.nth, call.answer, call.done) == (1, "UNAVAILABLE", True)
    assert "xyz123" not in repr(call)


async def test_a_lookup_is_no_call(make: Make) -> None:
    system = make()

    await system.look_up(wish("STUB-OK-1"))

    assert len(system.log) == 0


async def test_faults_are_cleared_by_name_or_altogether(make: Make) -> None:
    system = make()
    drop, hang, error = (StandingFault(name=name) for name in ("drop", "hang", "error"))
    system.set_faults([drop, hang, error])

    system.clear_faults("hang")
    left = system.standing_faults
    system.clear_faults()

    assert (left, system.standing_faults) == ((drop, error), ())


async def test_a_reset_is_a_new_beginning_of_the_same_scenario(make: Make) -> None:
    slow = StandingFault(name="latency", milliseconds=1)
    system = make(scenario=Scenario(faults=(slow,)))
    await system.cancel(wish("STUB-OK-1", "r1"))
    system.clear_faults()
    system.set_faults([StandingFault(name="drop")])

    system.reset()

    assert (len(system.log), system.standing_faults) == (0, (slow,))
    assert (await system.cancel(wish("STUB-OK-1", "r2"))).outcome is Outcome.CANCELLED


async def test_a_call_at_work_during_a_reset_leaves_no_trace(make: Make) -> None:
    system = make()
    slow = asyncio.create_task(system.cancel(wish("STUB-SLOW-10-1")))
    await asyncio.sleep(0)

    system.reset()

    assert (await slow).outcome is Outcome.CANCELLED
    assert len(system.log) == 0
    assert (await system.look_up(wish("STUB-SLOW-10-1"))).fact is Fact.ACTIVE
