"""The `[request]` table: a push to the carrier's message, and that message read again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from google.protobuf.descriptor import Descriptor
from google.protobuf.message import EncodeError, Message

from adapter.cancellation.model import Cancellation, Press
from adapter.carrier.contract.contract import Method
from adapter.carrier.contract.field_path import FieldPath, PathFault, getter, kind, resolve
from adapter.carrier.mapping.convert import (
    INTEGERS,
    Misfit,
    Restore,
    constant,
    converter,
    restorer,
    wrapped,
)
from adapter.carrier.mapping.push_fields import (
    CREATE_TIME,
    PASSWORD,
    SOURCES,
    Source,
)
from adapter.carrier.mapping.values import PushFields, Unfit
from adapter.diagnostics.finding import meant
from adapter.diagnostics.table import Table
from adapter.wechat.secret import Secret

Fields = dict[str, object]
Fill = Callable[[Press, str], object]


LAST_SECOND_OF_INT32 = 2**31 - 1
SAMPLE = Cancellation(
    account="1",
    open_id="1",
    pushed_at=1,
    biz_id="1",
    order_id="1",
    waybill_id="1",
    shop_app_id="1",
    credential=Secret("1"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _FilledField:
    """One row of the table, ready to use: a constant, or a source and how it is filled in."""

    path: FieldPath
    source: Source | None
    fill: Fill


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestPlan:
    """A whole `[request]` table against one message. Building costs about a microsecond."""

    message_class: type[Message]
    fields: Callable[[Press, str], Fields]
    readers: tuple[tuple[str, Callable[[Message], object], Restore], ...]
    listed: frozenset[str]

    def build(self, press: Press, request_id: str) -> Message | Unfit:
        """Fill the message, or say which text cannot stand in it."""
        try:
            return self.message_class(**self.fields(press, request_id))
        except Misfit as misfit:
            return misfit.unfit
        except UnicodeEncodeError:  # half a surrogate pair: no protobuf text can hold it
            return Unfit(source="text", target=str(self.message_class.DESCRIPTOR.full_name))

    def read(self, message: Message) -> PushFields:
        """Read the push's fields back; the first text that is set wins over any number."""
        found: dict[str, str] = {}
        for attribute, read, restore in self.readers:
            value = read(message)
            if attribute not in found and value is not None:
                found[attribute] = restore(value)
        return PushFields(**found)

    def carries(self, source: str) -> bool:
        """Tell whether a source has a row, be it a faulty one: one slip is one finding."""
        return source in self.listed


def plan(section: Table, method: Method, *, refused: Mapping[str, str]) -> RequestPlan:
    """Check the table whole and prepare it; `refused` sources come with the reason.

    Faults go to the section's findings; a plan with faults must not be used.
    """
    filled: list[_FilledField] = []
    rows = section.texts(constants=True)
    for path, value in rows.items():
        key = section.key(path)
        try:
            filled.append(_filled_field(method.request_type, path, value, refused))
        except PathFault as fault:
            section.findings.error(key, fault.message, fault.hint)
    refuse_clashes(section, tuple(each.path for each in filled))
    made = RequestPlan(
        message_class=method.request_class,
        fields=_builder([(each.path.names, each.fill) for each in filled]),
        readers=_readers(filled),
        listed=frozenset(rows.values()),
    )
    if len(filled) == len(rows):
        refuse_incomplete(section, made.build(SAMPLE, "0" * 32))
    for each in filled:
        if each.source is not None:
            remark(section, each.path, each.source)
    return made


def _filled_field(
    message: Descriptor, path: str, value: str, refused: Mapping[str, str]
) -> _FilledField:
    found = resolve(message, path)
    if value.startswith("="):
        fixed = constant(found.leaf, value[1:])
        return _FilledField(path=found, source=None, fill=lambda *_: fixed)
    if value in refused:
        raise PathFault(f"{value} cannot be sent here: {refused[value]}", "Remove this line.")
    source = SOURCES.get(value)
    if source is None:
        raise PathFault(
            f'"{value}" is not a field of a push',
            f'{meant(value, SOURCES)} A constant is written "={value}".',
        )
    unfit = Unfit(source=source.name, target=path)
    convert, get = converter(found.leaf, source, unfit), source.get
    if found.leaf.type == found.leaf.TYPE_STRING and source.name != CREATE_TIME:
        return _FilledField(path=found, source=source, fill=get)  # text into text

    def fill(press: Press, request_id: str) -> object:
        return convert(get(press, request_id))

    return _FilledField(path=found, source=source, fill=fill)


