"""`waybridge ledger resolve`: settle pushes in doubt, one or many."""

from __future__ import annotations

import asyncio
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import click

from adapter.cancellation.model import Entry, Fact, Outcome, State
from adapter.cli.configuration import config_option
from adapter.cli.ledger import settlements_csv
from adapter.cli.ledger.access import CONCERNS, ConfiguredLedger, configured_ledger
from adapter.cli.ledger.filters import filters_of, now_in
from adapter.cli.ledger.lookups import look_up
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
from adapter.cli.ledger.preview import preview
from adapter.cli.ledger.selection import ToSettle, Unsettled, listed, matching, named
from adapter.cli.output import EXIT_FINDINGS, or_refuse, write
from adapter.diagnostics.cannot_start import CannotStart
from adapter.edge.translate import ANSWERS
from adapter.ledger.operate import settling
from adapter.ledger.resolution import Resolution

OPEN = (State.IN_DOUBT, State.CALLING)  # of a dead process a call is settled, too


@click.command("resolve")
@click.argument("pushes", metavar="[KEY|WAYBILL]...", nargs=-1)
@config_option
@click.option(
    "--csv",
    "csv_file",
    type=click.Path(path_type=Path, allow_dash=True, dir_okay=False),
    metavar="FILE",
    help="Settle the pushes of a CSV with the columns key, outcome and reason; - for stdin.",
)
@click.option(
    "--state", type=click.Choice([State.IN_DOUBT.value]), help="Settle every push in doubt."
)
@click.option("--since", metavar="TIME", help="Of those in doubt: received at or after TIME.")
@click.option("--until", metavar="TIME", help="Of those in doubt: received before TIME.")
@click.option("--merchant", metavar="ID", help="Of those in doubt: full BizID.")
@click.option(
    "--where-lookup",
    type=click.Choice([fact.value for fact in Fact]),
    help="Of those in doubt: the carrier's lookup says so now.",
)
@click.option("--outcome", type=click.Choice(OUTCOMES), help="What happened to the waybill.")
@click.option("--reason", metavar="TEXT", help="How you know; stored with your name.")
@by_option
@yes_option
@or_refuse("waybridge ledger resolve")
def resolve(
    pushes: tuple[str, ...],
    config: Path | None,
    *,
    csv_file: Path | None,
    where_lookup: str | None,
    outcome: str | None,
    reason: str | None,
    by: str,
    yes: bool,
    **chosen: str | None,
) -> None:
    """Settle pushes in doubt by hand: those named, those selected, or those of a CSV.

    Repeats of the pushes and later presses are then decided by this outcome. The carrier is not
    asked to cancel. Of many pushes a summary is shown before anything is written, and the exit
    code is 1 if some could not be settled.
    """
    selects = where_lookup is not None or any(chosen.values())
    _require_one_way(named=bool(pushes), csv=csv_file is not None, selects=selects)
    _require_decision(outcome, reason, optional=csv_file is not None)
    ledger = configured_ledger(
        config, concerns=(*CONCERNS, "carrier") if where_lookup else CONCERNS
    )
    require_name(by)
    if csv_file is not None:
        lines = _lines(csv_file, outcome=outcome, reason=reason)
        _settle_many(*listed(lines, ledger), ledger=ledger, by=by, yes=yes)
        return
    assert outcome is not None and reason is not None  # noqa: S101, PT018 - required above
    decided = Outcome(outcome)
    if selects:
        found = _selected(ledger, where_lookup=where_lookup, **chosen)
        _settle_many(_alike(found, decided, reason), [], ledger=ledger, by=by, yes=yes)
    elif len(pushes) == 1:
        _settle_one(pushes[0], decided, reason, ledger=ledger, by=by, yes=yes)
    else:
        entries, missing = named(pushes, ledger)
        wanted = _alike(entries.values(), decided, reason)
        _settle_many(wanted, missing, ledger=ledger, by=by, yes=yes)


def _require_one_way(*, named: bool, csv: bool, selects: bool) -> None:
    if named + csv + selects != 1:
        raise click.UsageError(
            "Name pushes, or select them (--state in_doubt, --since, --until, --merchant,"
            " --where-lookup), or give a --csv: one of the three."
        )


def _require_decision(outcome: str | None, reason: str | None, *, optional: bool) -> None:
    for name, text in (("--outcome", outcome), ("--reason", reason)):
        if text is None and not optional:
            raise click.UsageError(f"Missing option '{name}'.")
    if reason is not None:
        require_words("--reason", reason)


def _lines(
    file: Path, *, outcome: str | None, reason: str | None
) -> tuple[settlements_csv.SettlementLine, ...]:
    is_stdin = str(file) == "-"
    source = "standard input" if is_stdin else str(file)
    try:
        data = sys.stdin.buffer.read() if is_stdin else file.read_bytes()
    except OSError as error:
        why = (error.strerror or "not readable").lower()
        raise CannotStart(f"{file} cannot be read: {why}.") from error
    return settlements_csv.read(data, source=source, outcome=outcome, reason=reason)


