"""A CSV of settlements: the columns key, outcome and reason, in any order, among others."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from adapter.cancellation.model import Outcome
from adapter.cli.ledger.operator import OUTCOMES, WORDS_LIMIT, are_words
from adapter.diagnostics.cannot_start import CannotStart
from adapter.diagnostics.finding import Finding

COLUMNS = ("key", "outcome", "reason")
LISTED_AT_MOST = 20  # faults of one file

_KEY = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementLine:
    """What one line of the file says of the push `key`; `number` counts from 1."""

    number: int
    key: str
    outcome: Outcome
    reason: str


def read(
    data: bytes, *, source: str, outcome: str | None = None, reason: str | None = None
) -> tuple[SettlementLine, ...]:
    """Read the file; `outcome` and `reason` stand in where a line has none of its own.

    Raises `CannotStart` with every fault, each with its line; then nothing is to be settled.
    """
    rows = csv.DictReader(io.StringIO(_text(data, source), newline=""), restval="")
    lines: list[SettlementLine] = []
    faults: list[Finding] = []
    seen: dict[str, int] = {}
    defaults = {"outcome": outcome or "", "reason": reason or ""}
    try:
        _require_heading(rows, source)
        for cells in rows:
            row = {**defaults, **_own(cells)}
            number = rows.line_num
            wrong = tuple(_faults(row, seen))
            faults += (Finding(source=source, line=number, message=each) for each in wrong)
            seen.setdefault(row["key"], number)
            if not wrong:
                decided = Outcome(row["outcome"])
                lines.append(
                    SettlementLine(
                        number=number, key=row["key"], outcome=decided, reason=row["reason"]
                    )
                )
    except csv.Error as error:
        faults.append(Finding(source=source, line=rows.line_num + 1, message=str(error)))
    if faults:
        raise CannotStart(_cut(faults))
    return tuple(lines)


def _text(data: bytes, source: str) -> str:
    try:
        return data.decode("utf-8-sig")  # spreadsheets begin a file with a mark
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = "this is not text in UTF-8"
        raise CannotStart([Finding(source=source, line=line, message=message)]) from error


def _require_heading(rows: csv.DictReader[str], source: str) -> None:
    names = [name.strip().lower() for name in rows.fieldnames or ()]
    if names and _KEY.fullmatch(names[0]):
        message = "the first line must name the columns, and is a push already"
    elif "key" not in names:
        message = "there is no column `key`"
    elif repeated := [name for name in COLUMNS if names.count(name) > 1]:
        message = f"the column `{repeated[0]}` stands there twice"
    else:
        rows.fieldnames = names
        return
    hint = f"Its first line names the columns: {','.join(COLUMNS)} (the last may be left out)."
    raise CannotStart([Finding(source=source, line=1, message=message, hint=hint)])


def _own(cells: Mapping[str | None, str | list[str] | None]) -> dict[str, str]:
    """Return what a line says itself."""
    own = {}
    for name in COLUMNS:
        cell = cells.get(name)
        text = cell.strip() if isinstance(cell, str) else ""
        if text or name == "key":
            own[name] = text if name == "reason" else text.lower()
    return own


def _faults(row: Mapping[str, str], seen: Mapping[str, int]) -> Iterator[str]:
    key, outcome, reason = (row[name] for name in COLUMNS)
    if not _KEY.fullmatch(key):
        yield f"{key!r} is not a whole key, 32 hexadecimal digits"
    elif key in seen:
        yield f"the key {key} stands in line {seen[key]} already"
    if not outcome:
        yield "there is no outcome, and no --outcome"
    elif outcome not in OUTCOMES:
        yield f"{outcome!r} is not an outcome; choose from {', '.join(OUTCOMES)}"
    if not reason:
        yield "there is no reason, and no --reason"
    elif not are_words(reason):
        yield f"the reason must have 1 to {WORDS_LIMIT} characters"


def _cut(faults: list[Finding]) -> list[Finding]:
    if len(faults) <= LISTED_AT_MOST:
        return faults
    more = len(faults) - LISTED_AT_MOST
    source = faults[0].source
    return [*faults[:LISTED_AT_MOST], Finding(source=source, message=f"and {more} more faults")]
