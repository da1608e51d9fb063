from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace

import grpc
import grpc.aio
import pytest

from adapter.carrier.channel.channel import (
    WHATEVER_HEALTH,
    Channel,
    arguments,
    open_channel,
    refuse_lame,
    service_config,
)
from adapter.carrier.channel.credentials import Credentials
from adapter.carrier.channel.options import CarrierMisconfigured
from tests import defaults
from tests.carrier.certificates import Authority
from tests.carrier.misbehaving_carriers import METHOD, PlayedCarrier, fail, hang, playing, reply
from tests.ports import free_port


def link_to(port: int) -> Channel:
    channel = open_channel(replace(defaults.CARRIER, target=f"127.0.0.1:{port}"), Credentials())
    return Channel(channel, methods=(METHOD,))


@pytest.fixture
async def carrier() -> AsyncIterator[PlayedCarrier]:
    async with playing() as carrier:
        yield carrier


@pytest.fixture
async def link(carrier: PlayedCarrier) -> AsyncIterator[Channel]:
    link = link_to(carrier.port)
    assert await link.ready(within_seconds=5)
    yield link
    await link.close(within_seconds=0)


async def test_a_call_brings_the_replys_bytes(link: Channel) -> None:
    assert await link.call(METHOD, b"abc", within_seconds=5, metadata=()) == b"abc"


async def test_a_ready_link_says_so_without_a_task_switch(link: Channel) -> None:
    switched = asyncio.create_task(asyncio.sleep(0))

    assert await link.ready(within_seconds=5)

    assert not switched.done()
    await switched


async def test_a_dead_port_is_not_ready_within_its_time() -> None:
    link = link_to(free_port())
    started = asyncio.get_running_loop().time()

    assert not await link.ready(within_seconds=0.2)

    assert asyncio.get_running_loop().time() - started < 1
    await link.close(within_seconds=0)


async def test_what_has_been_away_for_that_long_already_is_not_waited_for() -> None:
    link = link_to(free_port())
    await link.ready(within_seconds=0.2)
    started = asyncio.get_running_loop().time()

    is_ready = await link.ready(within_seconds=0.2)

    assert not is_ready
    assert asyncio.get_running_loop().time() - started < 0.1
    await link.close(within_seconds=0)


async def test_a_carrier_that_says_it_is_unwell_is_not_asked(
    carrier: PlayedCarrier, link: Channel
) -> None:
    await carrier.say("NOT_SERVING")
    await link.lost()

    assert not await link.ready(within_seconds=0.1)

    await carrier.say("SERVING")
    assert await link.ready(within_seconds=5)


async def test_a_restarted_carrier_is_found_again(carrier: PlayedCarrier, link: Channel) -> None:
    await carrier.stop()
    await link.lost()
    assert not await link.ready(within_seconds=0.5)

    await carrier.start()

    assert await link.ready(within_seconds=2)


async def test_silence_lasts_from_a_call_until_something_is_heard(
    carrier: PlayedCarrier, link: Channel
) -> None:
    carrier.behaviour = hang
    assert link.silent_seconds() == 0

    with pytest.raises(grpc.aio.AioRpcError, match="DEADLINE_EXCEEDED"):
        await link.call(METHOD, b"", within_seconds=0.05, metadata=())

    assert link.silent_seconds() > 0.04
    carrier.behaviour = fail(grpc.StatusCode.ABORTED)
    with pytest.raises(grpc.aio.AioRpcError, match="ABORTED"):
        await link.call(METHOD, b"", within_seconds=5, metadata=())
    assert link.silent_seconds() == 0


async def test_closing_waits_for_the_calls_in_flight(carrier: PlayedCarrier) -> None:
    let_go = asyncio.Event()

    async def held(request: bytes, _context: object) -> bytes:
        await let_go.wait()
        return request

    carrier.behaviour = held
    link = link_to(carrier.port)
    call = asyncio.create_task(link.call(METHOD, b"abc", within_seconds=5, metadata=()))
    await carrier.called.wait()
    closing = asyncio.create_task(link.close(within_seconds=5))
    let_go.set()

    assert await closing
    assert await call == b"abc"


async def test_closing_cuts_what_does_not_end_in_time(carrier: PlayedCarrier) -> None:
    carrier.behaviour = hang
    link = link_to(carrier.port)
    call = asyncio.create_task(link.call(METHOD, b"", within_seconds=5, metadata=()))
    await carrier.called.wait()

    assert not await link.close(within_seconds=0.05)

    with pytest.raises((grpc.aio.AioRpcError, asyncio.CancelledError)):
        await call


OPTIONS = replace(defaults.CARRIER, target="127.0.0.1:1")

MEASURED = {
    "grpc.enable_retries": 0,
    "grpc.service_config_disable_resolution": 1,
    "grpc.keepalive_time_ms": 300_000,
    "grpc.keepalive_timeout_ms": 3_000,
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 1_000,
    "grpc.use_local_subchannel_pool": 1,
    "grpc.dns_min_time_between_resolutions_ms": 1_000,
    "grpc.max_receive_message_length": 262_144,
}


def test_the_measured_options_are_the_channels() -> None:
    assert MEASURED.items() <= dict(arguments(OPTIONS)).items()


def test_grpc_is_told_of_no_retry_of_its_own() -> None:
    config = service_config(OPTIONS)

    assert "retryPolicy" not in config
    assert "hedgingPolicy" not in config


