from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc
import pytest
from google.protobuf.any_pb2 import Any as Packed
from google.rpc import error_details_pb2, status_pb2

from adapter.cancellation.model import Cancellation, CarrierAnswer, Entry, Fact, Outcome, State
from adapter.cancellation.ports import Carrier
from adapter.carrier.client import NOT_SENT, UNREADABLE, GrpcCarrier
from adapter.carrier.contract import Contract
from adapter.carrier.mapping import Mapping
from adapter.carrier.options import CarrierMisconfigured, CarrierOptions
from adapter.carrier.state import Breaker
from adapter.wechat.redact import Secret
from tests.carrier.playing import (
    Behaviour,
    Context,
    PlayedCarrier,
    fail,
    free_port,
    hang,
    playing,
    until,
)
from tests.carrier.playing import reply as replying

NOW = 1_700_000_000.0
CONTRACT = Contract.load()
MAPPING = Mapping.load(CONTRACT)
SHIPPED = Path("adapter/carrier/waybill_service.toml").read_text(encoding="utf-8")
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

IN_DOUBT = (
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.CANCELLED,
    grpc.StatusCode.UNKNOWN,
    grpc.StatusCode.INTERNAL,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
    grpc.StatusCode.ABORTED,
    grpc.StatusCode.DATA_LOSS,
)
REFUSED = (
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.ALREADY_EXISTS,
    grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.OUT_OF_RANGE,
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.PERMISSION_DENIED,
    grpc.StatusCode.UNAUTHENTICATED,
    grpc.StatusCode.UNIMPLEMENTED,
)


def cancelled() -> bytes:
    return MAPPING.write_reply(Outcome.CANCELLED).SerializeToString()


@asynccontextmanager
async def asking(
    *ports: int, mapping: Mapping = MAPPING, max_concurrent_calls: int = 8
) -> AsyncIterator[GrpcCarrier]:
    target = "ipv4:" + ",".join(f"127.0.0.1:{port}" for port in ports)
    options = CarrierOptions(target=target, max_concurrent_calls=max_concurrent_calls)
    client = await GrpcCarrier.open(options=options, mapping=mapping, now_unix=lambda: NOW)
    try:
        yield client
    finally:
        await client.close(within_seconds=0)


@pytest.fixture
async def carrier() -> AsyncIterator[PlayedCarrier]:
    async with playing(replying(cancelled())) as carrier:
        yield carrier


@pytest.fixture
async def client(carrier: PlayedCarrier) -> AsyncIterator[GrpcCarrier]:
    async with asking(carrier.port) as client:
        assert await client.ready(within_seconds=5)
        yield client


async def ask(client: Carrier, *, within_seconds: float = 5) -> CarrierAnswer:
    return await client.cancel(CANCELLATION, request_id="r-1", within_seconds=within_seconds)


async def test_the_carriers_word_is_the_answer(client: GrpcCarrier) -> None:
    assert (await ask(client)).outcome is Outcome.CANCELLED


async def test_the_request_carries_the_push_and_its_request_id(
    carrier: PlayedCarrier, client: GrpcCarrier
) -> None:
    await ask(client)

    (request,) = carrier.requests
    fields = MAPPING.read_request(MAPPING.method.request_class.FromString(request))
    assert (fields.request_id, fields.waybill_id) == ("r-1", "123456789")
    assert fields.biz_pwd == "canary-password"


def test_the_table_knows_every_code_that_grpc_has() -> None:
    assert {*IN_DOUBT, *REFUSED, grpc.StatusCode.OK} == set(grpc.StatusCode)


@pytest.mark.parametrize("code", IN_DOUBT)
async def test_a_code_that_may_follow_the_effect_leaves_doubt(
    carrier: PlayedCarrier, client: GrpcCarrier, code: grpc.StatusCode
) -> None:
    carrier.behaviour = fail(code, text="canary-details")

    answer = await ask(client)

    assert (answer.outcome, answer.status, answer.ask_again) == (Outcome.IN_DOUBT, code.name, True)
    assert "canary" not in repr(answer)
    assert len(carrier.requests) == 1


@pytest.mark.parametrize("code", REFUSED)
async def test_a_code_that_refuses_is_definite(
    carrier: PlayedCarrier, client: GrpcCarrier, code: grpc.StatusCode
) -> None:
    carrier.behaviour = fail(code, text="canary-details")

    answer = await ask(client)

    assert (answer.outcome, answer.status) == (Outcome.FAILED, code.name)
    assert "canary" not in repr(answer)


