from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

from adapter.carrier.diagnose.lost_reason import LostReason
from tests import defaults
from tests.carrier.misbehaving_carriers import METHOD, playing, until
from tests.ports import free_port


@asynccontextmanager
async def looking(reason: LostReason) -> AsyncIterator[None]:
    task = asyncio.create_task(reason.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_the_reason_is_looked_for_once_it_is_lost_and_dropped_when_it_is_back() -> None:
    port = free_port()
    connected = True
    options = replace(defaults.CARRIER, target=f"127.0.0.1:{port}")
    reason = LostReason(options, beside=METHOD, is_connected=lambda: connected)

    async with looking(reason):
        before = reason.text
        connected = False
        await until(lambda: reason.text is not None)
        found = reason.text
        connected = True
        await until(lambda: reason.text is None)

    assert before is None
    assert found == f"127.0.0.1:{port}: connection refused, nothing listens there"


async def test_nothing_wrong_is_no_reason() -> None:
    async with playing() as carrier:
        options = replace(defaults.CARRIER, target=f"127.0.0.1:{carrier.port}")
        reason = LostReason(options, beside=METHOD, is_connected=lambda: False)

        assert await reason.look() == ""
