from __future__ import annotations

import tomllib

import pytest

from adapter.carrier.contract.contract import Contract
from adapter.carrier.mapping.propose_lookup import HEADER, propose_lookup
from tests.carrier.dispatching import compiled, dispatch

REST = (
    "enum S { S_NONE = 0; S_CANCELLED = 1; S_CANCEL_REQUESTED = 2; S_ON_VAN = 3; S_ASSIGNED = 4;"
    "  S_SIGNED = 5; S_CREATED = 6; S_NOT_FOUND = 7; S_UNKNOWN = 8; S_INACTIVE = 9; }"
    "message Q { string waybill_no = 1; string order_no = 2; } message T { string name = 1; }"
    "message A { S state = 1; } message N { string text = 1; }"
    "service D { rpc Cancel(Q) returns (A);"
)


def asked(methods: str) -> Contract:
    return compiled(f'syntax = "proto3"; package asked; {REST} {methods} }}')


def proposed(contract: Contract, method: str = "asked.D/Cancel") -> list[str]:
    return list(propose_lookup(contract.method(method), contract))


def uncommented(lines: list[str]) -> str:
    return "\n".join(line.removeprefix("#").strip() for line in lines[lines.index(HEADER) :])


def test_a_method_that_asks_is_proposed_behind_comment_marks() -> None:
    lines = proposed(asked("rpc Peek(Q) returns (A);"))

    assert all(line.startswith("#") for line in lines if line)
    assert tomllib.loads(uncommented(lines))["lookup"] == {
        "method": "asked.D/Peek",
        "request": {"waybill_no": "WayBillID", "order_no": "OrderID"},
        "status": {
            "field": "state",
            "outcomes": {
                "S_CANCELLED": "cancelled",
                "S_ON_VAN": "picked_up",
                "S_SIGNED": "invalid",
                "S_CREATED": "active",
                "S_NOT_FOUND": "not_found",
            },
        },
    }
    assert '# # S_CANCEL_REQUESTED = "…" # without a row it settles nothing' in lines


def test_a_request_that_names_the_waybill_is_asked_before_one_that_does_not() -> None:
    lines = proposed(asked("rpc GetName(T) returns (A); rpc GetOrder(Q) returns (A);"))

    assert '# method = "asked.D/GetOrder"' in lines


def test_a_request_with_other_names_lists_them() -> None:
    lines = proposed(dispatch(), "dispatch.Orders/Void")

    assert '# "…" = "WayBillID" # no field has a name like it; there is: number, password' in lines


@pytest.mark.parametrize(
    "methods",
    ["", "rpc Peek(Q) returns (N);", "rpc Peek(Q) returns (stream A);", "rpc Move(Q) returns (A);"],
    ids=["alone", "no enum", "streaming", "another verb"],
)
def test_without_a_method_that_asks_nothing_is_proposed(methods: str) -> None:
    assert proposed(asked(methods)) == []
