"""What keeps a ledger from being opened, and what stops one that is open.

CannotStart           (adapter.diagnostics.cannot_start)
└── LedgerNotOpened     nothing was read or written
    ├── LedgerInUse       another process serves from the file
    ├── SchemaOutdated    the tables are older (or newer) than this program
    └── UrlNotUnderstood  the URL does not name a ledger
LedgerUnavailable     (adapter.cancellation.errors)
└── Unwritable          what was to be written can never be stored

`StoreFault` and `Poisoned` never leave this folder: the writer turns them into
`LedgerUnavailable` and `Unwritable`.
"""

from __future__ import annotations

from typing import ClassVar

from adapter.cancellation.errors import LedgerUnavailable
from adapter.diagnostics.cannot_start import CannotStart

DATABASE_HINT = "Is the database running, and may this user open it?"


class LedgerNotOpened(CannotStart):
    """The ledger could not be opened; the message says what to do."""

    reason = "ledger_not_opened"
    KEY: ClassVar[str] = "ledger.url"


class LedgerInUse(LedgerNotOpened):
    """Another process serves from this SQLite file; two would not see each other's calls."""

    reason = "ledger_in_use"
    HINT: ClassVar[str] = "Reading it beside a running serve is possible: search, show, export."


class SchemaOutdated(LedgerNotOpened):
    """The tables are not those this program knows; nothing was changed."""

    reason = "ledger_schema"


class UrlNotUnderstood(LedgerNotOpened):
    """The URL does not name a ledger."""

    reason = "ledger_url"


class Unwritable(LedgerUnavailable):
    """The database refuses these very values; trying again would not help."""

    reason = "ledger_unwritable"


class StoreFault(Exception):
    """The store cannot serve now. `word` is stable: it stands in `/readyz` and metrics.

    `landed` is true when the transaction may have become durable all the same.
    """

    def __init__(self, word: str, *, landed: bool = False) -> None:
        super().__init__(word)
        self.word = word
        self.landed = landed


class Poisoned(Exception):
    """The database refused a value, not the transaction's time: some item is to blame.

    Nothing was written.
    """
