"""Connections to PostgreSQL, and what their errors mean for a ledger."""

from __future__ import annotations

import asyncio
import ssl

import asyncpg
from sqlalchemy import NullPool
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_dbapi
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from adapter.ledger.errors import DATABASE_HINT, LedgerNotOpened
from adapter.ledger.postgresql_pooling import prove

CONNECT_SECONDS = 1.0  # for one attempt to connect
PROOF_SECONDS = 2.0  # for proving that it is a session, a second connection included

NAME = "waybridge"  # the `application_name` of every connection

# Set on every connection that writes, once it is there: at its start a pooler refuses all but a
# few parameters, or drops them. A replica that stops in the middle of a transaction must not
# hold its waybills' locks for long, nor one that vanished its owner's.
SETTINGS = {
    "default_transaction_isolation": "read committed",
    "idle_in_transaction_session_timeout": "10s",
    "jit": "off",
    "lock_timeout": "500ms",
    "tcp_keepalives_count": "3",
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "3",
}

# SQLSTATEs and their classes: a stable word each. Class 22 and 23 blame a value.
# https://www.postgresql.org/docs/current/errcodes-appendix.html
FAULTS = {
    "25006": "read_only",
    "40": "locked",
    "42": "schema",
    "53100": "full",
    "55P03": "locked",
    "57014": "timeout",
}
BLAMES = ("22", "23")
# Connections, resources, an operator's doing (a start, a stop), a statement's time, a standby.
COMES_BACK = ("08", "53", "57", "55P03", "25006")
POOLER_REFUSES = (
    "authentication",
    "no such",
    "does not exist",
)  # PgBouncer says these with a code of class 08

# Whatever SQLAlchemy, its adapter, asyncpg or the network may raise of a statement.
ERRORS = (
    DBAPIError,
    AsyncAdapt_asyncpg_dbapi.Error,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
    TimeoutError,
    ValueError,
)


async def connect(url: str) -> asyncpg.Connection:
    """Connect for writing, to where an earlier connection was proved to be a session."""
    return await _set_up(await _connected(url))


async def connect_proved(url: str) -> asyncpg.Connection:
    """Connect for writing. Raises `TransactionPooling` unless that is a session of our own."""
    return await _set_up(await _proved(url))


def engine_at(url: str) -> AsyncEngine:
    """An engine that keeps no connection by itself, and proves none: for whoever has proved one."""
    return create_async_engine(
        "postgresql+asyncpg://", poolclass=NullPool, async_creator=lambda: connect(url)
    )


def proved_engine_at(url: str) -> AsyncEngine:
    """An engine whose every connection is proved; it keeps none by itself."""
    return create_async_engine(
        "postgresql+asyncpg://", poolclass=NullPool, async_creator=lambda: connect_proved(url)
    )


def reading_engine_at(url: str) -> AsyncEngine:
    """An engine for reading only. What keeps it from connecting is `LedgerNotOpened`.

    Every transaction says so itself: a session's default could stay behind in a pooler.
    """

    async def reader() -> asyncpg.Connection:
        try:
            return await _proved(url)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
            raise LedgerNotOpened(
                f"the ledger's PostgreSQL: {error or 'no answer'}", hint=DATABASE_HINT
            ) from error

    engine = create_async_engine("postgresql+asyncpg://", poolclass=NullPool, async_creator=reader)
    return engine.execution_options(postgresql_readonly=True)


async def _connected(url: str) -> asyncpg.Connection:
    """Connect as libpq would understand the URL (`?host=/socket/folder`, `sslmode`, …)."""
    return await asyncpg.connect(
        url,
        timeout=CONNECT_SECONDS,
        server_settings={"application_name": NAME},
        # SQLAlchemy has its own; statements of asyncpg's could not even be asked of a pooler.
        statement_cache_size=0,
    )


async def _proved(url: str) -> asyncpg.Connection:
    connection = await _connected(url)
    try:
        async with asyncio.timeout(PROOF_SECONDS):
            await prove(connection, second=lambda: _connected(url))
    except BaseException:
        connection.terminate()
        raise
    return connection


async def _set_up(connection: asyncpg.Connection) -> asyncpg.Connection:
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            await connection.execute(
                "; ".join(f"SET {name} = '{value}'" for name, value in SETTINGS.items())
            )
    except BaseException:
        connection.terminate()
        raise
    return connection


def is_away(error: BaseException) -> bool:
    """Say whether a server that cannot be used now may come back by itself.

    Not where it refuses this very user, password, database or certificate: that is for people.
    """
    origin = getattr(error, "orig", None) or error
    if isinstance(origin, ssl.SSLCertVerificationError):
        return False
    if isinstance(origin, (OSError, TimeoutError, asyncpg.TargetServerAttributeNotMatched)):
        return True
    state = getattr(origin, "sqlstate", None) or ""
    if state == "08P01" and any(word in str(origin) for word in POOLER_REFUSES):
        return False
    return state.startswith(COMES_BACK)


def word_for(error: BaseException) -> str | None:
    """The stable word for the error; nothing when a value is to blame."""
    origin = getattr(error, "orig", None) or error
    if isinstance(origin, asyncpg.TargetServerAttributeNotMatched):
        return "read_only"  # `target_session_attrs=read-write`, and only standbys are there
    if isinstance(origin, ValueError) or isinstance(origin.__cause__, ValueError):
        return None  # asyncpg could not encode it
    state = getattr(origin, "sqlstate", None) or ""
    if state[:2] in BLAMES:
        return None
    return FAULTS.get(state) or FAULTS.get(state[:2]) or "unreachable"
