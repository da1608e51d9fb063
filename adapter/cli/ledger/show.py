"""`waybridge ledger show`: everything the ledger knows of one push, and why it was answered so."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import click

from adapter.cancellation.model import Entry
from adapter.cli.configuration import config_option
from adapter.cli.findings import or_refuse
from adapter.cli.ledger.access import Place, place_of
from adapter.cli.ledger.finding import candidates, the_one
from adapter.cli.ledger.history import as_json, lines
from adapter.cli.output import write, write_json
from adapter.ledger.search import Chronicle, open_archive


@click.command("show")
@click.argument("push", metavar="KEY|WAYBILL")
@config_option
@click.option("--json", "json_wanted", is_flag=True, help="Print one JSON object.")
@or_refuse("waybridge ledger show")
def command(push: str, config: Path | None, *, json_wanted: bool) -> None:
    """Tell the whole story of a push: deliveries, calls, decision, why, the reply.

    KEY may be shortened; a waybill will do where it has one push only.
    """
    place = place_of(config)
    found, story = asyncio.run(_read(place, push))
    if story is None:
        the_one(found, push, place)
    elif json_wanted:
        write_json(as_json(story, place.settings))
    else:
        write("\n".join(lines(story, place.settings)))


async def _read(place: Place, word: str) -> tuple[Sequence[Entry], Chronicle | None]:
    async with open_archive(place.url) as archive:
        found = await candidates(archive, word)
        story = await archive.show(found[0].key) if len(found) == 1 else None
    return found, story
