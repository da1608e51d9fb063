"""Stubs on real ports, and callers of them over real channels."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import grpc
import pytest_asyncio
from google.protobuf.message import Message

from adapter.carrier.contract.contract import Contract, Method
from adapter.carrier.mapping.mapping import Mapping
from legacy_stub.calls import CallLog
from legacy_stub.order_system import Habits, OrderSystem
from legacy_stub.orders import OrderBook
from legacy_stub.scenarios import Scenario
from legacy_stub.server import StubServer

BOOK = OrderBook.load()
CONTRACT = Contract.load()
MAPPING = Mapping.load(CONTRACT)
METHOD = MAPPING.method
STATUSES = CONTRACT.pool.FindEnumTypeByName("carrier.v1.CancelStatus")

Start = Callable[[Contract, Mapping], Any]


class Client:
    """A caller of one stub, over a real channel."""

    def __init__(self, channel: grpc.aio.Channel, system: OrderSystem, port: int) -> None:
        self.channel = channel
        self.system = system
        self.port = port

    async def ask(self, method: Method, request: Message, *, within_seconds: float = 5) -> Any:
        call: Any = self.channel.unary_unary(
            method.path,
            request_serializer=method.request_class.SerializeToString,
            response_deserializer=method.reply_class.FromString,
        )
        return await call(request, timeout=within_seconds)

    async def cancel(
        self, waybill: str, *, order: str = "O1", id: str = "r1", within_seconds: float = 5
    ) -> str:
        """Return the status's name, or the gRPC code's when the call failed."""
        request = METHOD.request_class(
            biz_id="xyz",
            biz_password="xyz123",
            waybill_id=waybill,
            order_id=order,
            request_id=id,
        )
        try:
            reply = await self.ask(METHOD, request, within_seconds=within_seconds)
        except grpc.aio.AioRpcError as error:
            return error.code().name
        values = STATUSES.values_by_number
        name: str = values[reply.status].name if reply.status in values else "unknown"
        return name.removeprefix("CANCEL_STATUS_")


@pytest_asyncio.fixture
async def start() -> AsyncIterator[Start]:
    stops = []

    async def begin(contract: Contract, mapping: Mapping) -> Client:
        habits = Habits(book=BOOK, scenario=Scenario())
        system = OrderSystem(habits, log=CallLog(), now=lambda: 7.0, chance=lambda: 0.0)
        server = StubServer(contract=contract, mapping=mapping, system=system)
        port = await server.start(host="127.0.0.1", port=0)
        channel = grpc.aio.insecure_channel(f"127.0.0.1:{port}")
        stops.extend([channel.close, server.stop])
        return Client(channel, system, port)

    yield begin
    for stop in stops:
        await stop()


@pytest_asyncio.fixture
async def client(start: Start) -> Client:
    stub: Client = await start(CONTRACT, MAPPING)
    return stub
