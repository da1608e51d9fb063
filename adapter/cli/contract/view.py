"""A contract as a tree: methods, fields as a mapping refers to them, and enum values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import TextIO

from adapter.carrier.contract.outline import EnumValue, FieldOutline, MethodOutline, ServiceOutline
from adapter.cli.output import json_text

STREAMING = "streaming: a mapping cannot use it"
REPEATED = "repeated: a mapping cannot use it"


def show(services: tuple[ServiceOutline, ...], *, stream: TextIO) -> None:
    """Write the tree; indented text for people and programs alike."""
    if not services:
        stream.write("The descriptor set contains no service.\n")
    for service in services:
        stream.write(f"{service.name}\n")
        for method in service.methods:
            stream.writelines(f"  {line}\n" for line in _method(method))


def as_json(services: tuple[ServiceOutline, ...]) -> str:
    """Return the services as a JSON array."""
    return json_text([asdict(service) for service in services])


def _method(method: MethodOutline) -> Iterator[str]:
    yield f"{method.name}" + (f"  ({STREAMING})" if method.is_streaming else "")
    for title, kind, fields in (
        ("request", method.request, method.request_fields),
        ("reply", method.reply, method.reply_fields),
    ):
        yield f"  {title} {kind}"
        yield from _fields(fields, "    ")


def _fields(fields: Iterable[FieldOutline], indent: str) -> Iterator[str]:
    for field in fields:
        notes = [f"one of {field.oneof}"] if field.oneof else []
        notes += [REPEATED] if field.fault == "repeated" else []
        yield f"{indent}{field.path}  {field.kind}" + "".join(f"  ({note})" for note in notes)
        yield from (f"{indent}  {line}" for line in _values(field.values))
        yield from _fields(field.fields, f"{indent}  ")


def _values(values: tuple[EnumValue, ...]) -> Iterator[str]:
    first: dict[int, str] = {}
    for value in values:
        alias = first.setdefault(value.number, value.name)
        note = "" if alias == value.name else f"  (the same as {alias})"
        yield f"{value.number} {value.name}{note}"
