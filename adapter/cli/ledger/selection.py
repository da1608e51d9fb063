"""Which pushes `ledger resolve` and `told` are about: by name, by filters, or by a CSV."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from adapter.cancellation.model import Entry, Outcome
from adapter.cli.ledger.access import ConfiguredLedger, candidates, the_one
from adapter.cli.ledger.settlements_csv import SettlementLine
from adapter.ledger.search import Archive, Filters


@dataclass(frozen=True, slots=True, kw_only=True)
class ToSettle:
    """A push to be settled, and what an operator says of it."""

    entry: Entry
    outcome: Outcome
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsettled:
    """A push that is left as it is, and why."""

    word: str
    why: str

    def __str__(self) -> str:
        return f"{self.word}: {self.why}."


Selected = tuple[Entry, ...]


def named(
    words: Sequence[str], ledger: ConfiguredLedger
) -> tuple[dict[str, Entry], list[Unsettled]]:
    """Return the pushes that the words name, by key, and the words that name none.

    Raises `CannotStart` for a word that matches several.
    """

    async def look(archive: Archive) -> list[tuple[Entry, ...]]:
        return [await candidates(archive, word) for word in words]

    found: dict[str, Entry] = {}
    missing: list[Unsettled] = []
    for word, entries in zip(words, ledger.read(look), strict=True):
        if entries:
            entry = the_one(entries, word, ledger)
            found[entry.key] = entry
        else:
            missing.append(Unsettled(word=repr(word), why="no push has this key or waybill"))
    return found, missing


def matching(filters: Filters, ledger: ConfiguredLedger) -> Selected:
    """Return every push that the filters find, newest first."""

    async def look(archive: Archive) -> Selected:
        return tuple([entry async for entry in archive.export(filters)])

    return ledger.read(look)


def listed(
    lines: Sequence[SettlementLine], ledger: ConfiguredLedger
) -> tuple[list[ToSettle], list[Unsettled]]:
    """Return the pushes of a CSV, and the lines whose key no push has."""
    keys = [line.key for line in lines]
    found = ledger.read(lambda archive: archive.of_keys(keys))
    wanted = [
        ToSettle(entry=found[line.key], outcome=line.outcome, reason=line.reason)
        for line in lines
        if line.key in found
    ]
    missing = [
        Unsettled(word=f"line {line.number}: {line.key}", why="no push has this key")
        for line in lines
        if line.key not in found
    ]
    return wanted, missing