def test_addresses_are_balanced_by_health() -> None:
    config = json.loads(
        service_config(replace(defaults.CARRIER, target="x:1", health_service="dispatch"))
    )

    (balancing,) = config["loadBalancingConfig"]
    assert balancing["outlier_detection_experimental"]["childPolicy"] == [{"round_robin": {}}]
    assert config["healthCheckConfig"] == {"serviceName": "dispatch"}


async def test_the_service_config_is_one_that_grpc_takes() -> None:
    channel = open_channel(OPTIONS, Credentials())

    assert channel.get_state() is grpc.ChannelConnectivity.IDLE
    await channel.close()


@pytest.mark.parametrize("config", ["{", "[]", '{"loadBalancingConfig":[{"nope":{}}]}'])
async def test_a_service_config_that_grpc_does_not_take_is_refused_at_once(config: str) -> None:
    channel = grpc.aio.insecure_channel("127.0.0.1:1", options=[("grpc.service_config", config)])

    with pytest.raises(CarrierMisconfigured, match="refuses the target"):
        refuse_lame(channel, "127.0.0.1:1")

    await channel.close()


async def test_a_target_that_grpc_cannot_read_is_refused_at_once() -> None:
    with pytest.raises(CarrierMisconfigured, match="refuses the target"):
        open_channel(replace(defaults.CARRIER, target="ipv4:not-an-address:1"), Credentials())


async def test_a_reply_over_the_limit_never_comes_in() -> None:
    async with playing(reply(b"x" * 300_000)) as carrier:
        channel = open_channel(
            replace(defaults.CARRIER, target=f"127.0.0.1:{carrier.port}"), Credentials()
        )
        call: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(METHOD)

        with pytest.raises(grpc.aio.AioRpcError) as error:
            await call(b"", timeout=5)

        assert error.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        await channel.close()


async def test_a_connection_attempt_has_longer_than_the_shortest_backoff() -> None:
    # In gRPC core `min_reconnect_backoff_ms` bounds the attempt itself: 100 would end every
    # TLS handshake over a slow road.
    assert dict(arguments(OPTIONS))["grpc.min_reconnect_backoff_ms"] == 2_000


async def burst(channel: grpc.aio.Channel, calls: int) -> list[grpc.StatusCode]:
    call: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(METHOD)
    codes = []
    for _ in range(calls):
        try:
            await call(b"", timeout=5)
        except grpc.aio.AioRpcError as error:
            codes.append(error.code())
        else:
            codes.append(grpc.StatusCode.OK)
    return codes


async def test_of_two_addresses_the_one_that_fails_its_calls_is_left_out() -> None:
    async with playing(fail(grpc.StatusCode.INTERNAL)) as broken, playing() as sound:
        target = f"ipv4:127.0.0.1:{broken.port},127.0.0.1:{sound.port}"
        channel = open_channel(replace(defaults.CARRIER, target=target), Credentials())
        await channel.channel_ready()
        await asyncio.sleep(0.2)  # until both have connected

        before = await burst(channel, 80)
        async with asyncio.timeout(5):
            while grpc.StatusCode.INTERNAL in (after := await burst(channel, 40)):
                pass

        assert grpc.StatusCode.INTERNAL in before
        assert set(after) == {grpc.StatusCode.OK}
        await channel.close()


async def test_a_lone_address_is_asked_however_often_it_fails() -> None:
    async with playing(fail(grpc.StatusCode.NOT_FOUND)) as carrier:
        options = replace(defaults.CARRIER, target=f"127.0.0.1:{carrier.port}")
        channel = open_channel(options, Credentials())
        await burst(channel, 60)
        await asyncio.sleep(1.2)  # gRPC counts once a second

        assert set(await burst(channel, 20)) == {grpc.StatusCode.NOT_FOUND}
        assert len(carrier.requests) == 80
        await channel.close()


async def test_a_channel_that_only_looks_is_ready_at_an_unwell_server() -> None:
    async with playing() as carrier:
        await carrier.say("NOT_SERVING")
        options = replace(defaults.CARRIER, target=f"127.0.0.1:{carrier.port}")
        channel = open_channel(options, Credentials(), more=WHATEVER_HEALTH)

        assert await burst(channel, 1) == [grpc.StatusCode.OK]

        await channel.close()


async def test_a_secure_channel_proves_the_carrier_by_the_name_it_is_told() -> None:
    authority = Authority()
    pair = authority.issue(names=("dispatch.internal",))
    server = grpc.ssl_server_credentials([(pair.key, pair.cert)])
    known = Credentials(ca=authority.cert)
    async with playing(credentials=server) as carrier:
        named, unnamed = (
            open_channel(
                replace(defaults.CARRIER, target=f"localhost:{carrier.port}", tls=tls), known
            )
            for tls in (replace(defaults.TLS, server_name="dispatch.internal"), defaults.TLS)
        )

        assert await burst(named, 1) == [grpc.StatusCode.OK]
        assert await burst(unnamed, 1) == [grpc.StatusCode.UNAVAILABLE]

        for channel in (named, unnamed):
            await channel.close()


async def test_a_secure_channel_shows_the_certificate_of_the_client() -> None:
    authority = Authority()
    pair, client = authority.issue(), authority.issue("client")
    server = grpc.ssl_server_credentials(
        [(pair.key, pair.cert)], root_certificates=authority.cert, require_client_auth=True
    )
    known = Credentials(ca=authority.cert, cert=client.cert, key=client.key)
    async with playing(credentials=server) as carrier:
        options = replace(defaults.CARRIER, target=f"localhost:{carrier.port}", tls=defaults.TLS)
        channel = open_channel(options, known)

        assert await burst(channel, 1) == [grpc.StatusCode.OK]

        await channel.close()
