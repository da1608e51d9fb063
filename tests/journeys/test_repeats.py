"""One push, delivered several times at once to several replicas: one call, one answer."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
import uvloop

from adapter.simulator.play import seal
from adapter.wechat.codec import Format
from tests.conformance.postgres import Postgres
from tests.journeys.journey import all_calls
from tests.journeys.merchants import Street
from tests.journeys.program import ACCOUNT
from tests.journeys.test_crashes import new_ledger
from tests.journeys.worlds import Terrain, World

Say = Callable[[object], None]
pytestmark = pytest.mark.usefixtures("may_wait")

AT_ONCE = 4  # "a 201 brought four identical pushes within a second, from two addresses"
PUSHES_AT_ONCE = 24
NOT_NOW = -1


async def four_of_each(street: Street, *, pushes: int, word: str) -> list[list[int | None]]:
    """Push so many waybills, each as four equal POSTs at once, two at each replica."""
    room = asyncio.Semaphore(PUSHES_AT_ONCE)

    async def four(number: int) -> list[int | None]:
        async with room:
            press = street.next_press(street.waybill(word))
            format = (Format.XML, Format.JSON)[number % 2]
            sealed = seal(press.fields, format, account=ACCOUNT)
            posts = (street.deliver(press, sealed, format, at=nth % 2) for nth in range(AT_ONCE))
            codes = [delivery.code for delivery in await asyncio.gather(*posts)]
            if NOT_NOW in codes:  # a machine that is too busy may say so; a repeat must not hear it
                again = await street.deliver(press, sealed, format)
                codes = [again.code if code == NOT_NOW else code for code in codes]
            return codes

    async with street:
        return await asyncio.gather(*map(four, range(pushes)))


def expect_one_call_each(terrain: Terrain, *, pushes: int, word: str) -> str:
    """Push, and hold the carrier's log against it; return the figures."""
    with World(terrain) as world:
        street = Street([replica.url for replica in world.replicas], seed=1)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            heard = runner.run(four_of_each(street, pushes=pushes, word=word))
        calls = Counter(call.waybill for call in all_calls(world))

    codes = Counter(code for of_one in heard for code in of_one)
    asked_twice = {waybill: count for waybill, count in calls.items() if count != 1}
    busy = sum(delivery.code == NOT_NOW for delivery in street.deliveries)
    assert asked_twice == {}
    assert len(calls) == pushes
    assert codes == {0: AT_ONCE * pushes}
    return (
        f"{pushes} pushes x {AT_ONCE} at once at two replicas: {calls.total()} calls, "
        f"{codes[0]} answers of 0, {busy} of them after a -1"
    )


@pytest.mark.parametrize("word", ["STUB-OK", "STUB-SLOW-300"])
def test_of_four_equal_posts_at_two_replicas_one_calls_and_all_are_answered_alike(
    tmp_path: Path, postgres: Postgres, say: Say, word: str
) -> None:
    terrain = Terrain(folder=tmp_path, ledger_url=new_ledger(postgres), replicas=2)

    say(expect_one_call_each(terrain, pushes=40, word=word))


@pytest.mark.prove
def test_ten_thousand_pushes_repeated_four_times_at_once_are_ten_thousand_calls(
    tmp_path: Path, postgres: Postgres, say: Say
) -> None:
    terrain = Terrain(folder=tmp_path, ledger_url=new_ledger(postgres), replicas=2)

    say(expect_one_call_each(terrain, pushes=10_000, word="STUB-OK"))
