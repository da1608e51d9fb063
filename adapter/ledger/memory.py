"""The ledger that forgets: for tests, property tests and `waybridge dev`."""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Iterator
from types import TracebackType
from typing import TypeVar

from adapter.cancellation.errors import LedgerUnavailable
from adapter.cancellation.model import Call, Entry, State, Waybill
from adapter.cancellation.ports import NO_REWIND, Rewind, Rule, WaybillView
from adapter.ledger.resolution import OURSELVES, Resolution, kept

T = TypeVar("T")
Interruption = Callable[[Waybill], Awaitable[None]]

IDENTITY_KEY = b"waybridge: nothing of it is kept"  # 32 bytes; keys need not outlive us

log = logging.getLogger(__name__)


class MemoryStore:
    """What several memory ledgers share, as replicas share a database."""

    def __init__(self) -> None:
        self.entries: dict[Waybill, dict[str, Entry]] = defaultdict(dict)
        self.unsettled: dict[str, Waybill] = {}  # what is calling or in doubt, by key
        self.calls: dict[tuple[str, int], Call] = {}
        self.resolutions: list[Resolution] = []
        self.counted = 0  # of the resolutions
        self.living: set[str] = set()
        self.rewind: Rewind = NO_REWIND
        self.sessions = itertools.count(1)
        self.waiting: dict[Waybill, set[asyncio.Event]] = defaultdict(set)

    def put(self, entry: Entry) -> None:
        """Write one entry, new or not."""
        self.entries[entry.waybill][entry.key] = entry
        if entry.state in (State.CALLING, State.IN_DOUBT):
            self.unsettled[entry.key] = entry.waybill
        else:
            self.unsettled.pop(entry.key, None)


class MemoryLedger:
    """One process's session at a memory store; deterministic, decisions run at once.

    Two of them on one `store` are two replicas; `close` (or leaving `async with`) is the
    death of one. `before` is awaited ahead of every commit and `after` between its write
    and its answer: a test makes the ledger fail or stall by raising or waiting there.
    """

    fault: str | None = None

    def __init__(
        self,
        *,
        store: MemoryStore | None = None,
        clock: Callable[[], float] = time.time,
        before: Interruption | None = None,
        after: Interruption | None = None,
    ) -> None:
        self.store = MemoryStore() if store is None else store
        self.me = str(next(self.store.sessions))
        self.before = before
        self.after = after
        self._clock = clock
        self._withdrawals: dict[Waybill, list[Rule[None]]] = defaultdict(list)
        self.store.living.add(self.me)

    async def __aenter__(self) -> MemoryLedger:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the session: whatever it has calling is from now on owned by the dead."""
        self.store.living.discard(self.me)

    @property
    def identity_key(self) -> bytes:
        """The same 32 bytes in every memory ledger."""
        return IDENTITY_KEY

    @property
    def rewind(self) -> Rewind:
        """See `adapter.cancellation.ports.Ledger.rewind`."""
        return self.store.rewind

    def measure(self, took: Callable[[float], None]) -> None:
        """Nothing here is a transaction: `took` is never told anything."""

    async def commit(
        self,
        waybill: Waybill,
        rule: Rule[T],
        *,
        within_seconds: float,
        withdraw: Rule[None] | None = None,
    ) -> T:
        """See `adapter.cancellation.ports.Ledger.commit`."""
        if self.before is None and self.after is None and within_seconds > 0:
            # Nothing here can take long, and a timeout costs as much as the rule.
            await asyncio.sleep(0)  # a durable ledger always lets others run first
            return self._write(waybill, rule)
        written = False
        try:
            async with asyncio.timeout(within_seconds):
                await asyncio.sleep(0)
                if self.before is not None:
                    await self.before(waybill)
                result = self._write(waybill, rule)
                written = True
                if self.after is not None:
                    await self.after(waybill)
        except TimeoutError as error:
            if written and withdraw is not None:
                self._withdrawals[waybill].append(withdraw)
            raise LedgerUnavailable("not within the time given") from error
        return result

    async def settle(
        self,
        waybill: Waybill,
        rule: Rule[T],
        *,
        resolution: Resolution,
        within_seconds: float,
    ) -> T:
        """Commit an operator's decision together with who took it and why."""
        result = await self.commit(waybill, rule, within_seconds=within_seconds)
        self.store.resolutions.append(resolution)
        return result

    def note(self, waybill: Waybill, rule: Rule[None]) -> None:
        """Write at once: memory has no better moment."""
        try:
            self._write(waybill, rule)
        except Exception:  # a note's decision is foreign code and nobody waits to be told
            log.exception("note_failed")

    async def changed(self, waybill: Waybill, *, within_seconds: float) -> None:
        """Return when any ledger on the store wrote about the waybill, or time is up."""
        event = asyncio.Event()
        self.store.waiting[waybill].add(event)
        try:
            async with asyncio.timeout(within_seconds):
                await event.wait()
        except TimeoutError:
            pass
        finally:
            self.store.waiting[waybill].discard(event)
            if not self.store.waiting[waybill]:
                del self.store.waiting[waybill]

    async def doubtful(self, *, limit: int) -> tuple[Entry, ...]:
        """See `adapter.cancellation.ports.Ledger.doubtful`."""
        store = self.store
        unsettled = (store.entries[waybill][key] for key, waybill in store.unsettled.items())
        found = (
            entry
            for entry in unsettled
            if entry.state is State.IN_DOUBT or entry.owner not in store.living
        )
        return tuple(sorted(found, key=_age)[:limit])

    async def settled_by_hand(self, *, limit: int) -> tuple[Entry, ...]:
        """See `adapter.cancellation.ports.Ledger.settled_by_hand`."""
        store = self.store
        fresh = store.resolutions[store.counted : store.counted + limit]
        store.counted += len(fresh)
        keys = {each.key for each in fresh if each.who != OURSELVES}
        rows = (entry for view in store.entries.values() for entry in view.values())
        return tuple(entry for entry in rows if entry.key in keys)

    def _calls(self, entries: Iterable[Entry]) -> Iterator[Call]:
        calls = self.store.calls
        for entry in entries:
            for epoch in range(1, entry.calls + 1):
                call = calls.get((entry.key, epoch))
                if call is not None:
                    yield call

    def _write(self, waybill: Waybill, rule: Rule[T]) -> T:
        for withdraw in self._withdrawals.pop(waybill, []):
            self._apply(waybill, withdraw)
        return self._apply(waybill, rule)

    def _apply(self, waybill: Waybill, rule: Rule[T]) -> T:
        entries = self.store.entries.get(waybill, {})
        write = rule(
            WaybillView(
                entries=tuple(sorted(entries.values(), key=_age)),
                me=self.me,
                living=frozenset(self.store.living),
                now=self._clock(),
                calls=tuple(self._calls(entries.values())),
                rewind=self.store.rewind,
            )
        )
        for entry in write.entries:
            if entry.waybill != waybill:
                raise ValueError("a decision may write only about its own waybill")
        for entry in write.entries:
            self.store.put(entry)
        self.store.calls.update(((call.key, call.epoch), call) for call in write.calls)
        self.store.resolutions.extend(map(kept, write.replaced))
        if write.entries or write.calls:
            for event in self.store.waiting.get(waybill, ()):
                event.set()
        return write.result


def _age(entry: Entry) -> tuple[float, str]:
    return entry.received_at, entry.key
