from __future__ import annotations

import pytest
from google.protobuf.message import Message

from adapter.carrier.contract.field_path import resolve
from adapter.carrier.mapping.push_fields import SOURCES
from adapter.carrier.mapping.request import (
    SAMPLE,
    RequestPlan,
    largest_integer,
    plan,
    refuse_clashes,
    refuse_incomplete,
    remark,
)
from adapter.carrier.mapping.values import PushFields, Unfit
from adapter.diagnostics.finding import Findings
from adapter.diagnostics.table import Table, read
from tests.carrier.dispatch_contract import cancellation, compiled, dispatch, entry

VOID = dispatch().method("dispatch.Orders/Void")
FLAT = compiled(
    'syntax = "proto3"; package flat;'
    "message M { string a = 1; string b = 2; int64 c = 3; bytes d = 4; string e = 5; M m = 6; }"
    "service S { rpc Do(M) returns (M); }"
).method("flat.S/Do")


def _plan(text: str, *, refused: dict[str, str] | None = None) -> tuple[RequestPlan, Findings]:
    section = read(text.encode())
    return plan(section, FLAT, refused=refused or {}), section.findings


def _built(text: str) -> Message:
    built = _plan(text)[0].build(cancellation(), "key")
    assert isinstance(built, Message)
    return built


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {}),
        ('a = "WayBillID"', {"a": "123456789"}),
        ('a = "WayBillID"\nb = "BizID"', {"a": "123456789", "b": "xyz"}),
        ('a = "request_id"\nb = "BizPwd"', {"a": "key", "b": "xyz123"}),
        ('a = "=x"\nb = "="', {"a": "x", "b": ""}),
        ('c = "CreateTime"\ne = "CreateTime"', {"c": 1533042556, "e": "1533042556"}),
        ('c = "OrderID"\nd = "OrderID"', {"c": 77, "d": b"77"}),
        (
            '"m.a" = "BizID"\n"m.m.c" = "=-1"\na = "BizID"\nm.m.b = "OrderID"',
            {"a": "xyz", "m": {"a": "xyz", "m": {"c": -1, "b": "77"}}},
        ),
    ],
    ids=["nothing", "one", "two", "id and password", "constants", "time", "number", "nested"],
)
def test_a_table_fills_the_message(text: str, expected: dict[str, object]) -> None:
    assert _built(text) == FLAT.request_class(**expected)


def test_an_entry_fills_it_as_its_push_did_but_for_the_password() -> None:
    made, _ = _plan('a = "WayBillID"\nb = "BizID"\nc = "OrderID"\n"m.a" = "request_id"')

    assert made.build(entry(), "key") == made.build(cancellation(), "key")


def test_a_text_that_does_not_fit_is_named_by_source_and_target() -> None:
    made, _ = _plan('"m.c" = "OrderID"')

    assert made.build(cancellation(order_id="x"), "key") == Unfit(source="OrderID", target="m.c")


@pytest.mark.parametrize("field", ["a", "d"])
def test_what_utf8_cannot_hold_does_not_fit(field: str) -> None:
    made, _ = _plan(f'{field} = "OrderID"')

    assert made.build(cancellation(order_id="\udc00"), "key") == Unfit(
        source="text", target="flat.M"
    )


def test_a_text_is_read_back_before_a_number() -> None:
    made, _ = _plan('c = "OrderID"\na = "OrderID"')

    built = made.build(cancellation(order_id="007"), "key")

    assert isinstance(built, Message)
    assert made.read(built) == PushFields(order_id="007")


def test_a_field_with_presence_that_is_not_set_is_read_as_nothing() -> None:
    section = read(b'"merchant.app" = "ShopAppID"\nseconds = "WayBillID"')
    made = plan(section, VOID, refused={})

    assert made.read(VOID.request_class()) == PushFields(waybill_id="0")


def test_every_fault_of_a_table_is_found() -> None:
    _, findings = _plan(
        'z = "BizID"\na = "BizIP"\nc = "ShopAppID"\nb = "BizPwd"', refused={"BizPwd": "x"}
    )

    assert [finding.key for finding in findings.found] == ["z", "a", "c", "b"]


