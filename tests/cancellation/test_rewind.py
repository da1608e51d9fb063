"""What may be told, and what not, by a ledger that went back in time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapter.cancellation.evidence import is_rewound
from adapter.cancellation.model import Doubt, Entry, Fact, Outcome, State, Unsent
from adapter.cancellation.ports import CarrierTraits, Rewind, WaybillView
from adapter.cancellation.rules_ask import Allowed, Ask, LookOnly, ReplyStored, on_delivery
from adapter.cancellation.rules_settle import on_answer, on_fact
from tests.cancellation.playing import ALREADY, CANCELLED, carrier, press
from tests.cancellation.scene import Scene
from tests.cancellation.views import CALLING, DOUBTFUL, MINE, NOW, OTHER, done, saying, view

TRAITS = CarrierTraits()
REWOUND = Rewind(seen_at=NOW)
SINCE = NOW + 1
ACCEPTED = Rewind(accepted_at=SINCE)
FREELY = Allowed(ask=True, repeats=1)


def rewound(*entries: Entry) -> WaybillView:
    return replace(view(*entries), rewind=REWOUND)


def accepted(*entries: Entry) -> WaybillView:
    return replace(view(*entries), rewind=ACCEPTED)


@pytest.mark.parametrize("outcome", [Outcome.CANCELLED, Outcome.PICKED_UP, Outcome.UNSUPPORTED])
def test_what_no_lost_row_can_contradict_is_told(outcome: Outcome) -> None:
    write = on_answer(
        rewound(MINE), asked=MINE, answer=saying(outcome), awaited=True, traits=TRAITS
    )

    assert (write.result.entry.state, write.result.entry.outcome) == (State.DONE, outcome)
    assert write.result.entry.told is outcome


@pytest.mark.parametrize(
    "outcome", [Outcome.ALREADY_CANCELLED, Outcome.NOT_FOUND, Outcome.INVALID, Outcome.FAILED]
)
def test_what_a_forgotten_success_would_explain_is_doubt(outcome: Outcome) -> None:
    beside = done(Outcome.CANCELLED, told=None)
    write = on_answer(
        rewound(beside, MINE), asked=MINE, answer=saying(outcome), awaited=False, traits=TRAITS
    )

    assert write.result.entry.state is State.IN_DOUBT
    assert write.result.inferred == ()


@pytest.mark.parametrize("fact", Fact)
def test_of_a_lookup_only_picked_up_is_believed(fact: Fact) -> None:
    write = on_fact(rewound(DOUBTFUL), found=DOUBTFUL, fact=fact, traits=TRAITS)

    expected = Outcome.PICKED_UP if fact is Fact.PICKED_UP else None
    assert write.result.entry.outcome is expected


def test_a_decided_push_is_told_as_stored() -> None:
    stored = done(Outcome.ALREADY_CANCELLED, told=Outcome.ALREADY_CANCELLED)
    write = on_delivery(rewound(stored), fresh=stored, allowed=FREELY, traits=TRAITS)

    assert write.result == ReplyStored(entry=stored)


def test_a_push_without_a_row_is_asked_and_its_no_is_not_told_before_it_is_written() -> None:
    write = on_delivery(rewound(), fresh=OTHER, allowed=FREELY, traits=TRAITS)

    assert isinstance(write.result, Ask)
    assert not write.result.alone


def test_the_brake_says_of_no_push_that_it_was_never_sent() -> None:
    braked = replace(FREELY, braked=True)
    write = on_delivery(rewound(), fresh=OTHER, allowed=braked, traits=TRAITS)

    assert isinstance(write.result, LookOnly)


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (DOUBTFUL, True),
        (CALLING, True),
        (done(Outcome.CANCELLED, told=None), True),
        (done(Outcome.CANCELLED, told=Outcome.CANCELLED), False),
        (done(Outcome.PICKED_UP, told=None), False),
        (replace(done(Outcome.CANCELLED, told=None), settled_at=SINCE), False),
        (replace(DOUBTFUL, received_at=SINCE), False),
    ],
)
def test_after_the_acceptance_old_doubt_alone_keeps_its_waybill(
    entry: Entry, *, expected: bool
) -> None:
    assert is_rewound(accepted(entry)) is expected


def test_a_decided_push_with_an_open_call_is_old_doubt_too() -> None:
    failed = done(Outcome.FAILED, told=Outcome.FAILED)
    lost = replace(view(failed).calls[0], outcome=Outcome.IN_DOUBT, doubt=Doubt.LOST_CONNECTION)

    assert is_rewound(replace(accepted(failed), calls=(lost,)))


@pytest.mark.parametrize("reason", [Unsent.SHED, Unsent.PAUSED, Unsent.CARRIER_SLOW])
def test_of_no_push_it_is_said_that_it_was_not_processed(reason: Unsent) -> None:
    scene = Scene(carrier())
    scene.ledger.store.rewind = REWOUND

    answer = scene.desk.refuse(press(), reason=reason)

    assert (answer.outcome, answer.unsent) == (Outcome.IN_DOUBT, None)
    assert scene.entry(answer.key).state is State.UNSENT


async def test_a_carrier_that_is_not_reachable_leaves_it_unknown() -> None:
    scene = Scene(carrier())
    scene.carrier.is_ready = False
    scene.ledger.store.rewind = REWOUND

    answer = await scene.press()

    assert (answer.outcome, answer.unsent) == (Outcome.IN_DOUBT, None)


def test_a_push_that_cannot_be_sent_at_all_is_refused_as_ever() -> None:
    scene = Scene(carrier())
    scene.ledger.store.rewind = REWOUND

    assert scene.desk.refuse(press(), reason=Unsent.REFUSED).unsent is Unsent.REFUSED


async def test_a_second_press_is_doubt_until_the_rewind_is_accepted() -> None:
    scene = Scene(carrier(ALREADY, CANCELLED, ALREADY))
    scene.ledger.store.rewind = REWOUND

    doubtful = await scene.press(1)
    own = await scene.desk.cancel(press(2, waybill="W2"), within_seconds=2)
    scene.ledger.store.rewind = Rewind(accepted_at=0.0)
    after = await scene.desk.cancel(press(3, waybill="W3"), within_seconds=2)

    assert [each.outcome for each in (doubtful, own, after)] == [
        Outcome.IN_DOUBT,
        Outcome.CANCELLED,
        Outcome.ALREADY_CANCELLED,
    ]
