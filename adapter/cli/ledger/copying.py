"""`waybridge ledger copy`: the ledger to another database, compared row by row."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from urllib.parse import urlsplit

import click

from adapter.cli.configuration import config_option
from adapter.cli.ledger.access import configured_ledger
from adapter.cli.ledger.bars import progress_bar
from adapter.cli.output import EXIT_FINDINGS, or_refuse, refuse, write, write_columns
from adapter.diagnostics.cannot_start import CannotStart
from adapter.diagnostics.finding import Finding, Severity
from adapter.ledger.open import FORMS
from adapter.ledger.operate.copying import Copy
from adapter.ledger.operate.copying import copy as copy_ledger

SOURCE = "waybridge ledger copy"
SCHEMES = {"sqlite", "postgresql", "postgres"}


@click.command("copy")
@click.argument("to_url", metavar="TO-URL")
@config_option
@or_refuse(SOURCE)
def copy(to_url: str, config: Path | None) -> None:
    """Copy the ledger to TO-URL (sqlite:///… or postgresql://…) and compare both.

    The first run may be made beside a running serve; it ends with exit code 1. Stop serve and run
    it again: it goes on, and exit code 0 says that both are equal. Then change [ledger] url.
    The target must be empty, or an earlier copy of this ledger that nobody has served from.
    """
    ledger = configured_ledger(config)
    if urlsplit(to_url).scheme not in SCHEMES:
        raise CannotStart(f"the target is no ledger that lasts: write {FORMS}.")
    if to_url == ledger.url:
        raise CannotStart("the target is the ledger itself.", hint="Name another file or database.")
    with progress_bar() as show:
        done = asyncio.run(copy_ledger(ledger.url, to_url, progress=show))
    _show(done)
    if not done.is_complete:
        refuse((_unfinished(done),), exit_code=EXIT_FINDINGS)
    write("Both are equal. Set [ledger] url to the copy and start serve.")


def _show(done: Copy) -> None:
    heading = ("table", "rows", "written", "checksum", "")
    rows = [
        (
            each.table,
            str(each.rows),
            str(each.written),
            each.checksum.split()[1],
            "equal" if each.is_equal else f"not equal: {each.target_checksum}",
        )
        for each in done.tables
    ]
    write_columns([heading, *rows], stream=sys.stdout)


def _unfinished(done: Copy) -> Finding:
    if done.is_served:
        return Finding(
            severity=Severity.WARNING,
            source=SOURCE,
            message="a serve works on the source: what it answers from now on is not in the copy.",
            hint="Stop it, and run this command again: it goes on from here.",
        )
    return Finding(
        severity=Severity.ERROR,
        source=SOURCE,
        message="the copy differs from the source: somebody writes to one of them.",
        hint="End whatever uses them, and run this command again.",
    )
