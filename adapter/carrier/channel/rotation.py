"""A fresh channel when certificates, tokens or addresses change, without cutting a call."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from adapter.carrier.channel import credentials as files
from adapter.carrier.channel.channel import Channel, open_channel, watched_by_us
from adapter.carrier.channel.channelz import AddressCounts
from adapter.carrier.channel.credentials import Credentials
from adapter.carrier.channel.health_watch import Metadata
from adapter.carrier.channel.options import CarrierMisconfigured, CarrierOptions
from adapter.diagnostics.grpc_target import grpc_target

TICK_SECONDS = 0.25
SILENT_AGAIN_SECONDS = 10.0  # a carrier that is merely slow gets no new connection sooner
PROVE_SECONDS = 10.0  # a new channel has so long to connect while the old one still works
RETIRE_SECONDS = 60.0  # the last call of an old channel has ended long before: deadline 12 s


class ChannelRotation:
    """Holds the link in use, and replaces it.

    Make before break: while the old channel is ready, the new one takes over only once it is
    ready too, so new files that do not connect change nothing but `fault`. A channel whose
    connection is gone is replaced at once. New calls take the new link; the old one is closed
    when its last call has ended.

    A name is resolved anew every `rebuild_seconds` by the same means, because gRPC does not
    look at DNS again while its old connections live.

    So is a link on which calls go out and nothing is heard: a balancer between us may go on
    acknowledging bytes for a carrier that is gone, which no TCP timeout notices, and servers
    take pings of every few seconds for abuse. The calls that wait keep waiting where they are.
    """

    def __init__(
        self,
        options: CarrierOptions,
        credentials: Credentials,
        *,
        methods: tuple[str, ...],
        prove_seconds: float = PROVE_SECONDS,
    ) -> None:
        self._options = options
        self._methods = methods
        self._prove_seconds = prove_seconds
        self._credentials = credentials
        self._marks: object = None
        self._retiring: set[asyncio.Task[None]] = set()
        self._task: asyncio.Task[None] | None = None
        self._built_at = asyncio.get_running_loop().time()
        self.fault = ""
        self.built = 1
        self.addresses = AddressCounts(options.target)
        self.link = self._open(credentials)

    @property
    def metadata(self) -> Metadata:
        """What every call carries; the token as last read."""
        return self._credentials.metadata

    @property
    def draining(self) -> int:
        return len(self._retiring)

    def start(self) -> None:
        """Look after the files, the name and the silence."""
        self._task = asyncio.create_task(self._look_after(), name="carrier-renewal")

    async def close(self, *, within_seconds: float) -> None:
        """Stop looking, and close every link; calls still running when time is up are cut."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        await self.link.close(within_seconds=within_seconds)
        for task in tuple(self._retiring):
            task.cancel()
        if self._retiring:
            await asyncio.wait(self._retiring)

    async def look(self) -> None:
        """Read the files if they changed, and take what they hold into use."""
        try:
            marks = await asyncio.to_thread(files.marks, self._options)
            fresh = self._credentials
            if marks != self._marks:
                fresh = await asyncio.to_thread(files.read, self._options)
        except CarrierMisconfigured as error:
            self.fault = error.message.removesuffix(".")
            return
        changed = fresh.tls_fingerprint != self._credentials.tls_fingerprint
        if (changed or self._is_due()) and not await self._replace(fresh):
            self.fault = "the new TLS files or addresses do not connect; the old are in use"
            return
        self._credentials = fresh
        self._marks = marks
        self.fault = ""

    async def _look_after(self) -> None:
        loop = asyncio.get_running_loop()
        looked_at = loop.time()
        while True:
            await asyncio.sleep(min(TICK_SECONDS, self._options.reload_seconds))
            if self._is_silent():
                await self._replace(self._credentials)
            if loop.time() - looked_at >= self._options.reload_seconds:
                await self.look()
                looked_at = loop.time()

    def _is_silent(self) -> bool:
        if self.link.silent_seconds() < self._options.silence_seconds:
            return False
        age = asyncio.get_running_loop().time() - self._built_at
        return self.built == 1 or age >= SILENT_AGAIN_SECONDS

    def _is_due(self) -> bool:
        if not self._options.rebuild_seconds or not grpc_target(self._options.target).is_named:
            return False
        age = asyncio.get_running_loop().time() - self._built_at
        return age >= self._options.rebuild_seconds

    def _open(self, credentials: Credentials) -> Channel:
        def metadata() -> Metadata:
            """The token this channel was opened with, until it is in use; then the newest."""
            return (self._credentials if self.link is opened else credentials).metadata

        opened = Channel(
            open_channel(self._options, credentials),
            methods=self._methods,
            watched=watched_by_us(self._options),
            metadata=metadata,
        )
        return opened

    async def _replace(self, credentials: Credentials) -> bool:
        self._built_at = asyncio.get_running_loop().time()
        self.built += 1
        try:
            fresh = self._open(credentials)
        except CarrierMisconfigured:
            return False
        try:
            proved = await self._may_take_over(fresh)
        except asyncio.CancelledError:
            await fresh.close(within_seconds=0)
            raise
        if not proved:
            await fresh.close(within_seconds=0)
            return False
        self.link, old = fresh, self.link
        retiring = asyncio.create_task(self._retire(old))
        self._retiring.add(retiring)
        retiring.add_done_callback(self._retiring.discard)
        return True

    async def _retire(self, old: Channel) -> None:
        try:
            await old.idle(within_seconds=RETIRE_SECONDS)
            # gRPC forgets what it counted together with the channel.
            await asyncio.to_thread(self.addresses.look)
        finally:
            await old.close(within_seconds=0)

    async def _may_take_over(self, fresh: Channel) -> bool:
        """True once the new link is ready, or the old one has nothing left to lose."""
        lost = asyncio.create_task(self.link.lost())
        ready = asyncio.create_task(fresh.ready(within_seconds=self._prove_seconds))
        try:
            await asyncio.wait((lost, ready), return_when=asyncio.FIRST_COMPLETED)
            return lost.done() or ready.result()
        finally:
            for task in (lost, ready):
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
