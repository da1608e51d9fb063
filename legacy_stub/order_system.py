"""The order system behind the wire: hears a wish, meets its faults, decides, remembers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from functools import partial

from adapter.carrier.mapping.values import Fact, Outcome, PushFields
from legacy_stub.calls import CallLog
from legacy_stub.faults import Fault, Proceed, StandingFault, StubAnswer
from legacy_stub.orders import ANSWERS, FACTS, Order, OrderBook
from legacy_stub.scenarios import NOBODY, Role, Scenario


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """How this carrier is: its orders, its scenario, whether it knows request ids, and the failed
    call (`CODE: text`) that says an outcome for which its contract has no reply."""

    book: OrderBook
    scenario: Scenario
    remembers_request_ids: bool = True
    failure_of: Callable[[Outcome], str] = lambda _: ""


class OrderSystem:
    """Answers wishes from one event loop, as the `Habits` and the standing faults have it.

    `now` gives Unix seconds for the log; `chance` draws from 0 to 1 for faults that are not
    certain.
    """

    def __init__(
        self,
        habits: Habits,
        *,
        log: CallLog,
        now: Callable[[], float],
        chance: Callable[[], float],
    ) -> None:
        self.log = log
        self._habits = habits
        self._now = now
        self._chance = chance
        self._standing: dict[str, StandingFault] = {}
        self._faults: tuple[Fault, ...] = ()
        self._running: dict[tuple[str, str], asyncio.Event] = {}
        self._detached: set[asyncio.Task[StubAnswer]] = set()
        self.set_faults(habits.scenario.faults)

    async def cancel(self, wish: PushFields) -> StubAnswer:
        """Answer one CancelWaybill. Cancelling the caller never cancels what it asked for."""
        role = self._role(wish)
        number = self.log.receive(
            waybill=wish.waybill_id or "",
            order=wish.order_id or "",
            request_id=wish.request_id or "",
            time=self._now(),
        )
        fault = role.fault_at(self.log.nth(number))
        faults = (fault, *self._faults) if fault else self._faults
        work = self._work(number, wish, role.order, faults)
        slow = self._faults or (role.order and role.order.takes_ms)
        # What never waits cannot be cut short, and a task less is a call cheaper.
        return await (self._detach(work) if slow else work)

    async def look_up(self, wish: PushFields) -> StubAnswer:
        """Say how the waybill stands. It is no call of the log; only standing faults meet it."""
        return await self._behind(self._faults, partial(self._state, wish))

    @property
    def standing_faults(self) -> tuple[StandingFault, ...]:
        return tuple(self._standing.values())

    def set_faults(self, faults: Iterable[StandingFault]) -> None:
        """Add standing faults; one of the same name is replaced."""
        self._stand({**self._standing, **{fault.name: fault for fault in faults}})

    def clear_faults(self, name: str = "") -> None:
        """Clear one standing fault, or all."""
        self._stand({k: v for k, v in self._standing.items() if name and k != name})

    def reset(self) -> None:
        """Be as new: no calls, nothing cancelled, the faults the scenario began with."""
        self.log.clear()
        self._stand({fault.name: fault for fault in self._habits.scenario.faults})

    async def close(self) -> None:
        """Give up what is still being worked on; it will not have happened."""
        for task in self._detached:
            task.cancel()
        await asyncio.gather(*self._detached, return_exceptions=True)

    def _stand(self, faults: dict[str, StandingFault]) -> None:
        self._standing = faults
        # The last one set stands outermost: built here once, not per call.
        self._faults = tuple(fault.fault(self._chance) for fault in faults.values())

    def _role(self, wish: PushFields) -> Role:
        if not self._habits.book.admits(wish):
            return NOBODY
        waybill_id = wish.waybill_id or ""
        role = self._habits.scenario.role(waybill_id)
        return role or Role(order=self._habits.book.orders.get(waybill_id))

    async def _work(
        self, number: int, wish: PushFields, order: Order | None, faults: Iterable[Fault]
    ) -> StubAnswer:
        answer = await self._behind(faults, partial(self._decide, wish, order))
        # No await stands between the decision and this line: nobody can decide in between.
        failure = ""
        if answer.outcome and not answer.failure and not answer.silent:
            failure = self._habits.failure_of(answer.outcome)
        self.log.settle(number, answer=answer.word, done=answer.done, failure=failure)
        return answer

    async def _decide(self, wish: PushFields, order: Order | None) -> StubAnswer:
        if order is None or not order.fits(wish):
            return StubAnswer(outcome=Outcome.NOT_FOUND)
        if order.takes_ms and self.log.cancelled_by(wish.waybill_id or "") is None:
            await self._take_time(wish, order)
        by = self.log.cancelled_by(wish.waybill_id or "")
        if by is None:
            outcome = ANSWERS[order.life]
            return StubAnswer(outcome=outcome, done=outcome is Outcome.CANCELLED)
        asked_again = self._habits.remembers_request_ids and by and by == wish.request_id
        return StubAnswer(outcome=Outcome.CANCELLED if asked_again else Outcome.ALREADY_CANCELLED)

    async def _take_time(self, wish: PushFields, order: Order) -> None:
        """Wait as long as the order takes, or, with a request id at work, until it is through.

        The one who waited for another wakes a step of the loop later: then the log says who
        cancelled the order.
        """
        joinable = self._habits.remembers_request_ids and wish.request_id
        key = (wish.waybill_id or "", wish.request_id or "")
        if joinable and (running := self._running.get(key)):
            await running.wait()
            return
        through = asyncio.Event()
        if joinable:
            self._running[key] = through
        try:
            await asyncio.sleep(order.takes_ms / 1000)
        finally:
            through.set()
            if self._running.get(key) is through:
                del self._running[key]

    async def _state(self, wish: PushFields) -> StubAnswer:
        order = self._role(wish).order
        if order is None or not order.fits(wish):
            return StubAnswer(fact=Fact.NOT_FOUND)
        cancelled = self.log.cancelled_by(wish.waybill_id or "") is not None
        return StubAnswer(fact=Fact.CANCELLED if cancelled else FACTS[order.life])

    async def _behind(self, faults: Iterable[Fault], proceed: Proceed) -> StubAnswer:
        for fault in faults:
            proceed = partial(fault.apply, proceed)
        return await proceed()

    async def _detach(self, work: Coroutine[None, None, StubAnswer]) -> StubAnswer:
        task = asyncio.create_task(work)
        self._detached.add(task)
        task.add_done_callback(self._detached.discard)
        return await asyncio.shield(task)
