"""A backup beside a ledger that is written, and what it is worth when it is put back."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from blockbuster import BlockBuster

from adapter.ledger.durable import DurableLedger
from adapter.ledger.errors import LedgerInUse, LedgerNotOpened, SchemaOutdated
from adapter.ledger.open import open_ledger
from adapter.ledger.operate import backups
from adapter.ledger.operate.backups import Copied, backup, restore
from adapter.ledger.operate.maintenance import migrate
from adapter.ledger.search import Filters, open_archive
from adapter.ledger.sqlite.file import has_log, misses_its_log
from tests.conformance.decisions import begin, key_of, waybill_of

NOW = 1_796_000_000.0


@pytest.fixture(autouse=True)
def may_block(no_blocking_calls: BlockBuster) -> None:
    """A command has its loop to itself."""
    no_blocking_calls.deactivate()


def unwatched(_done: int, _total: int) -> None:
    """Nobody watches."""


def back_up(source: Path, target: Path) -> Copied:
    return backup(source, target, progress=unwatched)


def put_back(source: Path, path: Path) -> Copied:
    return restore(source, path, now=NOW, progress=unwatched)


def keys_in(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as connection:
        return {key for (key,) in connection.execute("SELECT key FROM push")}


async def pushed(ledger: DurableLedger, number: int) -> str:
    waybill = waybill_of(number)
    await ledger.commit(waybill, begin(waybill, key_of(number)), within_seconds=5)
    return key_of(number)


async def test_a_backup_beside_a_writer_holds_all_that_was_committed_before(
    ledger: DurableLedger, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backups, "STEP_PAGES", 1)
    steps = 0
    stop = asyncio.Event()

    def step(_done: int, _total: int) -> None:
        nonlocal steps
        steps += 1

    async def go_on() -> int:
        number = 1_000
        while not stop.is_set():
            await pushed(ledger, number := number + 1)
        return number - 1_000

    before = {await pushed(ledger, number) for number in range(2, 300)}
    writing = asyncio.create_task(go_on())
    done = await asyncio.to_thread(backup, path, tmp_path / "copy.db", progress=step)
    stop.set()

    assert await writing > 0
    assert steps > 10
    assert before <= keys_in(tmp_path / "copy.db")
    assert done.pushes == len(keys_in(tmp_path / "copy.db"))


async def test_a_backup_is_one_file_for_its_owner_alone(
    ledger: DurableLedger, path: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "elsewhere" / "copy.db"
    copy.parent.mkdir()

    await asyncio.to_thread(back_up, path, copy)
    async with open_archive(f"sqlite:///{copy}") as archive:
        (entry,) = await archive.search(Filters(), limit=9)

    assert entry.key == key_of(1)
    assert [each.name for each in copy.parent.iterdir()] == ["copy.db"]
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert not misses_its_log(copy)


async def test_the_files_of_a_ledger_are_their_owners_alone(
    ledger: DurableLedger, path: Path
) -> None:
    files = [each for each in path.parent.iterdir() if each.name.startswith(path.name)]

    assert len(files) == 4
    assert {stat.S_IMODE(each.stat().st_mode) for each in files} == {0o600}


async def test_a_copy_without_its_log_is_noticed_and_one_with_it_is_not(
    ledger: DurableLedger, path: Path, tmp_path: Path
) -> None:
    alone, whole = tmp_path / "alone.db", tmp_path / "whole.db"
    shutil.copy(path, alone)
    shutil.copy(path, whole)
    shutil.copy(f"{path}-wal", f"{whole}-wal")

    assert [misses_its_log(each) for each in (path, alone, whole)] == [False, True, False]


async def test_a_ledger_that_was_closed_in_order_misses_nothing(path: Path) -> None:
    async with open_ledger(f"sqlite:///{path}"):
        pass

    assert (has_log(path), misses_its_log(path)) == (False, False)


async def test_a_backup_put_back_keeps_the_old_ledger_aside_with_its_log(
    path: Path, tmp_path: Path
) -> None:
    url, copy, killed = f"sqlite:///{path}", tmp_path / "copy.db", tmp_path / "killed"
    async with open_ledger(url) as ledger:
        assert isinstance(ledger, DurableLedger)
        await pushed(ledger, 1)
        back_up(path, copy)
        await pushed(ledger, 2)
        killed.mkdir()
        for end in ("", "-wal", "-shm"):  # as a `kill -9` leaves them
            shutil.copy(f"{path}{end}", f"{killed}/ledger.db{end}")

    done = put_back(copy, killed / "ledger.db")

    assert done.aside is not None
    assert keys_in(done.aside) == {key_of(1), key_of(2)}
    assert keys_in(killed / "ledger.db") == {key_of(1)}
    assert not (killed / "ledger.db-wal").exists()
    async with open_ledger(f"sqlite:///{killed}/ledger.db") as restored:
        assert isinstance(restored, DurableLedger)
        is_rewound = restored.rewind.seen_at is not None
        await pushed(restored, 3)
    assert copy.exists()
    assert is_rewound  # it has forgotten push 2, and whoever serves from it must know


async def test_a_backup_is_put_where_no_ledger_is(path: Path, tmp_path: Path) -> None:
    async with open_ledger(f"sqlite:///{path}"):
        back_up(path, tmp_path / "copy.db")

    done = put_back(tmp_path / "copy.db", tmp_path / "new.db")

    assert (done.aside, done.pushes) == (None, 0)


async def test_nothing_is_put_back_under_a_ledger_that_serves(
    ledger: DurableLedger, path: Path, tmp_path: Path
) -> None:
    back_up(path, tmp_path / "copy.db")

    with pytest.raises(LedgerInUse):
        put_back(tmp_path / "copy.db", path)

    assert await pushed(ledger, 2)


def damage(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(3 * 4096)
        file.write(b"\xff" * 4096)


def of_the_future(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")


def of_somebody_else(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE letters (id)")


def of_text(path: Path) -> None:
    path.write_text("no database at all")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (damage, "damaged"),
        (of_the_future, "install the newer"),
        (of_somebody_else, "not a waybridge ledger"),
        (of_text, "not a waybridge ledger"),
        (Path.unlink, "there is no file"),
        (lambda path: os.truncate(path, 0), "not a waybridge ledger"),
    ],
)
def test_what_is_no_backup_changes_nothing(
    spoil: object, words: str, path: Path, tmp_path: Path
) -> None:
    assert callable(spoil)
    copy = tmp_path / "copy.db"
    asyncio.run(migrate(f"sqlite:///{path}"))
    back_up(path, copy)
    spoil(copy)
    before = path.read_bytes()

    with pytest.raises((LedgerNotOpened, SchemaOutdated), match=words):
        put_back(copy, path)

    assert path.read_bytes() == before
    assert not [each for each in tmp_path.iterdir() if each.name.endswith((".part", "-journal"))]


async def test_a_damaged_ledger_makes_no_backup(path: Path, tmp_path: Path) -> None:
    await migrate(f"sqlite:///{path}")
    damage(path)

    with pytest.raises(LedgerNotOpened, match="damaged"):
        back_up(path, tmp_path / "copy.db")

    assert not (tmp_path / "copy.db").exists()


@pytest.mark.parametrize("name", ["ledger.db", "no/folder/copy.db"])
async def test_a_backup_overwrites_nothing_and_makes_no_folder(
    name: str, path: Path, tmp_path: Path
) -> None:
    await migrate(f"sqlite:///{path}")

    with pytest.raises(LedgerNotOpened, match=r"exists already|cannot be written"):
        back_up(path, tmp_path / name)


async def test_a_ledger_is_not_its_own_backup(path: Path) -> None:
    await migrate(f"sqlite:///{path}")

    with pytest.raises(LedgerNotOpened, match="is the ledger itself"):
        put_back(path, path)
