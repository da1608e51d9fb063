from __future__ import annotations

import csv
import io
import json
import os
import pty
from zoneinfo import ZoneInfo

import pytest

from adapter.cancellation.model import Entry, Outcome, State, Unsent
from adapter.cli.ledger.rows import (
    COLUMNS,
    as_csv,
    as_json_lines,
    row_of,
    show_table,
    unsent_reason,
)
from tests.cli.ledgers import doubtful, push, unsent

ZONE = ZoneInfo("Asia/Shanghai")


def test_the_columns_are_those_that_were_promised() -> None:
    assert COLUMNS == (
        "key", "waybill", "order", "merchant", "state", "code", "basis", "told", "deliveries",
        "calls", "received_at", "why", "cause",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("entry", "code", "told"),
    [
        (push(1), 0, 0),
        (push(1, told=Outcome.IN_DOUBT), 0, -1),
        (push(1, outcome=Outcome.ALREADY_CANCELLED, told=None), 30003, None),
        (push(1, outcome=Outcome.FAILED, told=Outcome.FAILED), -1, -1),
        (doubtful(1), None, -1),
        (doubtful(1, state=State.CALLING, told=None), None, None),
        (unsent(1, "paused"), -1, -1),
        (unsent(1, "refused"), 30001, 30001),
        (unsent(1, "withdrawn"), -1, -1),
    ],
)
def test_code_and_told_are_resultcodes_or_nothing(
    entry: Entry, code: int | None, told: int | None
) -> None:
    row = row_of(entry, ZONE)

    assert (row.code, row.told) == (code, told)


def test_a_withdrawn_push_was_unsent_for_want_of_the_ledger() -> None:
    assert unsent_reason(unsent(1, "withdrawn")) is Unsent.LEDGER_UNAVAILABLE
    assert unsent_reason(push(1)) is None


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_formula_does_not_run_in_a_spreadsheet(text: str) -> None:
    row = row_of(push(1, waybill_id=text, outcome=Outcome.FAILED), ZONE)

    (read,) = csv.DictReader(io.StringIO(as_csv([row], heading=True), newline=""))

    assert read["waybill"] == f"'{text}"
    assert read["code"] == "-1"  # a number of ours is a number


def test_a_heading_stands_once_over_all_pages() -> None:
    first, second = (as_csv([row_of(push(number), ZONE)], heading=number == 1) for number in (1, 2))

    assert first.splitlines()[0] == ",".join(COLUMNS)
    assert [row["key"] for row in csv.DictReader(io.StringIO(first + second))] == [
        push(1).key,
        push(2).key,
    ]


def test_without_a_terminal_every_column_is_shown_whole() -> None:
    stream = io.StringIO()

    show_table([push(1, waybill_id="SF\x1b[2J")], zone=ZONE, stream=stream)

    heading, line = stream.getvalue().splitlines()
    assert heading.split()[0] == "received"
    assert line.split()[2] == "SF\\x1b[2J"
    assert line.endswith(push(1).key)


@pytest.mark.parametrize(
    ("entry", "why"),
    [(unsent(1, "paused"), "paused"), (doubtful(1), "UNAVAILABLE"), (push(1), "-")],
)
def test_the_table_says_why_a_push_is_not_decided(entry: Entry, why: str) -> None:
    stream = io.StringIO()

    show_table([entry], zone=ZONE, stream=stream)

    heading, line = stream.getvalue().splitlines()
    assert heading.split()[-2:] == ["why", "key"]
    assert line.split()[-2] == why
    assert row_of(entry, ZONE).why == entry.cause_text


def test_json_lines_keep_every_text_as_it_is() -> None:
    row = row_of(push(1, waybill_id='=1,"\n运单'), ZONE)

    (line,) = as_json_lines([row]).splitlines()

    assert json.loads(line)["waybill"] == '=1,"\n运单'


def test_a_terminal_gets_what_fits_it() -> None:
    drawn = _drawn(push(1, waybill_id="[red]SF"))

    assert "[red]SF" in drawn
    assert "00010001" in drawn
    assert "000100010" not in drawn
    assert "why" not in drawn


def test_a_terminal_is_told_why_where_there_is_a_why() -> None:
    drawn = _drawn(push(1), unsent(2, "paused"))

    assert "why" in drawn
    assert "paused" in drawn


def _drawn(*entries: Entry) -> str:
    master, slave = pty.openpty()
    with os.fdopen(slave, "w") as terminal:
        show_table(entries, zone=ZONE, stream=terminal)
        drawn = os.read(master, 100_000).decode()
    os.close(master)
    return drawn
