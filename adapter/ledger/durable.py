"""The durable ledger: a writer over a session at SQLite or PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType
from typing import Protocol, TypeVar, cast

from adapter.cancellation.errors import LedgerUnavailable
from adapter.cancellation.model import Entry, Waybill
from adapter.cancellation.ports import Rewind, Rule
from adapter.ledger.batch import Item
from adapter.ledger.errors import StoreFault
from adapter.ledger.resolution import Resolution
from adapter.ledger.waiting import Waiting, number_of
from adapter.ledger.writer import Store, Writer

T = TypeVar("T")

POLL_SECONDS = 0.2  # a waiting caller looks again this often without a notification
CLOSE_SECONDS = 2.0  # for what is queued when the ledger is closed
READ_SECONDS = 2.0  # for a reading between two batches


class Identity(Protocol):
    """Who we are at the ledger."""

    @property
    def me(self) -> str: ...

    @property
    def identity_key(self) -> bytes: ...

    @property
    def rewind(self) -> Rewind: ...


class DurableStore(Store, Protocol):
    """A store that can be opened and read."""

    @property
    def session(self) -> Identity: ...

    async def open(self, *, may_be_away: bool) -> str | None: ...

    async def close(self) -> None: ...

    async def doubtful(self, *, limit: int) -> tuple[Entry, ...]: ...

    async def settled_by_hand(self, *, limit: int) -> tuple[Entry, ...]: ...


class DurableLedger:
    """See `adapter.cancellation.ports.Ledger`; open it with `async with`.

    `may_be_away`: a database that does not answer now is waited for, with a `fault` meanwhile.
    """

    def __init__(self, store: DurableStore, *, waiting: Waiting, may_be_away: bool = False) -> None:
        self._store = store
        self._may_be_away = may_be_away
        self._waiting = waiting
        self._writer = Writer(store, written=self._wake)

    async def __aenter__(self) -> DurableLedger:
        self._writer.fault = await self._store.open(may_be_away=self._may_be_away)
        self._writer.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._writer.close(within_seconds=CLOSE_SECONDS)
        await self._store.close()

    @property
    def identity_key(self) -> bytes:
        """The 32 random bytes that were made with the ledger.

        Raises `LedgerUnavailable` before it was reached for the first time.
        """
        key = self._store.session.identity_key
        if not key:
            raise LedgerUnavailable(self._writer.fault or "never reached")
        return key

    @property
    def me(self) -> str:
        """The name of this process's session, as it stands in `owner`."""
        return self._store.session.me

    @property
    def rewind(self) -> Rewind:
        """See `adapter.cancellation.ports.Ledger.rewind`."""
        return self._store.session.rewind

    @property
    def fault(self) -> str | None:
        """A stable word for what is wrong now (`errors.StoreFault`), at most 1 s old."""
        return self._writer.fault

    @property
    def dropped_notes(self) -> int:
        """How many notes were lost for want of room; only grows."""
        return self._writer.dropped_notes

    def measure(self, took: Callable[[float], None]) -> None:
        """Tell `took` the seconds of each transaction from now on."""
        self._writer.took = took

    async def commit(
        self,
        waybill: Waybill,
        rule: Rule[T],
        *,
        within_seconds: float,
        withdraw: Rule[None] | None = None,
    ) -> T:
        """See `adapter.cancellation.ports.Ledger.commit`."""
        item = Item(waybill, rule, withdraw=withdraw)
        return cast(T, await self._writer.submit(item, within_seconds=within_seconds))

    async def settle(
        self,
        waybill: Waybill,
        rule: Rule[T],
        *,
        resolution: Resolution,
        within_seconds: float,
    ) -> T:
        """Commit an operator's decision together with who took it and why."""
        item = Item(waybill, rule, resolution=resolution)
        return cast(T, await self._writer.submit(item, within_seconds=within_seconds))

    def note(self, waybill: Waybill, rule: Rule[None]) -> None:
        """See `adapter.cancellation.ports.Ledger.note`."""
        self._writer.note(Item(waybill, rule))

    async def changed(self, waybill: Waybill, *, within_seconds: float) -> None:
        """Return when a replica notifies of the waybill, or after a poll's time at most."""
        await self._waiting.wait(waybill, within_seconds=min(within_seconds, POLL_SECONDS))

    async def doubtful(self, *, limit: int) -> tuple[Entry, ...]:
        """See `adapter.cancellation.ports.Ledger.doubtful`. Raises `LedgerUnavailable`."""
        return await self._in_time(self._store.doubtful(limit=limit))

    async def settled_by_hand(self, *, limit: int) -> tuple[Entry, ...]:
        """See `adapter.cancellation.ports.Ledger.settled_by_hand`. Raises `LedgerUnavailable`."""
        return await self._in_time(self._store.settled_by_hand(limit=limit))

    async def _in_time(self, reading: Awaitable[T]) -> T:
        try:
            async with asyncio.timeout(READ_SECONDS):
                return await reading
        except StoreFault as fault:
            raise LedgerUnavailable(fault.word) from fault
        except TimeoutError as error:
            raise LedgerUnavailable("not within the time given") from error

    def _wake(self, items: Sequence[Item]) -> None:
        if self._waiting:
            self._waiting.wake([number_of(item.waybill) for item in items if item.wrote])
