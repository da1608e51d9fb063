"""What is said of an entry, from the ledger or without it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapter.cancellation.attempt import from_memory, stored
from adapter.cancellation.model import Basis, CarrierAnswer, Outcome, State, fresh_entry
from tests import defaults
from tests.cancellation.playing import ALREADY, CANCELLED, UNAVAILABLE, press

FRESH = fresh_entry("mine", press(), received_at=100.0)


def test_a_fresh_entry_holds_the_press_and_not_its_credential() -> None:
    wish = press()

    assert (FRESH.state, FRESH.calls, FRESH.received_at) == (State.UNSENT, 0, 100.0)
    assert FRESH.waybill == wish.waybill
    assert (FRESH.open_id, FRESH.order_id) == (wish.open_id, wish.order_id)
    assert "canary" not in repr(FRESH)
    assert not hasattr(FRESH, "credential")


def test_what_is_stored_is_said_word_for_word() -> None:
    done = replace(
        FRESH,
        state=State.DONE,
        outcome=Outcome.PICKED_UP,
        basis=Basis.CARRIER,
        message="gone",
        calls=2,
    )

    answer = stored(done, repeated=True)

    assert (answer.outcome, answer.message, answer.basis) == (
        Outcome.PICKED_UP, "gone", Basis.CARRIER,
    )  # fmt: skip
    assert (answer.key, answer.calls, answer.repeated) == ("mine", 2, True)


def test_what_is_not_decided_is_doubt() -> None:
    assert stored(FRESH, repeated=False).outcome is Outcome.IN_DOUBT


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (CANCELLED, Outcome.CANCELLED),
        (UNAVAILABLE, Outcome.IN_DOUBT),
        (ALREADY, Outcome.IN_DOUBT),
    ],
)
def test_without_the_ledger_nobody_knows_whose_success_already_cancelled_is(
    answer: CarrierAnswer, outcome: Outcome
) -> None:
    assert from_memory(FRESH, answer).outcome is outcome


def test_the_limits_are_those_of_the_documents() -> None:
    limits = defaults.DESK

    assert (limits.call_seconds, limits.connect_wait_seconds) == (12.0, 1.0)
    assert limits.commit_within_seconds == 0.8
