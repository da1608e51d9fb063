"""`waybridge ledger search`: the pushes that fit, newest first, beside a running serve."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import asdict
from pathlib import Path

import click

from adapter.cancellation.model import Entry
from adapter.cli.configuration import config_option
from adapter.cli.findings import or_refuse
from adapter.cli.ledger.access import Place, place_of
from adapter.cli.ledger.filters import filter_options, now_in, wanted
from adapter.cli.ledger.rows import as_csv, row_of, show_table
from adapter.cli.output import json_text, write, write_json
from adapter.ledger.search import PAGE_LIMIT, Filters, open_archive

LIMIT = 100


@click.command("search")
@config_option
@filter_options
@click.option(
    "--limit",
    type=click.IntRange(1, PAGE_LIMIT),
    default=LIMIT,
    show_default=True,
    help="At most so many, the newest; `export` has no limit.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
@click.option("--csv", "csv_wanted", is_flag=True, help="Print CSV.")
@or_refuse("waybridge ledger search")
def command(
    config: Path | None,
    *,
    limit: int,
    as_json: bool,
    csv_wanted: bool,
    told_failure: bool,
    **filters: str | None,
) -> None:
    """Find pushes; the newest come first. Nothing is changed."""
    place = place_of(config)
    sought = wanted(**filters, told_failure=told_failure, now=now_in(place.zone))
    found = asyncio.run(_search(place, sought, limit=limit + 1))
    entries = found[:limit]
    rows = [row_of(entry, place.zone) for entry in entries]
    if as_json:
        write_json(json_text([asdict(row) for row in rows]))
    elif csv_wanted:
        write(as_csv(rows, heading=True), newline=False)
    elif entries:
        show_table(entries, zone=place.zone, stream=sys.stdout)
    if not entries:
        write("No push fits.", to_stderr=True)
    elif len(found) > limit:
        write(f"The newest {limit}; there are more (--limit).", to_stderr=True)


async def _search(place: Place, sought: Filters, *, limit: int) -> tuple[Entry, ...]:
    async with open_archive(place.url) as archive:
        return await archive.search(sought, limit=limit)
