"""A session at PostgreSQL, shared by replicas: the connection that writes is the life.

The owner's advisory lock is held by the very connection that commits, so a session that
was lost cannot write any more, and one that writes is alive. Decisions about a waybill
take turns over all replicas by a transaction-scoped advisory lock on its number. Both
kinds of lock are the database's: give waybridge one of its own.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_dbapi
from sqlalchemy.ext.asyncio import AsyncConnection

from adapter.cancellation.model import Entry, State, Waybill
from adapter.cancellation.ports import NO_REWIND, Rewind
from adapter.ledger import schema
from adapter.ledger.batch import Cursor, Item, doubtful, run_batch
from adapter.ledger.counting import count
from adapter.ledger.errors import (
    LedgerNotOpened,
    Poisoned,
    SchemaOutdated,
    StoreFault,
)
from adapter.ledger.postgresql.connection import (
    CONNECT_SECONDS,
    ERRORS,
    connect,
    engine_at,
    is_away,
    not_opened,
    proved_engine_at,
    word_for,
)
from adapter.ledger.postgresql.notify import Notifier
from adapter.ledger.postgresql.pooling import TransactionPooling
from adapter.ledger.rewound import RewindCause, mark_rewound, read_rewind
from adapter.ledger.rows import Row, entry_of
from adapter.ledger.statements import OWNERS, Statements, for_postgresql
from adapter.ledger.waiting import Waiting, number_of
from adapter.ledger.written import KEPT, WriteMemory

T = TypeVar("T")

EXECUTE_SECONDS = 10.0  # a transaction silent for longer has lost its connection
READ_SECONDS = 2.0  # for a reading on a connection of its own
# https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-INFO-CONTROLDATA
_SERVER = (
    "SELECT system.system_identifier, greatest(point.timeline_id,"
    " recovery.min_recovery_end_timeline) FROM pg_control_system() AS system,"
    " pg_control_checkpoint() AS point, pg_control_recovery() AS recovery"
)

# What keeps a session from being begun again, and its word.
REFUSALS: dict[type[LedgerNotOpened], str] = {
    SchemaOutdated: "schema",
    TransactionPooling: "transaction_pooling",
}


class PostgresqlSession:
    """What a batch asks of its session; synchronous, inside `run_sync`."""

    def __init__(self) -> None:
        self.me = ""
        self.identity_key = b""
        self.statements: Statements = for_postgresql()
        self.rewind = NO_REWIND
        self.written = WriteMemory()  # outlives a lost connection
        self.committing = False
        self.driver: Any = None  # SQLAlchemy's synchronous face of the asyncpg connection

    def begin(self, cursor: Cursor, waybills: Sequence[Waybill], /) -> None:
        """Take every waybill's lock, in one order for all replicas.

        What is read afterwards, at READ COMMITTED, shows all that earlier holders wrote.
        """
        self.committing = False
        cursor.execute(self.statements.lock, (sorted(map(number_of, waybills)),))
        ((_, seen_at, accepted_at),) = cursor.fetchall()
        self._know(seen_at, accepted_at)

    def views(self, cursor: Cursor, waybill_ids: Sequence[str]) -> list[Row]:
        """Every row with one of the WayBillIDs."""
        cursor.execute(self.statements.view(1)[1], (list(waybill_ids),))
        return cursor.fetchall()

    def calls(self, cursor: Cursor, keys: Sequence[str]) -> list[Row]:
        """Every call of these pushes."""
        cursor.execute(self.statements.calls_of(1)[1], (list(keys),))
        return cursor.fetchall()

    def living(self, cursor: Cursor) -> frozenset[str]:
        """Whoever holds an owner's lock in this database."""
        cursor.execute(self.statements.living, (OWNERS,))
        return frozenset(str(number) for (number,) in cursor.fetchall())

    def commit(self) -> None:
        """Commit; when the server does not say how that went, it may have landed."""
        self.committing = True
        try:
            self.driver.commit()
        except AsyncAdapt_asyncpg_dbapi.Error as error:
            self.committing = error.sqlstate is None
            raise StoreFault(word_for(error) or "unreachable", landed=self.committing) from error
        self.committing = False

    def rollback(self) -> None:
        """Leave the transaction with nothing written."""
        self.driver.rollback()

    def start(self, connection: Connection) -> None:
        """Take an owner's number and its lock. Raises `SchemaOutdated`."""
        schema.require(connection, remedy="run `waybridge ledger migrate`")
        connection.rollback()
        self.driver = connection.connection.dbapi_connection
        cursor: Cursor = self.driver.cursor()
        cursor.execute("SELECT current_setting('synchronous_commit')")
        if cursor.fetchall()[0][0] == "off":
            cursor.execute("SET synchronous_commit = on")
        server = self._server(cursor)
        cursor.execute(self.statements.add_meta, (1, secrets.token_bytes(32), 0, server))
        cursor.execute(self.statements.next_session)
        ((number,),) = cursor.fetchall()
        cursor.execute(f"SELECT pg_advisory_lock({OWNERS}, {number})")  # till the session ends
        cursor.execute(self.statements.meta)
        ((identity_key, _, known_server),) = cursor.fetchall()
        self._compare(cursor, server=server, known_server=known_server)
        self.driver.commit()
        self.me, self.identity_key = str(number), bytes(identity_key)

    def _server(self, cursor: Cursor) -> str:
        """Name the server and its timeline; empty where this user may not ask, as at some that
        are rented. A promoted standby has a new timeline, which a checkpoint tells only later."""
        try:
            cursor.execute(_SERVER)
            ((system, timeline),) = cursor.fetchall()
        except ERRORS:
            self.driver.rollback()
            return ""
        return f"{system}/{timeline}"

    def _compare(self, cursor: Cursor, *, server: str, known_server: str) -> None:
        """Mark a ledger that has lost what it once held. A process that finds all that it wrote
        at another server vouches for it: a failover that lost nothing needs nobody."""
        self.rewind = read_rewind(cursor, self.statements)
        is_other = bool(known_server and server) and server != known_server
        cause = RewindCause.OTHER_SERVER if is_other and not self.written else None
        if self.written:
            cursor.execute(self.statements.pushes(KEPT)[1], (list(self.written.keys),))
            if self.written.is_lost(map(entry_of, cursor.fetchall()), now=time.time()):
                cause = RewindCause.COMMITS_MISSING
        if cause is not None:
            self.written.forget()
            self.rewind = mark_rewound(cursor, self.statements, cause=cause, now=time.time())
        if server and server != known_server:
            cursor.execute(self.statements.set_server, (server,))

    def look(self, cursor: Cursor) -> bool:
        """Read whether the server takes no writes, and whether the ledger is rewound."""
        cursor.execute(self.statements.look)
        ((read_only, seen_at, accepted_at),) = cursor.fetchall()
        self._know(seen_at, accepted_at)
        return bool(read_only == "on")

    def _know(self, seen_at: float | None, accepted_at: float | None) -> None:
        if seen_at is not None or accepted_at is not None:
            self.rewind = Rewind(seen_at=seen_at, accepted_at=accepted_at)


