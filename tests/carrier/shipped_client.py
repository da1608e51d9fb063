"""A client of the shipped contract, asking carriers that the test plays."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from adapter.cancellation.model import Cancellation, CarrierAnswer, Entry, Outcome, State
from adapter.cancellation.ports import Carrier
from adapter.carrier.channel.client import GrpcCarrier
from adapter.carrier.contract.contract import Contract
from adapter.carrier.mapping.mapping import Mapping
from adapter.wechat.secret import Secret
from tests import defaults

NOW = 1_700_000_000.0
CONTRACT = Contract.load()
MAPPING = Mapping.load(CONTRACT)
CANCELLATION = Cancellation(
    account="gh_abcdefg",
    open_id="oABCD",
    pushed_at=1533042556,
    biz_id="xyz",
    order_id="012345678901234567890123456789",
    waybill_id="123456789",
    shop_app_id="wxABCD",
    credential=Secret("canary-password"),
)
ENTRY = Entry(
    key="0" * 32,
    account="gh_abcdefg",
    open_id="oABCD",
    pushed_at=1533042556,
    biz_id="xyz",
    order_id="012345678901234567890123456789",
    waybill_id="123456789",
    shop_app_id="wxABCD",
    state=State.IN_DOUBT,
    received_at=NOW,
)


def cancelled() -> bytes:
    return MAPPING.write_reply(Outcome.CANCELLED).SerializeToString()


@asynccontextmanager
async def asking(
    *ports: int, mapping: Mapping = MAPPING, max_concurrent_calls: int = 8
) -> AsyncIterator[GrpcCarrier]:
    target = "ipv4:" + ",".join(f"127.0.0.1:{port}" for port in ports)
    options = replace(defaults.CARRIER, target=target, max_concurrent_calls=max_concurrent_calls)
    client = await GrpcCarrier.open(options=options, mapping=mapping, now_unix=lambda: NOW)
    try:
        yield client
    finally:
        await client.close(within_seconds=0)


async def ask(client: Carrier, *, within_seconds: float = 5) -> CarrierAnswer:
    return await client.cancel(CANCELLATION, request_id="r-1", within_seconds=within_seconds)
