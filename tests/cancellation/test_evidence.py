"""Whose cancellation it was, and what a "no" beside an open call is worth."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapter.cancellation.evidence import is_open_beside, is_our_success, is_running
from adapter.cancellation.model import Basis, Call, Doubt, Entry, Outcome, State
from adapter.cancellation.ports import CarrierTraits
from tests.cancellation.views import DOUBTFUL, MINE, NOW, UNSENT, done, view

SPEAKS = CarrierTraits(says_already_cancelled=True)
MUTE = CarrierTraits(says_already_cancelled=False)
AGAIN = replace(MINE, calls=2)
OVER = replace(done(Outcome.PICKED_UP, told=Outcome.PICKED_UP), calls=2)


@pytest.mark.parametrize(
    ("outcome", "doubt", "is_open"),
    [
        (None, None, True),
        (Outcome.IN_DOUBT, None, True),
        (Outcome.IN_DOUBT, Doubt.LOST_CONNECTION, True),
        (Outcome.IN_DOUBT, Doubt.SERVER_WORD, True),
        (Outcome.IN_DOUBT, Doubt.REFUSED_LOOK, False),
        (Outcome.FAILED, None, False),
        (Outcome.CANCELLED, None, False),
    ],
)
def test_a_call_is_open_as_long_as_nobody_knows_what_it_did(
    outcome: Outcome | None,
    doubt: Doubt | None,
    is_open: bool,  # noqa: FBT001 - a column of the table
) -> None:
    assert Call(key="k", epoch=1, sent_at=0.0, outcome=outcome, doubt=doubt).is_open is is_open


@pytest.mark.parametrize(
    ("entries", "speaking", "mute"),
    [
        ((MINE,), False, False),
        ((AGAIN,), True, True),
        ((MINE, DOUBTFUL), False, True),
        ((MINE, OVER), False, True),
        ((MINE, UNSENT), False, False),
        ((MINE, done(Outcome.CANCELLED, told=None)), False, True),
        ((MINE, done(Outcome.CANCELLED, told=Outcome.CANCELLED)), False, False),
    ],
    ids=["alone", "own", "in doubt", "done over an open call", "unsent", "0 untold", "0 told"],
)
def test_a_no_may_be_the_echo_of_another_call(
    entries: tuple[Entry, ...],
    speaking: bool,  # noqa: FBT001 - a column of the table
    mute: bool,  # noqa: FBT001 - a column of the table
) -> None:
    epoch = entries[0].calls

    beside = [
        is_open_beside(view(*entries), key="mine", epoch=epoch, traits=traits)
        for traits in (SPEAKS, MUTE)
    ]

    assert beside == [speaking, mute]


def test_an_open_call_explains_a_success_whatever_its_row_says() -> None:
    assert is_our_success(view(MINE, OVER), key="mine", epoch=1)


def test_a_zero_inferred_from_a_push_does_not_count_against_it() -> None:
    told = replace(
        done(Outcome.CANCELLED, told=Outcome.CANCELLED), basis=Basis.INFERRED, settled_at=NOW + 1
    )
    before = replace(told, settled_at=NOW - 1)

    assert is_our_success(view(AGAIN, told), key="mine", epoch=2)
    assert not is_our_success(view(AGAIN, before), key="mine", epoch=2)
    assert not is_our_success(view(AGAIN, replace(told, basis=Basis.CARRIER)), key="mine", epoch=2)


def test_a_call_that_runs_keeps_the_turn_although_an_older_one_settled_its_push() -> None:
    settled = replace(done(Outcome.CANCELLED, told=None), calls=2, owner="me")
    running = Call(key="other", epoch=2, sent_at=NOW)

    assert is_running(view(settled, calls=(running,)), settled)
    assert not is_running(view(settled), settled)
    assert not is_running(view(settled, living=frozenset(), calls=(running,)), settled)
    assert is_running(view(MINE), MINE)
    assert not is_running(view(replace(MINE, state=State.UNSENT, calls=0)), UNSENT)
