from __future__ import annotations

import asyncio

import pytest

from adapter.edge.time_limit import TimeLimit


async def test_a_block_that_ends_in_time_is_left_alone() -> None:
    with TimeLimit(5):
        await asyncio.sleep(0)

    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_a_block_that_waits_too_long_ends_in_a_timeout() -> None:
    with pytest.raises(TimeoutError), TimeLimit(0.01):
        await asyncio.Event().wait()

    await asyncio.sleep(0)  # and what follows it is not cancelled


@pytest.mark.parametrize("seconds", [0.0, -1.0])
async def test_no_time_is_up_at_the_first_wait(seconds: float) -> None:
    with pytest.raises(TimeoutError), TimeLimit(seconds):
        await asyncio.Event().wait()


async def test_a_cancellation_from_elsewhere_stays_one() -> None:
    async def wait() -> None:
        with TimeLimit(5):
            await asyncio.Event().wait()

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_cancellation_beside_the_deadline_is_not_swallowed() -> None:
    async def wait() -> None:
        with TimeLimit(0):
            await asyncio.Event().wait()

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


async def test_an_error_of_the_block_is_its_own() -> None:
    with pytest.raises(ZeroDivisionError), TimeLimit(5):
        raise ZeroDivisionError


def test_there_is_no_deadline_outside_a_loop() -> None:
    with pytest.raises(RuntimeError), TimeLimit(5):
        pass


async def test_there_is_no_deadline_outside_a_task() -> None:
    loop = asyncio.get_running_loop()
    refused = loop.create_future()

    def enter() -> None:
        with pytest.raises(RuntimeError, match="a deadline needs a task"), TimeLimit(5):
            pass
        refused.set_result(None)

    loop.call_soon(enter)

    async with asyncio.timeout(5):
        await refused


async def test_a_cancellation_in_the_moment_of_the_deadline_wins() -> None:
    deadline = TimeLimit(5)

    async def wait() -> None:
        with deadline:
            await asyncio.Event().wait()

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    deadline._cut()
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


async def test_an_error_of_the_block_in_the_moment_of_the_deadline_is_still_its_own() -> None:
    async def fail_when_cut() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise ZeroDivisionError from None

    with pytest.raises(ZeroDivisionError), TimeLimit(0):
        await fail_when_cut()

    await asyncio.sleep(0)  # and what follows it is not cancelled
