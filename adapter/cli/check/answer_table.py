"""The table of answers as text: drawn for people, plain columns for everything else."""

from __future__ import annotations

from typing import TextIO

from rich.table import Table
from rich.text import Text

from adapter.cancellation.model import Outcome
from adapter.cli.check.answers import AnswerRow
from adapter.cli.output import console, write_columns

_HEADINGS = ("carrier says", "number", "outcome", "ResultCode", "merchant reads")
_KINDS = {"status": "", "grpc": "gRPC ", "lookup": "lookup "}
_FOOTNOTE = (
    "already_cancelled is answered 0 instead where an earlier call of ours, whose outcome was "
    "not known or not told, explains it."
)


def show(rows: tuple[AnswerRow, ...], *, stream: TextIO) -> None:
    """Write the table to `stream`; nothing when there are no rows."""
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
    stream.write(f"\n{_FOOTNOTE}\n\n" if ours else "\n")


def _cells(row: AnswerRow) -> tuple[str, ...]:
    status = f"{_KINDS[row.kind]}{row.status}"
    number = "" if row.number is None else str(row.number)
    return (status, number, row.outcome, str(row.result_code), row.text)
