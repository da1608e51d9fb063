"""What can befall the file of a ledger that serves, and how it comes back."""

from __future__ import annotations

import asyncio
import resource
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from adapter.cancellation.errors import LedgerUnavailable
from adapter.cancellation.ports import WaybillView, Write
from adapter.ledger.batch import Cursor, Item, run_batch
from adapter.ledger.durable import DurableLedger
from adapter.ledger.errors import Poisoned, StoreFault, Unwritable
from adapter.ledger.open import open_ledger
from adapter.ledger.sqlite.session import SqliteSession
from tests.conformance.decisions import (
    WAYBILL,
    begin,
    calling,
    deliver,
    finish,
    key_of,
    poison,
    read,
    waybill_of,
)
from tests.ledger.moving import fill, move, remove

K = key_of(1)


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

    def swell(view: WaybillView) -> Write[None]:
        entry = replace(calling(WAYBILL, key_of(9), view), message="x" * 100_000)
        return Write(result=None, entries=(entry,))

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
    view = await ledger.commit(WAYBILL, read, within_seconds=5)
    assert [entry.key for entry in view.entries] == [K]


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


@pytest.fixture
def session(path: Path) -> Iterator[SqliteSession]:
    """A session without a thread around it."""
    session = SqliteSession(path, beside=False)
    session.open()
    yield session
    session.close()


def test_a_commit_whose_write_failed_may_have_landed(session: SqliteSession) -> None:
    """Frames of a commit that failed may still be found after a crash."""
    item = Item(WAYBILL, begin(WAYBILL, K))
    allowed = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (session.file.log.stat().st_size, allowed[1]))
    try:
        with pytest.raises(StoreFault) as raised:
            session.attempt(lambda cursor: run_batch(session, cursor, [item]))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, allowed)

    assert (raised.value.word, raised.value.landed) == ("io", True)
    item.reset()
    session.attempt(lambda cursor: run_batch(session, cursor, [item]))
    assert item.result == "won"


def test_a_row_that_the_tables_refuse_blames_a_value(session: SqliteSession) -> None:
    with pytest.raises(Poisoned, match="NOT NULL"):
        session.attempt(lambda cursor: cursor.execute("INSERT INTO push (key) VALUES ('k')"))

    session.attempt(lambda cursor: session.probe(cursor, writing=True))


def test_a_connection_that_cannot_even_roll_back_is_replaced(session: SqliteSession) -> None:
    """It took its log with it, so the file is first looked at anew."""
    broken = session._connection
    assert broken is not None
    broken.close()

    session.attempt(lambda cursor: session.probe(cursor, writing=True))

    assert session._connection is not broken


def test_a_session_that_was_closed_has_nothing_to_roll_back(session: SqliteSession) -> None:
    session.close()

    session.rollback()

    assert session._connection is None


@pytest.mark.parametrize("writing", [False, True])
def test_a_probe_changes_nothing(
    session: SqliteSession,
    writing: bool,  # noqa: FBT001 - a column of the table
) -> None:
    def meta(cursor: Cursor) -> list[tuple[object, ...]]:
        cursor.execute("SELECT * FROM meta")
        return cursor.fetchall()

    before = session.attempt(meta)

    session.attempt(lambda cursor: session.probe(cursor, writing=writing))

    assert session.attempt(meta) == before
    assert session._connection is not None
    assert not session._connection.in_transaction
