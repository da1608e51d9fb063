"""The carrier's own words in a reply: `[status] message`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from adapter.carrier.contract.field_path import (
    FieldPath,
    PathFault,
    getter,
    kind,
    leaves,
    parent_of,
    resolve,
)
from adapter.carrier.mapping.convert import wrapped
from adapter.diagnostics.finding import meant
from adapter.diagnostics.table import Table

MESSAGE_LIMIT = 500  # characters kept; a carrier's stack trace would fill the ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageField:
    """A string, or a StringValue, in the reply."""

    path: FieldPath
    get: Callable[[Message], object]

    def read(self, reply: Message) -> str:
        """Return the text, cut to its limit; empty when it is not set."""
        value = self.get(reply)
        if value is not None and not isinstance(value, str):
            value = getattr(value, "value", "")
        return str(value or "")[:MESSAGE_LIMIT]

    def write(self, reply: Message, text: str) -> None:
        """Set the text."""
        parent, name = parent_of(reply, self.path), self.path.leaf.name
        if wrapped(self.path.leaf) is None:
            setattr(parent, name, text)
        else:
            getattr(parent, name).value = text


def message_field(section: Table, reply: Descriptor) -> MessageField | None:
    """Find the field that `message` names; faults go to the section's findings."""
    path = section.text("message")
    if path is None:
        return None
    try:
        found = resolve(reply, path)
    except PathFault as fault:
        section.findings.error(section.key("message"), fault.message, fault.hint)
        return None
    if not is_text(found.leaf):
        texts = [near for near, leaf in leaves(reply) if is_text(leaf)]
        section.findings.error(
            section.key("message"),
            f'"{path}" is {kind(found.leaf)}, not a string',
            meant(path, texts),
        )
        return None
    return MessageField(path=found, get=getter(found))


def is_text(field: FieldDescriptor) -> bool:
    """Tell whether a field holds a text, in a wrapper or not."""
    leaf = wrapped(field) or field
    return bool(leaf.type == FieldDescriptor.TYPE_STRING)
