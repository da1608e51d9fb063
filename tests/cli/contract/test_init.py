from __future__ import annotations

from adapter.carrier.contract.contract import Contract
from adapter.carrier.mapping.propose import propose
from adapter.cli.contract.init import Guesses, example_push, guesses
from adapter.wechat.cancel_waybill import CancelWaybill, read
from adapter.wechat.codec import Format
from tests.carrier.dispatch_contract import compiled, dispatch


def test_the_guesses_and_the_open_lines_of_a_proposal_are_counted() -> None:
    text = propose(dispatch().method("dispatch.Orders/Void"), dispatch())

    counted = guesses(text)

    assert "\n# [lookup]" in text  # one guess, for later: its lines are not counted
    own = text.partition("\n# [lookup]")[0]
    assert counted == Guesses(guessed=text.count("# guess\n"), open=own.count("\n# "))
    assert counted.guessed > 5


def test_the_test_push_is_the_one_of_the_document() -> None:
    contract = Contract.load()
    desk = contract.method("carrier.v1.WaybillService/CancelWaybill")
    push = read(example_push(propose(desk, contract), desk), Format.XML)

    assert isinstance(push, CancelWaybill)
    assert (push.biz_id, push.way_bill_id, push.faults) == ("xyz", "123456789", ())
    assert push.order_id == "012345678901234567890123456789"


def test_the_test_push_has_an_order_of_digits_where_orders_are_numbers() -> None:
    desk = dispatch().method("dispatch.Orders/Void")
    text = propose(desk, dispatch())
    assert '= "OrderID"' in text

    push = read(example_push(text, desk), Format.XML)

    assert isinstance(push, CancelWaybill)
    assert push.order_id == "567890123456789"


def test_the_test_push_has_fewer_digits_where_orders_are_small_numbers() -> None:
    contract = compiled(
        'syntax = "proto3"; package small; enum S { NONE = 0; } message A { S state = 1; }'
        "message R { string waybill_no = 1; int32 order_no = 2; }"
        "service D { rpc Do(R) returns (A); }"
    )
    desk = contract.method("small.D/Do")

    push = read(example_push(propose(desk, contract), desk), Format.XML)

    assert isinstance(push, CancelWaybill)
    assert push.order_id == "123456789"
