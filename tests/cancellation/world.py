"""A world of one waybill: what is written, who works, what is on the wire, what was told."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple, TypeVar

from adapter.cancellation.model import (
    Basis,
    Call,
    Cause,
    Doubt,
    Entry,
    Fact,
    Outcome,
    State,
    Unsent,
)
from adapter.cancellation.ports import WaybillView, Write
from tests.cancellation.parcel import Bounds, Parcel, Said

T = TypeVar("T")

KEYS = ("first press", "second press")
NOW = 9.0  # within the window of asking; whatever is compared lies before it
DEAD = "dead"
LINKED, CUT, EXPIRED = range(3)  # how a process stands to its ledger

FRESH = tuple(
    Entry(
        key=key,
        account="gh",
        open_id="o",
        pushed_at=number,
        biz_id="b",
        order_id="o",
        waybill_id="w",
        shop_app_id="s",
        state=State.UNSENT,
        received_at=0.0,
    )
    for number, key in enumerate(KEYS)
)


class Violation(AssertionError):
    """A promise broken in some reachable world."""


class Message(NamedTuple):
    """A call on the wire. `listener` is the process that waits for it, or nobody; `counts`: its
    owner's session lives."""

    push: int
    epoch: int
    answer: Said | None
    listener: int | None
    counts: bool = True


class Work(NamedTuple):
    """The attempt that holds the turn in a process. `heard` is what was said of it already,
    `seen` the calls after which a lookup was asked."""

    push: int
    phase: str
    epoch: int = 0
    said: Said | None = None
    fact: Fact | None = None
    seen: int = 0
    waiting: bool = True
    alone: bool = True
    heard: Outcome | None = None


class Process(NamedTuple):
    """One replica. Its session's name is its place; what it owned when it died is owned by
    "dead", so that worlds that differ only in how sessions are named are one. `beside` is what
    a push that never got its turn has looked up."""

    work: Work | None = None
    queue: tuple[int, ...] = ()
    beside: tuple[int, Fact, int] | None = None
    link: int = LINKED


class Row(NamedTuple):
    """What of an entry and its calls the rules can tell apart; small, because worlds are
    compared by it. `asked` and `settled` are points in time as far as rule R compares them."""

    state: State
    calls: tuple[tuple[Outcome | None, Doubt | None], ...]
    outcome: Outcome | None
    basis: Basis | None
    told: Outcome | None
    owner: str
    cause: str
    asked: int
    settled: int


Rows = tuple[Row | None, Row | None]


class World(NamedTuple):
    rows: Rows
    parcel: Parcel
    before: Parcel
    remembered: tuple[Said | None, Said | None]
    wire: tuple[Message, ...]
    processes: tuple[Process, ...]
    resolving: tuple[int, Fact, int] | None
    deliveries: tuple[int, int]
    crashes: int
    losses: int
    refusals: int
    cuts: int
    overruns: int
    spoken: tuple[Outcome | None, Outcome | None]
    delivered: tuple[bool, bool]
    after_zero: tuple[bool, bool]
    zero_heard: tuple[bool, bool]
    effect: tuple[bool, bool]
    corrected: tuple[bool, bool]
    refused: tuple[bool, bool]
    from_memory: tuple[bool, bool]


def beginning(bounds: Bounds) -> World:
    """Return the world in which nothing has happened yet."""
    return World(
        rows=(None, None),
        parcel=bounds.parcel,
        before=bounds.parcel,
        remembered=(None, None),
        wire=(),
        processes=(Process(),) * bounds.replicas,
        resolving=None,
        deliveries=bounds.deliveries,
        crashes=bounds.crashes,
        losses=bounds.losses,
        refusals=bounds.refusals,
        cuts=bounds.cuts,
        overruns=bounds.overruns,
        spoken=(None, None),
        delivered=(False, False),
        after_zero=(False, False),
        zero_heard=(False, False),
        effect=(False, False),
        corrected=(False, False),
        refused=(False, False),
        from_memory=(False, False),
    )


def order(message: Message) -> tuple[int, int, str, str, int]:
    said = message.answer
    outcome = "" if said is None else said.outcome.value
    doubt = "" if said is None or said.doubt is None else said.doubt.value
    listener = -1 if message.listener is None else message.listener
    return message.push, message.epoch, outcome, doubt, listener


