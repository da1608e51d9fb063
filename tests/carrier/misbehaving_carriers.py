"""Carriers on real ports that misbehave on purpose, and a TCP proxy that swallows bytes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import grpc
import grpc.aio
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

METHOD = "/carrier.v1.WaybillService/CancelWaybill"
LOOKUP = "/carrier.v1.WaybillService/GetWaybill"

Context = grpc.aio.ServicerContext[bytes, bytes]
Behaviour = Callable[[bytes, Context], Awaitable[bytes]]


async def echo(request: bytes, _context: Context) -> bytes:
    return request


async def hang(_request: bytes, _context: Context) -> bytes:
    await asyncio.Event().wait()
    return b""


def reply(content: bytes) -> Behaviour:
    async def answer(_request: bytes, _context: Context) -> bytes:
        return content

    return answer


def fail(code: grpc.StatusCode, *, text: str = "", details: bytes = b"") -> Behaviour:
    async def answer(_request: bytes, context: Context) -> bytes:
        trailers = (("grpc-status-details-bin", details),) if details else ()
        await context.abort(code, text, trailing_metadata=trailers)
        raise AssertionError

    return answer


@dataclass(slots=True)
class PlayedCarrier(grpc.GenericRpcHandler):
    """A server whose behaviour can be exchanged while it runs; it remembers every request.

    `lookup` answers lookups where it is given, which are then not among `requests`.
    """

    behaviour: Behaviour = echo
    lookup: Behaviour | None = None
    host: str = "127.0.0.1"
    port: int = 0
    requests: list[bytes] = field(default_factory=list)
    metadata: list[dict[str, str | bytes]] = field(default_factory=list)
    called: asyncio.Event = field(default_factory=asyncio.Event)
    health: health.aio.HealthServicer = field(default_factory=health.aio.HealthServicer)
    server: grpc.aio.Server | None = None

    def service(
        self, call_details: grpc.HandlerCallDetails
    ) -> grpc.RpcMethodHandler[bytes, bytes] | None:
        if call_details.method not in (METHOD, LOOKUP):
            return None
        if call_details.method == LOOKUP and self.lookup is not None:
            return grpc.unary_unary_rpc_method_handler(self.lookup)
        return grpc.unary_unary_rpc_method_handler(self._answer)

    async def _answer(self, request: bytes, context: Context) -> bytes:
        self.requests.append(request)
        self.metadata.append(dict(context.invocation_metadata() or ()))
        self.called.set()
        return await self.behaviour(request, context)

    async def start(self, credentials: grpc.ServerCredentials | None = None) -> None:
        """Listen, on the same port as before if it has run already."""
        self.server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
        self.server.add_generic_rpc_handlers((self,))
        health_pb2_grpc.add_HealthServicer_to_server(self.health, self.server)
        address = f"{self.host}:{self.port}"
        if credentials is None:
            self.port = self.server.add_insecure_port(address)
        else:
            self.port = self.server.add_secure_port(address, credentials)
        await self.server.start()

    async def stop(self, grace: float | None = None) -> None:
        if self.server is not None:
            await self.server.stop(grace)

    async def say(self, status: str) -> None:
        """Set the health service's word: SERVING or NOT_SERVING."""
        await self.health.set("", health_pb2.HealthCheckResponse.ServingStatus.Value(status))


@asynccontextmanager
async def playing(
    behaviour: Behaviour = echo, *, credentials: grpc.ServerCredentials | None = None
) -> AsyncIterator[PlayedCarrier]:
    carrier = PlayedCarrier(behaviour=behaviour)
    await carrier.start(credentials)
    try:
        yield carrier
    finally:
        await carrier.stop()


async def until(fact: Callable[[], bool], *, within_seconds: float = 10) -> None:
    """Return as soon as it is so; for facts that nobody announces. Raises `TimeoutError`."""
    async with asyncio.timeout(within_seconds):
        while not fact():  # noqa: ASYNC110 - what another task counts has no event
            await asyncio.sleep(0.02)


class SwallowingProxy:
    """Passes TCP on, until told to swallow: then existing connections stay open and silent."""

    def __init__(self, upstream_port: int) -> None:
        self._upstream_port = upstream_port
        self._pumps: set[asyncio.Task[None]] = set()
        self._swallowing: set[asyncio.Event] = set()
        self._server: asyncio.Server | None = None
        self.port = 0

    async def __aenter__(self) -> SwallowingProxy:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def swallow(self) -> None:
        """Let nothing more through on the connections that exist; new ones work."""
        for silent in self._swallowing:
            silent.set()

    async def __aexit__(self, *_error: object) -> None:
        for pump in self._pumps:
            pump.cancel()
        if self._pumps:
            await asyncio.wait(self._pumps)
        if self._server is not None:
            self._server.close()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            onward = await asyncio.open_connection("127.0.0.1", self._upstream_port)
        except ConnectionError:
            writer.close()
            return
        silent = asyncio.Event()
        self._swallowing.add(silent)
        for source, sink in ((reader, onward[1]), (onward[0], writer)):
            pump = asyncio.create_task(self._pump(source, sink, silent))
            self._pumps.add(pump)

    async def _pump(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, silent: asyncio.Event
    ) -> None:
        try:
            while chunk := await source.read(65536):
                if silent.is_set():
                    # Neither passed on nor answered: what a firewall that forgot the flow does.
                    await asyncio.Event().wait()
                sink.write(chunk)
                await sink.drain()
        except ConnectionError:
            pass
        finally:
            sink.close()
