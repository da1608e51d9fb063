"""`waybridge check`: every fault of a configuration at once, and the table of all answers."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

import click
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from adapter.cli.answers import AnswerRow, judge, verdict
from adapter.cli.configuration import config_option
from adapter.cli.findings import EXIT_CANNOT_RUN, EXIT_FINDINGS, refuse, show
from adapter.cli.probes import PROBES, ask
from adapter.configuration.findings import Finding, has_errors
from adapter.settings import inspect

_HEADINGS = ("carrier says", "number", "outcome", "ResultCode", "merchant reads")
_FOOTNOTE = (
    "already_cancelled is answered 0 instead where an earlier call of ours, whose outcome was "
    "not known or not told, explains it."
)


@click.command("check")
@config_option
@click.option("--offline", is_flag=True, help="Ask nobody: judge the files alone.")
@click.option("--json", "as_json", is_flag=True, help="Print findings and table as JSON.")
def command(config: Path | None, *, offline: bool, as_json: bool) -> None:
    """Find every fault of a configuration before a push does.

    Prints what each word of the carrier comes to: status, outcome, ResultCode, and the text
    a merchant reads. Exits 1 on any error, 2 when the file cannot be read; warnings and
    notes do not count.
    """
    inspection = inspect(config, os.environ)
    if not inspection.readable and not as_json:
        refuse(inspection.findings)
    rows, found = judge(inspection) if inspection.readable else ((), ())
    findings = (*inspection.findings, *found)
    if inspection.settings is not None and not offline and not has_errors(findings):
        findings = (*findings, *asyncio.run(ask(PROBES, inspection.settings)))
    if as_json:
        click.echo(_json(rows, findings))
    else:
        show(findings)
        _print(rows)
        click.echo(verdict(findings))
    if not inspection.readable:
        raise SystemExit(EXIT_CANNOT_RUN)
    if has_errors(findings):
        raise SystemExit(EXIT_FINDINGS)


def _json(rows: tuple[AnswerRow, ...], findings: tuple[Finding, ...]) -> str:
    document = {
        "ok": not has_errors(findings),
        "findings": [
            {**asdict(finding), "severity": finding.severity.value} for finding in findings
        ],
        "answers": [asdict(row) for row in rows],
    }
    return json.dumps(document, ensure_ascii=False, indent=2)


def _print(rows: tuple[AnswerRow, ...]) -> None:
    if not rows:
        return
    lines = [_cells(row) for row in rows]
    if sys.stdout.isatty():
        table = Table(*_HEADINGS)
        for line in lines:
            table.add_row(*map(Text, line))
        Console().print(table)
    else:
        widths = [
            max(cell_len(cell) for cell in column) for column in zip(_HEADINGS, *lines, strict=True)
        ]
        for line in (_HEADINGS, *lines):
            cells = zip(line, widths, strict=True)
            click.echo("  ".join(cell + " " * (w - cell_len(cell)) for cell, w in cells).rstrip())
    click.echo(f"\n{_FOOTNOTE}\n")


def _cells(row: AnswerRow) -> tuple[str, ...]:
    status = f"gRPC {row.status}" if row.kind == "grpc" else row.status
    number = "" if row.number is None else str(row.number)
    return (status, number, row.outcome, str(row.result_code), row.text)
