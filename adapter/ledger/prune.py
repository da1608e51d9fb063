"""Forget what is settled and old; never what is in doubt."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

from sqlalchemy import Connection, NullPool, create_engine, delete, event, select

from adapter.cancellation.model import State
from adapter.ledger import schema
from adapter.ledger.open import file_of
from adapter.ledger.tables import call, push, resolution

STEP_ROWS = 1_000  # in one transaction: nobody else waits longer than for these
LEAST_KEEP_SECONDS = 86_400.0  # WeChat's repeats and a merchant's second press come sooner
BUSY_SECONDS = 5.0  # for the writer beside us
SETTLED = (State.DONE.value, State.UNSENT.value)


async def prune(url: str, *, keep_seconds: float, now: float) -> AsyncIterator[int]:
    """Delete settled pushes received longer ago than `keep_seconds`; yield each step's count.

    `ValueError` for less than a day. Safe beside a running `serve`: every step is one
    short transaction of at most `STEP_ROWS` pushes.
    """
    if keep_seconds < LEAST_KEEP_SECONDS:
        raise ValueError("a ledger keeps what is settled for a day at least")
    before = now - keep_seconds
    if url.startswith("sqlite"):
        steps = _steps_in_file(url, before=before)
        while removed := await asyncio.to_thread(next, steps, 0):
            yield removed
        return
    from adapter.ledger import postgresql_connection as postgresql

    engine = postgresql.engine_at(url)
    try:
        removed = STEP_ROWS
        while removed == STEP_ROWS:
            async with engine.begin() as connection:
                removed = await connection.run_sync(step, before=before)
            if removed:
                yield removed
    finally:
        await engine.dispose()


def step(connection: Connection, *, before: float) -> int:
    """Delete up to `STEP_ROWS` settled pushes received before `before`, with their calls."""
    old = (
        select(push.c.key)
        .where(push.c.received_at < before, push.c.state.in_(SETTLED))
        .order_by(push.c.received_at)
        .limit(STEP_ROWS)
    )
    gone = delete(push).where(push.c.key.in_(old), push.c.state.in_(SETTLED))
    keys = list(connection.scalars(gone.returning(push.c.key)))
    if keys:
        connection.execute(delete(call).where(call.c.key.in_(keys)))
        connection.execute(delete(resolution).where(resolution.c.key.in_(keys)))
    return len(keys)


def _steps_in_file(url: str, *, before: float) -> Iterator[int]:
    engine = create_engine(
        f"sqlite:///{file_of(url)}",
        poolclass=NullPool,
        connect_args={
            "timeout": BUSY_SECONDS,
            "isolation_level": None,
            "check_same_thread": False,
        },
    )
    # The driver's own BEGIN is deferred: a read-then-write transaction could then fail.
    event.listen(engine, "begin", lambda opened: opened.exec_driver_sql("BEGIN IMMEDIATE"))
    removed = STEP_ROWS
    while removed == STEP_ROWS:
        with engine.begin() as connection:
            schema.require(connection, remedy="start `waybridge serve` once")
            removed = step(connection, before=before)
        if removed:
            yield removed
    engine.dispose()
