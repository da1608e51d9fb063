"""What a process does for one waybill, step by step, as the desk and its flow do it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from adapter.cancellation.attempt import CERTAIN
from adapter.cancellation.evidence import NOES
from adapter.cancellation.model import FINAL, Outcome, State
from adapter.cancellation.rules_ask import Ask, LookFirst, LookOnly, Refused, ReplyStored, Wait
from adapter.cancellation.rules_settle import may_settle
from tests.cancellation import promises
from tests.cancellation.applied import Applied, Rules
from tests.cancellation.parcel import Bounds, Said, facts
from tests.cancellation.world import (
    LINKED,
    Message,
    Rows,
    Work,
    World,
    crashed,
    on_wire,
    put,
    seen,
    with_process,
    without,
)


class Working:
    """The steps of a process; each yields the worlds that it may lead to."""

    def __init__(self, rules: Rules, bounds: Bounds, applied: Applied) -> None:
        self.rules = rules
        self.bounds = bounds
        self.applied = applied

    def deliver(self, world: World, at: int, push: int) -> Iterator[World]:
        first = not world.delivered[push]
        zero = promises.is_zero_told(world, 1 - push)
        world = world._replace(
            deliveries=put(world.deliveries, push, world.deliveries[push] - 1),
            delivered=put(world.delivered, push, True),  # noqa: FBT003 - the new value
            after_zero=put(world.after_zero, push, zero) if first else world.after_zero,
        )
        process = world.processes[at]
        work = process.work
        if self.bounds.brake and not self.rules.brake_reads_first and work is None:
            yield self._minus_one(world, push, claims=True)
        if work is None:
            yield from self._open(world, at, Work(push=push, phase="open"))
        elif work.push == push and self.rules.joins:
            yield world if work.heard else self._as(world, at, work, waiting=True)
        elif push in process.queue or process.link != LINKED:
            yield world
        else:
            yield with_process(world, at, process._replace(queue=(*process.queue, push)))

    def proceed(self, world: World, at: int, work: Work) -> Iterator[World]:
        """The next step of the attempt that has the turn."""
        if world.processes[at].link != LINKED:
            yield from self._without_ledger(world, at, work)
            return
        match work.phase:
            case "open" | "first":  # a replica has the turn; or the lookup was asked
                yield from self._open(world, at, work)
                yield self._as(world, at, work, phase="looking")  # the budget is over
            case "calling" if work.waiting and self.bounds.must is None:
                yield self._unknown(world, at, work)
            case "doubt":
                yield from self._doubt(world, at, work)
            case "looked":
                yield from self._looked(world, at, work)
            case "settling":
                yield from self._overrun(world, at, work, work.said and work.said.outcome)
                yield from self._settle(world, at, work)
            case "looking":
                yield from self._look(world, at, work)
            case "found":
                yield from self._found(world, at, work)
            case "telling":
                row = world.rows[work.push]
                yield from self._overrun(world, at, work, row.outcome if row else None)
                yield from self._tell(world, at, work)

    def beside(self, world: World, at: int) -> Iterator[World]:
        """A push that never gets its turn: told what a lookup settles, else −1. The call that
        has the turn runs on."""
        process = world.processes[at]
        if process.link != LINKED:
            return
        if process.beside is not None:
            push, fact, calls = process.beside
            told = with_process(world, at, process._replace(beside=None))
            change = self.applied.fact(world.rows, at, push, fact, calls)
            told = self._written(told, change.rows, None)
            row = told.rows[push]
            if row is None or row.state is not State.DONE:
                yield self._minus_one(told, push)
                return
            work = Work(push=push, phase="telling")
            told = self._written(told, self.applied.replied(told.rows, at, push), work)
            yield self._heard(told, work)
            return
        for push in process.queue:
            gone = process._replace(queue=without(process.queue, push))
            for fact_read in self._facts(world):
                if fact_read is None:
                    yield self._minus_one(with_process(world, at, gone), push)
                else:
                    looked = gone._replace(beside=(push, fact_read, seen(world, push)))
                    yield with_process(world, at, looked)

    def answered(self, world: World, at: int, work: Work, said: Said) -> Iterator[World]:
        """A call ended: look and repeat after doubt, else begin to settle what it said."""
        in_doubt = said.outcome is Outcome.IN_DOUBT
        phase = "doubt" if in_doubt else "settling"
        if self.rules.replies_before_commit and not in_doubt and work.waiting:
            world = self._said(world, work.push, said.outcome)
        yield self._as(world, at, work, phase=phase, said=said)

    def _open(self, world: World, at: int, work: Work) -> Iterator[World]:
        """Take the turn: commit A and the call, or what else the rules say."""
        if world.processes[at].link != LINKED:
            yield from self._end(self._minus_one(world, work.push), at)
            return
        asks = (True, False) if self.bounds.lookup and self.bounds.must is None else (True,)
        for ask in asks:
            for braked in (False, True) if self.bounds.brake and ask else (False,):
                yield from self._opened(world, at, work, ask=ask, braked=braked)

    def _opened(
        self, world: World, at: int, work: Work, *, ask: bool, braked: bool
    ) -> Iterator[World]:
        looked = work.phase == "first"
        change = self.applied.delivery(
            world.rows, at, work.push, ask=ask, braked=braked, looked=looked
        )
        after = self._written(world, change.rows, work)
        match change.result:
            case Ask(entry=entry, alone=alone):
                if self.rules.calls_before_commit and world.crashes:
                    yield crashed(self._sent(world, at, work.push, entry.calls), at)
                after = self._sent(after, at, work.push, entry.calls)
                yield self._as(after, at, work, phase="calling", epoch=entry.calls, alone=alone)
            case ReplyStored(entry=entry) if entry.told is entry.outcome:
                yield from self._say(after, at, work)
            case ReplyStored():
                yield self._as(after, at, work, phase="telling")
            case LookOnly():
                yield self._as(after, at, work, phase="looking")
            case LookFirst():
                for fact in self._facts(after):
                    found = "first" if fact is None else "found"
                    calls = seen(after, work.push)
                    yield self._as(after, at, work, phase=found, fact=fact, seen=calls)
                yield self._as(after, at, work, phase="first")
            case Refused():
                yield from self._end(self._minus_one(after, work.push, claims=True), at)
            case Wait():
                yield self._as(after, at, work, phase="open")

    def _doubt(self, world: World, at: int, work: Work) -> Iterator[World]:
        """A call has left doubt: look first, if somebody waits."""
        if work.waiting and self.bounds.lookup and self.rules.looks_first:
            for fact in self._facts(world):
                yield self._as(world, at, work, phase="looked", fact=fact)
        else:
            yield from self._unsettled(world, at, work)

    def _looked(self, world: World, at: int, work: Work) -> Iterator[World]:
        """What the lookup says is written together with the call's end."""
        assert work.said is not None
        if work.fact is None or not may_settle(
            work.fact, work.said.answer, traits=self.bounds.traits
        ):
            yield from self._unsettled(world, at, work)
            return
        change = self.applied.answer(world.rows, at, work, awaited=False, fact=work.fact)
        yield from self._settled(self._written(world, change.rows, work), at, work)

    def _unsettled(self, world: World, at: int, work: Work) -> Iterator[World]:
        """Call once more, if there is time and the rules allow it; else settle the doubt."""
        if work.waiting:
            change = self.applied.ask_again(world.rows, at, work)
            if change.result is not None:
                again = self._written(world, change.rows, work)
                again = self._sent(again, at, work.push, work.epoch + 1)
                following = work._replace(epoch=work.epoch + 1, alone=False, said=None, fact=None)
                yield self._as(again, at, following, phase="calling")
        yield self._as(world, at, work, phase="settling")

    def _settle(self, world: World, at: int, work: Work) -> Iterator[World]:
        assert work.said is not None
        outcome = work.said.outcome
        awaited = self._is_certain(work) and (work.waiting or work.heard is outcome)
        change = self.applied.answer(world.rows, at, work, awaited=awaited)
        after = self._written(world, change.rows, work)
        if change.result.entry.state is not State.DONE and outcome is not Outcome.IN_DOUBT:
            yield self._as(after, at, work, phase="looking", alone=False)
        else:
            yield from self._settled(after, at, work)

    def _settled(self, world: World, at: int, work: Work) -> Iterator[World]:
        """An answer is written: say the decision, or −1."""
        row = world.rows[work.push]
        if row is None or row.state is not State.DONE:
            ended = self._minus_one(world, work.push) if work.waiting else world
            yield from self._end(ended, at)
        elif not work.waiting:
            yield from self._end(world, at)
        elif row.told is not row.outcome:
            yield self._as(world, at, work, phase="telling")
        else:
            yield from self._say(world, at, work)

    def _look(self, world: World, at: int, work: Work) -> Iterator[World]:
        for fact in self._facts(world) if work.waiting else (None,):
            if fact is None:
                yield from self._settled(world, at, work)
            else:
                yield self._as(
                    world, at, work, phase="found", fact=fact, seen=seen(world, work.push)
                )

    def _found(self, world: World, at: int, work: Work) -> Iterator[World]:
        assert work.fact is not None
        change = self.applied.fact(world.rows, at, work.push, work.fact, work.seen)
        yield from self._settled(self._written(world, change.rows, work), at, work)

    def _tell(self, world: World, at: int, work: Work) -> Iterator[World]:
        if not work.waiting and work.heard is None:
            yield from self._end(world, at)
            return
        rows = self.applied.replied(world.rows, at, work.push)
        yield from self._say(self._written(world, rows, work), at, work)

    def _say(self, world: World, at: int, work: Work) -> Iterator[World]:
        """The reply is durable: speak it, or die just before."""
        row = world.rows[work.push]
        if row is not None and row.told is Outcome.CANCELLED and work.waiting:
            world = world._replace(zero_heard=put(world.zero_heard, work.push, True))  # noqa: FBT003
        if world.crashes:
            yield crashed(world, at)
        yield from self._end(self._heard(world, work) if work.waiting else world, at)

    def _overrun(
        self, world: World, at: int, work: Work, outcome: Outcome | None
    ) -> Iterator[World]:
        """Time is up while something is being written: it is given, durable or not."""
        known = work.phase == "telling" or self._is_certain(work)
        if not world.overruns or not work.waiting or outcome is None:
            return
        world = world._replace(overruns=world.overruns - 1)
        if not known:
            yield self._unknown(world, at, work)
        elif self.rules.edge_speaks or self.rules.takes_told_back:
            yield from self._edge_spoke(world, at, work)
        else:
            said = self._from_memory(world, work.push, outcome)
            yield self._as(said, at, work, waiting=False, heard=outcome)

    def _edge_spoke(self, world: World, at: int, work: Work) -> Iterator[World]:
        """Mutants: the row says told, and −1 goes out; told is taken back afterwards, or not."""
        change = self.applied.answer(world.rows, at, work, awaited=True)
        after = self._written(world, change.rows, work)
        row = after.rows[work.push]
        if self.rules.edge_speaks or row is None:
            yield from self._end(self._minus_one(after, work.push, claims=True), at)
        else:
            yield self._as(after, at, work, waiting=False, phase="taking back")
            back = put(after.rows, work.push, row._replace(told=None))
            yield from self._end(self._written(after, back, work), at)

    def _without_ledger(self, world: World, at: int, work: Work) -> Iterator[World]:
        """Nothing can be written: what is certain is told from memory, else −1."""
        if not work.waiting:
            return
        outcome = work.said.outcome if work.said is not None else None
        if work.phase in ("open", "first", "looking", "found"):
            yield from self._end(self._minus_one(world, work.push), at)
        elif work.phase in ("settling", "looked", "doubt") and outcome is not None:
            if self.rules.looks_before_writing and work.fact in FINAL:
                assert work.fact is not None
                outcome = Outcome(work.fact.value)
            certain = outcome is not Outcome.IN_DOUBT and (
                self.rules.looks_before_writing or self.rules.tells_from_memory(outcome)
            )
            if certain:
                told = self._from_memory(world, work.push, outcome)
                yield self._as(told, at, work, waiting=False, heard=outcome, phase="settling")
                return
            if outcome is Outcome.IN_DOUBT and not self.rules.keeps_doubt:
                yield self._dropped(self._minus_one(world, work.push), at)
                return
            phase = "settling" if work.phase != "settling" else work.phase
            yield self._as(self._minus_one(world, work.push), at, work, waiting=False, phase=phase)
        elif work.phase == "telling":
            row = world.rows[work.push]
            if row is not None and row.outcome is not None:
                told = self._from_memory(world, work.push, row.outcome)
                yield self._as(told, at, work, waiting=False, heard=row.outcome)
        else:
            yield self._unknown(world, at, work)

    def _dropped(self, world: World, at: int) -> World:
        process = world.processes[at]
        return with_process(world, at, process._replace(work=None, queue=()))

    def _is_certain(self, work: Work) -> bool:
        said = work.said
        return said is not None and (
            said.outcome in CERTAIN or (work.alone and said.outcome in NOES)
        )

    def _facts(self, world: World) -> tuple[Any, ...]:
        if not self.bounds.lookup:
            return (None,)
        return facts(world.parcel, world.before, self.bounds)

    def _written(self, world: World, rows: Rows, work: Work | None) -> World:
        if rows is world.rows:
            return world
        promises.on_write(world, rows, work, bounds=self.bounds)
        return world._replace(rows=rows)

    def _sent(self, world: World, at: int, push: int, epoch: int) -> World:
        call = Message(push=push, epoch=epoch, answer=None, listener=at)
        world = world._replace(wire=on_wire((*world.wire, call)))
        promises.on_send(world, push, bounds=self.bounds)
        return world

    def _unknown(self, world: World, at: int, work: Work) -> World:
        return self._as(self._minus_one(world, work.push), at, work, waiting=False)

    def _minus_one(self, world: World, push: int, *, claims: bool = False) -> World:
        return promises.minus_one(world, push, bounds=self.bounds, claims=claims)

    def _heard(self, world: World, work: Work) -> World:
        row = world.rows[work.push]
        assert row is not None
        assert row.outcome is not None
        return self._said(world, work.push, row.outcome)

    def _from_memory(self, world: World, push: int, outcome: Outcome) -> World:
        told = put(world.from_memory, push, True)  # noqa: FBT003 - the new value
        return self._said(world._replace(from_memory=told), push, outcome)

    def _said(self, world: World, push: int, outcome: Outcome) -> World:
        return promises.said(world, push, outcome, bounds=self.bounds)

    def _as(self, world: World, at: int, work: Work, **changes: Any) -> World:
        process = world.processes[at]
        return with_process(world, at, process._replace(work=work._replace(**changes)))

    def _end(self, world: World, at: int) -> Iterator[World]:
        process = world.processes[at]
        world = with_process(world, at, process._replace(work=None, queue=process.queue[1:]))
        promises.on_idle(world, at, bounds=self.bounds)
        if process.queue:
            yield from self._open(world, at, Work(push=process.queue[0], phase="open"))
        else:
            yield world
