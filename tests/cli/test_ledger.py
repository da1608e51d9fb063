"""`waybridge ledger` as it is typed, over a real file and a real server, beside who serves."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread

import pytest
from blockbuster import BlockBuster

from adapter.cancellation.model import Basis, Entry, Outcome, State
from adapter.cli.ledger import command
from adapter.cli.ledger_rows import COLUMNS
from adapter.ledger.migrating import migrate
from adapter.ledger.open import open_ledger
from tests.cli.ledgers import DAY, NOW, Desk, desk_at, doubtful, push, record, unsent
from tests.conformance.postgres import Postgres, postgres

__all__ = ["postgres"]

CANCELLED = push(1)
DOUBTFUL = doubtful(2, waybill_id="SF-DOUBT")
PAUSED = unsent(3, "paused")
OLD = push(24 * 200, outcome=Outcome.PICKED_UP, told=Outcome.PICKED_UP)
AGAIN = replace(DOUBTFUL, key="ab" * 16, waybill_id=CANCELLED.waybill_id, received_at=NOW - 60)
EVERYTHING = (CANCELLED, DOUBTFUL, PAUSED, OLD, AGAIN)


@pytest.fixture(autouse=True)
def in_a_loop_of_its_own(no_blocking_calls: BlockBuster) -> None:
    """A command has a process to itself: nobody waits while it reads a file."""
    no_blocking_calls.deactivate()


@pytest.fixture(params=["sqlite", "postgresql"])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Desk:
    url = f"sqlite:///{tmp_path}/ledger.db"
    if request.param == "postgresql":
        server: Postgres = request.getfixturevalue("postgres")
        url = server.new_database()
        asyncio.run(migrate(url))
    record(url, EVERYTHING)
    return desk_at(tmp_path, url)


@contextmanager
def served(url: str) -> Iterator[None]:
    """Have the ledger open in another thread, as a `serve` has."""
    ready, over = Event(), Event()

    async def serve() -> None:
        async with open_ledger(url):
            ready.set()
            await asyncio.to_thread(over.wait)

    thread = Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert ready.wait(30)
    try:
        yield
    finally:
        over.set()
        thread.join()


def found(desk: Desk, *words: str) -> list[str]:
    """The keys that a search finds, in its order."""
    result = desk.types("search", "--json", *words)
    assert result.exit_code == 0
    return [row["key"] for row in json.loads(result.stdout)]


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
        (("--limit", "1"), [AGAIN.key]),
    ],
)
def test_each_filter_finds_what_it_says(
    desk: Desk, words: tuple[str, ...], keys: list[str]
) -> None:
    assert found(desk, *words) == keys


def test_plain_columns_and_csv_hold_every_push(desk: Desk) -> None:
    plain, table = desk.types("search"), desk.types("search", "--csv")

    assert [line.split()[-1] for line in plain.stdout.splitlines()][1:3] == [
        AGAIN.key,
        CANCELLED.key,
    ]
    rows = list(csv.DictReader(io.StringIO(table.stdout)))
    assert [row["key"] for row in rows] == found(desk)


def test_nothing_found_and_more_to_be_found_are_said_aside(desk: Desk) -> None:
    nothing, more = desk.types("search", "--order", "none"), desk.types("search", "--limit", "2")

    assert (nothing.exit_code, nothing.stdout, nothing.stderr) == (0, "", "No push fits.\n")
    assert more.stderr == "The newest 2; there are more (--limit).\n"


@pytest.mark.parametrize("name", ["search", "show x", "export", "prune", "resolve x"])
def test_a_ledger_that_is_not_there_is_not_made(name: str, tmp_path: Path) -> None:
    desk = desk_at(tmp_path, f"sqlite:///{tmp_path}/none.db")
    extra = ("--outcome", "cancelled", "--reason", "r") if name.startswith("resolve") else ()

    result = desk.types(*name.split(), *extra)

    assert result.exit_code == 2
    assert "there is no ledger" in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert not (tmp_path / "none.db").exists()


def test_a_ledger_of_memory_cannot_be_looked_at_from_outside(tmp_path: Path) -> None:
    result = desk_at(tmp_path, "memory:").types("search")

    assert (result.exit_code, result.stdout) == (2, "")
    assert "memory of the process" in result.stderr


def test_only_faults_that_concern_the_ledger_stop_a_command(tmp_path: Path) -> None:
    desk = desk_at(tmp_path, "mysql://x")

    result = desk.types("search")

    assert result.exit_code == 2
    assert "ledger.url" in result.stderr
    assert "wechat.token" not in result.stderr


def test_the_whole_story_of_a_push_is_told(desk: Desk) -> None:
    with served(desk.url):
        by_prefix = desk.types("show", CANCELLED.key[:8])
        as_json = json.loads(desk.types("show", CANCELLED.key, "--json").stdout)

    assert "The merchant was told so." in by_prefix.stdout
    assert "250 ms  CANCELLED  cancelled" in by_prefix.stdout
    assert tuple(as_json["push"])[: len(COLUMNS)] == COLUMNS
    assert [call["status"] for call in as_json["calls"]] == ["CANCELLED"]
    assert json.loads(as_json["reply"]["json"])["ResultMsg"] == "success"
    assert "<ResultCode>0</ResultCode>" in as_json["reply"]["xml"]


def test_a_waybill_with_several_pushes_lists_them(desk: Desk) -> None:
    several, none = desk.types("show", CANCELLED.waybill_id), desk.types("show", "SF-NONE")

    assert (several.exit_code, none.exit_code) == (2, 2)
    assert CANCELLED.key in several.stderr
    assert AGAIN.key in several.stderr
    assert "no push has the key or waybill 'SF-NONE'" in none.stderr


def test_doubt_is_settled_with_a_name_and_a_reason_beside_a_serve(desk: Desk) -> None:
    words = ("--outcome", "picked_up", "--reason", "rang the depot", "--by", "li")

    with served(desk.url):
        done = desk.types("resolve", "SF-DOUBT", *words)
        again = desk.types("resolve", "SF-DOUBT", *words)
        story = json.loads(desk.types("show", DOUBTFUL.key, "--json").stdout)

    assert done.stdout == f"{DOUBTFUL.key}: picked_up, ResultCode 30002, settled by li.\n"
    assert again.exit_code == 2
    assert "not in doubt, it is done: picked_up (by operator, ResultCode 30002)" in again.stderr
    push_told = story["push"]
    assert (push_told["basis"], push_told["state"]) == (Basis.OPERATOR.value, State.DONE.value)
    assert [(word["who"], word["reason"]) for word in story["resolutions"]] == [
        ("li", "rang the depot")
    ]
    assert story["because"].startswith("li settled the doubt (rang the depot)")


@pytest.mark.parametrize("entry", [CANCELLED, PAUSED], ids=["done", "unsent"])
def test_what_is_not_in_doubt_keeps_its_story(desk: Desk, entry: Entry) -> None:
    words = ("--outcome", "invalid", "--reason", "r")

    refused = desk.types("resolve", entry.key, *words)

    story = json.loads(desk.types("show", entry.key, "--json").stdout)
    assert refused.exit_code == 2
    assert f"it is {entry.state.value}" in refused.stderr
    assert (story["push"]["state"], story["resolutions"]) == (entry.state.value, [])


def test_a_reason_is_asked_for_and_doubt_is_no_outcome(desk: Desk) -> None:
    empty = desk.types("resolve", "SF-DOUBT", "--outcome", "invalid", "--reason", " ")
    doubt = desk.types("resolve", "SF-DOUBT", "--outcome", "in_doubt", "--reason", "r")

    assert (empty.exit_code, doubt.exit_code) == (2, 2)
    assert found(desk, "--state", "in_doubt") == [AGAIN.key, DOUBTFUL.key]


def test_an_export_holds_everything_that_fits(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "out.csv"

    with served(desk.url):
        to_file = desk.types("export", "-o", str(file), "--state", "done")
        lines = desk.types("export", "--json").stdout.splitlines()

    assert to_file.stderr == "2 pushes exported.\n"
    rows = list(csv.DictReader(io.StringIO(file.read_text(), newline="")))
    assert [row["key"] for row in rows] == [CANCELLED.key, OLD.key]
    assert [json.loads(line)["key"] for line in lines] == found(desk)


def test_an_export_of_nothing_is_a_heading(desk: Desk) -> None:
    result = desk.types("export", "--order", "none")

    assert result.stdout.splitlines() == [",".join(COLUMNS)]


def test_an_export_to_where_nothing_can_be_written_is_refused(desk: Desk, tmp_path: Path) -> None:
    result = desk.types("export", "-o", str(tmp_path / "none" / "x.csv"))

    assert result.exit_code == 2
    assert "cannot be written: no such file" in result.stderr


def test_pages_of_an_export_follow_each_other_without_a_gap(tmp_path: Path) -> None:
    desk = desk_at(tmp_path, f"sqlite:///{tmp_path}/many.db")
    record(desk.url, (push(number) for number in range(1201)))

    rows = list(csv.DictReader(io.StringIO(desk.types("export").stdout)))

    assert [row["key"] for row in rows] == [push(number).key for number in range(1201)]


def test_only_what_is_old_and_settled_is_removed(desk: Desk) -> None:
    with served(desk.url):
        dry = desk.types("prune", "--dry-run")
        done = desk.types("prune")
        rest = desk.types("prune")

    assert dry.stdout == "settled pushes older than 180 days: 1, none removed.\n"
    assert done.stdout == "settled pushes older than 180 days removed: 1.\n"
    assert rest.stdout.endswith(": 0.\n")
    assert len(found(desk)) == len(EVERYTHING) - 1


def test_doubt_is_kept_however_old(tmp_path: Path) -> None:
    desk = desk_at(tmp_path, f"sqlite:///{tmp_path}/ledger.db")
    ancient, young = doubtful(1, received_at=NOW - 999 * DAY), push(2, received_at=NOW - DAY / 2)
    record(desk.url, [ancient, young])

    done, never = desk.types("prune", "--older-than", "1"), desk.types("prune", "--older-than", "0")

    assert (done.exit_code, never.exit_code) == (0, 2)
    assert found(desk) == [young.key, ancient.key]


def test_migrating_says_from_what_to_what(tmp_path: Path, postgres: Postgres) -> None:
    for url in (f"sqlite:///{tmp_path}/new.db", postgres.new_database()):
        desk = desk_at(tmp_path, url)
        outdated = desk.types("search") if url.startswith("postgresql") else None

        first, second = desk.types("migrate"), desk.types("migrate")

        assert first.stdout == "schema none → 0001.\n"
        assert second.stdout == "schema 0001: nothing to do.\n"
        assert outdated is None or "waybridge ledger migrate" in outdated.stderr


def test_migrating_waits_for_nobody_who_serves_from_the_file(tmp_path: Path) -> None:
    desk = desk_at(tmp_path, f"sqlite:///{tmp_path}/ledger.db")

    with served(desk.url):
        result = desk.types("migrate")

    assert result.exit_code == 2
    assert "is in use by process" in result.stderr


def test_a_newer_ledger_is_left_alone(tmp_path: Path) -> None:
    desk = desk_at(tmp_path, f"sqlite:///{tmp_path}/ledger.db")
    record(desk.url, [CANCELLED])
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as file, file:
        file.execute("UPDATE alembic_version SET version_num = '0999'")

    results = [desk.types(name) for name in ("search", "migrate", "prune")]

    assert [result.exit_code for result in results] == [2, 2, 2]
    assert all("0999" in result.stderr for result in results)


def test_the_group_lists_its_six_commands() -> None:
    assert set(command.commands) == {"search", "show", "export", "resolve", "prune", "migrate"}
