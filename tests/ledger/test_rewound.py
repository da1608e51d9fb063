"""A file and a database that went back in time: noticed by whoever knew them, obeyed by all."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from subprocess import PIPE

import pytest
from blockbuster import BlockBuster

from adapter.cancellation.model import Outcome
from adapter.ledger.durable import DurableLedger
from adapter.ledger.errors import ForeignLog
from adapter.ledger.memory import MemoryLedger
from adapter.ledger.open import open_ledger
from adapter.ledger.rewound import RewindCause
from adapter.ledger.sqlite.session import SqliteStore
from adapter.ledger.waiting import Waiting
from tests.conformance.decisions import (
    WAYBILL,
    begin,
    finish,
    key_of,
    read,
    waybill_of,
)
from tests.conformance.postgres import Postgres
from tests.ledger.moving import move, remove
from tests.ledger.on_postgresql import url
from tests.ledger.sqlite.test_session import ROOT, WRITE_FOR_EVER

__all__ = ["url"]

Opened = DurableLedger | MemoryLedger


def on(path: Path) -> DurableLedger:
    return DurableLedger(SqliteStore(path), waiting=Waiting())


async def push(ledger: Opened, number: int) -> None:
    waybill = waybill_of(number)
    await ledger.commit(waybill, begin(waybill, key_of(number)), within_seconds=5)
    await ledger.commit(waybill, finish(key_of(number)), within_seconds=5)


def copy(source: Path, target: Path) -> None:
    shutil.copyfile(source, target)


@pytest.fixture
async def backup(path: Path, tmp_path: Path) -> Path:
    """A copy of the file from before its newest push; the file and its log as a kill left them."""
    copied, killed = tmp_path / "backup.db", tmp_path / "killed.db-wal"
    async with on(path) as ledger:
        await push(ledger, 1)
    copy(path, copied)
    async with on(path) as ledger:
        await push(ledger, 2)
        copy(Path(f"{path}-wal"), killed)
    copy(copied, path)
    copy(killed, Path(f"{path}-wal"))
    return copied


async def test_an_older_file_is_rewound_and_says_so_to_every_rule(path: Path, backup: Path) -> None:
    remove(path, "-wal", "-shm")

    async with on(path) as ledger:
        view = await ledger.commit(WAYBILL, read, within_seconds=5)

        assert ledger.rewind.seen_at is not None
        assert view.rewind == ledger.rewind
    async with on(path) as again:
        assert again.rewind.seen_at == ledger.rewind.seen_at


async def test_a_log_of_another_state_is_refused_and_the_way_out_works(
    path: Path, backup: Path
) -> None:
    with pytest.raises(ForeignLog, match="does not belong") as refused:
        async with on(path):
            pass
    commands = str(refused.value).split("`")[1::2]
    assert commands[:2] == [f"mv {path}-wal {path}-wal.old", f"rm -f {path}-shm"]
    for command in commands[:2]:
        ended = await asyncio.create_subprocess_shell(command)
        assert await ended.wait() == 0

    async with on(path) as ledger:
        assert ledger.rewind.seen_at is not None


async def test_a_file_that_lost_nothing_is_not_rewound(path: Path) -> None:
    for number in range(1, 4):
        async with on(path) as ledger:
            await push(ledger, number)

            assert ledger.rewind.seen_at is None


async def test_a_file_whose_process_was_killed_is_its_logs_own(path: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    async with on(path) as ledger:
        await push(ledger, 1)
        await asyncio.to_thread(shutil.copytree, tmp_path, kept)  # keeps the times, as `cp -a`

    async with on(kept / path.name) as ledger:
        view = await ledger.commit(waybill_of(1), read, within_seconds=5)

        assert [entry.outcome for entry in view.entries] == [Outcome.CANCELLED]
        assert ledger.rewind.seen_at is None


async def test_a_log_that_was_being_written_into_the_file_is_its_own(
    path: Path, tmp_path: Path
) -> None:
    kept = tmp_path / "kept"
    async with on(path) as ledger:
        await push(ledger, 1)
        with closing(sqlite3.connect(path)) as beside:
            beside.execute("PRAGMA wal_checkpoint")
        await asyncio.to_thread(shutil.copytree, tmp_path, kept)

    async with on(kept / path.name) as ledger:
        assert ledger.rewind.seen_at is None


async def test_a_process_that_was_killed_while_it_wrote_its_log_into_the_file_lost_nothing(
    path: Path, no_blocking_calls: BlockBuster
) -> None:
    no_blocking_calls.deactivate()
    _killed_in_a_checkpoint(path)

    async with on(path) as ledger:
        assert ledger.rewind.seen_at is None


def _killed_in_a_checkpoint(path: Path) -> None:
    command = (sys.executable, "-c", WRITE_FOR_EVER, f"sqlite:///{path}")
    with subprocess.Popen(command, stdout=PIPE, cwd=ROOT) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        as_opened = path.stat().st_mtime_ns
        while path.stat().st_mtime_ns == as_opened:
            pass
        writer.kill()


async def test_an_older_file_put_under_a_running_process_is_rewound(
    path: Path, tmp_path: Path
) -> None:
    copied = tmp_path / "backup.db"
    async with on(path) as ledger:
        await push(ledger, 1)
    copy(path, copied)
    async with on(path) as ledger:
        await push(ledger, 2)
        remove(path, "", "-wal", "-shm")
        move(copied, path)
        await push(ledger, 3)

        assert ledger.rewind.seen_at is not None


async def test_a_new_file_in_the_place_of_a_ledger_is_rewound(path: Path) -> None:
    async with on(path) as ledger:
        await push(ledger, 1)
    remove(path, "")

    async with on(path) as ledger:
        assert ledger.rewind.seen_at is not None


async def test_a_process_notices_at_its_reconnection_and_all_obey(
    postgres: Postgres, url: str
) -> None:
    async with open_ledger(url) as first, open_ledger(url) as second, open_ledger(url) as idle:
        await push(first, 1)
        await push(second, 2)
        await asyncio.to_thread(
            postgres.query,
            url,
            "DELETE FROM push WHERE deliveries = 1 AND key = (SELECT max(key) FROM push)",
        )
        await _reconnected(postgres, url)
        await push(first, 3)
        assert first.rewind.seen_at is None  # what it wrote itself stands

        await _noticed(second)
        async with open_ledger(url) as third:
            views = [
                await each.commit(WAYBILL, read, within_seconds=5) for each in (first, idle, third)
            ]

    seen_at = second.rewind.seen_at
    assert seen_at is not None
    assert [view.rewind.seen_at for view in views] == [seen_at] * 3


async def test_a_row_that_holds_less_than_before_gives_it_away(
    postgres: Postgres, url: str
) -> None:
    async with open_ledger(url) as ledger:
        await push(ledger, 1)
        await asyncio.to_thread(
            postgres.query, url, "UPDATE push SET state = 'calling', outcome = NULL, told = NULL"
        )
        await _reconnected(postgres, url)

        await _noticed(ledger)


async def test_a_lost_connection_alone_is_no_rewind(postgres: Postgres, url: str) -> None:
    async with open_ledger(url) as ledger:
        await push(ledger, 1)
        await _reconnected(postgres, url)
        await push(ledger, 2)

        assert ledger.rewind.seen_at is None


async def test_another_server_is_a_rewind_to_a_new_process_alone(
    postgres: Postgres, url: str
) -> None:
    async with open_ledger(url) as ledger:
        await push(ledger, 1)
        await asyncio.to_thread(postgres.query, url, "UPDATE meta SET server = '7/1'")
        async with open_ledger(url) as fresh:
            assert fresh.rewind.seen_at is not None
        causes = await asyncio.to_thread(postgres.query, url, "SELECT cause FROM rewind")
        assert RewindCause.OTHER_SERVER in causes

        await asyncio.to_thread(postgres.query, url, "DELETE FROM rewind")
        await asyncio.to_thread(postgres.query, url, "UPDATE meta SET server = '7/1'")
        await _reconnected(postgres, url)
        await push(ledger, 2)
        async with open_ledger(url) as fresh:
            assert fresh.rewind.seen_at is None


async def _reconnected(postgres: Postgres, url: str) -> None:
    """Every session at the database has ended."""
    await asyncio.to_thread(
        postgres.query,
        url,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )


async def _noticed(ledger: Opened) -> None:
    async with asyncio.timeout(2):
        while ledger.rewind.seen_at is None:  # noqa: ASYNC110 - the idle check itself is tried
            await asyncio.sleep(0.01)
