"""A ledger copied to another database, in steps, and both compared: who was told what moves along.

Every step compares a thousand rows with the target's and writes those that differ, so a run that
was cut short, or made beside a running `serve`, is gone on with by the next one.

LedgerNotOpened
└── CopyRefused   the target is served, is another ledger, or knows more than the source
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import Any

from sqlalchemy import (
    BindParameter,
    Column,
    Connection,
    RowMapping,
    Table,
    delete,
    func,
    literal,
    literal_column,
    select,
    tuple_,
)
from sqlalchemy.dialects import postgresql, sqlite

from adapter.cancellation.model import State
from adapter.ledger import schema
from adapter.ledger.errors import LedgerNotOpened
from adapter.ledger.open import file_of
from adapter.ledger.operate.maintenance import migrate, writing
from adapter.ledger.reading import Reader, reading
from adapter.ledger.sqlite.file import FileLock
from adapter.ledger.statements import OWNERS, for_postgresql
from adapter.ledger.tables import meta, metadata, push

STEP_ROWS = 1_000  # read, compared and written at a time
SETTLED = (State.DONE.value, State.UNSENT.value)
# What belongs to one server, and begins anew at another.
LEFT_OUT: dict[str, frozenset[str]] = {"meta": frozenset({"server"})}

Progress = Callable[[str, int, int], None]  # table, rows done, rows in all


class CopyRefused(LedgerNotOpened):
    """The target is no place for a copy; nothing of it was changed."""

    reason = "copy_refused"
    KEY = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableCopy:
    """One table on both sides, after the copy."""

    table: str
    rows: int
    written: int
    checksum: str
    target_checksum: str

    @property
    def is_equal(self) -> bool:
        return self.checksum == self.target_checksum


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """What a run came to. While a `serve` works on the source the copy is never the last one."""

    tables: tuple[TableCopy, ...]
    is_served: bool

    @property
    def is_complete(self) -> bool:
        return not self.is_served and all(table.is_equal for table in self.tables)


async def copy(source: str, target: str, *, progress: Progress) -> Copy:
    """Copy every table from one URL to the other. The target's tables are made or migrated.

    Raises `CopyRefused`, `LedgerInUse` when a `serve` has the target's file, `LedgerNotOpened`.
    """
    async with AsyncExitStack() as opened:
        served = _hold_source(source, opened)
        read = await opened.enter_async_context(reading(source))
        served = await read(_is_served) if served is None else served
        await read(partial(schema.require, remedy="run `waybridge ledger migrate`"))
        await migrate(target)
        write = await opened.enter_async_context(_target(target))
        await _require_same_or_empty(read, write)
        # The identity first: a run that is cut short leaves a target that is known again.
        tables = (meta, *(each for each in metadata.sorted_tables if each is not meta))
        written = {each.name: await _copy_table(each, read, write, progress) for each in tables}
        compared = [
            await _compared(each, read, write, written[each.name], progress) for each in tables
        ]
        if source.startswith("postgres"):
            served = served or await read(_is_served)
    return Copy(tables=tuple(compared), is_served=served)


def _hold_source(url: str, opened: AsyncExitStack) -> bool | None:
    """Keep a file from being served meanwhile. Say whether it is; nothing where a server knows."""
    if not url.startswith("sqlite"):
        return None
    path = file_of(url)
    lock = FileLock(Path(f"{path}.lock"))
    if not path.exists() or lock.is_held():
        return path.exists()
    lock.take(path)
    opened.callback(lock.release)
    return False


@asynccontextmanager
async def _target(url: str) -> AsyncIterator[Reader]:
    """Open the target for writing; refuse it while somebody serves from it."""
    async with AsyncExitStack() as opened:
        if url.startswith("sqlite"):
            path = file_of(url)
            lock = FileLock(Path(f"{path}.lock"))
            lock.take(path)
            opened.callback(lock.release)
        write = await opened.enter_async_context(writing(url))
        if not url.startswith("sqlite") and await write(_is_served):
            raise CopyRefused("a serve works on the target: stop it first, nothing was changed")
        yield write


def _is_served(connection: Connection) -> bool:
    found = connection.exec_driver_sql(for_postgresql().living, (OWNERS,)).fetchall()
    connection.rollback()
    return bool(found)


async def _require_same_or_empty(read: Reader, write: Reader) -> None:
    ours, theirs = await read(_identity), await write(_identity)
    if ours is None:
        raise CopyRefused("the source was never served: there is nothing to copy")
    if theirs is None:
        return
    if theirs[0] != ours[0]:
        if await write(_pushes):
            raise CopyRefused("the target holds another ledger: name an empty database or file")
        await write(_forget_identity)  # it was only served from, and never used
    elif theirs[1] > ours[1]:
        raise CopyRefused(
            "the target was served from since it was copied: it knows more than the source"
        )


def _identity(connection: Connection) -> tuple[bytes, int] | None:
    row = connection.execute(select(meta.c.identity_key, meta.c.sessions)).one_or_none()
    connection.rollback()
    return None if row is None else (bytes(row[0]), int(row[1]))


def _pushes(connection: Connection) -> int:
    found = connection.scalar(select(func.count()).select_from(push)) or 0
    connection.rollback()
    return found


def _forget_identity(connection: Connection) -> None:
    connection.execute(delete(meta))
    connection.commit()


async def _copy_table(table: Table, read: Reader, write: Reader, progress: Progress) -> int:
    total, done, written = await read(partial(_count, table)), 0, 0
    async for page in _pages(table, read):
        written += await write(partial(_write_page, table, page))
        progress(f"copying {table.name}", done := done + len(page), total)
    if await write(partial(_count, table)) > await read(partial(_count, table)):
        await _drop_what_is_gone(table, read, write)
    await write(partial(_set_sequence, table))
    return written


async def _compared(
    table: Table, read: Reader, write: Reader, written: int, progress: Progress
) -> TableCopy:
    """Read all of both sides once more."""
    ours, theirs = _Checksum(), _Checksum()
    for side, checksum in ((read, ours), (write, theirs)):
        total = await side(partial(_count, table))
        async for page in _pages(table, side):
            await asyncio.to_thread(checksum.add, page)
            progress(f"comparing {table.name}", checksum.rows, total)
    return TableCopy(
        table=table.name,
        rows=ours.rows,
        written=written,
        checksum=ours.text,
        target_checksum=theirs.text,
    )


class _Checksum:
    """The same for the same rows, in whatever order they come."""

    def __init__(self) -> None:
        self.rows = 0
        self._sum = 0

    def add(self, page: Iterable[RowMapping]) -> None:
        for row in page:
            digest = blake2b(repr(tuple(row.values())).encode(), digest_size=8).digest()
            self._sum += int.from_bytes(digest)
            self.rows += 1

    @property
    def text(self) -> str:
        return f"{self.rows} {self._sum % (1 << 64):016x}"


async def _pages(table: Table, side: Reader) -> AsyncIterator[Sequence[RowMapping]]:
    """All rows by their key, each page a transaction of its own: no snapshot is held."""
    keys = _keys(table)
    after: tuple[Any, ...] | None = None
    while page := await side(partial(_page, table, after)):
        yield page
        if len(page) < STEP_ROWS:
            return
        after = tuple(page[-1][key.name] for key in keys)


def _page(
    table: Table, after: tuple[Any, ...] | None, connection: Connection
) -> Sequence[RowMapping]:
    keys = _keys(table)
    query = select(*_columns(table)).order_by(*keys).limit(STEP_ROWS)
    if after is not None:
        query = query.where(tuple_(*keys) > tuple_(*map(_bound, after, keys)))
    page = connection.execute(query).mappings().fetchall()
    connection.rollback()
    return page


def _bound(value: Any, key: Column[Any]) -> BindParameter[Any]:
    return literal(value, key.type)


def _write_page(table: Table, page: Sequence[RowMapping], connection: Connection) -> int:
    """Write what the target lacks or has otherwise. Raises `CopyRefused` when it is further."""
    first = _keys(table)[0]
    found = connection.execute(
        select(*_columns(table)).where(first.in_({row[first.name] for row in page}))
    ).mappings()
    key_of = partial(_key_of, table)
    there = {key_of(row): row for row in found}
    changed = [row for row in page if there.get(key_of(row)) != row]
    if table is push:
        for row in changed:
            _require_older(row, there.get(key_of(row)))
    if changed:
        insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        put = insert(table)
        put = put.on_conflict_do_update(
            index_elements=_keys(table),
            set_={column.name: put.excluded[column.name] for column in _columns(table)},
        )
        connection.execute(put, [dict(row) for row in changed])
    connection.commit()
    return len(changed)


def _require_older(ours: RowMapping, theirs: RowMapping | None) -> None:
    if theirs is not None and _progress_of(theirs) > _progress_of(ours):
        raise CopyRefused("the target was served from: it knows more of push " + ours["key"])


def _progress_of(row: RowMapping) -> tuple[int, int]:
    return row["deliveries"], row["calls"]


async def _drop_what_is_gone(table: Table, read: Reader, write: Reader) -> None:
    """Remove what the source has pruned since the last run."""
    first = _keys(table)[0]
    async for page in _pages(table, write):
        keys = {row[first.name] for row in page}
        gone = keys - await read(partial(_known, first, keys))
        if table is push and any(
            row["key"] in gone and row["state"] not in SETTLED for row in page
        ):
            raise CopyRefused(
                "the target was served from: it holds pushes that the source does not"
            )
        if gone:
            await write(partial(_drop, first, gone))


def _known(column: Column[Any], keys: set[Any], connection: Connection) -> set[Any]:
    found = set(connection.scalars(select(column).where(column.in_(keys))))
    connection.rollback()
    return found


def _drop(column: Column[Any], keys: set[Any], connection: Connection) -> None:
    connection.execute(delete(column.table).where(column.in_(keys)))
    connection.commit()


def _count(table: Table, connection: Connection) -> int:
    found = connection.scalar(select(func.count()).select_from(table)) or 0
    connection.rollback()
    return found


def _set_sequence(table: Table, connection: Connection) -> None:
    """PostgreSQL numbers new rows behind those that were written with their numbers."""
    number = table.autoincrement_column
    if connection.dialect.name != "postgresql" or number is None:
        return
    last = select(func.coalesce(func.max(number), 0) + 1).scalar_subquery()
    sequence = func.pg_get_serial_sequence(table.name, number.name)
    connection.execute(select(func.setval(sequence, last, literal_column("false"))))
    connection.commit()


def _keys(table: Table) -> list[Column[Any]]:
    return list(table.primary_key.columns)


def _key_of(table: Table, row: RowMapping) -> tuple[Any, ...]:
    return tuple(row[key.name] for key in _keys(table))


def _columns(table: Table) -> list[Column[Any]]:
    left_out = LEFT_OUT.get(table.name, frozenset())
    return [column for column in table.columns if column.name not in left_out]
