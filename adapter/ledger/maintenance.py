"""What operators do to a ledger from a shell: migrate it, prune it, resolve what is in doubt.

AdapterError
└── NotInDoubt   there is nothing to settle; nothing was written
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sqlalchemy import Connection, Engine, delete, event, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from adapter.cancellation.errors import AdapterError
from adapter.cancellation.model import Entry, State, only
from adapter.cancellation.ports import WaybillView, Write
from adapter.cancellation.rules_settle import on_resolve
from adapter.ledger import schema
from adapter.ledger.errors import LedgerNotOpened
from adapter.ledger.open import file_of, open_ledger
from adapter.ledger.resolution import Resolution
from adapter.ledger.sqlite_file import FileLock, connect, engine_over
from adapter.ledger.tables import SCHEMA, call, push, resolution

RESOLVE_WITHIN_SECONDS = 10.0  # SQLite: a turn at the write lock of the `serve` beside us
STEP_ROWS = 1_000  # pruned in one transaction: nobody else waits longer than for these
LEAST_KEEP_SECONDS = 86_400.0  # WeChat's repeats and a merchant's second press come sooner
BUSY_SECONDS = 5.0  # for the writer beside us
SETTLED = (State.DONE.value, State.UNSENT.value)


class NotInDoubt(AdapterError):
    """There is nothing to settle: the push is decided, unsent, or still being asked."""

    reason = "not_in_doubt"

    def __init__(self, entry: Entry | None) -> None:
        super().__init__("the push is not in doubt")
        self.entry = entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Upgrade:
    """What migrating came to: the schema before, empty for none, and the one now."""

    before: str
    after: str


async def migrate(url: str) -> Upgrade:
    """Bring the tables up to this program's.

    An SQLite ledger also does so by itself when it is opened to serve. Raises `LedgerInUse`
    while a `serve` has the SQLite file, `SchemaOutdated` when the tables are newer,
    `LedgerNotOpened` when they cannot be reached; nothing is changed then.
    """
    if url.startswith("sqlite"):
        before = await asyncio.to_thread(_migrate_file, file_of(url))
    else:
        async with _server(url) as engine, engine.begin() as connection:
            # One at a time: two replicas' operators may both think of it.
            await connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({schema.LOCK})")
            before = await connection.run_sync(_migrate)
    return Upgrade(before=before, after=SCHEMA)


async def prune(url: str, *, keep_seconds: float, now: float) -> AsyncIterator[int]:
    """Delete settled pushes received longer ago than `keep_seconds`; yield each step's count.

    What is in doubt is never deleted. Safe beside a running `serve`: every step is one short
    transaction of at most `STEP_ROWS` pushes. Raises `LedgerNotOpened`, and earlier steps
    stand; `ValueError` for less than a day.
    """
    if keep_seconds < LEAST_KEEP_SECONDS:
        raise ValueError("a ledger keeps what is settled for a day at least")
    before = now - keep_seconds
    if url.startswith("sqlite"):
        steps = _prune_file(file_of(url), before=before)
        while removed := await asyncio.to_thread(next, steps, 0):
            yield removed
        return
    async with _server(url) as engine:
        removed = STEP_ROWS
        while removed == STEP_ROWS:
            async with engine.begin() as connection:
                removed = await connection.run_sync(_prune_step, before=before)
            if removed:
                yield removed


async def resolve(url: str, *, found: Entry, resolution: Resolution) -> Entry:
    """Settle the push `found` on an operator's word, in one transaction beside a `serve`.

    Raises `NotInDoubt` with the entry as it stands now, `LedgerNotOpened`, or
    `LedgerUnavailable` when somebody else keeps the ledger; nothing is written then.
    """
    async with open_ledger(url, beside=True) as ledger:
        return await ledger.settle(
            found.waybill,
            partial(_resolved, resolution=resolution),
            resolution=resolution,
            within_seconds=RESOLVE_WITHIN_SECONDS,
        )


def _resolved(view: WaybillView, *, resolution: Resolution) -> Write[Entry]:
    write = on_resolve(
        view, key=resolution.key, outcome=resolution.outcome, reason=resolution.reason
    )
    if write.result is None:
        # Raised, so that the ledger does not keep the word beside a push it did not settle.
        raise NotInDoubt(only(view.entries, resolution.key))
    return Write(result=write.result, entries=write.entries)


def _migrate(connection: Connection) -> str:
    """Migrate and return the schema of before."""
    before = schema.version_of(connection)
    schema.migrate(connection)
    return before


def _migrate_file(path: Path) -> str:
    if not path.parent.is_dir():
        raise LedgerNotOpened(f"there is no folder {path.parent} for the ledger")
    lock = FileLock(Path(f"{path}.lock"))
    # Held over all of it: a `serve` that starts meanwhile is the one that is refused.
    lock.take(path)
    try:
        with _translated(), _engine(path).begin() as connection:
            return _migrate(connection)
    finally:
        lock.release()


def _prune_file(path: Path, *, before: float) -> Iterator[int]:
    engine = _engine(path)
    # The driver's own BEGIN is deferred: a read-then-write transaction could then fail.
    event.listen(engine, "begin", lambda opened: opened.exec_driver_sql("BEGIN IMMEDIATE"))
    removed = STEP_ROWS
    while removed == STEP_ROWS:
        with _translated(), engine.begin() as connection:
            schema.require(connection, remedy="start `waybridge serve` once")
            removed = _prune_step(connection, before=before)
        if removed:
            yield removed
    engine.dispose()


def _prune_step(connection: Connection, *, before: float) -> int:
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


def _engine(path: Path) -> Engine:
    return engine_over(lambda: connect(path, mode="rwc", wait_seconds=BUSY_SECONDS))


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        raise LedgerNotOpened(f"the ledger cannot be written: {error.orig}") from error


@asynccontextmanager
async def _server(url: str) -> AsyncIterator[AsyncEngine]:
    from adapter.ledger.postgresql_connection import ERRORS, engine_at, not_opened

    engine = engine_at(url)
    try:
        yield engine
    except ERRORS as error:
        raise not_opened(error) from error
    finally:
        await engine.dispose()
