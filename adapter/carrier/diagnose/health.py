"""What `serve` will ask before it sends anything, asked once: the health Watch, with the same
credentials, and whether the carrier's service lets us in."""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import grpc
import grpc.aio
from google.protobuf.message import DecodeError
from grpc_health.v1 import health_pb2

from adapter.carrier.channel.channel import WHATEVER_HEALTH, Argument, open_channel
from adapter.carrier.channel.credentials import Credentials
from adapter.carrier.channel.health_watch import WATCH_METHOD, Stream, true_failure, watch_request
from adapter.carrier.channel.options import CarrierOptions
from adapter.diagnostics.finding import Findings

HEALTH = "carrier.health"
TOKEN = "carrier.token_file"  # noqa: S105 - a setting's name
TARGET = "carrier.target"
ANSWERS = "carrier.answers"
ROUNDS = 3
# No contract has it, so nothing can be done by asking for it: the answer is UNIMPLEMENTED from
# whoever lets us in, and a refusal comes from whoever would refuse a cancellation too.
ABSENT_METHOD = "WaybridgeCheckAsksForNothing"

_UNWELL = "Until this changes, nothing is sent and pushes are answered −1."
_OFF = 'set carrier.health = "off" to send without asking it'
_NAMED = f"Set carrier.health_service to a name that it knows, or {_OFF}."
_REFUSALS = (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED)
# gRPC's own words, in this process, for an answer of HTTP that is no gRPC.
_HTTP = re.compile(r"Received http2 :?header with status: (\d{3})|HTTP status (?:code )?(\d{3})")

