"""The reading side for operators: search, the whole history of a push, export, counts.

It opens a connection of its own beside a running `serve`, for reading only, and changes
no schema. A long reading of an SQLite file keeps its log from being cut; it harms nothing.
"""

from __future__ import annotations

import operator
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    CursorResult,
    Row,
    Select,
    and_,
    func,
    or_,
    select,
)

from adapter.cancellation.model import Call, Entry, Outcome, State
from adapter.ledger import schema
from adapter.ledger.notice import NOTICES, TOLD_FAILURE, Notice, notice_of
from adapter.ledger.reading import Reader, reading
from adapter.ledger.resolution import Resolution
from adapter.ledger.rows import call_of, entry_of, resolution_of
from adapter.ledger.tables import call, notice, push, resolution

PAGE_LIMIT = 10_000  # the most a search gives at once; an export has no limit
EXPORT_ROWS = 500  # fetched together
_BEYOND_HEX = "g"  # sorts after every hex digit


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultFilter:
    """What became of a push, as it was answered: any of these is meant.

    `unsent` holds the reasons (`Entry.cause`) of pushes answered without asking the carrier.
    """

    outcomes: tuple[Outcome, ...] = ()
    unsent: tuple[str, ...] = ()

    @property
    def condition(self) -> ColumnElement[bool]:
        """What the database is asked. Doubt has no outcome yet, only a state or what was told."""
        decided = [outcome.value for outcome in self.outcomes if outcome is not Outcome.IN_DOUBT]
        asked: list[ColumnElement[bool]] = [push.c.outcome.in_(decided)]
        if Outcome.IN_DOUBT in self.outcomes:
            told = push.c.told == Outcome.IN_DOUBT.value
            in_doubt = push.c.state == State.IN_DOUBT.value
            asked.append(and_(push.c.outcome.is_(None), or_(in_doubt, told)))
        if self.unsent:
            unsent = push.c.state == State.UNSENT.value
            asked.append(and_(unsent, push.c.cause.in_(self.unsent)))
        return or_(*asked)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What to look for; an empty field asks for nothing. Times are Unix seconds.

    `key_prefix` is the beginning of a key. `told_failure` is the list that operators act on:
    cancelled, and neither a reply nor an operator has told the merchant.
    """

    waybill_id: str | None = None
    order_id: str | None = None
    biz_id: str | None = None
    outcome: Outcome | None = None
    state: State | None = None
    told: Outcome | None = None
    since: float | None = None
    until: float | None = None
    result: ResultFilter | None = None
    states: tuple[State, ...] = ()
    key_prefix: str = ""
    told_failure: bool = False

    def conditions(self) -> tuple[ColumnElement[bool], ...]:
        """What the database is asked; `until` itself is not included."""
        fields = (
            (push.c.waybill_id, operator.eq, self.waybill_id),
            (push.c.order_id, operator.eq, self.order_id),
            (push.c.biz_id, operator.eq, self.biz_id),
            (push.c.outcome, operator.eq, self.outcome and self.outcome.value),
            (push.c.state, operator.eq, self.state and self.state.value),
            (push.c.told, operator.eq, self.told and self.told.value),
            (push.c.received_at, operator.ge, self.since),
            (push.c.received_at, operator.lt, self.until),
        )
        asked = [compare(column, to) for column, compare, to in fields if to is not None]
        if self.result is not None:
            asked.append(self.result.condition)
        if self.states:
            asked.append(push.c.state.in_([state.value for state in self.states]))
        if self.told_failure:
            asked.append(TOLD_FAILURE)
        if self.key_prefix:
            # A range, not LIKE: PostgreSQL's index serves it in every collation of digits.
            asked += [
                push.c.key >= self.key_prefix,
                push.c.key < self.key_prefix + _BEYOND_HEX,
            ]
        return tuple(asked)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chronicle:
    """Everything the ledger knows of one push; calls and words in their order."""

    entry: Entry
    calls: tuple[Call, ...]
    resolutions: tuple[Resolution, ...]
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What is open now. Of `told_failure` somebody must tell the merchant."""

    calling: int
    in_doubt: int
    told_failure: int


