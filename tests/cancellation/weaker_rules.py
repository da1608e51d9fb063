"""Rules that are weaker than ours, each in the smallest way: what they break is known by name."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from adapter.cancellation.evidence import NOES
from adapter.cancellation.model import (
    Basis,
    Call,
    CarrierAnswer,
    Doubt,
    Entry,
    Fact,
    Outcome,
    State,
    only,
)
from adapter.cancellation.ports import CarrierTraits, WaybillView, Write
from adapter.cancellation.rules_ask import Allowed, Ask, ReplyStored, on_ask_again, on_delivery
from adapter.cancellation.rules_settle import Settled, on_answer, on_fact
from tests.cancellation.applied import Rules
from tests.cancellation.parcel import (
    APPEARING,
    FOREIGN_CANCEL,
    PICK_UP,
    REFUSED,
    UNKNOWN,
    Bounds,
    Parcel,
)

Mutant = tuple[Rules, Bounds, str]
"""The rules, the world in which they fail, and the invariants of which they break one."""


def _settling(outcome: Outcome, *facts: Fact) -> Any:
    """Return an `on_fact` that takes these facts for `outcome`, come what may."""

    def settle(view: WaybillView, *, found: Entry, fact: Fact, traits: CarrierTraits) -> Any:
        mine = only(view.entries, found.key)
        if fact not in facts or mine is None or mine.state is not State.IN_DOUBT:
            return on_fact(view, found=found, fact=fact, traits=traits)
        done = mine.but(state=State.DONE, outcome=outcome, basis=Basis.CARRIER)
        return Write(result=Settled(entry=done), entries=(done,))

    return settle


def _fact_is_zero(view: WaybillView, *, answer: CarrierAnswer, **given: Any) -> Any:
    if given.get("fact") is Fact.CANCELLED:
        answer = CarrierAnswer(outcome=Outcome.CANCELLED, status="looked up")
    return on_answer(view, answer=answer, **given)


def _fact_under_a_living_owner(view: WaybillView, **given: Any) -> Write[Settled]:
    return on_fact(replace(view, living=frozenset()), **given)


def _turn_by_state_alone(view: WaybillView, **given: Any) -> Write[Any]:
    done = {entry.key for entry in view.entries if entry.state is State.DONE}
    calls = tuple(call for call in view.calls if call.key not in done)
    return on_delivery(replace(view, calls=calls), **given)


def _inference_stands(view: WaybillView, *, asked: Entry, **given: Any) -> Write[Settled]:
    change = on_answer(view, asked=asked, **given)
    mine = only(view.entries, asked.key)
    if mine is None or mine.state is not State.DONE:
        return change
    return Write(result=Settled(entry=mine), calls=change.calls)


def _inferred_counts(view: WaybillView) -> WaybillView:
    entries = tuple(
        replace(entry, basis=Basis.CARRIER) if entry.basis is Basis.INFERRED else entry
        for entry in view.entries
    )
    return replace(view, entries=entries)


def _inferred_counts_in_answer(view: WaybillView, **given: Any) -> Write[Settled]:
    return on_answer(_inferred_counts(view), **given)


def _inferred_counts_in_fact(view: WaybillView, **given: Any) -> Write[Settled]:
    return on_fact(_inferred_counts(view), **given)


def _correction_tells(view: WaybillView, *, asked: Entry, **given: Any) -> Write[Settled]:
    change = on_answer(view, asked=asked, **given)
    mine = only(view.entries, asked.key)
    if mine is None or mine.outcome in (None, Outcome.CANCELLED):
        return change
    told = tuple(entry.but(told=entry.outcome) for entry in change.entries)
    return replace(change, entries=told)


def _corrected_to_failure(
    view: WaybillView, *, asked: Entry, answer: CarrierAnswer, **given: Any
) -> Write[Settled]:
    change = on_answer(view, asked=asked, answer=answer, **given)
    mine = only(view.entries, asked.key)
    if mine is None or mine.outcome is not Outcome.CANCELLED or answer.outcome not in NOES:
        return change
    failed = mine.but(outcome=answer.outcome)
    return Write(result=Settled(entry=failed), entries=(failed,), calls=change.calls)


def _doubt_only(view: WaybillView, **given: Any) -> Write[Settled]:
    done = {entry.key for entry in view.entries if entry.state is State.DONE}
    calls = tuple(call for call in view.calls if call.key not in done)
    return on_answer(replace(view, calls=calls), **given)


def _told_another_code(view: WaybillView, *, asked: Entry, **given: Any) -> Write[Settled]:
    entries = tuple(
        entry
        if entry.key == asked.key or entry.told in (None, Outcome.IN_DOUBT, Outcome.CANCELLED)
        else entry.but(outcome=entry.told)
        for entry in view.entries
    )
    return on_answer(replace(view, entries=entries), asked=asked, **given)


def _alone(view: WaybillView, key: str, epoch: int) -> WaybillView:
    calls = tuple(call for call in view.calls if call.key != key or call.epoch == epoch)
    return replace(view, calls=calls)


def _repeat_is_definite(
    view: WaybillView, *, asked: Entry, answer: CarrierAnswer, **given: Any
) -> Write[Settled]:
    if answer.outcome in NOES:
        view = replace(view, calls=())
    return on_answer(view, asked=asked, answer=answer, **given)


def _refusal_is_doubt(view: WaybillView, *, answer: CarrierAnswer, **given: Any) -> Any:
    if answer.doubt is not Doubt.REFUSED_LOOK:
        return on_answer(view, answer=answer, **given)
    doubtful = replace(answer, doubt=Doubt.LOST_CONNECTION)
    change = on_answer(view, answer=doubtful, **given)
    calls = tuple(replace(call, doubt=answer.doubt) for call in change.calls)
    return replace(change, calls=calls)


def _refused_beside_open(view: WaybillView, *, asked: Entry, **given: Any) -> Write[Settled]:
    if given.get("fact") is Fact.ACTIVE:
        view = _alone(view, asked.key, asked.calls)
    return on_answer(view, asked=asked, **given)


def _counted_per_delivery(view: WaybillView, *, allowed: Allowed, **given: Any) -> Write[Any]:
    return on_delivery(view, allowed=replace(allowed, repeats=99), **given)


def _refused_becomes_probe(view: WaybillView, **given: Any) -> Write[Any]:
    entries = tuple(entry.but(cause="") for entry in view.entries)
    return on_delivery(replace(view, entries=entries), **given)


PARTED = Bounds(replicas=2, cuts=1, crashes=0, losses=0, deliveries=(2, 1))
SOFT = replace(PARTED, soft=True, lookup=True, moves=(PICK_UP,))
LOOKS = Bounds(crashes=0, lookup=True)
HEARD_AT_ONCE = Bounds(
    deliveries=(1, 0),
    crashes=0,
    losses=0,
    repeats=0,
    lookup=True,
    parcel=Parcel.PICKED_UP,
    every_no=UNKNOWN,
    must=Outcome.PICKED_UP,
)
BRAKED = Bounds(brake=True, crashes=0, losses=1)

LEDGER_MUTANTS: dict[str, Mutant] = {
    "edge speaks by itself": (Rules(edge_speaks=True), Bounds(overruns=1), "I11"),
    "told taken back": (Rules(takes_told_back=True), Bounds(overruns=1), "I11"),
    "lookup ignored in the delivery": (Rules(looks_first=False), HEARD_AT_ONCE, "liveness"),
    "active settles": (
        Rules(on_fact=_settling(Outcome.FAILED, Fact.ACTIVE)),
        replace(LOOKS, losses=1),
        "I14",
    ),
    "not_found settles": (
        Rules(on_fact=_settling(Outcome.NOT_FOUND, Fact.NOT_FOUND)),
        replace(LOOKS, parcel=Parcel.MISSING, moves=(APPEARING,)),
        "I14",
    ),
    "lookup's cancelled is 0 without rule R": (Rules(on_answer=_fact_is_zero), LOOKS, "I6"),
    "lookup's word spoken before it is written": (
        Rules(looks_before_writing=True),
        replace(PARTED, losses=1, lookup=True),
        "I3|I6",
    ),
    "fact settles under a living owner": (
        Rules(on_fact=_fact_under_a_living_owner, on_delivery=_turn_by_state_alone),
        Bounds(replicas=2, crashes=0, losses=0, deliveries=(2, 1), lookup=True, moves=(PICK_UP,)),
        "I2",
    ),
    "inference beats own call": (Rules(on_answer=_inference_stands), SOFT, "I13"),
    "an inferred 0 counts against its own cause": (
        Rules(on_answer=_inferred_counts_in_answer, on_fact=_inferred_counts_in_fact),
        replace(PARTED, lookup=True),
        "I3",
    ),
    "correction writes told 0": (Rules(on_answer=_correction_tells), SOFT, "I11"),
    "correction in the other direction": (
        Rules(on_answer=_corrected_to_failure),
        replace(PARTED, refusals=1),
        "I13",
    ),
    "rule R counts only rows in doubt": (
        Rules(on_answer=_doubt_only),
        Bounds(crashes=0, soft=True, lookup=True, moves=(PICK_UP,)),
        "I5",
    ),
    "told empty or -1 instead of not 0": (Rules(on_answer=_told_another_code), SOFT, "I5"),
    "a repeat's no is definite": (
        Rules(on_answer=_repeat_is_definite),
        Bounds(crashes=0, repeat_says=Outcome.NOT_FOUND),
        "I14|I4",
    ),
    "a refusal taken for doubt": (
        Rules(on_answer=_refusal_is_doubt),
        replace(LOOKS, losses=0, every_no=REFUSED, moves=(FOREIGN_CANCEL,)),
        "0 without any open call",
    ),
    "active after a refusal settles beside an open call": (
        Rules(on_answer=_refused_beside_open),
        replace(LOOKS, every_no=REFUSED, lag=True),
        "I14",
    ),
    "repeats counted per delivery": (
        Rules(on_delivery=_counted_per_delivery),
        Bounds(losses=2, crashes=0),
        "I12",
    ),
    "unwritten doubt dropped": (Rules(keeps_doubt=False), replace(PARTED, losses=1), "I7"),
    "every outcome told from memory": (
        Rules(tells_from_memory=lambda _: True),
        replace(PARTED, parcel=Parcel.MISSING, moves=(APPEARING,)),
        "I3",
    ),
    "brake before the ledger's read": (Rules(brake_reads_first=False), BRAKED, "I11|T"),
    "the refused press becomes the probe": (
        Rules(on_delivery=_refused_becomes_probe),
        BRAKED,
        "I15",
    ),
}
"""By the names under which the ledger's rules were model-checked."""