def test_a_source_is_carried_when_it_has_a_row_even_a_faulty_one() -> None:
    made, _ = _plan('z = "BizID"\na = "OrderID"')

    assert [made.carries(name) for name in ("BizID", "OrderID", "WayBillID")] == [True, True, False]


RULES = compiled(
    'syntax = "proto3"; package rules; import "google/protobuf/wrappers.proto";'
    "message M { oneof one { A a = 1; A b = 2; } optional string c = 3; optional string d = 4;"
    "  int32 at = 5; int64 late = 6; google.protobuf.Int64Value n = 7;"
    "  string open = 8; string hidden = 9 [debug_redact = true]; A e = 10; }"
    "message A { oneof two { string x = 1; string y = 2; } string z = 3; }"
    "service S { rpc Do(M) returns (M); }"
).method("rules.S/Do")
STRICT = compiled(
    'syntax = "proto2"; package strict;'
    "message M { required string a = 1; optional N n = 2; } message N { required string b = 1; }"
    "service S { rpc Do(M) returns (M); }"
).method("strict.S/Do")


def _section() -> Table:
    return read(b"")


def _clashes(*paths: str) -> list[str]:
    section = _section()
    refuse_clashes(section, tuple(resolve(RULES.request_type, path) for path in paths))
    return [f"{finding.key}: {finding.message}" for finding in section.findings.found]


@pytest.mark.parametrize(
    "paths",
    [("a.x", "a.z"), ("c", "d"), ("a.x", "e.y"), ("a.z",)],
    ids=["beside a oneof", "optionals", "the same oneof of two messages", "one"],
)
def test_fields_that_can_all_be_set_are_no_clash(paths: tuple[str, ...]) -> None:
    assert _clashes(*paths) == []


def test_two_members_of_one_oneof_clash_wherever_they_part() -> None:
    assert _clashes("a.x", "a.y") == [
        'a.y: "y" and "x" are members of one oneof, "two": only one of them can be set.'
    ]
    assert _clashes("a.x", "b.z") == [
        'b.z: "b" and "a" are members of one oneof, "one": only one of them can be set.'
    ]


@pytest.mark.parametrize("paths", [("n", "n.value"), ("n.value", "n")])
def test_a_field_inside_a_filled_one_clashes(paths: tuple[str, str]) -> None:
    assert _clashes(*paths) == ['n.value: is inside "n", which is filled as a whole.']


def test_required_fields_that_nothing_fills_are_named() -> None:
    section = _section()

    refuse_incomplete(section, STRICT.request_class(n={}))

    (finding,) = section.findings.found
    assert finding.message.endswith("nothing fills (proto2 required): a,n.b.")


def test_a_whole_message_and_an_unfit_sample_are_not_incomplete() -> None:
    section = _section()

    refuse_incomplete(section, STRICT.request_class(a="x"))
    refuse_incomplete(section, Unfit(source="s", target="t"))

    assert section.findings.found == []


@pytest.mark.parametrize(
    ("path", "source", "remarked"),
    [
        ("open", "BizPwd", "is not marked [debug_redact = true]"),
        ("hidden", "BizPwd", None),
        ("open", "OrderID", None),
        ("late", "CreateTime", None),
        ("at", "CreateTime", "int32 holds no time after 19 January 2038"),
        ("late", "OrderID", "OrderID is sent as int64: leading zeros are lost"),
        ("n", "OrderID", "OrderID is sent as google.protobuf.Int64Value"),
    ],
)
def test_what_may_surprise_is_remarked(path: str, source: str, remarked: str | None) -> None:
    section = _section()

    remark(section, resolve(RULES.request_type, path), SOURCES[source])

    messages = [finding.message for finding in section.findings.found]
    assert len(messages) == (0 if remarked is None else 1)
    assert all(remarked in message for message in messages if remarked is not None)
    assert not section.findings.has_errors


def test_an_integer_is_one_inside_a_wrapper_too() -> None:
    found = [largest_integer(resolve(RULES.request_type, path)) for path in ("n", "at", "open")]

    assert [kind is not None for kind in found] == [True, True, False]


def test_the_sample_fits_every_kind_of_field() -> None:
    assert SAMPLE.credential.reveal() == "1"