class Archive:
    """Reads a ledger. Every method raises `LedgerNotOpened` when it cannot be read."""

    def __init__(self, read: Reader) -> None:
        self._read = read

    async def search(
        self, filters: Filters, *, limit: int = 100, before: Entry | None = None
    ) -> tuple[Entry, ...]:
        """The newest pushes that fit, newest first; with `before`, those older than it."""
        found = _newest_first(filters).limit(min(limit, PAGE_LIMIT))
        if before is not None:
            found = found.where(
                (push.c.received_at < before.received_at)
                | ((push.c.received_at == before.received_at) & (push.c.key < before.key))
            )
        return await self._entries(found)

    async def show(self, key: str) -> Chronicle | None:
        """The whole history of the push `key`."""
        entries = await self._entries(select(push).where(push.c.key == key))
        if not entries:
            return None
        calls = await self._rows(select(call).where(call.c.key == key).order_by(call.c.epoch))
        words = await self._rows(
            select(
                resolution.c.key,
                resolution.c.who,
                resolution.c.reason,
                resolution.c.outcome,
                resolution.c.at,
            )
            .where(resolution.c.key == key)
            .order_by(resolution.c.id)
        )
        told = await self._rows(NOTICES.where(notice.c.key == key).order_by(notice.c.id))
        return Chronicle(
            entry=entries[0],
            calls=tuple(call_of(row) for row in calls),
            resolutions=tuple(resolution_of(row) for row in words),
            notices=tuple(map(notice_of, told)),
        )

    async def of_keys(self, keys: Sequence[str]) -> dict[str, Entry]:
        """The pushes with these keys, by key; an unknown key is left out."""
        found: dict[str, Entry] = {}
        for start in range(0, len(keys), EXPORT_ROWS):
            some = keys[start : start + EXPORT_ROWS]
            entries = await self._entries(select(push).where(push.c.key.in_(some)))
            found.update((entry.key, entry) for entry in entries)
        return found

    async def count(self, filters: Filters) -> int:
        """How many pushes fit: for a progress bar."""
        counted = select(func.count()).select_from(push).where(*filters.conditions())
        return await self._number(counted)

    async def export(self, filters: Filters) -> AsyncIterator[Entry]:
        """Every push that fits, newest first, without holding them all."""
        found = await self._read(partial(_begin, _newest_first(filters)))
        while rows := await self._read(partial(_next_rows, found)):
            for row in rows:
                yield entry_of(row)

    async def counts(self) -> Counts:
        """What is open now."""
        by_state = await self._rows(
            select(push.c.state, func.count())
            .where(push.c.state.in_((State.CALLING.value, State.IN_DOUBT.value)))
            .group_by(push.c.state)
        )
        of_state = {str(state): int(number) for state, number in map(tuple, by_state)}
        told = select(func.count()).select_from(push).where(TOLD_FAILURE)
        return Counts(
            calling=of_state.get(State.CALLING.value, 0),
            in_doubt=of_state.get(State.IN_DOUBT.value, 0),
            told_failure=await self._number(told),
        )

    async def told_failure(self, *, limit: int = 100) -> tuple[Entry, ...]:
        """Cancelled, and the merchant does not know; newest first."""
        return await self._entries(_newest_first(Filters()).where(TOLD_FAILURE).limit(limit))

    async def _entries(self, found: Select[tuple[object, ...]]) -> tuple[Entry, ...]:
        return tuple(entry_of(row) for row in await self._rows(found))

    async def _rows(self, found: Select[Any]) -> Sequence[Row[Any]]:
        return await self._read(lambda connection: connection.execute(found).all())

    async def _number(self, found: Select[Any]) -> int:
        return int(await self._read(lambda connection: connection.scalar(found)) or 0)


@asynccontextmanager
async def open_archive(url: str) -> AsyncIterator[Archive]:
    """Open the ledger at `url` for reading, beside whoever serves from it.

    Raises `SchemaOutdated`, `UrlNotUnderstood`, or `LedgerNotOpened`.
    """
    async with reading(url) as read:
        await read(partial(schema.require, remedy="run `waybridge ledger migrate`"))
        yield Archive(read)


def _newest_first(filters: Filters) -> Select[tuple[object, ...]]:
    return (
        select(push)
        .where(*filters.conditions())
        .order_by(push.c.received_at.desc(), push.c.key.desc())
    )


def _begin(found: Select[Any], connection: Connection) -> CursorResult[Any]:
    return connection.execute(found, execution_options={"yield_per": EXPORT_ROWS})


def _next_rows(found: CursorResult[Any], _connection: Connection) -> Sequence[Row[Any]]:
    return found.fetchmany(EXPORT_ROWS)
