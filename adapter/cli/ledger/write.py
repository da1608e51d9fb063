"""`waybridge ledger resolve`, `accept-rewind`, `prune` and `migrate`: what changes a ledger."""

from __future__ import annotations

import asyncio
import getpass
import math
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import click

from adapter.cancellation.model import Entry, Outcome, State
from adapter.cli.configuration import config_option
from adapter.cli.ledger.access import ConfiguredLedger, candidates, configured_ledger, the_one
from adapter.cli.ledger.rows import row_of, shown
from adapter.cli.output import or_refuse, visible, write
from adapter.diagnostics.cannot_start import CannotStart
from adapter.edge.translate import ANSWERS
from adapter.ledger import maintenance
from adapter.ledger.resolution import Resolution
from adapter.ledger.search import Filters

OUTCOMES = tuple(outcome.value for outcome in Outcome if outcome is not Outcome.IN_DOUBT)
REASON_LIMIT = 500  # characters
NOBODY = {"", "root"}  # accounts that many people share, or without a name
DAY_SECONDS = 86_400
SETTLED = (State.DONE, State.UNSENT)


def _operator(environ: Mapping[str, str] = os.environ) -> str:
    """Return who types, under sudo the caller's own name; empty when it is unknown."""
    for variable in ("SUDO_USER", "USER"):
        if environ.get(variable, "") not in NOBODY:
            return environ[variable]
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a user id without a name, as in a container
        return ""
    return "" if name in NOBODY else name


@click.command("resolve")
@click.argument("push", metavar="KEY|WAYBILL")
@config_option
@click.option(
    "--outcome", required=True, type=click.Choice(OUTCOMES), help="What happened to the waybill."
)
@click.option(
    "--reason", required=True, metavar="TEXT", help="How you know; stored with your name."
)
@click.option(
    "--by",
    metavar="NAME",
    default=_operator,
    show_default="your login name; required for root",
    help="Your name.",
)
@click.option(
    "--yes", is_flag=True, help="Do not ask for confirmation; required without a terminal."
)
@or_refuse("waybridge ledger resolve")
def resolve(
    push: str, config: Path | None, *, outcome: str, reason: str, by: str, yes: bool
) -> None:
    """Settle a push in doubt by hand. The carrier is not asked.

    Repeats of the push and later presses are then decided by this outcome.
    """
    ledger = configured_ledger(config)
    _require_words(reason=reason, by=by)
    if not yes and not sys.stdin.isatty():
        raise CannotStart(
            "confirmation needs a terminal, and there is none.", hint="Add --yes to confirm."
        )
    found = the_one(ledger.read(lambda archive: candidates(archive, push)), push, ledger)
    decided = Outcome(outcome)
    if not yes:
        click.confirm(_question(found, decided), abort=True, err=True)
    resolution = Resolution(key=found.key, who=by, reason=reason, outcome=decided, at=time.time())
    try:
        done = asyncio.run(maintenance.resolve(ledger.url, found=found, resolution=resolution))
    except maintenance.NotInDoubt as refused:
        raise _not_in_doubt(refused.entry or found, ledger) from refused
    write(f"{done.key}: {decided.value}, ResultCode {int(ANSWERS[decided])}, settled by {by}.")


@click.command("accept-rewind")
@config_option
@click.option(
    "--reason", required=True, metavar="TEXT", help="What happened; stored with your name."
)
@click.option(
    "--by",
    metavar="NAME",
    default=_operator,
    show_default="your login name; required for root",
    help="Your name.",
)
@or_refuse("waybridge ledger accept-rewind")
def accept_rewind(config: Path | None, *, reason: str, by: str) -> None:
    """Trust a ledger again that went back in time.

    Compare it with the log lines push_answered of the lost time first: only they know what was
    told then. Pushes in doubt or untold now stay in doubt until `resolve`. Possible 60 s after
    the rewind was noticed.
    """
    ledger = configured_ledger(config)
    _require_words(reason=reason, by=by)
    try:
        done = asyncio.run(
            maintenance.accept_rewind(ledger.url, who=by, reason=reason, now=time.time())
        )
    except maintenance.NotRewound as error:
        raise CannotStart(
            "the ledger is not rewound. Nothing was changed.",
            hint="`waybridge status` says of a running waybridge whether its ledger is.",
        ) from error
    except maintenance.AcceptedTooSoon as error:
        raise CannotStart(
            "the rewind was noticed less than 60 s ago: repeats of pushes of the lost time may"
            " still arrive. Nothing was changed.",
            hint=f"Run it again in {math.ceil(error.seconds_left)} s.",
        ) from error
    noticed = shown(done.seen_at or 0.0, ledger.zone)
    write(f"Rewind noticed at {noticed}: accepted by {by}.")


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


def _require_words(*, reason: str, by: str) -> None:
    if not by:
        raise CannotStart("your name is unknown.", hint="Add --by NAME; it is stored.")
    for name, text in (("--reason", reason), ("--by", by)):
        if not text.strip() or len(text) > REASON_LIMIT:
            raise click.UsageError(f"{name} must have 1 to {REASON_LIMIT} characters.")


def _question(found: Entry, decided: Outcome) -> str:
    return (
        f"Settle waybill {visible(found.waybill_id)}, order {visible(found.order_id)} of merchant"
        f" {visible(found.biz_id)} as {decided.value} (ResultCode {int(ANSWERS[decided])})?"
    )


def _not_in_doubt(entry: Entry, ledger: ConfiguredLedger) -> CannotStart:
    row = row_of(entry, ledger.zone)
    state = row.state if entry.outcome is None else f"{row.state}: {entry.outcome.value}"
    by = f" (by {row.basis}, ResultCode {row.code})" if row.basis else ""
    return CannotStart(
        f"push {entry.key} is not in doubt, it is {state}{by}. Nothing was changed.",
        hint="To list the pushes in doubt: `waybridge ledger search --state in_doubt`.",
    )


async def _prune(ledger: ConfiguredLedger, *, keep_seconds: float, now: float) -> int:
    removed = 0
    async for step in maintenance.prune(ledger.url, keep_seconds=keep_seconds, now=now):
        removed += step
        if sys.stderr.isatty():
            write(f"\r{removed} removed", newline=False, to_stderr=True)
    if removed and sys.stderr.isatty():
        write(to_stderr=True)
    return removed
