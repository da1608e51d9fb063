from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from subprocess import PIPE

import pytest

from adapter.cancellation.errors import LedgerUnavailable
from adapter.cancellation.ports import Change, Decision, Story
from adapter.ledger.durable import DurableLedger
from adapter.ledger.errors import LedgerInUse, LedgerNotOpened, SchemaOutdated, Unwritable
from adapter.ledger.open import open_ledger
from adapter.ledger.sqlite import SqliteSession, SqliteStore
from adapter.ledger.waiting import Waiting
from tests.conformance.decisions import (
    WAYBILL,
    begin,
    calling,
    deliver,
    finish,
    key_of,
    read,
    waybill_of,
)

K = key_of(1)
ROOT = Path(__file__).parents[2]

WRITE_FOR_EVER = """
import asyncio, itertools, sys
from adapter.ledger.open import open_ledger
from tests.conformance.decisions import begin, key_of, waybill_of

async def main():
    async with open_ledger(sys.argv[1]) as ledger:
        async def caller(first):
            for number in itertools.count(first, 8):
                waybill = waybill_of(number)
                await ledger.commit(waybill, begin(waybill, key_of(number)), within_seconds=9)
                print(number, flush=True)
        await asyncio.gather(*map(caller, range(8)))

asyncio.run(main())
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


@pytest.fixture
async def ledger(path: Path) -> AsyncIterator[DurableLedger]:
    async with DurableLedger(SqliteStore(path), waiting=Waiting()) as opened:
        await opened.commit(WAYBILL, begin(WAYBILL, K), within_seconds=5)
        yield opened


def move(source: Path, target: Path) -> None:
    source.rename(target)


def fill(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def remove(path: Path, *suffixes: str) -> None:
    for suffix in suffixes:
        Path(f"{path}{suffix}").unlink(missing_ok=True)


def exists(path: Path) -> bool:
    return path.exists()


def session_of(ledger: DurableLedger) -> SqliteSession:
    session = ledger._store.session
    assert isinstance(session, SqliteSession)
    return session


async def refused(ledger: DurableLedger, *, within_seconds: float = 0.5) -> float:
    """Claim in vain; return how long that took."""
    loop = asyncio.get_running_loop()
    started = loop.time()
    with pytest.raises(LedgerUnavailable):
        await ledger.commit(
            waybill_of(7), begin(waybill_of(7), key_of(7)), within_seconds=within_seconds
        )
    return loop.time() - started


async def serves_again(ledger: DurableLedger) -> bool:
    """Say whether a claim goes through within the 2 s that a repair may take."""
    waybill = waybill_of(8)
    won = await ledger.commit(waybill, begin(waybill, key_of(8)), within_seconds=2)
    return won == "won" and ledger.fault is None


@contextmanager
def other_process_locking(path: Path) -> Iterator[None]:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


async def test_a_second_one_is_refused_and_told_who_serves(
    ledger: DurableLedger, path: Path
) -> None:
    with pytest.raises(LedgerInUse, match=rf"{path} is in use by process {os.getpid()}"):
        async with open_ledger(f"sqlite:///{path}"):
            pass


async def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(LedgerNotOpened, match="no folder"):
        async with open_ledger(f"sqlite:///{tmp_path}/nowhere/ledger.db"):
            pass


async def test_what_is_not_a_ledger_is_not_opened(path: Path) -> None:
    fill(path, b"this is not a database, and long enough to be read as one" * 20)

    with pytest.raises(LedgerNotOpened, match="not a database"):
        async with open_ledger(f"sqlite:///{path}"):
            pass


async def test_a_newer_ledger_is_left_alone(path: Path) -> None:
    async with open_ledger(f"sqlite:///{path}"):
        pass
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(SchemaOutdated, match="9999"):
        async with open_ledger(f"sqlite:///{path}"):
            pass


async def test_the_ledger_is_kept_and_its_calls_have_a_dead_owner(path: Path) -> None:
    async with open_ledger(f"sqlite:///{path}") as first:
        identity_key = first.identity_key
        await first.commit(WAYBILL, begin(WAYBILL, K), within_seconds=5)

    async with open_ledger(f"sqlite:///{path}") as second:
        (entry,) = await second.doubtful(limit=10)
        assert second.identity_key == identity_key
        assert entry.key == K
        assert second.me != entry.owner


async def test_a_command_beside_sees_who_serves(ledger: DurableLedger, path: Path) -> None:
    async with open_ledger(f"sqlite:///{path}", beside=True) as beside:
        story = await beside.commit(WAYBILL, read, within_seconds=5)
        assert await beside.doubtful(limit=10) == ()

    assert story.living == {ledger.me, story.me}


async def test_a_command_beside_nobody_sees_the_dead(path: Path) -> None:
    async with open_ledger(f"sqlite:///{path}") as ledger:
        await ledger.commit(WAYBILL, begin(WAYBILL, K), within_seconds=5)

    async with open_ledger(f"sqlite:///{path}", beside=True) as beside:
        assert len(await beside.doubtful(limit=10)) == 1


async def test_a_command_makes_no_ledger(path: Path) -> None:
    with pytest.raises(LedgerNotOpened):
        async with open_ledger(f"sqlite:///{path}", beside=True):
            pass

    assert not exists(path)


async def test_what_was_acknowledged_outlives_a_kill(path: Path) -> None:
    writing = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", WRITE_FOR_EVER, f"sqlite:///{path}"), stdout=PIPE, cwd=ROOT
    )
    assert writing.stdout is not None
    acknowledged = [int(await writing.stdout.readline()) for _ in range(300)]
    writing.send_signal(signal.SIGKILL)
    acknowledged += [int(line) for line in (await writing.stdout.read()).split(b"\n")[:-1]]
    await writing.wait()

    async with open_ledger(f"sqlite:///{path}") as ledger:
        found = {entry.key for entry in await ledger.doubtful(limit=1_000_000)}

    assert {key_of(number) for number in acknowledged} <= found


async def test_a_ledger_locked_by_another_is_refused_in_time_and_comes_back(
    ledger: DurableLedger, path: Path
) -> None:
    with other_process_locking(path):
        took = await refused(ledger)
        fault = ledger.fault

    assert await serves_again(ledger)
    assert fault == "locked"
    assert took < 1
    assert (await ledger.commit(waybill_of(7), read, within_seconds=5)).entries == ()


async def test_a_full_ledger_is_refused_in_time_and_comes_back(ledger: DurableLedger) -> None:
    connection = session_of(ledger)._connection
    assert connection is not None
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages}")

    def swell(story: Story) -> Change[None]:
        entry = replace(calling(WAYBILL, key_of(9), story), message="x" * 100_000)
        return Change(result=None, entries=(entry,))

    with pytest.raises(LedgerUnavailable):
        await ledger.commit(WAYBILL, swell, within_seconds=0.5)
    fault = ledger.fault
    connection.execute("PRAGMA max_page_count = 1000000")

    assert await serves_again(ledger)
    assert fault == "full"


async def test_a_connection_that_turned_read_only_is_replaced(ledger: DurableLedger) -> None:
    connection = session_of(ledger)._connection
    assert connection is not None
    connection.execute("PRAGMA query_only = 1")

    assert await serves_again(ledger)


@pytest.mark.parametrize("suffix", ["", "-wal"])
async def test_a_moved_file_is_noticed_when_idle_and_when_back(
    ledger: DurableLedger, path: Path, suffix: str
) -> None:
    name = Path(f"{path}{suffix}")
    elsewhere = path.parent / "elsewhere"
    move(name, elsewhere)
    if not suffix:
        async with asyncio.timeout(1):
            while ledger.fault is None:  # noqa: ASYNC110 - the idle check itself is tried
                await asyncio.sleep(0.01)
        took = await refused(ledger)
        assert (ledger.fault, took < 1) == ("moved", True)
        move(elsewhere, name)

    assert await serves_again(ledger)
    story = await ledger.commit(WAYBILL, read, within_seconds=5)
    assert [entry.key for entry in story.entries] == [K]


@pytest.mark.parametrize("left_behind", [(), ("-wal", "-shm")])
async def test_a_strange_ledger_at_our_name_is_not_ours(
    ledger: DurableLedger, path: Path, tmp_path: Path, left_behind: tuple[str, ...]
) -> None:
    """Beside our log it is not even opened: SQLite would write our pages into it."""
    stranger = tmp_path / "stranger.db"
    async with open_ledger(f"sqlite:///{stranger}") as strange:
        identity_key = strange.identity_key
    move(path, tmp_path / "ours.db")
    remove(path, *{"-wal", "-shm"}.difference(left_behind))
    move(stranger, path)

    await refused(ledger)

    assert ledger.fault == "moved"
    remove(path, "-wal", "-shm")
    with closing(sqlite3.connect(path)) as reader:
        assert reader.execute("SELECT identity_key FROM meta").fetchall() == [(identity_key,)]


async def test_a_restored_copy_of_ours_is_ours(
    ledger: DurableLedger, path: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.db"
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    remove(path, "", "-wal", "-shm")
    await refused(ledger)
    move(copy, path)

    assert await serves_again(ledger)


async def test_values_that_cannot_be_stored_fail_their_own_caller(
    ledger: DurableLedger,
) -> None:
    def poison(message: str, calls: int) -> Decision[None]:
        def decide(story: Story) -> Change[None]:
            entry = replace(calling(WAYBILL, key_of(9), story), message=message, calls=calls)
            return Change(result=None, entries=(entry,))

        return decide

    results = await asyncio.gather(
        ledger.commit(WAYBILL, deliver(K), within_seconds=5),
        ledger.commit(WAYBILL, poison("\ud800", 1), within_seconds=5),
        ledger.commit(WAYBILL, poison("", 2**63), within_seconds=5),
        ledger.commit(WAYBILL, finish(K), within_seconds=5),
        return_exceptions=True,
    )

    assert [type(result) for result in results[1:3]] == [Unwritable, Unwritable]
    (entry,) = (await ledger.commit(WAYBILL, read, within_seconds=5)).entries
    assert (entry.deliveries, results[3]) == (2, entry.outcome)


async def test_reading_the_doubtful_of_a_ledger_in_trouble_says_so(
    ledger: DurableLedger, path: Path
) -> None:
    remove(path, "", "-wal", "-shm")
    fill(path, b"")

    with pytest.raises(LedgerUnavailable):
        await ledger.doubtful(limit=10)