def on_wire(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    return tuple(sorted(messages, key=order))


@cache
def view_of(rows: Rows, me: str, living: frozenset[str]) -> WaybillView:
    """Return what a rule sees in a process."""
    entries = [entry_of(push, row) for push, row in enumerate(rows) if row is not None]
    calls = [
        call for push, row in enumerate(rows) if row is not None for call in calls_of(push, row)
    ]
    return WaybillView(entries=tuple(entries), me=me, living=living, now=NOW, calls=tuple(calls))


@cache
def entry_of(push: int, row: Row) -> Entry:
    return FRESH[push].but(
        state=row.state,
        calls=len(row.calls),
        outcome=row.outcome,
        basis=row.basis,
        told=row.told,
        owner=row.owner,
        cause=row.cause,
        settled_at=float(row.settled),
    )


@cache
def calls_of(push: int, row: Row) -> tuple[Call, ...]:
    return tuple(
        Call(
            key=KEYS[push],
            epoch=number,
            sent_at=float(row.asked),
            ended_at=None if outcome is None else NOW,
            status="said" if outcome is not None else "",
            outcome=outcome,
            doubt=doubt,
            text="the same words" if doubt is Doubt.SERVER_WORD else "",
        )
        for number, (outcome, doubt) in enumerate(row.calls, start=1)
    )


def written(rows: Rows, change: Write[Any]) -> Rows:
    """Return the rows once a change is durable."""
    if not change.entries and not change.calls:
        return rows
    pair = list(rows)
    for entry in change.entries:
        push = KEYS.index(entry.key)
        pair[push] = _row_of(entry, before=pair[push])
    for call in change.calls:
        push = KEYS.index(call.key)
        row = pair[push]
        if row is not None:
            pair[push] = row._replace(calls=_with_end(row.calls, call))
    return _timed(_owned(pair[0]), _owned(pair[1]))


def _owned(row: Row | None) -> Row | None:
    """An owner matters while the newest call runs."""
    if row is None or (row.calls and row.calls[-1][0] is None):
        return row
    return row._replace(owner="")


def _row_of(entry: Entry, *, before: Row | None) -> Row:
    calls = before.calls if before is not None else ()
    kept = entry.cause if entry.cause in (Cause.LOOKUP, Unsent.CARRIER_SLOW.value) else ""
    inferred = entry.basis is Basis.INFERRED and entry.outcome is Outcome.CANCELLED
    return Row(
        state=entry.state,
        calls=(*calls, *((None, None),) * (entry.calls - len(calls))),
        outcome=entry.outcome,
        basis=entry.basis,
        told=entry.told,
        owner=entry.owner,
        cause=kept,
        asked=(before.asked if calls and before is not None else int(NOW)) if entry.calls else 0,
        settled=int(entry.settled_at) if inferred else 0,
    )


def _with_end(
    calls: tuple[tuple[Outcome | None, Doubt | None], ...], call: Call
) -> tuple[tuple[Outcome | None, Doubt | None], ...]:
    if call.epoch > len(calls):
        return calls
    return (*calls[: call.epoch - 1], (call.outcome, call.doubt), *calls[call.epoch :])


def _timed(first: Row | None, second: Row | None) -> Rows:
    """Keep of all times what rule R compares: whether a push was asked for before the other one
    was settled by inference."""
    return _against(first, second), _against(second, first)


def _against(row: Row | None, other: Row | None) -> Row | None:
    if row is None:
        return None
    asked = 0
    if row.state in (State.CALLING, State.IN_DOUBT):
        asked = 1
        if other is not None and other.settled and row.asked > other.settled:
            asked = 3
    return row._replace(asked=asked, settled=2 if row.settled else 0)


def with_process(world: World, at: int, process: Process) -> World:
    processes = (*world.processes[:at], process, *world.processes[at + 1 :])
    return world._replace(processes=processes)


def put(pair: tuple[T, T], push: int, value: T) -> tuple[T, T]:
    return (value, pair[1]) if push == 0 else (pair[0], value)


def without(queue: tuple[int, ...], push: int) -> tuple[int, ...]:
    return tuple(waiting for waiting in queue if waiting != push)


def orphaned(rows: Rows, at: int) -> Rows:
    """What a process owned is owned by nobody."""
    first, second = (
        row._replace(owner=DEAD) if row is not None and row.owner == str(at) else row
        for row in rows
    )
    return first, second


def crashed(world: World, at: int) -> World:
    """A process dies: what it waited for is answered to nobody."""
    wire = tuple(
        message._replace(listener=None) if message.listener == at else message
        for message in world.wire
        if message.listener != at or message.answer is None
    )
    world = world._replace(
        rows=orphaned(world.rows, at), wire=on_wire(wire), crashes=world.crashes - 1
    )
    return with_process(world, at, Process())


def seen(world: World, push: int) -> int:
    """The calls of a push that were known to be over when a lookup was asked."""
    row = world.rows[push]
    return len(row.calls) if row is not None and row.state is State.IN_DOUBT else 0


def is_doubtful(row: Row) -> bool:
    dead = row.state is State.CALLING and row.owner == DEAD
    return row.state is State.IN_DOUBT or dead
