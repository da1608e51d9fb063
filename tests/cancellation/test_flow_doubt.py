"""After a call that left doubt: look first, repeat rarely, within a budget, behind a brake."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapter.cancellation.brake import LATE_IN_A_ROW, Brake
from adapter.cancellation.model import CarrierAnswer, Doubt, Fact, Outcome, State, Unsent
from tests.cancellation.office import DONE, DOUBTFUL, MINE, Office
from tests.cancellation.playing import (
    CANCELLED,
    REFUSED_LOOK,
    UNAVAILABLE,
    UNKNOWN,
    carrier,
)

NOT_FOUND = CarrierAnswer(outcome=Outcome.NOT_FOUND, status="NOT_FOUND")
UNREADABLE = CarrierAnswer(
    outcome=Outcome.IN_DOUBT, status="UNREADABLE_REPLY", doubt=Doubt.UNREADABLE_REPLY
)


async def test_a_picked_up_parcel_behind_unknown_is_told_at_the_first_press() -> None:
    office = Office(carrier(UNKNOWN, fact=Fact.PICKED_UP))

    answer = await office.handle()

    assert (answer.outcome, answer.calls) == (Outcome.PICKED_UP, 1)
    assert (office.carrier.times_asked, office.carrier.looked_up) == (1, 1)
    assert office.entry.told is Outcome.PICKED_UP
    assert office.pauses == []


@pytest.mark.parametrize("fact", [Fact.ACTIVE, Fact.NOT_FOUND, None])
async def test_what_is_not_final_is_asked_again(fact: Fact | None) -> None:
    office = Office(carrier(UNAVAILABLE, CANCELLED, fact=fact))

    answer = await office.handle()

    assert (answer.outcome, answer.calls) == (Outcome.CANCELLED, 2)


async def test_the_same_word_of_the_server_is_heard_twice_and_no_more() -> None:
    office = Office(carrier(UNKNOWN, UNKNOWN), repeats=5)

    answer = await office.handle()

    assert (answer.outcome, office.carrier.times_asked) == (Outcome.IN_DOUBT, 2)


async def test_repeats_are_counted_over_all_deliveries() -> None:
    office = Office(carrier(UNAVAILABLE, UNAVAILABLE), repeats=1)

    await office.handle()
    answer = await office.handle()

    assert (answer.outcome, office.carrier.times_asked) == (Outcome.IN_DOUBT, 2)
    assert office.entry.state is State.IN_DOUBT


async def test_without_repeats_one_call_is_all() -> None:
    office = Office(carrier(UNAVAILABLE), repeats=0)

    answer = await office.handle()

    assert (answer.outcome, office.carrier.times_asked) == (Outcome.IN_DOUBT, 1)


async def test_with_its_budget_spent_the_process_repeats_nothing() -> None:
    office = Office(carrier(UNAVAILABLE))
    office.budget.tokens = 5.9

    answer = await office.handle()

    assert (answer.outcome, office.carrier.times_asked) == (Outcome.IN_DOUBT, 1)


async def test_an_unreadable_reply_is_not_asked_again_and_is_an_alert() -> None:
    office = Office(carrier(UNREADABLE))

    answer = await office.handle()

    assert (answer.outcome, office.carrier.times_asked) == (Outcome.IN_DOUBT, 1)
    assert office.metrics.alerts == ["unreadable_reply"]


@pytest.mark.parametrize(
    ("fact", "outcome"),
    [(Fact.ACTIVE, Outcome.FAILED), (Fact.INVALID, Outcome.INVALID), (None, Outcome.IN_DOUBT)],
)
async def test_a_refusal_is_explained_by_the_lookup(fact: Fact | None, outcome: Outcome) -> None:
    office = Office(carrier(REFUSED_LOOK, fact=fact))

    answer = await office.handle()

    assert (answer.outcome, office.carrier.times_asked) == (outcome, 1)
    assert office.budget.tokens == 10.0


async def test_a_no_to_a_repeat_is_looked_up_before_anybody_hears_it() -> None:
    found = Office(carrier(UNAVAILABLE, NOT_FOUND, fact=None))
    found.carrier.facts = [None, Fact.CANCELLED]
    unknown = Office(carrier(UNAVAILABLE, NOT_FOUND))

    heard = await found.handle()
    doubt = await unknown.handle()

    assert (heard.outcome, doubt.outcome) == (Outcome.CANCELLED, Outcome.IN_DOUBT)
    assert unknown.entry.state is State.IN_DOUBT


async def test_a_fact_that_cannot_be_written_is_not_spoken() -> None:
    office = Office(carrier(UNKNOWN, fact=Fact.PICKED_UP), failing=[2, 3])

    answer = await office.handle()

    assert answer.outcome is Outcome.IN_DOUBT
    assert office.entry.state is State.IN_DOUBT


def braked() -> Brake:
    brake = Brake()
    for _ in range(LATE_IN_A_ROW):
        brake.late(sent_at=0.0)
    brake.admits(now=1000.0)
    return brake


async def test_the_brake_answers_not_processed_and_stays_with_it() -> None:
    brake = braked()
    office = Office(carrier(CANCELLED), brake=brake)

    first = await office.handle()
    brake.timely(sent_at=2000.0)
    again = await office.handle()

    assert (first.unsent, again.unsent) == (Unsent.CARRIER_SLOW, Unsent.CARRIER_SLOW)
    assert office.carrier.times_asked == 0
    entry = office.entry
    assert (entry.state, entry.cause, entry.deliveries) == (State.UNSENT, "carrier_slow", 2)


async def test_behind_the_brake_a_decision_is_told_and_doubt_is_looked_up() -> None:
    decided = Office(carrier(), entries=[DONE], brake=braked())
    doubtful = Office(carrier(fact=Fact.PICKED_UP), entries=[DOUBTFUL], brake=braked())
    unknown = Office(carrier(), entries=[DOUBTFUL], brake=braked())

    answers = [await office.handle() for office in (decided, doubtful, unknown)]

    assert [answer.outcome for answer in answers] == [
        Outcome.CANCELLED,
        Outcome.PICKED_UP,
        Outcome.IN_DOUBT,
    ]
    assert [answer.unsent for answer in answers] == [None] * 3


async def test_calls_that_outlive_their_budget_bring_the_brake_on() -> None:
    brake = Brake()
    office = Office(carrier(CANCELLED), brake=brake)
    office.attempt.seconds = 4.0

    await office.handle()
    timely = brake.is_on
    for _ in range(LATE_IN_A_ROW):
        brake.late(sent_at=1e9)

    assert (timely, brake.is_on) == (False, True)


async def test_a_push_that_was_sent_before_is_never_called_unsent() -> None:
    queued = Office(carrier(), entries=[replace(DOUBTFUL, received_at=MINE.received_at)])

    await queued.flow.look(queued.attempt)

    (answer,) = queued.attempt.said
    assert (answer.outcome, answer.unsent) == (Outcome.IN_DOUBT, None)


async def test_a_decided_push_that_never_got_its_turn_is_told_as_stored() -> None:
    office = Office(carrier(), entries=[DONE])

    await office.flow.look(office.attempt)

    assert office.attempt.said[-1].outcome is Outcome.CANCELLED
