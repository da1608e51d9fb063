"""A replica cut from PostgreSQL while its call runs: one push hears one answer, wherever."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection
from pathlib import Path

import pytest

from tests.conformance.postgres import Postgres
from tests.journeys.cut_ledger import CutLedger
from tests.journeys.evidence import Mishap
from tests.journeys.journey import all_calls, gather
from tests.journeys.judge import Verdict, judge
from tests.journeys.merchants import Street
from tests.journeys.mishaps import CUT_OFF
from tests.journeys.program import Press
from tests.journeys.weather import PATIENCE_SECONDS, calm, deliver, expect_no_violation, until
from tests.journeys.worlds import Terrain, World

Say = Callable[[object], None]
pytestmark = pytest.mark.usefixtures("may_wait")

CUT, SOUND = 0, 1  # the replicas
REPLY_SECONDS = 2.0
CALL_MS = 700
CALLED_WITHIN_SECONDS = 5.0
SECOND_PRESSES_AT = (0.2, 0.8, 1.3, 3.1)
EXPIRE_AT = 2.9  # later than the answers to the first three
FIRST_AGAIN_AT = 3.0
HEAL_AT = 4.0
"""Seconds after the cut. Until the server gives the cut replica's session up, its lock
lives on."""


def await_calls(world: World, waybills: Collection[str]) -> None:
    """Return once the carrier is asked about each of them."""
    give_up = time.monotonic() + CALLED_WITHIN_SECONDS
    while not {call.waybill for call in all_calls(world)} >= set(waybills):
        assert time.monotonic() < give_up, "the carrier was not called"
        time.sleep(0.02)


async def cut_off(
    world: World, street: Street, way: CutLedger, *, expire_at: float | None
) -> Mishap:
    """Press at a replica and cut it off; press at the other one; heal, and ask both again."""
    waybills = [street.waybill(f"STUB-SLOW-{CALL_MS}") for _ in SECOND_PRESSES_AT]
    first = [street.next_press(waybill) for waybill in waybills]
    second = [street.next_press(waybill) for waybill in waybills]

    async def later(one: Press, other: Press, moment: float) -> None:
        await until(began + moment)
        await deliver(street, other, at=SOUND)
        await until(began + FIRST_AGAIN_AT)
        await deliver(street, one, at=SOUND)

    async def unprocessed() -> None:
        await deliver(street, street.next_press(street.waybill("STUB-OK")), at=CUT)

    async with asyncio.TaskGroup() as together:
        for one in first:
            together.create_task(deliver(street, one, at=CUT))
        await asyncio.to_thread(await_calls, world, waybills)
        began, at = asyncio.get_running_loop().time(), time.time()
        way.cut()
        for one, other, moment in zip(first, second, SECOND_PRESSES_AT, strict=True):
            together.create_task(later(one, other, moment))
        together.create_task(unprocessed())
        if expire_at is not None:
            await until(began + expire_at)
            await asyncio.to_thread(way.expire)
        await until(began + HEAL_AT)
        way.heal()
    mishap = Mishap(at=at, until=time.time(), what=CUT_OFF, replica=CUT)
    for press in (*first, *second):
        for replica in (CUT, SOUND):
            await deliver(street, press, at=replica)
    return mishap


def through_partitions(
    folder: Path, postgres: Postgres, *, expire_at: tuple[float | None, ...]
) -> Verdict:
    """Judge a journey with one partition after the other."""
    url = postgres.new_database()

    async def live(world: World, street: Street, way: CutLedger) -> list[Mishap]:
        async with street:
            return [await cut_off(world, street, way, expire_at=each) for each in expire_at]

    with CutLedger(url) as way:
        terrain = Terrain(
            folder=folder,
            ledger_url=url,
            way=way,
            replicas=2,
            reply_seconds=REPLY_SECONDS,
        )
        with calm(terrain) as world:
            urls = [replica.url for replica in world.replicas]
            street = Street(urls, seed=1, patience_seconds=PATIENCE_SECONDS)
            mishaps = asyncio.run(live(world, street, way))
            return judge(gather(world, street.deliveries, mishaps=mishaps))


def test_a_replica_cut_from_the_ledger_contradicts_nobody(
    tmp_path: Path, postgres: Postgres, say: Say
) -> None:
    verdict = through_partitions(tmp_path, postgres, expire_at=(EXPIRE_AT,))

    say(verdict)
    expect_no_violation(verdict)


@pytest.mark.prove
def test_a_replica_cut_from_the_ledger_with_and_without_its_lock_contradicts_nobody(
    tmp_path: Path, postgres: Postgres, say: Say
) -> None:
    verdict = through_partitions(
        tmp_path, postgres, expire_at=(None, 0.1, 0.6, EXPIRE_AT, 1.7, None)
    )

    say(verdict)
    expect_no_violation(verdict)
