"""One channel to the carrier: watched, counted, closed when idle, and opened with every gRPC
option that was measured, each with its why."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable

import grpc
import grpc.aio

from adapter.carrier.channel.credentials import Credentials
from adapter.carrier.channel.health_watch import HealthWatch, Metadata
from adapter.carrier.channel.options import CarrierMisconfigured, CarrierOptions

READY = grpc.ChannelConnectivity.READY
SHUTDOWN = grpc.ChannelConnectivity.SHUTDOWN

Argument = tuple[str, int | str]
_RawCall = Callable[..., Awaitable[bytes]]

# What a connection to a carrier counts as, by what our own watch of its health says.
HEALTH_STATES: dict[bool | None, grpc.ChannelConnectivity] = {
    True: READY,
    False: grpc.ChannelConnectivity.TRANSIENT_FAILURE,
    None: grpc.ChannelConnectivity.CONNECTING,
}

# For looking at a server whatever its health service says, uncounted; never for a cancel.
WHATEVER_HEALTH: tuple[Argument, ...] = (
    ("grpc.inhibit_health_checking", 1),
    ("grpc.enable_channelz", 0),
)


class Channel:
    """A channel in use. Bytes in and out: parsing ourselves keeps gRPC from logging bytes it
    cannot parse, and costs less than its serialiser hooks."""

    def __init__(
        self,
        channel: grpc.aio.Channel,
        *,
        methods: tuple[str, ...],
        watched: str | None = None,
        metadata: Callable[[], Metadata] = tuple,
    ) -> None:
        """`watched` is the service whose health we watch ourselves, with `metadata`; None: gRPC
        watches it, or nobody does."""
        self._channel = channel
        self._health = (
            None
            if watched is None
            else HealthWatch(channel, service=watched, metadata=metadata, changed=self._note)
        )
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
        self._tasks = {asyncio.create_task(self._watch(), name="carrier-link")}
        if self._health is not None:
            self._tasks.add(asyncio.create_task(self._health.run(), name="carrier-health"))

    def connectivity(self) -> grpc.ChannelConnectivity:
        """Return gRPC's state, asking it to connect if it is idle; one that is connected to a
        carrier which is unwell is not ready."""
        state = self._channel.get_state(try_to_connect=True)
        if self._health is None or state is not READY:
            return state
        return HEALTH_STATES[self._health.is_serving]

    async def ready(self, *, within_seconds: float) -> bool:
        """Tell whether the channel is ready, waiting if it is not. No task switch if it is; and
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
            for task in self._tasks:
                task.cancel()
            await asyncio.wait(self._tasks)
            await self._channel.close()

    async def idle(self, *, within_seconds: float) -> bool:
        """Tell whether no call is in flight, waiting for the last one's end."""
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
        state = self._channel.get_state(try_to_connect=True)
        while state is not SHUTDOWN:
            if self._health is not None and state is not READY:
                self._health.disconnected()
            self._note()
            await self._channel.wait_for_state_change(state)
            state = self._channel.get_state(try_to_connect=True)

    def _note(self) -> None:
        if self.connectivity() is READY:
            self._lost_at = None
            self._ready.set()
        else:
            if self._lost_at is None:
                self._lost_at = self._loop.time()
            self._lost.set()


def service_config(options: CarrierOptions) -> str:
    """Return the balancing rules as gRPC's service_config.json wants them.

    round_robin, because pick_first ignores health. No retryPolicy: gRPC's own retries
    executed one cancel three times, and only the desk may ask again.

    outlier_detection (gRFC A50) is the circuit breaker between carriers: an address that
    fails four of five calls is left out for a while. It counts every non-OK status, and a
    carrier may rightly say NOT_FOUND by status; so it works only with two addresses
    (`minimumHosts`) and never takes away more than half of them.
    """
    balancing = {
        "interval": "5s",  # a courier's few calls a second must be enough to judge by
        "baseEjectionTime": "5s",
        "maxEjectionTime": "30s",
        "maxEjectionPercent": 50,
        "failurePercentageEjection": {
            "threshold": 80,
            "enforcementPercentage": 100,
            "minimumHosts": 2,
            "requestVolume": 10,
        },
        "childPolicy": [{"round_robin": {}}],
    }
    rules: dict[str, object] = {
        "loadBalancingConfig": [{"outlier_detection_experimental": balancing}]
    }
    if options.watch_health and options.token_file is None:
        rules["healthCheckConfig"] = {"serviceName": options.health_service}
    return json.dumps(rules)


def watched_by_us(options: CarrierOptions) -> str | None:
    """Return the service whose health we watch ourselves, because gRPC's watch has no token."""
    return options.health_service if options.watch_health and options.token_file else None


def arguments(options: CarrierOptions) -> tuple[Argument, ...]:
    """Return the channel arguments.

    Left out on purpose: `grpc.minimal_stack`, which saves nothing that could be measured and
    silently drops the receive limit.
    """
    return (
        ("grpc.service_config", service_config(options)),
        # A TXT record must not be able to bring a retryPolicy.
        ("grpc.service_config_disable_resolution", 1),
        # Also turns transparent retries off: what was sent was sent once.
        ("grpc.enable_retries", 0),
        # Sets TCP_USER_TIMEOUT too: that, not the ping, ends a silently dropped connection.
        ("grpc.keepalive_time_ms", _ms(options.keepalive_seconds)),
        ("grpc.keepalive_timeout_ms", _ms(options.keepalive_timeout_seconds)),
        ("grpc.initial_reconnect_backoff_ms", 100),
        # In gRPC core this one is the time a connection attempt may take, TLS included.
        ("grpc.min_reconnect_backoff_ms", 2000),
        ("grpc.max_reconnect_backoff_ms", 1000),
        # Else a new channel inherits the old one's backoff, and its connections.
        ("grpc.use_local_subchannel_pool", 1),
        ("grpc.dns_min_time_between_resolutions_ms", 1000),
        ("grpc.max_receive_message_length", options.receive_limit_bytes),
        # An internal system is not reached through a proxy that happens to be in the environment.
        ("grpc.enable_http_proxy", 0),
        ("grpc.primary_user_agent", "waybridge"),
        # gRPC's default, and no call is measurably cheaper without: `AddressCounts` reads it.
        ("grpc.enable_channelz", 1),
    )


def open_channel(
    options: CarrierOptions, credentials: Credentials, *, more: tuple[Argument, ...] = ()
) -> grpc.aio.Channel:
    """Open a channel; nothing connects yet. Raises `CarrierMisconfigured` when gRPC refuses
    the service config (it would answer every call INVALID_ARGUMENT, as if the carrier had)."""
    settings = [*arguments(options), *more]
    if options.tls is None:
        channel = grpc.aio.insecure_channel(options.target, options=settings)
    else:
        secured = grpc.ssl_channel_credentials(
            root_certificates=credentials.ca,
            private_key=credentials.key,
            certificate_chain=credentials.cert,
        )
        if options.tls.server_name:
            settings.append(("grpc.ssl_target_name_override", options.tls.server_name))
        channel = grpc.aio.secure_channel(options.target, secured, options=settings)
    refuse_lame(channel, options.target)
    return channel


def refuse_lame(channel: grpc.aio.Channel, target: str) -> None:
    """A channel that gRPC could not build is born failed; a good one is born idle."""
    if channel.get_state() is not grpc.ChannelConnectivity.IDLE:
        raise CarrierMisconfigured(f"gRPC refuses the target {target!r} or its service config")


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
