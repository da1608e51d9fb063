"""The words of a decision."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import pytest

from adapter.cancellation.model import (
    PRESS,
    Cause,
    Entry,
    Fact,
    Outcome,
    State,
    Unsent,
    Waybill,
    fresh_entry,
    only,
    press_values,
)
from tests.cancellation.playing import press

ENTRY = fresh_entry("mine", press(), received_at=1.0)


def test_a_press_and_its_entry_are_about_the_same_waybill() -> None:
    assert press().waybill == ENTRY.waybill == Waybill(biz_id="xyz", waybill_id="W1")


def test_a_credential_is_neither_shown_nor_compared() -> None:
    other = replace(press(), credential=press().credential)

    assert other == press()
    assert "credential" not in repr(other)


def test_a_fresh_entry_is_what_its_constructor_makes_of_the_press() -> None:
    made = Entry(
        key="mine",
        state=State.UNSENT,
        received_at=1.0,
        **dict(zip(PRESS, press_values(press()), strict=True)),
    )

    assert made == ENTRY
    assert vars(made) == vars(ENTRY), "every field stands in the entry, and no credential"


def test_an_entry_is_changed_only_by_a_copy() -> None:
    copy = ENTRY.but(state=State.CALLING, calls=1)

    assert copy == replace(ENTRY, state=State.CALLING, calls=1)
    assert (ENTRY.state, ENTRY.calls) == (State.UNSENT, 0)
    with pytest.raises(FrozenInstanceError):
        copy.calls = 2  # type: ignore[misc]


@pytest.mark.parametrize(
    ("cause", "why", "text"),
    [
        ("", "", ""),
        (Cause.CARRIER, "lookup_ok", "lookup_ok"),
        (Cause.LOOKUP, "cancelled", "lookup: cancelled"),
        (Cause.INFERRED, "", "inferred from a later push"),
        (Cause.OPERATOR, "rang the depot", "rang the depot"),
        (Cause.OWNER_DIED, "", "owner died"),
        (Cause.WITHDRAWN, "", "withdrawn"),
        ("paused", "", "paused"),
        ("a word of another version", "and why", "a word of another version: and why"),
    ],
)
def test_a_cause_and_its_words_are_one_text(cause: str, why: str, text: str) -> None:
    assert replace(ENTRY, cause=cause, why=why).cause_text == text


def test_no_reason_of_a_push_never_sent_is_another_cause_too() -> None:
    assert {reason.value for reason in Unsent}.isdisjoint(Cause)


def test_each_fact_that_settles_is_an_outcome_too() -> None:
    outcomes = {outcome.value for outcome in Outcome}

    assert {fact for fact in Fact if fact.value not in outcomes} == {Fact.ACTIVE}


def test_an_entry_is_found_by_its_key_among_several() -> None:
    other = replace(ENTRY, key="other")

    assert only([other, ENTRY], "mine") is ENTRY
    assert only([other], "mine") is None
