"""Who waits for a push and for the turn at its waybill, each until its own time is up."""

from __future__ import annotations

import asyncio

import pytest

from adapter.cancellation.attempt import LOOKUP_SECONDS, Attempt, WaybillLock
from adapter.cancellation.model import Answer, Outcome, Unsent
from tests.cancellation.playing import press

CANCELLED = Answer(key="k", outcome=Outcome.CANCELLED)
PICKED_UP = Answer(key="k", outcome=Outcome.PICKED_UP)
SOON = 0.01


@pytest.fixture
async def attempt() -> Attempt:
    return Attempt(key="k", cancellation=press())


async def held() -> WaybillLock:
    """A turn that somebody has."""
    turn = WaybillLock()
    first = Attempt(key="first", cancellation=press())
    first.join(within_seconds=60)
    assert await turn.acquire(first)
    return turn


async def test_without_anybody_who_waits_there_is_no_time_left(attempt: Attempt) -> None:
    assert (attempt.awaited, attempt.left()) == (False, -1.0)


async def test_the_last_of_those_who_wait_says_how_much_time_is_left(attempt: Attempt) -> None:
    for seconds in (5.0, 60.0, 1.0):
        attempt.join(within_seconds=seconds)

    assert 59.0 < attempt.left() <= 60.0


async def test_everybody_who_waits_and_whoever_joins_later_hears_the_same(
    attempt: Attempt,
) -> None:
    waiting = [attempt.join(within_seconds=60) for _ in range(2)]

    attempt.reply(CANCELLED)

    late = attempt.join(within_seconds=60)
    assert [waiter.result() for waiter in (*waiting, late)] == [CANCELLED] * 3
    assert not attempt.awaited


@pytest.mark.parametrize(
    ("asking", "outcome", "unsent"),
    [(True, Outcome.IN_DOUBT, None), (False, Outcome.FAILED, Unsent.TURN_NOT_REACHED)],
    ids=["the carrier may have been asked", "it was not"],
)
async def test_whose_time_is_up_hears_what_can_be_said(
    attempt: Attempt,
    asking: bool,  # noqa: FBT001 - a column of the table
    outcome: Outcome,
    unsent: Unsent | None,
) -> None:
    attempt.asking = asking

    answer = await attempt.join(within_seconds=SOON)

    assert (answer.outcome, answer.unsent) == (outcome, unsent)
    assert not attempt.awaited


async def test_whoever_is_being_told_hears_it_although_the_time_is_up(
    attempt: Attempt,
) -> None:
    """The ledger already says that this delivery was told."""
    waiter = attempt.join(within_seconds=SOON, overrun_seconds=SOON)

    assert attempt.begin_reply(CANCELLED)

    assert await waiter == CANCELLED
    assert not attempt.awaited


async def test_what_is_said_while_the_telling_is_written_is_what_is_heard(
    attempt: Attempt,
) -> None:
    waiter = attempt.join(within_seconds=0.0, overrun_seconds=60.0)
    attempt.begin_reply(CANCELLED)
    await asyncio.sleep(0)
    await asyncio.sleep(0)  # the budget is over
    before = waiter.done()

    attempt.reply(PICKED_UP)

    assert (before, waiter.result()) == (False, PICKED_UP)


async def test_nobody_is_told_what_nobody_waits_for_nor_heard_before(attempt: Attempt) -> None:
    told_nobody = attempt.begin_reply(CANCELLED)
    waiter = attempt.join(within_seconds=60)
    attempt.reply(CANCELLED)

    assert waiter.done()
    assert (told_nobody, attempt.begin_reply(CANCELLED)) == (False, True)
    assert not attempt.begin_reply(PICKED_UP)


async def test_a_delivery_that_has_gone_hears_nothing_and_may_go_twice(attempt: Attempt) -> None:
    waiter = attempt.join(within_seconds=60)

    attempt.leave(waiter)
    attempt.leave(waiter)
    attempt.reply(CANCELLED)

    assert (waiter.done(), attempt.left()) == (False, -1.0)


async def test_a_delivery_that_is_being_cancelled_is_passed_over(attempt: Attempt) -> None:
    going, staying = attempt.join(within_seconds=60), attempt.join(within_seconds=60)
    going.cancel()

    attempt.reply(CANCELLED)

    assert (going.cancelled(), staying.result()) == (True, CANCELLED)
    assert not attempt.begin_reply(PICKED_UP)


async def test_an_attempt_that_ends_in_a_defect_tells_the_truth_it_knew(attempt: Attempt) -> None:
    waiter = attempt.join(within_seconds=60)
    attempt.begin_reply(PICKED_UP)

    attempt.close()

    assert waiter.result() == PICKED_UP


async def test_closing_changes_no_answer_that_was_given(attempt: Attempt) -> None:
    attempt.asking = True
    attempt.reply(CANCELLED)

    attempt.close()

    assert attempt.join(within_seconds=60).result() == CANCELLED


async def test_a_turn_that_nobody_has_is_taken_even_without_time(attempt: Attempt) -> None:
    turn = WaybillLock()

    taken = await turn.acquire(attempt)

    assert (taken, turn.is_idle) == (True, False)
    turn.release()
    assert turn.is_idle


async def test_the_turn_goes_to_the_next_when_it_is_left(attempt: Attempt) -> None:
    turn = await held()
    attempt.join(within_seconds=60)
    waiting = asyncio.create_task(turn.acquire(attempt))
    await asyncio.sleep(0)
    wanted = turn.wanted

    turn.release()

    assert await waiting
    assert (wanted, turn.wanted, turn.is_idle) == (1, 0, False)


async def test_who_waits_for_the_turn_gives_up_in_time_for_a_lookup(attempt: Attempt) -> None:
    turn = await held()
    attempt.join(within_seconds=LOOKUP_SECONDS + SOON)

    taken = await turn.acquire(attempt)

    assert not taken
    assert 0 < attempt.left() <= LOOKUP_SECONDS
    assert (turn.wanted, turn.is_idle) == (0, False)


async def test_who_has_no_time_for_more_than_a_lookup_does_not_wait(attempt: Attempt) -> None:
    turn = await held()
    attempt.join(within_seconds=LOOKUP_SECONDS)

    assert not await turn.acquire(attempt)


async def test_a_later_delivery_lengthens_the_wait_for_the_turn(attempt: Attempt) -> None:
    turn = await held()
    attempt.join(within_seconds=LOOKUP_SECONDS + SOON)
    waiting = asyncio.create_task(turn.acquire(attempt))
    await asyncio.sleep(0)

    attempt.join(within_seconds=60)
    await attempt.join(within_seconds=3 * SOON)  # meanwhile the first one's time is up
    still = not waiting.done()
    turn.release()

    assert (still, await waiting) == (True, True)


async def test_a_loop_that_stood_still_gives_what_is_being_written_and_not_minus_one(
    attempt: Attempt,
) -> None:
    """Both limits have passed when the loop goes on: the ledger says that 0 was told."""
    waiter = attempt.join(within_seconds=0.0, overrun_seconds=0.0)
    attempt.begin_reply(CANCELLED)

    assert await waiter == CANCELLED


async def test_what_may_no_longer_be_told_is_not_given_when_time_is_up(attempt: Attempt) -> None:
    attempt.asking = True
    waiter = attempt.join(within_seconds=0.0, overrun_seconds=SOON)
    attempt.begin_reply(PICKED_UP)
    await asyncio.sleep(0)
    await asyncio.sleep(0)

    attempt.withhold()

    assert (await waiter).outcome is Outcome.IN_DOUBT
