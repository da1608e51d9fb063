"""Rule R, case by case: whether the word "already" tells of our own success."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from adapter.cancellation.model import Basis, Cause, Entry, Fact, Outcome, State, fresh_entry
from adapter.cancellation.rules_settle import on_answer, on_fact
from tests.cancellation.playing import TRAITS, press
from tests.cancellation.views import (
    CALLING,
    DOUBTFUL,
    MINE,
    NOW,
    UNSENT,
    done,
    saying,
    view,
)


@dataclass(frozen=True, kw_only=True)
class AlreadyCancelled:
    """One case of rule R: the other rows of the waybill, and whose success it is."""

    name: str
    others: tuple[Entry, ...] = ()
    calls: int = 1
    ours: bool
    settled: int = 0


CASES = (
    AlreadyCancelled(name="nobody else ever asked", ours=False),
    AlreadyCancelled(name="an earlier call of ours is in doubt", calls=2, ours=True),
    AlreadyCancelled(name="another press is calling", others=(CALLING,), ours=True, settled=1),
    AlreadyCancelled(name="another press is in doubt", others=(DOUBTFUL,), ours=True, settled=1),
    AlreadyCancelled(
        name="another press is done with a 0 nobody was told",
        others=(done(Outcome.CANCELLED, told=None),),
        ours=True,
    ),
    AlreadyCancelled(
        name="another press is done with a 0 after -1 was told",
        others=(done(Outcome.CANCELLED, told=Outcome.IN_DOUBT),),
        ours=True,
    ),
    AlreadyCancelled(
        name="another press was told 0",
        others=(done(Outcome.CANCELLED, told=Outcome.CANCELLED),),
        ours=False,
    ),
    AlreadyCancelled(
        name="another press was told 0, though we have doubt of our own",
        others=(done(Outcome.CANCELLED, told=Outcome.CANCELLED),),
        calls=2,
        ours=False,
    ),
    AlreadyCancelled(
        name="one press was told 0 and one is in doubt",
        others=(
            replace(done(Outcome.CANCELLED, told=Outcome.CANCELLED), key="third"),
            DOUBTFUL,
        ),
        ours=False,
    ),
    AlreadyCancelled(
        name="another press was refused",
        others=(done(Outcome.PICKED_UP, told=Outcome.PICKED_UP),),
        ours=False,
    ),
    AlreadyCancelled(name="another press was never sent", others=(UNSENT,), ours=False),
    AlreadyCancelled(
        name="one press is calling and one in doubt",
        others=(CALLING, replace(DOUBTFUL, key="third")),
        ours=True,
        settled=2,
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_already_cancelled_is_our_success_only_by_rule_r(case: AlreadyCancelled) -> None:
    mine = replace(MINE, calls=case.calls)

    change = on_answer(
        view(mine, *case.others),
        asked=mine,
        answer=saying(Outcome.ALREADY_CANCELLED),
        awaited=True,
        traits=TRAITS,
    )

    entry = change.result.entry
    expected = (
        (Outcome.CANCELLED, Basis.INFERRED)
        if case.ours
        else (Outcome.ALREADY_CANCELLED, Basis.CARRIER)
    )
    assert (entry.outcome, entry.basis) == expected
    assert (entry.cause, entry.why) == (Cause.CARRIER, "ALREADY_CANCELLED")
    # What was heard is the carrier's word; a rule's is told afterwards.
    assert entry.told is (None if case.ours else Outcome.ALREADY_CANCELLED)
    settled = change.result.inferred
    assert change.entries == (entry, *settled)
    assert len(settled) == case.settled
    for other in settled:
        assert (other.state, other.outcome, other.basis) == (
            State.DONE, Outcome.CANCELLED, Basis.INFERRED,
        )  # fmt: skip
        assert (other.cause, other.why) == (Cause.INFERRED, "")
        assert other.told is not Outcome.CANCELLED


def test_a_lookup_reads_cancelled_by_rule_r() -> None:
    unseen = fresh_entry("mine", press(1), received_at=NOW)

    before_us = on_fact(view(), found=unseen, fact=Fact.CANCELLED, traits=TRAITS)
    by_doubt = on_fact(view(DOUBTFUL), found=unseen, fact=Fact.CANCELLED, traits=TRAITS)

    assert before_us.result.entry.outcome is Outcome.ALREADY_CANCELLED
    assert by_doubt.result.entry.outcome is Outcome.CANCELLED
    assert [entry.key for entry in by_doubt.result.inferred] == ["other"]
