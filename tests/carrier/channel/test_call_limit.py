from __future__ import annotations

import asyncio

from adapter.carrier.channel.call_limit import CallLimit


async def test_a_full_house_refuses_and_counts_it() -> None:
    places = CallLimit(1)
    assert places.has_free()

    assert await places.take(within_seconds=1)

    assert not places.has_free()
    assert (places.taken, places.refused) == (1, 1)


async def test_who_gets_no_place_in_time_is_turned_away() -> None:
    places = CallLimit(1)
    await places.take(within_seconds=1)

    assert not await places.take(within_seconds=0.01)

    assert (places.taken, places.refused) == (1, 1)


async def test_a_place_given_back_goes_to_whoever_waits() -> None:
    places = CallLimit(1)
    await places.take(within_seconds=1)
    waiting = asyncio.create_task(places.take(within_seconds=5))
    await asyncio.sleep(0)

    places.give_back()

    assert await waiting
    assert (places.taken, places.refused) == (1, 0)


async def test_a_free_place_is_taken_without_a_task_switch() -> None:
    switched = asyncio.create_task(asyncio.sleep(0))

    await CallLimit(1).take(within_seconds=1)

    assert not switched.done()
    await switched
