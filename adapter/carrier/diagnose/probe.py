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

from adapter.carrier.channel import credentials
from adapter.carrier.channel.channel import WHATEVER_HEALTH, open_channel
from adapter.carrier.channel.credentials import Credentials
from adapter.carrier.channel.options import (
    CarrierMisconfigured,
    CarrierOptions,
    refuse_unsafe,
)
from adapter.carrier.contract.contract import Contract, ContractFault
from adapter.carrier.contract.drift import compare_served
from adapter.carrier.diagnose.certificate import Certificate
from adapter.carrier.diagnose.endpoints import endpoints_of
from adapter.carrier.diagnose.reflection import NoReflection, fetch
from adapter.carrier.diagnose.tls import TLS, diagnose_endpoint
from adapter.carrier.mapping.mapping import Mapping
from adapter.diagnostics.finding import Finding, Findings

HEALTH = "carrier.health"
HEALTH_METHOD = "/grpc.health.v1.Health/Check"
HealthCall = Callable[..., Awaitable[bytes]]
ROUNDS = 3
SLOW_SECONDS = 0.5

_UNWELL = "Until this changes, nothing is sent and pushes are answered −1."


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeResult:
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
) -> ProbeResult:
    """Look at the carrier as the client would use it; cancels nothing, asks for no waybill.

    `within_seconds` bounds each step, not the whole. Raises nothing for what a network, a
    server or a file can do: every reason is a finding.
    """
    try:
        refuse_unsafe(options)
        read = await asyncio.to_thread(credentials.read, options)
        endpoints = await endpoints_of(options)
    except CarrierMisconfigured as error:
        return ProbeResult(findings=error.findings)
    findings = Findings()
    _check_client_certificate(findings, read, options, now_unix)
    for endpoint in endpoints:
        findings.found += await diagnose_endpoint(
            endpoint, tls=options.tls, within_seconds=within_seconds
        )
    round_trip = None
    if not findings.has_errors:
        round_trip = await _round_trip(findings, options, read, within_seconds)
    if round_trip is not None:
        if round_trip >= SLOW_SECONDS:
            slow = f"a round trip takes {round_trip * 1000:.0f} ms"
            findings.warning("carrier.distance", slow, "WeChat waits 5 s for everything.")
        await _check_drift(findings, options, contract, mapping, within_seconds)
    return ProbeResult(findings=tuple(findings.found), round_trip_seconds=round_trip)


def _check_client_certificate(
    findings: Findings, read: Credentials, options: CarrierOptions, now_unix: float
) -> None:
    """Our own certificate is ours to judge: many servers close without saying why."""
    if read.cert is None or options.tls is None:
        return
    name = Path(options.tls.cert or "").name
    certificate = Certificate(
        x509.load_pem_x509_certificate(read.cert), owner=f"the client certificate {name}"
    )
    if fault := certificate.fault_at(now_unix):
        findings.error(TLS, fault, "Have a new one issued; no restart is needed.")
    elif soon := certificate.expires_soon(now_unix):
        findings.warning(TLS, soon, "Replace the files; no restart is needed.")


async def _round_trip(
    findings: Findings, options: CarrierOptions, read: Credentials, within_seconds: float
) -> float | None:
    """Ask the health service as the client would; any answer measures the distance."""
    channel = open_channel(options, read, more=WHATEVER_HEALTH)
    try:
        call: HealthCall = channel.unary_unary(HEALTH_METHOD)
        request = health_pb2.HealthCheckRequest(service=options.health_service)
        took = []
        answered = Findings()
        for _ in range(ROUNDS):
            started = time.monotonic()
            answered = Findings()
            await _ask_health(answered, call, request.SerializeToString(), read, within_seconds)
            if answered.has_errors:
                break
            took.append(time.monotonic() - started)
        findings.found += answered.found
        return None if answered.has_errors else min(took)
    finally:
        await channel.close()


async def _ask_health(
    findings: Findings, call: HealthCall, request: bytes, read: Credentials, within_seconds: float
) -> None:
    try:
        reply = await call(
            request, timeout=within_seconds, metadata=read.metadata or None, wait_for_ready=True
        )
        status = health_pb2.HealthCheckResponse.FromString(reply).status
    except grpc.aio.AioRpcError as error:
        _explain_health_failure(findings, error.code(), read)
        return
    except DecodeError:
        findings.warning(HEALTH, "the health service's reply cannot be read")
        return
    if status != health_pb2.HealthCheckResponse.SERVING:
        names = health_pb2.HealthCheckResponse.ServingStatus.DESCRIPTOR.values_by_number
        word = names[status].name if status in names else str(status)
        findings.error(HEALTH, f"the server reports {word}", _UNWELL)


def _explain_health_failure(findings: Findings, code: grpc.StatusCode, read: Credentials) -> None:
    if code is grpc.StatusCode.UNIMPLEMENTED:
        findings.note(
            HEALTH,
            "the server has no health service",
            "It counts as healthy while it is connected.",
        )
    elif code is grpc.StatusCode.NOT_FOUND:
        message = "the health service does not know the configured service"
        findings.error(HEALTH, message, _UNWELL)
    elif code in (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED):
        what = "refuses the token" if read.metadata else "wants credentials, and none are set"
        findings.warning(HEALTH, f"the health service {what}: {code.name}")
    elif code is grpc.StatusCode.DEADLINE_EXCEEDED:
        findings.error(HEALTH, "the server accepts connections but does not answer", _UNWELL)
    else:
        findings.error(HEALTH, f"the health service fails with {code.name}")


async def _check_drift(
    findings: Findings,
    options: CarrierOptions,
    contract: Contract,
    mapping: Mapping,
    within_seconds: float,
) -> None:
    methods = [method for method in (mapping.method, mapping.lookup_method) if method is not None]
    try:
        served = await fetch(options, within_seconds=within_seconds)
    except NoReflection:
        hint = "The first call will show whether it speaks this contract."
        findings.note(ContractFault.KEY, "the server offers no reflection", hint)
    except ContractFault as error:
        findings.note(ContractFault.KEY, error.message, error.hint)
    else:
        findings.found += compare_served(contract, served, methods)
