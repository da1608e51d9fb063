"""A ledger opened for reading only, beside whoever serves from it.

The work on a connection is plain SQLAlchemy; where it runs depends on the database. SQLite's
driver waits, so its connection lives in a thread of its own; PostgreSQL's does not, and
SQLAlchemy drives it in the loop's thread.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from adapter.ledger.errors import LedgerNotOpened
from adapter.ledger.open import file_of
from adapter.ledger.sqlite.file import FileLock, connect, engine_over, explain, has_log

BUSY_SECONDS = 5.0  # for a lock that a checkpoint holds

T = TypeVar("T")


class Reader(Protocol):
    """Runs work on the one open connection, piece after piece, in order."""

    async def __call__(self, work: Callable[[Connection], T], /) -> T:
        """Return what `work` returns; it must hand back values, not the connection."""
        ...


@asynccontextmanager
async def reading(url: str) -> AsyncIterator[Reader]:
    """Open the ledger at `url`. Raises `LedgerNotOpened`, also for what a reading meets."""
    opened = _file(url) if url.startswith("sqlite") else _postgresql(url)
    try:
        async with opened as read:
            yield read
    except DBAPIError as error:
        raise LedgerNotOpened(await asyncio.to_thread(_unread, url, error)) from error


@asynccontextmanager
async def _file(url: str) -> AsyncIterator[Reader]:
    path = file_of(url)
    loop = asyncio.get_running_loop()
    # One thread: whatever is cut off in the middle, the connection is closed after it.
    thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ledger-reader")
    try:
        connection = await loop.run_in_executor(thread, _connected, path)

        async def read(work: Callable[[Connection], T], /) -> T:
            return await loop.run_in_executor(thread, work, connection)

        try:
            yield read
        finally:
            await loop.run_in_executor(thread, connection.close)
    finally:
        thread.shutdown(wait=False)  # it has nothing left to do


@asynccontextmanager
async def _postgresql(url: str) -> AsyncIterator[Reader]:
    engine = await asyncio.to_thread(_postgresql_engine, url)
    try:
        async with engine.connect() as connection:
            yield connection.run_sync
    finally:
        await engine.dispose()


def _postgresql_engine(url: str) -> AsyncEngine:
    # In a thread, as the driver is an extra and its first import reads many files.
    from adapter.ledger.postgresql.connection import reading_engine_at

    return reading_engine_at(url)


def _connected(path: Path) -> Connection:
    if not path.exists():
        raise LedgerNotOpened(
            f"there is no ledger {path}", hint="Is it the [ledger] url of the running serve?"
        )
    mode = mode_for(path)
    return engine_over(lambda: connect(path, mode=mode, wait_seconds=BUSY_SECONDS)).connect()


def mode_for(path: Path) -> str:
    """Return the mode to read the file in.

    Readers of a log share memory in a file beside it, which they could not make in a folder
    they may not write: there the file is read as it lies, a backup.
    https://www.sqlite.org/uri.html#uriimmutable

    Not while a `serve` has it, nor with a log that still holds pushes: they would be missed.
    """
    if os.access(path.parent, os.W_OK) or FileLock(Path(f"{path}.lock")).is_held():
        return "ro"
    return "ro" if has_log(path) else "ro&immutable=1"


def _unread(url: str, error: DBAPIError) -> str:
    code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
    if code in {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT}:
        return explain(file_of(url), error.orig)
    if url.startswith("sqlite") and _needs_company(path := file_of(url)):
        return f"{path} has a log beside it: copy both to a folder that you may write to"
    return f"the ledger cannot be read: {error.orig}"


def _needs_company(path: Path) -> bool:
    return has_log(path) and not os.access(path.parent, os.W_OK)
