"""A look at the carrier before production does: names, TLS, health, contract, distance."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cryptography import x509

from adapter.cancellation.model import Entry, State
from adapter.carrier.channel import credentials
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
from adapter.carrier.diagnose.health import TARGET, Question, ask
from adapter.carrier.diagnose.reflection import NoReflection, fetch
from adapter.carrier.diagnose.tls import TLS, Endpoint, diagnose_endpoint
from adapter.carrier.mapping.mapping import Mapping
from adapter.carrier.mapping.values import Unfit
from adapter.diagnostics.finding import Finding, Findings

SLOW_SECONDS = 0.5
NO_WAYBILL = Entry(
    key="0" * 32,
    account="waybridge-check",
    open_id="waybridge-check",
    pushed_at=1,
    biz_id="waybridge-check",
    order_id="WAYBRIDGE-CHECK",
    waybill_id="WAYBRIDGE-CHECK",
    shop_app_id="",
    state=State.IN_DOUBT,
    received_at=1.0,
)


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
    """Look at the carrier as the client would use it; cancels nothing. A lookup that is mapped is
    asked for a waybill that does not exist.

    `within_seconds` bounds each step, not the whole. Raises nothing for what a network, a
    server or a file can do: every reason is a finding.
    """
    found = await reach(
        options,
        beside=mapping.method.path,
        lookup=_lookup(mapping),
        within_seconds=within_seconds,
        now_unix=now_unix,
    )
    if found.round_trip_seconds is None:
        return found
    findings = Findings(found=list(found.findings))
    if found.round_trip_seconds >= SLOW_SECONDS:
        slow = f"a round trip takes {found.round_trip_seconds * 1000:.0f} ms"
        findings.warning("carrier.distance", slow, "WeChat waits 5 s for everything.")
    await _check_drift(findings, options, contract, mapping, within_seconds)
    return replace(found, findings=tuple(findings.found))


async def reach(
    options: CarrierOptions,
    *,
    beside: str,
    lookup: tuple[str, bytes] | None = None,
    within_seconds: float,
    now_unix: float,
) -> ProbeResult:
    """Find what keeps the client from sending a call; `beside` and `lookup` as in `Question`."""
    try:
        refuse_unsafe(options)
        read = await asyncio.to_thread(credentials.read, options)
        async with asyncio.timeout(within_seconds):
            endpoints = await endpoints_of(options)
    except CarrierMisconfigured as error:
        return ProbeResult(findings=error.findings)
    except TimeoutError:
        findings = Findings()
        findings.error(TARGET, f"DNS does not answer within {within_seconds:g} s")
        return ProbeResult(findings=tuple(findings.found))
    findings = Findings()
    _check_client_certificate(findings, read, options, now_unix)
    looks = (
        diagnose_endpoint(endpoint, tls=options.tls, within_seconds=within_seconds)
        for endpoint in endpoints
    )
    findings.found += [finding for found in await asyncio.gather(*looks) for finding in found]
    round_trip = None
    if not findings.has_errors:
        question = Question(
            options=options,
            read=read,
            beside=beside,
            lookup=lookup,
            within_seconds=within_seconds,
        )
        round_trip = await _ask(findings, question, endpoints)
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


def _lookup(mapping: Mapping) -> tuple[str, bytes] | None:
    """Return the lookup of a waybill that does not exist, where one is mapped."""
    request = mapping.lookup_request(NO_WAYBILL)
    if mapping.lookup_method is None or request is None or isinstance(request, Unfit):
        return None
    return mapping.lookup_method.path, request.SerializeToString()


async def _ask(
    findings: Findings, question: Question, endpoints: Sequence[Endpoint]
) -> float | None:
    """Ask every address, where there are several: gRPC gives calls to each that is well."""
    if len(endpoints) < 2:
        return await ask(question, findings)
    took = await asyncio.gather(
        *(ask(_of_address(question, endpoint), findings) for endpoint in endpoints)
    )
    return None if None in took else min(one for one in took if one is not None)


def _of_address(question: Question, endpoint: Endpoint) -> Question:
    address = endpoint.address
    family, host = ("ipv6", f"[{address}]") if ":" in address else ("ipv4", address)
    options, tls = question.options, question.options.tls
    if tls is not None:
        tls = replace(tls, server_name=tls.server_name or endpoint.host)
    return replace(
        question,
        options=replace(options, target=f"{family}:{host}:{endpoint.port}", tls=tls),
        address=str(endpoint),
        more=(("grpc.default_authority", f"{endpoint.host}:{endpoint.port}"),) if not tls else (),
    )


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
