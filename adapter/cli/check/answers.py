"""The full table: what the carrier may say, the outcome, the ResultCode, the merchant's text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from adapter.cancellation.model import FINAL, Outcome
from adapter.carrier.contract.contract import Contract
from adapter.carrier.mapping.mapping import Mapping
from adapter.carrier.mapping.values import Row
from adapter.config.load import Inspection
from adapter.diagnostics.cannot_start import CannotStart
from adapter.diagnostics.finding import Finding, Severity, has_errors
from adapter.edge.translate import ANSWERS, Locale, text

Kind = Literal["status", "grpc", "lookup"]
UNKNOWN = "(any other number)"
"""The row of status values that the descriptors do not know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerRow:
    """What one word of the carrier comes to. `number` is the enum's; None for gRPC codes.

    A `lookup` settles only what is final; else its row says `in_doubt`, whatever the word.
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
        return (), ()  # said already: the file cannot be read
    try:
        mapping = Mapping.load(Contract.load(carrier.descriptors), carrier.mapping)
    except CannotStart as error:
        return (), inspection.placed(error.findings)
    locale = Locale(inspection.draft.wechat.locale)
    return tuple(_rows(mapping, locale)), mapping.findings


def _rows(mapping: Mapping, locale: Locale) -> Iterator[AnswerRow]:
    for row in mapping.rows:
        yield _answer("status", row, locale)
    yield _answer("status", Row(word=UNKNOWN, means=None), locale)
    for row in mapping.grpc_rows:
        yield _answer("grpc", row, locale)
    for row in mapping.lookup_rows:
        yield _answer("lookup", row, locale)


def _answer(kind: Kind, row: Row, locale: Locale) -> AnswerRow:
    # Zero, and a number nobody knows, mean nothing: the waybill may have been cancelled.
    outcome = row.means if isinstance(row.means, Outcome) else Outcome.IN_DOUBT
    if row.means in FINAL:
        outcome = Outcome(row.means.value)
    return AnswerRow(
        kind=kind,
        status=" = ".join((row.word, *row.aliases)),
        number=row.number,
        outcome=outcome.value,
        result_code=int(ANSWERS[outcome]),
        text=text(outcome, locale),
    )


def verdict(findings: Iterable[Finding]) -> str:
    """Count the findings in words: the last line of `check`."""
    listed = tuple(findings)
    counts = [
        (severity.value, sum(finding.severity is severity for finding in listed))
        for severity in Severity
    ]
    said = ", ".join(f"{n} {word}{'' if n == 1 else 's'}" for word, n in counts if n)
    if not said:
        return "No faults."
    return f"{said}." if has_errors(listed) else f"{said}; waybridge can start."
