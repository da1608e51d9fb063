"""Reads the ledger's tables for the judge, past the adapter's own code.

A ledger of another version may lack columns; they read as empty.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Mapping
from typing import Any

import asyncpg
from sqlalchemy import Table

from adapter.ledger.open import file_of
from adapter.ledger.rows import call_of, entry_of
from adapter.ledger.tables import call, meta, push
from tests.journeys.evidence import Books


def read_books(url: str) -> Books:
    """Read everything, beside whoever serves from it."""
    tables = (meta, push, call)
    if url.startswith("sqlite"):
        found = _read_file(url, tables)
    else:
        found = asyncio.run(_read_server(url, tables))
    (only,), pushes, calls = found
    identity_key = dict(zip(meta.c.keys(), only, strict=True))["identity_key"]
    return Books(
        identity_key=bytes(identity_key),
        entries=tuple(map(entry_of, pushes)),
        calls=tuple(map(call_of, calls)),
    )


def calling(url: str) -> int:
    """How many rows are calling now."""
    return sum(entry.state.value == "calling" for entry in read_books(url).entries)


def _select(table: Table) -> str:
    return f"SELECT * FROM {table.name}"  # noqa: S608 - names of our own tables


def _in_order(table: Table, row: Mapping[str, Any]) -> list[Any]:
    """The row in the order of our columns."""
    return [
        row.get(column.name, None if column.nullable else column.type.python_type())
        for column in table.columns
    ]


def _read_file(url: str, tables: tuple[Table, ...]) -> list[list[Any]]:
    connection = sqlite3.connect(f"file:{file_of(url)}?mode=ro", uri=True, timeout=10)
    try:
        connection.row_factory = sqlite3.Row
        return [
            [_in_order(table, dict(row)) for row in connection.execute(_select(table))]
            for table in tables
        ]
    finally:
        connection.close()


async def _read_server(url: str, tables: tuple[Table, ...]) -> list[list[Any]]:
    connection = await asyncpg.connect(url)
    try:
        return [
            [_in_order(table, dict(row)) for row in await connection.fetch(_select(table))]
            for table in tables
        ]
    finally:
        await connection.close()
