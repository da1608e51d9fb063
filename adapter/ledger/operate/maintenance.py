"""What operators do to a ledger's tables from a shell: migrate them, prune them, tick off who
was told. What they decide about a push is `settling`'s."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

from sqlalchemy import Connection, Engine, delete, event, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from adapter.cancellation.model import State
from adapter.ledger import schema
from adapter.ledger.errors import LedgerNotOpened
from adapter.ledger.notice import tick_off
from adapter.ledger.open import file_of
from adapter.ledger.reading import Reader
from adapter.ledger.sqlite.file import FileLock, connect, engine_over
from adapter.ledger.sqlite.remembered import require_own_log
from adapter.ledger.tables import SCHEMA, call, notice, push, resolution
from adapter.ledger.written import LEAST_KEEP_SECONDS

STEP_ROWS = 1_000  # pruned in one transaction: nobody else waits longer than for these
BUSY_SECONDS = 5.0  # for the writer beside us
SETTLED = (State.DONE.value, State.UNSENT.value)

T = TypeVar("T")


class Writing(Protocol):
    """Runs work in a transaction of its own, and returns what it returns once that is durable."""

    async def __call__(self, work: Callable[[Connection], T], /) -> T: ...


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
    removed = STEP_ROWS
    async with transactions(url) as write:
        while removed == STEP_ROWS:
            removed = await write(partial(_prune_step, before=before))
            if removed:
                yield removed


async def tell(url: str, keys: Sequence[str], *, who: str, how: str, at: float) -> frozenset[str]:
    """Write that an operator told the merchants of these pushes; return the keys that stood on
    the list of those to tell, the only ones it is written of.

    Safe beside a running `serve`, like `prune`. Raises `LedgerNotOpened`, and earlier steps stand.
    """
    told: set[str] = set()
    async with transactions(url) as write:
        for start in range(0, len(keys), STEP_ROWS):
            step = list(keys[start : start + STEP_ROWS])
            told |= await write(partial(tick_off, keys=step, who=who, how=how, at=at))
    return frozenset(told)


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
        require_own_log(path)
        with _translated(), _engine(path).begin() as connection:
            return _migrate(connection)
    finally:
        lock.release()


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
        connection.execute(delete(notice).where(notice.c.key.in_(keys)))
    return len(keys)


@asynccontextmanager
async def transactions(url: str) -> AsyncIterator[Writing]:
    """Write beside whoever serves from the ledger at `url`; raises `LedgerNotOpened`."""
    if url.startswith("sqlite"):
        path = file_of(url)

        async def write_file(work: Callable[[Connection], T], /) -> T:
            return await asyncio.to_thread(_write_file, path, work)

        yield write_file
        return
    async with _server(url) as engine:

        async def write_rows(work: Callable[[Connection], T], /) -> T:
            async with engine.begin() as connection:
                return await connection.run_sync(work)

        yield write_rows


def _write_file(path: Path, work: Callable[[Connection], T]) -> T:
    if not FileLock(Path(f"{path}.lock")).is_held():
        require_own_log(path)
    engine = _engine(path)
    # The driver's own BEGIN is deferred: a read-then-write transaction could then fail.
    event.listen(engine, "begin", lambda opened: opened.exec_driver_sql("BEGIN IMMEDIATE"))
    try:
        with _translated(), engine.begin() as connection:
            schema.require(connection, remedy="start `waybridge serve` once")
            return work(connection)
    finally:
        engine.dispose()


def _engine(path: Path) -> Engine:
    return engine_over(lambda: connect(path, mode="rwc", wait_seconds=BUSY_SECONDS))


@asynccontextmanager
async def writing(url: str) -> AsyncIterator[Reader]:
    """Open the ledger for work on one connection, in a thread of its own where it is a file.

    Raises `LedgerNotOpened`, also for what the work meets.
    """
    if not url.startswith("sqlite"):
        async with _server(url) as server, server.connect() as connected:
            yield connected.run_sync
        return
    loop = asyncio.get_running_loop()
    thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ledger-writer")
    engine = _engine(file_of(url))
    event.listen(engine, "begin", lambda opened: opened.exec_driver_sql("BEGIN IMMEDIATE"))
    with _translated():
        connection = await loop.run_in_executor(thread, engine.connect)
        try:

            async def write(work: Callable[[Connection], T], /) -> T:
                return await loop.run_in_executor(thread, work, connection)

            yield write
        finally:
            await loop.run_in_executor(thread, connection.close)
            thread.shutdown(wait=False)  # it has nothing left to do


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        raise LedgerNotOpened(f"the ledger cannot be written: {error.orig}") from error


@asynccontextmanager
async def _server(url: str) -> AsyncIterator[AsyncEngine]:
    from adapter.ledger.postgresql.connection import ERRORS, not_opened, proved_engine_at

    engine = proved_engine_at(url)
    try:
        yield engine
    except ERRORS as error:
        raise not_opened(error) from error
    finally:
        await engine.dispose()
