from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from blockbuster import BlockBuster

from adapter.cancellation.model import Basis, Outcome, State
from adapter.ledger.errors import LedgerInUse, LedgerNotOpened, SchemaOutdated
from adapter.ledger.maintenance import NotInDoubt, Upgrade, migrate, prune, resolve
from adapter.ledger.open import open_ledger
from adapter.ledger.resolution import Resolution
from adapter.ledger.search import open_archive
from tests.conformance.decisions import WAYBILL, begin, doubt, finish, key_of
from tests.conformance.postgres import Postgres

K = key_of(1)
WORD = Resolution(key=K, who="li", reason="rang", outcome=Outcome.PICKED_UP, at=5.5)


def url_of(path: Path) -> str:
    return f"sqlite:///{path}/ledger.db"


async def test_an_operators_word_settles_doubt_beside_who_serves(tmp_path: Path) -> None:
    url = url_of(tmp_path)
    async with open_ledger(url) as serving:
        await serving.commit(WAYBILL, begin(WAYBILL, K), within_seconds=5)
        await serving.commit(WAYBILL, doubt(K), within_seconds=5)
        (found,) = await serving.doubtful(limit=1)

        done = await resolve(url, found=found, resolution=WORD)

        with pytest.raises(NotInDoubt) as refused:
            await resolve(url, found=found, resolution=WORD)
    async with open_archive(url) as archive:
        view = await archive.show(K)

    assert (done.state, done.outcome, done.basis) == (
        State.DONE,
        Outcome.PICKED_UP,
        Basis.OPERATOR,
    )
    assert refused.value.entry == done
    assert view is not None
    assert view.resolutions == (WORD,)  # not the refused one


async def test_a_call_that_is_under_way_is_not_settled_and_one_of_the_dead_is(
    tmp_path: Path,
) -> None:
    url = url_of(tmp_path)
    async with open_ledger(url) as serving:
        await serving.commit(WAYBILL, begin(WAYBILL, K), within_seconds=5)
        async with open_archive(url) as archive:
            view = await archive.show(K)
        assert view is not None
        with pytest.raises(NotInDoubt):
            await resolve(url, found=view.entry, resolution=WORD)

    (tmp_path / "ledger.db.lock").unlink()
    done = await resolve(url, found=view.entry, resolution=WORD)

    assert done.state is State.DONE
    assert not (tmp_path / "ledger.db.lock").exists()  # a command takes no lock


async def test_a_new_file_and_a_new_database_are_brought_up_to_date(
    tmp_path: Path, postgres: Postgres, no_blocking_calls: BlockBuster
) -> None:
    no_blocking_calls.deactivate()  # a command of its own, with a loop to itself

    for url in (url_of(tmp_path), postgres.new_database()):
        assert await migrate(url) == Upgrade(before="", after="0003")
        assert await migrate(url) == Upgrade(before="0003", after="0003")


async def test_a_file_that_is_served_from_is_not_touched(tmp_path: Path) -> None:
    async with open_ledger(url_of(tmp_path)):
        with pytest.raises(LedgerInUse):
            await migrate(url_of(tmp_path))


async def test_what_cannot_be_migrated_is_named(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").write_bytes(b"no database at all, but longer than a header" * 50)

    with pytest.raises(LedgerNotOpened, match="not a database"):
        await migrate(url_of(tmp_path))
    with pytest.raises(LedgerNotOpened, match="no folder"):
        await migrate(url_of(tmp_path / "none"))
    with pytest.raises(LedgerNotOpened, match="PostgreSQL"):
        await migrate(f"postgresql://postgres@/x?host={tmp_path}")


async def test_what_is_settled_and_old_is_forgotten(tmp_path: Path) -> None:
    url = url_of(tmp_path)
    async with open_ledger(url) as serving:
        await serving.commit(WAYBILL, begin(WAYBILL, K), within_seconds=5)
        await serving.commit(WAYBILL, finish(K), within_seconds=5)

    steps = [step async for step in prune(url, keep_seconds=86_400.0, now=1e11)]

    assert steps == [1]


async def test_an_outdated_or_broken_ledger_is_not_pruned(tmp_path: Path) -> None:
    await migrate(url_of(tmp_path))
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as file, file:
        file.execute("UPDATE alembic_version SET version_num = '0999'")
    with pytest.raises(SchemaOutdated):
        await anext(prune(url_of(tmp_path), keep_seconds=86_400.0, now=1e11))

    (tmp_path / "ledger.db").write_bytes(b"no database at all, but longer than a header" * 50)
    with pytest.raises(LedgerNotOpened, match="cannot be written"):
        await anext(prune(url_of(tmp_path), keep_seconds=86_400.0, now=1e11))
