"""One table of moves, and the picture drawn from it."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapter.cancellation.model import State
from adapter.cancellation.states import TRANSITIONS, Event, IllegalMove, advance, drawn

PICTURE = Path(__file__).parents[2] / "docs" / "states.md"


def test_nothing_but_a_correction_moves_a_push_that_is_done() -> None:
    assert advance(State.DONE, Event.CORRECTED) is State.DONE
    for event in set(Event) - {Event.CORRECTED}:
        with pytest.raises(IllegalMove):
            advance(State.DONE, event)


def test_every_state_but_done_can_be_decided() -> None:
    for state in (None, *State):
        if state is not State.DONE:
            assert advance(state, Event.DECIDED) is State.DONE


def test_every_event_is_in_the_table() -> None:
    assert {event for _, event in TRANSITIONS} == set(Event)


def test_a_choice_must_be_made_where_the_table_leaves_one() -> None:
    with pytest.raises(IllegalMove):
        advance(State.CALLING, Event.WITHDRAWN)
    assert advance(State.CALLING, Event.WITHDRAWN, State.UNSENT) is State.UNSENT


def test_the_documented_picture_is_the_table() -> None:
    assert drawn() in PICTURE.read_text(encoding="utf-8")
