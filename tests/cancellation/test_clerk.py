"""One case carried through the rules: what is asked, written, said and warned of."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest

from adapter.cancellation.case import Limits, fresh_entry
from adapter.cancellation.clerk import Clerk
from adapter.cancellation.errors import LedgerUnavailable
from adapter.cancellation.gate import Gate
from adapter.cancellation.model import (
    Answer,
    Basis,
    Cancellation,
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
    RememberingWatch,
    ScriptedCarrier,
    carrier,
    press,
)

NOW = 1000.0
MINE = fresh_entry("mine", press(1), received_at=NOW)
DOUBTFUL = replace(MINE, state=State.IN_DOUBT, calls=1, called_at=NOW, owner="gone")
ELSEWHERE = replace(MINE, state=State.CALLING, calls=1, called_at=NOW, owner="replica")
DONE = replace(
    DOUBTFUL, state=State.DONE, outcome=Outcome.CANCELLED, basis=Basis.CARRIER, told=None
)


def of_another(entry: Entry) -> Entry:
    return replace(entry, key="other", pushed_at=1)


class StillClock:
    """A clock that a test moves."""

    def now(self) -> float:
        return NOW

    def monotonic(self) -> float:
        return NOW


@dataclass(kw_only=True)
class PlayedCase:
    """Somebody who waits so many seconds; 0: nobody does. Keeps what it was told."""

    seconds: float = 4.0
    key: str = "mine"
    cancellation: Cancellation = field(default_factory=press)
    asking: bool = False
    unreachable: bool = False
    said: list[Answer] = field(default_factory=list)
    telling: list[Outcome] = field(default_factory=list)

    @property
    def awaited(self) -> bool:
        return self.seconds > 0

    def left(self) -> float:
        return self.seconds if self.awaited else -1.0

    def begin_telling(self, truth: Answer) -> bool:
        self.telling.append(truth.outcome)
        return self.awaited

    def say(self, answer: Answer) -> None:
        self.said.append(answer)


class FailingLedger:
    """Refuses the commits with these numbers, counted from 1."""

    def __init__(self, *numbers: int) -> None:
        self.numbers = numbers
        self.commits = 0

    async def __call__(self, _: Waybill) -> None:
        self.commits += 1
        if self.commits in self.numbers:
            raise LedgerUnavailable("refused")


class Office:
    """A clerk and all it works with."""

    def __init__(
        self,
        asked: ScriptedCarrier,
        *,
        failing: Sequence[int] = (),
        entries: Sequence[Entry] = (),
    ) -> None:
        self.carrier = asked
        self.watch = RememberingWatch()
        self.gate = Gate()
        self.pauses: list[float] = []
        self.case = PlayedCase()
        store = MemoryStore()
        store.living.add("replica")
        for entry in entries:
            store.entries[entry.waybill][entry.key] = entry
        self.ledger = MemoryLedger(store=store, clock=lambda: NOW, before=FailingLedger(*failing))
        self.clerk = Clerk(
            carrier=asked,
            ledger=self.ledger,
            watch=self.watch,
            clock=StillClock(),
            gate=self.gate,
            limits=Limits(),
            pause=self.pause,
        )

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        await asyncio.sleep(0)

    async def handle(self, *, seconds: float = 4.0) -> Answer:
        self.case.seconds = seconds
        await self.clerk.handle(self.case)
        return self.case.said[-1]

    @property
    def entry(self) -> Entry:
        return self.ledger.store.entries[MINE.waybill]["mine"]


async def test_what_the_carrier_says_is_written_told_and_said() -> None:
    office = Office(carrier(CANCELLED))

    answer = await office.handle()

    assert (answer.outcome, answer.basis, answer.repeated) == (
        Outcome.CANCELLED, Basis.CARRIER, False,
    )  # fmt: skip
    assert office.entry.told is Outcome.CANCELLED
    assert office.watch.calls == ["CANCELLED"]
    assert office.watch.decided == [office.entry]


async def test_a_decided_push_is_said_once_its_telling_is_written() -> None:
    office = Office(carrier(), entries=[DONE])

    answer = await office.handle()

    assert (answer.outcome, answer.repeated) == (Outcome.CANCELLED, True)
    assert (office.entry.told, office.entry.deliveries) == (Outcome.CANCELLED, 2)
    assert office.carrier.times_asked == 0


async def test_a_cancelled_waybill_that_nobody_hears_of_is_an_alert() -> None:
    office = Office(carrier(CANCELLED))
    asked = asyncio.create_task(office.handle())
    office.carrier.answers[0] = None
    await office.carrier.asked.wait()
    office.case.seconds = 0
    office.carrier.release.set()
    await asked

    assert office.entry.told is None
    assert office.watch.alerts == ["told_failure_is_cancelled"]


async def test_a_picked_up_waybill_that_nobody_hears_of_is_none() -> None:
    office = Office(carrier(), entries=[replace(DONE, outcome=Outcome.PICKED_UP)])

    await office.handle(seconds=0)

    assert office.entry.told is None
    assert office.watch.alerts == []


async def test_doubt_is_asked_again_after_ever_the_same_pauses() -> None:
    office = Office(carrier(UNAVAILABLE, UNAVAILABLE, UNAVAILABLE, CANCELLED))

    answer = await office.handle()

    assert (answer.outcome, answer.calls) == (Outcome.CANCELLED, 4)
    assert office.pauses == [0.1, 0.4, 0.4]


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
    assert office.watch.doubts == [office.entry]


async def test_with_the_budget_spent_in_the_pause_doubt_is_said() -> None:
    office = Office(carrier(UNAVAILABLE))

    async def spend(seconds: float) -> None:
        office.case.seconds = 0.5

    office.clerk._pause = spend
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

    assert (answer.outcome, office.watch.alerts) == (Outcome.IN_DOUBT, ["unknown_status"])


async def test_an_answer_that_disproves_a_decision_is_an_alert() -> None:
    office = Office(carrier(None))
    asked = asyncio.create_task(office.handle())
    await office.carrier.asked.wait()
    entries = office.ledger.store.entries[MINE.waybill]
    entries["mine"] = replace(DONE, outcome=Outcome.PICKED_UP, told=Outcome.PICKED_UP)
    office.carrier.release.set()

    answer = await asked

    assert answer.outcome is Outcome.PICKED_UP
    assert office.watch.alerts == ["contradiction"]


async def test_a_push_that_rule_r_settles_beside_ours_is_counted_and_told_of() -> None:
    office = Office(carrier(ALREADY), entries=[of_another(DOUBTFUL)])

    answer = await office.handle()

    assert (answer.outcome, answer.basis) == (Outcome.CANCELLED, Basis.INFERRED)
    assert [entry.key for entry in office.watch.decided] == ["mine", "other"]
    assert office.watch.alerts == ["told_failure_is_cancelled"]


async def test_no_room_at_the_client_takes_commit_a_back() -> None:
    office = Office(carrier(NOT_SENT))

    answer = await office.handle()

    assert (answer.outcome, answer.unsent, answer.calls) == (Outcome.FAILED, Unsent.SHED, 0)
    assert (office.entry.state, office.entry.calls) == (State.UNSENT, 0)


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
    assert {said.outcome for said in office.case.said} == {outcome}


async def test_without_commit_a_nothing_is_asked() -> None:
    office = Office(carrier(), failing=[1])

    answer = await office.handle()

    assert (answer.outcome, answer.unsent) == (Outcome.FAILED, Unsent.LEDGER_UNAVAILABLE)
    assert office.watch.refusals == [Unsent.LEDGER_UNAVAILABLE]
    assert office.carrier.times_asked == 0


@pytest.mark.parametrize(
    ("word", "said"),
    [(PICKED_UP, Outcome.PICKED_UP), (ALREADY, Outcome.IN_DOUBT)],
    ids=["the carrier's own word", "a word only the ledger can read"],
)
async def test_a_lost_commit_b_is_told_from_memory_and_tried_until_it_is_written(
    word: CarrierAnswer, said: Outcome
) -> None:
    office = Office(carrier(word), failing=[2, 3, 4, 5])

    await office.handle()

    assert office.case.said[0].outcome is said
    assert office.pauses == [0.2, 0.5, 1.0, 1.0]
    assert office.watch.alerts == ["commit_lost"]
    assert (office.entry.state, office.entry.outcome) == (State.DONE, word.outcome)


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

    assert (answer.unsent, office.entry.state, office.entry.why) == (
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
