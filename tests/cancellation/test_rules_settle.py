"""Rule R and its neighbours, case by case: what an answer, a lookup or an operator makes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapter.cancellation.model import Basis, Cause, Entry, Fact, Outcome, State, fresh_entry
from adapter.cancellation.ports import WaybillView, Write
from adapter.cancellation.rules_settle import (
    Settled,
    on_answer,
    on_fact,
    on_replied,
    on_resolve,
)
from tests.cancellation.playing import TRAITS, press
from tests.cancellation.views import MINE, NOW, OTHER, UNSENT, done, saying, view


def _answered(view: WaybillView, outcome: Outcome, *, awaited: bool) -> Write[Settled]:
    return on_answer(view, asked=MINE, answer=saying(outcome), awaited=awaited, traits=TRAITS)


@pytest.mark.parametrize(
    "outcome",
    [each for each in Outcome if each not in (Outcome.ALREADY_CANCELLED, Outcome.IN_DOUBT)],
)
def test_a_definite_word_is_the_decision(outcome: Outcome) -> None:
    change = _answered(view(MINE), outcome, awaited=True)

    entry = change.result.entry
    assert (entry.state, entry.outcome, entry.basis) == (State.DONE, outcome, Basis.CARRIER)
    assert (entry.message, entry.told) == ("so they say", outcome)
    assert (entry.cause, entry.why) == (Cause.CARRIER, outcome.name)
    assert change.entries == (entry,)
    (call,) = change.calls
    assert (call.epoch, call.ended_at, call.outcome) == (1, NOW, outcome)


def test_an_unknown_answer_leaves_doubt_and_keeps_that_minus_1_was_told() -> None:
    heard = on_answer(
        view(MINE), asked=MINE, traits=TRAITS, answer=saying(Outcome.IN_DOUBT), awaited=True
    )
    unheard = on_answer(
        view(MINE), asked=MINE, traits=TRAITS, answer=saying(Outcome.IN_DOUBT), awaited=False
    )

    assert heard.result.entry.state is unheard.result.entry.state is State.IN_DOUBT
    assert (heard.result.entry.told, unheard.result.entry.told) == (Outcome.IN_DOUBT, None)
    assert (heard.result.entry.cause, heard.result.entry.why) == (Cause.CARRIER, "IN_DOUBT")


def test_an_unknown_answer_of_an_older_call_is_only_noted() -> None:
    newer = replace(MINE, calls=2)

    change = on_answer(
        view(newer), asked=MINE, traits=TRAITS, answer=saying(Outcome.IN_DOUBT), awaited=False
    )

    assert change.result.entry == newer
    assert change.entries == ()
    assert len(change.calls) == 1


def test_a_definite_answer_of_an_older_call_decides() -> None:
    newer = replace(MINE, calls=2)

    change = on_answer(
        view(newer), asked=MINE, traits=TRAITS, answer=saying(Outcome.CANCELLED), awaited=False
    )

    assert (change.result.entry.state, change.result.entry.told) == (State.DONE, None)


@pytest.mark.parametrize(
    ("stored", "late", "contradicted"),
    [
        (Outcome.CANCELLED, Outcome.CANCELLED, False),
        (Outcome.CANCELLED, Outcome.ALREADY_CANCELLED, False),
        (Outcome.CANCELLED, Outcome.IN_DOUBT, False),
        (Outcome.CANCELLED, Outcome.PICKED_UP, True),
        (Outcome.INVALID, Outcome.ALREADY_CANCELLED, False),
        (Outcome.ALREADY_CANCELLED, Outcome.INVALID, False),
        (Outcome.PICKED_UP, Outcome.UNSUPPORTED, True),
    ],
)
def test_a_late_answer_for_a_done_row_is_appended_and_a_contradiction_told(
    stored: Outcome,
    late: Outcome,
    contradicted: bool,  # noqa: FBT001 - a column of the table
) -> None:
    decided = replace(done(stored, told=stored), key="mine")

    change = _answered(view(decided), late, awaited=False)

    assert change.result.contradicted is contradicted
    assert change.result.entry == decided
    assert change.entries == ()
    (call,) = change.calls
    assert call.outcome is late


def test_a_commit_that_is_tried_again_leaves_the_end_of_the_call_as_written() -> None:
    """It was given up, and landed: meanwhile another push of the waybill may have been called."""
    landed = on_answer(
        view(MINE), asked=MINE, traits=TRAITS, answer=saying(Outcome.CANCELLED), awaited=True
    )

    again = on_answer(
        view(*landed.entries, calls=landed.calls, now=NOW + 1),
        asked=MINE,
        traits=TRAITS,
        answer=saying(Outcome.CANCELLED),
        awaited=True,
    )

    assert [call.ended_at for call in landed.calls] == [NOW]
    assert again.calls == landed.calls


def test_a_late_answer_that_is_heard_is_a_telling() -> None:
    decided = replace(done(Outcome.CANCELLED, told=None), key="mine")

    change = on_answer(
        view(decided), asked=MINE, traits=TRAITS, answer=saying(Outcome.CANCELLED), awaited=True
    )

    assert change.entries == (replace(decided, told=Outcome.CANCELLED),)


def test_an_answer_whose_row_is_gone_is_written_together_with_its_row() -> None:
    answer = saying(Outcome.CANCELLED)

    change = on_answer(view(), asked=MINE, traits=TRAITS, answer=answer, awaited=True)

    (entry,) = change.entries
    assert (entry.key, entry.calls, entry.told) == ("mine", 1, Outcome.CANCELLED)
    assert [call.outcome for call in change.calls] == [Outcome.CANCELLED]


@pytest.mark.parametrize(
    ("fact", "outcome"),
    [
        (Fact.CANCELLED, Outcome.CANCELLED),
        (Fact.PICKED_UP, Outcome.PICKED_UP),
        (Fact.INVALID, Outcome.INVALID),
        (Fact.ACTIVE, None),
        (Fact.NOT_FOUND, None),
    ],
)
def test_a_lookup_settles_doubt_only_by_a_final_state(fact: Fact, outcome: Outcome | None) -> None:
    mine = replace(MINE, state=State.IN_DOUBT)

    change = on_fact(view(mine), found=mine, fact=fact, traits=TRAITS)

    entry = change.result.entry
    assert entry.outcome is outcome
    assert (entry.state is State.DONE) is (outcome is not None)
    assert entry.told is None
    if outcome is not None:
        assert (entry.cause, entry.why) == (Cause.LOOKUP, fact.value)
    assert change.entries == (() if outcome is None else (entry,))


def test_a_lookup_leaves_what_is_done_and_what_nobody_saw() -> None:
    decided = replace(done(Outcome.PICKED_UP, told=None), key="mine")
    unseen = fresh_entry("mine", press(1), received_at=NOW)

    kept = on_fact(view(decided), found=unseen, fact=Fact.CANCELLED, traits=TRAITS)
    nothing = on_fact(view(), found=unseen, fact=Fact.ACTIVE, traits=TRAITS)

    assert (kept.result.entry, kept.entries) == (decided, ())
    assert (nothing.result.entry, nothing.entries) == (unseen, ())


@pytest.mark.parametrize(
    ("mine", "settles"),
    [
        (replace(MINE, state=State.IN_DOUBT), True),
        (replace(MINE, owner="gone"), True),
        (MINE, False),
        (replace(done(Outcome.PICKED_UP, told=None), key="mine"), False),
        (replace(UNSENT, key="mine"), False),
        (OTHER, False),
    ],
    ids=["in doubt", "its owner died", "its owner calls", "done", "unsent", "no entry"],
)
def test_an_operator_settles_doubt_and_nothing_else(
    mine: Entry,
    settles: bool,  # noqa: FBT001 - a column of the table
) -> None:
    change = on_resolve(view(mine), key="mine", outcome=Outcome.CANCELLED, reason="phoned")

    if not settles:
        assert (change.result, change.entries) == (None, ())
        return
    assert change.result is not None
    assert (change.result.basis, change.result.cause) == (Basis.OPERATOR, Cause.OPERATOR)
    assert change.result.why == "phoned"
    assert change.entries == (change.result,)


@pytest.mark.parametrize(
    ("mine", "told"),
    [
        (replace(done(Outcome.CANCELLED, told=None), key="mine"), Outcome.CANCELLED),
        (replace(done(Outcome.CANCELLED, told=Outcome.IN_DOUBT), key="mine"), Outcome.CANCELLED),
        (replace(done(Outcome.CANCELLED, told=Outcome.CANCELLED), key="mine"), None),
        (MINE, None),
        (OTHER, None),
    ],
    ids=["untold", "told -1", "told already", "not decided", "no entry"],
)
def test_the_first_telling_of_a_decision_is_written(mine: Entry, told: Outcome | None) -> None:
    change = on_replied(view(mine), key="mine")

    assert [entry.told for entry in change.entries] == ([] if told is None else [told])
