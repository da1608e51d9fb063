"""Cancel once, however often it is asked for: the one place that joins, waits and detaches.

Every delivery of one push in this process waits for the same *attempt*; attempts of one
waybill take turns. An attempt never ends because nobody waits any more: a call to the
carrier that was cut short would still have reached it.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from adapter.cancellation.asking import on_repeat, on_told_doubt
from adapter.cancellation.case import Limits
from adapter.cancellation.clerk import LOOKUP_SECONDS, Clerk
from adapter.cancellation.gate import Gate
from adapter.cancellation.identity import push_key
from adapter.cancellation.model import Answer, Cancellation, Outcome, Unsent, Waybill
from adapter.cancellation.ports import Carrier, Clock, Ledger, Watch

TELLING_SECONDS = 0.3  # beyond its budget that a delivery waits for a commit B under way


class Desk:
    """Whoever wants a waybill cancelled asks here, and only here."""

    def __init__(
        self,
        *,
        carrier: Carrier,
        ledger: Ledger,
        watch: Watch,
        clock: Clock,
        gate: Gate,
        limits: Limits,
    ) -> None:
        self._ledger = ledger
        self._watch = watch
        self._clerk = Clerk(
            carrier=carrier,
            ledger=ledger,
            watch=watch,
            clock=clock,
            gate=gate,
            limits=limits,
            pause=asyncio.sleep,
        )
        self._attempts: dict[str, Attempt] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._turns: dict[Waybill, Turn] = {}

    @property
    def in_flight(self) -> int:
        """How many pushes are being worked on, those that nobody waits for included."""
        return len(self._attempts)

    async def cancel(self, cancellation: Cancellation, *, within_seconds: float) -> Answer:
        """Answer one delivery within its budget (or at most `TELLING_SECONDS` later, when its
        outcome is just being written). Never raises: what cannot be answered is an answer
        too, and a call that outlives the budget runs on."""
        key = push_key(cancellation, identity_key=self._ledger.identity_key)
        attempt = self._attempts.get(key)
        if attempt is None:
            attempt = self._attempts[key] = Attempt(key=key, cancellation=cancellation)
            waiter = attempt.join(within_seconds=within_seconds)
            task = attempt.loop.create_task(self._work(attempt))
            self._tasks.add(task)
            task.add_done_callback(partial(self._finished, key))
        else:
            waiter = attempt.join(within_seconds=within_seconds)
            self._ledger.note(cancellation.waybill, partial(on_repeat, key=key))
        try:
            answer = await waiter
        except asyncio.CancelledError:
            attempt.leave(waiter)
            raise
        if answer.outcome is Outcome.IN_DOUBT:
            self._ledger.note(cancellation.waybill, partial(on_told_doubt, key=key))
        return answer

    def refuse(self, cancellation: Cancellation, *, reason: Unsent) -> Answer:
        """Answer without asking the carrier, and note it so that an operator can find it."""
        key = push_key(cancellation, identity_key=self._ledger.identity_key)
        return self._clerk.refuse(key, cancellation, reason=reason)

    async def drain(self, *, within_seconds: float) -> int:
        """Wait for what is being worked on; return how many pushes were not done in time.
        Those stay calling in the ledger and are in doubt once this process has ended."""
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=within_seconds)
        return len(self._attempts)

    async def _work(self, attempt: Attempt) -> None:
        waybill = attempt.cancellation.waybill
        turn = self._turns.get(waybill)
        if turn is None:
            turn = self._turns[waybill] = Turn()
        try:
            if await turn.take(attempt):
                try:
                    await self._clerk.handle(attempt)
                finally:
                    turn.leave()
            else:
                await self._clerk.look(attempt)
        finally:
            if turn.is_idle:
                self._turns.pop(waybill, None)
            del self._attempts[attempt.key]
            attempt.close()

    def _finished(self, key: str, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._watch.alert("defect", key=key, detail=type(error).__name__)
            task.get_loop().call_exception_handler(
                {"message": f"push {key} could not be worked on", "exception": error}
            )


@dataclass(slots=True, kw_only=True, eq=False)
class Attempt:
    """One push being worked on, and the deliveries that wait for its answer."""

    key: str
    cancellation: Cancellation
    asking: bool = False
    unreachable: bool = False
    calls: int = 0  # made so far
    # Looked up once: each time is a system call.
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)
    _until: float = 0.0
    _truth: Answer | None = None
    _answer: Answer | None = None
    _said: set[Outcome] = field(default_factory=set)
    _waiters: dict[asyncio.Future[Answer], asyncio.TimerHandle] = field(default_factory=dict)

    @property
    def awaited(self) -> bool:
        return bool(self._waiters)

    def left(self) -> float:
        if not self._waiters:
            return -1.0
        return self._until - self.loop.time()

    def join(self, *, within_seconds: float) -> asyncio.Future[Answer]:
        """Return a future that is answered within the given time, come what may."""
        waiter: asyncio.Future[Answer] = self.loop.create_future()
        if self._answer is not None:
            self._give(waiter, self._answer)
            return waiter
        until = self.loop.time() + within_seconds
        self._until = max(self._until, until)
        self._waiters[waiter] = self.loop.call_at(until, self._expire, waiter)
        return waiter

    def leave(self, waiter: asyncio.Future[Answer]) -> None:
        """A delivery whose connection has gone: it hears nothing, so it must not count as
        told. What is being written already says that it was told, and stays so."""
        timer = self._waiters.pop(waiter, None)
        if timer is not None:
            timer.cancel()

    def begin_telling(self, truth: Answer) -> bool:
        heard = bool(self._waiters) or truth.outcome in self._said
        self._truth = truth if heard else None
        return heard

    def say(self, answer: Answer) -> None:
        self._answer = answer
        waiters, self._waiters = self._waiters, {}
        for waiter, timer in waiters.items():
            timer.cancel()
            self._give(waiter, answer)

    def close(self) -> None:
        """End the attempt. Whoever still waits after a defect of ours learns the truth, if
        there is one, else that nobody knows."""
        if self._answer is None:
            self.say(self._truth or self._unknown())

    def _expire(self, waiter: asyncio.Future[Answer]) -> None:
        if self._truth is not None:
            # What is being written says that this delivery was told: so it must be.
            self._waiters[waiter] = self.loop.call_later(TELLING_SECONDS, self._tell, waiter)
            return
        del self._waiters[waiter]
        self._give(waiter, self._unknown())

    def _tell(self, waiter: asyncio.Future[Answer]) -> None:
        del self._waiters[waiter]
        self._give(waiter, self._truth or self._unknown())

    def _give(self, waiter: asyncio.Future[Answer], answer: Answer) -> None:
        if not waiter.done():  # else a delivery that is being cancelled at this moment
            self._said.add(answer.outcome)
            waiter.set_result(answer)

    def _unknown(self) -> Answer:
        if self.asking:
            return Answer(key=self.key, outcome=Outcome.IN_DOUBT, calls=self.calls)
        return Answer(key=self.key, outcome=Outcome.FAILED, unsent=Unsent.TURN_NOT_REACHED)


class Turn:
    """First come, first served, for the attempts of one waybill in this process."""

    __slots__ = ("_lock", "wanted")

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self.wanted = 0

    async def take(self, attempt: Attempt) -> bool:
        """Take the turn, or give up in time for a lookup before the last of those who wait
        gives up. Whoever took it must `leave`."""
        self.wanted += 1
        try:
            while (waiting := attempt.left() - LOOKUP_SECONDS) > 0 or not self._lock.locked():
                if not self._lock.locked():
                    await self._lock.acquire()
                    return True
                with suppress(TimeoutError):
                    async with asyncio.timeout(waiting):
                        await self._lock.acquire()
                        return True
            return False
        finally:
            self.wanted -= 1

    @property
    def is_idle(self) -> bool:
        """Whether nobody has it or wants it."""
        return not self.wanted and not self._lock.locked()

    def leave(self) -> None:
        """Let the next one take it."""
        self._lock.release()
