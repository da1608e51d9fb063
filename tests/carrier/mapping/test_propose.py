from __future__ import annotations

import tomllib

import pytest

from adapter.carrier.contract.contract import Contract
from adapter.carrier.mapping.load import MappingFaults
from adapter.carrier.mapping.mapping import SHIPPED as SHIPPED_MAPPING
from adapter.carrier.mapping.mapping import Mapping
from adapter.carrier.mapping.propose import LOOKUP_HEADING, propose, propose_lookup
from tests.carrier.dispatch_contract import compiled, dispatch

CANCEL = "carrier.v1.WaybillService/CancelWaybill"
BARE_CONTRACT = compiled(
    'syntax = "proto3"; package bare; message R { string s = 1; }'
    "service D { rpc Do(R) returns (R); }"
)
BARE = BARE_CONTRACT.method("bare.D/Do")
NEGATIONS_CONTRACT = compiled(
    'syntax = "proto3"; package negations;'
    "enum S { S_NONE = 0; S_CANNOT_CANCEL = 1; S_NOT_CANCELLED = 2; S_ODD = 3; }"
    "message R { string waybill_no = 1; oneof who { string order_no = 2; string biz_id = 3; }"
    "  S state = 4; }"
    "service D { rpc Do(R) returns (R); }"
)
NEGATIONS = NEGATIONS_CONTRACT.method("negations.D/Do")
# Times, wrappers, and a name that is only a little like one of WeChat's.
PRESSING = compiled(
    'syntax = "proto3"; package pressing;'
    'import "google/protobuf/timestamp.proto"; import "google/protobuf/wrappers.proto";'
    "enum S { S_NONE = 0; S_ASSIGNED = 1; }"
    "message Channel { string scene = 1; }"
    "message Q { string waybill_no = 1; google.protobuf.Timestamp at = 2;"
    "  google.protobuf.StringValue colour = 3; Channel channel = 4; }"
    "message A { S state = 1; string waybill_no = 2; string says = 3; string remark_text = 4; }"
    "message B { S state = 1; string says = 2; }"
    "service D { rpc Do(Q) returns (A); rpc Undo(Q) returns (B); }"
)


def test_our_own_contract_is_proposed_as_it_ships() -> None:
    proposed = tomllib.loads(propose(Contract.load().method(CANCEL), Contract.load()))

    shipped = tomllib.loads(SHIPPED_MAPPING.read_text())
    assert proposed == {key: shipped[key] for key in ("method", "request", "status")}


def test_every_guess_is_marked_and_nothing_else_is() -> None:
    lines = propose(Contract.load().method(CANCEL), Contract.load()).splitlines()

    rows = [line for line in lines if " = " in line and not line.startswith(("#", "method"))]
    unmarked = [line for line in rows if not line.endswith("# guess") and line[0] != "["]
    assert unmarked == ['CANCEL_STATUS_UNSPECIFIED = "failed"']


def test_a_foreign_contract_is_proposed_with_what_its_names_say() -> None:
    proposed = propose(dispatch().method("dispatch.Orders/Void"), dispatch())

    guessed = tomllib.loads(proposed)
    assert guessed["request"] == {
        "by_number.order": "OrderID",
        "header.trace": "request_id",
        "merchant.code": "BizID",
        "merchant.secret": "BizPwd",
        "merchant.app": "ShopAppID",
        "header.at": "CreateTime",
    }
    assert guessed["status"]["field"] == "result.state"
    assert guessed["status"]["message"] == "result.detail"
    assert '# BROKEN = "…" # give it a meaning' in proposed
    assert '# "by_number.number" = "…" # not filled' in proposed


def test_a_proposal_with_open_questions_is_refused_by_the_check() -> None:
    proposed = propose(dispatch().method("dispatch.Orders/Void"), dispatch())

    with pytest.raises(MappingFaults, match=r"BROKEN \(7\) has no row"):
        Mapping.load(dispatch(), proposed.encode())


def test_a_negated_cancel_is_never_guessed_as_cancelled() -> None:
    outcomes = tomllib.loads(propose(NEGATIONS, NEGATIONS_CONTRACT))["status"]["outcomes"]

    assert outcomes == {
        "S_NONE": "failed",
        "S_CANNOT_CANCEL": "failed",
        "S_NOT_CANCELLED": "failed",
    }


def test_only_one_member_of_a_oneof_is_proposed() -> None:
    assert tomllib.loads(propose(NEGATIONS, NEGATIONS_CONTRACT))["request"] == {
        "waybill_no": "WayBillID",
        "order_no": "OrderID",
    }


def test_a_reply_without_an_enum_is_said_to_need_one() -> None:
    assert "this reply has no enum: an outcome must be one" in propose(BARE, BARE_CONTRACT)


def test_the_only_time_of_a_request_is_a_guess_whatever_its_name() -> None:
    request = tomllib.loads(propose(PRESSING.method("pressing.D/Do"), PRESSING))["request"]

    assert request == {"waybill_no": "WayBillID", "at": "CreateTime"}


def test_wrappers_and_names_that_are_hardly_alike_stay_open_and_are_listed() -> None:
    proposed = propose(PRESSING.method("pressing.D/Do"), PRESSING)

    assert '# "colour" = "…" # not filled' in proposed
    assert '# "channel.scene" = "…" # not filled' in proposed
    assert '# "channel" = ' not in proposed


def test_the_carriers_words_are_guessed_else_its_texts_are_listed() -> None:
    guessed = propose(PRESSING.method("pressing.D/Do"), PRESSING)
    listed = propose(PRESSING.method("pressing.D/Undo"), PRESSING)

    assert 'message = "remark_text" # guess' in guessed
    assert '# message = "…" # optional, the carrier\'s own words; texts are: says' in listed


def test_assigned_is_not_taken_for_signed() -> None:
    assert '# S_ASSIGNED = "…"' in propose(PRESSING.method("pressing.D/Do"), PRESSING)


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
    proposal = lines[lines.index(LOOKUP_HEADING) :]
    return "\n".join(line.removeprefix("#").strip() for line in proposal)


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
