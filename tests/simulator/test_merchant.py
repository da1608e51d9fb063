from __future__ import annotations

from adapter.simulator.verdict import merchant_view
from adapter.wechat.client_side import ReplyFields


def reply(code: int, text: str) -> ReplyFields:
    return ReplyFields(
        to_user_name="oABCD",
        from_user_name="gh_abcdefg",
        create_time=1,
        msg_type="event",
        event="cancel_waybill",
        biz_id="xyz",
        order_id="1",
        way_bill_id="2",
        result_code=code,
        result_msg=text,
    )


def test_a_cancelled_waybill_is_ok() -> None:
    view = merchant_view(reply(0, "success"))

    assert (view.errcode, view.errmsg) == (0, "ok")
    assert (view.delivery_resultcode, view.delivery_resultmsg) == (0, "success")


def test_a_carriers_no_is_passed_on_word_for_word() -> None:
    view = merchant_view(reply(30004, "快递不支持取消运单"))

    assert (view.errcode, view.errmsg) == (9300501, "delivery logic fail")
    assert (view.delivery_resultcode, view.delivery_resultmsg) == (30004, "快递不支持取消运单")


def test_without_a_readable_reply_the_merchant_learns_nothing() -> None:
    view = merchant_view(None)

    assert view.errcode == -1
    assert (view.delivery_resultcode, view.delivery_resultmsg) == (None, None)
