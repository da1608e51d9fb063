"""A ledger by its URL. Imports SQLAlchemy only when the URL needs it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from adapter.ledger.errors import UrlNotUnderstood
from adapter.ledger.memory import MemoryLedger

if TYPE_CHECKING:
    from adapter.ledger.durable import DurableLedger

FORMS = "sqlite:///file.db, sqlite:////absolute/file.db, postgresql://… or memory://"


@asynccontextmanager
async def open_ledger(
    url: str, *, beside: bool = False, may_be_away: bool = False
) -> AsyncIterator[DurableLedger | MemoryLedger]:
    """Open the ledger at `url` for as long as the `async with` lasts.

    `beside`: for a command next to a running `serve`; on SQLite it takes no lock and
    changes no schema. `may_be_away`: see `DurableLedger`. Raises a `LedgerNotOpened`: in use,
    outdated, unreachable.
    """
    # In a thread: the first import of SQLAlchemy reads some hundred files.
    ledger = await asyncio.to_thread(_ledger, url, beside=beside, may_be_away=may_be_away)
    async with ledger:
        yield ledger


def _ledger(url: str, *, beside: bool, may_be_away: bool) -> DurableLedger | MemoryLedger:
    scheme = urlsplit(url).scheme
    if scheme == "memory":
        return MemoryLedger()
    if scheme == "sqlite":
        return _sqlite(file_of(url), beside=beside)
    if scheme in ("postgresql", "postgres"):
        return _postgresql(url, may_be_away=may_be_away)
    raise UrlNotUnderstood(f"unknown kind of ledger {scheme!r}: write {FORMS}")


def file_of(url: str) -> Path:
    """The file an SQLite URL names: relative after three slashes, absolute after four."""
    parts = urlsplit(url)
    path = unquote(parts.path)[1:]
    if parts.netloc or not path or path == ":memory:":
        raise UrlNotUnderstood(f"the ledger's URL names no file: write {FORMS}")
    return Path(path)


def _sqlite(path: Path, *, beside: bool) -> DurableLedger:
    from adapter.ledger.durable import DurableLedger
    from adapter.ledger.sqlite.session import SqliteStore
    from adapter.ledger.waiting import Waiting

    return DurableLedger(SqliteStore(path, beside=beside), waiting=Waiting())


def _postgresql(url: str, *, may_be_away: bool) -> DurableLedger:
    from adapter.ledger.durable import DurableLedger
    from adapter.ledger.postgresql.session import PostgresqlStore
    from adapter.ledger.waiting import Waiting

    waiting = Waiting()
    store = PostgresqlStore(url, waiting=waiting)
    return DurableLedger(store, waiting=waiting, may_be_away=may_be_away)
