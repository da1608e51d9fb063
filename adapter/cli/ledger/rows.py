"""A push as one row: for JSON, CSV, and a table; the same columns everywhere."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import TextIO
from zoneinfo import ZoneInfo

from rich.box import SIMPLE
from rich.table import Table
from rich.text import Text

from adapter.cancellation.model import Entry, Outcome, State, Unsent
from adapter.cli.output import console, json_text, visible, write_columns
from adapter.edge.translate import ANSWERS, code

# What a spreadsheet would run. https://owasp.org/www-community/attacks/CSV_Injection
FORMULA_BEGINNINGS = ("=", "+", "-", "@", "\t", "\r")

KEY_SHOWN = 8  # digits of a key on a terminal

_REASONS = {unsent.value: unsent for unsent in Unsent}


@dataclass(frozen=True, slots=True, kw_only=True)
class PushRow:
    """One push. `code` is the ResultCode it was decided as, `told` the one that was last put
    into a reply; None: not yet. An unsent push was answered by its code there and then. `why`
    says what brought it to its state, in an operator's own words where one settled it; `cause`
    is the same as a word for programs."""

    key: str
    waybill: str
    order: str
    merchant: str
    state: str
    code: int | None
    basis: str | None
    told: int | None
    deliveries: int
    calls: int
    received_at: str
    why: str
    cause: str


COLUMNS = tuple(field.name for field in fields(PushRow))


def unsent_reason(entry: Entry) -> Unsent | None:
    """Return why the carrier was not asked; None when it was. A commit A that landed after
    its caller had given up was answered as what the ledger could not do in time."""
    if entry.state is not State.UNSENT:
        return None
    return _REASONS.get(entry.cause, Unsent.LEDGER_UNAVAILABLE)


def row_of(entry: Entry, zone: ZoneInfo) -> PushRow:
    """Return an entry as its row; times are in `zone`."""
    unsent = unsent_reason(entry)
    answered = None if unsent is None else int(code(Outcome.FAILED, unsent=unsent))
    return PushRow(
        key=entry.key,
        waybill=entry.waybill_id,
        order=entry.order_id,
        merchant=entry.biz_id,
        state=entry.state.value,
        code=answered if entry.outcome is None else int(ANSWERS[entry.outcome]),
        basis=entry.basis and entry.basis.value,
        told=answered if entry.told is None else int(ANSWERS[entry.told]),
        deliveries=entry.deliveries,
        calls=entry.calls,
        received_at=written(entry.received_at, zone),
        why=entry.cause_text,
        cause=entry.cause,
    )


def written(unix: float, zone: ZoneInfo) -> str:
    """Write a time for programs: ISO 8601 with milliseconds and the zone's offset."""
    return datetime.fromtimestamp(unix, zone).isoformat(timespec="milliseconds")


def shown(unix: float, zone: ZoneInfo) -> str:
    """Write a time for people: to the second, without the offset that the zone implies."""
    return datetime.fromtimestamp(unix, zone).strftime("%Y-%m-%d %H:%M:%S")


def as_csv(rows: Iterable[PushRow], *, heading: bool) -> str:
    """Write rows as CSV (RFC 4180); a text that a spreadsheet would run gets a `'`."""
    page = io.StringIO()
    writer = csv.writer(page)
    if heading:
        writer.writerow(COLUMNS)
    writer.writerows([_tame(getattr(row, name)) for name in COLUMNS] for row in rows)
    return page.getvalue()


def as_json_lines(rows: Iterable[PushRow]) -> str:
    """Write rows as JSON, one line each."""
    return "".join(f"{json_text(asdict(row), indent=None)}\n" for row in rows)


def show_table(entries: Iterable[Entry], *, zone: ZoneInfo, stream: TextIO) -> None:
    """Write a table: what fits on a terminal, otherwise all columns."""
    lines = [_cells(entry, zone) for entry in entries]
    if stream.isatty():
        headings = [heading for heading in _ON_TERMINAL if _is_told(heading, lines)]
        table = Table(box=SIMPLE, padding=(0, 1, 0, 0))
        for heading in headings:
            table.add_column(heading, overflow="fold", no_wrap=_ON_TERMINAL[heading])
        places = [_HEADINGS.index(heading) for heading in headings]
        for line in lines:
            # The beginning of a key will do for `show`: the last column is cut to it.
            cells = [*(line[place] for place in places[:-1]), line[places[-1]][:KEY_SHOWN]]
            table.add_row(*map(Text, cells))
        console(stream).print(table)
    else:
        write_columns([_HEADINGS, *lines], stream=stream)


_HEADINGS = (
    "received", "waybill", "order", "merchant", "state", "code", "basis", "told", "deliveries",
    "calls", "why", "key",
)  # fmt: skip
# What fits a terminal of 80 cells, and whether it is short enough never to be folded.
_ON_TERMINAL = {
    "received": True, "waybill": False, "order": False, "state": True, "code": True, "told": True,
    "why": False, "key": True,
}  # fmt: skip


_OPEN_TO_ASK = {State.UNSENT, State.IN_DOUBT}  # where an operator asks why


def _cells(entry: Entry, zone: ZoneInfo) -> tuple[str, ...]:
    row = row_of(entry, zone)
    ids = (visible(text) for text in (row.waybill, row.order, row.merchant))
    numbers = (row.code, row.basis, row.told, row.deliveries, row.calls)
    words = ("-" if cell is None else str(cell) for cell in numbers)
    # Of what is decided the code says enough; an operator's own words may be long.
    why = visible(row.why) if entry.state in _OPEN_TO_ASK else ""
    return (shown(entry.received_at, zone), *ids, row.state, *words, why or "-", row.key)


def _is_told(heading: str, lines: list[tuple[str, ...]]) -> bool:
    """Say whether a column is worth its place on a terminal: only `why` may hold nothing."""
    place = _HEADINGS.index(heading)
    return heading != "why" or any(line[place] != "-" for line in lines)


def _tame(cell: object) -> object:
    is_formula = isinstance(cell, str) and cell.startswith(FORMULA_BEGINNINGS)
    return f"'{cell}" if is_formula else cell
