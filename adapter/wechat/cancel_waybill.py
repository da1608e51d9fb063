"""The event `cancel_waybill` and its reply, in WeChat's own words (logistics.onCancelOrder)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from adapter.wechat.codec import Fields, Format, decode, encode
from adapter.wechat.envelope import Opened
from adapter.wechat.errors import Refused, Undecodable
from adapter.wechat.secret import Secret

EVENT = "cancel_waybill"
IDENTITY_LIMIT_CHARACTERS = 512

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_DIGITS = re.compile(r"[0-9]{1,16}")
_EVENT_NAMES = re.compile(
    rb"<Event>\s*+(?:<!\[CDATA\[)?+\s*+([A-Za-z0-9_]{1,64}+)\s*+(?:\]\]>)?+\s*+</Event>"
    rb'|"Event"\s*+:\s*+"\s*+([A-Za-z0-9_]{1,64}+)\s*+"'
)
_LATEST_UNIX = 2**53  # beyond it a JSON reader may round


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelWaybill:
    """One authentic push that asks to cancel a waybill.

    `create_time` is in Unix seconds, 0 where the push has none. `faults` names the fields that
    cannot identify a waybill: such a push is answered 30001, and their echo is the text as
    received, or `""`. `header_faults` names what WeChat always writes and this push has not
    (ToUserName, CreateTime): such a push is answered −1.
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
    header_faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherEvent:
    """An authentic push that is not ours. `event` is WeChat's name of it, or `""`.

    `undecodable` says why our strict reader could not read it; empty where it could.
    """

    event: str
    undecodable: str = ""


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


def read_opened(opened: Opened) -> CancelWaybill | OtherEvent:
    """Read the message of an envelope. Raise as `read` does, and `Refused` for a
    `cancel_waybill` in an envelope that only a lenient look could open."""
    event = read(opened.message, opened.format)
    if opened.body_fault and isinstance(event, CancelWaybill):
        raise Refused("undecryptable", f"body_{opened.body_fault}")
    return event


def read(message: bytes, format: Format) -> CancelWaybill | OtherEvent:
    """Read an authentic message; `Event` counts in any letter case, blanks around it or not.

    What cannot be decoded is another event unless it holds `cancel_waybill`: WeChat writes
    its other events in shapes that we need not understand. Raise `Undecodable` for a
    `cancel_waybill` of bad syntax, and for one without FromUserName: no reply could be
    addressed.
    """
    try:
        fields = decode(message, format)
    except Undecodable as error:
        if _holds_our_event(message):
            raise
        return OtherEvent(event=_event_within(message), undecodable=error.detail)
    event = _text(fields, "Event").strip()
    if event.lower() != EVENT:
        return OtherEvent(event=event)
    create_time = _create_time(fields)
    to_user_name = _text(fields, "ToUserName")
    header_faults = [] if _identifies(fields.get("ToUserName")) else ["ToUserName"]
    if not create_time:
        header_faults.append("CreateTime")
    return CancelWaybill(
        to_user_name=to_user_name,
        from_user_name=_addressee(fields),
        create_time=create_time,
        event=event,
        biz_id=_text(fields, "BizID"),
        biz_pwd=Secret(_text(fields, "BizPwd")),
        shop_app_id=_text(fields, "ShopAppID"),
        order_id=_text(fields, "OrderID"),
        way_bill_id=_text(fields, "WayBillID"),
        faults=_faults(fields),
        header_faults=tuple(header_faults),
    )


def _holds_our_event(message: bytes) -> bool:
    # Without NUL: in plaintext mode a body may be UTF-16.
    return EVENT.encode() in message.replace(b"\0", b"").lower()


def _event_within(message: bytes) -> str:
    """Return the one Event of a message that cannot be decoded, as metrics and log name it."""
    named = {xml or json for xml, json in _EVENT_NAMES.findall(message)}
    return named.pop().decode("ascii") if len(named) == 1 else ""


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
    shop_app_id = fields.get("ShopAppID")
    if shop_app_id is not None and shop_app_id != "" and not _identifies(shop_app_id):
        faults.append("ShopAppID")
    return tuple(faults)


def _addressee(fields: Fields) -> str:
    """Return to whom the reply goes."""
    value = fields.get("FromUserName")
    if not _identifies(value):
        raise Undecodable("FromUserName")
    return str(value)


def _create_time(fields: Fields) -> int:
    """Return the push's time, or 0 where it is missing or malformed."""
    value = fields.get("CreateTime")
    # Digits in quotes too: WeChat writes numbers as strings in some of its JSON.
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        value = int(value)
    # `type`, not isinstance: JSON's true is no time.
    return value if type(value) is int and 1 <= value <= _LATEST_UNIX else 0
