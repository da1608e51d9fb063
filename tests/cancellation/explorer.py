"""An explicit-state model of one waybill: every order of deliveries, calls, losses and crashes.

The decisions are the product's own functions (or a mutant of them); only the world around
them, the carrier, the wire, the processes and the people who wait, is modelled here.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from adapter.cancellation.model import (
    Call,
    CarrierAnswer,
    Entry,
    Fact,
    Outcome,
    State,
)
from adapter.cancellation.ports import Write
from adapter.cancellation.rules_ask import (
    Ask,
    LookOnly,
    ReplyStored,
    Wait,
    on_ask_again,
    on_delivery,
    on_owner_died,
)
from adapter.cancellation.rules_settle import on_answer, on_fact, on_replied
from tests.cancellation.world import (
    FRESH,
    KEYS,
    Bounds,
    Message,
    Work,
    World,
    acted,
    beginning,
    crashed,
    entry_of,
    heard_zero,
    is_doubtful,
    order,
    put,
    sent,
    spoken,
    view_of,
    with_process,
    without,
    written,
)

UNAVAILABLE = CarrierAnswer(outcome=Outcome.IN_DOUBT, status="UNAVAILABLE", ask_again=True)


@dataclass(frozen=True, kw_only=True)
class Rules:
    """The decisions under test, and the order in which the desk carries them out."""

    on_delivery: Callable[..., Write[Any]] = on_delivery
    on_ask_again: Callable[..., Write[Any]] = on_ask_again
    on_answer: Callable[..., Write[Any]] = on_answer
    on_fact: Callable[..., Write[Any]] = on_fact
    on_replied: Callable[..., Write[None]] = on_replied
    dead_by_clock: bool = False
    calls_before_commit: bool = False
    replies_before_commit: bool = False
    joins: bool = True


def explore(rules: Rules, bounds: Bounds, *, most: int = 2_000_000) -> int:
    """Visit every reachable world once; return how many there are. Raises `Violation`, or
    `RuntimeError` when there are more than `most`: a bound that cuts proves nothing."""
    step = Steps(rules, bounds)
    gc.disable()  # worlds hold no cycles, and a collector would walk all of them again and again
    try:
        return _visit(step, beginning(bounds), most=most)
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
                gone = process._replace(queue=without(process.queue, push))
                yield self._looked_beside(with_process(world, at, gone), at, push)
            if world.crashes:
                yield crashed(world, at)
        for number, message in enumerate(world.wire):
            yield from self._wire(world, number, message)
        if self.bounds.lookup:
            for push, row in enumerate(world.entries):
                if row is not None and is_doubtful(row):
                    yield self._resolve(world, entry_of(push, row))

    def _deliver(self, world: World, at: int, push: int) -> Iterator[World]:
        zero_elsewhere = world.spoken[1 - push] is Outcome.CANCELLED
        first = not world.delivered[push]
        after_zero = put(world.after_zero, push, zero_elsewhere) if first else world.after_zero
        world = world._replace(
            deliveries=put(world.deliveries, push, world.deliveries[push] - 1),
            delivered=put(world.delivered, push, True),  # noqa: FBT003 - the new value
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
            yield with_process(world, at, process._replace(queue=(*process.queue, push)))

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
                change = self.rules.on_replied(view_of(world, at), key=KEYS[work.push])
                yield from self._say(written(world, change), at, work)

    def _open(self, world: World, at: int, work: Work) -> Iterator[World]:
        """Take the turn: commit A and the call, or what else the rules say."""
        view = view_of(world, at, dead_by_clock=self.rules.dead_by_clock)
        fresh = FRESH[work.push]
        for may_ask in (True, False) if self.bounds.lookup else (True,):
            change = self.rules.on_delivery(view, fresh=fresh, may_ask=may_ask)
            after = written(world, change)
            match change.result:
                case Ask(entry=entry):
                    if self.rules.calls_before_commit and world.crashes:
                        yield crashed(sent(world, at, work.push, entry.calls), at)
                    after = sent(after, at, work.push, entry.calls)
                    yield self._as(after, at, work, phase="calling", epoch=entry.calls)
                case ReplyStored(entry=entry) if entry.told is entry.outcome:
                    yield from self._say(after, at, work)
                case ReplyStored():
                    yield self._as(after, at, work, phase="telling")
                case LookOnly(entry=entry):
                    yield from self._look(after, at, work, entry)
                case Wait():
                    yield self._as(after, at, work, phase="open")

    def _look(self, world: World, at: int, work: Work, entry: Entry) -> Iterator[World]:
        fact = Fact.CANCELLED if world.cancelled else Fact.ACTIVE
        change = self.rules.on_fact(view_of(world, at), found=entry, fact=fact)
        world = written(world, change)
        if change.result.entry.state is State.DONE:
            yield self._as(world, at, work, phase="telling")
        else:
            yield from self._end(world, at)

    def _looked_beside(self, world: World, at: int, push: int) -> World:
        """A push that never got its turn: told what a lookup settles, else that nothing was
        done. The call that has the turn runs on."""
        if not (self.bounds.lookup and world.cancelled):
            return world
        change = self.rules.on_fact(view_of(world, at), found=FRESH[push], fact=Fact.CANCELLED)
        world = written(world, change)
        row = world.entries[push]
        if row is None or row.state is not State.DONE:
            return world
        world = written(world, self.rules.on_replied(view_of(world, at), key=KEYS[push]))
        work = Work(push=push, phase="telling")
        return spoken(heard_zero(world, work), work, row.outcome)

    def _answered(self, world: World, at: int, work: Work, answer: Outcome) -> Iterator[World]:
        """A call ended: call once more, or begin to settle what it said."""
        if work.waiting and answer is Outcome.IN_DOUBT and work.asks < self.bounds.asks - 1:
            yield from self._again(world, at, work)
        own_word = answer not in (Outcome.IN_DOUBT, Outcome.ALREADY_CANCELLED)
        awaited = work.waiting and own_word
        settling = self._as(world, at, work, phase="settling", answer=answer, awaited=awaited)
        if awaited and self.rules.replies_before_commit:
            settling = spoken(settling, work, answer)
        yield settling

    def _again(self, world: World, at: int, work: Work) -> Iterator[World]:
        call = Call(key=KEYS[work.push], epoch=work.epoch, sent_at=0.0)
        change = self.rules.on_ask_again(view_of(world, at), call=call, answer=UNAVAILABLE)
        if change.result is not None:
            epoch = work.epoch + 1
            after = sent(written(world, change), at, work.push, epoch)
            yield self._as(after, at, work, phase="calling", epoch=epoch, asks=work.asks + 1)

    def _settle(self, world: World, at: int, work: Work) -> Iterator[World]:
        call = Call(key=KEYS[work.push], epoch=work.epoch, sent_at=0.0)
        assert work.answer is not None
        answer = CarrierAnswer(outcome=work.answer, status="answer")
        view = view_of(world, at)
        change = self.rules.on_answer(view, call=call, answer=answer, awaited=work.awaited)
        after = written(world, change)
        entry = change.result.entry
        if entry.state is not State.DONE or not work.waiting:
            yield from self._end(after, at)
        elif entry.told is not entry.outcome:
            yield self._as(after, at, work, phase="telling")
        else:
            yield from self._say(after, at, work)

    def _say(self, world: World, at: int, work: Work) -> Iterator[World]:
        """The reply is durable: speak it, or die just before."""
        world = heard_zero(self._as(world, at, work), work)
        if world.crashes:
            yield crashed(world, at)
        row = world.entries[work.push]
        yield from self._end(spoken(world, work, row.outcome if row else None), at)

    def _wire(self, world: World, number: int, message: Message) -> Iterator[World]:
        rest = world.wire[:number] + world.wire[number + 1 :]
        if message.answer is None:
            yield acted(world, rest, message, knows_request_ids=self.bounds.knows_request_ids)
            if world.refusals and message.listener is not None:
                refused = message._replace(answer=Outcome.FAILED)
                wire = tuple(sorted((*rest, refused), key=order))
                yield world._replace(wire=wire, refusals=world.refusals - 1)
            if self.bounds.network_repeats_calls:
                # The answer is lost below us, and what gRPC repeats is answered instead.
                executed = acted(
                    world, rest, message, knows_request_ids=self.bounds.knows_request_ids
                )
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
                wire=tuple(sorted((*rest, *late), key=order)), losses=world.losses - 1
            )
            yield from self._answered(lost, message.listener, work, Outcome.IN_DOUBT)

    def _resolve(self, world: World, entry: Entry) -> World:
        world = written(world, on_owner_died(view_of(world, 0), key=entry.key))
        fact = Fact.CANCELLED if world.cancelled else Fact.ACTIVE
        return written(world, self.rules.on_fact(view_of(world, 0), found=entry, fact=fact))

    def _as(self, world: World, at: int, work: Work, **changes: Any) -> World:
        process = world.processes[at]
        return with_process(world, at, process._replace(work=work._replace(**changes)))

    def _end(self, world: World, at: int) -> Iterator[World]:
        process = world.processes[at]
        world = with_process(world, at, process._replace(work=None, queue=process.queue[1:]))
        if process.queue:
            yield from self._open(world, at, Work(push=process.queue[0], phase="open"))
        else:
            yield world
