"""The bench's carrier, asked by a real gRPC client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import grpc
import pytest

from bench import wire
from bench.stub import Connection


@pytest.fixture
async def channel() -> AsyncIterator[grpc.aio.Channel]:
    connections: list[Connection] = []

    def accepted() -> Connection:
        connections.append(Connection(wire.cancelled()))
        return connections[-1]

    server = await asyncio.get_running_loop().create_server(accepted, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield channel
        for connection in connections:
            connection.close()


async def test_every_order_of_the_bench_is_answered_cancelled(channel: grpc.aio.Channel) -> None:
    request_class, reply_class = wire.message_classes()
    cancel = channel.unary_unary(
        wire.METHOD,
        request_serializer=request_class.SerializeToString,
        response_deserializer=reply_class.FromString,
    )

    replies = await asyncio.gather(
        *(cancel(wire.request(f"STUB-OK-{nth}"), timeout=10) for nth in range(300))
    )

    assert {reply.SerializeToString() for reply in replies} == {wire.cancelled()}


async def test_what_is_no_order_is_not_implemented(channel: grpc.aio.Channel) -> None:
    watch: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(
        "/grpc.health.v1.Health/Watch"
    )

    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await watch(b"", timeout=10)

    assert refused.value.code() is grpc.StatusCode.UNIMPLEMENTED
