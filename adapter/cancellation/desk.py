"""Cancel once, however often it is asked for: the one place that joins, waits and detaches.

Every delivery of one push in this process waits for the same *attempt*; attempts of one
waybill run one after the other. An attempt never ends because nobody waits any more: a call to the
carrier that was cut short would still have reached it.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from functools import partial

from adapter.cancellation.attempt import OVERRUN_SECONDS, Attempt, WaybillLock
from adapter.cancellation.brake import Brake
from adapter.cancellation.errors import LedgerUnavailable
from adapter.cancellation.flow import CancellationFlow, DeskLimits
from adapter.cancellation.gate import Gate
from adapter.cancellation.model import Answer, Cancellation, Outcome, Unsent, Waybill
from adapter.cancellation.ports import Carrier, Clock, DecisionMetrics, Ledger
from adapter.cancellation.push_key import push_key
from adapter.cancellation.repeats import RetryBudget
from adapter.cancellation.replies import Replies
from adapter.cancellation.rules_ask import on_repeat, on_replied_doubt


class Desk:
    """Whoever wants a waybill cancelled asks here, and only here."""

    def __init__(
        self,
        *,
        carrier: Carrier,
        ledger: Ledger,
        metrics: DecisionMetrics,
        clock: Clock,
        gate: Gate,
        limits: DeskLimits,
        brake: Brake | None = None,
    ) -> None:
        self._ledger = ledger
        self._metrics = metrics
        self._budget = RetryBudget()
        self._replies = Replies(
            ledger=ledger,
            metrics=metrics,
            clock=clock,
            within_seconds=limits.commit_within_seconds,
            pause=asyncio.sleep,
        )
        self._flow = CancellationFlow(
            carrier=carrier,
            ledger=ledger,
            replies=self._replies,
            metrics=metrics,
            clock=clock,
            gate=gate,
            limits=limits,
            budget=self._budget,
            brake=brake,
            chance=random.random,  # noqa: S311 - spreads repeats in time, keeps no secret
        )
        self._attempts: dict[str, Attempt] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._locks: dict[Waybill, WaybillLock] = {}

    @property
    def in_flight(self) -> int:
        """How many pushes are being worked on, those that nobody waits for included."""
        return len(self._attempts)

    @property
    def retry_tokens(self) -> float:
        """What is left of this process's budget for asking the carrier again."""
        return self._budget.tokens

    async def cancel(
        self,
        cancellation: Cancellation,
        *,
        within_seconds: float,
        overrun_seconds: float = OVERRUN_SECONDS,
    ) -> Answer:
        """Answer one delivery within its budget, or at most `overrun_seconds` later, when its
        outcome is just being written: then it is given, written or not. Never raises: what
        cannot be answered is an answer too, and a call that outlives the budget runs on."""
        try:
            key = push_key(cancellation, identity_key=self._ledger.identity_key)
        except LedgerUnavailable:
            return self._replies.not_sent("", Unsent.LEDGER_UNAVAILABLE)
        attempt = self._attempts.get(key)
        if attempt is None:
            attempt = self._attempts[key] = Attempt(key=key, cancellation=cancellation)
            waiter = attempt.join(within_seconds=within_seconds, overrun_seconds=overrun_seconds)
            task = attempt.loop.create_task(self._work(attempt))
            self._tasks.add(task)
            task.add_done_callback(partial(self._finished, key))
        else:
            waiter = attempt.join(within_seconds=within_seconds, overrun_seconds=overrun_seconds)
            self._ledger.note(cancellation.waybill, partial(on_repeat, key=key))
        try:
            answer = await waiter
        except asyncio.CancelledError:
            attempt.leave(waiter)
            raise
        if answer.unsent is not None:
            answer = self._claiming_nothing(answer)
        if answer.outcome is Outcome.IN_DOUBT:
            self._ledger.note(cancellation.waybill, partial(on_replied_doubt, key=key))
        return answer

    def refuse(self, cancellation: Cancellation, *, reason: Unsent) -> Answer:
        """Answer without asking the carrier, and note it so that an operator can find it."""
        try:
            key = push_key(cancellation, identity_key=self._ledger.identity_key)
        except LedgerUnavailable:
            # Another replica may have sent it: only what no carrier could do is said of it.
            stays = reason is Unsent.REFUSED
            return self._replies.not_sent("", reason if stays else Unsent.LEDGER_UNAVAILABLE)
        return self._claiming_nothing(self._replies.refuse(key, cancellation, reason=reason))

    def _claiming_nothing(self, answer: Answer) -> Answer:
        """Nothing went out just now. A ledger that was rewound may have forgotten that the push
        was sent before, so that only *unknown* is true; but a push that cannot be sent at all
        never was."""
        if self._ledger.rewind.seen_at is None or answer.unsent is Unsent.REFUSED:
            return answer
        return replace(answer, outcome=Outcome.IN_DOUBT, unsent=None)

    async def drain(self, *, within_seconds: float) -> int:
        """Wait for what is being worked on; return how many pushes were not done in time.
        Those stay calling in the ledger and are in doubt once this process has ended."""
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=within_seconds)
        return len(self._attempts)

    async def _work(self, attempt: Attempt) -> None:
        waybill = attempt.cancellation.waybill
        lock = self._locks.get(waybill)
        if lock is None:
            lock = self._locks[waybill] = WaybillLock()
        try:
            if await lock.acquire(attempt):
                try:
                    await self._flow.handle(attempt)
                finally:
                    lock.release()
            else:
                await self._flow.look(attempt)
        finally:
            if lock.is_idle:
                self._locks.pop(waybill, None)
            del self._attempts[attempt.key]
            attempt.close()

    def _finished(self, key: str, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._metrics.alert("defect", key=key, detail=type(error).__name__)
            task.get_loop().call_exception_handler(
                {"message": f"push {key} could not be worked on", "exception": error}
            )
