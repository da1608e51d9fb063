"""How a push's text becomes the value of a protobuf field, and text again.

Integers: only ASCII digits are taken, at most as many as the field can hold; anything else
does not fit. Leading zeros are taken and lost ("007" is sent as 7): a carrier that keeps its
waybills as integers cannot tell the two apart itself, and prints its numbers padded.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from adapter.carrier.contract.field_path import TIMESTAMP, WRAPPERS, PathFault, kind
from adapter.carrier.mapping.push_fields import CREATE_TIME, Source
from adapter.carrier.mapping.values import Unfit
from adapter.diagnostics.finding import meant

Convert = Callable[[str | int], object]
Restore = Callable[[object], str]

INTEGERS: dict[int, tuple[int, int]] = {
    FieldDescriptor.CPPTYPE_INT32: (-(2**31), 2**31 - 1),
    FieldDescriptor.CPPTYPE_UINT32: (0, 2**32 - 1),
    FieldDescriptor.CPPTYPE_INT64: (-(2**63), 2**63 - 1),
    FieldDescriptor.CPPTYPE_UINT64: (0, 2**64 - 1),
}
"""What an integer can hold, however it is encoded: `sint32` and `sfixed32` as `int32`."""

FLOATS = (FieldDescriptor.TYPE_FLOAT, FieldDescriptor.TYPE_DOUBLE)
LATEST_TIMESTAMP = 253_402_300_799  # timestamp.proto: "to 9999-12-31T23:59:59.999999999Z"
_DIGITS = re.compile(r"[0-9]{1,512}")
_CONSTANT_INTEGER = re.compile(r"-?[0-9]{1,20}")


class Misfit(Exception):
    """This text cannot stand in this field. Holds no text: it may be a password."""

    def __init__(self, unfit: Unfit) -> None:
        super().__init__(f"{unfit.source} does not fit {unfit.target}")
        self.unfit = unfit


def wrapped(field: FieldDescriptor) -> FieldDescriptor | None:
    """Return the value field inside a google.protobuf wrapper, or None."""
    inside: Descriptor | None = field.message_type
    if inside is None or inside.full_name not in WRAPPERS:
        return None
    return inside.fields_by_name["value"]


def converter(field: FieldDescriptor, source: Source, unfit: Unfit) -> Convert:
    """Return what turns the source's value into the field's. It may raise `Misfit` of `unfit`.

    Raises `PathFault` when no value of this source can ever stand in this field.
    """
    inner = wrapped(field)
    if inner is not None:
        convert = converter(inner, source, unfit)
        return lambda value: {"value": convert(value)}
    if field.message_type is not None:
        return _message(field, field.message_type, source, unfit)
    if field.type == FieldDescriptor.TYPE_STRING:
        return str
    if field.type == FieldDescriptor.TYPE_BYTES:
        return lambda value: str(value).encode()
    if field.cpp_type in INTEGERS:
        return _integer(field, source, unfit)
    raise PathFault(
        f"{source.name} cannot be put into a field of type {kind(field)}", _way_out(field)
    )


def _message(field: FieldDescriptor, held: Descriptor, source: Source, unfit: Unfit) -> Convert:
    if held.full_name != TIMESTAMP:
        inside = ", ".join(f"{field.name}.{name}" for name in held.fields_by_name)
        raise PathFault(
            f'"{field.name}" is a message ({kind(field)})',
            f"Name a field inside it: {inside}." if inside else "It has no fields.",
        )
    if source.name != CREATE_TIME:
        raise PathFault(
            f"{source.name} cannot be put into a field of type {TIMESTAMP}",
            "Only CreateTime is a time.",
        )

    def convert(value: str | int) -> object:
        if not isinstance(value, int):
            raise Misfit(unfit)
        # An odd CreateTime says nothing of the waybill: "no such order" would be a lie.
        return {"seconds": min(value, LATEST_TIMESTAMP)}

    return convert


def _way_out(field: FieldDescriptor) -> str:
    if field.enum_type is not None:
        return f'Give a constant: "={field.enum_type.values[-1].name}".'
    if field.type == FieldDescriptor.TYPE_BOOL:
        return 'Give a constant: "=true" or "=false".'
    return "A floating-point number loses digits of an id: choose a text or integer field."


def _integer(field: FieldDescriptor, source: Source, unfit: Unfit) -> Convert:
    if source.never_a_number:
        raise PathFault(
            f"{source.name} never fits {kind(field)}: {source.never_a_number}",
            "Choose a field of type string or bytes.",
        )
    least, most = INTEGERS[field.cpp_type]

    def convert(value: str | int) -> int:
        if isinstance(value, str) and _DIGITS.fullmatch(value) is None:
            raise Misfit(unfit)
        number = int(value)
        if not least <= number <= most:
            raise Misfit(unfit)
        return number

    return convert


def constant(field: FieldDescriptor, text: str) -> object:
    """Return the value of the constant `text` in this field. Raises `PathFault`."""
    inner = wrapped(field)
    if inner is not None:
        return {"value": constant(inner, text)}
    if field.type == FieldDescriptor.TYPE_STRING:
        return text
    if field.type == FieldDescriptor.TYPE_BYTES:
        return text.encode()
    if field.enum_type is not None:
        names = field.enum_type.values_by_name
        if text not in names:
            raise PathFault(f'{kind(field)} has no value "{text}"', meant(text, names))
        return names[text].number
    if field.type == FieldDescriptor.TYPE_BOOL and text in {"true", "false"}:
        return text == "true"
    if field.cpp_type in INTEGERS and _CONSTANT_INTEGER.fullmatch(text):
        least, most = INTEGERS[field.cpp_type]
        if least <= int(text) <= most:
            return int(text)
    if field.type in FLOATS:
        with suppress(ValueError):
            return float(text)
    hint = 'Write "=true" or "=false".' if field.type == FieldDescriptor.TYPE_BOOL else ""
    raise PathFault(f'"{text}" is not a constant of type {kind(field)}', hint)


def restorer(field: FieldDescriptor) -> Restore:
    """Return what turns the field's value back into text, for a carrier's side."""
    inner = wrapped(field)
    if inner is not None:
        restore = restorer(inner)
        return lambda value: restore(getattr(value, "value"))  # noqa: B009 - an `object` to mypy
    if field.message_type is not None:
        return lambda value: str(getattr(value, "seconds"))  # noqa: B009 - the same
    # A proto2 string whose bytes are no UTF-8 is given as bytes, too.
    return lambda value: value.decode(errors="replace") if isinstance(value, bytes) else str(value)


DIGITS = 15  # fit 64 bits, and every language's numbers
SMALL_DIGITS = 9  # fit 32 bits


def number_like(text: str, *, digits: int = DIGITS) -> str:
    """Return the last digits of `text` as a number is written, or 1: ORDER0002 becomes 2."""
    found = "".join(letter for letter in text if letter in "0123456789")
    return found[-digits:].lstrip("0") or "1"


def first_that_fits(text: str, fits: Callable[[str], bool]) -> str:
    """Return `text` where it fits, else the longest number like it that does."""
    numbers = (number_like(text, digits=digits) for digits in (DIGITS, SMALL_DIGITS))
    return next(filter(fits, (text, *numbers)), text)
