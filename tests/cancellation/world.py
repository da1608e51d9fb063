"""A world of one waybill: what is written, who works, what is on the wire, what was told."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Any, NamedTuple, TypeVar

from adapter.cancellation.model import Entry, Outcome, State
from adapter.cancellation.ports import WaybillView, Write

T = TypeVar("T")

KEYS = ("first press", "second press")

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


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """How far the world is explored."""

    deliveries: tuple[int, int] = (2, 2)
    crashes: int = 1
    losses: int = 1
    asks: int = 2
    replicas: int = 1
    knows_request_ids: bool = False
    lookup: bool = False
    refusals: int = 0
    network_repeats_calls: bool = False


class Message(NamedTuple):
    """A call on the wire. `listener` is the process that waits for it, or nobody."""

    push: int
    epoch: int
    answer: Outcome | None
    listener: int | None


class Work(NamedTuple):
    """The attempt that holds the turn in a process."""

    push: int
    phase: str
    epoch: int = 0
    answer: Outcome | None = None
    waiting: bool = True
    awaited: bool = False
    asks: int = 0


class Process(NamedTuple):
    """One replica. Its session's name is its place; what it owned when it died is owned by
    "dead", so that worlds that differ only in how sessions are named are one."""

    work: Work | None = None
    queue: tuple[int, ...] = ()


class Row(NamedTuple):
    """What of an entry the rules can tell apart; small, because worlds are compared by it."""

    state: State
    calls: int
    outcome: Outcome | None
    told: Outcome | None
    owner: str


class World(NamedTuple):
    entries: tuple[Row | None, Row | None]
    cancelled: bool
    remembered: tuple[Outcome | None, Outcome | None]
    wire: tuple[Message, ...]
    processes: tuple[Process, ...]
    deliveries: tuple[int, int]
    crashes: int
    losses: int
    refusals: int
    spoken: tuple[Outcome | None, Outcome | None]
    delivered: tuple[bool, bool]
    after_zero: tuple[bool, bool]
    zero_heard: tuple[bool, bool]


class Violation(Exception):
    """An invariant does not hold; its name comes first."""


def beginning(bounds: Bounds) -> World:
    """Return the world in which nothing has happened yet."""
    return World(
        entries=(None, None),
        cancelled=False,
        remembered=(None, None),
        wire=(),
        processes=(Process(),) * bounds.replicas,
        deliveries=bounds.deliveries,
        crashes=bounds.crashes,
        losses=bounds.losses,
        refusals=bounds.refusals,
        spoken=(None, None),
        delivered=(False, False),
        after_zero=(False, False),
        zero_heard=(False, False),
    )


def sent(world: World, at: int, push: int, epoch: int) -> World:
    call = Message(push=push, epoch=epoch, answer=None, listener=at)
    world = world._replace(wire=tuple(sorted((*world.wire, call), key=order)))
    if sum(message.listener is not None for message in world.wire) > 1:
        raise Violation("I2 two live calls for one waybill")
    return world


def heard_zero(world: World, work: Work) -> World:
    row = world.entries[work.push]
    zero = row is not None and row.told is Outcome.CANCELLED and work.waiting
    if not zero:
        return world
    return world._replace(zero_heard=put(world.zero_heard, work.push, zero))


def order(message: Message) -> tuple[int, int, str, int]:
    answer = "" if message.answer is None else message.answer.value
    listener = -1 if message.listener is None else message.listener
    return message.push, message.epoch, answer, listener


def view_of(world: World, at: int, *, dead_by_clock: bool = False) -> WaybillView:
    me = str(at)
    living = frozenset(map(str, range(len(world.processes))))
    return _tale(world.entries, me, frozenset({me}) if dead_by_clock else living)


def written(world: World, change: Write[Any]) -> World:
    if not change.entries:
        return world
    entries = list(world.entries)
    for entry in change.entries:
        entries[KEYS.index(entry.key)] = Row(
            entry.state, entry.calls, entry.outcome, entry.told, entry.owner
        )
    return world._replace(entries=(entries[0], entries[1]))


@cache
def entry_of(push: int, row: Row) -> Entry:
    return replace(FRESH[push], **row._asdict())


@cache
def _tale(entries: tuple[Row | None, Row | None], me: str, living: frozenset[str]) -> WaybillView:
    told = tuple(entry_of(k, row) for k, row in enumerate(entries) if row is not None)
    return WaybillView(entries=told, me=me, living=living, now=0.0)


def with_process(world: World, at: int, process: Process) -> World:
    processes = (*world.processes[:at], process, *world.processes[at + 1 :])
    return world._replace(processes=processes)


def put(pair: tuple[T, T], push: int, value: T) -> tuple[T, T]:
    return (value, pair[1]) if push == 0 else (pair[0], value)


def without(queue: tuple[int, ...], push: int) -> tuple[int, ...]:
    return tuple(waiting for waiting in queue if waiting != push)


def acted(
    world: World, rest: tuple[Message, ...], message: Message, *, knows_request_ids: bool
) -> World:
    """The carrier acts on the message, which is on the wire no longer than `rest`."""
    entry = world.entries[message.push]
    if entry is None or entry.calls < message.epoch:
        raise Violation("I1 a call at the carrier without an earlier row")
    answer = world.remembered[message.push] if knows_request_ids else None
    if answer is None:
        answer = Outcome.ALREADY_CANCELLED if world.cancelled else Outcome.CANCELLED
    remembered = put(world.remembered, message.push, answer)
    done = () if message.listener is None else (message._replace(answer=answer),)
    return world._replace(
        cancelled=True,
        remembered=remembered if knows_request_ids else world.remembered,
        wire=tuple(sorted((*rest, *done), key=order)),
    )


def crashed(world: World, at: int) -> World:
    """A process dies: what it waited for is answered to nobody."""
    first, second = (
        row._replace(owner="dead") if row is not None and row.owner == str(at) else row
        for row in world.entries
    )
    wire = tuple(
        message._replace(listener=None) if message.listener == at else message
        for message in world.wire
        if message.listener != at or message.answer is None
    )
    world = world._replace(
        entries=(first, second),
        wire=tuple(sorted(wire, key=order)),
        crashes=world.crashes - 1,
    )
    return with_process(world, at, Process())


def is_doubtful(entry: Row) -> bool:
    dead = entry.state is State.CALLING and entry.owner == "dead"
    return entry.state is State.IN_DOUBT or dead


def spoken(world: World, work: Work, outcome: Outcome | None) -> World:
    """The reply goes out to who waits. Raises `Violation` when it may not."""
    assert outcome is not None
    push = work.push
    if not work.waiting:
        return world
    if world.spoken[push] not in (None, outcome):
        raise Violation("I3 two definite answers of one push differ")
    if outcome is Outcome.CANCELLED and not world.cancelled:
        raise Violation("I4 told 0 and not cancelled")
    # A 0 recorded while somebody waited counts as told: a crash may have swallowed it.
    zero_elsewhere = world.spoken[1 - push] is Outcome.CANCELLED or world.zero_heard[1 - push]
    if outcome is Outcome.ALREADY_CANCELLED and not zero_elsewhere:
        raise Violation("I5 told 30003 for our own effect")
    if outcome is Outcome.CANCELLED and world.after_zero[push]:
        raise Violation("I6 told 0 after 0 was told elsewhere")
    return world._replace(spoken=put(world.spoken, push, outcome))
