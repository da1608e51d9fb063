"""The rules of asking: what a delivery does, and when the carrier may be asked (again).

Pure decisions over one waybill's view. The desk runs them inside the ledger's transactions;
the state explorer in the tests runs the same functions. `docs/ledger.md` is the prose.
"""

from __future__ import annotations

from dataclasses import dataclass

from adapter.cancellation.evidence import is_alive, is_open_beside, is_running, own_calls
from adapter.cancellation.model import (
    Call,
    CarrierAnswer,
    Cause,
    Entry,
    Outcome,
    State,
    Unsent,
    only,
)
from adapter.cancellation.ports import CarrierTraits, WaybillView, Write
from adapter.cancellation.repeats import may_repeat
from adapter.cancellation.rules_settle import ended, was_told_not_processed
from adapter.cancellation.states import Event, advance

WINDOW_SECONDS = 20.0  # WeChat's repeats of a push end well before; later, nobody is asking


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyStored:
    """The push is decided: give the stored answer, once its telling is written."""

    entry: Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """Commit A is written: call the carrier, now, as epoch `entry.calls`. `alone`: no other
    call is open whose echo a "no" could be."""

    entry: Entry
    alone: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Another process is calling for this waybill; `called`: this push was sent already,
    by that very call or by one before it, so that nobody may say it was not."""

    called: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LookOnly:
    """The carrier must not be asked to cancel: a lookup may settle it, nothing else may."""

    entry: Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class LookFirst:
    """What is known of the waybill came from the lookup: it may save this call, too."""

    entry: Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The brake keeps the push from the carrier, now and later: it was not processed."""

    entry: Entry


Step = ReplyStored | Ask | Wait | LookOnly | LookFirst | Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """What this process allows a delivery to do now.

    `ask` is false while the carrier is not reachable or calls are paused: then a decided push
    is still answered and everything else is left as found. `repeats` are the calls that a push
    may have beyond its first; `braked` keeps a push that was never sent from being sent;
    `looked`: the lookup was asked already.
    """

    ask: bool
    repeats: int
    braked: bool = False
    looked: bool = False

    @property
    def may_send(self) -> bool:
        """Whether a push that was never sent may be sent now."""
        return self.ask and not self.braked


def on_delivery(
    view: WaybillView, *, fresh: Entry, allowed: Allowed, traits: CarrierTraits
) -> Write[Step]:
    """Decide what one delivery of a push does. Only the holder of the waybill's turn in this
    process may run it: an entry of our own that is calling is therefore an orphan.
    """
    if not view.entries and allowed.may_send:  # most pushes: nothing else is to be thought of
        asked = _asked(view, None, fresh)
        first = Call(key=asked.key, epoch=1, sent_at=view.now)
        return Write(result=Ask(entry=asked, alone=True), entries=(asked,), calls=(first,))
    mine = only(view.entries, fresh.key)
    if mine is not None and mine.state is State.DONE:
        return Write(result=ReplyStored(entry=mine))
    if mine is not None and was_told_not_processed(mine):
        return _refused(mine.but(deliveries=mine.deliveries + 1))
    if any(_lives_elsewhere(view, entry) for entry in view.entries):
        return Write(result=Wait(called=mine is not None and mine.calls > 0))
    orphans = tuple(_orphaned(entry) for entry in view.entries if entry.state is State.CALLING)
    mine = only(orphans, fresh.key) or mine
    if allowed.braked and not any(call.is_open for call in view.calls) and _is_unsent(mine):
        state = advance(mine.state if mine is not None else None, Event.REFUSED)
        return _refused((mine or fresh).but(state=state, cause=Unsent.CARRIER_SLOW.value))
    if not _may_ask(view, mine, allowed):
        return Write(result=LookOnly(entry=mine or fresh), entries=orphans)
    if not allowed.looked and _newest_word_is_a_lookup(view):
        return Write(result=LookFirst(entry=mine or fresh), entries=orphans)

    asked = _asked(view, mine, fresh)
    others = tuple(entry for entry in orphans if entry.key != fresh.key)
    call = Call(key=asked.key, epoch=asked.calls, sent_at=view.now)
    alone = not is_open_beside(view, key=asked.key, epoch=asked.calls, traits=traits)
    ask = Ask(entry=asked, alone=alone)
    return Write(result=ask, entries=(asked, *others), calls=(call,))


def on_ask_again(
    view: WaybillView, *, asked: Entry, answer: CarrierAnswer, repeats: int
) -> Write[Entry | None]:
    """Record a call that left doubt, and the next one that is about to be sent. `asked` is the
    push as commit A left it.

    Returns nothing when the push has moved on meanwhile, its window has closed, or its calls
    are used up: then no further call may be made.
    """
    mine = only(view.entries, asked.key)
    if mine is None or mine.state is not State.CALLING or mine.calls != asked.calls:
        return Write(result=None)
    if mine.owner != view.me or _out_of_window(view, mine):
        return Write(result=None)
    completed = ended(asked, answer, now=view.now)
    earlier = (each for each in own_calls(view, mine.key) if each.epoch < asked.calls)
    if not may_repeat((*earlier, completed), repeats=repeats):
        return Write(result=None)
    again = mine.but(
        state=advance(mine.state, Event.ASKED_AGAIN),
        calls=asked.calls + 1,
        called_at=view.now,
        why=answer.status,
        cause=Cause.CARRIER,
    )
    following = Call(key=again.key, epoch=again.calls, sent_at=view.now)
    return Write(result=again, entries=(again,), calls=(completed, following))


