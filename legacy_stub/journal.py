"""The log of calls in a SQLite file, so that a killed stub comes back knowing what it did.

The standard library's sqlite3, called straight from the event loop: a row costs about 10 µs
here, and a statement builder or a thread in between would cost several times that.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from adapter.diagnostics.cannot_start import CannotStart
from legacy_stub.calls import Call

# One row a call; what happened to the orders is read from the rows that say `done`.
CREATE = """
    create table if not exists calls (
        number integer primary key, time real, waybill text, order_id text,
        request_id text, nth integer, answer text, done integer
    )
"""
# Every call in the order it came.
READ = """
    select number, time, waybill, order_id, request_id, nth, answer, done
    from calls order by number
"""
# A call is written when its answer is decided, and never again.
WRITE = "insert or replace into calls values (?, ?, ?, ?, ?, ?, ?, ?)"
# `legacy-stub reset`.
CLEAR = "delete from calls"


class UnusableDatabase(CannotStart):
    """The file cannot hold the log; nothing was written to it."""


class SqliteJournal:
    """A file that one stub at a time holds open. Raises `UnusableDatabase` when it cannot."""

    def __init__(self, file: Path) -> None:
        try:
            self._connection = sqlite3.connect(file, isolation_level=None, timeout=1)
            # A second stub on the same file would answer from its own memory: refused.
            self._connection.execute("pragma locking_mode = exclusive")
            self._connection.execute("pragma journal_mode = wal")
            # Off: a kill -9 loses nothing that was handed to the kernel, only a power cut
            # does, and the stub promises nothing about those.
            self._connection.execute("pragma synchronous = off")
            self._connection.execute("begin exclusive")
            self._connection.execute(CREATE)
            self._connection.execute("commit")
            self._connection.execute(READ).fetchone()
        except sqlite3.Error as error:
            raise UnusableDatabase(
                f"cannot hold the log of calls: {error}",
                source=str(file),
                hint="Another stub may be using it; give --database another file.",
            ) from error

    def read(self) -> Iterator[tuple[int, Call]]:
        for number, time, waybill, order, request_id, nth, answer, done in self._connection.execute(
            READ
        ):
            yield (
                number,
                Call(
                    time=time,
                    waybill=waybill,
                    order=order,
                    request_id=request_id,
                    nth=nth,
                    answer=answer,
                    done=bool(done),
                ),
            )

    def write(self, number: int, call: Call) -> None:
        self._connection.execute(
            WRITE,
            (
                number,
                call.time,
                call.waybill,
                call.order,
                call.request_id,
                call.nth,
                call.answer,
                call.done,
            ),
        )

    def clear(self) -> None:
        self._connection.execute(CLEAR)

    def close(self) -> None:
        self._connection.close()