Call = Callable[..., Awaitable[bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Whom to ask, and for what. `beside` is the path of the carrier's own method; `lookup` the
    path and the bytes of a lookup for a waybill that does not exist; `address` is written
    before what is found where there are several; `more` goes to the channel."""

    options: CarrierOptions
    read: Credentials
    beside: str
    within_seconds: float
    lookup: tuple[str, bytes] | None = None
    address: str = ""
    more: tuple[Argument, ...] = ()


async def ask(question: Question, findings: Findings) -> float | None:
    """Ask as the client will. Returns the best round trip; None: it would not send."""
    channel = open_channel(question.options, question.read, more=(*WHATEVER_HEALTH, *question.more))
    try:
        found = Findings()
        if question.options.watch_health:
            await _ask_health(channel, question, found)
        round_trip = None if found.has_errors else await _ask_entry(channel, question, found)
        if question.lookup is not None and not found.has_errors:
            await _ask_lookup(channel, question, question.lookup, found)
        prefix = f"{question.address}: " if question.address else ""
        for one in found.found:
            add = {"error": findings.error, "warning": findings.warning, "note": findings.note}
            add[one.severity.value](one.key, prefix + one.message, one.hint)
        return None if found.has_errors else round_trip
    finally:
        await channel.close()


async def _ask_health(channel: grpc.aio.Channel, question: Question, findings: Findings) -> None:
    watch: Callable[..., Stream] = channel.unary_stream(WATCH_METHOD)
    request = watch_request(question.options.health_service)
    metadata, within_seconds = question.read.metadata, question.within_seconds
    stream = watch(request, timeout=within_seconds, metadata=metadata or None, wait_for_ready=True)
    try:
        word = await stream.read()
        if not isinstance(word, bytes):
            findings.error(HEALTH, "the health service ends its Watch without a word", _or_off())
            return
        status = health_pb2.HealthCheckResponse.FromString(word).status
    except grpc.aio.AioRpcError as error:
        failed = await true_failure(
            channel, error, request=request, metadata=metadata, within_seconds=within_seconds
        )
        _explain_health_failure(findings, failed, question)
        return
    except DecodeError:
        findings.error(HEALTH, "the health service's reply cannot be read", _or_off())
        return
    finally:
        stream.cancel()
    _explain_status(findings, status)


def _explain_status(findings: Findings, status: int) -> None:
    if status == health_pb2.HealthCheckResponse.SERVING:
        return
    if status == health_pb2.HealthCheckResponse.SERVICE_UNKNOWN:
        findings.error(HEALTH, _UNKNOWN_SERVICE, _NAMED)
        return
    names = health_pb2.HealthCheckResponse.ServingStatus.DESCRIPTOR.values_by_number
    word = names[status].name if status in names else str(status)
    findings.error(HEALTH, f"the server reports {word}", _UNWELL)


def _explain_health_failure(
    findings: Findings, error: grpc.aio.AioRpcError, question: Question
) -> None:
    code, proxy = error.code(), _proxy(error)
    if code is grpc.StatusCode.UNIMPLEMENTED:
        findings.note(
            HEALTH,
            "the server has no health service",
            "It counts as healthy while it is connected.",
        )
    elif code is grpc.StatusCode.NOT_FOUND:
        findings.error(HEALTH, _UNKNOWN_SERVICE, _NAMED)
    elif code in _REFUSALS:
        who = f"{proxy} to the health service:" if proxy else "the health service"
        has_token = bool(question.read.metadata)
        what = "refuses the token" if has_token else "wants credentials, and none are set"
        token = "Put a token that it takes in" if has_token else "Set"
        findings.error(HEALTH, f"{who} {what}: {code.name}", f"{token} {TOKEN}, or {_OFF}.")
    elif code is grpc.StatusCode.DEADLINE_EXCEEDED:
        message = "the server accepts connections but does not answer"
        findings.error(HEALTH, message, f"{_UNWELL} If only its health service is silent, {_OFF}.")
    else:
        what = f"{proxy} to the health service: " if proxy else "the health service fails with "
        findings.error(HEALTH, f"{what}{code.name}", _or_off())


async def _ask_entry(
    channel: grpc.aio.Channel, question: Question, findings: Findings
) -> float | None:
    """Ask the carrier's service for a method it does not have."""
    call: Call = channel.unary_unary(f"{question.beside.rpartition('/')[0]}/{ABSENT_METHOD}")
    took: list[float] = []
    for _ in range(ROUNDS):
        started = time.monotonic()
        try:
            await call(
                b"",
                timeout=question.within_seconds,
                metadata=question.read.metadata or None,
                wait_for_ready=True,
            )
        except grpc.aio.AioRpcError as error:
            if not took:
                _explain_entry(findings, error, question)
        if findings.has_errors:
            return None
        took.append(time.monotonic() - started)
    return min(took)


async def _ask_lookup(
    channel: grpc.aio.Channel, question: Question, lookup: tuple[str, bytes], findings: Findings
) -> None:
    """Ask for a waybill that does not exist: some servers refuse nobody for an absent method."""
    path, request = lookup
    call: Call = channel.unary_unary(path)
    within_seconds, metadata = question.within_seconds, question.read.metadata
    try:
        await call(request, timeout=within_seconds, metadata=metadata or None)
    except grpc.aio.AioRpcError as error:
        if error.code() is grpc.StatusCode.UNAUTHENTICATED:
            _explain_entry(findings, error, question)


def _explain_entry(findings: Findings, error: grpc.aio.AioRpcError, question: Question) -> None:
    code, proxy = error.code(), _proxy(error)
    if code in _REFUSALS:
        what = "refuses the token" if question.read.metadata else "wants a token, and none is set"
        message = f"{proxy or 'the carrier'}{':' if proxy else ''} {what}: {code.name}"
        if code is grpc.StatusCode.UNAUTHENTICATED and not proxy:
            hint = f"Until this changes, pushes are answered −1. Set {TOKEN} to a token it takes."
            findings.error(TOKEN, message, hint)
        else:
            # Many let known methods in and no others: this refusal may be for the unknown one.
            findings.warning(TOKEN, message, "If cancellations are refused too, it is the token.")
    elif code is grpc.StatusCode.DEADLINE_EXCEEDED:
        findings.error(ANSWERS, "the server accepts connections but does not answer", _UNWELL)
    elif code is grpc.StatusCode.UNAVAILABLE:
        what = proxy or "the carrier answers calls"
        findings.error(ANSWERS, f"{what}: {code.name}", "Pushes are answered −1 until it does.")


def _proxy(error: grpc.aio.AioRpcError) -> str:
    """Name the HTTP status that a proxy answered in gRPC's place; empty: gRPC answered."""
    found = _HTTP.search(error.details() or "")
    return f"a proxy answers HTTP {found[1] or found[2]}" if found else ""


def _or_off() -> str:
    return f"{_UNWELL} Or {_OFF}."


_UNKNOWN_SERVICE = "the health service does not know the configured service"
