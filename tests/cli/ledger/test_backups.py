"""`ledger backup` and `restore`, as an operator types them."""

from __future__ import annotations

import shutil
from contextlib import redirect_stderr
from pathlib import Path

import pytest

from adapter.cli.ledger.backups import backup
from tests.cli.ledgers import CANCELLED, Desk, desk_at, record, served
from tests.cli.terminals import terminal
from tests.conformance.postgres import Postgres

pytestmark = pytest.mark.usefixtures("process_of_its_own")


@pytest.fixture
def desk(tmp_path: Path, process_of_its_own: None) -> Desk:
    desk = desk_at(tmp_path, f"sqlite:///{tmp_path}/ledger.db")
    record(desk.url, [CANCELLED])
    return desk


def test_a_backup_is_taken_beside_a_serve_and_put_back_without_one(
    desk: Desk, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.db"

    with served(desk.url):
        taken = desk.types("backup", str(copy))
        refused = desk.types("restore", str(copy), "--yes")
    back = desk.types("restore", str(copy), "--yes")

    assert "1 push, " in taken.stdout
    assert "The copy is whole." in taken.stdout
    assert (refused.exit_code, "in use by process" in refused.stderr) == (2, True)
    assert "restored, 1 push. The ledger before is kept as" in back.stdout
    assert "accept-rewind" in back.stdout
    assert desk.types("search").stdout.count(CANCELLED.key) == 1


def test_putting_back_is_confirmed(desk: Desk, tmp_path: Path) -> None:
    desk.types("backup", str(tmp_path / "copy.db"))

    alone = desk.types("restore", str(tmp_path / "copy.db"))

    assert (alone.exit_code, "Add --yes" in alone.stderr) == (2, True)


@pytest.mark.parametrize("words", [("backup", "x.db"), ("restore", "x.db", "--yes")])
def test_a_server_has_tools_of_its_own(
    words: tuple[str, ...], tmp_path: Path, postgres: Postgres
) -> None:
    desk = desk_at(tmp_path, postgres.new_database())

    told = desk.types(*words)

    assert told.exit_code == 2
    assert all(tool in told.stderr for tool in ("pg_dump", "pg_basebackup"))


def test_a_copy_without_its_log_is_warned_of_by_whoever_reads_it(
    desk: Desk, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    with served(desk.url):
        shutil.copy(tmp_path / "ledger.db", other / "ledger.db")
        beside = desk.types("search")

    alone = desk_at(other, f"sqlite:///{other}/ledger.db").types("search")

    assert (alone.exit_code, "its log is missing" in alone.stderr) == (0, True)
    assert "its log is missing" not in beside.stderr


def test_a_bar_is_shown_where_somebody_watches(desk: Desk, tmp_path: Path) -> None:
    with terminal() as seen, redirect_stderr(seen.screen):
        backup.main(
            [str(tmp_path / "copy.db"), "--config", str(desk.config)], standalone_mode=False
        )
        shown = seen.shown()

    assert "copying" in shown
