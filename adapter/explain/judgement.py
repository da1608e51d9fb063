"""One captured push against the configured accounts: taken or not, by which keys, or why not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from adapter.explain.capture import Capture
from adapter.explain.causes import Found, RefusalCause
from adapter.explain.diagnosis import (
    Diagnosis,
    diagnose,
    encrypted,
    is_verification,
    meant_for,
    open_push,
)
from adapter.wechat.cancel_waybill import CancelWaybill, OtherEvent, read
from adapter.wechat.cipher import AesEnvelope
from adapter.wechat.codec import Format, sniff
from adapter.wechat.envelope import Account, Mode
from adapter.wechat.errors import Refused, Undecodable, WeChatError

TOO_LARGE = "body_too_large"
"""The edge's own word for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the edge would do with a push. `status` is the HTTP status of its answer.

    `is_signed` is false where no query was given: then everything but the signature was
    judged. `which_token` and `which_key` are `current`, `previous`, or empty for none needed.
    """

    section: str
    status: int
    is_signed: bool
    is_verification: bool = False
    which_token: str = ""
    which_key: str = ""
    format: Format | None = None
    event: CancelWaybill | OtherEvent | None = field(default=None, repr=False)
    diagnosis: Diagnosis | None = None


def judge(
    section: str,
    programs: Mapping[str, Account],
    captured: Capture,
    *,
    now_unix: float,
    body_limit_bytes: int,
) -> Judgement:
    """Judge a push as the edge would have at `now_unix`."""
    if len(captured.body) > body_limit_bytes:
        return _too_large(section, captured)
    if captured.query is None:
        return _judge_unsigned(section, programs[section], captured.body)
    query, body = captured.query, captured.body
    try:
        opened = open_push(programs[section], query, body, now_unix=now_unix)
    except WeChatError as refusal:
        return Judgement(
            section=section,
            status=403 if isinstance(refusal, Refused) else 400,
            is_signed=True,
            is_verification=is_verification(query, body),
            diagnosis=diagnose(section, programs, query, body, refusal=refusal, now_unix=now_unix),
        )
    if opened is None:
        return Judgement(section=section, status=200, is_signed=True, is_verification=True)
    is_encrypted = programs[section].mode is not Mode.PLAINTEXT
    return _read(
        opened.message,
        opened.format,
        section=section,
        is_signed=True,
        which_token="previous" if opened.previous_token else "current",
        which_key=("previous" if opened.previous_key else "current") if is_encrypted else "",
    )


def taker(programs: Mapping[str, Account], captured: Capture, *, now_unix: float) -> str:
    """Return the section whose account opens a push of unknown path, else the first one."""
    for section in programs:
        if opens(programs[section], captured, now_unix=now_unix):
            return section
    return next(iter(programs))


def opens(account: Account, captured: Capture, *, now_unix: float) -> bool:
    """Say whether an account opens a push; nothing is explained."""
    try:
        if captured.query is None:
            _unsealed(account, captured.body)
        else:
            open_push(account, captured.query, captured.body, now_unix=now_unix)
    except WeChatError:
        return False
    return True


def _too_large(section: str, captured: Capture) -> Judgement:
    found = Found(cause=RefusalCause.FORMAT, about=f"{len(captured.body)} bytes are too many")
    return Judgement(
        section=section,
        status=413,
        is_signed=captured.query is not None,
        diagnosis=Diagnosis(reason=TOO_LARGE, detail="", found=(found,)),
    )


def _judge_unsigned(section: str, account: Account, body: bytes) -> Judgement:
    """Judge a body without a query: all but who signed it. Not encrypted, it is the message
    as it was decrypted, in whichever mode."""
    try:
        message, format, which_key = _unsealed(account, body)
    except WeChatError as refusal:
        return Judgement(
            section=section,
            status=403 if isinstance(refusal, Refused) else 400,
            is_signed=False,
            diagnosis=Diagnosis(
                reason=refusal.reason, detail=refusal.detail, found=(_why(account, body, refusal),)
            ),
        )
    return _read(message, format, section=section, is_signed=False, which_key=which_key)


def _unsealed(account: Account, body: bytes) -> tuple[bytes, Format, str]:
    format = sniff(body)
    encrypt = encrypted(body)
    if encrypt is None:
        return body, format, ""
    refusal = Refused("wrong_mode", "encrypted_push")
    keys = {"current": account.encoding_aes_key, "previous": account.previous_encoding_aes_key}
    for which, key in keys.items():
        if key:
            try:
                envelope = AesEnvelope(key, receive_id=account.app_id)
                return envelope.decrypt(encrypt), format, which
            except Refused as refused:
                refusal = refused
    raise refusal


def _why(account: Account, body: bytes, refusal: WeChatError) -> Found:
    if refusal.detail == "app_id":
        return Found(cause=RefusalCause.APP_ID, about=meant_for(account, body))
    if isinstance(refusal, Undecodable):
        if not body.strip():
            return Found(cause=RefusalCause.BODY_LOST)
        return Found(cause=RefusalCause.FORMAT, about=refusal.detail)
    if refusal.detail in {"base64", "length"}:
        about = "Encrypt is not a whole number of Base64 blocks"
        return Found(cause=RefusalCause.BODY_TRUNCATED, about=about)
    if refusal.reason == "wrong_mode":
        return Found(cause=RefusalCause.MODE, about="encrypted, and no key is configured")
    return Found(cause=RefusalCause.KEY)


def _read(
    message: bytes,
    format: Format,
    *,
    section: str,
    is_signed: bool,
    which_token: str = "",
    which_key: str = "",
) -> Judgement:
    event: CancelWaybill | OtherEvent | None = None
    diagnosis = None
    try:
        event = read(message, format)
    except Undecodable as error:
        cause = RefusalCause.FIELD if error.detail == "FromUserName" else RefusalCause.FORMAT
        found = Found(cause=cause, about=error.detail)
        diagnosis = Diagnosis(reason=error.reason, detail=error.detail, found=(found,))
    return Judgement(
        section=section,
        status=200 if diagnosis is None else 400,
        is_signed=is_signed,
        which_token=which_token,
        which_key=which_key,
        format=format,
        event=event,
        diagnosis=diagnosis,
    )
