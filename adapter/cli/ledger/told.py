"""`waybridge ledger told`: tick off the merchants who were told."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import click

from adapter.cancellation.model import Entry
from adapter.cli.configuration import config_option
from adapter.cli.ledger.access import configured_ledger
from adapter.cli.ledger.operator import WORDS_LIMIT, by_option, require_name, standing
from adapter.cli.ledger.selection import Unsettled, named
from adapter.cli.output import EXIT_FINDINGS, or_refuse, write
from adapter.ledger.operate.maintenance import tell


@click.command("told")
@click.argument("pushes", metavar="KEY|WAYBILL...", nargs=-1, required=True)
@config_option
@click.option("--how", metavar="TEXT", default="", help="How they were told, and anything else.")
@by_option
@or_refuse("waybridge ledger told")
def told(pushes: tuple[str, ...], config: Path | None, *, how: str, by: str) -> None:
    """Note that these merchants were told that their waybill is cancelled.

    `search --told-failure` then leaves them out. Exits with 1 if a push did not stand there.
    """
    ledger = configured_ledger(config)
    require_name(by)
    if len(how) > WORDS_LIMIT:
        raise click.UsageError(f"--how must have at most {WORDS_LIMIT} characters.")
    found, missing = named(pushes, ledger)
    ticked = asyncio.run(tell(ledger.url, list(found), who=by, how=how, at=time.time()))
    left = [*missing]
    for key, entry in found.items():
        if key in ticked:
            write(f"{key}: told by {by}.")
        else:
            left.append(Unsettled(word=key, why=_why_not(entry, standing(entry, ledger))))
    for each in left:
        write(str(each), to_stderr=True)
    if left:
        raise SystemExit(EXIT_FINDINGS)


def _why_not(entry: Entry, stands: str) -> str:
    if entry.outcome is None or entry.outcome is entry.told:
        return f"nobody has to be told, it is {stands}"
    return f"not on the list of `search --told-failure` any more, it is {stands}"
