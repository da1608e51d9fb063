"""An explicit-state model of one waybill: every order of deliveries, calls, losses and crashes.

The decisions are the product's own functions (or a mutant of them); only the world around
them, the carrier, the wire, the processes and the people who wait, is modelled here.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, NamedTuple, TypeVar

from adapter.cancellation.asking import (
    Ask,
    LookOnly,
    Say,
    Wait,
    on_ask_again,
    on_delivery,
    on_owner_died,
)
from adapter.cancellation.model import (
    Call,
    CarrierAnswer,
    Entry,
    Fact,
    Outcome,
    State,
)
from adapter.cancellation.ports import Change, Story
from adapter.cancellation.settling import on_answer, on_fact, on_told

T = TypeVar("T")

KEYS = ("first press", "second press")
UNAVAILABLE = CarrierAnswer(outcome=Outcome.IN_DOUBT, status="UNAVAILABLE", ask_again=True)
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
class Rules:
    """The decisions under test, and the order in which the desk carries them out."""

    on_delivery: Callable[..., Change[Any]] = on_delivery
    on_ask_again: Callable[..., Change[Any]] = on_ask_again
    on_answer: Callable[..., Change[Any]] = on_answer
    on_fact: Callable[..., Change[Any]] = on_fact
    on_told: Callable[..., Change[None]] = on_told
    dead_by_clock: bool = False
    calls_before_commit: bool = False
    replies_before_commit: bool = False
    joins: bool = True


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
    heard: bool = False
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


def explore(rules: Rules, bounds: Bounds, *, most: int = 2_000_000) -> int:
    """Visit every reachable world once; return how many there are. Raises `Violation`, or
    `RuntimeError` when there are more than `most`: a bound that cuts proves nothing."""
    step = Steps(rules, bounds)
    start = World(
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
    gc.disable()  # worlds hold no cycles, and a collector would walk all of them again and again
    try:
        return _visit(step, start, most=most)
    finally:
        gc.enable()


def _visit(step: Steps, start: World, *, most: int) -> int:
    seen, frontier = {start}, [start]
    while frontier:
        for following in step.following(frontier.pop()):
            if following not in seen:
                seen.add(following)
                frontier.append(following)
        if len(seen) > most:
            raise RuntimeError(f"more than {most} worlds")
    return len(seen)


class Steps:
    """All that can happen next in a world."""

    def __init__(self, rules: Rules, bounds: Bounds) -> None:
        self.rules = rules
        self.bounds = bounds

    def following(self, world: World) -> Iterator[World]:
        for at, process in enumerate(world.processes):
            for push in (0, 1):
                if world.deliveries[push]:
                    yield from self._deliver(world, at, push)
            if process.work is not None:
                yield from self._work(world, at, process.work)
            for push in process.queue:
                gone = process._replace(queue=_without(process.queue, push))
                yield self._looked_beside(_with(world, at, gone), at, push)
            if world.crashes:
                yield self._crash(world, at)
        for number, message in enumerate(world.wire):
            yield from self._wire(world, number, message)
        if self.bounds.lookup:
            for push, row in enumerate(world.entries):
                if row is not None and self._doubtful(world, row):
                    yield self._resolve(world, _entry(push, row))

    def _deliver(self, world: World, at: int, push: int) -> Iterator[World]:
        zero_elsewhere = world.spoken[1 - push] is Outcome.CANCELLED
        first = not world.delivered[push]
        after_zero = _put(world.after_zero, push, zero_elsewhere) if first else world.after_zero
        world = world._replace(
            deliveries=_put(world.deliveries, push, world.deliveries[push] - 1),
            delivered=_put(world.delivered, push, True),  # noqa: FBT003 - the new value
            after_zero=after_zero,
        )
        process = world.processes[at]
        work = process.work
        if work is None:
            yield from self._open(world, at, Work(push=push, phase="open"))
        elif work.push == push and self.rules.joins:
            yield self._as(world, at, work, waiting=True)
        elif push in process.queue:
            yield world
        else:
            yield _with(world, at, process._replace(queue=(*process.queue, push)))

    def _work(self, world: World, at: int, work: Work) -> Iterator[World]:
        match work.phase:
            case "open":  # a replica has the turn
                yield from self._open(world, at, work)
                beside = self._looked_beside(world, at, work.push)
                yield from self._end(beside, at)  # the budget is over
            case "calling" if work.waiting:
                yield self._as(world, at, work, waiting=False)  # told −1
            case "settling":
                yield from self._settle(world, at, work)
            case "telling":
                change = self.rules.on_told(_story(world, at), key=KEYS[work.push])
                yield from self._say(_written(world, change), at, work)

    def _open(self, world: World, at: int, work: Work) -> Iterator[World]:
        """Take the turn: commit A and the call, or what else the rules say."""
        story = _story(world, at, dead_by_clock=self.rules.dead_by_clock)
        fresh = FRESH[work.push]
        for may_ask in (True, False) if self.bounds.lookup else (True,):
            change = self.rules.on_delivery(story, fresh=fresh, may_ask=may_ask)
            after = _written(world, change)
            match change.result:
                case Ask(entry=entry):
                    if self.rules.calls_before_commit and world.crashes:
                        yield self._crash(_sent(world, at, work.push, entry.calls), at)
                    after = _sent(after, at, work.push, entry.calls)
                    yield self._as(after, at, work, phase="calling", epoch=entry.calls)
                case Say(entry=entry) if entry.told is entry.outcome:
                    yield from self._say(after, at, work)
                case Say():
                    yield self._as(after, at, work, phase="telling")
                case LookOnly(entry=entry):
                    yield from self._look(after, at, work, entry)
                case Wait():
                    yield self._as(after, at, work, phase="open")

    def _look(self, world: World, at: int, work: Work, entry: Entry) -> Iterator[World]:
        fact = Fact.CANCELLED if world.cancelled else Fact.ACTIVE
        change = self.rules.on_fact(_story(world, at), found=entry, fact=fact)
        world = _written(world, change)
        if change.result.entry.state is State.DONE:
            yield self._as(world, at, work, phase="telling")
        else:
            yield from self._end(world, at)

    def _looked_beside(self, world: World, at: int, push: int) -> World:
        """A push that never got its turn: told what a lookup settles, else that nothing was
        done. The call that has the turn runs on."""
        if not (self.bounds.lookup and world.cancelled):
            return world
        change = self.rules.on_fact(_story(world, at), found=FRESH[push], fact=Fact.CANCELLED)
        world = _written(world, change)
        row = world.entries[push]
        if row is None or row.state is not State.DONE:
            return world
        world = _written(world, self.rules.on_told(_story(world, at), key=KEYS[push]))
        work = Work(push=push, phase="telling")
        return self._spoken(_heard(world, work), work, row.outcome)

    def _answered(self, world: World, at: int, work: Work, answer: Outcome) -> Iterator[World]:
        """A call ended: call once more, or begin to settle what it said."""
        if work.waiting and answer is Outcome.IN_DOUBT and work.asks < self.bounds.asks - 1:
            yield from self._again(world, at, work)
        own_word = answer not in (Outcome.IN_DOUBT, Outcome.ALREADY_CANCELLED)
        heard = work.waiting and own_word
        settling = self._as(world, at, work, phase="settling", answer=answer, heard=heard)
        if heard and self.rules.replies_before_commit:
            settling = self._spoken(settling, work, answer)
        yield settling

    def _again(self, world: World, at: int, work: Work) -> Iterator[World]:
        call = Call(key=KEYS[work.push], epoch=work.epoch, sent_at=0.0)
        change = self.rules.on_ask_again(_story(world, at), call=call, answer=UNAVAILABLE)
        if change.result is not None:
            epoch = work.epoch + 1
            after = _sent(_written(world, change), at, work.push, epoch)
            yield self._as(after, at, work, phase="calling", epoch=epoch, asks=work.asks + 1)

    def _settle(self, world: World, at: int, work: Work) -> Iterator[World]:
        call = Call(key=KEYS[work.push], epoch=work.epoch, sent_at=0.0)
        assert work.answer is not None
        answer = CarrierAnswer(outcome=work.answer, status="answer")
        story = _story(world, at)
        change = self.rules.on_answer(story, call=call, answer=answer, heard=work.heard)
        after = _written(world, change)
        entry = change.result.entry
        if entry.state is not State.DONE or not work.waiting:
            yield from self._end(after, at)
        elif entry.told is not entry.outcome:
            yield self._as(after, at, work, phase="telling")
        else:
            yield from self._say(after, at, work)

    def _say(self, world: World, at: int, work: Work) -> Iterator[World]:
        """The reply is durable: speak it, or die just before."""
        world = _heard(self._as(world, at, work), work)
        if world.crashes:
            yield self._crash(world, at)
        row = world.entries[work.push]
        yield from self._end(self._spoken(world, work, row.outcome if row else None), at)

    def _wire(self, world: World, number: int, message: Message) -> Iterator[World]:
        rest = world.wire[:number] + world.wire[number + 1 :]
        if message.answer is None:
            yield self._execute(world, rest, message)
            if world.refusals and message.listener is not None:
                refused = message._replace(answer=Outcome.FAILED)
                wire = tuple(sorted((*rest, refused), key=_order))
                yield world._replace(wire=wire, refusals=world.refusals - 1)
            if self.bounds.network_repeats_calls:
                # The answer is lost below us, and what gRPC repeats is answered instead.
                executed = self._execute(world, rest, message)
                yield executed._replace(wire=world.wire)
        if message.listener is None:
            return
        process = world.processes[message.listener]
        work = process.work
        assert work is not None
        heard = world._replace(wire=rest)
        if message.answer is not None:
            yield from self._answered(heard, message.listener, work, message.answer)
        if world.losses:
            late = () if message.answer is not None else (message._replace(listener=None),)
            lost = world._replace(
                wire=tuple(sorted((*rest, *late), key=_order)), losses=world.losses - 1
            )
            yield from self._answered(lost, message.listener, work, Outcome.IN_DOUBT)

    def _execute(self, world: World, rest: tuple[Message, ...], message: Message) -> World:
        entry = world.entries[message.push]
        if entry is None or entry.calls < message.epoch:
            raise Violation("I1 a call at the carrier without an earlier row")
        answer = world.remembered[message.push] if self.bounds.knows_request_ids else None
        if answer is None:
            answer = Outcome.ALREADY_CANCELLED if world.cancelled else Outcome.CANCELLED
        remembered = _put(world.remembered, message.push, answer)
        done = () if message.listener is None else (message._replace(answer=answer),)
        return world._replace(
            cancelled=True,
            remembered=remembered if self.bounds.knows_request_ids else world.remembered,
            wire=tuple(sorted((*rest, *done), key=_order)),
        )

    def _crash(self, world: World, at: int) -> World:
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
            wire=tuple(sorted(wire, key=_order)),
            crashes=world.crashes - 1,
        )
        return _with(world, at, Process())

    def _doubtful(self, world: World, entry: Row) -> bool:
        dead = entry.state is State.CALLING and entry.owner == "dead"
        return entry.state is State.IN_DOUBT or dead

    def _resolve(self, world: World, entry: Entry) -> World:
        world = _written(world, on_owner_died(_story(world, 0), key=entry.key))
        fact = Fact.CANCELLED if world.cancelled else Fact.ACTIVE
        return _written(world, self.rules.on_fact(_story(world, 0), found=entry, fact=fact))

    def _spoken(self, world: World, work: Work, outcome: Outcome | None) -> World:
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
        return world._replace(spoken=_put(world.spoken, push, outcome))

    def _as(self, world: World, at: int, work: Work, **changes: Any) -> World:
        process = world.processes[at]
        return _with(world, at, process._replace(work=work._replace(**changes)))

    def _end(self, world: World, at: int) -> Iterator[World]:
        process = world.processes[at]
        world = _with(world, at, process._replace(work=None, queue=process.queue[1:]))
        if process.queue:
            yield from self._open(world, at, Work(push=process.queue[0], phase="open"))
        else:
            yield world


def _sent(world: World, at: int, push: int, epoch: int) -> World:
    call = Message(push=push, epoch=epoch, answer=None, listener=at)
    world = world._replace(wire=tuple(sorted((*world.wire, call), key=_order)))
    if sum(message.listener is not None for message in world.wire) > 1:
        raise Violation("I2 two live calls for one waybill")
    return world


def _heard(world: World, work: Work) -> World:
    row = world.entries[work.push]
    zero = row is not None and row.told is Outcome.CANCELLED and work.waiting
    if not zero:
        return world
    return world._replace(zero_heard=_put(world.zero_heard, work.push, zero))


def _order(message: Message) -> tuple[int, int, str, int]:
    answer = "" if message.answer is None else message.answer.value
    listener = -1 if message.listener is None else message.listener
    return message.push, message.epoch, answer, listener


def _story(world: World, at: int, *, dead_by_clock: bool = False) -> Story:
    me = str(at)
    living = frozenset(map(str, range(len(world.processes))))
    return _tale(world.entries, me, frozenset({me}) if dead_by_clock else living)


def _written(world: World, change: Change[Any]) -> World:
    if not change.entries:
        return world
    entries = list(world.entries)
    for entry in change.entries:
        entries[KEYS.index(entry.key)] = Row(
            entry.state, entry.calls, entry.outcome, entry.told, entry.owner
        )
    return world._replace(entries=(entries[0], entries[1]))


@cache
def _entry(push: int, row: Row) -> Entry:
    return replace(FRESH[push], **row._asdict())


@cache
def _tale(entries: tuple[Row | None, Row | None], me: str, living: frozenset[str]) -> Story:
    told = tuple(_entry(k, row) for k, row in enumerate(entries) if row is not None)
    return Story(entries=told, me=me, living=living, now=0.0)


def _with(world: World, at: int, process: Process) -> World:
    processes = (*world.processes[:at], process, *world.processes[at + 1 :])
    return world._replace(processes=processes)


def _put(pair: tuple[T, T], push: int, value: T) -> tuple[T, T]:
    return (value, pair[1]) if push == 0 else (pair[0], value)


def _without(queue: tuple[int, ...], push: int) -> tuple[int, ...]:
    return tuple(waiting for waiting in queue if waiting != push)