async def test_a_reason_in_the_details_is_read_by_the_mapping(carrier: PlayedCarrier) -> None:
    packed = Packed()
    packed.Pack(error_details_pb2.ErrorInfo(reason="ON_VAN", domain="dispatch"))
    details = status_pb2.Status(details=[packed]).SerializeToString()
    carrier.behaviour = fail(grpc.StatusCode.FAILED_PRECONDITION, details=details)
    table = SHIPPED + '\n[grpc.reasons]\n"dispatch/ON_VAN" = "picked_up"\n'
    mapping = Mapping.load(CONTRACT, table.encode())

    async with asking(carrier.port, mapping=mapping) as client:
        await client.ready(within_seconds=5)

        assert (await ask(client)).outcome is Outcome.PICKED_UP


async def test_a_reply_that_does_not_parse_leaves_doubt(
    carrier: PlayedCarrier, client: GrpcCarrier
) -> None:
    carrier.behaviour = replying(b"\xff\xff\xff\xff")

    assert await ask(client) == UNREADABLE

    assert client.state.last_failure == "UNREADABLE_REPLY"


async def test_an_oversized_reply_leaves_doubt(carrier: PlayedCarrier, client: GrpcCarrier) -> None:
    carrier.behaviour = replying(b"x" * 300_000)

    answer = await ask(client)

    assert (answer.outcome, answer.status) == (Outcome.IN_DOUBT, "RESOURCE_EXHAUSTED")


async def test_the_deadline_counts_from_the_start_and_leaves_doubt(
    carrier: PlayedCarrier, client: GrpcCarrier
) -> None:
    carrier.behaviour = hang
    started = asyncio.get_running_loop().time()

    answer = await ask(client, within_seconds=0.3)

    took = asyncio.get_running_loop().time() - started
    assert answer.status == "DEADLINE_EXCEEDED"
    assert 0.25 < took < 2


async def test_the_carrier_sees_the_deadline(carrier: PlayedCarrier, client: GrpcCarrier) -> None:
    seen: list[float | None] = []

    async def look(_request: bytes, context: Context) -> bytes:
        seen.append(context.time_remaining())
        return cancelled()

    carrier.behaviour = look
    await ask(client, within_seconds=12)

    (remaining,) = seen
    assert remaining is not None
    assert 10 < remaining < 12.5  # gRPC rounds a long timeout up on the wire


async def test_a_cancelled_waiter_gets_its_own_cancellation(
    carrier: PlayedCarrier, client: GrpcCarrier
) -> None:
    carrier.behaviour = hang
    waiting = asyncio.create_task(ask(client))
    await carrier.called.wait()

    waiting.cancel()

    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert client.state.in_flight == 0


def dies_after(effect: list[bytes]) -> Behaviour:
    async def act(request: bytes, context: Context) -> bytes:
        effect.append(request)
        await context.abort(grpc.StatusCode.UNAVAILABLE, "gone")
        raise AssertionError

    return act


async def test_a_cancel_that_took_effect_is_never_sent_again_by_grpc(
    carrier: PlayedCarrier, client: GrpcCarrier
) -> None:
    effects: list[bytes] = []
    carrier.behaviour = dies_after(effects)

    answers = [await ask(client) for _ in range(5)]

    assert len(effects) == 5
    assert {answer.status for answer in answers} == {"UNAVAILABLE"}


async def test_a_carrier_that_goes_away_mid_call_was_asked_once(
    carrier: PlayedCarrier, client: GrpcCarrier
) -> None:
    carrier.behaviour = hang
    calls = [asyncio.create_task(ask(client)) for _ in range(4)]
    await until(lambda: len(carrier.requests) == 4)

    await carrier.stop(0)
    await carrier.start()
    answers = await asyncio.gather(*calls)

    assert {answer.outcome for answer in answers} == {Outcome.IN_DOUBT}
    assert len(carrier.requests) == 4


async def test_a_dead_port_is_not_ready_and_nothing_is_sent() -> None:
    async with asking(free_port()) as client:
        assert not await client.ready(within_seconds=0.2)

        assert client.state.breaker in (Breaker.OPEN, Breaker.HALF_OPEN)


