"""Connections to PostgreSQL, and what their errors mean for a ledger."""

from __future__ import annotations

import asyncpg
from sqlalchemy import NullPool
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_dbapi
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from adapter.ledger.errors import DATABASE_HINT, LedgerNotOpened

CONNECT_SECONDS = 1.0  # for one attempt to connect

# Sent with every connection. A replica that stops in the middle of a transaction must not
# hold its waybills' locks for long, nor one that vanished its owner's.
SETTINGS = {
    "application_name": "waybridge",
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
    "57014": "locked",
}
BLAMES = ("22", "23")

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
    """Connect as libpq would understand the URL (`?host=/socket/folder`, `sslmode`, …)."""
    return await asyncpg.connect(url, timeout=CONNECT_SECONDS, server_settings=SETTINGS)


def engine_at(url: str) -> AsyncEngine:
    """An engine that keeps no connection by itself."""
    return create_async_engine(
        "postgresql+asyncpg://", poolclass=NullPool, async_creator=lambda: connect(url)
    )


def reading_engine_at(url: str) -> AsyncEngine:
    """An engine for reading only. What keeps it from connecting is `LedgerNotOpened`."""

    async def reader() -> asyncpg.Connection:
        try:
            connection = await connect(url)
            await connection.execute("SET default_transaction_read_only = on")
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
            raise LedgerNotOpened(
                f"the ledger's PostgreSQL: {error}", hint=DATABASE_HINT
            ) from error
        return connection

    return create_async_engine("postgresql+asyncpg://", poolclass=NullPool, async_creator=reader)


def word_for(error: BaseException) -> str | None:
    """The stable word for the error; nothing when a value is to blame."""
    origin = getattr(error, "orig", None) or error
    if isinstance(origin, ValueError) or isinstance(origin.__cause__, ValueError):
        return None  # asyncpg could not encode it
    state = getattr(origin, "sqlstate", None) or ""
    if state[:2] in BLAMES:
        return None
    return FAULTS.get(state) or FAULTS.get(state[:2]) or "unreachable"
