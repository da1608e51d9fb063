"""A session at an SQLite file: one thread, one connection, one transaction at a time.

A thread of our own over the standard driver costs a third of aiosqlite's CPU time, which
changes threads at every statement; here the whole batch is one change of threads.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import sqlite3
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from sqlalchemy.exc import DBAPIError

from adapter.cancellation.model import Entry, Waybill
from adapter.cancellation.ports import NO_REWIND
from adapter.ledger import schema
from adapter.ledger.batch import Cursor, Item, doubtful, run_batch
from adapter.ledger.counting import count
from adapter.ledger.errors import LedgerNotOpened, Poisoned, StoreFault
from adapter.ledger.rewound import RewindCause, mark_rewound, read_rewind
from adapter.ledger.rows import Row, entry_of
from adapter.ledger.sqlite.file import (
    CLOSED,
    SERVED,
    FileLock,
    SqliteFile,
    connect,
    engine_over,
    explain,
)
from adapter.ledger.sqlite.remembered import FileMemory, recall, require_own_log
from adapter.ledger.statements import Statements, for_sqlite
from adapter.ledger.written import Witness, WriteMemory, witness_of

T = TypeVar("T")

LOCK_WAIT_SECONDS = 0.2  # for another process's write lock, per attempt of the writer
BESIDE_WAIT_SECONDS = 5.0  # the same, for a command beside a running serve
WAL_KEPT_BYTES = 64 << 20  # the log is cut back to this after a burst

# What SQLite's primary result codes mean for us: a stable word, and whether the
# connection is worth keeping. Any other code blames a value.
FAULTS: dict[int, tuple[str, bool]] = {
    sqlite3.SQLITE_ERROR: ("schema", False),  # no such table, no such column
    sqlite3.SQLITE_FULL: ("full", True),
    sqlite3.SQLITE_BUSY: ("locked", True),
    sqlite3.SQLITE_LOCKED: ("locked", True),
    sqlite3.SQLITE_READONLY: ("read_only", False),
    sqlite3.SQLITE_IOERR: ("io", False),
    sqlite3.SQLITE_CANTOPEN: ("moved", False),
    sqlite3.SQLITE_CORRUPT: ("corrupt", False),
    sqlite3.SQLITE_NOTADB: ("corrupt", False),
    sqlite3.SQLITE_PERM: ("read_only", False),
    sqlite3.SQLITE_AUTH: ("read_only", False),
    sqlite3.SQLITE_NOMEM: ("memory", False),
    sqlite3.SQLITE_PROTOCOL: ("locked", False),
    sqlite3.SQLITE_SCHEMA: ("schema", False),
}


class SqliteSession:
    """One process's connection to the file. Every method blocks: call it in its thread.

    `beside` opens for a command next to a running `serve`: it takes no lock, makes no
    file, changes no schema, and waits longer for its turn.
    """

    def __init__(self, path: Path, *, beside: bool) -> None:
        self.file = SqliteFile(path)
        self.me = ""
        self.identity_key = b""
        self.statements: Statements = for_sqlite()
        self.rewind = NO_REWIND
        self._written = WriteMemory()
        self._witness: Witness | None = None
        self._beside = beside
        self._lock = FileLock(Path(f"{path}.lock"))
        self._connection: sqlite3.Connection | None = None

    def open(self) -> None:
        """Take the lock, bring the tables up to date, begin a session.

        Raises `LedgerInUse`, `SchemaOutdated` or `LedgerNotOpened`.
        """
        if not self.file.path.parent.is_dir():
            raise LedgerNotOpened(f"there is no folder {self.file.path.parent} for the ledger")
        if not self._beside:
            self._lock.take(self.file.path)
        try:
            if not self._beside or not self._lock.is_held():
                require_own_log(self.file.path)
            self._prepare()
            connection = self._connect(create=False)
            self._begin_session(connection.cursor())
            self.file.remember()
            self._remember()
        except (sqlite3.Error, DBAPIError) as error:
            self.close()
            # SQLAlchemy's own text ends in the address of its manual.
            cause = error.orig if isinstance(error, DBAPIError) else error
            raise LedgerNotOpened(explain(self.file.path, cause)) from error
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Leave the file; whatever is calling is from now on owned by the dead."""
        if self._connection is not None:
            self._say_closed(self._connection)
            self._connection.close()
            self._connection = None
        self.file.let_go()
        self._lock.release()

    def _say_closed(self, connection: sqlite3.Connection) -> None:
        if self._beside or not self.me:
            return
        # A file that cannot be written now is only warned of later, by whoever reads it.
        with suppress(sqlite3.Error):
            connection.rollback()
            connection.execute(f"PRAGMA user_version = {CLOSED}")

    # What a batch asks of its session.

    def begin(self, cursor: Cursor, _waybills: Sequence[Waybill], /) -> None:
        """Take the write lock: a deferred transaction that reads first could fail at its
        first write with BUSY_SNAPSHOT, for which the busy timeout does not wait."""
        cursor.execute("BEGIN IMMEDIATE")
        if self.rewind.seen_at is not None:  # a command beside us may have accepted it
            self.rewind = read_rewind(cursor, self.statements)

    def views(self, cursor: Cursor, waybill_ids: Sequence[str]) -> list[Row]:
        """Every row with one of the WayBillIDs; the statement's other places repeat one."""
        size, text = self.statements.view(len(waybill_ids))
        padding = [waybill_ids[-1]] * (size - len(waybill_ids))
        cursor.execute(text, [*waybill_ids, *padding])
        return cursor.fetchall()

    def calls(self, cursor: Cursor, keys: Sequence[str]) -> list[Row]:
        """Every call of these pushes."""
        size, text = self.statements.calls_of(len(keys))
        cursor.execute(text, [*keys, *[keys[-1]] * (size - len(keys))])
        return cursor.fetchall()

    def living(self, cursor: Cursor) -> frozenset[str]:
        """Only one process serves from a file: we, or while a command looks, the newest."""
        if not self._beside or not self._lock.is_held():
            return frozenset((self.me,))
        cursor.execute(self.statements.meta)
        ((_, newest, _),) = cursor.fetchall()
        return frozenset((self.me, str(newest)))

    def commit(self) -> None:
        """Commit, unless the file is no longer the one at its name."""
        assert self._connection is not None  # noqa: S101 - a batch runs on it right now
        self.file.check()
        try:
            self._connection.commit()
        except sqlite3.Error as error:
            # Frames of a commit whose sync failed may still be found after a crash.
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            word, _ = FAULTS.get(code, ("io", False))
            raise StoreFault(word, landed=code == sqlite3.SQLITE_IOERR) from error

    def rollback(self) -> None:
        """Leave the transaction, if there is one."""
        if self._connection is not None:
            self._connection.rollback()

    # What the store asks.

    def execute(self, cursor: Cursor, items: Sequence[Item]) -> None:
        """Run the items as one transaction, and remember what became durable."""
        try:
            batch = run_batch(self, cursor, items)
        except StoreFault as fault:
            if fault.landed:
                self._written.may_have_landed(item.waybill for item in items)
            raise
        if batch.changed:
            written = tuple(batch.changed.values())
            self._written.wrote(written)
            self._witness = witness_of(written[-1])
            self._remember()

    def attempt(self, work: Callable[[Cursor], T]) -> T:
        """Run `work` on a connection that is sound; translate what the driver raises."""
        try:
            connection = self._sound()
            return work(connection.cursor())
        except sqlite3.Error as error:
            fault = FAULTS.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)
            if fault is None:
                self._abandon(keep=True)
                raise Poisoned(str(error)) from error
            word, keep = fault
            self._abandon(keep=keep)
            raise StoreFault(word) from error
        except StoreFault as fault:
            self._abandon(keep=not fault.landed)
            raise
        except (UnicodeEncodeError, OverflowError) as error:
            self._abandon(keep=True)
            raise Poisoned(str(error)) from error

    def probe(self, cursor: Cursor, *, writing: bool) -> None:
        """Try to write: the lock alone, or after a fault a page of it."""
        self.file.check()
        if not writing:
            self.file.check_space()
        cursor.execute("BEGIN IMMEDIATE")
        if writing:
            cursor.execute("UPDATE meta SET sessions = sessions")
            self.commit()
        else:
            if self.rewind.seen_at is not None:
                self.rewind = read_rewind(cursor, self.statements)
            self.rollback()

    def _sound(self) -> sqlite3.Connection:
        if self._connection is None:
            return self._reopen()
        if not self.file.is_ours() and self.file.path.exists():
            # Another file stands at our name: perhaps a restored copy of ours.
            self._abandon(keep=False)
            return self._reopen()
        return self._connection

    def _reopen(self) -> sqlite3.Connection:
        if not self.file.may_be_opened():
            raise StoreFault("moved")
        connection = self._connect(create=False)
        cursor = connection.cursor()
        cursor.execute(self.statements.meta)
        rows = cursor.fetchall()
        if not rows or rows[0][0] != self.identity_key:
            self._abandon(keep=False)
            raise StoreFault("moved")
        cursor.execute("BEGIN IMMEDIATE")
        self.rewind = read_rewind(cursor, self.statements)
        if not self._beside:
            if rows[0][1] < int(self.me) or self._is_lost(cursor):
                self._mark(cursor)
            cursor.execute("UPDATE meta SET sessions = max(sessions, ?)", (int(self.me),))
        connection.commit()  # also makes the log, so that it can be remembered
        self.file.remember()
        self._remember()
        return connection

    def _is_lost(self, cursor: Cursor) -> bool:
        """Whether the file is older than what this process wrote."""
        if not self._written:
            return False
        keys = self._written.keys
        size, text = self.statements.pushes(len(keys))
        cursor.execute(text, [*keys, *[keys[-1]] * (size - len(keys))])
        return self._written.is_lost(map(entry_of, cursor.fetchall()), now=time.time())

    def _is_older_than(self, memory: FileMemory, cursor: Cursor, *, sessions: int) -> bool:
        """Whether the file is older than what the last process to serve from it remembered."""
        self._witness = memory.witness
        if sessions < memory.session:
            return True
        if memory.witness is None:
            return False
        size, text = self.statements.pushes(1)
        cursor.execute(text, [memory.witness.key] * size)
        found = [entry_of(row) for row in cursor.fetchall()]
        return memory.witness.is_lost(found[0] if found else None, now=time.time())

    def _mark(self, cursor: Cursor) -> None:
        self.rewind = mark_rewound(
            cursor, self.statements, cause=RewindCause.COMMITS_MISSING, now=time.time()
        )
        self._written.forget()
        self._witness = None

    def _remember(self) -> None:
        """Keep in the lock file how far the ledger is, for whoever serves from it next."""
        if self._beside:
            return
        # An older memory is harmless, and the batch durable: that the file has just been moved, or
        # its file system is full, is the next batch's to find.
        with suppress(OSError):
            self._lock.remember(self.file.memory(session=int(self.me), witness=self._witness))

    def _abandon(self, *, keep: bool) -> None:
        connection = self._connection
        if connection is None:
            return
        try:
            connection.rollback()
        except sqlite3.Error:
            keep = False
        if not keep:
            self._connection = None
            connection.close()

    def _connect(self, *, create: bool) -> sqlite3.Connection:
        connection = connect(
            self.file.path,
            mode="rwc" if create else "rw",
            wait_seconds=BESIDE_WAIT_SECONDS if self._beside else LOCK_WAIT_SECONDS,
        )
        self._connection = connection
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA journal_size_limit = {WAL_KEPT_BYTES}")
        return connection

    def _prepare(self) -> None:
        engine = engine_over(lambda: self._connect(create=not self._beside))
        with engine.connect() as connection:
            if self._beside:
                schema.require(connection, remedy="start `waybridge serve` once")
            elif schema.migrate(connection):
                connection.commit()
        engine.dispose()
        self._connection = None

    def _begin_session(self, cursor: sqlite3.Cursor) -> None:
        cursor.execute("BEGIN IMMEDIATE")
        if self._beside:
            self.me = f"shell-{os.getpid()}"
        else:
            cursor.execute(self.statements.add_meta, (1, secrets.token_bytes(32), 0, ""))
            cursor.execute(self.statements.next_session)
            ((number,),) = cursor.fetchall()
            self.me = str(number)
            memory = recall(self._lock.path)
            if memory is not None and self._is_older_than(memory, cursor, sessions=number - 1):
                self._mark(cursor)
            cursor.execute(f"PRAGMA user_version = {SERVED}")
        self.rewind = read_rewind(cursor, self.statements)
        cursor.execute(self.statements.meta)
        ((self.identity_key, _, _),) = cursor.fetchall()
        cursor.connection.commit()
        if not self._beside:  # so that the file itself says that it is served
            cursor.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()


