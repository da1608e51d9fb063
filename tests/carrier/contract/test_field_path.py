from __future__ import annotations

import pytest

from adapter.carrier.contract.field_path import (
    KINDS,
    PathFault,
    getter,
    kind,
    leaves,
    parent_of,
    resolve,
)
from tests.carrier.dispatch_contract import compiled, dispatch

VOID = dispatch().method("dispatch.Orders/Void")
OLD = compiled(
    'syntax = "proto2"; package old;'
    "enum S { GONE = 1; HERE = 2; }"
    "message R { optional S state = 1; optional group Inner = 2 { optional S state = 1; } }"
    "service D { rpc Do(R) returns (R); }"
).method("old.D/Do")


def test_a_path_leads_through_messages_to_a_leaf() -> None:
    path = resolve(VOID.request_type, "by_number.order")

    assert (str(path), path.names, path.leaf.name) == (
        "by_number.order",
        ("by_number", "order"),
        "order",
    )
    assert [(prefix, field.name) for prefix, field in path.prefixes()] == [
        ("", "by_number"),
        ("by_number", "order"),
    ]


@pytest.mark.parametrize(
    ("path", "message", "hint"),
    [
        ("merchant.cod", 'dispatch.Envelope.Party has no field "cod"', '"merchant.code"?'),
        ("trace", 'dispatch.Envelope has no field "trace"', '"header.trace"?'),
        ("", 'dispatch.Envelope has no field ""', "Choose from: header, merchant"),
        ("seconds.x", '"seconds" is int32: it has no fields inside', ""),
        ("tags", '"tags" is a repeated field', "Name a singular field."),
        ("extra.key", '"extra" is a map field', "Name a singular field."),
    ],
)
def test_a_path_that_leads_nowhere_says_why(path: str, message: str, hint: str) -> None:
    with pytest.raises(PathFault) as raised:
        resolve(VOID.request_type, path)

    assert raised.value.message.startswith(message)
    assert hint in raised.value.hint


def test_a_type_is_named_as_its_proto_names_it() -> None:
    names = ("header.trace", "header.at", "header.channel", "header.dry_run", "seconds")

    assert [kind(resolve(VOID.request_type, name).leaf) for name in names] == [
        "bytes",
        "google.protobuf.Timestamp",
        "dispatch.Channel",
        "bool",
        "int32",
    ]
    assert sorted(KINDS) == list(range(1, 19))


def test_leaves_leave_out_lists_insides_of_wrappers_and_messages_inside_themselves() -> None:
    paths = [path for path, _ in leaves(VOID.request_type)]

    assert "merchant.code" in paths
    assert not {"tags", "extra", "merchant.code.value", "header.at.seconds"} & set(paths)
    assert [path for path in paths if path.startswith("previous")] == ["previous"]


def test_a_leaf_is_read_through_messages_that_are_not_there() -> None:
    read = getter(resolve(VOID.request_type, "by_number.number"))

    assert read(VOID.request_class()) == 0
    assert read(VOID.request_class(by_number={"number": 7})) == 7


def test_a_leaf_with_presence_that_is_not_set_is_nothing() -> None:
    read = getter(resolve(VOID.request_type, "merchant.app"))

    assert read(VOID.request_class()) is None
    assert read(VOID.request_class(merchant={"app": ""})) == ""


@pytest.mark.parametrize("path", ["state", "inner.state"])
def test_a_proto2_enum_that_is_not_set_is_not_taken_for_its_first_value(path: str) -> None:
    assert OLD.reply_class().state == 1  # type: ignore[attr-defined] # what a naive reader sees

    assert getter(resolve(OLD.reply_type, path))(OLD.reply_class()) is None


def test_the_parent_of_a_leaf_is_made_present() -> None:
    request = VOID.request_class()

    parent_of(request, resolve(VOID.request_type, "by_label.label"))

    assert request.WhichOneof("target") == "by_label"
