"""The `[status]` tables: the carrier's enum to our outcome or fact, its own words, and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from google.protobuf.message import Message

from adapter.cancellation.model import Fact, Outcome
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
from adapter.carrier.mapping.values import Row
from adapter.diagnostics.finding import meant
from adapter.diagnostics.table import Table

W = TypeVar("W", Outcome, Fact)
UNSET = "UNSET"
NEW_NUMBER_STEP = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusTable(Generic[W]):
    """Every number of one enum and its meaning, in the order of the file.

    `meanings` leaves out the zero value: it never means anything.
    """

    path: FieldPath
    enum: EnumDescriptor
    meanings: Mapping[int, W]
    words: Mapping[int, str]
    number: Callable[[Message], object]

    def word(self, number: object) -> str:
        """Return the stable word for a number: its name, `UNKNOWN_<n>`, or `UNSET`."""
        if not isinstance(number, int):
            return UNSET
        return self.words.get(number) or f"UNKNOWN_{number}"

    def number_for(self, meaning: W) -> int | None:
        """Return the first number listed for a meaning; None: no value says it."""
        return next((number for number, word in self.meanings.items() if word is meaning), None)

    def write(self, reply: Message, number: int | None) -> None:
        """Set the status; None sets a number that the enum does not have."""
        parent = parent_of(reply, self.path)
        if number is not None:
            setattr(parent, self.path.leaf.name, number)
            return
        # By its bytes: a closed enum's setter refuses a number that it does not have.
        parent.MergeFromString(_varint(self.path.leaf.number << 3) + _varint(self._new_number()))

    def rows(self) -> tuple[Row, ...]:
        """Return the whole table, by number, for people."""
        return tuple(
            Row(
                word=self.words[number],
                number=number,
                means=self.meanings.get(number),
                aliases=tuple(name for name in names if name != self.words[number]),
            )
            for number, names in sorted(names_by_number(self.enum).items())
        )

    def _new_number(self) -> int:
        number = NEW_NUMBER_STEP
        while number in self.enum.values_by_number:
            number += NEW_NUMBER_STEP
        return number


def names_by_number(enum: EnumDescriptor) -> dict[int, tuple[str, ...]]:
    """Return every number with all its names: the first declared, then its aliases."""
    names: dict[int, tuple[str, ...]] = {}
    for value in enum.values:
        names[value.number] = (*names.get(value.number, ()), value.name)
    return names


def field(section: Table, reply: Descriptor) -> FieldPath | None:
    """Find the enum that `field` names, or write down why it cannot be used."""
    missing = 'Name the enum in the reply: field = "…".'
    return _named(section, "field", reply, _is_enum, wanted="an enum", missing=missing)


def _named(
    section: Table,
    key: str,
    reply: Descriptor,
    fits: Callable[[FieldDescriptor], bool],
    *,
    wanted: str,
    missing: str | None = None,
) -> FieldPath | None:
    path = section.text(key, missing=missing)
    if path is None:
        return None
    try:
        found = resolve(reply, path)
    except PathFault as fault:
        section.findings.error(section.key(key), fault.message, fault.hint)
        return None
    if fits(found.leaf):
        return found
    others = meant(path, [near for near, leaf in leaves(reply) if fits(leaf)])
    section.findings.error(
        section.key(key),
        f'"{path}" is {kind(found.leaf)}, not {wanted}',
        others or f"No field of this reply is {wanted}.",
    )
    return None


def _is_enum(field: FieldDescriptor) -> bool:
    return field.enum_type is not None


def table(section: Table, path: FieldPath | None, words: type[W]) -> StatusTable[W] | None:
    """Read `outcomes` for the enum at `path`; faults go to the section's findings."""
    enum = path.leaf.enum_type if path is not None else None
    if path is None or enum is None:
        return None
    outcomes = section.table("outcomes", missing="Give every value of the enum a row.")
    if outcomes is None:
        return None
    meanings: dict[int, W] = {}
    names = {number: aliases[0] for number, aliases in names_by_number(enum).items()}
    listed: dict[int, str] = {}
    for name, text in outcomes.texts().items():
        meaning = meaning_of(outcomes, name, text, words)
        value = enum.values_by_name.get(name)
        if value is None:
            near = meant(name, enum.values_by_name)
            outcomes.findings.error(outcomes.key(name), f"{enum.full_name} has no such value", near)
            continue
        first = listed.setdefault(value.number, name)
        names[value.number] = first
        if value.number == 0:
            _refuse_zero(outcomes, name, meaning)
        elif meaning is not None and meanings.setdefault(value.number, meaning) is not meaning:
            _refuse_alias(outcomes, name, first)
    return StatusTable(path=path, enum=enum, meanings=meanings, words=names, number=getter(path))


def unlisted(section: Table, enum: EnumDescriptor) -> dict[int, tuple[str, ...]]:
    """Return the numbers of the enum that have no row under any of their names."""
    outcomes = section.entries.get("outcomes")
    rows = outcomes if isinstance(outcomes, dict) else {}
    return {
        number: names
        for number, names in names_by_number(enum).items()
        if not any(name in rows for name in names)
    }


def meaning_of(section: Table, name: str, text: str, words: type[W]) -> W | None:
    """Return the outcome or fact that `text` names, or write down that it is not valid."""
    known: dict[str, W] = {word.value: word for word in words}
    if text not in known:
        section.findings.error(
            section.key(name), f'"{text}" is not a valid meaning', meant(text, known)
        )
    return known.get(text)


def _refuse_alias(section: Table, name: str, first: str) -> None:
    section.findings.error(
        section.key(name),
        f'is an alias of "{first}", which means something else',
        "One number has one meaning: keep one of the two rows.",
    )


def _refuse_zero(section: Table, name: str, meaning: Outcome | Fact | None) -> None:
    if isinstance(meaning, Fact):
        section.findings.error(
            section.key(name),
            "is the enum's zero value: a forgotten field looks like it, so it settles nothing",
            "Remove this line.",
        )
    elif meaning not in {Outcome.FAILED, None}:
        section.findings.error(
            section.key(name),
            "is the enum's zero value: a forgotten field looks like it, so it may only be "
            '"failed"',
            f'Write {name} = "failed".',
        )


def _varint(number: int) -> bytes:
    encoded = bytearray()
    while number > 127:
        encoded.append(number & 127 | 128)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


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
    path = _named(section, "message", reply, is_text, wanted="a string")
    return None if path is None else MessageField(path=path, get=getter(path))


def is_text(field: FieldDescriptor) -> bool:
    """Tell whether a field holds a text, in a wrapper or not."""
    leaf = wrapped(field) or field
    return bool(leaf.type == FieldDescriptor.TYPE_STRING)
