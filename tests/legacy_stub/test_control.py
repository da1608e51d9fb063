from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from typing import TypeVar

import grpc
import pytest
import pytest_asyncio

from adapter.carrier.mapping.values import PushFields
from legacy_stub.calls import CallLog
from legacy_stub.control import SERVICE, Control, StubUnreachable, control_handler
from legacy_stub.faults import StandingFault
from legacy_stub.order_system import Habits, OrderSystem
from legacy_stub.orders import OrderBook
from legacy_stub.scenarios import Scenario

BOOK = OrderBook.load()
T = TypeVar("T")


class Stub:
    """An order system under control, and a way to ask it from a thread of one's own."""

    def __init__(self, system: OrderSystem, target: str) -> None:
        self.system = system
        self.target = target

    async def ask(self, question: Callable[[Control], T]) -> T:
        def put() -> T:
            with Control(self.target) as control:
                return question(control)

        return await asyncio.to_thread(put)


@pytest_asyncio.fixture
async def stub() -> AsyncIterator[Stub]:
    habits = Habits(book=BOOK, scenario=Scenario())
    system = OrderSystem(habits, log=CallLog(), now=lambda: 7.0, chance=lambda: 0.0)
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((control_handler(system),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    yield Stub(system, f"127.0.0.1:{port}")
    await server.stop(0)


async def test_the_calls_come_as_they_stand_in_the_log(stub: Stub) -> None:
    for waybill in ("STUB-OK-1", "运单", "STUB-OK-1"):
        await stub.system.cancel(PushFields(waybill_id=waybill, order_id="O1", request_id="r1"))

    every = await stub.ask(lambda control: list(control.calls()))
    some = await stub.ask(lambda control: list(control.calls(waybill="STUB-OK-1")))

    assert every == list(stub.system.log)
    assert [(call.waybill, call.nth) for call in some] == [("STUB-OK-1", 1), ("STUB-OK-1", 2)]


async def test_many_calls_come_in_many_messages(stub: Stub) -> None:
    for number in range(1_201):
        await stub.system.cancel(PushFields(waybill_id=f"STUB-OK-{number}"))

    calls = await stub.ask(lambda control: list(control.calls()))

    assert [call.waybill for call in calls] == [f"STUB-OK-{number}" for number in range(1_201)]


async def test_a_reset_forgets_the_calls(stub: Stub) -> None:
    await stub.system.cancel(PushFields(waybill_id="STUB-OK-1"))

    await stub.ask(lambda control: control.reset())

    assert len(stub.system.log) == 0


async def test_faults_are_set_and_cleared_and_those_standing_returned(stub: Stub) -> None:
    slow = StandingFault(name="latency", milliseconds=5, probability=0.5)
    drop = StandingFault(name="drop")

    first = await stub.ask(lambda control: control.set_fault(slow))
    second = await stub.ask(lambda control: control.set_fault(drop))
    one_left = await stub.ask(lambda control: control.clear_faults(name="latency"))
    none_left = await stub.ask(lambda control: control.clear_faults())

    assert (first, second, one_left, none_left) == ([slow], [slow, drop], [drop], [])


async def test_a_fault_that_cannot_be_is_refused_with_the_reason(stub: Stub) -> None:
    async with grpc.aio.insecure_channel(stub.target) as channel:
        ask: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes]
        ask = channel.unary_unary(f"/{SERVICE}/SetFault")

        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await ask(b'{"name": "thunder"}')

    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "unknown fault 'thunder'" in (refused.value.details() or "")
    assert stub.system.standing_faults == ()


@pytest.mark.parametrize(
    "question",
    [lambda control: list(control.calls()), lambda control: control.reset()],
    ids=["calls", "reset"],
)
def test_where_no_stub_listens_the_way_out_is_named(question: Callable[[Control], object]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # held but not listened on: nobody else can answer there
        with (
            Control(f"127.0.0.1:{taken.getsockname()[1]}") as control,
            pytest.raises(StubUnreachable, match="Start one with `legacy-stub serve`"),
        ):
            question(control)
