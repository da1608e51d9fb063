"""The reading side for operators: search, the whole history of a push, export, counts.

It opens a connection of its own beside a running `serve`, for reading only, and changes
no schema. A long reading of an SQLite file keeps its log from being cut; it harms nothing.
"""

from __future__ import annotations

import asyncio
import operator
import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import aiosqlite
from sqlalchemy import ColumnElement, NullPool, Select, func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from adapter.cancellation.model import Call, Entry, Outcome, State
from adapter.ledger import schema
from adapter.ledger.errors import LedgerNotOpened
from adapter.ledger.filelock import FileLock
from adapter.ledger.open import file_of
from adapter.ledger.resolution import Resolution
from adapter.ledger.rows import call_of, entry_of, resolution_of
from adapter.ledger.sqlite_file import has_log, told
from adapter.ledger.tables import call, push, resolution

PAGE_LIMIT = 10_000  # the most a search gives at once; an export has no limit
EXPORT_ROWS = 500  # fetched together


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What to look for; an empty field asks for nothing. Times are Unix seconds."""

    waybill_id: str | None = None
    order_id: str | None = None
    biz_id: str | None = None
    outcome: Outcome | None = None
    state: State | None = None
    told: Outcome | None = None
    since: float | None = None
    until: float | None = None

    def conditions(self) -> tuple[ColumnElement[bool], ...]:
        """What the database is asked; `until` itself is not included."""
        asked = (
            (push.c.waybill_id, operator.eq, self.waybill_id),
            (push.c.order_id, operator.eq, self.order_id),
            (push.c.biz_id, operator.eq, self.biz_id),
            (push.c.outcome, operator.eq, self.outcome and self.outcome.value),
            (push.c.state, operator.eq, self.state and self.state.value),
            (push.c.told, operator.eq, self.told and self.told.value),
            (push.c.received_at, operator.ge, self.since),
            (push.c.received_at, operator.lt, self.until),
        )
        return tuple(compare(column, to) for column, compare, to in asked if to is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chronicle:
    """Everything the ledger knows of one push; calls and words in their order."""

    entry: Entry
    calls: tuple[Call, ...]
    resolutions: tuple[Resolution, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What is open now. `told_failure` of the cancelled were answered -1, or nothing."""

    calling: int
    in_doubt: int
    told_failure: int


# Cancelled, and the merchant was told that it failed, or nothing at all.
TOLD_FAILURE = (
    (push.c.state == State.DONE.value)
    & (push.c.outcome == Outcome.CANCELLED.value)
    & (push.c.told.is_(None) | push.c.told.in_((Outcome.FAILED.value, Outcome.IN_DOUBT.value)))
)


