"""The rules of settling: what an answer, a lookup or an operator makes of a push (commit B).

Pure decisions over one waybill's view. Whose success "already cancelled" is, and whether a "no"
may be the echo of another call, is `evidence`'s to say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from adapter.cancellation.evidence import (
    NOES,
    is_alive,
    is_open_beside,
    is_our_success,
    own_calls,
)
from adapter.cancellation.model import (
    FINAL,
    Basis,
    Call,
    CarrierAnswer,
    Cause,
    Doubt,
    Entry,
    Fact,
    Outcome,
    State,
    Unsent,
    only,
)
from adapter.cancellation.ports import CarrierTraits, WaybillView, Write
from adapter.cancellation.states import Event, advance


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """How a push stands after an answer, and the rows that the same answer settled."""

    entry: Entry
    contradicted: bool = False
    inferred: tuple[Entry, ...] = ()


class _Verdict(NamedTuple):  # at a third of a frozen dataclass's cost
    """What was decided, on whose word."""

    outcome: Outcome
    basis: Basis
    cause: Cause
    why: str
    message: str = ""


def on_answer(
    view: WaybillView,
    *,
    asked: Entry,
    answer: CarrierAnswer,
    awaited: bool,
    traits: CarrierTraits,
    fact: Fact | None = None,
) -> Write[Settled]:
    """Write what one call came to: commit B. `asked` is the push as commit A left it, and so
    names the call; a ledger that has lost it gets it back. `awaited` says that whoever waits is
    being told `answer.outcome` itself; what a rule makes of it is told by `on_replied`,
    afterwards. `fact` is what the lookup said after a call that left doubt.

    A definite answer settles the push whichever of its calls it belongs to, unless it is a "no"
    beside an open call; an unknown one counts only from the newest call.
    """
    mine = _row_of(view, asked)
    completed = _first_end(view, ended(asked, answer, now=view.now))
    if mine.state is State.DONE:
        return _late(view, mine, call=completed, answer=answer, awaited=awaited)
    verdict, inferred = _judged(view, mine, call=completed, answer=answer, fact=fact, traits=traits)
    if verdict is None:
        is_heard = awaited and answer.outcome is Outcome.IN_DOUBT
        return _left_unknown(mine, call=completed, is_heard=is_heard)
    heard = awaited and verdict.outcome is answer.outcome
    done = _decided(mine, verdict, now=view.now, awaited=heard)
    return Write(
        result=Settled(entry=done, inferred=inferred),
        entries=(done, *inferred),
        calls=(completed,),
    )


def on_fact(
    view: WaybillView, *, found: Entry, fact: Fact, traits: CarrierTraits
) -> Write[Settled]:
    """Settle a push by what a lookup says; `found` is the push as it stood before it was asked.
    While a call may be under way, or was when the lookup was asked, only final states settle; a
    push that is being called for by a living process is left to its own answer.
    """
    mine = only(view.entries, found.key)
    if mine is not None and (
        mine.state is State.DONE or is_alive(view, mine) or was_told_not_processed(mine)
    ):
        return Write(result=Settled(entry=mine))
    newest = None
    if mine is not None and found.state is State.IN_DOUBT and found.calls == mine.calls:
        calls = own_calls(view, mine.key)
        newest = next((call for call in calls if call.epoch == mine.calls), None)
    verdict, inferred = _looked_up(view, key=found.key, newest=newest, fact=fact, traits=traits)
    if verdict is None:
        return Write(result=Settled(entry=mine or found))
    done = _decided(mine or found, verdict, now=view.now, unseen=mine is None)
    return Write(result=Settled(entry=done, inferred=inferred), entries=(done, *inferred))


def may_settle(fact: Fact | None, answer: CarrierAnswer, *, traits: CarrierTraits) -> bool:
    """Whether a lookup's word may end the doubt that a call left, without another call."""
    if answer.doubt is Doubt.REFUSED_LOOK:
        return True  # nothing else is done after such a call, whatever the lookup says
    by_its_end = traits.not_found_settles and answer.doubt is Doubt.SERVER_WORD
    return fact in FINAL or (by_its_end and fact is Fact.NOT_FOUND)


def on_resolve(
    view: WaybillView, *, key: str, outcome: Outcome, reason: str
) -> Write[Entry | None]:
    """Settle doubt on an operator's word. Nothing for a push that is not in doubt."""
    mine = only(view.entries, key)
    doubtful = mine is not None and (
        mine.state is State.IN_DOUBT or (mine.state is State.CALLING and not is_alive(view, mine))
    )
    if mine is None or not doubtful:
        return Write(result=None)
    done = _decided(mine, _operator(outcome, reason), now=view.now)
    return Write(result=done, entries=(done,))


