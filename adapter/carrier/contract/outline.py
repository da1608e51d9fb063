"""A contract as plain data, for people who look for a method and its fields."""

from __future__ import annotations

from dataclasses import dataclass

from google.protobuf.descriptor import (
    Descriptor,
    FieldDescriptor,
    MethodDescriptor,
)

from adapter.carrier.contract.contract import Contract, is_unary, method_name
from adapter.carrier.contract.field_path import TIMESTAMP, WRAPPERS, kind

DEPTH_LIMIT = 8  # messages may hold themselves
SHOWN_WHOLE = WRAPPERS | {TIMESTAMP}


@dataclass(frozen=True, slots=True, kw_only=True)
class EnumValue:
    """One name of an enum; two names of one number are aliases."""

    name: str
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldOutline:
    """One field: how a mapping names it, its type, and what is inside it.

    `fault` says why a mapping cannot use it, if it cannot. `oneof` is empty outside of one.
    """

    name: str
    path: str
    kind: str
    oneof: str = ""
    fault: str = ""
    values: tuple[EnumValue, ...] = ()
    fields: tuple[FieldOutline, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodOutline:
    """One method as a mapping names it, and both of its messages."""

    name: str
    request: str
    reply: str
    is_streaming: bool
    request_fields: tuple[FieldOutline, ...]
    reply_fields: tuple[FieldOutline, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceOutline:
    """One service of a contract."""

    name: str
    methods: tuple[MethodOutline, ...]


def outline(contract: Contract) -> tuple[ServiceOutline, ...]:
    """Return every service, in the order of the files."""
    return tuple(
        ServiceOutline(name=service.full_name, methods=tuple(map(_method, service.methods)))
        for file in contract.files
        for service in file.services_by_name.values()
    )


def _method(method: MethodDescriptor) -> MethodOutline:
    return MethodOutline(
        name=method_name(method),
        request=method.input_type.full_name,
        reply=method.output_type.full_name,
        is_streaming=not is_unary(method),
        request_fields=_fields(method.input_type, "", ()),
        reply_fields=_fields(method.output_type, "", ()),
    )


def _fields(message: Descriptor, prefix: str, holders: tuple[str, ...]) -> tuple[FieldOutline, ...]:
    if message.full_name in holders or len(holders) == DEPTH_LIMIT:
        return ()
    inside = (*holders, message.full_name)
    return tuple(_field(field, f"{prefix}{field.name}", inside) for field in message.fields)


def _field(field: FieldDescriptor, path: str, holders: tuple[str, ...]) -> FieldOutline:
    oneof, message = field.containing_oneof, field.message_type
    # `optional` is a oneof of its own to protobuf; nobody wrote that one.
    is_real = oneof is not None and len(oneof.fields) > 1
    opens = message is not None and not field.is_repeated and message.full_name not in SHOWN_WHOLE
    return FieldOutline(
        name=field.name,
        path=path,
        kind=kind(field),
        oneof=oneof.name if oneof is not None and is_real else "",
        fault="repeated" if field.is_repeated else "",
        values=tuple(
            EnumValue(name=value.name, number=value.number)
            for value in (field.enum_type.values if field.enum_type is not None else ())
        ),
        fields=_fields(message, f"{path}.", holders) if message is not None and opens else (),
    )
