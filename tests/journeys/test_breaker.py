"""The breaker between a carrier's addresses, as an operator sees it through a real `serve`."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import count
from pathlib import Path

import grpc
import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from adapter.simulator.cases import CASES
from adapter.simulator.delivery import Sender
from adapter.simulator.play import play
from adapter.simulator.press import PressFields
from adapter.wechat.codec import Format
from adapter.wechat.envelope import Mode
from adapter.wechat.secret import Secret
from tests import defaults
from tests.carrier.misbehaving_carriers import fail, playing, reply
from tests.journeys.processes import AES_KEY, APP_ID, TOKEN, configuration, serving

pytestmark = pytest.mark.usefixtures("may_wait")

# gRPC ejects within five seconds and takes back within ten; a busy machine needs longer.
SOON_SECONDS = 50.0
AT_ONCE = 16  # gRPC ejects no address that got fewer than ten calls in five seconds
CANCELLED_REPLY = b"\x08\x01"  # CancelWaybillResponse{status: CANCELLED}
ACCOUNT = replace(
    defaults.ACCOUNT,
    app_id=APP_ID,
    mode=Mode.SECURE,
    token=Secret(TOKEN),
    encoding_aes_key=Secret(AES_KEY),
)
PRESSES = count()


async def _push(sender: Sender) -> None:
    nth = next(PRESSES)
    press = PressFields.of(CASES["ok"], create_time=1_600_000_000 + nth, word=f"B{nth}")
    await play(press, Format.XML, account=ACCOUNT, sender=sender, case=None)


async def _number(
    client: httpx2.AsyncClient, ops: str, name: str, /, **labels: str
) -> float | None:
    page = (await client.get(f"{ops}metrics")).text
    for family in text_string_to_metric_families(page):
        for sample in family.samples:
            if sample.name == name and sample.labels == labels:
                return sample.value
    return None


class Watched:
    """Pushes until the page of numbers says what is waited for."""

    def __init__(self, *, client: httpx2.AsyncClient, sender: Sender, ops: str) -> None:
        self._client, self._sender, self._ops = client, sender, ops

    async def left_out(self, address: str) -> float | None:
        name = "waybridge_carrier_address_left_out"
        return await _number(self._client, self._ops, name, address=address)

    async def calls(self, address: str, ended: str) -> float:
        name = "waybridge_carrier_address_calls_total"
        labels = {"address": address, "ended": ended}
        return await _number(self._client, self._ops, name, **labels) or 0.0

    async def until_left_out(self, address: str, is_so: float) -> None:
        async with asyncio.timeout(SOON_SECONDS):
            while await self.left_out(address) != is_so:
                await asyncio.gather(*(_push(self._sender) for _ in range(AT_ONCE)))


async def test_an_ejected_address_is_seen_in_the_metrics_and_its_return_too(
    tmp_path: Path,
) -> None:
    async with (
        playing(fail(grpc.StatusCode.INTERNAL)) as broken,
        playing(reply(CANCELLED_REPLY)) as sound,
    ):
        failing, serving_well = f"127.0.0.1:{broken.port}", f"127.0.0.1:{sound.port}"
        config = configuration(tmp_path, f"ipv4:{failing},{serving_well}")
        with serving(config) as (_, edge, ops):
            async with (
                httpx2.AsyncClient(trust_env=False, timeout=10) as client,
                Sender(edge) as sender,
            ):
                watched = Watched(client=client, sender=sender, ops=ops)
                await watched.until_left_out(failing, 1.0)
                failed = await watched.calls(failing, "failed")
                other = await watched.left_out(serving_well)
                broken.behaviour = reply(CANCELLED_REPLY)
                await watched.until_left_out(failing, 0.0)
                answered = await watched.calls(failing, "ok")

    assert failed > 0
    assert other == 0.0
    assert answered > 0


async def test_a_carrier_that_goes_and_comes_back_is_told_once_each(tmp_path: Path) -> None:
    async with playing(reply(CANCELLED_REPLY)) as carrier:
        with serving(configuration(tmp_path, f"127.0.0.1:{carrier.port}")) as (serve, _, ops):
            await carrier.stop()
            lost = await asyncio.to_thread(serve.heard, r'.*"carrier_lost".*')
            await carrier.start()
            back = await asyncio.to_thread(serve.heard, r'.*"carrier_back".*')
            async with httpx2.AsyncClient(trust_env=False, timeout=10) as client:
                ready = (await client.get(f"{ops}readyz")).json()["carrier"]
                alerts = await _number(client, ops, "waybridge_alerts_total", name="carrier_lost")

    assert '"level":"warning"' in lost[0]
    assert '"level":"info"' in back[0]
    assert (serve.stdout.count("carrier_lost"), serve.stdout.count("carrier_back")) == (1, 1)
    assert alerts == 1
    assert (ready["state"], ready["breaker"]) == ("up", "closed")
