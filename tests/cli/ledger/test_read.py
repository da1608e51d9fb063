from __future__ import annotations

import csv
import io
import json
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from adapter.cancellation.model import Outcome
from adapter.cli.ledger.read import EXPORT_PAGE_ROWS, export
from adapter.cli.ledger.rows import COLUMNS
from tests.cli.ledgers import (
    AGAIN,
    CANCELLED,
    DOUBTFUL,
    OLD,
    PAUSED,
    Desk,
    desk_at,
    push,
    record,
    served,
)
from tests.cli.terminals import terminal

# Search


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

    assert (nothing.exit_code, nothing.stdout, nothing.stderr) == (0, "", "No push matches.\n")
    assert more.stderr == "Showing the newest 2; more match (see --limit).\n"


def test_nothing_found_is_still_json_and_still_csv(desk: Desk) -> None:
    as_json = desk.types("search", "--order", "none", "--json")
    as_csv = desk.types("search", "--order", "none", "--csv")

    assert json.loads(as_json.stdout) == []
    assert as_csv.stdout.splitlines() == [",".join(COLUMNS)]
    assert as_json.stderr == as_csv.stderr == "No push matches.\n"


# Show


def test_the_whole_story_of_a_push_is_told(desk: Desk) -> None:
    with served(desk.url):
        by_prefix = desk.types("show", CANCELLED.key[:8])
        as_json = json.loads(desk.types("show", CANCELLED.key, "--json").stdout)

    assert "The merchant was told this." in by_prefix.stdout
    assert "250 ms  CANCELLED  cancelled" in by_prefix.stdout
    assert tuple(as_json["push"])[: len(COLUMNS)] == COLUMNS
    assert [call["status"] for call in as_json["calls"]] == ["CANCELLED"]
    assert json.loads(as_json["reply"]["json"])["ResultMsg"] == "success"
    assert "<ResultCode>0</ResultCode>" in as_json["reply"]["xml"]


def test_a_waybill_with_one_push_names_it(desk: Desk) -> None:
    result = desk.types("show", "SF-DOUBT", "--json")

    assert json.loads(result.stdout)["push"]["key"] == DOUBTFUL.key


def test_what_is_no_push_tells_no_story(desk: Desk) -> None:
    result = desk.types("show", "SF-NONE", "--json")

    assert (result.exit_code, result.stdout) == (2, "")


# Export


def test_an_export_holds_everything_that_fits(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "out.csv"

    with served(desk.url):
        to_file = desk.types("export", "-o", str(file), "--state", "done")
        lines = desk.types("export", "--json").stdout.splitlines()

    assert to_file.stderr == "2 pushes exported.\n"
    rows = list(csv.DictReader(io.StringIO(file.read_text(), newline="")))
    assert [row["key"] for row in rows] == [CANCELLED.key, OLD.key]
    assert [json.loads(line)["key"] for line in lines] == desk.finds()


def test_one_push_is_not_several(desk: Desk, tmp_path: Path) -> None:
    one = desk.types("export", "-o", str(tmp_path / "out.csv"), "--waybill", OLD.waybill_id)

    assert one.stderr == "1 push exported.\n"


def test_an_export_of_nothing_is_a_heading(desk: Desk) -> None:
    result = desk.types("export", "--order", "none")

    assert result.stdout.splitlines() == [",".join(COLUMNS)]


def test_an_export_to_where_nothing_can_be_written_is_refused(desk: Desk, tmp_path: Path) -> None:
    result = desk.types("export", "-o", str(tmp_path / "none" / "x.csv"))

    assert result.exit_code == 2
    assert "cannot be written: no such file" in result.stderr


def test_pages_of_an_export_follow_each_other_without_a_gap(
    tmp_path: Path, process_of_its_own: None
) -> None:
    desk = desk_at(tmp_path, f"sqlite:///{tmp_path}/many.db")
    record(desk.url, (push(number) for number in range(1201)))

    rows = list(csv.DictReader(io.StringIO(desk.types("export").stdout)))

    assert [row["key"] for row in rows] == [push(number).key for number in range(1201)]


def test_a_whole_page_is_not_followed_by_an_empty_one(
    tmp_path: Path, process_of_its_own: None
) -> None:
    desk = desk_at(tmp_path, f"sqlite:///{tmp_path}/page.db")
    record(desk.url, (push(number) for number in range(EXPORT_PAGE_ROWS)))

    lines = desk.types("export").stdout.splitlines()

    assert lines[0] == ",".join(COLUMNS)
    assert len(lines) == 1 + EXPORT_PAGE_ROWS


def test_who_watches_a_file_being_written_sees_how_far_it_is(desk: Desk, tmp_path: Path) -> None:
    words = ["--config", str(desk.config), "-o", str(tmp_path / "out.csv")]
    with terminal() as watching:
        with redirect_stderr(watching.screen):
            export.main(words, standalone_mode=False)
        seen = watching.shown()

    assert "exporting" in seen
    assert "100%" in seen
    assert seen.endswith("5 pushes exported.\r\n")


def test_rows_on_the_terminal_itself_are_not_broken_by_a_bar(
    tmp_path: Path, process_of_its_own: None
) -> None:
    desk = desk_at(tmp_path, f"sqlite:///{tmp_path}/ledger.db")
    record(desk.url, [CANCELLED])
    with terminal() as watching:
        with redirect_stderr(watching.screen), redirect_stdout(watching.screen):
            export.main(["--config", str(desk.config)], standalone_mode=False)
        heading, row, count = watching.shown().split("\r\n")[:-1]

    assert heading.rstrip("\r") == ",".join(COLUMNS)
    assert row.startswith(CANCELLED.key)
    assert count.endswith(" exported.")
