"""WeChat's words to ours, and back. The only module that speaks both."""

from __future__ import annotations

import unicodedata
from enum import Enum, IntEnum

from adapter.cancellation.model import Answer, Basis, Cancellation, Outcome, Press, Unsent
from adapter.wechat.cancel_waybill import EVENT, CancelWaybill, Reply
from adapter.wechat.secret import Secret

CARRIER_WORDS_LIMIT = 200  # characters of the carrier's own words in a ResultMsg


class ResultCode(IntEnum):
    """The numbers WeChat knows; logistics.onCancelOrder, "Valid values of ResultCode"."""

    CANCELLED = 0
    OTHER_ERROR = -1
    PARAMETER_ERROR = 30001
    PICKED_UP = 30002
    INVALID_ORDER = 30003
    UNSUPPORTED = 30004


class Locale(Enum):
    """The language of ResultMsg, which the merchant reads verbatim."""

    ZH = "zh"
    EN = "en"


ANSWERS: dict[Outcome, ResultCode] = {
    Outcome.CANCELLED: ResultCode.CANCELLED,
    Outcome.NOT_FOUND: ResultCode.PARAMETER_ERROR,
    Outcome.PICKED_UP: ResultCode.PICKED_UP,
    Outcome.INVALID: ResultCode.INVALID_ORDER,
    Outcome.ALREADY_CANCELLED: ResultCode.INVALID_ORDER,
    Outcome.UNSUPPORTED: ResultCode.UNSUPPORTED,
    Outcome.FAILED: ResultCode.OTHER_ERROR,
    Outcome.IN_DOUBT: ResultCode.OTHER_ERROR,
}

TEXTS: dict[Locale, dict[Outcome, str]] = {
    Locale.ZH: {
        Outcome.CANCELLED: "success",
        Outcome.NOT_FOUND: "未找到该订单或运单，请核对商户编号、订单号和运单号",
        Outcome.PICKED_UP: "快件已被揽收，无法取消",
        Outcome.INVALID: "订单已失效（此前已取消，或签收已久），无法取消",
        Outcome.ALREADY_CANCELLED: "该运单此前已取消，无需再次取消",
        Outcome.UNSUPPORTED: "快递公司不支持取消该运单，请联系快递公司客服",
        Outcome.FAILED: "快递公司未能取消该运单，请联系快递公司客服处理",
        Outcome.IN_DOUBT: "取消结果暂时未知，请稍后再次点击取消以确认结果",
    },
    Locale.EN: {
        Outcome.CANCELLED: "success",
        Outcome.NOT_FOUND: "No such order or waybill: check merchant, order and waybill numbers.",
        Outcome.PICKED_UP: "The parcel has been picked up and can no longer be cancelled.",
        Outcome.INVALID: "The order was cancelled or signed for before and cannot be cancelled.",
        Outcome.ALREADY_CANCELLED: "The waybill was cancelled before; there is nothing to do.",
        Outcome.UNSUPPORTED: "This waybill cannot be cancelled here: please call the carrier.",
        Outcome.FAILED: "The carrier could not cancel the waybill: please call the carrier.",
        Outcome.IN_DOUBT: "The outcome is not known yet: press cancel again shortly to learn it.",
    },
}

NOT_PROCESSED: dict[Locale, str] = {
    Locale.ZH: "本次取消未受理，请稍后重试",
    Locale.EN: "Not processed now, please try again.",
}
"""Said where the ledger shows that the push was never sent."""

NOT_HANDLED: dict[Locale, str] = {
    Locale.ZH: "本次请求暂时无法处理，请再次点击取消，届时将返回准确结果",
    Locale.EN: "Could not be handled just now; press cancel again, the answer will be right.",
}
"""Said where nobody looked: another delivery of the same push may have been sent, and cancelled."""

REFUSED: dict[Locale, str] = {
    Locale.ZH: "请求参数有误，请核对商户编号、订单号和运单号",
    Locale.EN: "A parameter is wrong: check merchant, order and waybill numbers.",
}

UNSENT: dict[Unsent, dict[Locale, str]] = {
    Unsent.CARRIER_UNREACHABLE: NOT_PROCESSED,
    Unsent.PAUSED: NOT_PROCESSED,
    Unsent.CARRIER_SLOW: NOT_PROCESSED,
    Unsent.LEDGER_UNAVAILABLE: NOT_HANDLED,
    Unsent.TURN_NOT_REACHED: NOT_HANDLED,
    Unsent.SHED: NOT_HANDLED,
    Unsent.REFUSED: REFUSED,
}

# The carrier's own words stand beside ours only where it gave a definite no. A success is
# `success` in every locale, and of an unknown outcome nobody has said anything.
_CARRIER_SPEAKS = frozenset(Outcome) - {Outcome.CANCELLED, Outcome.IN_DOUBT}
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def cancellation(push: CancelWaybill) -> Cancellation:
    """Turn WeChat's push into our wish; the password stays a value that prints as ***."""
    return Cancellation(
        account=push.to_user_name,
        open_id=push.from_user_name,
        pushed_at=push.create_time,
        biz_id=push.biz_id,
        order_id=push.order_id,
        waybill_id=push.way_bill_id,
        shop_app_id=push.shop_app_id,
        credential=push.biz_pwd,
    )


def push_of(press: Press) -> CancelWaybill:
    """Return the push that a press came by, for the reply to it. Its password is not kept, and
    no part of a reply."""
    return CancelWaybill(
        to_user_name=press.account,
        from_user_name=press.open_id,
        create_time=press.pushed_at,
        event=EVENT,
        biz_id=press.biz_id,
        biz_pwd=Secret(""),
        shop_app_id=press.shop_app_id,
        order_id=press.order_id,
        way_bill_id=press.waybill_id,
    )


def code(outcome: Outcome, *, unsent: Unsent | None = None) -> ResultCode:
    """Return what WeChat is told. A push never sent is −1, unless its parameters are wrong."""
    if unsent is None:
        return ANSWERS[outcome]
    if unsent is Unsent.REFUSED:
        return ResultCode.PARAMETER_ERROR
    return ResultCode.OTHER_ERROR


def text(outcome: Outcome, locale: Locale, *, unsent: Unsent | None = None) -> str:
    """Return a short sentence a merchant can act on; never empty, never an internal."""
    if unsent is None:
        return TEXTS[locale][outcome]
    return UNSENT[unsent][locale]


def reply(push: CancelWaybill, answer: Answer, locale: Locale, *, show_message: bool) -> Reply:
    """Turn the desk's answer into WeChat's reply: a pure function, so that a repeat of the
    push gets the same bytes. `show_message` adds the carrier's own words to a definite no."""
    message = text(answer.outcome, locale, unsent=answer.unsent)
    if show_message and answer.message and _carrier_said(answer):
        words = readable(answer.message)
        if words:
            message = f"{message} ({words})"
    return Reply(
        push=push,
        result_code=int(code(answer.outcome, unsent=answer.unsent)),
        result_msg=message,
    )


def readable(words: str) -> str:
    """Return the words on one line, without control or invisible characters, and bounded."""
    visible = "".join(
        " " if letter in "\t\r\n" else letter
        for letter in words[: 4 * CARRIER_WORDS_LIMIT]
        if letter in "\t\r\n" or unicodedata.category(letter) not in _UNPRINTABLE
    )
    return " ".join(visible.split())[:CARRIER_WORDS_LIMIT]


def _carrier_said(answer: Answer) -> bool:
    return (
        answer.unsent is None
        and answer.basis is Basis.CARRIER
        and answer.outcome in _CARRIER_SPEAKS
    )
