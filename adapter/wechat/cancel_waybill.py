"""The event `cancel_waybill` and its reply, in WeChat's own words (logistics.onCancelOrder)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from adapter.wechat.codec import Fields, Format, decode, encode
from adapter.wechat.errors import Undecodable
from adapter.wechat.redact import Secret

EVENT = "cancel_waybill"
IDENTITY_LIMIT_CHARACTERS = 512

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_DIGITS = re.compile(r"[0-9]{1,16}")
_LATEST_UNIX = 2**53  # beyond it a JSON reader may round


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelWaybill:
    """One authentic push that asks to cancel a waybill.

    `create_time` is in Unix seconds. `faults` names the fields that cannot identify a
    waybill: such a push is answered 30001, and their echo is the text as received, or `""`.
    """

    to_user_name: str
    from_user_name: str
    create_time: int
    event: str
    biz_id: str
    biz_pwd: Secret = field(repr=False, compare=False)
    shop_app_id: str
    order_id: str
    way_bill_id: str
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherEvent:
    """An authentic push that is not ours. `event` is WeChat's name of it as sent, or `""`."""

    event: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The answer to one push."""

    push: CancelWaybill
    result_code: int
    result_msg: str

    def encode(self, format: Format) -> bytes:
        """Write the reply in the document's order of fields, "原样返回" what was asked."""
        push = self.push
        fields: tuple[tuple[str, str | int], ...] = (
            ("ToUserName", push.from_user_name),
            ("FromUserName", push.to_user_name),
            ("CreateTime", push.create_time),
            ("MsgType", "event"),
            ("Event", EVENT),
            ("BizID", push.biz_id),
            ("OrderID", push.order_id),
            ("WayBillID", push.way_bill_id),
            ("ResultCode", self.result_code),
            ("ResultMsg", self.result_msg),
        )
        return encode(fields, format)


def read(message: bytes, format: Format) -> CancelWaybill | OtherEvent:
    """Read an authentic message; `Event` counts in any letter case.

    Raise `Undecodable` for bad syntax, and for a `cancel_waybill` whose ToUserName,
    FromUserName or CreateTime is missing or malformed: no reply could be addressed.
    """
    fields = decode(message, format)
    event = _text(fields, "Event")
    if event.lower() != EVENT:
        return OtherEvent(event=event)
    return CancelWaybill(
        to_user_name=_user_name(fields, "ToUserName"),
        from_user_name=_user_name(fields, "FromUserName"),
        create_time=_create_time(fields, format),
        event=event,
        biz_id=_text(fields, "BizID"),
        biz_pwd=Secret(_text(fields, "BizPwd")),
        shop_app_id=_text(fields, "ShopAppID"),
        order_id=_text(fields, "OrderID"),
        way_bill_id=_text(fields, "WayBillID"),
        faults=_faults(fields),
    )


def _text(fields: Fields, name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""


def _identifies(value: object) -> bool:
    return (
        isinstance(value, str)
        and 0 < len(value) <= IDENTITY_LIMIT_CHARACTERS
        and (value.isprintable() or _CONTROL.search(value) is None)
    )


def _faults(fields: Fields) -> tuple[str, ...]:
    faults = [
        name for name in ("BizID", "OrderID", "WayBillID") if not _identifies(fields.get(name))
    ]
    # ShopAppID belongs to a push's identity too, but a push without one is still answerable.
    if fields.get("ShopAppID", "") != "" and not _identifies(fields["ShopAppID"]):
        faults.append("ShopAppID")
    return tuple(faults)


def _user_name(fields: Fields, name: str) -> str:
    value = fields.get(name)
    if not _identifies(value):
        raise Undecodable(name)
    return str(value)


def _create_time(fields: Fields, format: Format) -> int:
    value = fields.get("CreateTime")
    if format is Format.XML and isinstance(value, str) and _DIGITS.fullmatch(value):
        value = int(value)
    # `type`, not isinstance: JSON's true is no time.
    if type(value) is not int or not 1 <= value <= _LATEST_UNIX:
        raise Undecodable("CreateTime")
    return value
