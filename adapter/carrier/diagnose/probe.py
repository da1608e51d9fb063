"""A look at the carrier before production does: names, TLS, health, contract, distance."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import grpc
import grpc.aio
from cryptography import x509
from google.protobuf.message import DecodeError
from grpc_health.v1 import health_pb2

from adapter.carrier.channel import credentials as files
from adapter.carrier.channel.arguments import WHATEVER_HEALTH, open_channel
from adapter.carrier.channel.credentials import Credentials
from adapter.carrier.channel.options import (
    CarrierMisconfigured,
    CarrierOptions,
    refuse_unsafe,
)
from adapter.carrier.contract.contract import Contract
from adapter.carrier.contract.drift import compare_served
from adapter.carrier.contract.faults import ContractFault
from adapter.carrier.diagnose.certificate import Certificate
from adapter.carrier.diagnose.endpoints import endpoints_of
from adapter.carrier.diagnose.reflection import NoReflection, fetch
from adapter.carrier.diagnose.tls import TLS, knock
from adapter.carrier.mapping.mapping import Mapping
from adapter.diagnostics.finding import Finding, Severity, has_errors

HEALTH = "carrier.health"
DISTANCE = "carrier.distance"
ROUNDS = 3
SLOW_SECONDS = 0.5

HEALTH_METHOD = "/grpc.health.v1.Health/Check"


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What was found. `round_trip_seconds` is the best of three; None: no answer at all."""

    findings: tuple[Finding, ...]
    round_trip_seconds: float | None = None


async def probe(
    options: CarrierOptions,
    contract: Contract,
    mapping: Mapping,
    *,
    within_seconds: float,
    now_unix: float,
) -> Probe:
    """Look at the carrier as the client would use it; cancels nothing, asks for no waybill.

    `within_seconds` bounds each step, not the whole. Raises nothing for what a network, a
    server or a file can do: every reason is a finding.
    """
    try:
        refuse_unsafe(options)
        read = await asyncio.to_thread(files.read, options)
        endpoints = await endpoints_of(options)
    except CarrierMisconfigured as error:
        return Probe(findings=error.findings)
    found = list(_client_certificate(read, options, now_unix))
    for endpoint in endpoints:
        found += await knock(endpoint, tls=options.tls, within_seconds=within_seconds)
    if has_errors(found):
        return Probe(findings=tuple(found))
    health, round_trip = await _health(options, read, within_seconds)
    found += health
    if round_trip is not None:
        found += _distance(round_trip)
        found += await _drift(options, contract, mapping, within_seconds)
    return Probe(findings=tuple(found), round_trip_seconds=round_trip)


def _client_certificate(
    read: Credentials, options: CarrierOptions, now_unix: float
) -> tuple[Finding, ...]:
    """Our own certificate is ours to judge: many servers close without saying why."""
    if read.cert is None or options.tls is None:
        return ()
    name = Path(options.tls.cert or "").name
    certificate = Certificate(
        x509.load_pem_x509_certificate(read.cert), owner=f"the client certificate {name}"
    )
    if fault := certificate.fault_at(now_unix):
        return (_found(Severity.ERROR, TLS, fault, "Have it issued again; no restart is needed."),)
    if soon := certificate.expires_soon(now_unix):
        return (_found(Severity.WARNING, TLS, soon, "Replace the files; no restart is needed."),)
    return ()


async def _health(
    options: CarrierOptions, read: Credentials, within_seconds: float
) -> tuple[tuple[Finding, ...], float | None]:
    """Ask the health service as the client would; any answer measures the distance."""
    channel = open_channel(options, read, more=WHATEVER_HEALTH)
    try:
        call: Callable[..., Awaitable[bytes]] = channel.unary_unary(HEALTH_METHOD)
        request = health_pb2.HealthCheckRequest(service=options.health_service)
        took = []
        finding: tuple[Finding, ...] = ()
        for _ in range(ROUNDS):
            started = time.monotonic()
            finding = await _asked(call, request.SerializeToString(), read, within_seconds)
            if has_errors(finding):
                return finding, None
            took.append(time.monotonic() - started)
        return finding, min(took)
    finally:
        await channel.close()


async def _asked(
    call: Callable[..., Awaitable[bytes]], request: bytes, read: Credentials, within_seconds: float
) -> tuple[Finding, ...]:
    try:
        reply = await call(
            request, timeout=within_seconds, metadata=read.metadata or None, wait_for_ready=True
        )
        status = health_pb2.HealthCheckResponse.FromString(reply).status
    except grpc.aio.AioRpcError as error:
        return _health_failed(error.code(), read)
    except DecodeError:
        return (_found(Severity.WARNING, HEALTH, "the health service's reply cannot be read"),)
    if status == health_pb2.HealthCheckResponse.SERVING:
        return ()
    names = health_pb2.HealthCheckResponse.ServingStatus.DESCRIPTOR.values_by_number
    word = names[status].name if status in names else str(status)
    return (_found(Severity.ERROR, HEALTH, f"the server says {word}", _UNWELL),)


_UNWELL = "While it says so, nothing is sent, and pushes are answered −1."


def _health_failed(code: grpc.StatusCode, read: Credentials) -> tuple[Finding, ...]:
    if code is grpc.StatusCode.UNIMPLEMENTED:
        return (
            _found(
                Severity.NOTE,
                HEALTH,
                "the server has no health service",
                "It is taken for healthy while its connection lives.",
            ),
        )
    if code is grpc.StatusCode.NOT_FOUND:
        message = "the health service does not know the service it is asked for"
        return (_found(Severity.ERROR, HEALTH, message, _UNWELL),)
    if code in (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED):
        what = "refuses the token" if read.metadata else "wants credentials, and none are set"
        return (_found(Severity.WARNING, HEALTH, f"the health service {what}: {code.name}"),)
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        message = "the server accepts connections and answers nothing"
        return (_found(Severity.ERROR, HEALTH, message, _UNWELL),)
    return (_found(Severity.ERROR, HEALTH, f"the health service fails with {code.name}"),)


def _distance(seconds: float) -> tuple[Finding, ...]:
    if seconds < SLOW_SECONDS:
        return ()
    message = f"a round trip takes {seconds * 1000:.0f} ms"
    return (_found(Severity.WARNING, DISTANCE, message, "WeChat waits 5 s for everything."),)


async def _drift(
    options: CarrierOptions, contract: Contract, mapping: Mapping, within_seconds: float
) -> tuple[Finding, ...]:
    methods = [method for method in (mapping.method, mapping.lookup_method) if method is not None]
    try:
        served = await fetch(options, within_seconds=within_seconds)
    except NoReflection:
        hint = "Whether it speaks this contract shows with the first call."
        return (
            _found(Severity.NOTE, "carrier.descriptors", "the server offers no reflection", hint),
        )
    except ContractFault as error:
        return (_found(Severity.NOTE, "carrier.descriptors", error.message, error.hint),)
    return compare_served(contract, served, methods)


def _found(severity: Severity, key: str, message: str, hint: str = "") -> Finding:
    return Finding(severity=severity, key=key, message=message, hint=hint)
