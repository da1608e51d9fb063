"""Carriers for the table of set-ups: each combination of token, health service and TLS, on real
ports in this process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import grpc
import grpc.aio
from grpc_health.v1 import health_pb2

from adapter.carrier.channel.health_watch import WATCH_METHOD
from tests.carrier.certificates import Pair
from tests.carrier.misbehaving_carriers import METHOD

CANCELLED_REPLY = b"\x08\x01"  # CancelWaybillResponse{status: CANCELLED}
TOKEN = "canary-t0ken"
SERVICE = METHOD.split("/")[1]

if TYPE_CHECKING:
    Context = grpc.aio.ServicerContext[bytes, bytes]
    Method = grpc.RpcMethodHandler[bytes, bytes]
Watch = Callable[[bytes, "Context"], AsyncIterator[bytes]]


def says(*statuses: int, ends: bool = False, raw: bytes | None = None) -> Watch:
    """A health service that says this to everybody, and then waits or ends."""

    async def watch(_request: bytes, _context: Context) -> AsyncIterator[bytes]:
        for status in statuses:
            yield health_pb2.HealthCheckResponse(status=status).SerializeToString()
        if raw is not None:
            yield raw
        if not ends:
            await asyncio.Event().wait()

    return watch


def refuses(code: grpc.StatusCode) -> Watch:
    async def watch(_request: bytes, context: Context) -> AsyncIterator[bytes]:
        if code is not grpc.StatusCode.OK:
            await context.abort(code, "no")
        yield b""

    return watch


def knows(
    name: str, *, otherwise: int | None = health_pb2.HealthCheckResponse.SERVICE_UNKNOWN
) -> Watch:
    """A health service that knows one name; other names get a status, or NOT_FOUND."""

    async def watch(request: bytes, context: Context) -> AsyncIterator[bytes]:
        status: int | None = health_pb2.HealthCheckResponse.SERVING
        if health_pb2.HealthCheckRequest.FromString(request).service != name:
            status = otherwise
        if status is None:
            await context.abort(grpc.StatusCode.NOT_FOUND, "unknown service")
        yield health_pb2.HealthCheckResponse(status=status).SerializeToString()
        await asyncio.Event().wait()

    return watch


SERVING = says(health_pb2.HealthCheckResponse.SERVING)
NOT_SERVING = says(health_pb2.HealthCheckResponse.NOT_SERVING)
SILENT = says()
ENDS = says(ends=True)
GARBAGE = says(raw=b"\xff\xff")


@dataclass(kw_only=True)
class SetUpCarrier(grpc.GenericRpcHandler):
    """Cancels everything. `wants_token`: whole services that want it: "all", "calls" or none."""

    health: Watch | None = None
    wants_token: str = ""
    calls: int = 0
    authorizations: list[tuple[str, ...]] = field(default_factory=list)

    def service(self, call_details: grpc.HandlerCallDetails) -> Method | None:
        method = call_details.method
        sent = tuple(
            str(value)
            for key, value in call_details.invocation_metadata or ()
            if key == "authorization"
        )
        self.authorizations.append(sent)
        is_ours = not method.startswith("/grpc.")
        guarded = self.wants_token == "all" or (self.wants_token == "calls" and is_ours)
        if guarded and sent != (f"Bearer {TOKEN}",):
            return _refused(streams=method == WATCH_METHOD)
        if method == WATCH_METHOD and self.health is not None:
            return grpc.unary_stream_rpc_method_handler(self.health)
        if method == METHOD:
            return grpc.unary_unary_rpc_method_handler(self._cancel)
        return None

    async def _cancel(self, _request: bytes, _context: Context) -> bytes:
        self.calls += 1
        return CANCELLED_REPLY


def _refused(*, streams: bool) -> Method:
    async def one(_request: bytes, context: Context) -> bytes:
        await context.abort(grpc.StatusCode.UNAUTHENTICATED, "who are you?")
        raise AssertionError

    if streams:
        return grpc.unary_stream_rpc_method_handler(refuses(grpc.StatusCode.UNAUTHENTICATED))
    return grpc.unary_unary_rpc_method_handler(one)


Server = Callable[[], AbstractAsyncContextManager[int]]


def carrier(
    health: Watch | None = None,
    *,
    wants_token: str = "",
    pair: Pair | None = None,
    clients: bytes | None = None,
) -> Server:
    """Return what runs such a carrier; the value is its port."""

    @asynccontextmanager
    async def serve() -> AsyncIterator[int]:
        server = grpc.aio.server()
        server.add_generic_rpc_handlers((SetUpCarrier(health=health, wants_token=wants_token),))
        if pair is None:
            port = server.add_insecure_port("127.0.0.1:0")
        else:
            secured = grpc.ssl_server_credentials(
                [(pair.key, pair.cert)],
                root_certificates=clients,
                require_client_auth=clients is not None,
            )
            port = server.add_secure_port("127.0.0.1:0", secured)
        await server.start()
        try:
            yield port
        finally:
            await server.stop(0)

    return serve
