"""Findings on standard error: a table for people, a paragraph each for everything else."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn, TextIO

from adapter.cancellation.errors import AdapterError
from adapter.cli.output import console
from adapter.diagnostics.cannot_start import CannotStart
from adapter.diagnostics.finding import Finding, Severity

if TYPE_CHECKING:
    from rich.table import Table

EXIT_FINDINGS = 1
EXIT_CANNOT_RUN = 2

_COLOURS = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}


def show(findings: Iterable[Finding], *, stream: TextIO | None = None) -> None:
    """Write the findings to standard error, or to `stream`; nothing when there are none."""
    listed = tuple(findings)
    out = stream or sys.stderr
    if not listed:
        return
    if out.isatty() and len(listed) > 1:  # one is easier read as a sentence
        console(out).print(_table(listed))
    else:
        out.write("\n\n".join(str(finding) for finding in listed) + "\n")


def refuse(findings: Iterable[Finding], *, exit_code: int = EXIT_CANNOT_RUN) -> NoReturn:
    """Write the findings and end the program: it cannot run with them."""
    show(findings)
    raise SystemExit(exit_code)


@contextmanager
def or_refuse(
    source: str, *, placed: Callable[[Iterable[Finding]], Iterable[Finding]] = tuple
) -> Iterator[None]:
    """End a command with 2 and with what keeps it from doing its work: around all of it.

    `placed` names who set the keys that findings are about; those without are the command's,
    `source`.
    """
    try:
        yield
    except AdapterError as error:
        found = error.findings if isinstance(error, CannotStart) else [Finding(message=str(error))]
        refuse(each if each.source else replace(each, source=source) for each in placed(found))


def _table(findings: tuple[Finding, ...]) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table("", "where", "what is wrong", "what to do", show_lines=True)
    for finding in findings:
        # Text, not markup: a [section] in a message is no colour.
        table.add_row(
            Text(finding.severity.value, style=_COLOURS[finding.severity]),
            Text(finding.where, overflow="fold"),
            Text(finding.message, overflow="fold"),
            Text(finding.hint, overflow="fold"),
        )
    return table
