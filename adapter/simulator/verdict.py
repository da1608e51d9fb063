"""Is this reply right, by WeChat's document? And what is the merchant shown for it?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum

from adapter.simulator.cases import RESULT_CODES, Case
from adapter.simulator.delivery import Answered
from adapter.simulator.press import PressFields
from adapter.wechat.cancel_waybill import EVENT
from adapter.wechat.client_side import (
    REPLY_FIELDS,
    UNSEALED_ANSWERS,
    ReplyFields,
    open_reply,
    parse_reply,
)
from adapter.wechat.codec import Fields, Format, decode
from adapter.wechat.envelope import Account
from adapter.wechat.errors import WeChatError

DELIVERY_LOGIC_FAIL = 9300501
"""WeChat's errcode for a carrier that said no."""

_NUMBER_AS_TEXT = re.compile(rb"<(CreateTime|ResultCode)>\s*<!\[CDATA\[")


class Check(Enum):
    """What is looked at, in order; its value is said of a reply that passes."""

    ANSWERED = "answered within 5 s"
    STATUS = "HTTP status exactly 200"
    ENVELOPE = "envelope: signature, encryption, app id"
    FIELDS = "all fields, in order, with the right types"
    ECHO = "sender and ids returned unchanged"
    CODE = "a valid ResultCode"
    TEXT = "a readable ResultMsg"
    EXPECTED = "the expected ResultCode"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """One thing wrong with a reply, in a sentence."""

    check: Check
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A judged reply. `checked` says how far the judging got; `reply` is None when WeChat
    could not have read it. `remark` is about a code that is right, but not the usual one."""

    checked: tuple[Check, ...]
    deviations: tuple[Deviation, ...]
    reply: ReplyFields | None
    remark: str = ""

    @property
    def is_right(self) -> bool:
        """Whether WeChat would take the reply, and the code is the expected one."""
        return not self.deviations


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


def judge(
    answered: Answered,
    press: PressFields,
    format: Format,
    *,
    account: Account,
    case: Case | None,
) -> Verdict:
    """Judge the last answer to a press. Without a `case` any known code is right."""
    if answered.status is None:
        return _stopped_at(Check.ANSWERED, answered.fault)
    if answered.status != 200:
        said = answered.body[:60].decode("utf-8", "replace")
        return _stopped_at(Check.STATUS, f"HTTP status {answered.status}: {said}")
    try:
        message = open_reply(account, answered.body, format)
    except WeChatError as error:
        return _stopped_at(Check.ENVELOPE, f"the envelope cannot be opened: {error}")
    if message in UNSEALED_ANSWERS:
        said = "success" if message else "an empty body"
        return _stopped_at(Check.FIELDS, f"{said} is not a reply to {EVENT}: it has no fields")
    deviations = list(_deviations(message, press, format))
    reply, remark = None, ""
    with suppress(WeChatError):
        reply = parse_reply(message, format)
    if reply is not None and case is not None and reply.result_code != case.expected:
        if reply.result_code in case.also:
            remark = f"{reply.result_code} is also correct: {case.also_because}"
        else:
            wanted = f"ResultCode {reply.result_code}, expected {case.expected}"
            deviations.append(Deviation(check=Check.EXPECTED, message=wanted))
    judged = reply is not None and case is not None
    checked = tuple(check for check in Check if check is not Check.EXPECTED or judged)
    return Verdict(checked=checked, deviations=tuple(deviations), reply=reply, remark=remark)


def merchant_view(reply: ReplyFields | None) -> MerchantView:
    """Return what the merchant is shown for a reply, or for none that WeChat could read."""
    if reply is None:
        return MerchantView(errcode=-1, errmsg="system error")
    went_well = reply.result_code == 0
    return MerchantView(
        errcode=0 if went_well else DELIVERY_LOGIC_FAIL,
        errmsg="ok" if went_well else "delivery logic fail",
        delivery_resultcode=reply.result_code,
        delivery_resultmsg=reply.result_msg,
    )


def _stopped_at(check: Check, message: str) -> Verdict:
    passed = tuple(Check)[: tuple(Check).index(check) + 1]
    return Verdict(
        checked=passed, deviations=(Deviation(check=check, message=message),), reply=None
    )


def _deviations(message: bytes, press: PressFields, format: Format) -> Iterator[Deviation]:
    try:
        fields = decode(message, format)
    except WeChatError as error:
        yield Deviation(check=Check.FIELDS, message=f"not readable as {format.value}: {error}")
        return
    for sentence in _form(message, fields, format):
        yield Deviation(check=Check.FIELDS, message=sentence)
    for name, wanted in _echo(press, format):
        if name in fields and fields[name] != wanted:
            sentence = f"{name} is {fields[name]!r}, should be {wanted!r}"
            yield Deviation(check=Check.ECHO, message=sentence)
    code = fields.get("ResultCode")
    if code is not None and code not in _known_codes(format):
        yield Deviation(
            check=Check.CODE, message=f"ResultCode is {code!r}, which WeChat does not know"
        )
    text = fields.get("ResultMsg")
    if text is not None and (not isinstance(text, str) or not text.strip()):
        yield Deviation(check=Check.TEXT, message="ResultMsg is empty or not a text")


def _form(message: bytes, fields: Fields, format: Format) -> Iterator[str]:
    missing = [name for name in REPLY_FIELDS if name not in fields]
    unknown = [name for name in fields if name not in REPLY_FIELDS]
    if missing:
        yield f"missing fields: {', '.join(missing)}"
    if unknown:
        yield f"unknown fields: {', '.join(unknown)}"
    if not missing and not unknown and tuple(fields) != REPLY_FIELDS:
        yield f"wrong order: {', '.join(fields)}"
    if format is Format.XML:
        for found in _NUMBER_AS_TEXT.finditer(message):
            yield f"{found[1].decode()} is text (CDATA) instead of a number"
    else:
        for name in ("CreateTime", "ResultCode"):
            if name in fields and type(fields[name]) is not int:
                yield f"{name} is not a number"


def _echo(press: PressFields, format: Format) -> Iterator[tuple[str, str | int | None]]:
    """What must come back; To and From change places."""
    create_time = press.value("CreateTime")
    yield "ToUserName", press.text("FromUserName")
    yield "FromUserName", press.text("ToUserName")
    yield "CreateTime", str(create_time) if format is Format.XML else create_time
    yield "MsgType", "event"
    yield "Event", EVENT
    for name in ("BizID", "OrderID", "WayBillID"):
        yield name, press.text(name)


def _known_codes(format: Format) -> tuple[object, ...]:
    return tuple(map(str, RESULT_CODES)) if format is Format.XML else RESULT_CODES
