"""WeChat's own side of a push: building one, and reading what came back.

For the simulator and `explain`. It trusts nothing it gets back: a reply is wrong unless it
is what WeChat documents, in types and order.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlencode

from adapter.wechat.cipher import AesEnvelope
from adapter.wechat.codec import Fields, Format, decode, encode
from adapter.wechat.envelope import Account, Mode
from adapter.wechat.errors import Refused, Undecodable
from adapter.wechat.signature import is_signature, matching, sign

ENVELOPE_FIELDS = ("Encrypt", "MsgSignature", "TimeStamp", "Nonce")
REPLY_FIELDS = (
    "ToUserName",
    "FromUserName",
    "CreateTime",
    "MsgType",
    "Event",
    "BizID",
    "OrderID",
    "WayBillID",
    "ResultCode",
    "ResultMsg",
)
UNSEALED_ANSWERS = (b"", b"success")  # "回复success或空串" is never encrypted

_INTEGER = re.compile(r"-?[0-9]{1,16}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedPush:
    """One POST as WeChat sends it: the raw query string and the body."""

    query: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyFields:
    """A carrier's reply to `cancel_waybill`, as WeChat and the merchant read it."""

    to_user_name: str
    from_user_name: str
    create_time: int
    msg_type: str
    event: str
    biz_id: str
    order_id: str
    way_bill_id: str
    result_code: int
    result_msg: str


def build_verification(account: Account, *, timestamp: int, nonce: str, echostr: str) -> str:
    """Return the query string of WeChat's URL verification (GET)."""
    return urlencode(
        {
            "signature": sign(account.token.reveal(), str(timestamp), nonce),
            "echostr": echostr,
            "timestamp": timestamp,
            "nonce": nonce,
        }
    )


def build_push(
    account: Account,
    message: bytes,
    format: Format,
    *,
    timestamp: int,
    nonce: str,
    random16: bytes,
    open_id: str,
    mode: Mode | None = None,
) -> SealedPush:
    """Sign and seal `message` as WeChat would in `mode` (default: the account's).

    `timestamp` is in Unix seconds, `random16` 16 random bytes. `message` is sent as it is,
    well-formed or not. Raise `ValueError` when the mode needs an AES key and there is none.
    """
    mode = mode or account.mode
    token = account.token.reveal()
    query: dict[str, str | int] = {
        "signature": sign(token, str(timestamp), nonce),
        "timestamp": timestamp,
        "nonce": nonce,
        "openid": open_id,
    }
    if mode is Mode.PLAINTEXT:
        return SealedPush(query=urlencode(query), body=message)
    encrypted = _key(account).encrypt(message, random16=random16)
    query["encrypt_type"] = "aes"
    query["msg_signature"] = sign(token, str(timestamp), nonce, encrypted)
    body = _envelope(message, encrypted, format, mode)
    return SealedPush(query=urlencode(query), body=body)


def open_reply(account: Account, body: bytes, format: Format) -> bytes:
    """Return the message of a reply's envelope; in plaintext mode the body itself.

    `success` and an empty body come as they are in every mode. Raise `Undecodable` for an
    envelope whose fields, order or types are wrong, `Refused` for a wrong MsgSignature or
    anything undecryptable: WeChat would show the merchant a failure.
    """
    if account.mode is Mode.PLAINTEXT or body in UNSEALED_ANSWERS:
        return body
    fields = decode(body, format)
    _expect_order(fields, ENVELOPE_FIELDS)
    encrypted = _text(fields, "Encrypt")
    claimed = _text(fields, "MsgSignature")
    timestamp = str(_number(fields, "TimeStamp", format))
    nonce = _text(fields, "Nonce")
    if not is_signature(claimed):
        raise Refused("signature_grammar", "MsgSignature")
    expected = sign(account.token.reveal(), timestamp, nonce, encrypted)
    if matching(claimed, (expected,)) is None:
        raise Refused("signature_wrong")
    return _key(account).decrypt(encrypted)


def parse_reply(message: bytes, format: Format) -> ReplyFields:
    """Read a reply to `cancel_waybill`; raise `Undecodable`, naming the wrong field."""
    fields = decode(message, format)
    _expect_order(fields, REPLY_FIELDS)
    return ReplyFields(
        to_user_name=_text(fields, "ToUserName"),
        from_user_name=_text(fields, "FromUserName"),
        create_time=_number(fields, "CreateTime", format),
        msg_type=_text(fields, "MsgType"),
        event=_text(fields, "Event"),
        biz_id=_text(fields, "BizID"),
        order_id=_text(fields, "OrderID"),
        way_bill_id=_text(fields, "WayBillID"),
        result_code=_number(fields, "ResultCode", format),
        result_msg=_text(fields, "ResultMsg"),
    )


def _key(account: Account) -> AesEnvelope:
    if account.encoding_aes_key is None:
        raise ValueError("sealing needs an EncodingAESKey")
    return AesEnvelope(account.encoding_aes_key, receive_id=account.app_id)


def _envelope(message: bytes, encrypted: str, format: Format, mode: Mode) -> bytes:
    if mode is Mode.COMPATIBLE:
        end = b"</xml>" if format is Format.XML else b"}"
        element = (
            f"<Encrypt><![CDATA[{encrypted}]]></Encrypt>"
            if format is Format.XML
            else f',"Encrypt":"{encrypted}"'
        )
        head, found, tail = message.rpartition(end)
        if found:
            return head + element.encode() + found + tail
    # A hostile message may have no end to put it before: then as in secure mode.
    return encode((("ToUserName", _receiver(message, format)), ("Encrypt", encrypted)), format)


def _receiver(message: bytes, format: Format) -> str:
    try:
        receiver = decode(message, format).get("ToUserName")
    except Undecodable:
        return ""
    return receiver if isinstance(receiver, str) else ""


def _expect_order(fields: Fields, names: tuple[str, ...]) -> None:
    if tuple(fields) != names:
        missing = [name for name in names if name not in fields]
        raise Undecodable(f"missing_{missing[0]}" if missing else "field_order")


def _text(fields: Fields, name: str) -> str:
    value = fields[name]
    if not isinstance(value, str):
        raise Undecodable(name)
    return value


def _number(fields: Fields, name: str, format: Format) -> int:
    value = fields[name]
    if format is Format.XML and isinstance(value, str) and _INTEGER.fullmatch(value):
        return int(value)
    if type(value) is not int:
        raise Undecodable(name)
    return value
