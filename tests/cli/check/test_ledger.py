from __future__ import annotations

import asyncio
import sqlite3
import time
from pathlib import Path

import pytest

from adapter.cli.check.ledger import ask, look_at_file
from adapter.config.load import Settings
from adapter.config.sections import LedgerSettings
from adapter.diagnostics.finding import Severity
from adapter.ledger.open import open_ledger
from tests.read_only import read_only


def _settings(url: str | Path) -> Settings:
    return Settings(ledger=LedgerSettings(url=url if isinstance(url, str) else f"sqlite:///{url}"))


async def _make(path: Path, *, received_at: float | None = None) -> None:
    async with open_ledger(f"sqlite:///{path}"):
        pass
    if received_at is None:
        return
    columns = {
        "key": "k", "account": "", "open_id": "", "pushed_at": 1, "biz_id": "b", "order_id": "o",
        "waybill_id": "w", "shop_app_id": "", "state": "done", "received_at": received_at,
    }  # fmt: skip
    with sqlite3.connect(path) as connection:
        known = connection.execute("PRAGMA table_info(push)").fetchall()
        wanted = {
            name: columns.get(name, "" if "CHAR" in kind or kind == "TEXT" else 0)
            for _, name, kind, required, default, _ in known
            if name in columns or (required and default is None)
        }
        connection.execute(
            f"INSERT INTO push ({','.join(wanted)}) VALUES ({','.join('?' * len(wanted))})",  # noqa: S608 - the table's own names
            list(wanted.values()),
        )
    connection.close()


async def test_a_ledger_that_is_ours_has_no_finding(tmp_path: Path) -> None:
    await _make(tmp_path / "a.db")

    assert await ask(_settings(tmp_path / "a.db")) == ()


async def test_a_ledger_that_is_being_served_from_is_looked_at_beside(tmp_path: Path) -> None:
    async with open_ledger(f"sqlite:///{tmp_path / 'a.db'}"):
        assert await ask(_settings(tmp_path / "a.db")) == ()


async def test_a_ledger_in_memory_needs_no_look() -> None:
    assert await ask(_settings("memory://")) == ()


async def test_a_ledger_that_is_not_there_yet_is_a_note(tmp_path: Path) -> None:
    (note,) = await ask(_settings(tmp_path / "a.db"))

    assert (note.severity, note.message) == (
        Severity.NOTE,
        "does not exist yet; `serve` will create it.",
    )
    assert await asyncio.to_thread(lambda: list(tmp_path.iterdir())) == []


async def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    (error,) = await ask(_settings(tmp_path / "none" / "a.db"))

    assert error.severity is Severity.ERROR
    assert error.message == f"the folder {tmp_path / 'none'} does not exist."


async def test_tables_that_are_not_ours_are_named(tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / "a.db").close()
    (tmp_path / "a.db").touch()

    (error,) = await ask(_settings(tmp_path / "a.db"))

    assert error.severity is Severity.ERROR
    assert "has schema none" in error.message
    assert "waybridge ledger migrate" in error.message


async def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_bytes(b"this is no database, and it is long enough to be read" * 20)

    (error,) = await ask(_settings(tmp_path / "a.db"))

    assert error.severity is Severity.ERROR
    assert error.message == f"{tmp_path / 'a.db'} is not a waybridge ledger: name another file."
    assert "running" not in error.hint


async def test_a_database_that_is_not_reached_is_named_without_its_password() -> None:
    (error,) = await ask(_settings("postgresql://me:canary@127.0.0.1:1/waybridge?sslmode=disable"))

    assert error.severity is Severity.ERROR
    assert "PostgreSQL" in error.message
    assert "canary" not in str(error)


@pytest.mark.parametrize(("ahead", "found"), [(0, 0), (3600, 1)])
async def test_a_clock_behind_the_newest_push_is_an_error(
    ahead: float, found: int, tmp_path: Path
) -> None:
    await _make(tmp_path / "a.db", received_at=time.time() + ahead)

    findings = await ask(_settings(tmp_path / "a.db"))

    assert [finding.key for finding in findings] == ["clock"] * found


async def test_a_database_that_never_answers_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapter.cli.check.ledger.WITHIN_SECONDS", 0.2)

    async def take_it_in(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(take_it_in, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        (error,) = await ask(_settings(f"postgresql://127.0.0.1:{port}/waybridge?sslmode=disable"))

    assert error.severity is Severity.ERROR
    assert error.message == "does not answer within 0.2 s."


async def test_a_ledger_without_a_push_says_nothing_of_the_clock(tmp_path: Path) -> None:
    await _make(tmp_path / "a.db")

    assert await ask(_settings(tmp_path / "a.db")) == ()


def test_whatever_serve_writes_must_be_writable(tmp_path: Path) -> None:
    ledger, lock = tmp_path / "a.db", tmp_path / "a.db.lock"
    ledger.touch()
    lock.touch()

    with read_only(tmp_path / "ledger", ledger) as folder:
        (of_ledger,) = look_at_file(_settings(folder / "a.db"))
    with read_only(tmp_path / "lock", lock) as folder:
        (of_lock,) = look_at_file(_settings(folder / "a.db"))

    assert of_ledger.message == "this user has no permission to write to it."
    assert of_lock.message == f"this user has no permission to write to {tmp_path}/lock/a.db.lock."


def test_a_server_has_no_file_to_look_at() -> None:
    assert look_at_file(_settings("postgresql://127.0.0.1/waybridge")) == ()
