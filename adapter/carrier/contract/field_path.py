"""Dotted paths through a message: found in the descriptors once, then read and written fast."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.descriptor_pb2 import FieldDescriptorProto
from google.protobuf.message import Message

from adapter.diagnostics.finding import meant

NEARBY_DEPTH = 4
TIMESTAMP = "google.protobuf.Timestamp"
WRAPPERS = frozenset(
    f"google.protobuf.{name}Value"
    for name in ("String", "Bytes", "Int32", "Int64", "UInt32", "UInt64", "Bool", "Float", "Double")
)

KINDS: dict[int, str] = {
    number: name.removeprefix("TYPE_").lower() for name, number in FieldDescriptorProto.Type.items()
}
"""Every protobuf type by its number, as a .proto names it."""


class PathFault(Exception):
    """A path leads nowhere, or to something a push cannot fill. `hint` says what is near."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldPath:
    """The fields one after the other from a message to a leaf of it."""

    fields: tuple[FieldDescriptor, ...]

    @property
    def leaf(self) -> FieldDescriptor:
        return self.fields[-1]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(field.name for field in self.fields)

    def __str__(self) -> str:
        return ".".join(self.names)

    def oneof_members(self) -> dict[tuple[str, str], str]:
        """Return the member that the path takes of each oneof, by its message and name."""
        return {
            (prefix, field.containing_oneof.name): field.name
            for prefix, field in self.prefixes()
            if field.containing_oneof is not None
        }

    def prefixes(self) -> Iterator[tuple[str, FieldDescriptor]]:
        """Yield every step: the dotted name of the message it stands in, and its field."""
        for depth, field in enumerate(self.fields):
            yield ".".join(self.names[:depth]), field


def kind(field: FieldDescriptor) -> str:
    """Return the field's type as its .proto names it: `int64`, `google.protobuf.Timestamp`."""
    if field.message_type is not None:
        return str(field.message_type.full_name)
    if field.enum_type is not None:
        return str(field.enum_type.full_name)
    return KINDS[field.type]


def resolve(message: Descriptor, path: str) -> FieldPath:
    """Find a dotted path. Raises `PathFault` with the nearest path that exists."""
    fields: list[FieldDescriptor] = []
    inside: Descriptor | None = message
    for name in path.split("."):
        if inside is None:
            raise PathFault(f'"{fields[-1].name}" is {kind(fields[-1])}: it has no fields inside')
        field = inside.fields_by_name.get(name)
        if field is None:
            raise PathFault(
                f'{inside.full_name} has no field "{name}"', _near(message, inside, path, name)
            )
        if field.is_repeated:
            entry = field.message_type
            is_map = entry is not None and entry.GetOptions().map_entry
            plural = "map" if is_map else "repeated"
            raise PathFault(
                f'"{field.name}" is a {plural} field: a mapping cannot say '
                "which of its values is meant",
                "Name a singular field.",
            )
        fields.append(field)
        inside = field.message_type
    return FieldPath(fields=tuple(fields))


def _near(message: Descriptor, inside: Descriptor, path: str, name: str) -> str:
    reachable = dict(leaves(message))
    elsewhere = [near for near in reachable if near.rpartition(".")[2] == name]
    if elsewhere:
        return f'Did you mean "{elsewhere[0]}"?'
    hint = meant(path, reachable)
    return hint if hint.startswith("Did") else meant(name, inside.fields_by_name)


def leaves(
    message: Descriptor, prefix: str = "", holders: tuple[str, ...] = ()
) -> Iterator[tuple[str, FieldDescriptor]]:
    """Yield every singular field reachable by a path, outer ones first.

    A message inside itself and the inside of a wrapper or a Timestamp are left out.
    """
    inside = (*holders, message.full_name)
    inner: list[tuple[str, Descriptor]] = []
    for field in message.fields:
        if field.is_repeated:
            continue
        path = f"{prefix}{field.name}"
        yield path, field
        held = field.message_type
        if held is not None and held.full_name not in {*inside, *WRAPPERS, TIMESTAMP}:
            inner.append((f"{path}.", held))
    for path, deeper in inner if len(inside) < NEARBY_DEPTH else ():
        yield from leaves(deeper, path, inside)


def getter(path: FieldPath) -> Callable[[Message], object]:
    """Return a reader of the leaf. It gives None for a leaf with presence that is not set:
    a proto2 enum's default may be any of its values, and would be taken for an answer."""
    *parents, name = path.names
    has_presence = path.leaf.has_presence

    def read(message: Message) -> object:
        for parent in parents:
            message = getattr(message, parent)
        if has_presence and not message.HasField(name):
            return None
        return getattr(message, name)

    return read


def parent_of(message: Message, path: FieldPath) -> Message:
    """Return the message that holds the leaf, made present on the way."""
    for field in path.fields[:-1]:
        message = getattr(message, field.name)
        message.SetInParent()
    return message