def _every_delivery_calls(view: WaybillView, *, fresh: Entry, **given: Any) -> Write[Any]:
    """What an adapter without a ledger does: it believes the carrier's newest word."""
    calls = sum(entry.calls for entry in view.entries if entry.key == fresh.key) + 1
    asked = replace(fresh, state=State.CALLING, calls=calls, owner=view.me)
    call = Call(key=fresh.key, epoch=calls, sent_at=view.now)
    return Write(result=Ask(entry=asked, alone=True), entries=(asked,), calls=(call,))


def _believed(
    view: WaybillView, *, asked: Entry, answer: CarrierAnswer, **given: Any
) -> Write[Settled]:
    mine = only(view.entries, asked.key)
    assert mine is not None
    if answer.outcome is Outcome.IN_DOUBT:
        return Write(result=Settled(entry=replace(mine, state=State.IN_DOUBT)))
    done = replace(mine, state=State.DONE, outcome=answer.outcome, told=answer.outcome)
    return Write(result=Settled(entry=done), entries=(done,))


def _told_ignored(view: WaybillView, **given: Any) -> Write[Settled]:
    blind = tuple(replace(entry, told=None) for entry in view.entries)
    return on_answer(replace(view, entries=blind), **given)


def _own_key_only(view: WaybillView, *, asked: Entry, **given: Any) -> Write[Settled]:
    own = tuple(entry for entry in view.entries if entry.key == asked.key)
    calls = tuple(call for call in view.calls if call.key == asked.key)
    return on_answer(replace(view, entries=own, calls=calls), asked=asked, **given)


