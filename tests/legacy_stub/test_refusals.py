"""A contract whose "no" is a failed call: the stub says it so, and its log keeps how."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import grpc
import pytest

from adapter.carrier.mapping.mapping import Mapping
from adapter.carrier.mapping.values import Outcome
from legacy_stub.calls import CallLog
from legacy_stub.order_system import Habits, OrderSystem
from legacy_stub.scenarios import Scenario
from legacy_stub.server import WORDS, StubServer, failure_text
from tests.legacy_stub.callers import BOOK, CONTRACT, MAPPING, METHOD

SHIPPED = Path("adapter/carrier/waybill_service.toml").read_text(encoding="utf-8")
SILENT = (
    SHIPPED.replace('PICKED_UP = "picked_up"', 'PICKED_UP = "failed"', 1)
    .replace('INVALID = "invalid"', 'INVALID = "failed"')
    .replace('NOT_FOUND = "not_found"', 'NOT_FOUND = "failed"', 1)
    .replace('WAYBILL_STATE_NOT_FOUND = "not_found"\n', "")
)
REFUSING = (
    SILENT
    + """
[lookup.grpc]
NOT_FOUND = "not_found"
[grpc]
NOT_FOUND = "not_found"
FAILED_PRECONDITION = "lookup"
[[grpc.texts]]
code = "UNKNOWN"
contains = ["已揽收"]
outcome = "picked_up"
"""
)


@pytest.mark.parametrize(
    ("waybill", "code", "text", "outcome"),
    [
        ("STUB-PICKED-UP-1", "UNKNOWN", "已揽收", "picked_up"),
        ("STUB-INVALID-1", "FAILED_PRECONDITION", WORDS[Outcome.INVALID], "invalid"),
        ("STUB-NOT-FOUND-1", "NOT_FOUND", WORDS[Outcome.NOT_FOUND], "not_found"),
    ],
)
async def test_an_outcome_without_a_status_is_a_failed_call_and_kept_in_the_log(
    waybill: str, code: str, text: str, outcome: str
) -> None:
    mapping = Mapping.load(CONTRACT, REFUSING.encode())
    says = partial(failure_text, mapping)
    habits = Habits(book=BOOK, scenario=Scenario(), failure_of=says)
    system = OrderSystem(habits, log=CallLog(), now=lambda: 7.0, chance=lambda: 0.0)
    server = StubServer(contract=CONTRACT, mapping=mapping, system=system)
    port = await server.start(host="127.0.0.1", port=0)
    request = METHOD.request_class(
        biz_id="xyz", biz_password="xyz123", waybill_id=waybill, order_id="O1", request_id="r1"
    )

    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await channel.unary_unary(
                METHOD.path, request_serializer=METHOD.request_class.SerializeToString
            )(request)
    await server.stop()

    error = failed.value
    assert (error.code().name, error.details()) == (code, text)
    (call,) = system.log
    assert (call.answer, call.failure, call.done) == (outcome, f"{code}: {text}", False)


async def test_a_fact_without_a_state_is_a_failed_lookup() -> None:
    mapping = Mapping.load(CONTRACT, REFUSING.encode())
    lookup = mapping.lookup_method
    assert lookup is not None
    habits = Habits(book=BOOK, scenario=Scenario())
    system = OrderSystem(habits, log=CallLog(), now=lambda: 7.0, chance=lambda: 0.0)
    server = StubServer(contract=CONTRACT, mapping=mapping, system=system)
    port = await server.start(host="127.0.0.1", port=0)
    request = lookup.request_class(biz_id="xyz", order_id="O1", waybill_id="SF000000009")

    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await channel.unary_unary(
                lookup.path, request_serializer=lookup.request_class.SerializeToString
            )(request)
    await server.stop()

    assert failed.value.code() is grpc.StatusCode.NOT_FOUND


def test_the_shipped_contract_says_everything_in_a_reply() -> None:
    assert {failure_text(MAPPING, outcome) for outcome in WORDS} == {""}
