from __future__ import annotations

import asyncio

import grpc
import pytest
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)

from adapter.carrier.contract.contract import Contract
from adapter.carrier.mapping.mapping import Mapping
from legacy_stub.server import WORDS, CannotListen, StubServer
from tests.legacy_stub.callers import CONTRACT, MAPPING, METHOD, Client, Start
from tests.legacy_stub.old_contract import OLD_MAPPING, old_contract

__all__ = ["old_contract"]


@pytest.mark.parametrize(
    ("waybill", "order", "statuses"),
    [
        ("123456789", "012345678901234567890123456789", ["CANCELLED", "ALREADY_CANCELLED"]),
        ("SF000000002", "ORDER0002", ["PICKED_UP", "PICKED_UP"]),
        ("SF000000003", "ORDER0003", ["INVALID", "INVALID"]),
        ("SF000000004", "ORDER0004", ["ALREADY_CANCELLED", "ALREADY_CANCELLED"]),
        ("SF000000005", "ORDER0005", ["UNSUPPORTED", "UNSUPPORTED"]),
        ("SF000000005", "ORDER0004", ["NOT_FOUND", "NOT_FOUND"]),
        ("SF000000006", "ORDER0006", ["NOT_FOUND", "NOT_FOUND"]),
        ("STUB-OK-1", "any", ["CANCELLED", "ALREADY_CANCELLED"]),
        ("STUB-PICKED-UP-1", "any", ["PICKED_UP", "PICKED_UP"]),
        ("STUB-INVALID-1", "any", ["INVALID", "INVALID"]),
        ("STUB-UNSUPPORTED-1", "any", ["UNSUPPORTED", "UNSUPPORTED"]),
        ("STUB-NOT-FOUND-1", "any", ["NOT_FOUND", "NOT_FOUND"]),
        ("STUB-ERROR-1", "any", ["INTERNAL", "INTERNAL"]),
        ("STUB-SLOW-20-1", "any", ["CANCELLED", "ALREADY_CANCELLED"]),
        ("STUB-HANG-1", "any", ["DEADLINE_EXCEEDED", "ALREADY_CANCELLED"]),
        ("STUB-DROP-1", "any", ["UNAVAILABLE", "ALREADY_CANCELLED"]),
        ("STUB-FLAKY-1-1", "any", ["UNAVAILABLE", "CANCELLED"]),
        ("STUB-NEW-ENUM-1", "any", ["unknown", "unknown"]),
    ],
)
async def test_every_waybill_answers_over_the_wire_as_promised(
    client: Client, waybill: str, order: str, statuses: list[str]
) -> None:
    first = await client.cancel(waybill, order=order, id="r1", within_seconds=0.5)
    second = await client.cancel(waybill, order=order, id="r2", within_seconds=5)

    assert [first, second] == statuses


@pytest.mark.parametrize("credentials", [("xyz", "wrong"), ("nobody", "xyz123"), ("", "")])
async def test_wrong_credentials_find_nothing(client: Client, credentials: tuple[str, str]) -> None:
    biz_id, password = credentials
    request = METHOD.request_class(
        biz_id=biz_id, biz_password=password, waybill_id="STUB-OK-1", request_id="r1"
    )

    reply = await client.ask(METHOD, request)

    assert reply.status == 2
    assert [call.done for call in client.system.log] == [False]


async def test_a_slow_cancel_is_done_though_the_caller_hung_up(client: Client) -> None:
    gave_up = await client.cancel("STUB-SLOW-200-1", within_seconds=0.05)
    joined = await client.cancel("STUB-SLOW-200-1")

    assert (gave_up, joined) == ("DEADLINE_EXCEEDED", "CANCELLED")
    assert [(call.answer, call.done) for call in client.system.log] == [
        ("cancelled", True),
        ("cancelled", False),
    ]


async def test_hundreds_of_hanging_calls_keep_nobody_waiting(client: Client) -> None:
    hanging = [
        asyncio.create_task(client.cancel(f"STUB-HANG-{number}", within_seconds=60))
        for number in range(400)
    ]

    statuses = [await client.cancel(f"STUB-OK-{number}") for number in range(5)]

    assert statuses == ["CANCELLED"] * 5
    for call in hanging:
        call.cancel()
    await asyncio.gather(*hanging, return_exceptions=True)


async def test_a_lookup_says_how_the_waybill_stands(client: Client) -> None:
    method = MAPPING.lookup_method
    assert method is not None
    request = method.request_class(biz_id="xyz", waybill_id="STUB-OK-1", order_id="any")

    before = await client.ask(method, request)
    await client.cancel("STUB-OK-1")
    after = await client.ask(method, request)

    assert (before.state, after.state) == (1, 2)


