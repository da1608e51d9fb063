"""One case carried through the rules: what is asked, written, said and warned of."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

import pytest

from adapter.cancellation.model import (
    Basis,
    Cancellation,
    CarrierAnswer,
    Outcome,
    State,
    Unsent,
)
from tests.cancellation.office import DONE, DOUBTFUL, MINE, Office, of_another
from tests.cancellation.playing import (
    ALREADY,
    CANCELLED,
    NOT_SENT,
    PICKED_UP,
    UNAVAILABLE,
    UNFIT,
    UNKNOWN_VALUE,
    UNSUPPORTED,
    ScriptedCarrier,
    carrier,
)


async def test_what_the_carrier_says_is_written_told_and_said() -> None:
    office = Office(carrier(CANCELLED))

    answer = await office.handle()

    assert (answer.outcome, answer.basis, answer.repeated) == (
        Outcome.CANCELLED, Basis.CARRIER, False,
    )  # fmt: skip
    assert office.entry.told is Outcome.CANCELLED
    assert office.metrics.calls == ["CANCELLED"]
    assert office.metrics.decided == [office.entry]


async def test_a_cancelled_waybill_that_nobody_hears_of_is_an_alert() -> None:
    office = Office(carrier(CANCELLED))
    asked = asyncio.create_task(office.handle())
    office.carrier.answers[0] = None
    await office.carrier.asked.wait()
    office.attempt.seconds = 0
    office.carrier.release.set()
    await asked

    assert office.entry.told is None
    assert office.metrics.alerts == ["told_failure_is_cancelled"]


async def test_doubt_is_asked_again_after_growing_pauses() -> None:
    office = Office(carrier(UNAVAILABLE, UNAVAILABLE, CANCELLED))

    answer = await office.handle()

    assert (answer.outcome, answer.calls) == (Outcome.CANCELLED, 3)
    assert office.pauses == [0.1, 0.5]


@dataclass
class LeavingCarrier(ScriptedCarrier):
    """Not to be reached any more once it has been asked."""

    async def cancel(
        self, cancellation: Cancellation, *, request_id: str, within_seconds: float
    ) -> CarrierAnswer:
        self.is_ready = False
        return await super().cancel(
            cancellation, request_id=request_id, within_seconds=within_seconds
        )


async def test_a_carrier_that_has_gone_is_not_asked_again() -> None:
    office = Office(LeavingCarrier(answers=[UNAVAILABLE]))

    answer = await office.handle()

    assert (answer.outcome, answer.calls) == (Outcome.IN_DOUBT, 1)
    assert office.metrics.doubts == [office.entry]


async def test_with_the_budget_spent_in_the_pause_doubt_is_said() -> None:
    office = Office(carrier(UNAVAILABLE))

    async def spend(seconds: float) -> None:
        office.attempt.seconds = 0.5

    office.replies.pause = spend
    answer = await office.handle()

    assert (answer.outcome, office.entry.state) == (Outcome.IN_DOUBT, State.IN_DOUBT)


async def test_without_a_second_left_there_is_no_pause_either() -> None:
    office = Office(carrier(UNAVAILABLE))

    answer = await office.handle(seconds=1.0)

    assert (answer.outcome, office.pauses) == (Outcome.IN_DOUBT, [])


async def test_a_further_call_that_cannot_be_recorded_is_not_made() -> None:
    office = Office(carrier(UNAVAILABLE), failing=[2])

    answer = await office.handle()

    assert (answer.outcome, office.carrier.times_asked) == (Outcome.IN_DOUBT, 1)
    assert office.entry.state is State.IN_DOUBT


async def test_a_status_nobody_knows_is_an_alert() -> None:
    office = Office(carrier(UNKNOWN_VALUE))

    answer = await office.handle()

    assert (answer.outcome, office.metrics.alerts) == (Outcome.IN_DOUBT, ["unknown_status"])


async def test_an_answer_that_disproves_a_decision_is_an_alert() -> None:
    office = Office(carrier(None))
    office.carrier.late = UNSUPPORTED
    asked = asyncio.create_task(office.handle())
    await office.carrier.asked.wait()
    entries = office.ledger.store.entries[MINE.waybill]
    entries["mine"] = replace(DONE, outcome=Outcome.PICKED_UP, told=Outcome.PICKED_UP)
    office.carrier.release.set()

    answer = await asked

    assert answer.outcome is Outcome.PICKED_UP
    assert office.metrics.alerts == ["contradiction"]


async def test_a_push_that_rule_r_settles_beside_ours_is_counted_and_told_of() -> None:
    office = Office(carrier(ALREADY), entries=[of_another(DOUBTFUL)])

    answer = await office.handle()

    assert (answer.outcome, answer.basis) == (Outcome.CANCELLED, Basis.INFERRED)
    assert [entry.key for entry in office.metrics.decided] == ["mine", "other"]
    assert office.metrics.alerts == ["told_failure_is_cancelled"]


async def test_no_room_at_the_client_takes_commit_a_back() -> None:
    office = Office(carrier(NOT_SENT))

    answer = await office.handle()

    assert (answer.outcome, answer.unsent, answer.calls) == (Outcome.FAILED, Unsent.SHED, 0)
    assert (office.entry.state, office.entry.calls) == (State.UNSENT, 0)


async def test_what_the_contract_cannot_hold_was_never_asked() -> None:
    office = Office(carrier(UNFIT))

    answer = await office.handle()

    assert (answer.outcome, answer.unsent, answer.calls) == (Outcome.FAILED, Unsent.REFUSED, 0)
    entry = office.entry
    assert (entry.state, entry.calls, entry.cause) == (State.UNSENT, 0, "refused")
    assert (entry.deliveries, office.metrics.refusals) == (1, [Unsent.REFUSED])


async def test_no_room_for_a_further_call_leaves_the_doubt_of_the_first() -> None:
    office = Office(carrier(UNAVAILABLE, NOT_SENT))

    answer = await office.handle()

    assert (answer.outcome, answer.unsent, answer.calls) == (Outcome.IN_DOUBT, None, 1)
    assert (office.entry.state, office.entry.calls) == (State.IN_DOUBT, 1)


@pytest.mark.parametrize(
    ("answers", "outcome", "state", "failing"),
    [
        ([NOT_SENT], Outcome.FAILED, State.UNSENT, [2]),
        ([UNAVAILABLE, NOT_SENT], Outcome.IN_DOUBT, State.IN_DOUBT, [3]),
    ],
    ids=["first call", "a further call"],
)
async def test_a_withdrawal_that_cannot_be_written_is_tried_again(
    answers: list[CarrierAnswer], outcome: Outcome, state: State, failing: list[int]
) -> None:
    office = Office(carrier(*answers), failing=failing)

    answer = await office.handle()

    assert (answer.outcome, office.entry.state) == (outcome, state)
    assert {said.outcome for said in office.attempt.said} == {outcome}


@pytest.mark.parametrize(
    ("word", "said"),
    [(CANCELLED, Outcome.CANCELLED), (PICKED_UP, Outcome.IN_DOUBT), (ALREADY, Outcome.IN_DOUBT)],
    ids=["a success", "another replica may hear otherwise", "a word only the ledger can read"],
)
async def test_a_lost_commit_b_is_told_from_memory_and_tried_until_it_is_written(
    word: CarrierAnswer, said: Outcome
) -> None:
    office = Office(carrier(word), failing=[2, 3, 4, 5])

    await office.handle()

    assert office.attempt.said[0].outcome is said
    assert office.pauses == [0.2, 0.5, 1.0, 1.0]
    assert office.metrics.alerts == ["commit_lost", "commit_kept"]
    assert (office.entry.state, office.entry.outcome) == (State.DONE, word.outcome)
