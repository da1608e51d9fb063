"""`waybridge explain`: one captured push, step by step, and the likely causes of a refusal."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping as Table
from datetime import UTC, datetime
from pathlib import Path

import click

from adapter import from_settings
from adapter.carrier.contract.contract import Contract
from adapter.carrier.mapping.mapping import Mapping
from adapter.cli.check.answers import judge as judge_answers
from adapter.cli.configuration import config_option
from adapter.cli.explain import view
from adapter.cli.output import EXIT_FINDINGS, or_refuse, write_json
from adapter.config.load import Inspection, SettingsFaults, inspect
from adapter.diagnostics.cannot_start import CannotStart
from adapter.diagnostics.finding import has_errors
from adapter.edge import translate
from adapter.explain.capture import Capture, capture
from adapter.explain.judgement import Judgement, judge, taker
from adapter.explain.request import Asked, asked
from adapter.wechat.cancel_waybill import CancelWaybill
from adapter.wechat.envelope import Account

SOURCE = "waybridge explain"
FILE_LIMIT_BYTES = 4 * 1024 * 1024
JUDGED_KEYS = ("wechat", "mini_programs", "carrier.descriptors", "carrier.mapping")
"""A fault in any other key does not matter for reading a push."""


@click.command("explain")
@config_option
@click.argument("body", metavar="BODY")
@click.option(
    "--query", metavar="Q", help="Raw query string, full URL, or access log line of the push."
)
@click.option(
    "--at",
    "moment",
    metavar="TIME",
    help="When it arrived (Unix seconds or ISO 8601); by default the time in the log line, or now.",
)
@click.option("--json", "as_json", is_flag=True, help="Print every step as one JSON object.")
@or_refuse(SOURCE)
def command(
    *, config: Path | None, body: str, query: str | None, moment: str | None, as_json: bool
) -> None:
    """Explain one captured push, step by step. Secrets are masked.

    BODY is a file, or `-` for standard input, with the body as received or a whole HTTP
    request. Without --query, everything but the signature is checked. For a refused push this
    command tries typical changes by proxies, logs and people, the other tokens and keys of the
    configuration, and the clock, and reports which of them explain it. Exits with 0 if the push
    is accepted and 1 if it is refused.
    """
    inspection = inspect(config, os.environ)
    programs = _programs(inspection)
    captured = capture(_read(body), query)
    now = _at(moment) or captured.arrived_at or time.time()
    section = _section(inspection, programs, captured, now)
    judgement = judge(
        section,
        programs,
        captured,
        now_unix=now,
        body_limit_bytes=inspection.draft.edge.body_limit_bytes,
    )
    explanation = view.Explanation(
        judgement=judgement,
        account=programs[section],
        captured=captured,
        at_unix=now,
        request=_request(inspection, judgement),
        answers=judge_answers(inspection)[0] if judgement.status == 200 else (),
        forward=bool(inspection.draft.forward.url),
    )
    if as_json:
        write_json(view.as_json(explanation))
    else:
        view.show(explanation, stream=sys.stdout)
    if judgement.status != 200:
        raise SystemExit(EXIT_FINDINGS)


def _programs(inspection: Inspection) -> Table[str, Account]:
    faults = [
        finding
        for finding in inspection.findings
        if not inspection.readable or finding.key.startswith(JUDGED_KEYS) or not finding.key
    ]
    if has_errors(faults):
        raise SettingsFaults(faults)
    settings = inspection.draft
    return {name: from_settings.account(program) for name, program in settings.programs.items()}


def _section(
    inspection: Inspection, programs: Table[str, Account], captured: Capture, now: float
) -> str:
    settings = inspection.draft
    for section in programs:
        if captured.path and settings.path_of(section) == captured.path:
            return section
    return taker(programs, captured, now_unix=now)


def _request(inspection: Inspection, judgement: Judgement) -> Asked | None:
    """Return the request to the carrier; None if it would not be called."""
    push = judgement.event
    if not isinstance(push, CancelWaybill) or push.faults or judgement.status != 200:
        return None
    carrier = inspection.draft.carrier
    try:
        mapping = Mapping.load(Contract.load(carrier.descriptors), carrier.mapping)
    except CannotStart as error:
        raise SettingsFaults(inspection.placed(error.findings)) from error
    return asked(mapping, translate.cancellation(push))


def _read(name: str) -> bytes:
    try:
        if name == "-":
            raw = sys.stdin.buffer.read(FILE_LIMIT_BYTES + 1)
        else:
            with Path(name).open("rb") as file:
                raw = file.read(FILE_LIMIT_BYTES + 1)
    except OSError as error:
        hint = "Give a file, or - for standard input."
        raise CannotStart(f"{name} cannot be read: {error.strerror}.", hint=hint) from error
    if len(raw) > FILE_LIMIT_BYTES:
        message = f"{name} is larger than {FILE_LIMIT_BYTES} bytes."
        raise CannotStart(message, hint="A push has a few hundred bytes.")
    return raw


def _at(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        if text.replace(".", "", 1).isdigit():
            return float(text)
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        hint = "Write 1714112445 or 2024-04-26T14:20:45+08:00."
        raise CannotStart(f"--at {text} is not a valid time.", hint=hint) from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