def _builder(rows: list[tuple[tuple[str, ...], Fill]]) -> Callable[[Press, str], Fields]:
    """Return what makes the fields of one message, nested ones as dicts of their own."""
    fills: dict[str, Fill] = {}
    inner: dict[str, list[tuple[tuple[str, ...], Fill]]] = {}
    for (name, *rest), fill in rows:
        if rest:
            inner.setdefault(name, []).append((tuple(rest), fill))
        else:
            fills[name] = fill
    for name, deeper in inner.items():
        fills.setdefault(name, _builder(deeper))
    filled = tuple(fills.items())
    return lambda press, request_id: {name: fill(press, request_id) for name, fill in filled}


def _readers(
    filled: list[_FilledField],
) -> tuple[tuple[str, Callable[[Message], object], Restore], ...]:
    # A text keeps every character, a number does not: texts first.
    ordered = sorted(filled, key=lambda row: largest_integer(row.path) is not None)
    return tuple(
        (row.source.attribute, getter(row.path), restorer(row.path.leaf))
        for row in ordered
        if row.source is not None
    )


def refuse_clashes(section: Table, paths: tuple[FieldPath, ...]) -> None:
    """Refuse two members of one oneof, and a field inside one that is filled as a whole."""
    hint = "Remove one of the two."
    taken: dict[tuple[str, str], str] = {}
    filled = {path.names for path in paths}
    for path in paths:
        key = section.key(str(path))
        for oneof, member in path.oneof_members().items():
            first = taken.setdefault(oneof, member)
            if first != member:
                section.findings.error(
                    key,
                    f'"{member}" and "{first}" are members of one oneof, "{oneof[1]}": '
                    "only one of them can be set",
                    hint,
                )
        for prefix, _ in path.prefixes():
            if tuple(prefix.split(".")) in filled:
                section.findings.error(
                    key, f'is inside "{prefix}", which is filled as a whole', hint
                )


def refuse_incomplete(section: Table, sample: Message | Unfit) -> None:
    """Refuse a table that leaves out what a proto2 contract requires: nothing could be sent."""
    if isinstance(sample, Unfit):
        return
    try:
        sample.SerializeToString()
    except EncodeError as error:
        missing = str(error).rpartition(": ")[2]
        section.findings.error(
            section.name,
            f"the contract requires fields that nothing fills (proto2 required): {missing}",
            "Add a line for each of them.",
        )


def largest_integer(path: FieldPath) -> int | None:
    """Return the most that the leaf can hold when it is an integer, in a wrapper or not."""
    leaf = wrapped(path.leaf) or path.leaf
    return INTEGERS[leaf.cpp_type][1] if leaf.cpp_type in INTEGERS else None


def remark(section: Table, path: FieldPath, source: Source) -> None:
    """Note what is allowed and may still surprise."""
    key, findings = section.key(str(path)), section.findings
    if source.name == PASSWORD:
        if not path.leaf.GetOptions().debug_redact:
            findings.note(
                key,
                f'"{path.leaf.name}" is not marked [debug_redact = true]',
                "Marked so, the carrier's own debug output hides the password.",
            )
    elif largest_integer(path) is None:
        return
    elif source.name != CREATE_TIME:
        findings.note(
            key,
            f"{source.name} is sent as {kind(path.leaf)}: leading zeros are lost, and what is "
            "not a number that fits is answered as not_found without a call",
        )
    elif largest_integer(path) == LAST_SECOND_OF_INT32:
        findings.warning(key, f"{kind(path.leaf)} holds no time after 19 January 2038")
