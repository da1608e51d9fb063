from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from subprocess import PIPE

import pytest

from adapter.ledger.durable import DurableLedger
from adapter.ledger.errors import LedgerInUse, LedgerNotOpened, SchemaOutdated
from adapter.ledger.open import open_ledger
from tests.conformance.decisions import (
    WAYBILL,
    begin,
    key_of,
    read,
)
from tests.ledger.moving import exists, fill

K = key_of(1)
ROOT = Path(__file__).parents[3]

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

    with pytest.raises(LedgerNotOpened, match="is not a waybridge ledger: name another file"):
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
        view = await beside.commit(WAYBILL, read, within_seconds=5)
        assert await beside.doubtful(limit=10) == ()

    assert view.living == {ledger.me, view.me}


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
