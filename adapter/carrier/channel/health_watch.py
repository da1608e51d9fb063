"""The carrier's health service, watched by a stream of our own that carries the token.

gRPC's own watch sends none. Call credentials composed into the channel would ride on it, but they
cost every call about 170 µs, and on plaintext gRPC sends them to this machine only. So a carrier
with a token is watched from here, and without one gRPC watches each address by itself.

The stream reaches one address of several. Where that one does not serve, the next stream goes to
another: the carrier is unwell when none of them serves. An address that says NOT_SERVING while
others serve still gets calls; the breaker leaves it out when they fail.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import grpc
import grpc.aio
from google.protobuf.message import DecodeError
from grpc_health.v1 import health_pb2

WATCH_METHOD = "/grpc.health.v1.Health/Watch"
SERVING = health_pb2.HealthCheckResponse.SERVING
Metadata = tuple[tuple[str, str], ...]
Stream = grpc.aio.UnaryStreamCall[bytes, bytes]

FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 5.0  # a carrier that refuses us is not asked more often
TRUTH_WITHIN_SECONDS = 1.0
REFUSALS_TO_BELIEVE = 2  # the first may be one address of several, or a connection's age


def watch_request(service: str) -> bytes:
    """Return the question, as it goes out."""
    return bytes(health_pb2.HealthCheckRequest(service=service).SerializeToString())


async def true_failure(
    channel: grpc.aio.Channel,
    failed: grpc.aio.AioRpcError,
    *,
    request: bytes,
    metadata: Metadata,
    within_seconds: float,
) -> grpc.aio.AioRpcError:
    """Return what a Watch really failed with. A proxy that answers a status of HTTP and a page
    ends a stream as UNKNOWN, most times, because the page is read first; the same question as a
    call without a stream gets the status."""
    if failed.code() is not grpc.StatusCode.UNKNOWN:
        return failed
    ask: Callable[..., Awaitable[bytes]] = channel.unary_unary(WATCH_METHOD)
    try:
        await ask(request, timeout=within_seconds, metadata=metadata or None)
    except grpc.aio.AioRpcError as again:
        is_silent = again.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        return failed if is_silent else again
    return failed


class HealthWatch:
    """`is_serving` is None while nobody has said anything about this connection yet."""

    def __init__(
        self,
        channel: grpc.aio.Channel,
        *,
        service: str,
        metadata: Callable[[], Metadata],
        changed: Callable[[], None],
    ) -> None:
        self._channel = channel
        self._open: Callable[..., Stream] = channel.unary_stream(WATCH_METHOD)
        self._request = watch_request(service)
        self._metadata = metadata
        self._changed = changed
        self._refusals = 0
        self._disconnected = asyncio.Event()
        self.is_serving: bool | None = None

    def disconnected(self) -> None:
        """Forget what was said: the connection it was said of is gone."""
        self._disconnected.set()
        self._refusals = 0
        if self.is_serving is not None:
            self.is_serving = None
            self._changed()

    async def run(self) -> None:
        """Watch, until cancelled or the channel is closed."""
        while True:
            self._disconnected.clear()
            stream = self._open(self._request, metadata=self._metadata(), wait_for_ready=True)
            try:
                await self._follow(stream)
            except grpc.aio.AioRpcError as error:
                await self._failed(error)
            finally:
                stream.cancel()

    async def _failed(self, error: grpc.aio.AioRpcError) -> None:
        error = await true_failure(
            self._channel,
            error,
            request=self._request,
            metadata=self._metadata(),
            within_seconds=TRUTH_WITHIN_SECONDS,
        )
        if error.code() is grpc.StatusCode.UNIMPLEMENTED:
            # As gRPC has it: without a health service, whoever is connected is well.
            self._say(serving=True)
            await self._disconnected.wait()
            return
        self._say(serving=False)
        await asyncio.sleep(self._pause())

    async def _follow(self, stream: Stream) -> None:
        """Take every word, until the stream ends or has kept saying no for the pause."""
        patience: float | None = None
        while True:
            try:
                async with asyncio.timeout(patience):
                    word = await stream.read()
            except TimeoutError:
                return
            if not isinstance(word, bytes):  # its end, without an error
                self._say(serving=False)
                await asyncio.sleep(self._pause())
                return
            self._say(serving=_says_serving(word))
            patience = self._pause() if self._refusals else None

    def _pause(self) -> float:
        """How long until the next stream; none after the first refusal."""
        doublings = self._refusals - REFUSALS_TO_BELIEVE
        if doublings < 0:
            return 0.0
        return min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * (1 << min(doublings, 8)))

    def _say(self, *, serving: bool) -> None:
        self._refusals = 0 if serving else self._refusals + 1
        if not serving and self._refusals < REFUSALS_TO_BELIEVE:
            return
        if self.is_serving is not serving:
            self.is_serving = serving
            self._changed()


def _says_serving(word: bytes) -> bool:
    try:
        return bool(health_pb2.HealthCheckResponse.FromString(word).status == SERVING)
    except DecodeError:
        return False
