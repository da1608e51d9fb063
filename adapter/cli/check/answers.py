"""The table of answers: all the carrier may answer, with outcome, ResultCode and text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal, TextIO

from rich.table import Table
from rich.text import Text

from adapter.cancellation.model import FINAL, Fact, Outcome
from adapter.carrier.contract.contract import Contract
from adapter.carrier.mapping.grpc_section import LOOKUP
from adapter.carrier.mapping.grpc_status import ASK_LOOKUP
from adapter.carrier.mapping.mapping import Mapping
from adapter.carrier.mapping.values import Row
from adapter.cli.output import console, write_columns
from adapter.config.load import Inspection
from adapter.diagnostics.cannot_start import CannotStart
from adapter.diagnostics.finding import Finding, Severity, has_errors
from adapter.edge.translate import ANSWERS, Locale, text

Kind = Literal["status", "grpc", "lookup"]
UNKNOWN = "(any other number)"
"""The row of status values that the descriptors do not know."""

_HEADINGS = ("carrier answers", "number", "outcome", "ResultCode", "text for the merchant")
_KINDS = {"status": "", "grpc": "gRPC ", "lookup": "lookup "}
_FOOTNOTE = (
    "already_cancelled is answered with ResultCode 0 if an earlier call of ours, whose result "
    "was unknown or not reported, explains it."
)
_ASKED = (
    "lookup is answered as the lookup's rows say; not_found is then 30001, active and no answer "
    "of the lookup -1."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerRow:
    """What one answer of the carrier leads to. `number` is the enum's; None for gRPC codes.

    A `lookup` settles only what is final; any other answer of it is `in_doubt`. A failed call whose
    outcome is `lookup` was refused, and is answered as the lookup says why.
    """

    kind: Kind
    status: str
    number: int | None
    outcome: str
    result_code: int
    text: str


def judge(inspection: Inspection) -> tuple[tuple[AnswerRow, ...], tuple[Finding, ...]]:
    """Read contract and mapping; return the table, empty when they are faulty, and findings."""
    carrier = inspection.draft.carrier
    named = {finding.key for finding in inspection.findings}
    if named & {"carrier.descriptors", "carrier.mapping"}:
        return (), ()  # reported already: the file cannot be read
    try:
        mapping = Mapping.load(Contract.load(carrier.descriptors), carrier.mapping)
    except CannotStart as error:
        return (), inspection.placed(error.findings)
    locale = Locale(inspection.draft.wechat.locale)
    return tuple(_rows(mapping, locale)), mapping.findings


def show_answers(rows: tuple[AnswerRow, ...], *, stream: TextIO) -> None:
    """Write the table: drawn at a terminal, otherwise as plain columns; nothing without rows."""
    if not rows:
        return
    lines = [_cells(row) for row in rows]
    if stream.isatty():
        table = Table(*_HEADINGS)
        for line in lines:
            table.add_row(*(Text(cell, overflow="fold") for cell in line))
        console(stream).print(table)
    else:
        write_columns([_HEADINGS, *lines], stream=stream)
    ours = any(row.outcome == Outcome.ALREADY_CANCELLED.value for row in rows)
    asks = any(row.outcome == LOOKUP for row in rows)
    notes = [*([_FOOTNOTE] if ours else []), *([_ASKED] if asks else [])]
    stream.write("".join(f"\n{note}\n" for note in notes))


def verdict(findings: Iterable[Finding]) -> str:
    """Count the findings: the last line of `check`."""
    listed = tuple(findings)
    counts = [
        (severity.value, sum(finding.severity is severity for finding in listed))
        for severity in Severity
    ]
    said = ", ".join(f"{n} {word}{'' if n == 1 else 's'}" for word, n in counts if n)
    if not said:
        return "No problems found."
    return f"{said}." if has_errors(listed) else f"{said}; waybridge can start."


def _rows(mapping: Mapping, locale: Locale) -> Iterator[AnswerRow]:
    for row in mapping.rows:
        yield _answer("status", row, locale)
    yield _answer("status", Row(word=UNKNOWN, means=None), locale)
    for row in mapping.grpc_rows:
        yield _answer("grpc", row, locale)
    for row in mapping.lookup_rows:
        # It settles only where the mapping says so, and after some calls only.
        settles = row.means is Fact.NOT_FOUND and mapping.not_found_settles
        yield _answer("lookup", replace(row, means=Outcome.NOT_FOUND) if settles else row, locale)


def _answer(kind: Kind, row: Row, locale: Locale) -> AnswerRow:
    # Zero and unknown numbers mean nothing: the waybill may have been cancelled.
    outcome = row.means if isinstance(row.means, Outcome) else Outcome.IN_DOUBT
    if row.means in FINAL:
        outcome = Outcome(row.means.value)
    return AnswerRow(
        kind=kind,
        status=" = ".join((row.word, *row.aliases)),
        number=row.number,
        outcome=LOOKUP if row.means is ASK_LOOKUP else outcome.value,
        result_code=int(ANSWERS[outcome]),
        text=text(outcome, locale),
    )


def _cells(row: AnswerRow) -> tuple[str, ...]:
    status = f"{_KINDS[row.kind]}{row.status}"
    number = "" if row.number is None else str(row.number)
    return (status, number, row.outcome, str(row.result_code), row.text)