def on_correct(
    view: WaybillView, *, key: str, outcome: Outcome, reason: str
) -> Write[Entry | None]:
    """Correct an operator's settlement on an operator's word. Nothing for a push that anybody
    else decided. Both words are kept: each is a line beside the push."""
    mine = only(view.entries, key)
    if mine is None or mine.state is not State.DONE or mine.basis is not Basis.OPERATOR:
        return Write(result=None)
    corrected = _decided(mine, _operator(outcome, reason), now=view.now, event=Event.CORRECTED)
    return Write(result=corrected, entries=(corrected,))


def on_replied(view: WaybillView, *, key: str) -> Write[None]:
    """Record that whoever waits is being told the stored outcome; durable before the reply,
    for whether a 0 was ever spoken decides what the next press is told."""
    mine = only(view.entries, key)
    if mine is None or mine.state is not State.DONE or mine.told is mine.outcome:
        return Write(result=None)
    return Write(result=None, entries=(_telling(mine),))


def was_told_not_processed(entry: Entry) -> bool:
    """Whether the brake has said of this push that it was not processed: so it must stay."""
    return entry.state is State.UNSENT and entry.cause == Unsent.CARRIER_SLOW.value


def ended(asked: Entry, answer: CarrierAnswer, *, now: float) -> Call:
    """Return the newest call of a push, as commit A left that, once `answer` has come."""
    return Call(
        key=asked.key,
        epoch=asked.calls,
        sent_at=asked.called_at,
        ended_at=now,
        status=answer.status,
        outcome=answer.outcome,
        doubt=answer.doubt,
        text=answer.text,
    )


def _first_end(view: WaybillView, call: Call) -> Call:
    """Return the call as an earlier try of the same commit has written it, if there was one: a
    commit that was given up may have landed, and when the call ended does not change."""
    for written in view.calls:
        is_same = (written.key, written.epoch) == (call.key, call.epoch)
        if is_same and written.ended_at is not None and written.outcome is call.outcome:
            return written
    return call


def _row_of(view: WaybillView, asked: Entry) -> Entry:
    """The push as it stands; as commit A left it where the ledger has lost that."""
    mine = only(view.entries, asked.key)
    if mine is None:
        return asked
    if mine.calls < asked.calls and mine.state is not State.DONE:
        return mine.but(
            state=asked.state, calls=asked.calls, owner=asked.owner, called_at=asked.called_at
        )
    return mine


def _judged(
    view: WaybillView,
    mine: Entry,
    *,
    call: Call,
    answer: CarrierAnswer,
    fact: Fact | None,
    traits: CarrierTraits,
) -> tuple[_Verdict | None, tuple[Entry, ...]]:
    """What an answer decides, and what else it settles; nothing: nobody knows yet."""
    outcome = answer.outcome
    if outcome is Outcome.IN_DOUBT:
        elsewhere = is_alive(view, mine) and mine.owner != view.me
        if fact is None or call.epoch != mine.calls or elsewhere:
            return None, ()
        return _looked_up(view, key=mine.key, newest=call, fact=fact, traits=traits)
    if outcome in NOES and is_open_beside(view, key=mine.key, epoch=call.epoch, traits=traits):
        return None, ()
    basis = Basis.CARRIER
    inferred: tuple[Entry, ...] = ()
    if outcome is Outcome.ALREADY_CANCELLED and is_our_success(
        view, key=mine.key, epoch=call.epoch
    ):
        outcome, basis, inferred = Outcome.CANCELLED, Basis.INFERRED, _inferred(view, but=mine.key)
    verdict = _Verdict(
        outcome=outcome,
        basis=basis,
        cause=Cause.CARRIER,
        why=answer.status,
        message=answer.message,
    )
    return verdict, inferred


