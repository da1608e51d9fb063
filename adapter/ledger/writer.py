"""The writer: collects what many callers ask, commits it together, answers each.

While one transaction becomes durable the next one collects, so that a commit is shared by
whoever came meanwhile. There is one writer per session; it never runs two batches at once.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from adapter.cancellation.errors import LedgerUnavailable
from adapter.ledger.batch import Item
from adapter.ledger.errors import Poisoned, StoreFault, Unwritable

QUEUE_LIMIT = 4096  # commits waiting for the writer; more are refused at once
NOTES_LIMIT = 4096  # notes waiting for a batch to ride with; the oldest are dropped
BATCH_LIMIT = 192  # commits in one transaction
BATCH_NOTES_LIMIT = 64  # notes in one transaction, beside the commits
TICK_SECONDS = 0.2  # an idle store is probed this often, a busy one looked at
NOTES_TICKS = 5  # notes that found no batch to ride with are flushed every so many ticks
STUCK_SECONDS = 0.5  # a transaction that takes longer is a fault, though it may still end
RETRY_SECONDS = 0.1  # between two attempts at a store that failed

log = logging.getLogger(__name__)


class Store(Protocol):
    """One session at a database. The writer never calls it twice at a time."""

    async def execute(self, items: Sequence[Item]) -> None:
        """Run the items as one durable transaction. Raises `StoreFault` or `Poisoned`."""
        ...

    async def probe(self, *, writing: bool) -> None:
        """Find out whether a transaction could be written now. Raises `StoreFault`."""
        ...


class Writer:
    """Collects commits and notes, and has the store execute them in batches.

    `fault` is the store's present trouble, or nothing; `dropped_notes` only grows.
    `written` is called with every batch that became durable, `took` with the seconds of each
    transaction, whether it succeeded or not.
    """

    _loop: asyncio.AbstractEventLoop  # from `start` on

    def __init__(self, store: Store, *, written: Callable[[Sequence[Item]], None]) -> None:
        self.fault: str | None = None
        self.dropped_notes = 0
        self.took: Callable[[float], None] | None = None
        self._store = store
        self._written = written
        self._queue: deque[Item] = deque()
        self._notes: deque[Item] = deque(maxlen=NOTES_LIMIT)
        self._withdrawals: list[Item] = []
        self._wake = asyncio.Event()
        self._due = False  # a probe is
        self._flush = False  # notes need not wait for company any longer
        self._served = False  # a batch has proved the store sound since the last tick
        self._closing = False
        self._busy_since: float | None = None
        self._tasks: tuple[asyncio.Task[None], ...] = ()

    def start(self) -> None:
        """Begin to write; needs a running loop."""
        self._loop = loop = asyncio.get_running_loop()
        self._tasks = (loop.create_task(self._write()), loop.create_task(self._tick()))

    async def close(self, *, within_seconds: float) -> None:
        """Write what is queued and noted, as far as the time goes; refuse the rest."""
        self._closing = True
        self._flush = True
        self._wake.set()
        writing, ticking = self._tasks
        ticking.cancel()
        await asyncio.wait((writing,), timeout=within_seconds)
        writing.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for item in self._queue:
            _refuse(item, "closed")

    async def submit(self, item: Item, *, within_seconds: float) -> Any:
        """Queue the item and wait for it to be durable. Raises `LedgerUnavailable`."""
        if self._closing or within_seconds <= 0 or len(self._queue) >= QUEUE_LIMIT:
            raise LedgerUnavailable("closing" if self._closing else "no room or no time")
        item.future = self._loop.create_future()
        timer = self._loop.call_later(within_seconds, self._expire, item)
        self._queue.append(item)
        self._wake.set()
        try:
            return await item.future
        except asyncio.CancelledError:
            item.abandoned = True
            if item.future.done() and not item.future.cancelled():
                self._undo(item)  # durable already, and nobody to hear of it
            raise
        finally:
            timer.cancel()

    def note(self, item: Item) -> None:
        """Queue what nobody waits for; it rides with the next batch, or the next tick."""
        if len(self._notes) == NOTES_LIMIT:
            self.dropped_notes += 1
        self._notes.append(item)

    def _expire(self, item: Item) -> None:
        item.abandoned = True
        _refuse(item, self.fault or "not within the time given")

    async def _tick(self) -> None:
        loop = self._loop
        for tick in itertools.count(1):
            await asyncio.sleep(TICK_SECONDS)
            if self._busy_since is not None:
                if self.fault is None and loop.time() - self._busy_since > STUCK_SECONDS:
                    self.fault = "stuck"
                continue
            self._due, self._served = not self._served, False
            self._flush |= tick % NOTES_TICKS == 0
            self._wake.set()

    async def _write(self) -> None:
        loop = self._loop
        while True:
            await self._wake.wait()
            self._wake.clear()
            while batch := self._take():
                self._busy_since = loop.time()
                faulty = not await self._execute(batch)
                self._busy_since = None
                if faulty:
                    await asyncio.sleep(RETRY_SECONDS)
            if self._closing:
                return
            self._flush = False
            if self._due:
                self._due = False
                self._busy_since = loop.time()
                await self._probe()
                self._busy_since = None

    def _take(self) -> list[Item]:
        # Withdrawals go alone and first: nothing may be decided on what is to be undone.
        batch = self._withdrawals[:BATCH_LIMIT]
        if batch:
            return batch
        while self._queue and len(batch) < BATCH_LIMIT:
            item = self._queue.popleft()
            if not item.abandoned:
                batch.append(item)
        if batch or self._flush:
            riding = min(len(self._notes), BATCH_NOTES_LIMIT)
            batch.extend(self._notes.popleft() for _ in range(riding))
        return batch

    async def _execute(self, batch: list[Item]) -> bool:
        started = self._loop.time()
        try:
            try:
                await self._store.execute(batch)
            finally:
                if self.took is not None:
                    self.took(self._loop.time() - started)
        except StoreFault as fault:
            self._failed(batch, fault)
            return False
        except Poisoned as error:
            if len(batch) > 1:
                return await self._one_by_one(batch)
            _blame(batch[0], error)
        self.fault, self._served = None, True
        self._settle(batch)
        return True

    async def _one_by_one(self, batch: list[Item]) -> bool:
        """Find out whose values the database refuses; the others are written."""
        for position, item in enumerate(batch):
            item.reset()
            if not await self._execute([item]):
                self._requeue(batch[position + 1 :])
                return False
        return True

    def _settle(self, batch: list[Item]) -> None:
        for item in batch:
            if item.undoes:
                self._withdrawals.remove(item)
            if item.future is None:
                if item.error is not None:
                    log.error("unheard_decision_failed", exc_info=item.error)
            elif item.future.done():  # the caller was refused meanwhile, or has gone
                self._undo(item)
            elif item.error is not None:
                item.future.set_exception(item.error)
            else:
                item.future.set_result(item.result)
        self._written(batch)

    def _failed(self, batch: list[Item], fault: StoreFault) -> None:
        if self.fault != fault.word:
            log.warning("ledger_fault: %s", fault.word)
        self.fault = fault.word
        if not fault.landed:
            self._requeue(batch)
            return
        # Nobody knows whether it is written: run again, a decision would take its own
        # entry for a stranger's. So all are refused, and undone once the store is back.
        for item in batch:
            _refuse(item, fault.word)
            self._undo(item)

    def _requeue(self, batch: Sequence[Item]) -> None:
        for item in reversed(batch):
            item.reset()
            if item.undoes:
                continue  # still first in the list of withdrawals
            if item.future is not None:
                self._queue.appendleft(item)
            elif len(self._notes) < NOTES_LIMIT:
                self._notes.appendleft(item)
            else:
                self.dropped_notes += 1

    def _undo(self, item: Item) -> None:
        if item.wrote and item.withdraw is not None:
            self._withdrawals.append(Item(item.waybill, item.withdraw, undoes=True))
            self._wake.set()

    async def _probe(self) -> None:
        try:
            await self._store.probe(writing=self.fault is not None)
        except StoreFault as fault:
            if self.fault != fault.word:
                log.warning("ledger_fault: %s", fault.word)
            self.fault = fault.word
        else:
            self.fault = None


def _refuse(item: Item, why: str) -> None:
    if item.future is not None and not item.future.done():
        item.future.set_exception(LedgerUnavailable(why))


def _blame(item: Item, error: Poisoned) -> None:
    item.error = Unwritable(str(error))
    item.error.__cause__ = error
