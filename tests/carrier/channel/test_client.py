from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import grpc
import pytest
from google.protobuf.any_pb2 import Any as Packed
from google.rpc import error_details_pb2, status_pb2

from adapter.cancellation.model import Doubt, Fact, Outcome
from adapter.carrier.channel.client import NOT_SENT, UNREADABLE, CallLimit, GrpcCarrier
from adapter.carrier.channel.options import CarrierMisconfigured
from adapter.carrier.channel.state import Breaker
from adapter.carrier.mapping.mapping import Mapping
from tests import defaults
from tests.carrier.dispatch_contract import dispatch_mapping
from tests.carrier.grpc_codes import IN_DOUBT, REFUSED
from tests.carrier.misbehaving_carriers import (
    Behaviour,
    Context,
    PlayedCarrier,
    fail,
    hang,
    playing,
)
from tests.carrier.misbehaving_carriers import reply as replying
from tests.carrier.shipped_client import CONTRACT, ENTRY, MAPPING, NOW, ask, asking, cancelled

SHIPPED = Path("adapter/carrier/waybill_service.toml").read_text(encoding="utf-8")
DISPATCH = dispatch_mapping()  # here: compiling a contract would block a test's loop


@pytest.fixture
async def carrier() -> AsyncIterator[PlayedCarrier]:
    async with playing(replying(cancelled())) as carrier:
        yield carrier


@pytest.fixture
async def client(carrier: PlayedCarrier) -> AsyncIterator[GrpcCarrier]:
    async with asking(carrier.port) as client:
        assert await client.ready(within_seconds=5)
        yield client


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

    assert (answer.outcome, answer.status) == (Outcome.IN_DOUBT, code.name)
    lost = code.name in ("UNAVAILABLE", "CANCELLED", "DEADLINE_EXCEEDED")
    assert answer.doubt is (Doubt.LOST_CONNECTION if lost else Doubt.SERVER_WORD)
    assert answer.text == "canary-details"
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


async def test_an_oversized_reply_leaves_doubt_and_names_the_limit(
    carrier: PlayedCarrier, client: GrpcCarrier
) -> None:
    carrier.behaviour = replying(b"x" * 300_000)

    answer = await ask(client)

    assert (answer.outcome, answer.doubt) == (Outcome.IN_DOUBT, Doubt.UNREADABLE_REPLY)
    assert answer.text == (
        "the reply is larger than 262144 bytes: raise receive_limit_bytes in [carrier]"
    )


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
    with pytest.raises(CarrierMisconfigured, match="leaves this machine"):
        await GrpcCarrier.open(
            options=replace(defaults.CARRIER, target="dispatch:1"), mapping=MAPPING
        )


async def test_a_password_that_the_carrier_echoes_is_masked_in_its_words(
    carrier: PlayedCarrier, client: GrpcCarrier
) -> None:
    echo = MAPPING.write_reply(Outcome.INVALID, "no order for canary-password, canary-password")
    carrier.behaviour = replying(echo.SerializeToString())

    answer = await ask(client)

    assert answer.outcome is Outcome.INVALID
    assert answer.message == "no order for ***, ***"


async def test_words_without_the_password_are_left_as_they_are(
    carrier: PlayedCarrier, client: GrpcCarrier
) -> None:
    said = MAPPING.write_reply(Outcome.INVALID, "signed for").SerializeToString()
    carrier.behaviour = replying(said)

    assert (await ask(client)).message == "signed for"


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


async def test_a_push_that_the_contract_cannot_hold_is_not_found_and_asks_nobody(
    carrier: PlayedCarrier,
) -> None:
    async with asking(carrier.port, mapping=DISPATCH) as client:
        answer = await ask(client)  # its OrderID is no number of 64 bits
        fact = await client.lookup(replace(ENTRY, waybill_id="SF1"), within_seconds=5)

    assert (answer.outcome, answer.status) == (Outcome.NOT_FOUND, "UNFIT")
    assert fact is None
    assert carrier.requests == []


async def test_a_lookup_beyond_the_limit_says_nothing(carrier: PlayedCarrier) -> None:
    carrier.behaviour = hang
    async with asking(carrier.port, max_concurrent_calls=1) as client:
        await client.ready(within_seconds=5)
        first = asyncio.create_task(ask(client, within_seconds=1))
        await carrier.called.wait()

        assert await client.lookup(ENTRY, within_seconds=0.05) is None

        await first
        assert len(carrier.requests) == 1


async def test_a_full_house_refuses_and_counts_it() -> None:
    places = CallLimit(1)
    assert places.has_free()

    assert await places.take(within_seconds=1)

    assert not places.has_free()
    assert (places.taken, places.refused) == (1, 1)


async def test_who_gets_no_place_in_time_is_turned_away() -> None:
    places = CallLimit(1)
    await places.take(within_seconds=1)

    assert not await places.take(within_seconds=0.01)

    assert (places.taken, places.refused) == (1, 1)


async def test_a_place_given_back_goes_to_whoever_waits() -> None:
    places = CallLimit(1)
    await places.take(within_seconds=1)
    waiting = asyncio.create_task(places.take(within_seconds=5))
    await asyncio.sleep(0)

    places.give_back()

    assert await waiting
    assert (places.taken, places.refused) == (1, 0)


async def test_a_free_place_is_taken_without_a_task_switch() -> None:
    switched = asyncio.create_task(asyncio.sleep(0))

    await CallLimit(1).take(within_seconds=1)

    assert not switched.done()
    await switched
