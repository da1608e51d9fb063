"""The rules of settling: what an answer, a lookup or an operator makes of a push (commit B).

Pure decisions over one waybill's view, and the one place where "already cancelled" is
told from "cancelled by us".
"""

from __future__ import annotations

from dataclasses import dataclass

from adapter.cancellation.model import (
    FINAL,
    Basis,
    Call,
    CarrierAnswer,
    Cause,
    Entry,
    Fact,
    Outcome,
    State,
    only,
)
from adapter.cancellation.ports import WaybillView, Write
from adapter.cancellation.states import Event, advance


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """How a push stands after an answer, and the rows that the same answer settled."""

    entry: Entry
    contradicted: bool = False
    inferred: tuple[Entry, ...] = ()


def on_answer(
    view: WaybillView, *, call: Call, answer: CarrierAnswer, awaited: bool
) -> Write[Settled]:
    """Write what one call came to: commit B. `awaited` says that whoever waits is being told
    `answer.outcome` itself; what a rule makes of it is told by `on_replied`, afterwards.

    A definite answer settles the push whichever of its calls it belongs to; an unknown one
    counts only from the newest call. A push already done keeps its decision.
    """
    mine = only(view.entries, call.key)
    if mine is None:
        raise LookupError(f"push {call.key} has no entry: commit A was never written")
    completed = ended(call, answer, now=view.now)
    if mine.state is State.DONE:
        told = _telling(mine) if awaited and answer.outcome is mine.outcome else mine
        return Write(
            result=Settled(entry=told, contradicted=_contradicts(mine.outcome, answer.outcome)),
            entries=() if told == mine else (told,),
            calls=(completed,),
        )
    if answer.outcome is Outcome.IN_DOUBT:
        return _left_unknown(mine, call=completed, awaited=awaited)
    outcome, basis, inferred = _own_success(
        view, answer.outcome, key=call.key, earlier_doubt=mine.calls > 1
    )
    done = _decided(
        mine,
        outcome=outcome,
        basis=basis,
        message=answer.message,
        cause=Cause.CARRIER,
        why=answer.status,
        now=view.now,
        awaited=awaited and outcome is answer.outcome,
    )
    return Write(
        result=Settled(entry=done, inferred=inferred),
        entries=(done, *inferred),
        calls=(completed,),
    )


def on_fact(view: WaybillView, *, found: Entry, fact: Fact) -> Write[Settled]:
    """Settle a push by what a lookup says. Only final states settle: a waybill that is
    still active, or not found, may yet be changed by a call that is under way.
    """
    mine = only(view.entries, found.key)
    if mine is not None and (mine.state is State.DONE or _is_alive(view, mine)):
        return Write(result=Settled(entry=mine))
    if fact not in FINAL:
        return Write(result=Settled(entry=mine or found))
    outcome = Outcome(fact.value)
    inferred: tuple[Entry, ...] = ()
    if fact is Fact.CANCELLED:
        called = mine is not None and mine.calls > 0
        outcome, _, inferred = _own_success(
            view, Outcome.ALREADY_CANCELLED, key=found.key, earlier_doubt=called
        )
    done = _decided(
        mine or found,
        outcome=outcome,
        basis=Basis.INFERRED,
        message="",
        cause=Cause.LOOKUP,
        why=fact.value,
        now=view.now,
        unseen=mine is None,
    )
    return Write(result=Settled(entry=done, inferred=inferred), entries=(done, *inferred))


def on_resolve(
    view: WaybillView, *, key: str, outcome: Outcome, reason: str
) -> Write[Entry | None]:
    """Settle doubt on an operator's word. Nothing for a push that is not in doubt."""
    mine = only(view.entries, key)
    doubtful = mine is not None and (
        mine.state is State.IN_DOUBT
        or (mine.state is State.CALLING and mine.owner not in view.living)
    )
    if mine is None or not doubtful:
        return Write(result=None)
    done = _decided(
        mine,
        outcome=outcome,
        basis=Basis.OPERATOR,
        message="",
        cause=Cause.OPERATOR,
        why=reason,
        now=view.now,
    )
    return Write(result=done, entries=(done,))


