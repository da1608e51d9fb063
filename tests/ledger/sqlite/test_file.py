from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from adapter.ledger.errors import StoreFault
from adapter.ledger.sqlite import file as sqlite_file
from adapter.ledger.sqlite.file import SqliteFile, explain, is_sqlite


@pytest.fixture
def file(tmp_path: Path) -> SqliteFile:
    """A file and its log, both remembered. What is in them is SQLite's business."""
    file = SqliteFile(tmp_path / "ledger.db")
    file.path.write_bytes(b"pages")
    file.log.write_bytes(b"log")
    file.remember()
    return file


def replace(path: Path) -> None:
    """Put another file at the name, and keep ours, so that its inode is not used again."""
    path.rename(path.with_name(f"{path.name}.ours"))
    path.write_bytes(b"another")


def test_the_log_stands_beside_the_file(tmp_path: Path) -> None:
    assert SqliteFile(tmp_path / "ledger.db").log == tmp_path / "ledger.db-wal"


def test_a_file_that_stays_is_ours_whatever_is_written_into_it(file: SqliteFile) -> None:
    file.path.write_bytes(b"more pages")

    file.check()

    assert file.is_ours()
    assert file.may_be_opened()


@pytest.mark.parametrize("name", ["path", "log"])
def test_a_name_without_its_file_is_moved_until_it_is_back(file: SqliteFile, name: str) -> None:
    path: Path = getattr(file, name)
    elsewhere = path.with_name("elsewhere")
    path.rename(elsewhere)

    with pytest.raises(StoreFault, match="moved") as fault:
        file.check()
    gone = file.is_ours()
    elsewhere.rename(path)

    assert (fault.value.word, fault.value.landed) == ("moved", False)
    assert (gone, file.is_ours()) == (False, True)


@pytest.mark.parametrize("name", ["path", "log"])
def test_another_file_at_the_name_is_not_ours(file: SqliteFile, name: str) -> None:
    replace(getattr(file, name))

    with pytest.raises(StoreFault, match="moved"):
        file.check()
    assert not file.is_ours()


def test_another_file_is_remembered_once_it_is_taken_for_ours(file: SqliteFile) -> None:
    replace(file.path)

    file.remember()

    assert file.is_ours()


def test_a_file_that_is_gone_is_not_opened(file: SqliteFile) -> None:
    file.path.unlink()

    assert not file.may_be_opened()


def test_another_file_beside_our_log_is_not_opened(file: SqliteFile) -> None:
    """SQLite would write our log's pages into it."""
    replace(file.path)

    assert not file.may_be_opened()


def test_another_file_with_a_log_of_its_own_or_none_may_be_opened(file: SqliteFile) -> None:
    replace(file.path)
    replace(file.log)
    with_a_log = file.may_be_opened()
    file.log.unlink()

    assert (with_a_log, file.may_be_opened()) == (True, True)


def test_our_file_may_be_opened_whatever_became_of_its_log(file: SqliteFile) -> None:
    replace(file.log)
    with_another = file.may_be_opened()
    file.log.unlink()

    assert (with_another, file.may_be_opened()) == (True, True)


def test_a_disk_with_less_room_than_a_checkpoint_takes_is_full(
    file: SqliteFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.check_space()
    monkeypatch.setattr(sqlite_file, "LEAST_FREE_BYTES", 1 << 80)  # more than any disk has

    with pytest.raises(StoreFault, match="full"):
        file.check_space()


def test_a_code_of_sqlite_is_told_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    path.write_text("hello " * 1000)
    with closing(sqlite3.connect(path)) as connection, pytest.raises(sqlite3.Error) as refused:
        connection.execute("SELECT * FROM sqlite_master")

    assert explain(path, refused.value) == f"{path} is not a waybridge ledger: name another file"


def test_what_is_no_code_of_sqlite_is_told_as_it_is(tmp_path: Path) -> None:
    assert explain(tmp_path / "a.db", ValueError("odd")) == f"the ledger {tmp_path}/a.db: odd"


def test_a_database_is_known_by_its_first_bytes(tmp_path: Path) -> None:
    text, database, empty = (tmp_path / name for name in ("text", "database", "empty"))
    text.write_text("hello")
    empty.touch()
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("CREATE TABLE t (x)")

    assert [is_sqlite(path) for path in (text, database, empty)] == [False, True, True]
