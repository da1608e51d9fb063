"""The request that a push becomes, as dotted lines with every secret masked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from adapter.cancellation.model import Cancellation
from adapter.cancellation.push_key import push_key
from adapter.carrier.contract.field_path import TIMESTAMP, WRAPPERS
from adapter.carrier.mapping.mapping import Mapping
from adapter.carrier.mapping.values import Unfit
from adapter.wechat.secret import MASK, Secret

NUMBER_FOR_A_MASK = "0"  # where a password goes into a number


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One field of a request: its path as a mapping writes it, and its value for people."""

    path: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the carrier would be asked. `unfit` names a text that cannot stand there: then
    nothing is sent, and the outcome is `not_found`."""

    method: str
    lines: tuple[Line, ...] = ()
    unfit: str = ""


def asked(mapping: Mapping, cancellation: Cancellation) -> Asked:
    """Return the request of a push. The request id is made as with an empty ledger key."""
    method = mapping.method.name
    request_id = push_key(cancellation, identity_key=b"")
    real = mapping.request(cancellation, request_id)
    if isinstance(real, Unfit):
        return Asked(method=method, unfit=f"{real.source} cannot stand in {real.target}")
    shown = mapping.request(replace(cancellation, credential=Secret(MASK)), request_id)
    if isinstance(shown, Unfit):
        masked = replace(cancellation, credential=Secret(NUMBER_FOR_A_MASK))
        shown = mapping.request(masked, request_id)
    lines = () if isinstance(shown, Unfit) else tuple(_lines(shown, ""))
    return Asked(method=method, lines=lines)


def _lines(message: Message, prefix: str) -> Iterator[Line]:
    for field, value in message.ListFields():
        path = f"{prefix}{field.name}"
        if field.message_type is None or field.message_type.full_name in WRAPPERS:
            yield Line(path=path, value=_value(field, value))
        elif field.message_type.full_name == TIMESTAMP:
            yield Line(path=path, value=_moment(value))
        else:
            yield from _lines(value, f"{path}.")


def _value(field: FieldDescriptor, value: object) -> str:
    if field.GetOptions().debug_redact:
        return MASK
    if field.message_type is not None:
        value = getattr(value, "value")  # noqa: B009 - a wrapper, an `object` to mypy
    if field.enum_type is not None and isinstance(value, int):
        named = field.enum_type.values_by_number.get(value)
        return named.name if named is not None else str(value)
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def _moment(value: Timestamp) -> str:
    try:
        return f"{datetime.fromtimestamp(value.seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"
    except (OverflowError, ValueError, OSError):
        return str(value.seconds)