def on_replied(view: WaybillView, *, key: str) -> Write[None]:
    """Record that whoever waits is being told the stored outcome; durable before the reply,
    for whether a 0 was ever spoken decides what the next press is told."""
    mine = only(view.entries, key)
    if mine is None or mine.state is not State.DONE or mine.told is mine.outcome:
        return Write(result=None)
    return Write(result=None, entries=(_telling(mine),))


def ended(call: Call, answer: CarrierAnswer, *, now: float) -> Call:
    """Return the call as it stands once `answer` has come."""
    return Call(
        key=call.key,
        epoch=call.epoch,
        sent_at=call.sent_at,
        ended_at=now,
        status=answer.status,
        outcome=answer.outcome,
    )


def _telling(mine: Entry) -> Entry:
    return mine.but(told=mine.outcome)


def _own_success(
    view: WaybillView, outcome: Outcome, *, key: str, earlier_doubt: bool
) -> tuple[Outcome, Basis, tuple[Entry, ...]]:
    """Rule R: "already cancelled" is our own success exactly if nobody was told of one and
    somebody may have caused one. Then every doubtful push of the waybill succeeded too; one
    whose call still runs keeps the turn, and is settled by its own answer."""
    if outcome is not Outcome.ALREADY_CANCELLED:
        return outcome, Basis.CARRIER, ()
    others = [entry for entry in view.entries if entry.key != key]
    told = any(entry.told is Outcome.CANCELLED for entry in others)
    doubtful = [entry for entry in others if entry.state in (State.CALLING, State.IN_DOUBT)]
    if told or not (earlier_doubt or doubtful or any(map(_may_have_cancelled, others))):
        return outcome, Basis.CARRIER, ()
    inferred = tuple(
        _decided(
            entry,
            outcome=Outcome.CANCELLED,
            basis=Basis.INFERRED,
            message="",
            cause=Cause.INFERRED,
            why="",
            now=view.now,
        )
        for entry in doubtful
        if not _is_alive(view, entry)
    )
    return Outcome.CANCELLED, Basis.INFERRED, inferred


def _may_have_cancelled(done: Entry) -> bool:
    """A 0 that nobody was told; or a last call that failed for certain, after one that may
    not have: the merchant heard −1, and nobody knows of the earlier call."""
    if done.state is not State.DONE:
        return False
    return done.outcome is Outcome.CANCELLED or (done.outcome is Outcome.FAILED and done.calls > 1)


def _is_alive(view: WaybillView, entry: Entry) -> bool:
    """Whether a call of this push may still be answered to whoever made it."""
    return entry.state is State.CALLING and entry.owner in view.living


def _left_unknown(mine: Entry, *, call: Call, awaited: bool) -> Write[Settled]:
    if call.epoch != mine.calls:
        return Write(result=Settled(entry=mine), calls=(call,))
    doubtful = mine.but(
        state=advance(mine.state, Event.LEFT_UNKNOWN),
        cause=Cause.CARRIER,
        why=call.status,
        told=Outcome.IN_DOUBT if awaited and mine.told is None else mine.told,
    )
    return Write(result=Settled(entry=doubtful), entries=(doubtful,), calls=(call,))


def _decided(
    mine: Entry,
    *,
    outcome: Outcome,
    basis: Basis,
    message: str,
    cause: Cause,
    why: str,
    now: float,
    awaited: bool = False,
    unseen: bool = False,
) -> Entry:
    return mine.but(
        state=advance(None if unseen else mine.state, Event.DECIDED),
        outcome=outcome,
        basis=basis,
        message=message,
        cause=cause,
        why=why,
        settled_at=now,
        told=outcome if awaited else mine.told,
    )


def _contradicts(stored: Outcome | None, late: Outcome) -> bool:
    """Tell whether a late answer disproves a decision already given."""
    if late is Outcome.IN_DOUBT or late is stored:
        return False
    return (stored, late) not in {
        (Outcome.CANCELLED, Outcome.ALREADY_CANCELLED),
        (Outcome.INVALID, Outcome.ALREADY_CANCELLED),
        (Outcome.ALREADY_CANCELLED, Outcome.INVALID),
    }
