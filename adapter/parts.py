"""Settings to the values that the parts are made of; nothing is opened or started here."""

from __future__ import annotations

import time

from adapter.cancellation.flow import DeskLimits
from adapter.carrier.options import CarrierOptions, TlsFiles
from adapter.configuration.sections import CarrierSettings, EdgeSettings, WeChatSettings
from adapter.edge.connections import ConnectionLimits
from adapter.edge.limits import Limits as EdgeLimits
from adapter.edge.server import connection_ceiling
from adapter.settings import Settings
from adapter.wechat.envelope import Account, Mode


class SystemClock:
    """The machine's own clocks."""

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()


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
    tls = carrier.tls
    return CarrierOptions(
        target=carrier.target,
        insecure=carrier.insecure,
        tls=None
        if tls is None
        else TlsFiles(ca=tls.ca, cert=tls.cert, key=tls.key, server_name=tls.server_name),
        token_file=carrier.token_file,
        max_concurrent_calls=carrier.max_concurrent_calls,
        keepalive_seconds=carrier.keepalive_seconds,
        keepalive_timeout_seconds=carrier.keepalive_timeout_seconds,
        receive_limit_bytes=carrier.receive_limit_bytes,
    )


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
        body_limit_bytes=edge.body_limit_bytes,
        body_within_seconds=edge.body_within_seconds,
        max_in_flight=edge.max_in_flight,
    )


def patience(edge: EdgeSettings, *, open_files: int) -> ConnectionLimits:
    """Return what one connection may take, within the files this process may open."""
    return ConnectionLimits(
        header_seconds=edge.header_within_seconds,
        idle_seconds=edge.idle_seconds,
        connections=connection_ceiling(wanted=edge.max_connections, open_files=open_files),
    )


def host_and_port(listen: str) -> tuple[str, int]:
    """Split `host:port` or `[::1]:port`, already judged by the settings."""
    host, _, port = listen.rpartition(":")
    return host.strip("[]"), int(port)
