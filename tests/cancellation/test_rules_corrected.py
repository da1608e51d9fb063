"""A push's own word beats what was inferred; an operator may correct an operator."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapter.cancellation.model import Basis, Cause, Entry, Outcome, State
from adapter.cancellation.rules_settle import on_answer, on_correct
from tests.cancellation.playing import TRAITS
from tests.cancellation.views import DOUBTFUL, MINE, done, saying, view


def decided(outcome: Outcome, basis: Basis, *, told: Outcome | None = None) -> Entry:
    return replace(done(outcome, told=told), key="mine", basis=basis, cause=Cause.LOOKUP)


@pytest.mark.parametrize("told", [None, Outcome.IN_DOUBT, Outcome.PICKED_UP])
@pytest.mark.parametrize("basis", list(Basis))
def test_its_own_success_corrects_a_row_and_keeps_what_stood_there(
    basis: Basis, told: Outcome | None
) -> None:
    before = decided(Outcome.PICKED_UP, basis, told=told)

    change = on_answer(
        view(before), asked=MINE, answer=saying(Outcome.CANCELLED), awaited=False, traits=TRAITS
    )

    (entry,) = change.entries
    assert (entry.outcome, entry.basis, entry.told) == (Outcome.CANCELLED, Basis.CARRIER, told)
    assert change.result.contradicted
    assert change.replaced == (() if basis is Basis.OPERATOR else (before,))


def test_a_correction_that_is_heard_is_told() -> None:
    before = decided(Outcome.ALREADY_CANCELLED, Basis.INFERRED, told=Outcome.ALREADY_CANCELLED)

    change = on_answer(
        view(before), asked=MINE, answer=saying(Outcome.CANCELLED), awaited=True, traits=TRAITS
    )

    assert change.result.entry.told is Outcome.CANCELLED


@pytest.mark.parametrize("late", [Outcome.FAILED, Outcome.NOT_FOUND, Outcome.PICKED_UP])
def test_a_row_that_says_0_keeps_it(late: Outcome) -> None:
    before = decided(Outcome.CANCELLED, Basis.CARRIER)

    change = on_answer(view(before), asked=MINE, answer=saying(late), awaited=False, traits=TRAITS)

    assert (change.result.entry, change.entries, change.replaced) == (before, (), ())
    assert change.result.contradicted


@pytest.mark.parametrize("outcome", [Outcome.NOT_FOUND, Outcome.INVALID, Outcome.FAILED])
def test_a_no_beside_an_open_call_settles_nothing(outcome: Outcome) -> None:
    again = replace(MINE, calls=2)

    change = on_answer(
        view(again), asked=again, answer=saying(outcome), awaited=True, traits=TRAITS
    )

    (entry,) = change.entries
    assert (entry.state, entry.outcome, entry.told) == (State.IN_DOUBT, None, None)
    assert [call.outcome for call in change.calls] == [outcome]


@pytest.mark.parametrize("outcome", [Outcome.PICKED_UP, Outcome.UNSUPPORTED])
def test_what_no_success_of_ours_explains_is_definite_beside_an_open_call(
    outcome: Outcome,
) -> None:
    again = replace(MINE, calls=2)

    change = on_answer(
        view(again), asked=again, answer=saying(outcome), awaited=True, traits=TRAITS
    )

    assert change.result.entry.outcome is outcome


def test_an_operator_corrects_an_operator_and_nobody_else() -> None:
    settled = decided(Outcome.CANCELLED, Basis.OPERATOR, told=Outcome.CANCELLED)

    corrected = on_correct(
        view(settled), key="mine", outcome=Outcome.PICKED_UP, reason="the depot was wrong"
    )
    refused = [
        on_correct(view(each), key="mine", outcome=Outcome.PICKED_UP, reason="so")
        for each in (
            decided(Outcome.CANCELLED, Basis.CARRIER),
            decided(Outcome.CANCELLED, Basis.INFERRED),
            replace(DOUBTFUL, key="mine"),
            DOUBTFUL,
        )
    ]

    assert corrected.result is not None
    assert (corrected.result.outcome, corrected.result.why) == (
        Outcome.PICKED_UP,
        "the depot was wrong",
    )
    assert corrected.result.told is Outcome.CANCELLED
    assert [(change.result, change.entries) for change in refused] == [(None, ())] * 4
