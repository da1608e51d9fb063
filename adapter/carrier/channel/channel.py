"""One channel to the carrier, with its prepared calls: watched, counted, closed when idle."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import grpc
import grpc.aio

READY = grpc.ChannelConnectivity.READY
SHUTDOWN = grpc.ChannelConnectivity.SHUTDOWN

Metadata = tuple[tuple[str, str], ...]
_RawCall = Callable[..., Awaitable[bytes]]


class Channel:
    """A channel in use. Bytes in and out: parsing ourselves keeps gRPC from logging bytes it
    cannot parse, and costs less than its serialiser hooks."""

    def __init__(self, channel: grpc.aio.Channel, *, methods: tuple[str, ...]) -> None:
        self._channel = channel
        self._calls: dict[str, _RawCall] = {
            path: channel.unary_unary(path)  # prepared once: a call costs less
            for path in methods
        }
        self.in_flight = 0
        self._loop = asyncio.get_running_loop()
        self._asked_at = 0.0
        self._lost_at: float | None = self._loop.time()  # None: it is ready, as far as seen
        self._ready = asyncio.Event()
        self._lost = asyncio.Event()
        self._idle = asyncio.Event()
        # One watcher for all who wait: an abandoned wait of grpc.aio stays in the core until
        # the state changes, and under a dead carrier it never does.
        self._watcher = asyncio.create_task(self._watch(), name="carrier-link")

    def connectivity(self) -> grpc.ChannelConnectivity:
        """Return gRPC's state, asking it to connect if it is idle."""
        return self._channel.get_state(try_to_connect=True)

    async def ready(self, *, within_seconds: float) -> bool:
        """Say whether the channel is ready, waiting if it is not. No task switch if it is; and
        no wait where it has not been ready for that long already."""
        if self.connectivity() is READY:
            return True
        if self._lost_at is not None and self._loop.time() - self._lost_at >= within_seconds:
            return False
        self._ready.clear()
        try:
            async with asyncio.timeout(within_seconds):
                await self._ready.wait()
        except TimeoutError:
            return False
        return True

    async def lost(self) -> None:
        """Return once the channel is not ready."""
        if self.connectivity() is READY:
            self._lost.clear()
            await self._lost.wait()

    async def call(
        self, method: str, request: bytes, *, within_seconds: float, metadata: Metadata
    ) -> bytes:
        """Send once and return the reply's bytes. Raises `AioRpcError` as gRPC does."""
        if not self._asked_at:
            self._asked_at = self._loop.time()
        self.in_flight += 1
        try:
            reply = await self._calls[method](
                request, timeout=within_seconds, metadata=metadata or None
            )
        except grpc.aio.AioRpcError as error:
            if error.code() is not grpc.StatusCode.DEADLINE_EXCEEDED:
                self._asked_at = 0.0
            raise
        else:
            self._asked_at = 0.0
            return reply
        finally:
            self.in_flight -= 1
            if not self.in_flight:
                self._idle.set()

    def silent_seconds(self) -> float:
        """How long ago the first call was sent after which nothing was heard; a call whose
        time ran out was not heard. 0: the carrier answered what it was asked."""
        return self._loop.time() - self._asked_at if self._asked_at else 0.0

    async def close(self, *, within_seconds: float) -> bool:
        """Close after the calls in flight have ended, or cut them when time is up.

        Returns False if calls were cut: their outcome is in doubt.
        """
        try:
            return await self.idle(within_seconds=within_seconds)
        finally:
            self._watcher.cancel()
            await asyncio.wait([self._watcher])
            await self._channel.close()

    async def idle(self, *, within_seconds: float) -> bool:
        """Say whether no call is in flight, waiting for the last one's end."""
        if not self.in_flight:
            return True
        self._idle.clear()
        try:
            async with asyncio.timeout(within_seconds):
                await self._idle.wait()
        except TimeoutError:
            return False
        return True

    async def _watch(self) -> None:
        state = self.connectivity()
        while state is not SHUTDOWN:
            if state is READY:
                self._lost_at = None
                self._ready.set()
            else:
                if self._lost_at is None:
                    self._lost_at = self._loop.time()
                self._lost.set()
            await self._channel.wait_for_state_change(state)
            state = self.connectivity()
