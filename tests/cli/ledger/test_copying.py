"""`ledger copy`, as an operator types it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.ledgers import CANCELLED, DOUBTFUL, Desk, desk_at, record, served
from tests.conformance.postgres import Postgres

pytestmark = pytest.mark.usefixtures("process_of_its_own")


@pytest.fixture
def desk(tmp_path: Path, process_of_its_own: None) -> Desk:
    desk = desk_at(tmp_path, f"sqlite:///{tmp_path}/ledger.db")
    record(desk.url, [CANCELLED, DOUBTFUL])
    return desk


def test_a_ledger_is_moved_in_two_runs(desk: Desk, tmp_path: Path, postgres: Postgres) -> None:
    target = postgres.new_database()

    with served(desk.url):
        first = desk.types("copy", target)
    second = desk.types("copy", target)
    there = desk_at(tmp_path, target).types("search")

    assert (first.exit_code, "a serve works on the source" in first.stderr) == (1, True)
    assert (second.exit_code, "Both are equal." in second.stdout) == (0, True)
    assert all(entry.key in there.stdout for entry in (CANCELLED, DOUBTFUL))


@pytest.mark.parametrize("target", ["memory://", "mysql://x/y", "it"])
def test_a_target_that_is_no_ledger_is_refused(target: str, desk: Desk) -> None:
    told = desk.types("copy", target)

    assert (told.exit_code, "postgresql://" in told.stderr) == (2, True)


def test_a_ledger_is_not_copied_to_itself(desk: Desk) -> None:
    assert desk.types("copy", desk.url).exit_code == 2