def _selected(
    ledger: ConfiguredLedger,
    *,
    where_lookup: str | None,
    since: str | None,
    until: str | None,
    merchant: str | None,
    state: str | None,  # noqa: ARG001 - nothing else than doubt is settled
) -> tuple[Entry, ...]:
    filters = filters_of(
        waybill=None,
        order=None,
        merchant=merchant,
        result=None,
        state=State.IN_DOUBT.value,
        since=since,
        until=until,
        told_failure=False,
        now=now_in(ledger.zone),
    )
    found = matching(filters, ledger)
    if where_lookup is None:
        return found
    looked_up = look_up(found, Fact(where_lookup), ledger.settings)
    write(str(looked_up), to_stderr=True)
    return looked_up.entries


def _alike(entries: Iterable[Entry], outcome: Outcome, reason: str) -> list[ToSettle]:
    return [ToSettle(entry=entry, outcome=outcome, reason=reason) for entry in entries]


def _settle_one(
    push: str, decided: Outcome, reason: str, *, ledger: ConfiguredLedger, by: str, yes: bool
) -> None:
    require_confirmation(yes=yes)
    entries, missing = named((push,), ledger)
    if missing:
        raise CannotStart(
            f"no push has the key or waybill {push!r}.",
            hint="Find it with `waybridge ledger search`. At least 4 digits of a key are needed.",
        )
    (found,) = entries.values()
    if not yes:
        click.confirm(question("Settle", found, decided), abort=True, err=True)
    word = Resolution(key=found.key, who=by, reason=reason, outcome=decided, at=time.time())
    try:
        done = asyncio.run(settling.resolve(ledger.url, found=found, resolution=word))
    except settling.NotInDoubt as refused:
        entry = refused.entry or found
        raise CannotStart(
            f"push {entry.key} is not in doubt, it is {standing(entry, ledger)}."
            " Nothing was changed.",
            hint="To list the pushes in doubt: `waybridge ledger search --state in_doubt`.",
        ) from refused
    write(f"{done.key}: {decided.value}, ResultCode {int(ANSWERS[decided])}, settled by {by}.")


def _settle_many(
    wanted: Sequence[ToSettle],
    missing: Sequence[Unsettled],
    *,
    ledger: ConfiguredLedger,
    by: str,
    yes: bool,
) -> None:
    doubtful = [each for each in wanted if each.entry.state in OPEN]
    unsettled = [
        *missing,
        *(_not_in_doubt(each.entry, ledger) for each in wanted if each.entry.state not in OPEN),
    ]
    if not yes:
        preview(doubtful, unsettled, zone=ledger.zone)
    if doubtful and not yes:
        require_confirmation(yes=yes)
        number = _pushes(len(doubtful))
        click.confirm(f"Settle {number} as {by}?", abort=True, err=True)
    settled, refused = asyncio.run(_settle(doubtful, ledger, by=by)) if doubtful else ({}, [])
    unsettled += refused
    words = ", ".join(f"{number} {outcome.value}" for outcome, number in settled.items())
    total = sum(settled.values())
    write(f"{_pushes(total)} settled by {by}{': ' if words else ''}{words}.")
    if unsettled:
        for each in unsettled:
            write(str(each), to_stderr=True)
        write(f"{_pushes(len(unsettled))} not settled.", to_stderr=True)
        raise SystemExit(EXIT_FINDINGS)


async def _settle(
    wanted: Sequence[ToSettle], ledger: ConfiguredLedger, *, by: str
) -> tuple[Counter[Outcome], list[Unsettled]]:
    settlements = [
        settling.Settlement(
            waybill=each.entry.waybill,
            resolution=Resolution(
                key=each.entry.key,
                who=by,
                reason=each.reason,
                outcome=each.outcome,
                at=time.time(),
            ),
        )
        for each in wanted
    ]
    settled: Counter[Outcome] = Counter()
    refused: list[Unsettled] = []
    async for step in settling.resolve_many(ledger.url, settlements):
        for each in step:
            word = each.settlement.resolution
            if each.refused is None:
                settled[word.outcome] += 1
            elif isinstance(each.refused, settling.NotInDoubt) and each.refused.entry:
                refused.append(_not_in_doubt(each.refused.entry, ledger))
            else:
                refused.append(Unsettled(word=word.key, why=str(each.refused)))
        if sys.stderr.isatty():
            write(f"\r{settled.total()} of {len(wanted)}", newline=False, to_stderr=True)
    if sys.stderr.isatty():
        write(to_stderr=True)
    return settled, refused


def _not_in_doubt(entry: Entry, ledger: ConfiguredLedger) -> Unsettled:
    return Unsettled(word=entry.key, why=f"not in doubt, it is {standing(entry, ledger)}")


def _pushes(number: int) -> str:
    return f"{number} {'push' if number == 1 else 'pushes'}"
