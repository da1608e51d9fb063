"""Who shares one call: repeats that join it, presses that wait their turn, other replicas."""

from __future__ import annotations

import asyncio

from adapter.cancellation.model import (
    Basis,
    Fact,
    Outcome,
    State,
    Unsent,
)
from adapter.ledger.memory import MemoryStore
from tests.cancellation.playing import (
    ALREADY,
    carrier,
    press,
)
from tests.cancellation.scene import FailingLedger, Scene


async def test_parallel_duplicates_join_one_call() -> None:
    scene = Scene(carrier(None))
    presses = [asyncio.create_task(scene.press()) for _ in range(4)]
    await scene.carrier.asked.wait()

    scene.carrier.release.set()
    answers = await asyncio.gather(*presses)

    assert {answer.outcome for answer in answers} == {Outcome.CANCELLED}
    assert scene.carrier.times_asked == 1


async def test_a_call_outlives_the_reply_and_the_next_press_is_told_0_once() -> None:
    scene = Scene(carrier(None, ALREADY, ALREADY))

    first = await scene.press(1, seconds=0.05)
    scene.carrier.release.set()
    await scene.desk.drain(within_seconds=1)
    untold = scene.entry(first.key)
    second = await scene.press(2)
    third = await scene.press(3)

    assert first.outcome is Outcome.IN_DOUBT
    assert (untold.outcome, untold.told) == (Outcome.CANCELLED, Outcome.IN_DOUBT)
    assert "told_failure_is_cancelled" in scene.metrics.alerts
    assert (second.outcome, second.basis) == (Outcome.CANCELLED, Basis.INFERRED)
    assert third.outcome is Outcome.ALREADY_CANCELLED


async def test_a_delivery_while_the_call_runs_on_joins_it() -> None:
    scene = Scene(carrier(None))
    await scene.press(seconds=0.05)

    joined = asyncio.create_task(scene.press())
    await asyncio.sleep(0)
    scene.carrier.release.set()
    answer = await joined

    assert answer.outcome is Outcome.CANCELLED
    assert scene.carrier.times_asked == 1
    assert scene.entry(answer.key).told is Outcome.CANCELLED


async def test_a_press_that_never_gets_its_turn_is_settled_by_a_lookup() -> None:
    scene = Scene(carrier(None, fact=Fact.CANCELLED))
    first = asyncio.create_task(scene.press(1, seconds=5))
    await scene.carrier.asked.wait()

    second = await scene.press(2, seconds=0.1)
    calling = [entry.state for entry in scene.ledger.store.entries[press().waybill].values()]
    scene.carrier.release.set()

    assert (second.outcome, second.basis) == (Outcome.CANCELLED, Basis.INFERRED)
    assert calling == [State.CALLING, State.DONE]  # whose call runs keeps the turn
    assert (await first).outcome is Outcome.CANCELLED
    assert scene.carrier.times_asked == 1


async def test_without_a_lookup_a_press_that_never_gets_its_turn_is_not_sent() -> None:
    scene = Scene(carrier(None))
    first = asyncio.create_task(scene.press(1, seconds=5))
    await scene.carrier.asked.wait()

    second = await scene.press(2, seconds=0.1)
    scene.carrier.release.set()

    assert (second.outcome, second.unsent) == (Outcome.FAILED, Unsent.TURN_NOT_REACHED)
    assert (await first).outcome is Outcome.CANCELLED


async def test_a_press_whose_owner_died_is_asked_again_with_the_same_request_id() -> None:
    store = MemoryStore()
    before = Scene(carrier(None), store=store)
    lost = asyncio.create_task(before.press(seconds=5))
    await before.carrier.asked.wait()
    before.ledger.close()

    after = Scene(carrier(ALREADY), store=store)
    answer = await after.press()
    lost.cancel()
    before.carrier.release.set()
    await before.desk.drain(within_seconds=1)

    assert (answer.outcome, answer.basis) == (Outcome.CANCELLED, Basis.INFERRED)
    assert after.carrier.request_ids == before.carrier.request_ids


async def test_a_replica_joins_the_call_of_another() -> None:
    store = MemoryStore()
    one, two = Scene(carrier(None), store=store), Scene(carrier(), store=store)
    first = asyncio.create_task(one.press())
    await one.carrier.asked.wait()

    second = asyncio.create_task(two.press())
    await asyncio.sleep(0)
    one.carrier.release.set()

    assert (await first).outcome is Outcome.CANCELLED
    assert (await second).outcome is Outcome.CANCELLED
    assert two.carrier.times_asked == 0


async def test_a_delivery_whose_connection_has_gone_was_not_told() -> None:
    scene = Scene(carrier(None, ALREADY))
    gone = asyncio.create_task(scene.press(1))
    await scene.carrier.asked.wait()
    gone.cancel()
    await asyncio.wait([gone])
    scene.carrier.release.set()
    await scene.desk.drain(within_seconds=1)

    next_press = await scene.press(2)

    (first,) = (entry for entry in scene.metrics.decided if entry.key != next_press.key)
    assert (first.outcome, first.told) == (Outcome.CANCELLED, None)
    assert (next_press.outcome, next_press.basis) == (Outcome.CANCELLED, Basis.INFERRED)


async def test_who_joins_while_a_lost_commit_b_is_retried_hears_the_same() -> None:
    down = FailingLedger()
    scene = Scene(carrier(None), before=down, commit_within_seconds=0.05)
    first = asyncio.create_task(scene.press())
    await scene.carrier.asked.wait()
    down.is_down = True
    scene.carrier.release.set()

    answer = await first
    joined = await scene.press()
    down.is_down = False
    await scene.desk.drain(within_seconds=2)

    assert (answer.outcome, joined.outcome) == (Outcome.CANCELLED, Outcome.CANCELLED)
    assert scene.carrier.times_asked == 1
    assert scene.entry(answer.key).told is Outcome.CANCELLED


async def test_a_budget_that_ends_while_waiting_for_the_turn_says_nothing_was_done() -> None:
    scene = Scene(carrier(None))
    first = asyncio.create_task(scene.press(1, seconds=5))
    await scene.carrier.asked.wait()

    second = await scene.press(2, seconds=0.02)
    scene.carrier.release.set()
    await first
    await scene.desk.drain(within_seconds=1)

    assert (second.outcome, second.unsent) == (Outcome.FAILED, Unsent.TURN_NOT_REACHED)
    assert scene.entry(second.key).state is State.UNSENT
    assert scene.carrier.times_asked == 1
