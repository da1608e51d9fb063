"""An explicit-state model of one waybill: every order of deliveries, calls, losses and crashes.

The decisions are the product's own functions (or a mutant of them); only the world around
them, the carrier, the wire, the processes and the people who wait, is modelled here.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator

from adapter.cancellation.model import Outcome
from tests.cancellation import promises
from tests.cancellation.applied import Applied, Rules
from tests.cancellation.parcel import LOST, Bounds, Parcel, Said, cancels, facts, moved, said_by
from tests.cancellation.working import Working
from tests.cancellation.world import (
    CUT,
    EXPIRED,
    LINKED,
    Message,
    Process,
    World,
    beginning,
    crashed,
    is_doubtful,
    on_wire,
    orphaned,
    put,
    seen,
    with_process,
)


def explore(rules: Rules, bounds: Bounds, *, most: int = 3_000_000) -> int:
    """Visit every reachable world once; return how many there are. Raises `Violation`, or
    `RuntimeError` when there are more than `most`: a bound that cuts proves nothing."""
    steps = Steps(rules, bounds)
    gc.disable()  # worlds hold no cycles, and a collector would walk all of them again and again
    try:
        return _visit(steps, beginning(bounds), most=most)
    finally:
        gc.enable()


def _visit(steps: Steps, start: World, *, most: int) -> int:
    seen, frontier = {start}, [start]
    while frontier:
        for following in steps.following(frontier.pop()):
            if following not in seen:
                seen.add(following)
                frontier.append(following)
        if len(seen) > most:
            raise RuntimeError(f"more than {most} worlds")
    return len(seen)


class Steps:
    """All that can happen next in a world."""

    def __init__(self, rules: Rules, bounds: Bounds) -> None:
        self.bounds = bounds
        self.applied = Applied(rules, bounds)
        self.working = Working(rules, bounds, self.applied)

    def following(self, world: World) -> Iterator[World]:
        for at, process in enumerate(world.processes):
            for push in (0, 1):
                if world.deliveries[push]:
                    yield from self.working.deliver(world, at, push)
            if process.work is not None:
                yield from self.working.proceed(world, at, process.work)
            yield from self.working.beside(world, at)
            if world.crashes:
                yield crashed(world, at)
            yield from self._link(world, at, process)
        for number, message in enumerate(world.wire):
            yield from self._wire(world, number, message)
        for parcel in moved(world.parcel, self.bounds):
            yield world._replace(parcel=parcel, before=world.parcel)
        if self.bounds.lookup:
            yield from self._resolve(world)

    def _link(self, world: World, at: int, process: Process) -> Iterator[World]:
        """A replica is cut from its ledger: its lock lives on and it heals, or it expires first."""
        if process.link == LINKED and world.cuts:
            cut = world._replace(cuts=world.cuts - 1)
            yield with_process(cut, at, process._replace(link=CUT))
        elif process.link == CUT:
            wire = tuple(
                message._replace(counts=False) if message.listener == at else message
                for message in world.wire
            )
            gone = world._replace(rows=orphaned(world.rows, at), wire=wire)
            yield with_process(gone, at, process._replace(link=EXPIRED))
            if process.work is None:
                promises.on_idle(world, at, bounds=self.bounds)
            yield with_process(world, at, process._replace(link=LINKED))
        elif process.link == EXPIRED:
            yield with_process(world, at, process._replace(link=LINKED))

    def _wire(self, world: World, number: int, message: Message) -> Iterator[World]:
        rest = world.wire[:number] + world.wire[number + 1 :]
        if message.answer is None:
            for executed in self._acted(world, rest, message):
                yield executed
                if self.bounds.network_repeats_calls:
                    # The answer is lost below us, and what gRPC repeats is answered instead.
                    yield executed._replace(wire=world.wire)
            if world.refusals and message.listener is not None:
                refused = message._replace(answer=Said(Outcome.FAILED))
                yield world._replace(wire=on_wire((*rest, refused)), refusals=world.refusals - 1)
        if message.listener is None:
            return
        work = world.processes[message.listener].work
        assert work is not None
        heard = world._replace(wire=rest)
        if message.answer is not None:
            yield from self.working.answered(heard, message.listener, work, message.answer)
        if world.losses:
            late = () if message.answer is not None else (message._replace(listener=None),)
            lost = world._replace(wire=on_wire((*rest, *late)), losses=world.losses - 1)
            yield from self.working.answered(lost, message.listener, work, LOST)

    def _acted(self, world: World, rest: tuple[Message, ...], message: Message) -> Iterator[World]:
        """The carrier acts on the message, which is on the wire no longer than `rest`."""
        promises.on_arrival(world, message, bounds=self.bounds)
        push = message.push
        remembered = world.remembered[push] if self.bounds.knows_request_ids else None
        for answer in (remembered,) if remembered else said_by(world.parcel, self.bounds):
            after = world
            if remembered is None and cancels(world.parcel, self.bounds):
                promises.on_effect(world, push, bounds=self.bounds)
                after = self._cancelled(world, push)
            if self.bounds.knows_request_ids:
                after = after._replace(remembered=put(after.remembered, push, answer))
            done = () if message.listener is None else (message._replace(answer=answer),)
            yield after._replace(wire=on_wire((*rest, *done)))

    def _cancelled(self, world: World, push: int) -> World:
        return world._replace(
            parcel=Parcel.CANCELLED,
            before=world.parcel,
            effect=put(world.effect, push, True),  # noqa: FBT003 - the new value
        )

    def _resolve(self, world: World) -> Iterator[World]:
        """Doubt is looked up behind the scenes: read in one step, written in another."""
        at = next((n for n, each in enumerate(world.processes) if each.link == LINKED), None)
        if at is None:
            return
        if world.resolving is not None:
            push, fact, calls = world.resolving
            rows = self.applied.owner_died(world.rows, at, push)
            change = self.applied.fact(rows, at, push, fact, calls)
            promises.on_write(world, change.rows, None, bounds=self.bounds)
            yield world._replace(rows=change.rows, resolving=None)
            return
        for push, row in enumerate(world.rows):
            if row is not None and is_doubtful(row):
                for read in facts(world.parcel, world.before, self.bounds):
                    if read is not None:
                        yield world._replace(resolving=(push, read, seen(world, push)))
