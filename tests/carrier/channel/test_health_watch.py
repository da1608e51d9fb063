"""Our own watch of the health service, by a client with a token, against real servers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import grpc
import grpc.aio
import pytest
from grpc_health.v1 import health_pb2

from adapter.carrier.channel.channel import service_config, watched_by_us
from adapter.carrier.channel.client import GrpcCarrier
from adapter.carrier.channel.health_watch import WATCH_METHOD
from adapter.carrier.channel.options import CarrierOptions
from tests import defaults
from tests.carrier.misbehaving_carriers import until
from tests.carrier.shipped_client import CANCELLATION, MAPPING, cancelled

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
Context = grpc.aio.ServicerContext[bytes, bytes]


@dataclass(kw_only=True)
class Watched(grpc.GenericRpcHandler):
    """A carrier whose health Watch says `word`: a status, bytes, a code to fail with or None to
    say nothing; a change is told on open streams. It keeps what came as authorization."""

    word: int | bytes | grpc.StatusCode | None = SERVING
    ends: bool = False
    watched_with: list[object] = field(default_factory=list)
    called_with: list[list[object]] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    server: grpc.aio.Server | None = None
    port: int = 0

    def service(self, call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[bytes, bytes]:
        if call_details.method == WATCH_METHOD:
            return grpc.unary_stream_rpc_method_handler(self._watch)
        return grpc.unary_unary_rpc_method_handler(self._cancel)

    def say(self, word: int | bytes | grpc.StatusCode | None) -> None:
        self.word = word
        self.changed.set()
        self.changed = asyncio.Event()

    async def start(self) -> None:
        self.server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
        self.server.add_generic_rpc_handlers((self,))
        self.port = self.server.add_insecure_port(f"127.0.0.1:{self.port}")
        await self.server.start()

    async def stop(self) -> None:
        if self.server is not None:
            await self.server.stop(0)

    async def _watch(self, _request: bytes, context: Context) -> AsyncIterator[bytes]:
        sent = dict(context.invocation_metadata() or ())
        self.watched_with.append(sent.get("authorization"))
        while True:
            changed = self.changed
            if isinstance(self.word, grpc.StatusCode):
                await context.abort(self.word, "no")
            if isinstance(self.word, bytes):
                yield self.word
            elif self.word is not None:
                yield health_pb2.HealthCheckResponse(status=self.word).SerializeToString()
            if self.ends:
                return
            await changed.wait()

    async def _cancel(self, _request: bytes, context: Context) -> bytes:
        sent = context.invocation_metadata() or ()
        self.called_with.append([value for key, value in sent if key == "authorization"])
        return cancelled()


@asynccontextmanager
async def watched(
    word: int | bytes | grpc.StatusCode | None = SERVING, *, ends: bool = False
) -> AsyncIterator[Watched]:
    carrier = Watched(word=word, ends=ends)
    await carrier.start()
    try:
        yield carrier
    finally:
        await carrier.stop()


@pytest.fixture
def options(tmp_path: Path) -> CarrierOptions:
    token = tmp_path / "token"
    token.write_text("t0ken")
    return replace(defaults.CARRIER, token_file=token, reload_seconds=0.05)


@asynccontextmanager
async def asking(options: CarrierOptions, *carriers: Watched) -> AsyncIterator[GrpcCarrier]:
    target = "ipv4:" + ",".join(f"127.0.0.1:{carrier.port}" for carrier in carriers)
    client = await GrpcCarrier.open(options=replace(options, target=target), mapping=MAPPING)
    try:
        yield client
    finally:
        await client.close(within_seconds=0)


async def test_the_token_goes_with_the_watch_and_once_with_every_call(
    options: CarrierOptions,
) -> None:
    async with watched() as carrier, asking(options, carrier) as client:
        assert await client.ready(within_seconds=5)
        await client.cancel(CANCELLATION, request_id="1", within_seconds=5)

    assert carrier.watched_with == ["Bearer t0ken"]
    assert carrier.called_with == [["Bearer t0ken"]]


def test_only_a_token_makes_the_watch_ours(options: CarrierOptions) -> None:
    bare, off = replace(options, token_file=None), replace(options, watch_health=False)

    assert [watched_by_us(one) for one in (options, bare, off)] == ["", None, None]
    by_grpc = ["healthCheckConfig" in service_config(one) for one in (options, bare, off)]
    assert by_grpc == [False, True, False]


async def test_without_a_health_service_a_connection_is_enough(options: CarrierOptions) -> None:
    async with (
        watched(grpc.StatusCode.UNIMPLEMENTED) as carrier,
        asking(options, carrier) as client,
    ):
        assert await client.ready(within_seconds=5)


@pytest.mark.parametrize(
    "word",
    [NOT_SERVING, grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.NOT_FOUND, b"\xff\xff", None],
)
async def test_whatever_is_not_serving_is_not_asked_until_it_is(
    options: CarrierOptions, word: int | bytes | grpc.StatusCode | None
) -> None:
    async with watched(word) as carrier, asking(options, carrier) as client:
        is_ready = await client.ready(within_seconds=0.5)
        state = client.state.connectivity
        carrier.say(SERVING)
        await until(lambda: client.is_connected)

    assert not is_ready
    assert state == ("CONNECTING" if word is None else "TRANSIENT_FAILURE")


async def test_a_stream_that_only_ends_is_a_refusal(options: CarrierOptions) -> None:
    async with watched(NOT_SERVING, ends=True) as carrier, asking(options, carrier) as client:
        await until(lambda: client.state.connectivity == "TRANSIENT_FAILURE")


async def test_a_carrier_that_turns_unwell_is_lost_and_found_again(
    options: CarrierOptions,
) -> None:
    async with watched() as carrier, asking(options, carrier) as client:
        assert await client.ready(within_seconds=5)
        carrier.say(NOT_SERVING)
        await until(lambda: not client.is_connected)
        carrier.say(SERVING)
        await until(lambda: client.is_connected)


async def test_one_address_that_serves_is_enough(options: CarrierOptions) -> None:
    async with (
        watched(NOT_SERVING) as unwell,
        watched() as well,
        asking(options, unwell, well) as client,
    ):
        await until(lambda: client.is_connected)
        well.say(NOT_SERVING)
        await until(lambda: not client.is_connected)
        unwell.say(SERVING)
        await until(lambda: client.is_connected)


async def test_a_restarted_carrier_is_watched_again(options: CarrierOptions) -> None:
    async with watched() as carrier, asking(options, carrier) as client:
        assert await client.ready(within_seconds=5)
        await carrier.stop()
        await until(lambda: not client.is_connected)
        carrier.word = grpc.StatusCode.UNIMPLEMENTED
        await carrier.start()
        await until(lambda: client.is_connected)
        await carrier.stop()
        carrier.word = SERVING
        await carrier.start()
        await until(lambda: client.is_connected)


async def test_a_new_token_is_watched_with(options: CarrierOptions) -> None:
    async with (
        watched(grpc.StatusCode.UNAUTHENTICATED) as carrier,
        asking(options, carrier) as client,
    ):
        await until(lambda: bool(carrier.watched_with))
        assert options.token_file is not None
        options.token_file.write_text("newer")
        await until(lambda: carrier.watched_with[-1] == "Bearer newer")
        carrier.say(SERVING)
        await until(lambda: client.is_connected)


async def test_an_unclear_failure_is_asked_for_once_more(options: CarrierOptions) -> None:
    async with watched(grpc.StatusCode.UNKNOWN) as carrier, asking(options, carrier) as client:
        await until(lambda: client.state.connectivity == "TRANSIENT_FAILURE")
        asked = len(carrier.watched_with)

    assert asked >= 2
