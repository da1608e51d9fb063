"""Cancelled, and nobody was told: the next press hears 0, the one after it 30003."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from adapter.cancellation.model import State
from adapter.simulator.play import seal
from adapter.wechat.codec import Format
from tests.journeys.archive import read_books
from tests.journeys.journey import all_calls, await_quiet
from tests.journeys.merchants import Street
from tests.journeys.program import ACCOUNT, Press
from tests.journeys.worlds import Terrain, World

pytestmark = pytest.mark.usefixtures("may_wait")

UNKNOWN = -1
CALLS_END_AFTER_SECONDS = {"STUB-HANG": 8.0, "STUB-DROP": 0.0, "STUB-SLOW-6000": 2.0}
"""After the -1 at 4.5 s: the deadline of 12 s, or the carrier's own six."""


@contextmanager
def one_replica(folder: Path, *, lookup: bool = False) -> Iterator[tuple[World, Street]]:
    with World(Terrain(folder=folder, lookup=lookup)) as world:
        yield world, Street([world.replicas[0].url], seed=1)


async def hear(street: Street, press: Press) -> int | None:
    sealed = seal(press.fields, Format.XML, account=ACCOUNT)
    return (await street.deliver(press, sealed, Format.XML)).code


def await_calls(world: World, *, count: int) -> None:
    """Return once so many calls have come to the stub."""
    while len(all_calls(world)) < count:
        time.sleep(0.02)


async def press_until_told(street: Street, waybill: str) -> int | None:
    """Press; while nobody knows, WeChat's repeat of the same push joins the call."""
    press = street.next_press(waybill)
    code = await hear(street, press)
    return await hear(street, press) if code == UNKNOWN else code


async def press_unheard(street: Street, word: str) -> tuple[int | None, ...]:
    """Press without a repeat, let every call end, and press twice more."""
    waybill = street.waybill(word)
    first = await hear(street, street.next_press(waybill))
    await asyncio.sleep(CALLS_END_AFTER_SECONDS[word])
    second = await press_until_told(street, waybill)
    return first, second, await press_until_told(street, waybill)


async def press_heard(street: Street, word: str) -> tuple[int | None, ...]:
    """Press, repeat, and press anew."""
    waybill = street.waybill(word)
    first = await press_until_told(street, waybill)
    return first, await press_until_told(street, waybill)


@pytest.mark.parametrize(
    "lookup",
    [False, pytest.param(True, marks=pytest.mark.prove)],
    ids=["no lookup", "lookup"],
)
def test_what_was_cancelled_unheard_is_told_once(
    tmp_path: Path,
    lookup: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    async def all_at_once(street: Street) -> list[tuple[int | None, ...]]:
        unheard = (press_unheard(street, word) for word in CALLS_END_AFTER_SECONDS)
        async with street:
            return await asyncio.gather(*unheard, press_heard(street, "STUB-SLOW-6000"))

    with one_replica(tmp_path, lookup=lookup) as (world, street):
        hang, drop, slow, slow_heard = asyncio.run(all_at_once(street))
        effects = sum(call.done for call in all_calls(world))

    assert hang == (UNKNOWN, 0, 30003)
    assert drop == (0, 30003, 30003)  # asked again inside the same push
    assert slow == (UNKNOWN, 0, 30003)
    assert slow_heard == (0, 30003)
    assert effects == 4


def test_a_call_cut_by_kill_9_is_told_once_to_the_repeat(tmp_path: Path) -> None:
    """Done at the carrier, its answer lost with our process: the repeat must not hear 30003."""

    async def killed_meanwhile(world: World, street: Street) -> tuple[int | None, ...]:
        async with street:
            waybill = street.waybill("STUB-HANG")
            press = street.next_press(waybill)
            pushing = asyncio.create_task(hear(street, press))
            await asyncio.to_thread(await_calls, world, count=1)
            await asyncio.to_thread(world.replicas[0].kill)
            lost = await pushing
            await asyncio.to_thread(world.revive, world.replicas[0])
            return lost, await hear(street, press), await hear(street, street.next_press(waybill))

    with one_replica(tmp_path) as (world, street):
        heard = asyncio.run(killed_meanwhile(world, street))
        calls = all_calls(world)

    assert heard == (None, 0, 30003)
    assert [call.done for call in calls] == [True, False, False]


def test_sigterm_answers_fifty_pushes_of_three_seconds_and_leaves_none_calling(
    tmp_path: Path, say: Callable[[object], None]
) -> None:
    pushes = 50

    async def stopped_meanwhile(world: World, street: Street) -> tuple[list[int | None], int]:
        async with street:
            presses = [street.next_press(street.waybill("STUB-SLOW-3000")) for _ in range(pushes)]
            pushing = [asyncio.create_task(hear(street, press)) for press in presses]
            await asyncio.to_thread(await_calls, world, count=pushes)
            exit_code = await asyncio.to_thread(world.replicas[0].stop)
            return await asyncio.gather(*pushing), exit_code

    with one_replica(tmp_path) as (world, street):
        began = time.monotonic()
        heard, exit_code = asyncio.run(stopped_meanwhile(world, street))
        took = time.monotonic() - began
        await_quiet(world.terrain.url)
        states = {entry.state for entry in read_books(world.terrain.url).entries}

    say(f"SIGTERM with {pushes} pushes of 3 s in flight: all answered, stopped after {took:.1f} s")
    assert heard == [0] * pushes
    assert exit_code == 0
    assert states == {State.DONE}
