"""The `[request]` table: a push to the carrier's message, and that message read again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import attrgetter

from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message

from adapter.cancellation.model import Press
from adapter.carrier.contract.contract import Method
from adapter.carrier.contract.field_path import FieldPath, PathFault, getter, resolve
from adapter.carrier.mapping.convert import Convert, Misfit, Restore, constant, converter, restorer
from adapter.carrier.mapping.push_fields import CREATE_TIME, REQUEST_ID, SOURCES, Getter, Source
from adapter.carrier.mapping.request_rules import (
    SAMPLE,
    integer_type,
    refuse_clashes,
    refuse_incomplete,
    remark,
)
from adapter.carrier.mapping.values import PushFields, Unfit
from adapter.diagnostics.finding import meant
from adapter.diagnostics.table import Table

Fields = dict[str, object]
Fill = Callable[[Press, str], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One row of the table, ready to run: a constant, or a source and how it is filled in."""

    path: FieldPath
    source: Source | None
    fill: Fill | None
    fixed: object = None


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
    steps: list[Step] = []
    rows = section.texts(constants=True)
    for path, value in rows.items():
        key = section.key(path)
        try:
            steps.append(_step(method.request_type, path, value, refused))
        except PathFault as fault:
            section.findings.error(key, fault.message, fault.hint)
    refuse_clashes(section, tuple(step.path for step in steps))
    made = RequestPlan(
        message_class=method.request_class,
        fields=_builder([(step.path.names, step) for step in steps]),
        readers=_readers(steps),
        listed=frozenset(rows.values()),
    )
    if len(steps) == len(rows):
        refuse_incomplete(section, made.build(SAMPLE, "0" * 32))
    for step in steps:
        if step.source is not None:
            remark(section, step.path, step.source)
    return made


def _step(message: Descriptor, path: str, value: str, refused: Mapping[str, str]) -> Step:
    found = resolve(message, path)
    if value.startswith("="):
        return Step(path=found, source=None, fill=None, fixed=constant(found.leaf, value[1:]))
    if value in refused:
        raise PathFault(f"{value} cannot be sent here: {refused[value]}", "Remove this line.")
    source = SOURCES.get(value)
    if source is None:
        raise PathFault(
            f'"{value}" is no field of a push',
            f'{meant(value, SOURCES)} A constant is written "={value}".',
        )
    unfit = Unfit(source=source.name, target=path)
    convert, get = converter(found.leaf, source, unfit), source.get
    fill: Fill
    if source.name == CREATE_TIME:
        fill = _filled_with_time(convert)
    elif _is_text(found):  # text into text: nothing to convert
        fill = get
    else:
        fill = _filled(convert, get)
    return Step(path=found, source=source, fill=fill)


def _filled(convert: Convert, get: Getter) -> Fill:
    return lambda press, request_id: convert(get(press, request_id))


def _filled_with_time(convert: Convert) -> Fill:
    return lambda press, _: convert(press.pushed_at)


def _builder(steps: list[tuple[tuple[str, ...], Step]]) -> Callable[[Press, str], Fields]:
    """Return what makes the fields of one message, nested ones as dicts of their own."""
    plain: dict[str, str] = {}
    fixed: Fields = {}
    ids: list[str] = []
    filled: list[tuple[str, Fill]] = []
    inner: dict[str, list[tuple[tuple[str, ...], Step]]] = {}
    for (name, *rest), step in steps:
        if rest:
            inner.setdefault(name, []).append((tuple(rest), step))
        elif step.fill is None:
            fixed[name] = step.fixed
        elif step.source is SOURCES[REQUEST_ID] and _is_text(step.path):
            ids.append(name)
        elif step.source is not None and step.source.plain and _is_text(step.path):
            plain[name] = step.source.plain
        else:
            filled.append((name, step.fill))
    filled += [(name, _builder(deeper)) for name, deeper in inner.items()]
    return _filler(plain, fixed, ids, tuple(filled))


def _filler(
    plain: Mapping[str, str], fixed: Fields, ids: list[str], filled: tuple[tuple[str, Fill], ...]
) -> Callable[[Press, str], Fields]:
    names = tuple(plain)
    # One C call reads all texts; with fewer than two names attrgetter gives no tuple.
    read = attrgetter(*plain.values(), *["biz_id"] * (2 - len(names)))

    def fields(press: Press, request_id: str) -> Fields:
        values: Fields = dict(zip(names, read(press)))  # noqa: B905 - padded; a push's path
        for name in ids:
            values[name] = request_id
        for name, fill in filled:
            values[name] = fill(press, request_id)
        if fixed:
            values.update(fixed)
        return values

    return fields


def _is_text(path: FieldPath) -> bool:
    return bool(path.leaf.type == path.leaf.TYPE_STRING)


def _readers(
    steps: list[Step],
) -> tuple[tuple[str, Callable[[Message], object], Restore], ...]:
    # A text keeps every character, a number does not: texts first.
    ordered = sorted(steps, key=lambda step: integer_type(step.path) is not None)
    return tuple(
        (step.source.attribute, getter(step.path), restorer(step.path.leaf))
        for step in ordered
        if step.source is not None
    )
