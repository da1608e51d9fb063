"""A ledger of schema 0001 is carried over, and every push of it is told as before.

`schema_0001` holds a push of every kind, written by the rules of a program of that schema,
and what its `ledger search --json` printed of each.
"""

from __future__ import annotations

import asyncio
import csv
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from adapter.cancellation.model import Entry, State
from adapter.cli.ledger.history import DECIDED, DOUBT, NOT_ASKED
from adapter.ledger.errors import LedgerNotOpened
from adapter.ledger.open import open_ledger
from adapter.ledger.postgresql.connection import engine_at
from adapter.ledger.search import Filters, open_archive
from adapter.ledger.tables import SCHEMA
from tests.cli.ledgers import Desk, desk_at
from tests.conformance.postgres import Postgres
from tests.golden_files import agrees

OLD = Path(__file__).parent / "schema_0001"
EVERY = ("--limit", "1000")

ONCE_SAID_WRONGLY = {
    "carrier: cancelled by lookup": "The carrier answered lookup: the waybill is cancelled",
    "carrier: cancelled by lookup_ok": "The carrier answered lookup_ok: the waybill is cancelled",
    "own success by lookup_ok": "The carrier answered lookup_ok, and a call of ours whose",
    "the later push, a lookup_ok": "The carrier answered lookup_ok, and a call of ours whose",
    "withdrawn after a call left doubt": ": the result of call 1 is unknown and the next call was"
    " not sent: the ledger could not record the call in time and recorded it later. The",
    "taken back after a call left doubt": ": the result of call 1 is unknown and the next call was"
    " not sent: there was no connection to the carrier. The",
}
"""Kinds of push that the program of schema 0001 misread, and what is right."""

WRITTEN_BY_AN_OLDER_REPLICA = text(
    "INSERT INTO push (key, account, open_id, pushed_at, biz_id, order_id, waybill_id, shop_app_id,"
    " state, received_at, calls, message, told, deliveries, owner, called_at, settled_at, why)"
    " VALUES ('eeee', 'gh', 'o', 1, 'xyz', 'O', 'SF-NEW', 'wx',"
    " 'in_doubt', 1764300000, 1, '', 'in_doubt', 1, '2', 1764300001, 0, 'UNAVAILABLE')"
)

pytestmark = pytest.mark.usefixtures("process_of_its_own")


def old_file(folder: Path) -> str:
    with closing(sqlite3.connect(folder / "ledger.db")) as file:
        file.executescript(OLD.joinpath("sqlite.sql").read_text())
    return f"sqlite:///{folder}/ledger.db"


def old_database(server: Postgres) -> str:
    url = server.new_database()
    server.query(url, OLD.joinpath("postgresql.sql").read_text())
    return url


@pytest.fixture(params=["sqlite", "sqlite by serve", "postgresql"])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Desk:
    """A desk over the old ledger, brought up to date."""
    if request.param == "postgresql":
        desk = desk_at(tmp_path, old_database(request.getfixturevalue("postgres")))
    else:
        desk = desk_at(tmp_path, old_file(tmp_path))
    if request.param == "sqlite by serve":
        asyncio.run(_served_once(desk.url))
    else:
        assert desk.types("migrate").stdout == f"Schema 0001 → {SCHEMA}.\n"
    return desk


async def _served_once(url: str) -> None:
    async with open_ledger(url):
        pass


def kinds() -> dict[str, dict[str, str]]:
    with OLD.joinpath("pushes.csv").open(newline="") as file:
        return {row["key"]: row for row in csv.DictReader(file)}


def entries_in(url: str) -> tuple[Entry, ...]:
    async def read() -> tuple[Entry, ...]:
        async with open_archive(url) as archive:
            return await archive.search(Filters(), limit=1000)

    return asyncio.run(read())


def test_every_push_has_its_cause(desk: Desk) -> None:
    found = {entry.key: (entry.cause, entry.why) for entry in entries_in(desk.url)}

    assert found == {key: (row["cause"], row["why"]) for key, row in kinds().items()}


def test_every_push_is_shown_as_it_should_be(desk: Desk) -> None:
    before = json.loads(OLD.joinpath("search.json").read_text())

    shown = [desk.types("show", row["key"]).stdout.rstrip() for row in before]

    agrees("ledger-show-schema-0001", "\n\n".join(shown) + "\n")
    by_kind = {kinds()[row["key"]]["kind"]: page for row, page in zip(before, shown, strict=True)}
    for kind, sentence in ONCE_SAID_WRONGLY.items():
        assert sentence in by_kind[kind]


def test_every_push_is_found_and_listed_as_before(desk: Desk) -> None:
    before = json.loads(OLD.joinpath("search.json").read_text())

    now = json.loads(desk.types("search", "--json", *EVERY).stdout)

    assert [{name: row[name] for name in before[0]} for row in now] == before
    for state in State:
        of_state = [row["key"] for row in before if row["state"] == state.value]
        assert desk.finds("--state", state.value, *EVERY) == of_state
    never_asked = [row["key"] for row in before if row["state"] == "unsent" and row["code"] == -1]
    assert set(never_asked) < set(desk.finds("--result", "-1", *EVERY))
    refused = [row["key"] for row in before if row["code"] == 30001]
    assert desk.finds("--result", "30001", *EVERY) == refused


def test_every_kind_of_push_has_a_sentence_of_its_own(desk: Desk) -> None:
    sentences = {State.DONE: {*DECIDED}, State.IN_DOUBT: {*DOUBT}, State.UNSENT: {*NOT_ASKED}}

    stands = {(entry.state, entry.cause) for entry in entries_in(desk.url)}

    assert all(cause in sentences.get(state, {cause}) for state, cause in stands)


async def test_an_older_replica_still_writes_and_its_words_are_shown(
    postgres: Postgres, tmp_path: Path
) -> None:
    desk = desk_at(tmp_path, old_database(postgres))
    await asyncio.to_thread(desk.types, "migrate")
    engine = engine_at(desk.url)
    async with engine.begin() as connection:
        await connection.execute(WRITTEN_BY_AN_OLDER_REPLICA)
    await engine.dispose()

    shown = await asyncio.to_thread(desk.types, "show", "SF-NEW")

    assert (
        "It is unknown whether the carrier cancelled the waybill: UNAVAILABLE. The merchant"
        in shown.stdout
    )


def test_a_file_whose_migration_was_cut_short_is_as_it_was(tmp_path: Path) -> None:
    desk = desk_at(tmp_path, old_file(tmp_path))
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as file:
        file.execute(
            "CREATE TRIGGER cut BEFORE UPDATE ON push WHEN old.basis = 'operator'"
            " BEGIN SELECT RAISE(ABORT, 'cut short'); END"
        )

    refused = desk.types("migrate")
    with pytest.raises(LedgerNotOpened, match="cut short"):
        asyncio.run(_served_once(desk.url))

    assert (refused.exit_code, "cut short" in refused.stderr) == (2, True)
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as file:
        assert file.execute("SELECT version_num FROM alembic_version").fetchall() == [("0001",)]
        assert "cause" not in [row[1] for row in file.execute("PRAGMA table_info(push)")]
        file.execute("DROP TRIGGER cut")
    assert desk.types("migrate").stdout == f"Schema 0001 → {SCHEMA}.\n"