async def test_a_carrier_that_starts_late_is_asked_within_two_seconds() -> None:
    late = PlayedCarrier(behaviour=replying(cancelled()), port=free_port())
    async with asking(late.port) as client:
        assert not await client.ready(within_seconds=0.3)
        await late.start()

        assert await client.ready(within_seconds=2)

        assert (await ask(client)).outcome is Outcome.CANCELLED
    await late.stop()


async def test_of_two_carriers_one_may_die_and_only_its_calls_are_in_doubt() -> None:
    async with (
        playing(hang) as dying,
        playing(replying(cancelled())) as living,
        asking(dying.port, living.port) as client,
    ):
        await client.ready(within_seconds=5)
        calls: list[asyncio.Task[CarrierAnswer]] = []
        while len(dying.requests) < 2:
            calls.append(asyncio.create_task(ask(client)))
            await asyncio.sleep(0.02)

        await dying.stop(0)
        answers = await asyncio.gather(*calls)
        after = [await ask(client) for _ in range(20)]

        doubt = [answer for answer in answers if answer.outcome is Outcome.IN_DOUBT]
        assert len(doubt) == len(dying.requests) == 2
        assert {answer.outcome for answer in after} == {Outcome.CANCELLED}


async def test_beyond_the_limit_nothing_is_sent(carrier: PlayedCarrier) -> None:
    carrier.behaviour = hang
    async with asking(carrier.port, max_concurrent_calls=1) as client:
        await client.ready(within_seconds=5)
        first = asyncio.create_task(ask(client, within_seconds=1))
        await carrier.called.wait()

        assert not await client.ready(within_seconds=5)
        assert await ask(client, within_seconds=0.05) == NOT_SENT

        assert (client.state.in_flight, client.state.refused) == (1, 2)
        await first
        assert len(carrier.requests) == 1


async def test_a_closed_client_sends_nothing_and_cut_calls_are_in_doubt(
    carrier: PlayedCarrier, client: GrpcCarrier
) -> None:
    carrier.behaviour = hang
    call = asyncio.create_task(ask(client))
    await carrier.called.wait()

    await client.close(within_seconds=0.05)

    assert (await call).outcome is Outcome.IN_DOUBT
    assert not await client.ready(within_seconds=1)
    assert await ask(client) == NOT_SENT
    assert client.state.breaker is Breaker.OPEN


async def test_a_lookup_brings_a_fact(carrier: PlayedCarrier, client: GrpcCarrier) -> None:
    carrier.behaviour = replying(MAPPING.write_fact(Fact.PICKED_UP).SerializeToString())

    assert await client.lookup(ENTRY, within_seconds=5) is Fact.PICKED_UP


@pytest.mark.parametrize(
    "behaviour",
    [fail(grpc.StatusCode.UNAVAILABLE), replying(b"\xff\xff\xff"), replying(b"")],
    ids=["failed", "garbage", "unspecified"],
)
async def test_a_lookup_that_says_nothing_certain_is_no_fact(
    carrier: PlayedCarrier, client: GrpcCarrier, behaviour: Behaviour
) -> None:
    carrier.behaviour = behaviour

    assert await client.lookup(ENTRY, within_seconds=5) is None


async def test_without_a_mapped_lookup_nobody_is_asked(carrier: PlayedCarrier) -> None:
    mapping = Mapping.load(CONTRACT, SHIPPED[: SHIPPED.index("[lookup]")].encode())
    async with asking(carrier.port, mapping=mapping) as client:
        assert await client.lookup(ENTRY, within_seconds=5) is None

    assert carrier.requests == []


async def test_the_state_tells_what_happened(carrier: PlayedCarrier, client: GrpcCarrier) -> None:
    await ask(client)
    good = client.state
    carrier.behaviour = fail(grpc.StatusCode.ABORTED)
    await ask(client)

    assert (good.connectivity, good.breaker, good.fault) == ("READY", Breaker.CLOSED, "")
    assert (good.last_ok_at, good.last_failure_at, good.last_failure) == (NOW, 0.0, "")
    assert (client.state.last_failure, client.state.last_failure_at) == ("ABORTED", NOW)
    assert good.addresses == (f"127.0.0.1:{carrier.port}",)


async def test_an_unsafe_target_is_never_opened() -> None:
    with pytest.raises(CarrierMisconfigured, match="is not loopback"):
        await GrpcCarrier.open(options=CarrierOptions(target="dispatch:1"), mapping=MAPPING)
