"""The log of calls: all that the stub remembers, in memory and in a file that outlives it.

What happened to an order is never stored apart: an order is cancelled when some call says
`done`. So the log cannot disagree with the orders, and a file of it is the whole database.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, replace
from operator import attrgetter
from pathlib import Path
from typing import Protocol

from adapter.diagnostics.cannot_start import CannotStart

CALLS_KEPT = 1_000_000
"""Calls held in memory, about 0.6 KiB each; older ones are forgotten, what they did is not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedCall:
    """One CancelWaybill as it was received and answered. `time` is Unix seconds.

    `nth` counts the calls about this waybill from 1. `answer` is an outcome, the name of a
    gRPC status, `unknown_status`, or empty while (or for ever when) nothing was answered.
    `done` is true only on the call that changed the order. `failure` is how the answer was said
    where the contract has no reply for it: `CODE: text` of the failed call.
    """

    time: float
    waybill: str
    order: str
    request_id: str
    nth: int
    answer: str = ""
    done: bool = False
    failure: str = ""


class Journal(Protocol):
    """Where the log outlives the stub."""

    def read(self) -> Iterator[tuple[int, ReceivedCall]]:
        """Yield every call written, oldest first, with its number."""
        ...

    def write(self, number: int, call: ReceivedCall) -> None:
        """Keep a call; when this returns, a kill of the stub cannot lose it."""
        ...

    def clear(self) -> None:
        """Forget every call."""
        ...


class CallLog:
    """The calls in memory, in the order of their arrival, and in a journal if there is one."""

    def __init__(self, journal: Journal | None = None) -> None:
        self._journal = journal
        self._calls: dict[int, ReceivedCall] = {}
        self._counts: dict[str, int] = {}
        self._cancelled_by: dict[str, str] = {}
        self._next = 1
        for number, call in journal.read() if journal else ():
            self._counts[call.waybill] = max(call.nth, self._counts.get(call.waybill, 0))
            self._keep(number, call)

    def __iter__(self) -> Iterator[ReceivedCall]:
        return iter(tuple(self._calls.values()))

    def __len__(self) -> int:
        return len(self._calls)

    def receive(self, *, waybill: str, order: str, request_id: str, time: float) -> int:
        """Note that a call came in; return its number. In memory only: nothing is done yet."""
        nth = self._counts.get(waybill, 0) + 1
        self._counts[waybill] = nth
        number = self._next
        call = ReceivedCall(time=time, waybill=waybill, order=order, request_id=request_id, nth=nth)
        self._keep(number, call)
        return number

    def nth(self, number: int) -> int:
        """Return which call about its waybill the call `number` is, from 1."""
        return self._calls[number].nth

    def settle(self, number: int, *, answer: str, done: bool, failure: str = "") -> None:
        """Write what became of the call. Once this returns the effect has happened."""
        # A call from before the last clear has nothing left to be noted on.
        if (call := self._calls.get(number)) is None:
            return
        settled = replace(call, answer=answer, done=done, failure=failure)
        # The journal first: an effect that could not be written has not happened.
        if self._journal:
            self._journal.write(number, settled)
        self._keep(number, settled)

    def cancelled_by(self, waybill: str) -> str | None:
        """Return the request id of the call that cancelled it; None when no call did."""
        return self._cancelled_by.get(waybill)

    def clear(self) -> None:
        """Forget every call, and with the calls every effect."""
        if self._journal:
            self._journal.clear()
        self._calls.clear()
        self._counts.clear()
        self._cancelled_by.clear()

    def _keep(self, number: int, call: ReceivedCall) -> None:
        self._calls[number] = call
        self._next = max(self._next, number + 1)
        if call.done:
            self._cancelled_by[call.waybill] = call.request_id
        if len(self._calls) > CALLS_KEPT:
            del self._calls[next(iter(self._calls))]


# Of a call, in the order of the columns.
FIELDS = ("time", "waybill", "order", "request_id", "nth", "answer", "done", "failure")
_values = attrgetter(*FIELDS)

# One row a call; what happened to the orders is read from the rows that say `done`.
CREATE = """
    create table if not exists calls (
        number integer primary key, time real, waybill text, order_id text,
        request_id text, nth integer, answer text, done integer, failure text not null default ''
    )
"""
# The table of an older stub has no texts of failed calls.
COLUMNS = "select name from pragma_table_info('calls')"
ADD_FAILURE = "alter table calls add column failure text not null default ''"
# Every call in the order it came.
READ = """
    select number, time, waybill, order_id, request_id, nth, answer, done, failure
    from calls order by number
"""
# A call is written when its answer is decided, and never again.
WRITE = "insert or replace into calls values (?, ?, ?, ?, ?, ?, ?, ?, ?)"
# `legacy-stub reset`.
CLEAR = "delete from calls"


class UnusableDatabase(CannotStart):
    """The file cannot hold the log; nothing was written to it."""


class SqliteJournal:
    """A SQLite file that one stub at a time holds open, so that a killed stub comes back knowing
    what it did. Raises `UnusableDatabase` when it cannot.

    The standard library's sqlite3, called straight from the event loop: a row costs about 10 µs
    here, and a statement builder or a thread in between would cost several times that.
    """

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
            if ("failure",) not in self._connection.execute(COLUMNS).fetchall():
                self._connection.execute(ADD_FAILURE)
            self._connection.execute("commit")
            self._connection.execute(READ).fetchone()
        except sqlite3.Error as error:
            raise UnusableDatabase(
                f"cannot hold the log of calls: {error}",
                source=str(file),
                hint="Another stub may be using it; give --database another file.",
            ) from error

    def read(self) -> Iterator[tuple[int, ReceivedCall]]:
        for number, *values in self._connection.execute(READ):
            fields = dict(zip(FIELDS, values, strict=True))
            yield number, ReceivedCall(**fields | {"done": bool(fields["done"])})

    def write(self, number: int, call: ReceivedCall) -> None:
        self._connection.execute(WRITE, (number, *_values(call)))

    def clear(self) -> None:
        self._connection.execute(CLEAR)

    def close(self) -> None:
        self._connection.close()
