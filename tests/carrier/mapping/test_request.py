from __future__ import annotations

import pytest
from google.protobuf.message import Message

from adapter.carrier.mapping.request import RequestPlan, plan
from adapter.carrier.mapping.values import PushFields, Unfit
from adapter.diagnostics.finding import Findings
from adapter.diagnostics.table import read
from tests.carrier.dispatching import cancellation, compiled, dispatch, entry

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
