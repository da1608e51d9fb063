from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.ledgers import desk_at, served
from tests.conformance.postgres import Postgres

pytestmark = pytest.mark.usefixtures("process_of_its_own")


def test_migrating_says_from_what_to_what(tmp_path: Path, postgres: Postgres) -> None:
    for url in (f"sqlite:///{tmp_path}/new.db", postgres.new_database()):
        desk = desk_at(tmp_path, url)
        outdated = desk.types("search") if url.startswith("postgresql") else None

        first, second = desk.types("migrate"), desk.types("migrate")

        assert first.stdout == "schema none → 0003.\n"
        assert second.stdout == "schema 0003: nothing to do.\n"
        assert outdated is None or "waybridge ledger migrate" in outdated.stderr


def test_migrating_waits_for_nobody_who_serves_from_the_file(tmp_path: Path) -> None:
    desk = desk_at(tmp_path, f"sqlite:///{tmp_path}/ledger.db")

    with served(desk.url):
        result = desk.types("migrate")

    assert result.exit_code == 2
    assert "is in use by process" in result.stderr
