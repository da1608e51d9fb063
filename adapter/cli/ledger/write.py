"""`waybridge ledger prune` and `migrate`: remove old pushes, upgrade the tables."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

import click

from adapter.cancellation.model import State
from adapter.cli.configuration import config_option
from adapter.cli.ledger.access import ConfiguredLedger, configured_ledger
from adapter.cli.output import or_refuse, write
from adapter.ledger.operate import maintenance
from adapter.ledger.search import Filters

DAY_SECONDS = 86_400
SETTLED = (State.DONE, State.UNSENT)


@click.command("prune")
@config_option
@click.option(
    "--older-than",
    "days",
    type=click.IntRange(min=1),
    metavar="DAYS",
    help="Remove pushes received more than this many days ago, at least 1;"
    " by default [ledger] keep_days.",
)
@click.option("--dry-run", is_flag=True, help="Only count them.")
@or_refuse("waybridge ledger prune")
def prune(config: Path | None, *, days: int | None, dry_run: bool) -> None:
    """Remove old settled pushes. A push in doubt is never removed."""
    ledger = configured_ledger(config)
    kept_days = ledger.settings.ledger.keep_days if days is None else days
    keep_seconds, now = float(kept_days * DAY_SECONDS), time.time()
    sought = Filters(states=SETTLED, until=now - keep_seconds)
    old = ledger.read(lambda archive: archive.count(sought))
    older = f"older than {kept_days} {'day' if kept_days == 1 else 'days'}"
    if dry_run:
        write(f"Settled pushes {older}: {old}. Nothing was removed.")
        return
    removed = asyncio.run(_prune(ledger, keep_seconds=keep_seconds, now=now))
    write(f"Settled pushes {older} removed: {removed}.")


@click.command("migrate")
@config_option
@or_refuse("waybridge ledger migrate")
def migrate(config: Path | None) -> None:
    """Upgrade the ledger's tables to this version of waybridge.

    PostgreSQL needs this before the first `serve` and after an upgrade that asks for it.
    `serve` upgrades an SQLite file by itself; this command refuses a file that is in use.
    """
    done = asyncio.run(maintenance.migrate(configured_ledger(config).url))
    if done.before == done.after:
        write(f"Schema {done.after}: nothing to do.")
    else:
        write(f"Schema {done.before or 'none'} → {done.after}.")


async def _prune(ledger: ConfiguredLedger, *, keep_seconds: float, now: float) -> int:
    removed = 0
    async for step in maintenance.prune(ledger.url, keep_seconds=keep_seconds, now=now):
        removed += step
        if sys.stderr.isatty():
            write(f"\r{removed} removed", newline=False, to_stderr=True)
    if removed and sys.stderr.isatty():
        write(to_stderr=True)
    return removed
