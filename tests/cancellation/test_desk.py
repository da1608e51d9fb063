"""Cancel once, however often it is asked for."""

from __future__ import annotations

import asyncio

import pytest

from adapter.cancellation.desk import Desk
from adapter.cancellation.errors import LedgerUnavailable
from adapter.cancellation.gate import Gate
from adapter.cancellation.model import (
    Basis,
    CarrierAnswer,
    Outcome,
    State,
    Unsent,
    Waybill,
)
from adapter.ledger.memory import MemoryLedger
from tests import defaults
from tests.cancellation.playing import (
    ALREADY,
    CANCELLED,
    NOT_SENT,
    PICKED_UP,
    UNAVAILABLE,
    UNKNOWN_VALUE,
    MachineClock,
    RememberingMetrics,
    carrier,
    press,
)
from tests.cancellation.scene import FailingLedger, Scene


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
    assert [entry.key for entry in scene.metrics.doubts] == [answer.key]


async def test_a_status_value_nobody_knows_is_doubt_and_not_asked_again() -> None:
    scene = Scene(carrier(UNKNOWN_VALUE))

    answer = await scene.press(seconds=3)

    assert answer.outcome is Outcome.IN_DOUBT
    assert scene.carrier.times_asked == 1
    assert scene.metrics.alerts == ["unknown_status"]


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


@pytest.mark.parametrize(
    ("carrier_says", "told"),
    [(PICKED_UP, Outcome.IN_DOUBT), (CANCELLED, Outcome.CANCELLED), (ALREADY, Outcome.IN_DOUBT)],
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
    assert "commit_lost" in scene.metrics.alerts
    entry = scene.entry(answer.key)
    assert entry.state is State.DONE
    assert entry.told is told


async def test_a_refusal_is_noted_for_an_operator_to_find() -> None:
    scene = Scene(carrier())

    answer = scene.desk.refuse(press(), reason=Unsent.REFUSED)

    entry = scene.entry(answer.key)
    assert (entry.state, entry.cause, entry.calls) == (State.UNSENT, "refused", 0)
    assert scene.metrics.refusals == [Unsent.REFUSED]


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


async def test_when_the_entry_has_vanished_the_answer_brings_it_back() -> None:
    scene = Scene(carrier(None))
    delivery = asyncio.create_task(scene.press())
    await scene.carrier.asked.wait()
    scene.ledger.store.entries.clear()
    scene.carrier.release.set()

    answer = await delivery

    assert answer.outcome is Outcome.CANCELLED
    assert scene.entry(answer.key).told is Outcome.CANCELLED
    assert scene.metrics.alerts == []


class UnreachedLedger(MemoryLedger):
    """A ledger that nobody has reached since the start."""

    @property
    def identity_key(self) -> bytes:
        raise LedgerUnavailable("unreachable")


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (Unsent.SHED, Unsent.LEDGER_UNAVAILABLE),
        (Unsent.PAUSED, Unsent.LEDGER_UNAVAILABLE),
        (Unsent.REFUSED, Unsent.REFUSED),
    ],
)
async def test_without_the_ledgers_key_nothing_is_claimed_nor_noted_nor_sent(
    reason: Unsent, said: Unsent
) -> None:
    ledger, asked = UnreachedLedger(), carrier(CANCELLED)
    desk = Desk(
        carrier=asked,
        ledger=ledger,
        metrics=RememberingMetrics(),
        clock=MachineClock(),
        gate=Gate(),
        limits=defaults.DESK,
    )

    answer = await desk.cancel(press(), within_seconds=1)
    refused = desk.refuse(press(), reason=reason)

    assert (answer.unsent, refused.unsent) == (Unsent.LEDGER_UNAVAILABLE, said)
    assert (asked.times_asked, dict(ledger.store.entries)) == (0, {})
