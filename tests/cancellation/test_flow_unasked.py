"""Cases in which the carrier is not asked to cancel: what settles them, and what is said."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from adapter.cancellation.model import (
    Entry,
    Fact,
    Outcome,
    State,
    Unsent,
)
from tests.cancellation.office import DONE, DOUBTFUL, ELSEWHERE, MINE, NOW, Office, of_another
from tests.cancellation.playing import (
    carrier,
)


async def test_a_decided_push_is_said_once_its_telling_is_written() -> None:
    office = Office(carrier(), entries=[DONE])

    answer = await office.handle()

    assert (answer.outcome, answer.repeated) == (Outcome.CANCELLED, True)
    assert (office.entry.told, office.entry.deliveries) == (Outcome.CANCELLED, 2)
    assert office.carrier.times_asked == 0


async def test_a_picked_up_waybill_that_nobody_hears_of_is_none() -> None:
    office = Office(carrier(), entries=[replace(DONE, outcome=Outcome.PICKED_UP)])

    await office.handle(seconds=0)

    assert office.entry.told is None
    assert office.metrics.alerts == []


async def test_without_commit_a_nothing_is_asked() -> None:
    office = Office(carrier(), failing=[1])

    answer = await office.handle()

    assert (answer.outcome, answer.unsent) == (Outcome.FAILED, Unsent.LEDGER_UNAVAILABLE)
    assert office.metrics.refusals == [Unsent.LEDGER_UNAVAILABLE]
    assert office.carrier.times_asked == 0


@pytest.mark.parametrize(
    ("fact", "outcome"),
    [
        (Fact.CANCELLED, Outcome.CANCELLED),
        (Fact.PICKED_UP, Outcome.PICKED_UP),
        (Fact.ACTIVE, Outcome.IN_DOUBT),
        (None, Outcome.IN_DOUBT),
    ],
)
async def test_beyond_the_window_only_the_lookup_settles(
    fact: Fact | None, outcome: Outcome
) -> None:
    late = replace(DOUBTFUL, received_at=NOW - 21)
    office = Office(carrier(fact=fact), entries=[late])

    answer = await office.handle()

    assert answer.outcome is outcome
    assert (office.carrier.times_asked, office.carrier.looked_up) == (0, 1)
    assert office.entry.deliveries == 2


async def test_what_a_lookup_found_and_the_ledger_lost_is_still_doubt() -> None:
    late = replace(DOUBTFUL, received_at=NOW - 21)
    office = Office(carrier(fact=Fact.CANCELLED), entries=[late], failing=[2])

    answer = await office.handle()

    assert (answer.outcome, answer.unsent) == (Outcome.IN_DOUBT, None)
    assert office.entry.state is State.IN_DOUBT


async def test_nobody_waiting_means_no_call_and_no_lookup() -> None:
    office = Office(carrier(fact=Fact.CANCELLED))

    answer = await office.handle(seconds=0)

    assert (answer.outcome, answer.unsent) == (Outcome.FAILED, Unsent.TURN_NOT_REACHED)
    assert (office.carrier.times_asked, office.carrier.looked_up) == (0, 0)


@pytest.mark.parametrize(
    ("paused", "reason"), [(True, Unsent.PAUSED), (False, Unsent.CARRIER_UNREACHABLE)]
)
async def test_a_push_that_may_not_be_asked_is_unsent_and_says_why(
    paused: bool,  # noqa: FBT001 - a column of the table
    reason: Unsent,
) -> None:
    office = Office(carrier())
    office.gate.paused = paused
    office.carrier.is_ready = False

    answer = await office.handle()

    assert (answer.unsent, office.entry.state, office.entry.cause) == (
        reason, State.UNSENT, reason.value,
    )  # fmt: skip
    assert office.carrier.looked_up == 0


@pytest.mark.parametrize(
    ("entries", "outcome", "unsent"),
    [
        ([ELSEWHERE], Outcome.IN_DOUBT, None),
        ([of_another(ELSEWHERE)], Outcome.FAILED, Unsent.TURN_NOT_REACHED),
        ([DOUBTFUL, of_another(ELSEWHERE)], Outcome.IN_DOUBT, None),
    ],
    ids=["our own call", "another press's call", "another's, and doubt of our own"],
)
async def test_a_turn_that_another_replica_keeps_is_answered_as_the_push_stands(
    entries: list[Entry], outcome: Outcome, unsent: Unsent | None
) -> None:
    office = Office(carrier(), entries=entries)

    answer = await office.handle(seconds=0.7)

    assert (answer.outcome, answer.unsent) == (outcome, unsent)
    assert (office.carrier.times_asked, office.carrier.looked_up) == (0, 1)


async def test_the_turn_comes_when_the_other_replica_has_written() -> None:
    office = Office(carrier(), entries=[ELSEWHERE])
    waiting = asyncio.create_task(office.handle())
    while not office.ledger.store.waiting:  # noqa: ASYNC110 - nobody announces that it waits
        await asyncio.sleep(0)
    office.ledger.store.entries[MINE.waybill]["mine"] = DONE
    for event in office.ledger.store.waiting[MINE.waybill]:
        event.set()

    answer = await waiting

    assert (answer.outcome, answer.repeated) == (Outcome.CANCELLED, True)


@pytest.mark.parametrize(
    ("fact", "outcome", "unsent"),
    [
        (Fact.CANCELLED, Outcome.ALREADY_CANCELLED, None),
        (Fact.ACTIVE, Outcome.FAILED, Unsent.TURN_NOT_REACHED),
        (None, Outcome.FAILED, Unsent.TURN_NOT_REACHED),
    ],
)
async def test_a_case_that_never_got_its_turn_is_settled_by_a_lookup_alone(
    fact: Fact | None, outcome: Outcome, unsent: Unsent | None
) -> None:
    office = Office(carrier(fact=fact))

    await office.flow.look(office.attempt)

    (answer,) = office.attempt.said
    assert (answer.outcome, answer.unsent) == (outcome, unsent)
    assert (office.carrier.times_asked, office.carrier.looked_up) == (0, 1)
    assert office.entry.state is (State.DONE if unsent is None else State.UNSENT)


async def test_what_a_lookup_found_and_the_ledger_lost_leaves_a_case_without_turn_unsent() -> None:
    office = Office(carrier(fact=Fact.CANCELLED), failing=[2])

    await office.flow.look(office.attempt)

    assert office.attempt.said[-1].unsent is Unsent.TURN_NOT_REACHED
