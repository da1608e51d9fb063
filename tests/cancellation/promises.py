"""The invariants, as far as one step of a world can break them. Each raises `Violation`."""

from __future__ import annotations

from adapter.cancellation.model import Basis, Outcome, State
from tests.cancellation.parcel import Bounds, Parcel
from tests.cancellation.world import (
    Message,
    Row,
    Rows,
    Violation,
    Work,
    World,
    calls_of,
    put,
)

NEVER_TOLD = (None, Outcome.IN_DOUBT)
DEFINITE_NO = frozenset(Outcome) - {Outcome.CANCELLED, Outcome.IN_DOUBT}


def broken(bounds: Bounds, what: str) -> None:
    """A promise is broken: say so, unless another one is being watched."""
    if not bounds.watched or what.startswith(bounds.watched):
        raise Violation(what)


def on_send(world: World, push: int, *, bounds: Bounds) -> None:
    """A call is about to go out."""
    row = world.rows[push]
    if sum(each.listener is not None and each.counts for each in world.wire) > 1:
        broken(bounds, "I2 two live calls for one waybill")
    if row is not None and len(row.calls) > 1 + bounds.repeats:
        broken(bounds, "I12 more calls than a push may have")
    if world.refused[push]:
        broken(bounds, "I15 sent after it was told not processed")


def on_arrival(world: World, message: Message, *, bounds: Bounds) -> None:
    """A call arrives at the carrier."""
    row = world.rows[message.push]
    if row is None or len(row.calls) < message.epoch:
        broken(bounds, "I1 a call at the carrier without an earlier row")


def on_effect(world: World, push: int, *, bounds: Bounds) -> None:
    """A call cancels the parcel."""
    if world.spoken[push] in DEFINITE_NO and not bounds.soft:
        broken(bounds, "I14 a definite no, and then its own call cancels")


def on_write(world: World, after: Rows, work: Work | None, *, bounds: Bounds) -> None:
    """Rows change; `work` is whose attempt writes, if any."""
    for push, (old, new) in enumerate(zip(world.rows, after, strict=True)):
        if new is not None and new is not old:
            _row_kept(old, new, bounds)
            _told_kept(push, old, new, work, bounds)
            inferred = new.outcome is Outcome.CANCELLED and new.basis is Basis.INFERRED
            if inferred and (old is None or old.outcome is None) and not _may_be_ours(world, after):
                broken(bounds, "0 without any open call")


def _may_be_ours(world: World, after: Rows) -> bool:
    rows = [(push, row) for push, row in enumerate(after) if row is not None]
    is_open = any(call.is_open for push, row in rows for call in calls_of(push, row))
    untold = any(
        row is not None and row.outcome is Outcome.CANCELLED is not row.told for row in world.rows
    )
    return is_open or untold or any(world.effect)


def _row_kept(old: Row | None, new: Row, bounds: Bounds) -> None:
    own_success = any(outcome is Outcome.CANCELLED for outcome, _ in new.calls)
    if own_success and new.state is State.DONE and new.outcome is not Outcome.CANCELLED:
        broken(bounds, "I13 another code above an own call that said cancelled")
    if old is not None and old.outcome is Outcome.CANCELLED is not new.outcome:
        broken(bounds, "I13 a row that said 0 says something else")


def _told_kept(push: int, old: Row | None, new: Row, work: Work | None, bounds: Bounds) -> None:
    told = old.told if old is not None else None
    if told is new.told:
        return
    if told is Outcome.CANCELLED or (told not in NEVER_TOLD and new.told in NEVER_TOLD):
        broken(bounds, "I11 told is taken back")
    telling = (
        work is not None and work.push == push and (work.waiting or work.heard is Outcome.CANCELLED)
    )
    if new.told is Outcome.CANCELLED and not telling:
        broken(bounds, "I11 told 0 is written and nobody was told")


def on_idle(world: World, at: int, *, bounds: Bounds) -> None:
    """A process has nothing left to do for the waybill."""
    for row in world.rows:
        if row is not None and row.state is State.CALLING and row.owner == str(at):
            broken(bounds, "I7 calling under a living owner, and nobody works")


def minus_one(world: World, push: int, *, bounds: Bounds, claims: bool = False) -> World:
    """−1 goes out. `claims`: "not processed", said as what the ledger shows."""
    if bounds.must is not None:
        broken(bounds, f"liveness: -1 where {bounds.must.value} could be known")
    if not claims:
        return world
    row = world.rows[push]
    if row is not None and row.told not in NEVER_TOLD:
        broken(bounds, "I11 -1 after a definite code")
    if row is not None and row.calls:
        broken(bounds, "T told not processed, and it was sent")
    return world._replace(refused=put(world.refused, push, True))  # noqa: FBT003 - the new value


def said(world: World, push: int, outcome: Outcome, *, bounds: Bounds) -> World:
    """A definite reply goes out."""
    before = world.spoken[push]
    if before not in (None, outcome):
        corrects = outcome is Outcome.CANCELLED and world.effect[push]
        if not corrects or world.corrected[push]:
            broken(bounds, "I3 two definite answers of one push differ")
        world = world._replace(corrected=put(world.corrected, push, True))  # noqa: FBT003
    _true_of_the_parcel(world, push, outcome, bounds=bounds)
    if bounds.must is not None and outcome is not bounds.must:
        broken(bounds, f"liveness: {outcome.value} where {bounds.must.value} is true")
    heard = outcome is Outcome.CANCELLED or world.zero_heard[push]
    return world._replace(
        spoken=put(world.spoken, push, outcome), zero_heard=put(world.zero_heard, push, heard)
    )


def _true_of_the_parcel(world: World, push: int, outcome: Outcome, *, bounds: Bounds) -> None:
    cancelled = world.parcel in (Parcel.CANCELLED, Parcel.OTHERS)
    if outcome in (Outcome.CANCELLED, Outcome.ALREADY_CANCELLED) and not cancelled:
        broken(bounds, f"I4 told {outcome.value}, and it is not cancelled")
    gone = bounds.soft or world.parcel in (Parcel.PICKED_UP, Parcel.DELIVERED)
    if outcome is Outcome.PICKED_UP and not gone:
        broken(bounds, "I4 told picked up, and it is not")
    if outcome in DEFINITE_NO and world.effect[push] and not bounds.soft:
        broken(bounds, "I14 a definite no to a push whose own call has cancelled")
    # A 0 recorded while somebody waited counts as told: a crash may have swallowed it.
    zero_elsewhere = world.spoken[1 - push] is Outcome.CANCELLED or world.zero_heard[1 - push]
    if outcome is Outcome.ALREADY_CANCELLED and any(world.effect) and not zero_elsewhere:
        broken(bounds, "I5 told 30003 for our own effect")
    if outcome is Outcome.CANCELLED and world.after_zero[push]:
        broken(bounds, "I6 told 0 after 0 was told elsewhere")


def is_zero_told(world: World, push: int) -> bool:
    """Whether a 0 of the push went out; from memory it counts once it stands in the row."""
    row = world.rows[push]
    stands = row is not None and row.told is Outcome.CANCELLED
    return world.spoken[push] is Outcome.CANCELLED and (stands or not world.from_memory[push])