def _looked_up(
    view: WaybillView, *, key: str, newest: Call | None, fact: Fact, traits: CarrierTraits
) -> tuple[_Verdict | None, tuple[Entry, ...]]:
    """What a lookup decides after the push's newest call, as that ended."""
    outcome = _outcome_of(view, key=key, newest=newest, fact=fact, traits=traits)
    inferred: tuple[Entry, ...] = ()
    if outcome is Outcome.CANCELLED:
        refused = newest.epoch if newest is not None and not newest.is_open else 0
        outcome = Outcome.ALREADY_CANCELLED
        if is_our_success(view, key=key, epoch=refused):
            outcome, inferred = Outcome.CANCELLED, _inferred(view, but=key)
    if outcome is None:
        return None, ()
    verdict = _Verdict(outcome=outcome, basis=Basis.INFERRED, cause=Cause.LOOKUP, why=fact.value)
    return verdict, inferred


def _outcome_of(
    view: WaybillView, *, key: str, newest: Call | None, fact: Fact, traits: CarrierTraits
) -> Outcome | None:
    if fact in FINAL:
        return Outcome(fact.value)
    if newest is None or is_open_beside(view, key=key, epoch=newest.epoch, traits=traits):
        return None
    if newest.doubt is Doubt.REFUSED_LOOK:
        return Outcome.NOT_FOUND if fact is Fact.NOT_FOUND else Outcome.FAILED
    # A call that its server ended with a word of its own does not run any more.
    at_an_end = newest.doubt is Doubt.SERVER_WORD and newest.text and newest.epoch == 1
    if fact is Fact.NOT_FOUND and traits.not_found_settles and at_an_end:
        return Outcome.NOT_FOUND
    return None


def _inferred(view: WaybillView, *, but: str) -> tuple[Entry, ...]:
    """Every doubtful push of the waybill succeeded too; one whose call still runs keeps the
    turn, and is settled by its own answer."""
    verdict = _Verdict(
        outcome=Outcome.CANCELLED, basis=Basis.INFERRED, cause=Cause.INFERRED, why=""
    )
    return tuple(
        _decided(entry, verdict, now=view.now)
        for entry in view.entries
        if entry.key != but
        and entry.state in (State.CALLING, State.IN_DOUBT)
        and not is_alive(view, entry)
    )


def _late(
    view: WaybillView, mine: Entry, *, call: Call, answer: CarrierAnswer, awaited: bool
) -> Write[Settled]:
    """An answer for a push that is decided. Only its own *cancelled* changes that, and it beats
    everything: the parcel is cancelled, whatever the merchant was told."""
    contradicted = _contradicts(mine.outcome, answer.outcome)
    if answer.outcome is Outcome.CANCELLED and mine.outcome is not Outcome.CANCELLED:
        verdict = _Verdict(
            outcome=Outcome.CANCELLED,
            basis=Basis.CARRIER,
            cause=Cause.CARRIER,
            why=answer.status,
            message=answer.message,
        )
        corrected = _decided(mine, verdict, now=view.now, awaited=awaited, event=Event.CORRECTED)
        return Write(
            result=Settled(entry=corrected, contradicted=contradicted),
            entries=(corrected,),
            calls=(call,),
            # An operator's word stands in a line of its own already.
            replaced=() if mine.basis is Basis.OPERATOR else (mine,),
        )
    told = _telling(mine) if awaited and answer.outcome is mine.outcome else mine
    return Write(
        result=Settled(entry=told, contradicted=contradicted),
        entries=() if told == mine else (told,),
        calls=(call,),
    )


def _left_unknown(mine: Entry, *, call: Call, is_heard: bool) -> Write[Settled]:
    if call.epoch != mine.calls:
        return Write(result=Settled(entry=mine), calls=(call,))
    doubtful = mine.but(
        state=advance(mine.state, Event.LEFT_UNKNOWN),
        cause=Cause.CARRIER,
        why=call.status,
        told=Outcome.IN_DOUBT if is_heard and mine.told is None else mine.told,
    )
    return Write(result=Settled(entry=doubtful), entries=(doubtful,), calls=(call,))


def _telling(mine: Entry) -> Entry:
    return mine.but(told=mine.outcome)


def _operator(outcome: Outcome, reason: str) -> _Verdict:
    return _Verdict(outcome=outcome, basis=Basis.OPERATOR, cause=Cause.OPERATOR, why=reason)


def _decided(
    mine: Entry,
    verdict: _Verdict,
    *,
    now: float,
    awaited: bool = False,
    unseen: bool = False,
    event: Event = Event.DECIDED,
) -> Entry:
    return mine.but(
        state=advance(None if unseen else mine.state, event),
        outcome=verdict.outcome,
        basis=verdict.basis,
        message=verdict.message,
        cause=verdict.cause,
        why=verdict.why,
        settled_at=now,
        told=verdict.outcome if awaited else mine.told,
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
