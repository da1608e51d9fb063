"""A carrier that is connected and answers only errors, is frozen or is too slow: lost within ten
seconds for log and metric, and asked all the same."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path

import grpc
import httpx2
import pytest

from adapter.simulator.delivery import Sender
from tests.carrier.misbehaving_carriers import Behaviour, Context, fail, hang, playing, reply
from tests.journeys.one_push import push
from tests.journeys.processes import configuration, serving
from tests.journeys.setup_carriers import CANCELLED_REPLY

pytestmark = pytest.mark.usefixtures("may_wait")

LOST_WITHIN_SECONDS = 10.0
SLOW_SECONDS = 5.5
PUSH_EVERY_SECONDS = 0.5


async def slow(_request: bytes, _context: Context) -> bytes:
    await asyncio.sleep(SLOW_SECONDS)
    return CANCELLED_REPLY


@dataclass(frozen=True, kw_only=True)
class Seen:
    after_seconds: float
    lost: str
    is_up: bool
    detail: str
    calls: int


async def _pushing(sender: Sender) -> None:
    async with asyncio.TaskGroup() as pushes:
        while True:
            pushes.create_task(push(sender))
            await asyncio.sleep(PUSH_EVERY_SECONDS)


async def _seen(folder: Path, behaviour: Behaviour) -> Seen:
    """Let a carrier turn bad under pushes, and then well again."""
    async with playing(reply(CANCELLED_REPLY)) as carrier:
        with serving(configuration(folder, f"127.0.0.1:{carrier.port}")) as (serve, edge, ops):
            async with Sender(edge) as sender, httpx2.AsyncClient(trust_env=False) as client:
                assert await push(sender) == 0
                pushing = asyncio.create_task(_pushing(sender))
                carrier.behaviour, began = behaviour, time.monotonic()
                lost = await asyncio.to_thread(serve.heard, r'.*"carrier_lost".*')
                after = time.monotonic() - began
                metrics = (await client.get(f"{ops}metrics")).text
                ready = (await client.get(f"{ops}readyz")).json()["carrier"]
                calls = len(carrier.requests)
                carrier.behaviour = reply(CANCELLED_REPLY)
                await asyncio.to_thread(serve.heard, r'.*"carrier_back".*')
                pushing.cancel()
                await asyncio.wait([pushing])
    return Seen(
        after_seconds=after,
        lost=lost[0],
        is_up="waybridge_carrier_up 1.0" in metrics,
        detail=ready["detail"],
        calls=calls,
    )


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        (fail(grpc.StatusCode.UNAVAILABLE), "answers only errors: UNAVAILABLE"),
        (hang, "does not answer within 4.5 s"),
        (slow, "does not answer within 4.5 s"),
    ],
)
async def test_a_connected_carrier_that_does_not_answer_is_lost_within_ten_seconds(
    tmp_path: Path, behaviour: Behaviour, words: str
) -> None:
    seen = await _seen(tmp_path, behaviour)

    assert seen.after_seconds <= LOST_WITHIN_SECONDS
    assert words in seen.lost
    assert not seen.is_up
    assert seen.detail.startswith(words)
    assert seen.calls > 2
