"""The commands `ledger search`, `show` and `export`: read pushes beside a running serve."""

from __future__ import annotations

import asyncio
import sys
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TextIO

import click
from rich.progress import Progress

from adapter.cancellation.model import Entry
from adapter.cli.configuration import config_option
from adapter.cli.ledger import history
from adapter.cli.ledger.access import ConfiguredLedger, candidates, configured_ledger, the_one
from adapter.cli.ledger.filters import filter_options, filters_of, now_in
from adapter.cli.ledger.rows import PushRow, as_csv, as_json_lines, row_of, show_table
from adapter.cli.output import console, json_for, json_text, or_refuse, write, write_json
from adapter.diagnostics.cannot_start import CannotStart
from adapter.ledger.search import PAGE_LIMIT, Archive, Chronicle, Filters, open_archive

SEARCH_LIMIT = 100
EXPORT_PAGE_ROWS = 500  # written together; no more are held


@click.command("search")
@config_option
@filter_options
@click.option(
    "--limit",
    type=click.IntRange(1, PAGE_LIMIT),
    default=SEARCH_LIMIT,
    show_default=True,
    help="Show at most this many, the newest; `export` has no limit.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
@click.option("--csv", "csv_wanted", is_flag=True, help="Print CSV.")
@or_refuse("waybridge ledger search")
def search(
    config: Path | None,
    *,
    limit: int,
    as_json: bool,
    csv_wanted: bool,
    told_failure: bool,
    **filters: str | None,
) -> None:
    """Find pushes, newest first. Nothing is changed."""
    ledger = configured_ledger(config)
    sought = filters_of(**filters, told_failure=told_failure, now=now_in(ledger.zone))
    found = ledger.read(lambda archive: archive.search(sought, limit=limit + 1))
    entries = found[:limit]
    rows = [row_of(entry, ledger.zone) for entry in entries]
    if as_json:
        write_json(json_text([asdict(row) for row in rows]))
    elif csv_wanted:
        write(as_csv(rows, heading=True), newline=False)
    elif entries:
        show_table(entries, zone=ledger.zone, stream=sys.stdout)
    if not entries:
        write("No push matches.", to_stderr=True)
    elif len(found) > limit:
        write(f"Showing the newest {limit}; more match (see --limit).", to_stderr=True)


@click.command("show")
@click.argument("push", metavar="KEY|WAYBILL")
@config_option
@click.option("--json", "json_wanted", is_flag=True, help="Print one JSON object.")
@or_refuse("waybridge ledger show")
def show(push: str, config: Path | None, *, json_wanted: bool) -> None:
    """Show the history of a push: deliveries, calls, decision, reason and reply.

    KEY may be abbreviated; WAYBILL works if it has exactly one push.
    """
    ledger = configured_ledger(config)
    found, chronicle = ledger.read(lambda archive: _chronicle(archive, push))
    if chronicle is None:
        the_one(found, push, ledger)
    elif json_wanted:
        write_json(history.as_json(chronicle, ledger.settings))
    else:
        write("\n".join(history.lines(chronicle, ledger.settings)))


@click.command("export")
@config_option
@filter_options
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write to this file instead of standard output.",
)
@click.option("--json", "as_json", is_flag=True, help="Write JSON lines instead of CSV.")
@or_refuse("waybridge ledger export")
def export(
    config: Path | None,
    *,
    output: Path | None,
    as_json: bool,
    told_failure: bool,
    **filters: str | None,
) -> None:
    """Export pushes as CSV, newest first. Text that a spreadsheet would run as a formula
    is escaped."""
    ledger = configured_ledger(config)
    sought = filters_of(**filters, told_failure=told_failure, now=now_in(ledger.zone))
    with ExitStack() as opened:
        try:
            sink = (
                sys.stdout
                if output is None
                else opened.enter_context(output.open("w", encoding="utf-8", newline=""))
            )
        except OSError as error:
            reason = (error.strerror or "not writable").lower()
            raise CannotStart(f"{output} cannot be written: {reason}.") from error
        # A bar among the rows themselves would only be in the way.
        is_watched = sys.stderr.isatty() and not sink.isatty()
        bar = opened.enter_context(
            Progress(console=console(sys.stderr), transient=True, disable=not is_watched)
        )
        written = asyncio.run(_export(ledger, sought, sink, bar, as_json=as_json))
    write(f"{written} {'push' if written == 1 else 'pushes'} exported.", to_stderr=True)


async def _chronicle(archive: Archive, word: str) -> tuple[tuple[Entry, ...], Chronicle | None]:
    found = await candidates(archive, word)
    return found, await archive.show(found[0].key) if len(found) == 1 else None


async def _export(
    ledger: ConfiguredLedger, sought: Filters, sink: TextIO, bar: Progress, *, as_json: bool
) -> int:
    async with open_archive(ledger.url) as archive:
        total = None if bar.disable else await archive.count(sought)
        task = bar.add_task("exporting", total=total)
        page: list[PushRow] = []
        written = 0

        async def write_page() -> None:
            nonlocal written
            if as_json:
                text = json_for(sink, as_json_lines(page))
            else:
                text = as_csv(page, heading=not written)
            # In a thread: the reader of a pipe may be slow.
            await asyncio.to_thread(sink.write, text)
            written += len(page)
            bar.advance(task, len(page))
            page.clear()

        async for entry in archive.export(sought):
            page.append(row_of(entry, ledger.zone))
            if len(page) == EXPORT_PAGE_ROWS:
                await write_page()
        if page or not written:
            await write_page()
    return written
