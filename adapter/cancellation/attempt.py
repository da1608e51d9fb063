"""One push being worked on: who waits for its answer, and the lock of its waybill."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field

from adapter.cancellation.evidence import NOES
from adapter.cancellation.model import (
    Answer,
    Cancellation,
    CarrierAnswer,
    Entry,
    Outcome,
    Unsent,
)

LOOKUP_SECONDS = 0.8  # kept back from a wait for the lock, so that a lookup fits
OVERRUN_SECONDS = 0.3  # beyond its budget that a delivery waits for a commit B under way

CERTAIN = frozenset({Outcome.CANCELLED, Outcome.PICKED_UP, Outcome.UNSUPPORTED})
"""What the carrier's word decides, whatever else the ledger holds."""


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
    _replied: set[Outcome] = field(default_factory=set)
    _waiters: dict[asyncio.Future[Answer], asyncio.TimerHandle] = field(default_factory=dict)

    @property
    def awaited(self) -> bool:
        """Whether anybody still waits."""
        return bool(self._waiters)

    def left(self) -> float:
        """Seconds until the last of those who wait gives up; negative when nobody does."""
        if not self._waiters:
            return -1.0
        return self._until - self.loop.time()

    def join(
        self, *, within_seconds: float, overrun_seconds: float = OVERRUN_SECONDS
    ) -> asyncio.Future[Answer]:
        """Return a future that is answered within the given time, come what may; at most
        `overrun_seconds` later where its answer is being written just then."""
        waiter: asyncio.Future[Answer] = self.loop.create_future()
        if self._answer is not None:
            self._give(waiter, self._answer)
            return waiter
        until = self.loop.time() + within_seconds
        self._until = max(self._until, until)
        self._waiters[waiter] = self.loop.call_at(
            until, self._expire, waiter, until + overrun_seconds
        )
        return waiter

    def leave(self, waiter: asyncio.Future[Answer]) -> None:
        """A delivery whose connection has gone: it hears nothing, so it must not count as
        told. What is being written already says that it was told, and stays so."""
        timer = self._waiters.pop(waiter, None)
        if timer is not None:
            timer.cancel()

    def begin_reply(self, truth: Answer) -> bool:
        """From now on whoever waits is told `truth`, come what may, until `reply` or
        `withhold`; false: nobody waits, and nobody was told it before. What it returns must be
        written before `reply`."""
        awaited = bool(self._waiters) or truth.outcome in self._replied
        self._truth = truth if awaited else None
        return awaited

    def withhold(self) -> None:
        """Nothing is being written that anybody may be told."""
        self._truth = None

    def reply(self, answer: Answer) -> None:
        """Answer everybody who waits, and whoever joins from now on."""
        self._answer = answer
        waiters, self._waiters = self._waiters, {}
        for waiter, timer in waiters.items():
            timer.cancel()
            self._give(waiter, answer)

    def close(self) -> None:
        """End the attempt. Whoever still waits after a defect of ours learns the truth, if
        there is one, else that nobody knows."""
        if self._answer is None:
            self.reply(self._truth or self._unknown())

    def _expire(self, waiter: asyncio.Future[Answer], latest: float) -> None:
        if self._truth is not None:
            # What is being written says that this delivery was told: so it must be. Counted
            # from its budget's end: a loop that stood still meanwhile has no time to give.
            self._waiters[waiter] = self.loop.call_at(latest, self._give_truth, waiter)
            return
        del self._waiters[waiter]
        self._give(waiter, self._unknown())

    def _give_truth(self, waiter: asyncio.Future[Answer]) -> None:
        del self._waiters[waiter]
        self._give(waiter, self._truth or self._unknown())

    def _give(self, waiter: asyncio.Future[Answer], answer: Answer) -> None:
        if not waiter.done():  # else a delivery that is being cancelled at this moment
            self._replied.add(answer.outcome)
            waiter.set_result(answer)

    def _unknown(self) -> Answer:
        if self.asking:
            return Answer(key=self.key, outcome=Outcome.IN_DOUBT, calls=self.calls)
        return Answer(key=self.key, outcome=Outcome.FAILED, unsent=Unsent.TURN_NOT_REACHED)


class WaybillLock:
    """First come, first served, for the attempts of one waybill in this process."""

    __slots__ = ("_lock", "wanted")

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self.wanted = 0

    async def acquire(self, attempt: Attempt) -> bool:
        """Take the lock, or give up in time for a lookup before the last of those who wait
        gives up. Whoever took it must `release`."""
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

    def release(self) -> None:
        """Let the next one take it."""
        self._lock.release()


def stored(entry: Entry, *, repeated: bool) -> Answer:
    """Return what an entry says, as far as it is decided."""
    return Answer(
        key=entry.key,
        outcome=entry.outcome or Outcome.IN_DOUBT,
        message=entry.message,
        basis=entry.basis,
        calls=entry.calls,
        repeated=repeated,
    )


def from_memory(entry: Entry, answer: CarrierAnswer) -> Answer:
    """Return what may be said without the ledger. Only the carrier's *cancelled* is certain: of
    any other word another replica may hear a different one for the same push."""
    certain = answer.outcome is Outcome.CANCELLED
    return Answer(
        key=entry.key,
        outcome=Outcome.CANCELLED if certain else Outcome.IN_DOUBT,
        message=answer.message if certain else "",
        calls=entry.calls,
    )


def being_written(entry: Entry, answer: CarrierAnswer, *, alone: bool) -> Answer | None:
    """Return what commit B of `answer` will say; nothing where only a rule can tell. `alone`:
    no other call is open whose echo a "no" could be."""
    if answer.outcome not in CERTAIN and not (alone and answer.outcome in NOES):
        return None
    return Answer(key=entry.key, outcome=answer.outcome, message=answer.message, calls=entry.calls)
