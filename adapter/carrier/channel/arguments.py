"""The channel to the carrier: every gRPC option that was measured, in one place, with its why."""

from __future__ import annotations

import json

import grpc
import grpc.aio

from adapter.carrier.channel.credentials import Credentials
from adapter.carrier.channel.options import CarrierMisconfigured, CarrierOptions

Argument = tuple[str, int | str]


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
    return json.dumps(
        {
            "loadBalancingConfig": [{"outlier_detection_experimental": balancing}],
            "healthCheckConfig": {"serviceName": options.health_service},
        }
    )


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
        # gRPC's default, and no call is measurably cheaper without: `Addresses` reads it.
        ("grpc.enable_channelz", 1),
    )


# For looking at a server whatever its health service says; never for a cancel.
WHATEVER_HEALTH: tuple[Argument, ...] = (("grpc.inhibit_health_checking", 1),)


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
