"""`waybridge check`: every fault of a configuration at once, and the table of all answers."""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import asdict
from pathlib import Path

import click

from adapter.cli import answer_table
from adapter.cli.answers import AnswerRow, judge, verdict
from adapter.cli.configuration import config_option, without_file
from adapter.cli.findings import EXIT_CANNOT_RUN, EXIT_FINDINGS, show
from adapter.cli.output import json_text, write, write_json
from adapter.cli.probe_ledger import look_at_file
from adapter.cli.probes import PROBES, ask
from adapter.configuration.findings import Finding, Severity, has_errors
from adapter.settings import Settings, inspect, refuse_development_secrets


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
    rows, found = judge(inspection) if inspection.readable else ((), ())
    findings = (
        *without_file(inspection),
        *inspection.findings,
        *found,
        *refuse_development_secrets(inspection),
    )
    if inspection.settings is not None:
        findings = (*findings, *_beyond(inspection.settings, findings, offline=offline))
    if as_json:
        write_json(_json(rows, findings))
    else:
        show(findings)
        answer_table.show(rows, stream=sys.stdout)
        write(verdict(findings))
    if not inspection.readable:
        raise SystemExit(EXIT_CANNOT_RUN)
    if has_errors(findings):
        raise SystemExit(EXIT_FINDINGS)


def _beyond(
    settings: Settings, found: tuple[Finding, ...], *, offline: bool
) -> tuple[Finding, ...]:
    """Judge what the files lead to: the world too, unless offline or there are faults enough."""
    if not offline and not has_errors(found):
        return asyncio.run(ask(PROBES, settings))
    # A ledger that `serve` will make is news only to whoever asks the world.
    return tuple(fault for fault in look_at_file(settings) if fault.severity is Severity.ERROR)


def _json(rows: tuple[AnswerRow, ...], findings: tuple[Finding, ...]) -> str:
    document = {
        "ok": not has_errors(findings),
        "findings": [
            {**asdict(finding), "severity": finding.severity.value} for finding in findings
        ],
        "answers": [asdict(row) for row in rows],
    }
    return json_text(document)
