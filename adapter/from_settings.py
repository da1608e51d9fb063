"""The values that the parts of the program take, made from settings; opens and starts nothing."""

from __future__ import annotations

from pathlib import Path

from adapter.cancellation.flow import DeskLimits
from adapter.carrier.channel.options import (
    REBUILD_SECONDS,
    RELOAD_SECONDS,
    SILENCE_SECONDS,
    CarrierOptions,
    TlsFiles,
)
from adapter.config.load import Settings
from adapter.config.sections import (
    CarrierSettings,
    EdgeSettings,
    TlsSettings,
    WeChatSettings,
)
from adapter.edge.connections import HEADER_BYTES, LATE_BODY_SECONDS, ConnectionLimits
from adapter.edge.limits import OVERRUN_SECONDS, EdgeLimits
from adapter.edge.server import connection_ceiling
from adapter.wechat.envelope import Account, Mode


def account(program: WeChatSettings) -> Account:
    """Return what a Mini Program's envelope needs; empty secrets are absent ones."""
    return Account(
        app_id=program.app_id,
        mode=Mode(program.mode),
        token=program.token,
        previous_token=program.previous_token or None,
        encoding_aes_key=program.encoding_aes_key or None,
        previous_encoding_aes_key=program.previous_encoding_aes_key or None,
        freshness_seconds=program.freshness_seconds,
    )


def carrier_options(carrier: CarrierSettings) -> CarrierOptions:
    """Return how the carrier is reached."""
    return CarrierOptions(
        target=carrier.target,
        insecure=carrier.insecure,
        tls=None if carrier.tls is None else tls_files(carrier.tls),
        token_file=carrier.token_file,
        watch_health=carrier.health == "watch",
        health_service=carrier.health_service,
        max_concurrent_calls=carrier.max_concurrent_calls,
        keepalive_seconds=carrier.keepalive_seconds,
        keepalive_timeout_seconds=carrier.keepalive_timeout_seconds,
        receive_limit_bytes=carrier.receive_limit_bytes,
        reload_seconds=RELOAD_SECONDS,
        rebuild_seconds=REBUILD_SECONDS,
        silence_seconds=SILENCE_SECONDS,
    )


def certificates(carrier: CarrierSettings) -> dict[str, Path]:
    """Return the files whose expiry operators watch, by the key of each."""
    tls = carrier.tls or TlsSettings()
    named = {"carrier.tls.ca": tls.ca, "carrier.tls.cert": tls.cert}
    return {key: path for key, path in named.items() if path is not None}


def tls_files(tls: TlsSettings) -> TlsFiles:
    """Return the files of TLS to the carrier."""
    return TlsFiles(ca=tls.ca, cert=tls.cert, key=tls.key, server_name=tls.server_name)


# A carrier that knows a request again by its id is asked safely twice more.
REPEATS = {True: 2, False: 1}


def desk_limits(settings: Settings, *, takes_request_id: bool) -> DeskLimits:
    """Return how long the desk waits for the carrier and the ledger, and how often it may ask.
    `takes_request_id` tells whether the carrier is sent one."""
    repeats = settings.carrier.repeats
    return DeskLimits(
        call_seconds=settings.carrier.deadline_seconds,
        connect_wait_seconds=settings.carrier.connect_wait_seconds,
        commit_within_seconds=settings.ledger.commit_within_seconds,
        repeats=REPEATS[takes_request_id] if repeats is None else repeats,
    )


def edge_limits(edge: EdgeSettings) -> EdgeLimits:
    """Return what one sender may cost us."""
    return EdgeLimits(
        reply_within_seconds=edge.reply_within_seconds,
        overrun_seconds=OVERRUN_SECONDS,
        body_limit_bytes=edge.body_limit_bytes,
        body_within_seconds=edge.body_within_seconds,
        max_in_flight=edge.max_in_flight,
    )


def connection_limits(edge: EdgeSettings, *, open_files: int) -> ConnectionLimits:
    """Return what one connection may take, within the files this process may open."""
    return ConnectionLimits(
        header_seconds=edge.header_within_seconds,
        message_seconds=edge.body_within_seconds + LATE_BODY_SECONDS,
        idle_seconds=edge.idle_seconds,
        header_bytes=HEADER_BYTES,
        connections=connection_ceiling(wanted=edge.max_connections, open_files=open_files),
    )
