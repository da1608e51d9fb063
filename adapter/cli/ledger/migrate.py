"""`waybridge ledger migrate`: bring a ledger's tables up to this program's."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from adapter.cli.configuration import config_option
from adapter.cli.findings import or_refuse
from adapter.cli.ledger.access import place_of
from adapter.cli.output import write
from adapter.ledger.maintenance import migrate


@click.command("migrate")
@config_option
@or_refuse("waybridge ledger migrate")
def command(config: Path | None) -> None:
    """Bring the ledger's tables up to this program's.

    PostgreSQL needs it before the first `serve` and after an update that says so; an SQLite
    file is also migrated whenever `serve` opens it, and never while one serves from it.
    """
    place = place_of(config)
    done = asyncio.run(migrate(place.url))
    if done.before == done.after:
        write(f"schema {done.after}: nothing to do.")
    else:
        write(f"schema {done.before or 'none'} → {done.after}.")
