"""What operators do to a ledger from a shell: bring it up to date, settle doubt, forget.

AdapterError
└── NotInDoubt   there is nothing to settle; nothing was written
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sqlalchemy import NullPool, create_engine
from sqlalchemy.exc import DBAPIError

from adapter.cancellation.errors import AdapterError
from adapter.cancellation.model import Entry, only
from adapter.cancellation.ports import WaybillView, Write
from adapter.cancellation.rules_settle import on_resolve
from adapter.ledger import schema
from adapter.ledger.errors import DATABASE_HINT, LedgerNotOpened
from adapter.ledger.filelock import FileLock
from adapter.ledger.migrating import migrate
from adapter.ledger.open import file_of, open_ledger
from adapter.ledger.prune import prune
from adapter.ledger.resolution import Resolution
from adapter.ledger.tables import SCHEMA

RESOLVE_WITHIN_SECONDS = 10.0  # SQLite: a turn at the write lock of the `serve` beside us


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


async def upgrade(url: str) -> Upgrade:
    """Bring the tables up to this program's.

    Raises `LedgerInUse` while a `serve` has the SQLite file, `SchemaOutdated` when they are
    newer, `LedgerNotOpened` when they cannot be reached; nothing is changed then.
    """
    if not url.startswith("sqlite"):
        before = await _version_at_server(url)
        await migrate(url)
        return Upgrade(before=before, after=SCHEMA)
    path = file_of(url)
    # Held over all of it: a `serve` that starts meanwhile is the one that is refused.
    lock = await asyncio.to_thread(_locked, path)
    try:
        with _translated():
            before = await asyncio.to_thread(_version_of_file, url)
            await migrate(url)
    finally:
        lock.release()
    return Upgrade(before=before, after=SCHEMA)


async def forget(url: str, *, keep_seconds: float, now: float) -> AsyncIterator[int]:
    """See `adapter.ledger.prune.prune`. Raises `LedgerNotOpened`; earlier steps stand."""
    with _translated():
        async for removed in prune(url, keep_seconds=keep_seconds, now=now):
            yield removed


async def settle(url: str, *, found: Entry, resolution: Resolution) -> Entry:
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


async def _version_at_server(url: str) -> str:
    from adapter.ledger.postgresql_connection import ERRORS, engine_at

    engine = engine_at(url)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(schema.version_of)
    except ERRORS as error:
        raise LedgerNotOpened(f"the ledger's PostgreSQL: {error}", hint=DATABASE_HINT) from error
    finally:
        await engine.dispose()


def _locked(path: Path) -> FileLock:
    if not path.parent.is_dir():
        raise LedgerNotOpened(f"there is no folder {path.parent} for the ledger")
    lock = FileLock(Path(f"{path}.lock"))
    lock.take(path)
    return lock


def _version_of_file(url: str) -> str:
    if not file_of(url).exists():
        return ""
    with create_engine(f"sqlite:///{file_of(url)}", poolclass=NullPool).connect() as connection:
        return schema.version_of(connection)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        raise LedgerNotOpened(f"the ledger cannot be written: {error.orig}") from error
