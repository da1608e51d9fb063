"""`waybridge check`: every fault of a configuration, and the table of all answers."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import asdict
from pathlib import Path

import click

from adapter.cli.check import carrier, clock, ledger
from adapter.cli.check.answers import AnswerRow, show_answers, verdict
from adapter.cli.configuration import config_option, examine
from adapter.cli.output import (
    EXIT_CANNOT_RUN,
    EXIT_FINDINGS,
    json_text,
    show_findings,
    write,
    write_json,
)
from adapter.config.load import Settings
from adapter.diagnostics.finding import Finding, Severity, has_errors

Probe = Callable[[Settings], Awaitable[Iterable[Finding]]]
"""Asks one server, or the clock, and returns what is wrong. It must end within seconds and never
raise for a fault it finds; what a server merely does not offer (health, reflection) is a note."""


async def note_forward(settings: Settings) -> tuple[Finding, ...]:
    """Note that no handler of WeChat's other events is configured; nothing is asked."""
    if settings.forward.url:
        return ()
    return (
        Finding(
            severity=Severity.NOTE,
            source="[forward]",
            key="forward.url",
            message="is not set: every event but cancel_waybill is answered `success`, even those"
            " that WeChat expects a ResultCode for (add_waybill, check_biz, get_quota,"
            " cancel_single_waybill, transport_cancel_order and similar ones).",
            hint="If such events are pushed here, set the URL of the handler that answers them."
            " waybridge_events_without_handler_total counts them.",
        ),
    )


PROBES: tuple[Probe, ...] = (carrier.ask, ledger.ask, note_forward, clock.ask)
"""Run in this order by `check` without `--offline`."""


@click.command("check")
@config_option
@click.option("--offline", is_flag=True, help="Check the files only; connect to nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings and the table as JSON.")
def command(config: Path | None, *, offline: bool, as_json: bool) -> None:
    """Check a configuration: the file, all it names, the carrier, the ledger and the clock.

    Prints all findings, then a table of every answer the carrier can give with its outcome,
    ResultCode and text for the merchant. Nothing is cancelled or written. Exits with 1 if there
    is any error and 2 if the file cannot be read; warnings and notes do not count.
    """
    found = examine(config, os.environ)
    findings = found.findings
    if not offline and not has_errors(findings):
        findings += asyncio.run(run_probes(PROBES, found.settings))
    if as_json:
        write_json(_json(found.answers, findings))
    else:
        show_findings(findings)
        show_answers(found.answers, stream=sys.stdout)
        write(f"\n{verdict(findings)}" if found.answers else verdict(findings))
    if not found.inspection.readable:
        raise SystemExit(EXIT_CANNOT_RUN)
    if has_errors(findings):
        raise SystemExit(EXIT_FINDINGS)


async def run_probes(probes: Iterable[Probe], settings: Settings) -> tuple[Finding, ...]:
    """Run one after the other and return everything they found."""
    return tuple([finding for probe in probes for finding in await probe(settings)])


def _json(rows: tuple[AnswerRow, ...], findings: tuple[Finding, ...]) -> str:
    document = {
        "ok": not has_errors(findings),
        "findings": [
            {**asdict(finding), "severity": finding.severity.value} for finding in findings
        ],
        "answers": [asdict(row) for row in rows],
    }
    return json_text(document)