def _unspoken_zero_forgotten(view: WaybillView, *, asked: Entry, **given: Any) -> Any:
    def is_kept(entry: Entry) -> bool:
        told = entry.state is not State.DONE or entry.told is Outcome.CANCELLED
        return entry.key == asked.key or told

    kept = tuple(filter(is_kept, view.entries))
    keys = {entry.key for entry in kept}
    calls = tuple(call for call in view.calls if call.key in keys)
    return on_answer(replace(view, entries=kept, calls=calls), asked=asked, **given)


def _never_told(view: WaybillView, *, key: str) -> Write[None]:
    return Write(result=None)


def _unheard_is_told(view: WaybillView, *, awaited: bool, **given: Any) -> Write[Settled]:
    return on_answer(view, awaited=True, **given)


def _no_intent(view: WaybillView, **given: Any) -> Write[Any]:
    return replace(on_delivery(view, **given), entries=(), calls=())


def _asked_again_without_a_row(view: WaybillView, **given: Any) -> Write[Entry | None]:
    return replace(on_ask_again(view, **given), entries=(), calls=())


def _repeat_refused(view: WaybillView, *, fresh: Entry, **given: Any) -> Write[Any]:
    """A cache of nonces answers WeChat's own repeat as a forgery would be: with failure."""
    mine = only(view.entries, fresh.key)
    if mine is None:
        return on_delivery(view, fresh=fresh, **given)
    failed = replace(mine, state=State.DONE, outcome=Outcome.FAILED, told=Outcome.FAILED)
    return Write(result=ReplyStored(entry=failed), entries=(failed,))


