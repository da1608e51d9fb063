"""Two replicas on one store: decisions take turns, and the dead are known."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

import pytest
from blockbuster import BlockBuster

from adapter.cancellation.model import Outcome
from adapter.ledger.memory import MemoryLedger, MemoryStore
from adapter.ledger.open import open_ledger
from adapter.ledger.operate.maintenance import migrate
from tests.conformance.decisions import (
    WAYBILL,
    Session,
    begin,
    deliver,
    finish,
    key_of,
    read,
    waybill_of,
)

K = key_of(1)
Replica = Callable[[], AbstractAsyncContextManager[Session]]


@pytest.fixture(params=["memory", "postgresql"])
async def replica(request: pytest.FixtureRequest, no_blocking_calls: BlockBuster) -> Replica:
    """Opens one more replica of the same ledger."""
    if request.param == "memory":
        store = MemoryStore()
        return lambda: MemoryLedger(store=store)
    url = request.getfixturevalue("postgres").new_database()
    no_blocking_calls.deactivate()  # a command of its own, with a loop to itself
    await migrate(url)
    no_blocking_calls.activate()

    @asynccontextmanager
    async def opened() -> AsyncIterator[Session]:
        async with open_ledger(url) as ledger:
            yield ledger

    return opened


async def test_replicas_share_the_identity_key_and_differ_in_name(replica: Replica) -> None:
    async with replica() as here, replica() as there:
        assert here.identity_key == there.identity_key
        assert here.me != there.me


async def test_of_claims_at_two_replicas_one_wins_each_push(replica: Replica) -> None:
    async with replica() as here, replica() as there:
        results = await asyncio.gather(
            *(
                ledger.commit(waybill_of(n), begin(waybill_of(n), key_of(n)), within_seconds=20)
                for n in range(150)
                for ledger in (here, there, here, there)
            )
        )

    assert results.count("won") == 150
    assert all("won" in results[n * 4 : n * 4 + 4] for n in range(150))


async def test_no_increment_is_lost_between_replicas(replica: Replica) -> None:
    """Were two decisions about a waybill to interleave, one would overwrite the other."""
    waybills = [waybill_of(n) for n in range(5)]
    async with AsyncExitStack() as stack:
        ledgers = [await stack.enter_async_context(replica()) for _ in range(2)]
        for number, waybill in enumerate(waybills):
            claim = begin(waybill, key_of(number))
            await ledgers[0].commit(waybill, claim, within_seconds=5)

        async def hammer(ledger: Session, number: int) -> None:
            for _ in range(20):
                await ledger.commit(waybills[number], deliver(key_of(number)), within_seconds=20)

        await asyncio.gather(
            *(hammer(ledger, n) for ledger in ledgers for n in range(5) for _ in range(4))
        )

        views = [await ledgers[1].commit(waybill, read, within_seconds=5) for waybill in waybills]
    assert [view.entries[0].deliveries for view in views] == [1 + 2 * 4 * 20] * 5


async def test_the_story_names_the_living_owner_of_a_call(replica: Replica) -> None:
    async with replica() as here, replica() as there:
        await there.commit(WAYBILL, begin(WAYBILL, K), within_seconds=5)

        view = await here.commit(WAYBILL, read, within_seconds=5)

        assert view.entries[0].owner == there.me
        assert view.living >= {here.me, there.me}
        assert await here.doubtful(limit=10) == ()


async def test_what_a_dead_replica_was_calling_is_doubtful(replica: Replica) -> None:
    async with replica() as here:
        async with replica() as there:
            await there.commit(WAYBILL, begin(WAYBILL, K), within_seconds=5)
            name = there.me

        async with asyncio.timeout(10):
            while not (found := await here.doubtful(limit=10)):  # noqa: ASYNC110 - polls a server
                await asyncio.sleep(0.01)  # PostgreSQL ends a session a moment later
        view = await here.commit(WAYBILL, read, within_seconds=5)

    assert [entry.owner for entry in found] == [name]
    assert name not in view.living


async def test_a_replica_hears_of_an_outcome(replica: Replica) -> None:
    async with replica() as here, replica() as there:
        await there.commit(WAYBILL, begin(WAYBILL, K), within_seconds=5)
        waiting = asyncio.create_task(here.changed(WAYBILL, within_seconds=30))
        await asyncio.sleep(0)

        await there.commit(WAYBILL, finish(K), within_seconds=5)

        async with asyncio.timeout(5):
            await waiting
        view = await here.commit(WAYBILL, read, within_seconds=5)
    assert view.entries[0].outcome is Outcome.CANCELLED
