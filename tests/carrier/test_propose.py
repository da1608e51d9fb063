from __future__ import annotations

import tomllib

import pytest

from adapter.carrier.contract import Contract
from adapter.carrier.mapping import SHIPPED as SHIPPED_MAPPING
from adapter.carrier.mapping import Mapping, MappingFaults
from adapter.carrier.propose import propose
from tests.carrier.dispatching import compiled, dispatch

CANCEL = "carrier.v1.WaybillService/CancelWaybill"
BARE = compiled(
    'syntax = "proto3"; package bare; message R { string s = 1; }'
    "service D { rpc Do(R) returns (R); }"
).method("bare.D/Do")
NEGATIONS = compiled(
    'syntax = "proto3"; package negations;'
    "enum S { S_NONE = 0; S_CANNOT_CANCEL = 1; S_NOT_CANCELLED = 2; S_ODD = 3; }"
    "message R { string waybill_no = 1; oneof who { string order_no = 2; string biz_id = 3; }"
    "  S state = 4; }"
    "service D { rpc Do(R) returns (R); }"
).method("negations.D/Do")


def test_our_own_contract_is_proposed_as_it_ships() -> None:
    proposed = tomllib.loads(propose(Contract.load().method(CANCEL)))

    shipped = tomllib.loads(SHIPPED_MAPPING.read_text())
    assert proposed == {key: shipped[key] for key in ("method", "request", "status")}


def test_every_guess_is_marked_and_nothing_else_is() -> None:
    lines = propose(Contract.load().method(CANCEL)).splitlines()

    rows = [line for line in lines if " = " in line and not line.startswith(("#", "method"))]
    unmarked = [line for line in rows if not line.endswith("# guess") and line[0] != "["]
    assert unmarked == ['CANCEL_STATUS_UNSPECIFIED = "failed"']


def test_a_foreign_contract_is_proposed_with_what_its_names_say() -> None:
    proposed = propose(dispatch().method("dispatch.Orders/Void"))

    guessed = tomllib.loads(proposed)
    assert guessed["request"] == {
        "by_number.order": "OrderID",
        "header.trace": "request_id",
        "merchant.code": "BizID",
        "merchant.secret": "BizPwd",
        "merchant.app": "ShopAppID",
    }
    assert guessed["status"]["field"] == "result.state"
    assert guessed["status"]["message"] == "result.detail"
    assert '# BROKEN = "…" # give it a meaning' in proposed
    assert '# "by_number.number" = "…" # not filled' in proposed


def test_a_proposal_with_open_questions_is_refused_by_the_check() -> None:
    proposed = propose(dispatch().method("dispatch.Orders/Void"))

    with pytest.raises(MappingFaults, match=r"BROKEN \(7\) has no row"):
        Mapping.load(dispatch(), proposed.encode())


def test_a_negated_cancel_is_never_guessed_as_cancelled() -> None:
    outcomes = tomllib.loads(propose(NEGATIONS))["status"]["outcomes"]

    assert outcomes == {
        "S_NONE": "failed",
        "S_CANNOT_CANCEL": "failed",
        "S_NOT_CANCELLED": "failed",
    }


def test_only_one_member_of_a_oneof_is_proposed() -> None:
    assert tomllib.loads(propose(NEGATIONS))["request"] == {
        "waybill_no": "WayBillID",
        "order_no": "OrderID",
    }


def test_a_reply_without_an_enum_is_said_to_need_one() -> None:
    assert "this reply has no enum: an outcome must be one" in propose(BARE)