class Archive:
    """Reads a ledger. Every method raises `LedgerNotOpened` when it cannot be read."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def search(
        self, filters: Filters, *, limit: int = 100, before: Entry | None = None
    ) -> tuple[Entry, ...]:
        """The newest pushes that fit, newest first; with `before`, those older than it."""
        found = _newest_first(filters).limit(min(limit, PAGE_LIMIT))
        if before is not None:
            found = found.where(
                (push.c.received_at < before.received_at)
                | ((push.c.received_at == before.received_at) & (push.c.key < before.key))
            )
        return await self._entries(found)

    async def show(self, key: str) -> Chronicle | None:
        """The whole history of the push `key`."""
        entries = await self._entries(select(push).where(push.c.key == key))
        if not entries:
            return None
        calls = await self._connection.execute(
            select(call).where(call.c.key == key).order_by(call.c.epoch)
        )
        words = await self._connection.execute(
            select(
                resolution.c.key,
                resolution.c.who,
                resolution.c.reason,
                resolution.c.outcome,
                resolution.c.at,
            )
            .where(resolution.c.key == key)
            .order_by(resolution.c.id)
        )
        return Chronicle(
            entry=entries[0],
            calls=tuple(call_of(row) for row in calls),
            resolutions=tuple(resolution_of(row) for row in words),
        )

    async def count(self, filters: Filters) -> int:
        """How many pushes fit: for a progress bar."""
        counted = select(func.count()).select_from(push).where(*filters.conditions())
        return await self._connection.scalar(counted) or 0

    async def export(self, filters: Filters) -> AsyncIterator[Entry]:
        """Every push that fits, newest first, without holding them all."""
        streamed = await self._connection.stream(
            _newest_first(filters), execution_options={"yield_per": EXPORT_ROWS}
        )
        async for row in streamed:
            yield entry_of(row)

    async def counts(self) -> Counts:
        """What is open now."""
        by_state = await self._connection.execute(
            select(push.c.state, func.count())
            .where(push.c.state.in_((State.CALLING.value, State.IN_DOUBT.value)))
            .group_by(push.c.state)
        )
        of_state = {str(state): int(number) for state, number in by_state}
        told = select(func.count()).select_from(push).where(TOLD_FAILURE)
        return Counts(
            calling=of_state.get(State.CALLING.value, 0),
            in_doubt=of_state.get(State.IN_DOUBT.value, 0),
            told_failure=await self._connection.scalar(told) or 0,
        )

    async def told_failure(self, *, limit: int = 100) -> tuple[Entry, ...]:
        """Pushes told −1, or nothing, whose waybill is cancelled; newest first."""
        return await self._entries(_newest_first(Filters()).where(TOLD_FAILURE).limit(limit))

    async def _entries(self, found: Select[tuple[object, ...]]) -> tuple[Entry, ...]:
        return tuple(entry_of(row) for row in await self._connection.execute(found))


@asynccontextmanager
async def open_archive(url: str) -> AsyncIterator[Archive]:
    """Open the ledger at `url` for reading, beside whoever serves from it.

    Raises `SchemaOutdated`, `UrlNotUnderstood`, or `LedgerNotOpened`.
    """
    engine = await asyncio.to_thread(_engine, url)
    try:
        async with engine.connect() as connection:
            await connection.run_sync(schema.require, remedy="run `waybridge ledger migrate`")
            yield Archive(connection)
    except DBAPIError as error:
        raise LedgerNotOpened(await asyncio.to_thread(_unread, url, error)) from error
    finally:
        await engine.dispose()


def _unread(url: str, error: DBAPIError) -> str:
    code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
    if code in {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT}:
        return told(file_of(url), error.orig)
    if url.startswith("sqlite") and _needs_company(path := file_of(url)):
        return f"{path} has a log beside it: copy both to a folder that you may write to"
    return f"the ledger cannot be read: {error.orig}"


def _needs_company(path: Path) -> bool:
    return has_log(path) and not os.access(path.parent, os.W_OK)


def _engine(url: str) -> AsyncEngine:
    if url.startswith("sqlite"):
        path = file_of(url)
        if not path.exists():
            raise LedgerNotOpened(
                f"there is no ledger {path}", hint="Is it the [ledger] url of the running serve?"
            )
        return _engine_of_file(path)
    # In a thread, as the driver is an extra and its first import reads many files.
    from adapter.ledger.postgresql_connection import reading_engine_at

    return reading_engine_at(url)


def _engine_of_file(path: Path) -> AsyncEngine:
    how = _how(path)
    return create_async_engine(
        "sqlite+aiosqlite://",
        poolclass=NullPool,
        async_creator=lambda: aiosqlite.connect(
            f"file:{quote(str(path))}?{how}", uri=True, timeout=5
        ),
    )


def _how(path: Path) -> str:
    """Say how to read the file. Readers of a log share memory in a file beside it, which they
    could not make in a folder they may not write: there the file is read as it lies, a backup.
    https://www.sqlite.org/uri.html#uriimmutable

    Not while a `serve` has it, nor with a log that still holds pushes: they would be missed.
    """
    if os.access(path.parent, os.W_OK) or FileLock(Path(f"{path}.lock")).is_held():
        return "mode=ro"
    return "mode=ro" if has_log(path) else "mode=ro&immutable=1"


def _newest_first(filters: Filters) -> Select[tuple[object, ...]]:
    return (
        select(push)
        .where(*filters.conditions())
        .order_by(push.c.received_at.desc(), push.c.key.desc())
    )