async def test_the_carriers_own_words_come_along(client: Client) -> None:
    request = METHOD.request_class(
        biz_id="xyz", biz_password="xyz123", waybill_id="STUB-PICKED-UP-1"
    )

    reply = await client.ask(METHOD, request)

    assert reply.message == "the courier has the parcel"


def test_there_are_words_for_every_outcome_that_the_order_system_gives() -> None:
    assert {outcome.name for outcome in WORDS} == {
        "CANCELLED", "NOT_FOUND", "PICKED_UP", "INVALID", "ALREADY_CANCELLED", "UNSUPPORTED",
    }  # fmt: skip


async def test_health_says_serving_for_the_whole_and_for_the_service(client: Client) -> None:
    stub = health_pb2_grpc.HealthStub(client.channel)

    answers = [
        await stub.Check(health_pb2.HealthCheckRequest(service=name))
        for name in ("", "carrier.v1.WaybillService")
    ]

    assert [answer.status for answer in answers] == [1, 1]


async def test_reflection_hands_out_the_contract_and_health(client: Client) -> None:
    def reflect() -> tuple[list[str], list[str]]:
        with grpc.insecure_channel(f"127.0.0.1:{client.port}") as channel:
            database = ProtoReflectionDescriptorDatabase(channel)
            pool = DescriptorPool(database)
            service = pool.FindServiceByName("carrier.v1.WaybillService")
            pool.FindServiceByName("grpc.health.v1.Health")
            return list(database.get_services()), [method.name for method in service.methods]

    services, methods = await asyncio.to_thread(reflect)

    assert services == [
        "carrier.v1.WaybillService",
        "grpc.health.v1.Health",
        "grpc.reflection.v1alpha.ServerReflection",
    ]
    assert methods == ["CancelWaybill", "GetWaybill"]


async def test_a_port_that_is_taken_is_refused(client: Client) -> None:
    server = StubServer(contract=CONTRACT, mapping=MAPPING, system=client.system)

    with pytest.raises(CannotListen, match=f"127.0.0.1:{client.port}: Address already in use"):
        await server.start(host="127.0.0.1", port=client.port)


@pytest.mark.parametrize(
    ("waybill", "state"),
    [
        ("STUB-OK-1", 7),
        ("STUB-PICKED-UP-1", 8),
        ("STUB-INVALID-1", 9),
        ("STUB-UNSUPPORTED-1", 11),
    ],
)
async def test_it_speaks_a_contract_that_it_was_given(
    start: Start, old_contract: Contract, waybill: str, state: int
) -> None:
    mapping = Mapping.load(old_contract, OLD_MAPPING)
    client = await start(old_contract, mapping)
    request = mapping.method.request_class(waybill_no=waybill, order_no=12)
    request.header.trace_no = "r1"  # type: ignore[attr-defined]  # made from the descriptor

    reply = await client.ask(mapping.method, request)

    assert reply.result.state == state
    (call,) = client.system.log
    assert (call.order, call.request_id) == ("12", "r1")


async def test_an_outcome_without_a_status_is_said_by_failing_the_call(
    start: Start, old_contract: Contract
) -> None:
    mapping = Mapping.load(old_contract, OLD_MAPPING)
    client = await start(old_contract, mapping)

    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await client.ask(mapping.method, mapping.method.request_class(waybill_no="W1"))

    assert failed.value.code() is grpc.StatusCode.NOT_FOUND
    assert [call.answer for call in client.system.log] == ["not_found"]


async def test_an_address_of_another_machine_is_refused(client: Client) -> None:
    server = StubServer(contract=CONTRACT, mapping=MAPPING, system=client.system)

    with pytest.raises(CannotListen, match="Cannot assign requested address"):
        await server.start(host="192.0.2.1", port=0)


async def test_an_outcome_said_by_a_reason_comes_with_error_details(
    start: Start, old_contract: Contract
) -> None:
    by_reason = OLD_MAPPING.replace(
        b'NOT_FOUND = "not_found"', b'[grpc.reasons]\nNO_SUCH_ORDER = "not_found"'
    )
    mapping = Mapping.load(old_contract, by_reason)
    client = await start(old_contract, mapping)

    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await client.ask(mapping.method, mapping.method.request_class(waybill_no="W1"))

    details = dict(failed.value.trailing_metadata() or ())["grpc-status-details-bin"]
    assert b"NO_SUCH_ORDER" in bytes(details)
