"""How the carrier stands, for /readyz's JSON, metrics and alerts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import grpc


class Breaker(Enum):
    """Whether calls go out. gRPC itself is the breaker: its health-checked, backed-off
    connection decides; there is no second opinion that could contradict it."""

    CLOSED = "closed"
    """A healthy connection exists; calls go out."""
    HALF_OPEN = "half_open"
    """Connecting: the next second tells."""
    OPEN = "open"
    """No address is reachable and healthy; pushes are answered unsent."""


BREAKERS: dict[grpc.ChannelConnectivity, Breaker] = {
    grpc.ChannelConnectivity.READY: Breaker.CLOSED,
    grpc.ChannelConnectivity.IDLE: Breaker.HALF_OPEN,
    grpc.ChannelConnectivity.CONNECTING: Breaker.HALF_OPEN,
    grpc.ChannelConnectivity.TRANSIENT_FAILURE: Breaker.OPEN,
    grpc.ChannelConnectivity.SHUTDOWN: Breaker.OPEN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierState:
    """One look at the carrier. Times are Unix seconds, 0 when it has not happened yet.

    `connectivity` is gRPC's own word. `refused` counts what the concurrency limit turned
    away; `channels_built` counts channels since the start (certificates replaced, names
    resolved anew), `channels_draining` those whose last calls still run. `fault` says what
    is wrong with files on disk that are not in use because of it; empty: nothing. `trouble`
    says why a connected carrier counts as lost, see `RecentCalls`; empty: it does not.
    """

    target: str
    addresses: tuple[str, ...]
    tls: bool
    connectivity: str
    breaker: Breaker
    in_flight: int
    max_concurrent_calls: int
    refused: int
    last_ok_at: float
    last_failure_at: float
    last_failure: str
    channels_built: int
    channels_draining: int
    fault: str
    trouble: str