class SqliteStore:
    """The session in its thread, as the writer uses it."""

    def __init__(self, path: Path, *, beside: bool = False) -> None:
        self.session = SqliteSession(path, beside=beside)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ledger")

    async def open(self, *, may_be_away: bool) -> str | None:  # noqa: ARG002 - a file is here
        """See `SqliteSession.open`."""
        await self._run(self.session.open)
        return None

    async def close(self) -> None:
        """Leave the file and end the thread."""
        await self._run(self.session.close)
        self._thread.shutdown(wait=False)

    async def execute(self, items: Sequence[Item]) -> None:
        """Run the items as one durable transaction. Raises `StoreFault` or `Poisoned`."""
        await self._run(
            lambda: self.session.attempt(lambda cursor: self.session.execute(cursor, items))
        )

    async def doubtful(self, *, limit: int) -> tuple[Entry, ...]:
        """Read between two batches. Raises `StoreFault`."""
        return await self._run(
            lambda: self.session.attempt(lambda cursor: doubtful(self.session, cursor, limit=limit))
        )

    async def settled_by_hand(self, *, limit: int) -> tuple[Entry, ...]:
        """Count between two batches. Raises `StoreFault`."""
        return await self._run(
            lambda: self.session.attempt(lambda cursor: count(self.session, cursor, limit=limit))
        )

    async def probe(self, *, writing: bool) -> None:
        """Try to write. Raises `StoreFault`."""
        await self._run(
            lambda: self.session.attempt(lambda cursor: self.session.probe(cursor, writing=writing))
        )

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)
