"""`waybridge ledger prune`: forget what is settled and old, in small steps beside a serve."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

import click

from adapter.cancellation.model import State
from adapter.cli.configuration import config_option
from adapter.cli.findings import or_refuse
from adapter.cli.ledger.access import Place, place_of
from adapter.cli.output import write
from adapter.ledger.maintenance import prune
from adapter.ledger.search import Filters, open_archive

DAY_SECONDS = 86_400
SETTLED = (State.DONE, State.UNSENT)


@click.command("prune")
@config_option
@click.option(
    "--older-than",
    "days",
    type=click.IntRange(min=1),
    metavar="DAYS",
    help="Received longer ago than so many days, at least 1; by default [ledger] keep_days.",
)
@click.option("--dry-run", is_flag=True, help="Only count them.")
@or_refuse("waybridge ledger prune")
def command(config: Path | None, *, days: int | None, dry_run: bool) -> None:
    """Remove settled pushes that are old. What is in doubt is never removed."""
    place = place_of(config)
    kept_days = place.settings.ledger.keep_days if days is None else days
    keep_seconds, now = float(kept_days * DAY_SECONDS), time.time()
    old = asyncio.run(_count(place, before=now - keep_seconds))
    if dry_run:
        write(f"settled pushes older than {_days(kept_days)}: {old}, none removed.")
        return
    removed = asyncio.run(_prune(place, keep_seconds=keep_seconds, now=now))
    write(f"settled pushes older than {_days(kept_days)} removed: {removed}.")


def _days(number: int) -> str:
    return "1 day" if number == 1 else f"{number} days"


async def _count(place: Place, *, before: float) -> int:
    async with open_archive(place.url) as archive:
        return await archive.count(Filters(states=SETTLED, until=before))


async def _prune(place: Place, *, keep_seconds: float, now: float) -> int:
    removed = 0
    async for step in prune(place.url, keep_seconds=keep_seconds, now=now):
        removed += step
        if sys.stderr.isatty():
            write(f"\r{removed} removed", newline=False, to_stderr=True)
    if removed and sys.stderr.isatty():
        write(to_stderr=True)
    return removed
