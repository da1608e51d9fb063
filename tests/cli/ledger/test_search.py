from __future__ import annotations

import csv
import io
import json

import pytest

from adapter.cancellation.model import Outcome
from adapter.cli.ledger.rows import COLUMNS
from tests.cli.ledgers import AGAIN, CANCELLED, DOUBTFUL, OLD, PAUSED, Desk, push, record, served


def test_the_newest_come_first_with_exactly_the_promised_fields(desk: Desk) -> None:
    with served(desk.url):
        result = desk.types("search", "--json")

    rows = json.loads(result.stdout)
    in_order = (AGAIN, CANCELLED, DOUBTFUL, PAUSED, OLD)
    assert [row["key"] for row in rows] == [entry.key for entry in in_order]
    assert tuple(rows[0]) == COLUMNS
    assert result.stderr == ""


@pytest.mark.parametrize(
    ("words", "keys"),
    [
        (("--waybill", "SF-DOUBT"), [DOUBTFUL.key]),
        (("--order", "ORDER-1"), [CANCELLED.key]),
        (("--merchant", "nobody"), []),
        (("--result", "0"), [CANCELLED.key]),
        (("--result", "-1"), [AGAIN.key, DOUBTFUL.key, PAUSED.key]),
        (("--result", "30002"), [OLD.key]),
        (("--result", "picked_up"), [OLD.key]),
        (("--state", "in_doubt"), [AGAIN.key, DOUBTFUL.key]),
        (("--since", "90m"), [AGAIN.key, CANCELLED.key]),
        (("--until", "100d"), [OLD.key]),
        (("--told-failure",), []),
        (("--limit", "1"), [AGAIN.key]),
    ],
)
def test_each_filter_finds_what_it_says(
    desk: Desk, words: tuple[str, ...], keys: list[str]
) -> None:
    assert desk.finds(*words) == keys


def test_who_was_told_a_failure_and_is_cancelled_is_found(desk: Desk) -> None:
    lied = push(7, told=Outcome.IN_DOUBT)
    untold = push(8, told=None)
    record(desk.url, [lied, untold])

    assert desk.finds("--told-failure") == [lied.key, untold.key]
    assert desk.finds("--told-failure", "--waybill", untold.waybill_id) == [untold.key]
    assert desk.types("export", "--told-failure", "--json").stdout.count("\n") == 2


def test_plain_columns_and_csv_hold_every_push(desk: Desk) -> None:
    plain, table = desk.types("search"), desk.types("search", "--csv")

    assert [line.split()[-1] for line in plain.stdout.splitlines()][1:3] == [
        AGAIN.key,
        CANCELLED.key,
    ]
    rows = list(csv.DictReader(io.StringIO(table.stdout)))
    assert [row["key"] for row in rows] == desk.finds()


def test_nothing_found_and_more_to_be_found_are_said_aside(desk: Desk) -> None:
    nothing, more = desk.types("search", "--order", "none"), desk.types("search", "--limit", "2")

    assert (nothing.exit_code, nothing.stdout, nothing.stderr) == (0, "", "No push fits.\n")
    assert more.stderr == "The newest 2; there are more (--limit).\n"


def test_nothing_found_is_still_json_and_still_csv(desk: Desk) -> None:
    as_json = desk.types("search", "--order", "none", "--json")
    as_csv = desk.types("search", "--order", "none", "--csv")

    assert json.loads(as_json.stdout) == []
    assert as_csv.stdout.splitlines() == [",".join(COLUMNS)]
    assert as_json.stderr == as_csv.stderr == "No push fits.\n"
