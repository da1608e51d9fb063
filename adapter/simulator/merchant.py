"""What the merchant is shown in the end: the answer to their own `business/order/cancel`."""

from __future__ import annotations

from dataclasses import dataclass

from adapter.wechat.client_side import ReplyFields

DELIVERY_LOGIC_FAIL = 9300501
"""WeChat's errcode for a carrier that said no."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MerchantView:
    """WeChat's answer to the merchant, with the carrier's words in it verbatim.

    The delivery fields are None when WeChat could not read a reply. What it answers then is
    not documented; the errcode shown is the one merchants have reported.
    """

    errcode: int
    errmsg: str
    delivery_resultcode: int | None = None
    delivery_resultmsg: str | None = None


def merchant_view(reply: ReplyFields | None) -> MerchantView:
    """Say what a reply, or the lack of a readable one, comes to for the merchant."""
    if reply is None:
        return MerchantView(errcode=-1, errmsg="system error")
    went_well = reply.result_code == 0
    return MerchantView(
        errcode=0 if went_well else DELIVERY_LOGIC_FAIL,
        errmsg="ok" if went_well else "delivery logic fail",
        delivery_resultcode=reply.result_code,
        delivery_resultmsg=reply.result_msg,
    )
