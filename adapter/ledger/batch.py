"""One transaction for many callers: views read, rules run in turn, writes made.

The same synchronous function serves both databases, over the driver's own cursor
(PEP 249): on SQLite in the writer's thread, on PostgreSQL inside `run_sync`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from adapter.cancellation.model import Call, Entry, State, Waybill
from adapter.cancellation.ports import Rule, WaybillView, Write
from adapter.ledger.resolution import Resolution, kept
from adapter.ledger.rows import (
    Row,
    call_of,
    call_row,
    certain_call,
    entry_of,
    push_row,
    resolution_row,
)
from adapter.ledger.statements import Statements

KEYS_AT_ONCE = 256  # pushes whose calls are read by one statement


class Item:
    """One decision on its way: what to run, and what came of it.

    `future` is empty for a note or a withdrawal (`undoes`): nobody waits. `abandoned` is set by the
    loop when the caller has gone; an item abandoned before it ran is passed over.
    """

    __slots__ = (
        "abandoned",
        "error",
        "future",
        "ran",
        "resolution",
        "result",
        "rule",
        "undoes",
        "waybill",
        "withdraw",
        "wrote",
    )

    def __init__(
        self,
        waybill: Waybill,
        rule: Rule[Any],
        *,
        future: asyncio.Future[Any] | None = None,
        withdraw: Rule[None] | None = None,
        resolution: Resolution | None = None,
        undoes: bool = False,
    ) -> None:
        self.waybill = waybill
        self.rule = rule
        self.future = future
        self.withdraw = withdraw
        self.resolution = resolution
        self.undoes = undoes
        self.abandoned = False
        self.reset()

    def reset(self) -> None:
        """Forget an earlier run: the transaction did not become durable."""
        self.ran = False
        self.wrote = False
        self.result: Any = None
        self.error: BaseException | None = None


class Cursor(Protocol):
    """As much of a PEP 249 cursor as we need."""

    def execute(self, sql: str, parameters: Sequence[Any] = ..., /) -> Any: ...

    def executemany(self, sql: str, rows: Sequence[Sequence[Any]], /) -> Any: ...

    def fetchall(self) -> list[Any]: ...


class Session(Protocol):
    """What differs between the databases inside one transaction."""

    @property
    def me(self) -> str: ...

    @property
    def statements(self) -> Statements: ...

    def begin(self, cursor: Cursor, waybills: Sequence[Waybill], /) -> None:
        """Open the transaction; from here on nobody else writes about these waybills."""
        ...

    def views(self, cursor: Cursor, waybill_ids: Sequence[str]) -> list[Row]:
        """Every row of `push` with one of these WayBillIDs."""
        ...

    def calls(self, cursor: Cursor, keys: Sequence[str]) -> list[Row]:
        """Every row of `call` of these pushes; at most `KEYS_AT_ONCE` of them."""
        ...

    def living(self, cursor: Cursor) -> frozenset[str]:
        """Every session whose lock is held now."""
        ...

    def commit(self) -> None:
        """Make it durable. Raises `StoreFault`."""
        ...

    def rollback(self) -> None:
        """Leave the transaction with nothing written."""
        ...


class Batch:
    """The views of one transaction, as its decisions see and change them."""

    def __init__(self, session: Session, cursor: Cursor, items: Sequence[Item]) -> None:
        self.session = session
        self.cursor = cursor
        self.items = items
        self.views: dict[Waybill, dict[str, Entry]] = {}
        self.calls_of: dict[Waybill, dict[tuple[str, int], Call]] = {}
        self.changed: dict[str, Entry] = {}
        self.calls: dict[tuple[str, int], Call] = {}
        self.resolutions: list[Resolution] = []

    def run(self, *, clock: Callable[[], float]) -> None:
        """Read, decide in order, write; the caller commits."""
        waybills = list(dict.fromkeys(item.waybill for item in self.items))
        self.session.begin(self.cursor, waybills)
        rows = self.session.views(self.cursor, [waybill.waybill_id for waybill in waybills])
        self._remember(waybills, rows)
        self._recall()
        living = self._living()
        # Only now: `begin` may have waited for another replica, whose call ended meanwhile.
        now = clock()
        for item in self.items:
            if not item.abandoned:
                self._decide(item, living, now)
        self._write()

    @property
    def wrote(self) -> bool:
        """Whether there is anything to make durable."""
        return bool(self.changed or self.calls or self.resolutions)

    def _remember(self, waybills: Sequence[Waybill], rows: Sequence[Row]) -> None:
        self.views = {waybill: {} for waybill in waybills}
        for entry in sorted(map(entry_of, rows), key=_age):
            view = self.views.get(entry.waybill)  # none: another merchant's WayBillID
            if view is not None:
                view[entry.key] = entry

    def _recall(self) -> None:
        """Know the calls of every push that is looked at. Only those that its row does not tell
        are read: of a first press that is under way, or was answered, none."""
        unknown: dict[str, Waybill] = {}
        for waybill, view in self.views.items():
            known: dict[tuple[str, int], Call] = {}
            for entry in view.values():
                if not entry.calls:
                    continue
                call = certain_call(entry)
                if call is None:
                    unknown[entry.key] = waybill
                else:
                    known[entry.key, 1] = call
            self.calls_of[waybill] = known
        keys = list(unknown)
        for start in range(0, len(keys), KEYS_AT_ONCE):
            for row in self.session.calls(self.cursor, keys[start : start + KEYS_AT_ONCE]):
                call = call_of(row)
                self.calls_of[unknown[call.key]][call.key, call.epoch] = call

    def _living(self) -> frozenset[str]:
        """Ask only when a stranger's call is looked at: else nobody's life matters."""
        me = self.session.me
        for waybill, view in self.views.items():
            for entry in view.values():
                if entry.owner != me and _may_run(entry, self.calls_of[waybill]):
                    return self.session.living(self.cursor)
        return frozenset((me,))

    def _decide(self, item: Item, living: frozenset[str], now: float) -> None:
        item.ran, item.error = True, None
        entries = self.views[item.waybill]
        calls = self.calls_of[item.waybill]
        view = WaybillView(
            entries=tuple(entries.values()),
            me=self.session.me,
            living=living,
            now=now,
            calls=tuple(calls.values()),
        )
        try:
            write = item.rule(view)
            _check(write, item.waybill)
        except Exception as error:  # foreign code: it fails its own caller, not the batch
            item.error = error
            return
        item.result = write.result
        for entry in write.entries:
            entries[entry.key] = entry
            self.changed[entry.key] = entry
        for call in write.calls:
            self.calls[call.key, call.epoch] = calls[call.key, call.epoch] = call
        self.resolutions.extend(map(kept, write.replaced))
        if item.resolution is not None:
            self.resolutions.append(item.resolution)
        item.wrote = bool(write.entries or write.calls)

    def _write(self) -> None:
        texts, cursor = self.session.statements, self.cursor
        if self.changed:
            cursor.executemany(texts.put_push, list(map(push_row, self.changed.values())))
        if self.calls:
            cursor.executemany(texts.put_call, list(map(call_row, self.calls.values())))
        if self.resolutions:
            cursor.executemany(texts.add_resolution, list(map(resolution_row, self.resolutions)))


def run_batch(session: Session, cursor: Cursor, items: Sequence[Item]) -> Batch:
    """Run the items as one transaction and make it durable.

    Raises `StoreFault` from the session, or the driver's own error; then nothing was
    written unless the fault says that it may have landed.
    """
    batch = Batch(session, cursor, items)
    batch.run(clock=time.time)
    if batch.wrote:
        session.commit()
    else:
        session.rollback()
    return batch


def doubtful(session: Session, cursor: Cursor, *, limit: int) -> tuple[Entry, ...]:
    """The entries in doubt and those calling under the dead, oldest first; reads only."""
    texts = session.statements
    cursor.execute(texts.in_doubt, (limit, *texts.after_limit))
    found = [entry_of(row) for row in cursor.fetchall()]
    cursor.execute(texts.calling)
    calling = [entry_of(row) for row in cursor.fetchall()]
    if any(entry.owner != session.me for entry in calling):
        # Asked after the rows were read: who died in between has left them as they are.
        living = session.living(cursor)
        found += [entry for entry in calling if entry.owner not in living]
    session.rollback()
    return tuple(sorted(found, key=_age)[:limit])


def _may_run(entry: Entry, calls: Mapping[tuple[str, int], Call]) -> bool:
    """Whether the push's newest call has no end yet; of one in doubt its owner is dead."""
    if entry.state is not State.DONE:
        return entry.state is State.CALLING
    newest = calls.get((entry.key, entry.calls))
    return newest is not None and newest.ended_at is None


def _check(write: Write[Any], waybill: Waybill) -> None:
    for entry in write.entries:
        if entry.biz_id != waybill.biz_id or entry.waybill_id != waybill.waybill_id:
            raise ValueError("a decision may write only about its own waybill")


def _age(entry: Entry) -> tuple[float, str]:
    return entry.received_at, entry.key
