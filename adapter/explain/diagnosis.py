"""Why a push is refused: every cause is tried on it, alone and together, until one opens it.

A try that opens the push proves its cause, as only WeChat's own token signs. What no try
opens is told by how far it got: which signature fits, and what decrypts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product

from adapter.explain.capture import how_far
from adapter.explain.causes import Found, RefusalCause
from adapter.explain.hypotheses import KINDS, OtherAccount, Undone, bodies, others, queries
from adapter.wechat.cancel_waybill import read_opened
from adapter.wechat.cipher import AesEnvelope
from adapter.wechat.codec import decode, sniff
from adapter.wechat.envelope import Account, Envelope, Mode, Opened
from adapter.wechat.errors import Refused, Undecodable, WeChatError
from adapter.wechat.query import parse
from adapter.wechat.signature import matching, sign

WHENEVER = 10**12  # a freshness that every timestamp has

# How far a try got before it was refused; only these prove the signature.
_DECRYPTION = ("padding", "msg_len", "utf8", "app_id")

_FORMS = {
    "percent_encoding": "a percent sign stands alone",
    "query_not_utf8": "it is not UTF-8",
    "query_too_long": "it is far too long",
    "timestamp": "timestamp is not ten digits",
    "nonce": "nonce is not 1 to 64 letters, digits, hyphens and underscores",
    "signature": "signature is not 40 lower-case hexadecimal digits",
    "msg_signature": "msg_signature is not 40 lower-case hexadecimal digits",
    "echostr": "echostr is empty",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """Why it was refused. `reason` and `detail` are the edge's own words of log and metric."""

    reason: str
    detail: str
    found: tuple[Found, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """One push as it may have been meant, and the causes that this supposes."""

    account: Account
    query: bytes
    body: bytes
    found: tuple[Found, ...]


def open_push(account: Account, query: bytes, body: bytes, *, now_unix: float) -> Opened | None:
    """Open a push as the edge does; None for WeChat's verification of the URL, if it is right.

    Raises `Refused` or `Undecodable` as the edge would.
    """
    envelope = Envelope(account)
    if is_verification(query, body):
        envelope.verify(query, now_unix=now_unix)
        return None
    opened = envelope.open(query, body, now_unix=now_unix)
    if opened.body_fault:
        read_opened(opened)  # only what is passed on may stand in such a body
    return opened


def is_verification(query: bytes, body: bytes) -> bool:
    """Say whether this is the GET by which WeChat verifies the URL."""
    return not body.strip() and b"echostr=" in query


def diagnose(
    section: str,
    programs: Mapping[str, Account],
    query: bytes,
    body: bytes,
    *,
    refusal: WeChatError,
    now_unix: float,
) -> Diagnosis:
    """Return what explains that a push was refused with `refusal`; always at least one cause."""
    if isinstance(refusal, Undecodable):
        found: tuple[Found, ...] = (Found(cause=RefusalCause.FORMAT, about=refusal.detail),)
    else:
        found = _explained(section, programs, query, body, refusal, now_unix)
    return Diagnosis(reason=refusal.reason, detail=refusal.detail, found=found)


def _explained(
    section: str,
    programs: Mapping[str, Account],
    query: bytes,
    body: bytes,
    refusal: WeChatError,
    now_unix: float,
) -> tuple[Found, ...]:
    nearest: tuple[Try, Refused] | None = None
    for attempt in _tries(section, programs, query, body):
        refused = _refused(attempt, now_unix=now_unix)
        if refused is None:
            return (*attempt.found, *_late(attempt, now_unix))
        if refused.detail in _DECRYPTION and _is_nearer(refused, nearest):
            nearest = (attempt, refused)
    if nearest is not None:
        attempt, refused = nearest
        if refused.detail == "app_id":
            return (*attempt.found, Found(cause=RefusalCause.APP_ID, about=_meant_for(attempt)))
        return (*attempt.found, Found(cause=RefusalCause.KEY))
    return what_remains(programs[section], query, body, refusal)


def _tries(
    section: str, programs: Mapping[str, Account], query: bytes, body: bytes
) -> Iterator[Try]:
    """Yield what may have been: first as it is, then one thing amiss, then two, then three."""
    asked: list[Undone | None] = [None, *queries(query)]
    sent: list[Undone | None] = [None, *bodies(body)]
    meant: list[OtherAccount | None] = [None, *others(section, programs)]
    every = list(product(asked, sent, meant))
    every.sort(key=lambda three: sum(one is not None for one in three))
    for one, two, three in every:
        yield Try(
            account=three.account if three else programs[section],
            query=one.text if one else query,
            body=two.text if two else body,
            found=tuple(it.found for it in (one, two, three) if it is not None),
        )


def _refused(attempt: Try, *, now_unix: float) -> Refused | None:
    """Try it with any timestamp; None: it opens."""
    account = replace(attempt.account, freshness_seconds=WHENEVER)
    if account.mode is not Mode.PLAINTEXT and not account.encoding_aes_key:
        return Refused("wrong_mode")
    try:
        opened = open_push(account, attempt.query, attempt.body, now_unix=now_unix)
        if opened is not None and account.mode is Mode.PLAINTEXT:
            decode(opened.message, opened.format)  # nothing signs it: it must be one to prove it
    except Refused as refused:
        return refused
    except Undecodable as error:
        # Signed but unreadable: with a body that was altered it proves nothing.
        return Refused("undecryptable", f"body_{error.detail}")
    return None


def _is_nearer(refused: Refused, nearest: tuple[Try, Refused] | None) -> bool:
    """The first that got to the key, then the first that got to the app id."""
    if nearest is None:
        return True
    return refused.detail == "app_id" and nearest[1].detail != "app_id"


def _meant_for(attempt: Try) -> str:
    return meant_for(attempt.account, attempt.body) or "one that cannot be read"


def _late(attempt: Try, now_unix: float) -> tuple[Found, ...]:
    about = how_far(
        attempt.query, now_unix=now_unix, window_seconds=attempt.account.freshness_seconds
    )
    return (Found(cause=RefusalCause.CLOCK, about=about),) if about else ()


# Nothing tells the two apart: the signature fits neither way.
_UNSIGNED = (Found(cause=RefusalCause.TOKEN), Found(cause=RefusalCause.QUERY_CHANGED))


def what_remains(
    account: Account, query: bytes, body: bytes, refusal: WeChatError
) -> tuple[Found, ...]:
    """Return the likeliest causes of a refusal that no try has undone; at least one."""
    if not query.strip():
        return (Found(cause=RefusalCause.QUERY_LOST),)
    if refusal.reason == "signature_missing":
        return (Found(cause=RefusalCause.PARAMETER_LOST, about=refusal.detail),)
    if refusal.reason == "signature_grammar":
        about = _FORMS.get(refusal.detail, refusal.detail)
        return (Found(cause=RefusalCause.PARAMETER_FORM, about=about),)
    signs = _token_signs_the_url(account, query)
    if refusal.reason == "wrong_mode":
        if lost := _lost(query, body):
            return (Found(cause=RefusalCause.PARAMETER_LOST, about=lost),)
        kind = KINDS[Mode.SECURE if account.mode is Mode.PLAINTEXT else Mode.PLAINTEXT]
        mode = Found(cause=RefusalCause.MODE, about=kind)
        if not body.strip():
            return (Found(cause=RefusalCause.BODY_LOST),)
        return (mode,) if signs else (mode, *_UNSIGNED)
    if account.mode is Mode.PLAINTEXT or b"echostr=" in query:
        return _UNSIGNED
    return _of_an_encrypted_push(account, body, token_signs=signs)


def _lost(query: bytes, body: bytes) -> str:
    """Return the parameter without which a push looks like one of another mode."""
    if b"msg_signature=" in query:
        return ""
    if b"signature=" not in query:
        return "signature and msg_signature"
    return "msg_signature" if b"Encrypt" in body else ""


def _of_an_encrypted_push(account: Account, body: bytes, *, token_signs: bool) -> tuple[Found, ...]:
    if not body.strip():
        return (Found(cause=RefusalCause.BODY_LOST),)
    try:
        encrypt = encrypted(body)
    except Undecodable as error:
        return (_unreadable(body, error),)
    if encrypt is None:
        return (Found(cause=RefusalCause.FORMAT, about="it has no Encrypt"),)
    refused = _decryption(account, encrypt)
    if refused in {"base64", "length"}:
        about = f"Encrypt has {len(encrypt)} characters, which is not a whole number of blocks"
        return (Found(cause=RefusalCause.BODY_TRUNCATED, about=about),)
    if token_signs:
        about = "msg_signature does not cover its Encrypt"
        return (Found(cause=RefusalCause.BODY_OF_ANOTHER_PUSH, about=about),)
    # What decrypts under our key, whoever it is for, was not made by a stranger.
    is_ours = refused in {"", "app_id"}
    return _UNSIGNED if is_ours else (Found(cause=RefusalCause.TOKEN_AND_KEY),)


def _unreadable(body: bytes, error: Undecodable) -> Found:
    text = body.strip()
    ends = text.endswith((b"</xml>", b"}"))
    if text[:1] in {b"<", b"{"} and not ends:
        about = f"after {len(body)} bytes the end is missing"
        return Found(cause=RefusalCause.BODY_TRUNCATED, about=about)
    return Found(cause=RefusalCause.FORMAT, about=error.detail)


def encrypted(body: bytes) -> str | None:
    """Return a body's Encrypt, or None where it has none. Raises `Undecodable`."""
    text = decode(body, sniff(body)).get("Encrypt")
    return text.strip(" \t\r\n") or None if isinstance(text, str) else None


def meant_for(account: Account, body: bytes) -> str:
    """Return the app id that a body is encrypted for, empty where no key of ours tells."""
    try:
        encrypt = encrypted(body)
    except Undecodable:
        return ""
    for envelope in _envelopes(account):
        try:
            receiver = envelope.receiver(encrypt or "")
        except Refused:
            continue
        if 0 < len(receiver) <= 64 and receiver.isascii() and receiver.isalnum():
            return receiver.decode()
    return ""


def _decryption(account: Account, encrypt: str) -> str:
    """Return why it does not decrypt; empty when it does."""
    detail = "padding"
    for envelope in _envelopes(account):
        try:
            envelope.decrypt(encrypt)
        except Refused as refused:
            detail = refused.detail
            if detail == "app_id":
                break
        else:
            return ""
    return detail


def _envelopes(account: Account) -> list[AesEnvelope]:
    keys = (account.encoding_aes_key, account.previous_encoding_aes_key)
    return [AesEnvelope(key, receive_id=account.app_id) for key in keys if key]


def _token_signs_the_url(account: Account, query: bytes) -> bool:
    """WeChat sends `signature` beside msg_signature; it covers no body, only our token."""
    try:
        told = parse(query)
    except Refused:
        return False
    claimed = told.get("signature", "")
    parts = (told.get("timestamp", ""), told.get("nonce", ""))
    tokens = (account.token, account.previous_token)
    signed = (sign(token.reveal(), *parts) for token in tokens if token)
    return matching(claimed, signed) is not None
