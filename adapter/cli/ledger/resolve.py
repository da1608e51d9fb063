"""`waybridge ledger resolve`: an operator who knows what became of a waybill settles doubt."""

from __future__ import annotations

import asyncio
import getpass
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import click

from adapter.cancellation.model import Entry, Outcome
from adapter.cli.configuration import config_option
from adapter.cli.findings import or_refuse
from adapter.cli.ledger.access import Place, place_of
from adapter.cli.ledger.finding import candidates, the_one
from adapter.cli.ledger.rows import row_of
from adapter.cli.output import visible, write
from adapter.diagnostics.cannot_start import CannotStart
from adapter.edge.translate import ANSWERS
from adapter.ledger.maintenance import NotInDoubt, resolve
from adapter.ledger.resolution import Resolution
from adapter.ledger.search import open_archive

OUTCOMES = tuple(outcome.value for outcome in Outcome if outcome is not Outcome.IN_DOUBT)
REASON_LIMIT = 500  # characters
NOBODY = {"", "root"}  # accounts that many share, or that have no name


def _me(environ: Mapping[str, str] = os.environ) -> str:
    """Return who types: whoever became root by sudo under their own name, empty for nobody."""
    for variable in ("SUDO_USER", "USER"):
        if environ.get(variable, "") not in NOBODY:
            return environ[variable]
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a container's number without a name
        return ""
    return "" if name in NOBODY else name


@click.command("resolve")
@click.argument("push", metavar="KEY|WAYBILL")
@config_option
@click.option(
    "--outcome", required=True, type=click.Choice(OUTCOMES), help="What became of the waybill."
)
@click.option("--reason", required=True, metavar="TEXT", help="How you know; kept with your name.")
@click.option(
    "--by",
    metavar="NAME",
    default=_me,
    show_default="you, unless you are root",
    help="Who says so.",
)
@click.option("--yes", is_flag=True, help="Do not ask back; needed where there is no terminal.")
@or_refuse("waybridge ledger resolve")
def command(
    push: str, config: Path | None, *, outcome: str, reason: str, by: str, yes: bool
) -> None:
    """Settle a push in doubt: the carrier is not asked, your word stands.

    A repeat of the push, and the rules for later presses, go by it from then on.
    """
    place = place_of(config)
    if not by:
        raise CannotStart(
            "nobody knows who says so.", hint="Add --by NAME: it is kept with your reason."
        )
    if not yes and not sys.stdin.isatty():
        raise CannotStart("there is no terminal to ask back on.", hint="Add --yes if you are sure.")
    for name, text in (("--reason", reason), ("--by", by)):
        if not text.strip() or len(text) > REASON_LIMIT:
            raise click.UsageError(f"{name}: write 1 to {REASON_LIMIT} characters.")
    found = the_one(asyncio.run(_find(place, push)), push, place)
    decided = Outcome(outcome)
    if not yes:
        click.confirm(_question(found, decided), abort=True, err=True)
    word = Resolution(key=found.key, who=by, reason=reason, outcome=decided, at=time.time())
    try:
        done = asyncio.run(resolve(place.url, found=found, resolution=word))
    except NotInDoubt as refused:
        raise _as_it_is(refused.entry or found, place) from refused
    write(f"{done.key}: {decided.value}, ResultCode {int(ANSWERS[decided])}, settled by {by}.")


async def _find(place: Place, word: str) -> tuple[Entry, ...]:
    async with open_archive(place.url) as archive:
        return await candidates(archive, word)


def _question(found: Entry, decided: Outcome) -> str:
    return (
        f"Settle waybill {visible(found.waybill_id)}, order {visible(found.order_id)} of merchant"
        f" {visible(found.biz_id)} as {decided.value} (ResultCode {int(ANSWERS[decided])})?"
    )


def _as_it_is(entry: Entry, place: Place) -> CannotStart:
    row = row_of(entry, place.zone)
    stands = row.state if entry.outcome is None else f"{row.state}: {entry.outcome.value}"
    by = f" (by {row.basis}, ResultCode {row.code})" if row.basis else ""
    return CannotStart(
        f"push {entry.key} is not in doubt, it is {stands}{by}; nothing was written.",
        hint="Only what is in doubt can be settled: `waybridge ledger search --state in_doubt`.",
    )
