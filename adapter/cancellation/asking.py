"""The rules of asking: what a delivery does, and when the carrier may be asked (again).

Pure decisions over one waybill's story. The desk runs them inside the ledger's transactions;
the state explorer in the tests runs the same functions. `docs/ledger.md` is the prose.
"""

from __future__ import annotations

from dataclasses import dataclass

from adapter.cancellation.model import (
    Call,
    CarrierAnswer,
    Entry,
    Outcome,
    State,
    Unsent,
    only,
)
from adapter.cancellation.ports import Change, Story
from adapter.cancellation.settling import ended
from adapter.cancellation.states import Event, advance

WINDOW_SECONDS = 20.0  # WeChat's repeats of a push end well before; later, nobody is asking


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """The push is decided: give the stored answer, once its telling is written."""

    entry: Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """Commit A is written: call the carrier, now, as epoch `entry.calls`."""

    entry: Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Another process is calling for this waybill; `called`: this push was sent already,
    by that very call or by one before it, so that nobody may say it was not."""

    called: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LookOnly:
    """The carrier must not be asked to cancel: a lookup may settle it, nothing else may."""

    entry: Entry


Step = Say | Ask | Wait | LookOnly


def on_delivery(story: Story, *, fresh: Entry, may_ask: bool) -> Change[Step]:
    """Decide what one delivery of a push does. Only the holder of the waybill's turn in this
    process may run it: an entry of our own that is calling is therefore an orphan.

    `may_ask` is false while the carrier is not reachable or calls are paused: then a
    decided push is still answered and everything else is left as found.
    """
    mine = only(story.entries, fresh.key)
    if mine is not None and mine.state is State.DONE:
        return Change(result=Say(entry=mine))
    if any(_lives_elsewhere(story, entry) for entry in story.entries):
        return Change(result=Wait(called=mine is not None and mine.calls > 0))
    orphans = tuple(
        entry.but(state=advance(entry.state, Event.OWNER_DIED), why="owner died")
        for entry in story.entries
        if entry.state is State.CALLING
    )
    mine = only(orphans, fresh.key) or mine
    if not may_ask or (mine is not None and _out_of_window(story, mine)):
        return Change(result=LookOnly(entry=mine or fresh), entries=orphans)

    asked = _asked(story, mine, fresh)
    others = tuple(entry for entry in orphans if entry.key != fresh.key)
    call = Call(key=asked.key, epoch=asked.calls, sent_at=story.now)
    return Change(result=Ask(entry=asked), entries=(asked, *others), calls=(call,))


def on_ask_again(story: Story, *, call: Call, answer: CarrierAnswer) -> Change[Entry | None]:
    """Record a call that left doubt, and the next one that is about to be sent.

    Returns nothing when the push has moved on meanwhile, or its window has closed: then
    no further call may be made.
    """
    mine = only(story.entries, call.key)
    if mine is None or mine.state is not State.CALLING or mine.calls != call.epoch:
        return Change(result=None)
    if mine.owner != story.me or _out_of_window(story, mine):
        return Change(result=None)
    again = mine.but(
        state=advance(mine.state, Event.ASKED_AGAIN),
        calls=call.epoch + 1,
        called_at=story.now,
        why=answer.status,
    )
    following = Call(key=call.key, epoch=again.calls, sent_at=story.now)
    return Change(
        result=again, entries=(again,), calls=(ended(call, answer, now=story.now), following)
    )


def on_owner_died(story: Story, *, key: str) -> Change[Entry | None]:
    """Put a push whose caller is gone in doubt; nothing if its caller lives or it moved on."""
    mine = only(story.entries, key)
    if mine is None or mine.state is not State.CALLING or mine.owner in story.living:
        return Change(result=None)
    doubtful = mine.but(state=advance(mine.state, Event.OWNER_DIED), why="owner died")
    return Change(result=doubtful, entries=(doubtful,))


def on_withdraw(story: Story, *, key: str, why: str = "withdrawn") -> Change[None]:
    """Take back a commit A: nothing was sent. Without another `why` because it landed after
    its caller had given up."""
    mine = only(story.entries, key)
    if mine is None or mine.state is not State.CALLING or mine.owner != story.me:
        return Change(result=None)
    calls = mine.calls - 1
    to = State.IN_DOUBT if calls else State.UNSENT
    state = advance(mine.state, Event.WITHDRAWN, to)
    back = mine.but(state=state, calls=calls, why=why)
    never_sent = Call(
        key=key,
        epoch=mine.calls,
        sent_at=mine.called_at,
        ended_at=story.now,
        status="WITHDRAWN",
        outcome=Outcome.FAILED,
    )
    return Change(result=None, entries=(back,), calls=(never_sent,))


def on_refused(story: Story, *, fresh: Entry, reason: Unsent) -> Change[None]:
    """Note a push that was answered without asking the carrier, so that it can be found."""
    mine = only(story.entries, fresh.key)
    if mine is None:
        state = advance(None, Event.REFUSED)
        return Change(result=None, entries=(fresh.but(state=state, why=reason.value),))
    return Change(result=None, entries=(mine.but(deliveries=mine.deliveries + 1),))


def on_repeat(story: Story, *, key: str) -> Change[None]:
    """Count a delivery that changed nothing else."""
    mine = only(story.entries, key)
    if mine is None:
        return Change(result=None)
    return Change(result=None, entries=(mine.but(deliveries=mine.deliveries + 1),))


def on_told_doubt(story: Story, *, key: str) -> Change[None]:
    """Note that a delivery was told −1. Having been told of doubt and having been told
    nothing are the same to every rule, so this need not be durable before the reply."""
    mine = only(story.entries, key)
    if mine is None or mine.told is not None:
        return Change(result=None)
    return Change(result=None, entries=(mine.but(told=Outcome.IN_DOUBT),))


def _asked(story: Story, mine: Entry | None, fresh: Entry) -> Entry:
    before = mine or fresh
    return before.but(
        state=advance(mine.state if mine is not None else None, Event.ASKED),
        owner=story.me,
        calls=before.calls + 1,
        called_at=story.now,
        deliveries=before.deliveries + (mine is not None),
        why="",
    )


def _lives_elsewhere(story: Story, entry: Entry) -> bool:
    return entry.state is State.CALLING and entry.owner != story.me and entry.owner in story.living


def _out_of_window(story: Story, mine: Entry) -> bool:
    doubtful = mine.state in (State.CALLING, State.IN_DOUBT)
    return doubtful and story.now - mine.received_at > WINDOW_SECONDS
