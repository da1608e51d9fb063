"""Servers that a probe may find: with or without health, reflection, TLS, and sense."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import grpc
import grpc.aio
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from adapter.carrier.channel.health_watch import WATCH_METHOD
from adapter.carrier.contract.contract import Contract
from tests.carrier.misbehaving_carriers import Behaviour

CONTRACT = Contract.load()
SERVICE = "carrier.v1.WaybillService"


@asynccontextmanager
async def serving(
    *,
    status: int | None = health_pb2.HealthCheckResponse.SERVING,
    shown: Contract | None = CONTRACT,
    credentials: grpc.ServerCredentials | None = None,
    others: tuple[grpc.GenericRpcHandler, ...] = (),
    at: str = "127.0.0.1:0",
) -> AsyncIterator[int]:
    server = grpc.aio.server()
    server.add_generic_rpc_handlers(others)
    if status is not None:
        servicer = health.aio.HealthServicer()
        await servicer.set("", status)
        health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    if shown is not None:
        reflection.enable_server_reflection(
            [SERVICE, reflection.SERVICE_NAME], server, pool=shown.pool
        )
    if credentials is None:
        port = server.add_insecure_port(at)
    else:
        port = server.add_secure_port(at, credentials)
    await server.start()
    try:
        yield port
    finally:
        await server.stop(0)


def drifted() -> Contract:
    files = FileDescriptorSet.FromString(CONTRACT.descriptors)
    for file in files.file:
        for message in file.message_type:
            for one in message.field:
                if (message.name, one.name) == ("CancelWaybillRequest", "waybill_id"):
                    one.number = 50
    return Contract.load(bytes(files.SerializeToString()))


class Answering(grpc.GenericRpcHandler):
    """Takes the calls of one method and answers them as it was told."""

    def __init__(self, method: str, behaviour: Behaviour) -> None:
        self._method = method
        self._behaviour = behaviour

    def service(
        self, call_details: grpc.HandlerCallDetails
    ) -> grpc.RpcMethodHandler[bytes, bytes] | None:
        if call_details.method != self._method:
            return None
        if self._method == WATCH_METHOD:
            return grpc.unary_stream_rpc_method_handler(self._stream)
        return grpc.unary_unary_rpc_method_handler(self._behaviour)

    async def _stream(
        self, request: bytes, context: grpc.aio.ServicerContext[bytes, bytes]
    ) -> AsyncIterator[bytes]:
        yield await self._behaviour(request, context)
        await asyncio.Event().wait()


def health_answering(behaviour: Behaviour) -> AbstractAsyncContextManager[int]:
    return serving(status=None, others=(Answering(WATCH_METHOD, behaviour),))
