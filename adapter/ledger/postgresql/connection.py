"""Connections to PostgreSQL, and what their errors mean for a ledger."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl

import asyncpg
from sqlalchemy import NullPool
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_dbapi
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from adapter.diagnostics.postgresql_url import postgresql_url
from adapter.ledger.errors import DATABASE_HINT, LedgerNotOpened
from adapter.ledger.postgresql.pooling import prove

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


# A host that answers so is passed over for the next one, as libpq does.
NEXT_HOST = (
    asyncpg.CannotConnectNowError,
    asyncpg.TargetServerAttributeNotMatched,
    OSError,
    TimeoutError,
)


async def connect(url: str) -> asyncpg.Connection:
    """Connect for writing, to where an earlier connection was proved to be a session."""
    return await _set_up(await _connected(url))


async def connect_proved(url: str) -> asyncpg.Connection:
    """Connect for writing. Raises `TransactionPooling` unless that is a session of our own."""
    return await _set_up(await _proved(url))


async def _connected(url: str) -> asyncpg.Connection:
    """Connect as libpq would understand the URL (`?host=/socket/folder`, `sslmode`, …).

    Hosts are tried one after the other, each for `CONNECT_SECONDS`: in the driver's own list
    a silent first host would use up the time of all.
    """
    asked = postgresql_url(url)
    tls = None
    if asked.uses_system_cas:
        tls = await asyncio.to_thread(ssl.create_default_context)
    *others, last = asked.dsns
    for dsn in others:
        with contextlib.suppress(*NEXT_HOST):
            return await _connect(dsn, tls)
    return await _connect(last, tls)


async def _connect(dsn: str, tls: ssl.SSLContext | None) -> asyncpg.Connection:
    return await asyncpg.connect(
        dsn,
        timeout=CONNECT_SECONDS,
        server_settings={"application_name": NAME},
        # SQLAlchemy has its own; statements of asyncpg's could not even be asked of a pooler.
        statement_cache_size=0,
        **({"ssl": tls} if tls else {}),
    )


# What the operator can do, by what kept us from connecting: the first kind that fits.
HINTS: tuple[tuple[tuple[type[BaseException], ...], str], ...] = (
    (
        (asyncpg.InvalidAuthorizationSpecificationError,),  # a wrong password is one of them
        "Correct user and password in ledger.url, or what pg_hba.conf allows them.",
    ),
    (
        (asyncpg.InvalidCatalogNameError,),
        "Create the database, or correct its name in ledger.url.",
    ),
    (
        (asyncpg.UndefinedObjectError, asyncpg.CantChangeRuntimeParamError),
        "Correct the parameters behind the ? of ledger.url.",
    ),
    (
        (asyncpg.TargetServerAttributeNotMatched,),
        "None of the hosts is what target_session_attrs asks for: is there a primary?",
    ),
    ((asyncpg.TooManyConnectionsError,), "Raise max_connections of the database."),
    ((asyncpg.InsufficientPrivilegeError,), "Grant this user what is missing."),
    ((asyncpg.ClientConfigurationError,), "Correct ledger.url, or the PG… variables."),
    ((ssl.SSLError,), "Correct sslmode and the ssl… files of ledger.url."),
    ((socket.gaierror,), "Correct the host in ledger.url, or the DNS of this machine."),
    ((FileNotFoundError,), "Correct the socket folder or the ssl… files in ledger.url."),
    ((PermissionError,), "Give this user access to the socket or the ssl… files of ledger.url."),
    (
        (ConnectionError, TimeoutError, OSError),
        "Is the database running, at the host and port of ledger.url?",
    ),
)


def not_opened(error: BaseException) -> LedgerNotOpened:
    """What to tell the operator of an error on the way to a connection, in one line."""
    origin = getattr(error, "orig", None) or error
    if isinstance(origin, AsyncAdapt_asyncpg_dbapi.Error) and origin.__cause__ is not None:
        origin = origin.__cause__
    hint = next((hint for kinds, hint in HINTS if isinstance(origin, kinds)), DATABASE_HINT)
    is_silent = isinstance(origin, OSError) and not isinstance(origin, ssl.SSLError)
    what = "the ledger's PostgreSQL does not answer" if is_silent else "the ledger's PostgreSQL"
    return LedgerNotOpened(f"{what}: {_words(origin)}", hint=hint)


def _words(error: BaseException) -> str:
    """The error's first line; nothing of a `ValueError`, which may quote a part of the URL."""
    if isinstance(error, TimeoutError):
        return f"no connection within {CONNECT_SECONDS:g} s"
    if isinstance(error, ValueError) and not isinstance(error, asyncpg.InterfaceError):
        return "the URL or a PG… variable cannot be used as it is"
    return (str(error) or type(error).__name__).splitlines()[0].removesuffix(".")


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
        except ERRORS as error:
            raise not_opened(error) from error

    engine = create_async_engine("postgresql+asyncpg://", poolclass=NullPool, async_creator=reader)
    return engine.execution_options(postgresql_readonly=True)


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
