"""Whether a connection is a session of its own, or a pooler gives every transaction another one.

An owner's lock, LISTEN and `SET` belong to a session. Behind transaction pooling they end up in
sessions that others use: the lock of a dead process stays held, and a setting reaches strangers.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable

import asyncpg

from adapter.ledger.errors import LedgerNotOpened

PROOF = 0x57425250  # "WBRP": the first half of a proof's lock; the second is random
PID = "SELECT pg_backend_pid()"
HOLDS = (
    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2"
    " AND pid = pg_backend_pid() AND classid::bigint = $1 AND objid::bigint = $2"
)
RELEASE_ATTEMPTS = 20
STATEMENT_POOLING = "statement pooling"  # PgBouncer's own words, of a mode without transactions


class TransactionPooling(LedgerNotOpened):
    """A pooler stands in between that gives every transaction another session."""

    reason = "transaction_pooling"
    HINT = (
        "Use session pooling (PgBouncer: pool_mode = session) for this database, or connect to"
        " PostgreSQL itself."
    )


async def prove(
    connection: asyncpg.Connection, *, second: Callable[[], Awaitable[asyncpg.Connection]]
) -> None:
    """Raise `TransactionPooling` unless the connection keeps its backend and its locks.

    One session alone meets the same backend again on an idle pooler that hands out the one used
    last. So a second one opens a transaction, which takes that, and holds it while the first asks.
    A pooler that goes round instead has changed the backend already when the first asks alone.
    """
    lock = secrets.randbits(31)
    try:
        async with connection.transaction():
            before = await connection.fetchval(PID)
            await connection.execute(f"SELECT pg_advisory_lock({PROOF}, {lock})")
    except asyncpg.PostgresError as error:
        if STATEMENT_POOLING in str(error):
            raise _pooled() from error
        raise
    alone = await _asked(connection, lock)
    other = await second()
    try:
        async with other.transaction():
            held = await other.fetchval(PID)
            beside = await _asked(connection, lock)
            is_ours = alone == beside == (before, True) and held != before
            await _release(connection, lock, beside=other)
    finally:
        other.terminate()
    if not is_ours:
        raise _pooled()


async def _asked(connection: asyncpg.Connection, lock: int) -> tuple[int, bool]:
    """Say in a transaction of its own which backend that is, and whether it holds the lock."""
    async with connection.transaction():
        return await connection.fetchval(PID), await _holds(connection, lock)


async def _holds(connection: asyncpg.Connection, lock: int) -> bool:
    return bool(await connection.fetchval(HOLDS, PROOF, lock))


async def _release(
    connection: asyncpg.Connection, lock: int, *, beside: asyncpg.Connection
) -> None:
    """Let go of the lock, whoever's session it has become; one that never comes again keeps it,
    and it stands in nobody's way."""
    if await _released(beside, lock):
        return
    for _ in range(RELEASE_ATTEMPTS):
        async with connection.transaction():
            if await _released(connection, lock):
                return


async def _released(connection: asyncpg.Connection, lock: int) -> bool:
    if not await _holds(connection, lock):
        return False
    await connection.execute(f"SELECT pg_advisory_unlock({PROOF}, {lock})")
    return True


def _pooled() -> TransactionPooling:
    return TransactionPooling(
        "a pooler in front of the ledger's PostgreSQL gives every transaction another session"
        " (transaction pooling): the locks that say which process still lives would be lost"
    )
