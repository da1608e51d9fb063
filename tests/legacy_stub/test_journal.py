from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from legacy_stub.calls import CREATE, ReceivedCall, SqliteJournal, UnusableDatabase

CALL = ReceivedCall(time=1.25, waybill="运单 1", order="O1", request_id="r1", nth=1)


def test_what_was_written_is_read_by_the_next_to_open_the_file(tmp_path: Path) -> None:
    done = ReceivedCall(
        time=2.5, waybill="W2", order="", request_id="", nth=3, answer="cancelled", done=True
    )
    first = SqliteJournal(tmp_path / "stub.db")
    first.write(2, done)
    first.write(1, CALL)
    first.close()

    second = SqliteJournal(tmp_path / "stub.db")

    assert list(second.read()) == [(1, CALL), (2, done)]
    second.close()


def test_a_call_written_again_replaces_the_first_writing(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path / "stub.db")
    answered = ReceivedCall(
        time=1.25, waybill="W1", order="O1", request_id="r1", nth=1, answer="invalid"
    )
    journal.write(1, CALL)

    journal.write(1, answered)

    assert list(journal.read()) == [(1, answered)]
    journal.close()


def test_a_cleared_file_holds_nothing(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path / "stub.db")
    journal.write(1, CALL)

    journal.clear()

    assert list(journal.read()) == []
    journal.close()


def test_a_second_stub_is_refused_the_file(tmp_path: Path) -> None:
    first = SqliteJournal(tmp_path / "stub.db")

    with pytest.raises(UnusableDatabase, match=r"Another stub may be using it; give --database"):
        SqliteJournal(tmp_path / "stub.db")

    first.close()


def test_a_file_that_is_no_database_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "stub.db").write_text("not a database, not at all, but long enough to look at")

    with pytest.raises(UnusableDatabase, match="cannot hold the log") as refused:
        SqliteJournal(tmp_path / "stub.db")

    assert refused.value.findings[0].source == str(tmp_path / "stub.db")


def test_a_folder_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnusableDatabase, match="unable to open"):
        SqliteJournal(tmp_path / "nowhere" / "stub.db")


def test_the_file_of_an_older_stub_is_read_and_written_on(tmp_path: Path) -> None:
    file = tmp_path / "stub.db"
    with closing(sqlite3.connect(file)) as old:
        old.execute(CREATE.replace(", failure text not null default ''", ""))
        old.execute("insert into calls values (1, 1.25, '运单 1', 'O1', 'r1', 1, 'cancelled', 1)")
        old.commit()

    journal = SqliteJournal(file)
    journal.write(2, replace(CALL, nth=2, failure="UNKNOWN: no"))

    assert list(journal.read()) == [
        (1, replace(CALL, answer="cancelled", done=True)),
        (2, replace(CALL, nth=2, failure="UNKNOWN: no")),
    ]
    journal.close()
