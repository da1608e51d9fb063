"""What a lookup settles after a call: by its own word, by how the call ended, or not at all."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapter.cancellation.model import Call, CarrierAnswer, Doubt, Entry, Fact, Outcome, State
from adapter.cancellation.ports import CarrierTraits
from adapter.cancellation.rules_ask import Allowed, LookFirst, LookOnly, on_delivery
from adapter.cancellation.rules_settle import may_settle, on_answer, on_fact
from tests.cancellation.playing import REFUSED_LOOK, TRAITS, UNAVAILABLE, UNKNOWN
from tests.cancellation.views import DOUBTFUL, MINE, NOW, done, view

AGAIN = replace(MINE, calls=2)
SETTLES = CarrierTraits(not_found_settles=True)


@pytest.mark.parametrize(
    ("asked", "answer", "fact", "traits", "outcome"),
    [
        (MINE, UNAVAILABLE, Fact.CANCELLED, TRAITS, Outcome.CANCELLED),
        (MINE, UNAVAILABLE, Fact.PICKED_UP, TRAITS, Outcome.PICKED_UP),
        (MINE, UNAVAILABLE, Fact.ACTIVE, TRAITS, None),
        (MINE, UNAVAILABLE, Fact.NOT_FOUND, SETTLES, None),
        (MINE, UNKNOWN, Fact.NOT_FOUND, TRAITS, None),
        (MINE, UNKNOWN, Fact.NOT_FOUND, SETTLES, Outcome.NOT_FOUND),
        (AGAIN, UNKNOWN, Fact.NOT_FOUND, SETTLES, None),
        (MINE, REFUSED_LOOK, Fact.CANCELLED, TRAITS, Outcome.ALREADY_CANCELLED),
        (MINE, REFUSED_LOOK, Fact.PICKED_UP, TRAITS, Outcome.PICKED_UP),
        (MINE, REFUSED_LOOK, Fact.INVALID, TRAITS, Outcome.INVALID),
        (MINE, REFUSED_LOOK, Fact.NOT_FOUND, TRAITS, Outcome.NOT_FOUND),
        (MINE, REFUSED_LOOK, Fact.ACTIVE, TRAITS, Outcome.FAILED),
        (MINE, REFUSED_LOOK, None, TRAITS, None),
        (AGAIN, REFUSED_LOOK, Fact.ACTIVE, TRAITS, None),
        (AGAIN, REFUSED_LOOK, Fact.NOT_FOUND, TRAITS, None),
        (AGAIN, REFUSED_LOOK, Fact.CANCELLED, TRAITS, Outcome.CANCELLED),
    ],
)
def test_a_calls_end_and_the_lookup_after_it_are_one_write(
    asked: Entry,
    answer: CarrierAnswer,
    fact: Fact | None,
    traits: CarrierTraits,
    outcome: Outcome | None,
) -> None:
    change = on_answer(
        view(asked), asked=asked, answer=answer, awaited=False, traits=traits, fact=fact
    )

    assert change.result.entry.outcome is outcome
    (call,) = change.calls
    assert (call.epoch, call.doubt, call.text) == (asked.calls, answer.doubt, answer.text)
    if outcome is not None:
        assert may_settle(fact, answer, traits=traits)


@pytest.mark.parametrize(
    "row",
    [replace(AGAIN, owner="me"), replace(MINE, owner="replica")],
    ids=["a newer call", "another living owner"],
)
def test_a_fact_settles_nothing_once_the_push_has_moved_on(row: Entry) -> None:
    change = on_answer(
        view(row, living=frozenset({"me", "replica"})),
        asked=MINE,
        answer=UNAVAILABLE,
        awaited=False,
        traits=TRAITS,
        fact=Fact.PICKED_UP,
    )

    assert change.result.entry.state is not State.DONE


def test_what_was_read_before_the_newest_call_ended_settles_only_if_it_is_final() -> None:
    ended = Call(
        key="mine",
        epoch=1,
        sent_at=NOW,
        ended_at=NOW,
        status="UNKNOWN",
        outcome=Outcome.IN_DOUBT,
        doubt=Doubt.SERVER_WORD,
        text="no row",
    )
    row = replace(DOUBTFUL, key="mine")
    seen = view(row, calls=(ended,))

    before, after = (
        on_fact(seen, found=found, fact=Fact.NOT_FOUND, traits=SETTLES).result.entry
        for found in (replace(row, state=State.CALLING), row)
    )

    assert (before.state, after.outcome) == (State.IN_DOUBT, Outcome.NOT_FOUND)


def test_a_refusal_that_no_lookup_explained_is_looked_up_again_and_not_asked() -> None:
    refused = Call(
        key="mine",
        epoch=1,
        sent_at=NOW,
        ended_at=NOW,
        outcome=Outcome.IN_DOUBT,
        doubt=Doubt.REFUSED_LOOK,
    )
    row = replace(DOUBTFUL, key="mine")
    allowed = Allowed(ask=True, repeats=5)

    step = on_delivery(view(row, calls=(refused,)), fresh=MINE, allowed=allowed, traits=TRAITS)

    assert step.result == LookOnly(entry=row)


def test_a_press_on_a_waybill_that_a_lookup_settled_looks_first() -> None:
    settled = replace(done(Outcome.PICKED_UP, told=Outcome.PICKED_UP), cause="lookup")
    fresh = replace(MINE, state=State.UNSENT, calls=0)

    first, then = (
        on_delivery(
            view(settled),
            fresh=fresh,
            allowed=Allowed(ask=True, repeats=1, looked=looked),
            traits=TRAITS,
        ).result
        for looked in (False, True)
    )

    assert first == LookFirst(entry=fresh)
    assert not isinstance(then, LookFirst)