class PostgresqlStore:
    """The session and its connection, as the writer uses them.

    A lost connection is a lost session: the next one has a new owner's name, and what was
    calling under the old one is in doubt.
    """

    def __init__(self, url: str, *, waiting: Waiting) -> None:
        self.session = PostgresqlSession()
        self._engine = proved_engine_at(url)
        self._beside = engine_at(url)  # for readings, once the session is proved
        self._connection: AsyncConnection | None = None
        self._notifier = Notifier(lambda: connect(url), waiting=waiting)

    async def open(self, *, may_be_away: bool) -> str | None:
        """Begin a session. Raises `SchemaOutdated`, or `LedgerNotOpened` when unreachable.

        `may_be_away`: a server that may come back by itself is waited for, and the fault's word
        is returned; the session begins with the first probe that finds it.
        """
        fault: StoreFault | None = None
        try:
            await self._sound()
        except StoreFault as found:
            fault, cause = found, found.__cause__
            if isinstance(cause, LedgerNotOpened):
                raise cause from None
            if cause is None or not may_be_away or not is_away(cause):
                raise not_opened(cause or found) from found
        self._notifier.start()
        return fault.word if fault else None

    async def close(self) -> None:
        """End the session; whatever is calling is from now on owned by the dead."""
        await self._notifier.close()
        await self._abandon()
        await self._engine.dispose()
        await self._beside.dispose()

    async def execute(self, items: Sequence[Item]) -> None:
        """Run the items as one durable transaction. Raises `StoreFault` or `Poisoned`."""
        try:
            batch = await self._attempt(
                lambda cursor: run_batch(self.session, cursor, items), within=EXECUTE_SECONDS
            )
        except StoreFault as fault:
            if fault.landed:
                self.session.written.may_have_landed(item.waybill for item in items)
            raise
        self.session.written.wrote(tuple(batch.changed.values()))
        self._notifier.add(
            {
                number_of(entry.waybill)
                for entry in batch.changed.values()
                if entry.state is not State.CALLING  # nobody waits for a call to begin
            }
        )

    async def doubtful(self, *, limit: int) -> tuple[Entry, ...]:
        """Read on a connection of its own. Raises `StoreFault`."""
        return await self._apart(doubtful, limit=limit)

    async def settled_by_hand(self, *, limit: int) -> tuple[Entry, ...]:
        """Count on a connection of its own. Raises `StoreFault`."""
        return await self._apart(count, limit=limit)

    async def _apart(
        self, work: Callable[..., tuple[Entry, ...]], *, limit: int
    ) -> tuple[Entry, ...]:
        if not self.session.me:
            raise StoreFault("unreachable")  # and nothing was proved of it
        reader = PostgresqlSession()
        reader.me = self.session.me

        def read(connection: Connection) -> tuple[Entry, ...]:
            reader.driver = connection.connection.dbapi_connection
            return work(reader, reader.driver.cursor(), limit=limit)

        try:
            async with asyncio.timeout(READ_SECONDS), self._beside.connect() as connection:
                return await connection.run_sync(read)
        except ERRORS as error:
            raise StoreFault(word_for(error) or "unreachable") from error

    async def probe(self, *, writing: bool) -> None:
        """Ask the server something, or after a fault write. Raises `StoreFault`."""

        def ask(cursor: Cursor) -> None:
            if writing:
                cursor.execute("UPDATE meta SET sessions = sessions")
                self.session.commit()
                return
            read_only = self.session.look(cursor)
            self.session.rollback()
            if read_only:
                raise StoreFault("read_only")

        self.session.committing = False
        await self._attempt(ask, within=EXECUTE_SECONDS)

    async def _attempt(self, work: Callable[[Cursor], T], *, within: float) -> T:
        connection = await self._sound()
        try:
            async with asyncio.timeout(within):
                return await connection.run_sync(lambda _: work(self.session.driver.cursor()))
        except StoreFault:
            await self._leave_transaction()
            raise
        except ERRORS as error:
            landed = self.session.committing
            closed = connection.closed or self._driver_closed()
            word = "unreachable" if closed or isinstance(error, TimeoutError) else word_for(error)
            if word == "unreachable":
                await self._abandon()
            else:
                await self._leave_transaction()
            if word is None:
                raise Poisoned(str(error)) from error
            raise StoreFault(word, landed=landed) from error
        except asyncio.CancelledError:
            await self._abandon()
            raise

    async def _sound(self) -> AsyncConnection:
        if self._connection is not None and not self._driver_closed():
            return self._connection
        await self._abandon()
        try:
            self._connection = await self._engine.connect()
            async with asyncio.timeout(CONNECT_SECONDS):
                await self._connection.run_sync(self.session.start)
        except ERRORS as error:
            await self._abandon()
            raise StoreFault(word_for(error) or "unreachable") from error
        except LedgerNotOpened as error:
            await self._abandon()
            raise StoreFault(REFUSALS.get(type(error), "schema")) from error
        except BaseException:
            await self._abandon()
            raise
        return self._connection

    def _driver_closed(self) -> bool:
        driver = self.session.driver
        return driver is None or bool(driver.driver_connection.is_closed())

    async def _leave_transaction(self) -> None:
        connection = self._connection
        if connection is None:
            return
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await connection.run_sync(lambda _: self.session.rollback())
        except ERRORS:
            await self._abandon()

    async def _abandon(self) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            return
        if self.session.driver is not None:
            # At once: a polite goodbye would wait for a server that may be standing still.
            self.session.driver.driver_connection.terminate()
            self.session.driver = None
        await connection.invalidate()
        await connection.close()
