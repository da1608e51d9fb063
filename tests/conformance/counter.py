"""A state machine around the real desk and a real ledger: presses, losses, crashes, doubt.

Only the carrier and the people are played. Time is the loop's own and can be moved on, so
that a reply's budget ends without anybody sleeping.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import defaultdict
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from adapter.cancellation.desk import Desk
from adapter.cancellation.gate import Gate
from adapter.cancellation.model import (
    Answer,
    Cancellation,
    CarrierAnswer,
    Entry,
    Outcome,
    Waybill,
)
from adapter.cancellation.push_key import push_key
from adapter.ledger.open import open_ledger
from tests import defaults
from tests.cancellation.playing import (
    UNAVAILABLE,
    MachineClock,
    RememberingMetrics,
    press,
)
from tests.conformance.carrier_and_time import Asked, MovedLoop, PlayedCarrier
from tests.conformance.decisions import Session, read

T = TypeVar("T")

REPLY_SECONDS = 4.5
PRESSES = st.integers(min_value=1, max_value=3)
_waybills = itertools.count(1)


@dataclass(eq=False)
class Post:
    """One delivery of a push: who took it, and whether its process died over it."""

    nth: int
    replica: int
    task: asyncio.Task[Answer]
    crashed: bool = False
    judged: bool = False


class Counter(RuleBasedStateMachine):
    """One waybill, three presses, and whatever may happen to them."""

    url = ""
    replicas = 1
    knows_request_ids = False

    def __init__(self) -> None:
        super().__init__()
        self.loop = MovedLoop()
        self.waybill = Waybill(biz_id="xyz", waybill_id=f"{self.url[:6]}{next(_waybills)}")
        self.carrier = PlayedCarrier(
            expecting=self.expect_no_other_call, knows_request_ids=self.knows_request_ids
        )
        self.stacks: list[AsyncExitStack] = []
        self.ledgers: list[Session] = []
        self.desks: list[Desk] = []
        self.posts: list[Post] = []
        self.spoken: dict[int, set[Outcome]] = defaultdict(set)
        self.after_zero: dict[int, bool] = {}

    @initialize()
    def open(self) -> None:
        for replica in range(self.replicas):
            self._run(self._open(replica))

    @rule(nth=PRESSES, replica=st.integers(0, 1))
    def deliver(self, nth: int, replica: int) -> None:
        """WeChat delivers a push, for the first time or again, alone or beside another."""
        if nth not in self.after_zero:
            self.after_zero[nth] = self._zero_spoken_elsewhere(nth)
        self._run(self._deliver(nth, replica % self.replicas))

    @precondition(lambda self: self.carrier.calls)
    @rule(which=st.integers(0, 9))
    def execute_and_answer(self, which: int) -> None:
        """The carrier acts, and its answer arrives."""
        call = self._call(which)
        self._execute(call)
        assert call.executed is not None
        self._end(call, call.executed)

    @precondition(lambda self: self.carrier.calls)
    @rule(which=st.integers(0, 9))
    def execute_silently(self, which: int) -> None:
        """The carrier acts, and nobody hears of it yet, or ever."""
        self._execute(self._call(which))

    @precondition(lambda self: self.carrier.calls)
    @rule(which=st.integers(0, 9))
    def lose(self, which: int) -> None:
        """The connection breaks: the caller knows nothing, the call may be executed yet."""
        call = self._call(which)
        if not call.answer.done():
            self._run(self._answer(call, UNAVAILABLE))

    @rule(seconds=st.sampled_from((0.6, REPLY_SECONDS + 0.5)))
    def time_passes(self, seconds: float) -> None:
        """Pauses end; after a whole budget everybody who waits has been told -1."""
        self.loop.moved += seconds
        self._run(self._calm())

    @rule(replica=st.integers(0, 1))
    def crash(self, replica: int) -> None:
        """A process dies with all it holds; its calls are on the wire, its successor is up."""
        self._run(self._crash(replica % self.replicas))

    @invariant()
    def nobody_was_told_a_lie(self) -> None:
        for post in self.posts:
            if post.judged or not post.task.done() or post.crashed:
                continue
            post.judged = True
            outcome = post.task.result().outcome
            if outcome not in (Outcome.IN_DOUBT, Outcome.FAILED):
                self._judge(post, outcome)

    def teardown(self) -> None:
        for call in self.carrier.calls:
            call.answer.cancel()
        for replica in range(len(self.desks)):
            self._run(self._close(replica))
        self.loop.close()

    def expect_no_other_call(self, key: str) -> None:
        """I2, at the moment in which a call goes out."""
        live = [call for call in self.carrier.calls if not call.answer.done()]
        assert not live, f"I2 a second live call: {key} beside {live[0].key}"

    def _judge(self, post: Post, outcome: Outcome) -> None:
        nth, entries = post.nth, self._entries()
        mine = entries.get(self._key(nth))
        assert mine is not None, "I8 told without a row"
        assert mine.outcome is outcome, f"I8 told {outcome}, recorded {mine.outcome}"
        assert mine.told is outcome, f"I8 told {outcome}, recorded as told {mine.told}"
        self.spoken[nth].add(outcome)
        assert len(self.spoken[nth]) == 1, f"I3 press {nth} was told {self.spoken[nth]}"
        if outcome is Outcome.CANCELLED:
            assert self.carrier.cancelled, "I4 told 0 and not cancelled"
            assert not self.after_zero[nth], "I6 told 0 after 0 was told elsewhere"
        if outcome is Outcome.ALREADY_CANCELLED:
            told = self._zero_spoken_elsewhere(nth) or self._zero_lost_elsewhere(nth, entries)
            assert told, "I5 told 30003 for our own effect"

    def _zero_spoken_elsewhere(self, nth: int) -> bool:
        return any(
            other != nth and Outcome.CANCELLED in told for other, told in self.spoken.items()
        )

    def _zero_lost_elsewhere(self, nth: int, entries: dict[str, Entry]) -> bool:
        """A 0 on record as told, in a process that died while somebody waited for it."""
        for post in self.posts:
            entry = entries.get(self._key(post.nth))
            unheard = post.crashed or not post.task.done() or not post.judged
            on_record = entry is not None and entry.told is Outcome.CANCELLED
            if post.nth != nth and unheard and on_record:
                return True
        return False

    def _entries(self) -> dict[str, Entry]:
        view = self._run(self.ledgers[0].commit(self.waybill, read, within_seconds=9))
        return {entry.key: entry for entry in view.entries}

    def _wish(self, nth: int) -> Cancellation:
        return press(nth, waybill=self.waybill.waybill_id)

    def _key(self, nth: int) -> str:
        return push_key(self._wish(nth), identity_key=self.ledgers[0].identity_key)

    def _execute(self, call: Asked) -> None:
        """I1: by the time the carrier acts there is a row for every call of the push."""
        if call.executed is None:
            rows = self._entries().get(call.key)
            sent = sum(other.key == call.key for other in self.carrier.calls)
            assert rows is not None, "I1 a call without a row"
            assert rows.calls >= sent, f"I1 {sent} calls, the row knows of {rows.calls}"
            self.carrier.execute(call)

    def _call(self, which: int) -> Asked:
        return self.carrier.calls[which % len(self.carrier.calls)]

    def _end(self, call: Asked, answer: CarrierAnswer) -> None:
        if not call.answer.done():
            self._run(self._answer(call, answer))

    async def _answer(self, call: Asked, answer: CarrierAnswer) -> None:
        call.answer.set_result(answer)
        await self._calm()

    async def _deliver(self, nth: int, replica: int) -> None:
        cancelling = self.desks[replica].cancel(self._wish(nth), within_seconds=REPLY_SECONDS)
        post = Post(nth=nth, replica=replica, task=asyncio.ensure_future(cancelling))
        self.posts.append(post)
        await self._calm()

    async def _open(self, replica: int) -> None:
        stack = AsyncExitStack()
        ledger = await stack.enter_async_context(open_ledger(self.url))
        desk = Desk(
            carrier=self.carrier,
            ledger=ledger,
            metrics=RememberingMetrics(),
            clock=MachineClock(),
            gate=Gate(),
            limits=replace(defaults.DESK, commit_within_seconds=9.0),
        )
        if replica < len(self.desks):
            self.stacks[replica], self.ledgers[replica] = stack, ledger
            self.desks[replica] = desk
        else:
            self.stacks.append(stack)
            self.ledgers.append(ledger)
            self.desks.append(desk)

    async def _crash(self, replica: int) -> None:
        await self._close(replica)
        await self._open(replica)

    async def _close(self, replica: int) -> None:
        for post in self.posts:
            if post.replica == replica and not post.task.done():
                post.crashed = True
                post.task.cancel()
        work = tuple(self.desks[replica]._tasks)
        for task in work:
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)
        await self.stacks[replica].aclose()

    async def _calm(self) -> None:
        """Let everybody do what can be done without the carrier, the clock or a crash."""
        for _ in range(3):
            for ledger in self.ledgers:
                await ledger.commit(self.waybill, read, within_seconds=9)
            for _ in range(4):
                await asyncio.sleep(0)

    def _run(self, work: Coroutine[None, None, T]) -> T:
        return self.loop.run_until_complete(work)
