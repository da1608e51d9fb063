"""`waybridge ledger export`: every push that fits, row by row, to a file or a pipe."""

from __future__ import annotations

import asyncio
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TextIO

import click
from rich.progress import Progress

from adapter.cli.configuration import config_option
from adapter.cli.findings import or_refuse
from adapter.cli.ledger.access import Place, place_of
from adapter.cli.ledger.filters import filter_options, now_in, wanted
from adapter.cli.ledger.rows import PushRow, as_csv, as_json_lines, row_of
from adapter.cli.output import console, json_for, write
from adapter.diagnostics.cannot_start import CannotStart
from adapter.ledger.search import Filters, open_archive

PAGE_ROWS = 500  # written together; nothing more is held


@click.command("export")
@config_option
@filter_options
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write here; by default to standard output.",
)
@click.option("--json", "as_json", is_flag=True, help="JSON lines instead of CSV.")
@or_refuse("waybridge ledger export")
def command(
    config: Path | None,
    *,
    output: Path | None,
    as_json: bool,
    told_failure: bool,
    **filters: str | None,
) -> None:
    """Export pushes, newest first, as CSV; texts that a spreadsheet would run are quoted."""
    place = place_of(config)
    sought = wanted(**filters, told_failure=told_failure, now=now_in(place.zone))
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
        # Beside the rows themselves a bar would only be in the way.
        is_watched = sys.stderr.isatty() and not sink.isatty()
        bar = opened.enter_context(
            Progress(console=console(sys.stderr), transient=True, disable=not is_watched)
        )
        written = asyncio.run(_export(place, sought, sink, bar, as_json=as_json))
    write(f"{written} {'push' if written == 1 else 'pushes'} exported.", to_stderr=True)


async def _export(
    place: Place, sought: Filters, sink: TextIO, bar: Progress, *, as_json: bool
) -> int:
    async with open_archive(place.url) as archive:
        total = None if bar.disable else await archive.count(sought)
        task = bar.add_task("exporting", total=total)
        page: list[PushRow] = []
        zone = place.zone
        written = 0

        async def write_page() -> None:
            nonlocal written
            if as_json:
                text = json_for(sink, as_json_lines(page))
            else:
                text = as_csv(page, heading=not written)
            # In a thread: a pipe's reader may take its time.
            await asyncio.to_thread(sink.write, text)
            written += len(page)
            bar.advance(task, len(page))
            page.clear()

        async for entry in archive.export(sought):
            page.append(row_of(entry, zone))
            if len(page) == PAGE_ROWS:
                await write_page()
        if page or not written:
            await write_page()
    return written
