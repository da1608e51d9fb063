from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path
from subprocess import PIPE
from urllib.parse import urlsplit

import pytest

from adapter.ledger.durable import DurableLedger
from adapter.ledger.errors import LedgerNotOpened, SchemaOutdated, Unwritable
from adapter.ledger.open import open_ledger
from tests.conformance.decisions import (
    WAYBILL,
    deliver,
    finish,
    key_of,
    poison,
    read,
)
from tests.conformance.postgres import Postgres
from tests.ledger.on_postgresql import ledger, url

__all__ = ["ledger", "url"]

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


async def test_a_database_without_tables_is_refused_with_the_remedy(
    postgres: Postgres,
) -> None:
    with pytest.raises(SchemaOutdated, match="waybridge ledger migrate"):
        async with open_ledger(postgres.new_database()):
            pass


async def test_a_server_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(LedgerNotOpened, match="does not answer"):
        async with open_ledger(f"postgresql://postgres@/x?host={tmp_path}"):
            pass


async def test_values_that_cannot_be_stored_fail_their_own_caller(
    ledger: DurableLedger,
) -> None:
    results = await asyncio.gather(
        ledger.commit(WAYBILL, deliver(K), within_seconds=5),
        ledger.commit(WAYBILL, poison("\ud800", 1), within_seconds=5),
        ledger.commit(WAYBILL, poison("\x00", 1), within_seconds=5),
        ledger.commit(WAYBILL, poison("", 2**31), within_seconds=5),
        ledger.commit(WAYBILL, finish(K), within_seconds=5),
        return_exceptions=True,
    )

    assert [type(result) for result in results[1:4]] == [Unwritable] * 3
    (entry,) = (await ledger.commit(WAYBILL, read, within_seconds=5)).entries
    assert (entry.deliveries, results[4]) == (2, entry.outcome)


async def test_what_was_acknowledged_outlives_a_kill_and_the_owner_dies(
    url: str,
) -> None:
    writing = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", WRITE_FOR_EVER, url), stdout=PIPE, cwd=ROOT
    )
    assert writing.stdout is not None
    acknowledged = [int(await writing.stdout.readline()) for _ in range(200)]
    writing.send_signal(signal.SIGKILL)
    acknowledged += [int(line) for line in (await writing.stdout.read()).split(b"\n")[:-1]]
    await writing.wait()

    async with open_ledger(url) as ledger, asyncio.timeout(5):
        found: set[str] = set()
        while not found:
            found = {entry.key for entry in await ledger.doubtful(limit=1_000_000)}

    assert {key_of(number) for number in acknowledged} <= found


async def test_what_is_committed_is_on_disk_whatever_the_database_is_used_to(
    url: str, postgres: Postgres
) -> None:
    database = urlsplit(url).path[1:]
    await asyncio.to_thread(
        postgres.query, url, f"ALTER DATABASE {database} SET synchronous_commit = off;"
    )

    async with open_ledger(url) as ledger:
        driver = ledger._store.session.driver  # type: ignore[union-attr]
        setting = await driver.driver_connection.fetchval("SHOW synchronous_commit")

    assert setting == "on"


@pytest.mark.parametrize("writing", [False, True])
async def test_a_probe_changes_nothing(
    ledger: DurableLedger,
    postgres: Postgres,
    url: str,
    writing: bool,  # noqa: FBT001 - a column of the table
) -> None:
    before = await asyncio.to_thread(postgres.query, url, "SELECT * FROM meta;")

    await ledger._store.probe(writing=writing)

    assert await asyncio.to_thread(postgres.query, url, "SELECT * FROM meta;") == before