def as_found(view: WaybillView, *, fresh: Entry) -> Write[Entry]:
    """Change nothing: only read how the push stands."""
    return Write(result=only(view.entries, fresh.key) or fresh)


def on_owner_died(view: WaybillView, *, key: str) -> Write[Entry | None]:
    """Put a push whose caller is gone in doubt; nothing if its caller lives or it moved on."""
    mine = only(view.entries, key)
    if mine is None or mine.state is not State.CALLING or is_alive(view, mine):
        return Write(result=None)
    doubtful = _orphaned(mine)
    return Write(result=doubtful, entries=(doubtful,))


def on_withdraw(view: WaybillView, *, key: str, cause: str = Cause.WITHDRAWN) -> Write[None]:
    """Take back a commit A: nothing was sent. Without another `cause` because it landed after
    its caller had given up."""
    mine = only(view.entries, key)
    if mine is None or mine.state is not State.CALLING or mine.owner != view.me:
        return Write(result=None)
    calls = mine.calls - 1
    to = State.IN_DOUBT if calls else State.UNSENT
    state = advance(mine.state, Event.WITHDRAWN, to)
    back = mine.but(state=state, calls=calls, cause=cause, why="")
    never_sent = Call(
        key=key,
        epoch=mine.calls,
        sent_at=mine.called_at,
        ended_at=view.now,
        status="WITHDRAWN",
        outcome=Outcome.FAILED,
    )
    return Write(result=None, entries=(back,), calls=(never_sent,))


def on_refused(view: WaybillView, *, fresh: Entry, reason: Unsent) -> Write[None]:
    """Note a push that was answered without asking the carrier, so that it can be found."""
    mine = only(view.entries, fresh.key)
    if mine is None:
        state = advance(None, Event.REFUSED)
        return Write(result=None, entries=(fresh.but(state=state, cause=reason.value),))
    return Write(result=None, entries=(mine.but(deliveries=mine.deliveries + 1),))


def on_repeat(view: WaybillView, *, key: str) -> Write[None]:
    """Count a delivery that changed nothing else."""
    mine = only(view.entries, key)
    if mine is None:
        return Write(result=None)
    return Write(result=None, entries=(mine.but(deliveries=mine.deliveries + 1),))


def on_replied_doubt(view: WaybillView, *, key: str) -> Write[None]:
    """Note that a delivery was told −1. Having been told of doubt and having been told
    nothing are the same to every rule, so this need not be durable before the reply."""
    mine = only(view.entries, key)
    if mine is None or mine.told is not None:
        return Write(result=None)
    return Write(result=None, entries=(mine.but(told=Outcome.IN_DOUBT),))


def _asked(view: WaybillView, mine: Entry | None, fresh: Entry) -> Entry:
    before = mine or fresh
    return before.but(
        state=advance(mine.state if mine is not None else None, Event.ASKED),
        owner=view.me,
        calls=before.calls + 1,
        called_at=view.now,
        deliveries=before.deliveries + (mine is not None),
        why="",
        cause="",
    )


def _orphaned(entry: Entry) -> Entry:
    state = advance(entry.state, Event.OWNER_DIED)
    return entry.but(state=state, cause=Cause.OWNER_DIED, why="")


def _refused(entry: Entry) -> Write[Step]:
    return Write(result=Refused(entry=entry), entries=(entry,))


def _is_unsent(mine: Entry | None) -> bool:
    return mine is None or not mine.calls


def _may_ask(view: WaybillView, mine: Entry | None, allowed: Allowed) -> bool:
    if not allowed.may_send:
        return False
    if mine is None or not mine.calls:
        return True
    calls = [call for call in own_calls(view, mine.key) if call.epoch <= mine.calls]
    return not _out_of_window(view, mine) and may_repeat(calls, repeats=allowed.repeats)


def _newest_word_is_a_lookup(view: WaybillView) -> bool:
    done = [entry for entry in view.entries if entry.state is State.DONE]
    return bool(done) and max(done, key=_settled_at).cause == Cause.LOOKUP


def _settled_at(entry: Entry) -> float:
    return entry.settled_at


def _lives_elsewhere(view: WaybillView, entry: Entry) -> bool:
    return entry.owner != view.me and is_running(view, entry)


def _out_of_window(view: WaybillView, mine: Entry) -> bool:
    doubtful = mine.state in (State.CALLING, State.IN_DOUBT)
    return doubtful and view.now - mine.received_at > WINDOW_SECONDS
