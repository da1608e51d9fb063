"""`waybridge ledger correct`: amend what an operator settled."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import click

from adapter.cancellation.model import Entry, Outcome
from adapter.cli.configuration import config_option
from adapter.cli.ledger.access import ConfiguredLedger, candidates, configured_ledger, the_one
from adapter.cli.ledger.operator import (
    OUTCOMES,
    by_option,
    question,
    require_confirmation,
    require_name,
    require_words,
    standing,
    yes_option,
)
from adapter.cli.output import or_refuse, write
from adapter.diagnostics.cannot_start import CannotStart
from adapter.edge.translate import ANSWERS
from adapter.ledger.operate.settling import NotOperators
from adapter.ledger.operate.settling import correct as correct_one
from adapter.ledger.resolution import Resolution


@click.command("correct")
@click.argument("push", metavar="KEY|WAYBILL")
@config_option
@click.option(
    "--outcome", required=True, type=click.Choice(OUTCOMES), help="What happened to the waybill."
)
@click.option(
    "--reason", required=True, metavar="TEXT", help="How you know; stored with your name."
)
@by_option
@yes_option
@or_refuse("waybridge ledger correct")
def correct(
    push: str, config: Path | None, *, outcome: str, reason: str, by: str, yes: bool
) -> None:
    """Correct what an operator settled. The carrier is not asked.

    Both settlements are kept and shown. What the carrier or its lookup decided cannot be
    corrected.
    """
    ledger = configured_ledger(config)
    require_name(by)
    require_words("--reason", reason)
    require_confirmation(yes=yes)
    found = the_one(ledger.read(lambda archive: candidates(archive, push)), push, ledger)
    decided = Outcome(outcome)
    if not yes:
        click.confirm(question("Correct", found, decided), abort=True, err=True)
    resolution = Resolution(key=found.key, who=by, reason=reason, outcome=decided, at=time.time())
    try:
        done = asyncio.run(correct_one(ledger.url, found=found, resolution=resolution))
    except NotOperators as refused:
        raise _not_operators(refused.entry or found, ledger) from refused
    before = found.outcome.value if found.outcome else found.state.value
    code = int(ANSWERS[decided])
    write(f"{done.key}: {before} → {decided.value}, ResultCode {code}, corrected by {by}.")


def _not_operators(entry: Entry, ledger: ConfiguredLedger) -> CannotStart:
    return CannotStart(
        f"push {entry.key} was not settled by an operator, it is {standing(entry, ledger)}."
        " Nothing was changed.",
        hint="A push in doubt is settled by `waybridge ledger resolve`.",
    )
