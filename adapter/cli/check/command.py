"""`waybridge check`: every fault of a configuration at once, and the table of all answers."""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import asdict
from pathlib import Path

import click

from adapter.cli.check import answer_table
from adapter.cli.check.answers import AnswerRow, verdict
from adapter.cli.check.probes import PROBES, ask
from adapter.cli.configuration import config_option
from adapter.cli.examination import examine
from adapter.cli.findings import EXIT_CANNOT_RUN, EXIT_FINDINGS, show
from adapter.cli.output import json_text, write, write_json
from adapter.diagnostics.finding import Finding, has_errors


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
    found = examine(config, os.environ)
    findings = found.findings
    if not offline and not has_errors(findings):
        findings += asyncio.run(ask(PROBES, found.settings))
    if as_json:
        write_json(_json(found.answers, findings))
    else:
        show(findings)
        answer_table.show(found.answers, stream=sys.stdout)
        write(verdict(findings))
    if not found.inspection.readable:
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
    return json_text(document)
