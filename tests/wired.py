"""A whole adapter wired from settings in this process, and somebody who talks to its ports."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx2

from adapter.carrier.contract.contract import Contract
from adapter.carrier.mapping.mapping import Mapping
from adapter.config.load import Settings
from adapter.edge.server import HttpServer
from adapter.running import Adapter
from adapter.wechat.client_side import ReplyFields, open_reply, parse_reply
from adapter.wechat.codec import Format
from adapter.wiring import running
from legacy_stub.calls import CallLog
from legacy_stub.order_system import Habits, OrderSystem
from legacy_stub.orders import OrderBook
from legacy_stub.scenarios import Scenario
from legacy_stub.server import StubServer
from tests.edge.playing import KEY, PATH, TOKEN, Lines, account, message, push

BOOK = OrderBook.load()

NOBODY = "127.0.0.1:1"


@asynccontextmanager
async def running_stub() -> AsyncIterator[str]:
    """Where a stand-in for the carrier listens."""
    contract = await asyncio.to_thread(Contract.load)
    mapping = await asyncio.to_thread(Mapping.load, contract)
    habits = Habits(book=BOOK, scenario=Scenario())
    system = OrderSystem(habits, log=CallLog(), now=lambda: 7.0, chance=lambda: 0.0)
    server = StubServer(contract=contract, mapping=mapping, system=system)
    yield f"127.0.0.1:{await server.start(host='127.0.0.1', port=0)}"
    await server.stop()


async def settings(target: str = NOBODY, **more: str) -> Settings:
    """Everything on loopback, on free ports, with a ledger that forgets."""
    environ = {
        "WECHAT__APP_ID": account().app_id,
        "WECHAT__TOKEN": TOKEN,
        "WECHAT__ENCODING_AES_KEY": KEY,
        "CARRIER__TARGET": target,
        "EDGE__LISTEN": "127.0.0.1:0",
        "EDGE__DRAIN_DELAY_SECONDS": "0",
        "OPS__LISTEN": "127.0.0.1:0",
        "LEDGER__URL": "memory:",
        **more,
    }
    known = {f"WAYBRIDGE_{name}": value for name, value in environ.items()}
    return await asyncio.to_thread(Settings.load, None, known)


@dataclass(kw_only=True)
class Scene:
    """A running adapter, its log, and somebody who talks to both of its ports."""

    adapter: Adapter
    log: Lines
    client: httpx2.AsyncClient

    def url(self, server: HttpServer, path: str) -> str:
        return f"http://127.0.0.1:{server.address[1]}{path}"

    async def push(self, path: str = PATH, **changes: str) -> httpx2.Response:
        sealed = push(account(), Format.XML, body=message(Format.XML, **changes))
        url = self.url(self.adapter.edge, f"{path}?{sealed.query}")
        return await self.client.post(url, content=sealed.body)

    async def reply(self, waybill: str, **changes: str) -> ReplyFields:
        known = {"WayBillID": waybill, "OrderID": f"ORDER-{waybill}", "BizPwd": "xyz123"}
        answer = await self.push(**(known | changes))
        assert answer.status_code == 200
        return parse_reply(open_reply(account(), answer.content, Format.XML), Format.XML)

    async def ops(self, path: str) -> httpx2.Response:
        return await self.client.get(self.url(self.adapter.ops, path))


@asynccontextmanager
async def scene(given: Settings, *, lines_dropped: int = 0) -> AsyncIterator[Scene]:
    log = Lines()
    async with (
        running(given, log=log, lines_dropped=lambda: lines_dropped) as adapter,
        httpx2.AsyncClient(trust_env=False) as client,
    ):
        yield Scene(adapter=adapter, log=log, client=client)


async def listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionRefusedError:
        return False
    writer.close()
    return True
