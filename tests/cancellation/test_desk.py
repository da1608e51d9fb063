"""Cancel once, however often it is asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from adapter.cancellation.case import Limits
from adapter.cancellation.desk import Desk
from adapter.cancellation.gate import Gate
from adapter.cancellation.model import (
    Answer,
    Basis,
    CarrierAnswer,
    Entry,
    Fact,
    Outcome,
    State,
    Unsent,
    Waybill,
)
from adapter.ledger.memory import MemoryLedger, MemoryStore
from tests.cancellation.playing import (
    ALREADY,
    CANCELLED,
    NOT_SENT,
    PICKED_UP,
    UNAVAILABLE,
    UNKNOWN_VALUE,
    MachineClock,
    RememberingWatch,
    ScriptedCarrier,
    carrier,
    press,
)


class Scene:
    """A desk, and everything around it that a test may look at."""

    def __init__(
        self,
        asked: ScriptedCarrier,
        *,
        store: MemoryStore | None = None,
        before: Callable[[Waybill], Awaitable[None]] | None = None,
        commit_within_seconds: float = 1.0,
    ) -> None:
        self.carrier = asked
        self.ledger = MemoryLedger(store=store, before=before)
        self.watch = RememberingWatch()
        self.gate = Gate()
        self.desk = Desk(
            carrier=asked,
            ledger=self.ledger,
            watch=self.watch,
            clock=MachineClock(),
            gate=self.gate,
            limits=Limits(commit_within_seconds=commit_within_seconds),
        )

    async def press(self, number: int = 1, *, seconds: float = 2.0) -> Answer:
        return await self.desk.cancel(press(number), within_seconds=seconds)

    def entry(self, key: str) -> Entry:
        return self.ledger.store.entries[press().waybill][key]


async def test_a_press_is_decided_by_the_carrier() -> None:
    scene = Scene(carrier(CANCELLED))

    answer = await scene.press()

    assert (answer.outcome, answer.basis, answer.calls) == (Outcome.CANCELLED, Basis.CARRIER, 1)
    entry = scene.entry(answer.key)
    assert (entry.state, entry.told) == (State.DONE, Outcome.CANCELLED)
    assert scene.carrier.request_ids == [answer.key]


async def test_a_retry_gets_the_first_answer_without_asking_again() -> None:
    scene = Scene(carrier(CANCELLED))

    first = await scene.press()
    retry = await scene.press()

    assert (first.outcome, retry.outcome) == (Outcome.CANCELLED, Outcome.CANCELLED)
    assert retry.repeated
    assert scene.carrier.times_asked == 1


async def test_parallel_duplicates_join_one_call() -> None:
    scene = Scene(carrier(None))
    presses = [asyncio.create_task(scene.press()) for _ in range(4)]
    await scene.carrier.asked.wait()

    scene.carrier.release.set()
    answers = await asyncio.gather(*presses)

    assert {answer.outcome for answer in answers} == {Outcome.CANCELLED}
    assert scene.carrier.times_asked == 1


async def test_a_genuine_second_press_is_asked_and_told_that_it_was_cancelled_before() -> None:
    scene = Scene(carrier(CANCELLED, ALREADY))

    await scene.press(1)
    second = await scene.press(2)

    assert second.outcome is Outcome.ALREADY_CANCELLED
    assert scene.carrier.times_asked == 2


async def test_a_cut_connection_is_settled_inside_the_same_push() -> None:
    scene = Scene(carrier(UNAVAILABLE, ALREADY))

    answer = await scene.press()

    assert (answer.outcome, answer.basis, answer.calls) == (Outcome.CANCELLED, Basis.INFERRED, 2)
    assert scene.carrier.request_ids == [answer.key] * 2
    assert scene.entry(answer.key).told is Outcome.CANCELLED


async def test_what_was_cancelled_before_us_is_not_our_success() -> None:
    scene = Scene(carrier(ALREADY))

    answer = await scene.press()

    assert (answer.outcome, answer.basis) == (Outcome.ALREADY_CANCELLED, Basis.CARRIER)


async def test_with_less_than_a_second_left_doubt_is_said_at_once() -> None:
    scene = Scene(carrier(UNAVAILABLE))

    answer = await scene.press(seconds=0.9)

    assert answer.outcome is Outcome.IN_DOUBT
    assert scene.entry(answer.key).state is State.IN_DOUBT
    assert [entry.key for entry in scene.watch.doubts] == [answer.key]


async def test_a_status_value_nobody_knows_is_doubt_and_not_asked_again() -> None:
    scene = Scene(carrier(UNKNOWN_VALUE))

    answer = await scene.press(seconds=3)

    assert answer.outcome is Outcome.IN_DOUBT
    assert scene.carrier.times_asked == 1
    assert scene.watch.alerts == ["unknown_status"]


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
    assert "told_failure_is_cancelled" in scene.watch.alerts
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


async def test_an_unreachable_carrier_is_not_asked_and_the_repeat_counts_as_unseen() -> None:
    scene = Scene(carrier(CANCELLED))
    scene.carrier.is_ready = False

    refused = await scene.press()
    scene.carrier.is_ready = True
    again = await scene.press()

    assert (refused.outcome, refused.unsent) == (Outcome.FAILED, Unsent.CARRIER_UNREACHABLE)
    assert again.outcome is Outcome.CANCELLED
    assert scene.carrier.times_asked == 1


async def test_paused_nothing_is_asked_but_what_is_decided_is_still_answered() -> None:
    scene = Scene(carrier(CANCELLED))
    await scene.press(1)
    scene.gate.paused = True

    repeat = await scene.press(1)
    fresh = await scene.press(2)

    assert repeat.outcome is Outcome.CANCELLED
    assert (fresh.outcome, fresh.unsent) == (Outcome.FAILED, Unsent.PAUSED)
    assert scene.carrier.times_asked == 1


async def test_a_client_without_room_leaves_the_push_unsent() -> None:
    scene = Scene(carrier(NOT_SENT, CANCELLED))

    refused = await scene.press()
    again = await scene.press()

    assert (refused.outcome, refused.unsent) == (Outcome.FAILED, Unsent.SHED)
    assert again.outcome is Outcome.CANCELLED


async def test_without_a_ledger_nothing_is_asked() -> None:
    async def stall(_: Waybill) -> None:
        await asyncio.sleep(5)

    scene = Scene(carrier(CANCELLED), before=stall, commit_within_seconds=0.05)

    answer = await scene.press()

    assert (answer.outcome, answer.unsent) == (Outcome.FAILED, Unsent.LEDGER_UNAVAILABLE)
    assert scene.carrier.times_asked == 0


class FailingLedger:
    """Lets commits through until told otherwise."""

    def __init__(self) -> None:
        self.is_down = False

    async def __call__(self, _: Waybill) -> None:
        if self.is_down:
            await asyncio.sleep(5)


@pytest.mark.parametrize(
    ("carrier_says", "told"),
    [(PICKED_UP, Outcome.PICKED_UP), (CANCELLED, Outcome.CANCELLED), (ALREADY, Outcome.IN_DOUBT)],
)
async def test_a_lost_commit_b_tells_the_truth_from_memory_and_is_written_later(
    carrier_says: CarrierAnswer, told: Outcome
) -> None:
    down = FailingLedger()
    scene = Scene(carrier(None), before=down, commit_within_seconds=0.05)
    scene.carrier.late = carrier_says
    delivery = asyncio.create_task(scene.press())
    await scene.carrier.asked.wait()
    down.is_down = True
    scene.carrier.release.set()

    answer = await delivery
    down.is_down = False
    await scene.desk.drain(within_seconds=2)

    assert answer.outcome is told
    assert "commit_lost" in scene.watch.alerts
    entry = scene.entry(answer.key)
    assert entry.state is State.DONE
    assert entry.told is told


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


async def test_a_refusal_is_noted_for_an_operator_to_find() -> None:
    scene = Scene(carrier())

    answer = scene.desk.refuse(press(), reason=Unsent.REFUSED)

    entry = scene.entry(answer.key)
    assert (entry.state, entry.why, entry.calls) == (State.UNSENT, "refused", 0)
    assert scene.watch.refusals == [Unsent.REFUSED]


async def test_drain_counts_what_it_leaves_behind() -> None:
    scene = Scene(carrier(None))
    await scene.press(seconds=0.05)

    left = await scene.desk.drain(within_seconds=0.05)
    scene.carrier.release.set()
    ended = await scene.desk.drain(within_seconds=1)

    assert (left, ended, scene.desk.in_flight) == (1, 0, 0)


async def test_the_password_is_nowhere_in_what_is_kept() -> None:
    scene = Scene(carrier(CANCELLED))

    answer = await scene.press()

    kept = f"{scene.ledger.store.entries!r}{scene.ledger.store.calls!r}{answer!r}{press()!r}"
    assert "canary" not in kept


async def test_a_delivery_whose_connection_has_gone_was_not_told() -> None:
    scene = Scene(carrier(None, ALREADY))
    gone = asyncio.create_task(scene.press(1))
    await scene.carrier.asked.wait()
    gone.cancel()
    await asyncio.wait([gone])
    scene.carrier.release.set()
    await scene.desk.drain(within_seconds=1)

    next_press = await scene.press(2)

    (first,) = (entry for entry in scene.watch.decided if entry.key != next_press.key)
    assert (first.outcome, first.told) == (Outcome.CANCELLED, None)
    assert (next_press.outcome, next_press.basis) == (Outcome.CANCELLED, Basis.INFERRED)


async def test_when_the_entry_has_vanished_the_truth_is_told_and_the_defect_is_an_alert() -> None:
    scene = Scene(carrier(None))
    faults: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, fault: faults.append(fault))
    delivery = asyncio.create_task(scene.press())
    await scene.carrier.asked.wait()
    scene.ledger.store.entries.clear()
    scene.carrier.release.set()

    answer = await delivery
    await asyncio.sleep(0)

    assert answer.outcome is Outcome.CANCELLED
    assert (scene.watch.alerts, len(faults), scene.desk.in_flight) == (["defect"], 1, 0)


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
