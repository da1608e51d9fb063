from __future__ import annotations

import csv
import io
import json
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from adapter.cli.ledger.export import PAGE_ROWS, command
from adapter.cli.ledger.rows import COLUMNS
from tests.cli.ledgers import CANCELLED, OLD, Desk, desk_at, push, record, served
from tests.cli.terminals import terminal


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
    record(desk.url, (push(number) for number in range(PAGE_ROWS)))

    lines = desk.types("export").stdout.splitlines()

    assert lines[0] == ",".join(COLUMNS)
    assert len(lines) == 1 + PAGE_ROWS


def test_who_watches_a_file_being_written_sees_how_far_it_is(desk: Desk, tmp_path: Path) -> None:
    words = ["--config", str(desk.config), "-o", str(tmp_path / "out.csv")]
    with terminal() as watching:
        with redirect_stderr(watching.screen):
            command.main(words, standalone_mode=False)
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
            command.main(["--config", str(desk.config)], standalone_mode=False)
        heading, row, count = watching.shown().split("\r\n")[:-1]

    assert heading.rstrip("\r") == ",".join(COLUMNS)
    assert row.startswith(CANCELLED.key)
    assert count.endswith(" exported.")
