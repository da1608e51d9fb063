from __future__ import annotations

from contextlib import redirect_stderr
from pathlib import Path

import pytest

from adapter.cli.ledger.write import prune
from tests.cli.ledgers import (
    DAY,
    EVERYTHING,
    NOW,
    Desk,
    desk_at,
    doubtful,
    push,
    record,
    served,
    unsent,
)
from tests.cli.terminals import terminal
from tests.conformance.postgres import Postgres

pytestmark = pytest.mark.usefixtures("process_of_its_own")


# Prune


def test_only_what_is_old_and_settled_is_removed(desk: Desk) -> None:
    with served(desk.url):
        dry = desk.types("prune", "--dry-run")
        done = desk.types("prune")
        rest = desk.types("prune")

    assert dry.stdout == "Settled pushes older than 180 days: 1. Nothing was removed.\n"
    assert done.stdout == "Settled pushes older than 180 days removed: 1.\n"
    assert rest.stdout.endswith(": 0.\n")
    assert len(desk.finds()) == len(EVERYTHING) - 1


def test_doubt_is_kept_however_old(tmp_path: Path) -> None:
    desk = desk_at(tmp_path, f"sqlite:///{tmp_path}/ledger.db")
    ancient, young = doubtful(1, received_at=NOW - 999 * DAY), push(2, received_at=NOW - DAY / 2)
    record(desk.url, [ancient, young])

    done, never = desk.types("prune", "--older-than", "1"), desk.types("prune", "--older-than", "0")

    assert (done.exit_code, never.exit_code) == (0, 2)
    assert desk.finds() == [young.key, ancient.key]


def test_what_was_answered_without_asking_goes_with_its_days_too(tmp_path: Path) -> None:
    desk = desk_at(tmp_path, f"sqlite:///{tmp_path}/ledger.db")
    paused = unsent(3, "paused")
    record(desk.url, [paused, push(25, received_at=paused.received_at - 2 * DAY)])

    done = desk.types("prune", "--older-than", "1")

    assert done.stdout == "Settled pushes older than 1 day removed: 1.\n"
    assert desk.finds() == [paused.key]


def test_who_watches_sees_how_many_are_gone(desk: Desk) -> None:
    with terminal() as watching, redirect_stderr(watching.screen):
        prune.main(["--config", str(desk.config)], standalone_mode=False)
        first = watching.shown()
        prune.main(["--config", str(desk.config)], standalone_mode=False)
        second = watching.shown()

    assert (first, second) == ("\r1 removed\r\n", "")


# Migrate


def test_migrating_says_from_what_to_what(tmp_path: Path, postgres: Postgres) -> None:
    for url in (f"sqlite:///{tmp_path}/new.db", postgres.new_database()):
        desk = desk_at(tmp_path, url)
        outdated = desk.types("search") if url.startswith("postgresql") else None

        first, second = desk.types("migrate"), desk.types("migrate")

        assert first.stdout == "Schema none → 0004.\n"
        assert second.stdout == "Schema 0004: nothing to do.\n"
        assert outdated is None or "waybridge ledger migrate" in outdated.stderr


def test_migrating_waits_for_nobody_who_serves_from_the_file(tmp_path: Path) -> None:
    desk = desk_at(tmp_path, f"sqlite:///{tmp_path}/ledger.db")

    with served(desk.url):
        result = desk.types("migrate")

    assert result.exit_code == 2
    assert "is in use by process" in result.stderr
