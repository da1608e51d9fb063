"""The rules hold in every world within bounds, and each weaker rule is caught by name."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from adapter.cancellation.model import Call, CarrierAnswer, Entry, Outcome, State, only
from adapter.cancellation.ports import WaybillView, Write
from adapter.cancellation.rules_ask import Ask, ReplyStored, on_ask_again, on_delivery
from adapter.cancellation.rules_settle import Settled, on_answer
from tests.cancellation.explorer import Rules, explore
from tests.cancellation.world import Bounds, Violation

SOUND = Rules()
WORLDS = {
    "carrier without request ids": Bounds(deliveries=(3, 3), crashes=2, losses=2),
    "carrier with request ids": Bounds(deliveries=(3, 2), losses=2, knows_request_ids=True),
    "carrier that fails for certain": Bounds(deliveries=(2, 2), losses=2, refusals=1),
    "lookup": Bounds(deliveries=(2, 2), crashes=2, losses=1, lookup=True),
    "two replicas": Bounds(deliveries=(2, 1), replicas=2),
    "two replicas and a lookup": Bounds(deliveries=(2, 1), replicas=2, lookup=True),
}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", WORLDS)
def test_no_order_of_events_breaks_a_promise(name: str) -> None:
    worlds = explore(SOUND, WORLDS[name])

    assert worlds > 10_000


def _every_delivery_calls(view: WaybillView, *, fresh: Entry, may_ask: bool) -> Write[Any]:
    """What an adapter without a ledger does: it believes the carrier's newest word."""
    calls = sum(entry.calls for entry in view.entries if entry.key == fresh.key) + 1
    asked = replace(fresh, state=State.CALLING, calls=calls, owner=view.me)
    return Write(result=Ask(entry=asked), entries=(asked,))


def _believed(
    view: WaybillView, *, call: Call, answer: CarrierAnswer, awaited: bool
) -> Write[Settled]:
    mine = only(view.entries, call.key)
    assert mine is not None
    if answer.outcome is Outcome.IN_DOUBT:
        return Write(result=Settled(entry=replace(mine, state=State.IN_DOUBT)))
    done = replace(mine, state=State.DONE, outcome=answer.outcome, told=answer.outcome)
    return Write(result=Settled(entry=done), entries=(done,))


def _told_ignored(view: WaybillView, **given: Any) -> Write[Settled]:
    blind = tuple(replace(entry, told=None) for entry in view.entries)
    return on_answer(replace(view, entries=blind), **given)


def _own_key_only(view: WaybillView, *, call: Call, **given: Any) -> Write[Settled]:
    own = tuple(entry for entry in view.entries if entry.key == call.key)
    return on_answer(replace(view, entries=own), call=call, **given)


def _unspoken_zero_forgotten(view: WaybillView, *, call: Call, **given: Any) -> Write[Settled]:
    kept = tuple(
        entry
        for entry in view.entries
        if entry.key == call.key
        or not (entry.state is State.DONE and entry.told is not Outcome.CANCELLED)
    )
    return on_answer(replace(view, entries=kept), call=call, **given)


def _never_told(view: WaybillView, *, key: str) -> Write[None]:
    return Write(result=None)


def _unheard_is_told(view: WaybillView, *, awaited: bool, **given: Any) -> Write[Settled]:
    return on_answer(view, awaited=True, **given)


def _no_intent(view: WaybillView, *, fresh: Entry, may_ask: bool) -> Write[Any]:
    change = on_delivery(view, fresh=fresh, may_ask=may_ask)
    return replace(change, entries=(), calls=())


def _asked_again_without_a_row(
    view: WaybillView, *, call: Call, answer: CarrierAnswer
) -> Write[Entry | None]:
    return replace(on_ask_again(view, call=call, answer=answer), entries=(), calls=())


def _repeat_refused(view: WaybillView, *, fresh: Entry, may_ask: bool) -> Write[Any]:
    """A cache of nonces answers WeChat's own repeat as a forgery would be: with failure."""
    mine = only(view.entries, fresh.key)
    if mine is None:
        return on_delivery(view, fresh=fresh, may_ask=may_ask)
    failed = replace(mine, state=State.DONE, outcome=Outcome.FAILED, told=Outcome.FAILED)
    return Write(result=ReplyStored(entry=failed), entries=(failed,))


def _doubt_is_failure(view: WaybillView, *, answer: CarrierAnswer, **given: Any) -> Write[Any]:
    if answer.outcome is Outcome.IN_DOUBT:
        answer = replace(answer, outcome=Outcome.FAILED)
    return on_answer(view, answer=answer, **given)


CROWD = Bounds(deliveries=(2, 2), crashes=1, losses=1)
MUTANTS: dict[str, tuple[Rules, Bounds, str]] = {
    "naive adapter": (
        Rules(on_delivery=_every_delivery_calls, on_answer=_believed, joins=False),
        CROWD,
        "I2|I3|I5",
    ),
    "no intent": (Rules(on_delivery=_no_intent), CROWD, "I1"),
    "call before commit": (Rules(calls_before_commit=True), CROWD, "I1"),
    "a further call without a row": (
        Rules(on_ask_again=_asked_again_without_a_row),
        CROWD,
        "I1",
    ),
    "reply before commit": (Rules(replies_before_commit=True), CROWD, "I5|I6|I3"),
    "told ignored": (Rules(on_answer=_told_ignored), CROWD, "I6"),
    "telling not written": (Rules(on_replied=_never_told), CROWD, "I6"),
    "told without a listener": (Rules(on_answer=_unheard_is_told), CROWD, "I5|I3"),
    "per key only": (Rules(on_answer=_own_key_only), CROWD, "I5"),
    "unspoken 0 forgotten": (Rules(on_answer=_unspoken_zero_forgotten), CROWD, "I5"),
    "repeated nonce refused": (Rules(on_delivery=_repeat_refused), CROWD, "I3|I5"),
    "doubt taken for failure": (Rules(on_answer=_doubt_is_failure), CROWD, "I3|I5|I4"),
    "lease by clock": (
        Rules(dead_by_clock=True),
        Bounds(deliveries=(2, 1), crashes=0, replicas=2),
        "I2",
    ),
    "retry policy on": (
        SOUND,
        Bounds(deliveries=(1, 1), crashes=0, losses=0, network_repeats_calls=True),
        "I5",
    ),
}


@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", MUTANTS)
def test_a_weaker_rule_is_caught(name: str) -> None:
    rules, bounds, invariant = MUTANTS[name]

    with pytest.raises(Violation, match=f"^({invariant})"):
        explore(rules, bounds)