def _doubt_is_failure(view: WaybillView, *, answer: CarrierAnswer, **given: Any) -> Any:
    if answer.outcome is Outcome.IN_DOUBT:
        view = replace(view, calls=())
        answer = replace(answer, outcome=Outcome.FAILED, doubt=None)
    return on_answer(view, answer=answer, **given)


CROWD = Bounds(deliveries=(2, 2), crashes=1, losses=1)
OTHER_MUTANTS: dict[str, Mutant] = {
    "naive adapter": (
        Rules(on_delivery=_every_delivery_calls, on_answer=_believed, joins=False),
        CROWD,
        "I2|I3|I5|I12",
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
    "told without a listener": (Rules(on_answer=_unheard_is_told), CROWD, "I5|I3|I11"),
    "per key only": (Rules(on_answer=_own_key_only), CROWD, "I5"),
    "unspoken 0 forgotten": (Rules(on_answer=_unspoken_zero_forgotten), CROWD, "I5"),
    "repeated nonce refused": (Rules(on_delivery=_repeat_refused), CROWD, "I3|I5"),
    "doubt taken for failure": (Rules(on_answer=_doubt_is_failure), CROWD, "I3|I5|I4|I14"),
    "lease by clock": (
        Rules(dead_by_clock=True),
        Bounds(deliveries=(2, 1), crashes=0, replicas=2),
        "I2",
    ),
    "retry policy on": (
        Rules(),
        Bounds(deliveries=(1, 1), crashes=0, losses=0, network_repeats_calls=True),
        "I5|I14",
    ),
}
"""What the usual shortcuts of an adapter break."""
