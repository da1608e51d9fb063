"""What is left when no try opened a push: which of its parts fit, and what that says."""

from __future__ import annotations

from adapter.explain.accounts import KINDS
from adapter.explain.causes import Cause, Found
from adapter.wechat.cipher import AesEnvelope
from adapter.wechat.codec import decode, sniff
from adapter.wechat.envelope import Account, Mode
from adapter.wechat.errors import Refused, Undecodable, WeChatError
from adapter.wechat.query import parse
from adapter.wechat.signature import matching, sign

_FORMS = {
    "percent_encoding": "a percent sign stands alone",
    "query_not_utf8": "it is not UTF-8",
    "query_too_long": "it is far too long",
    "timestamp": "timestamp is not ten digits",
    "nonce": "nonce is not 1 to 32 letters and digits",
    "signature": "signature is not 40 lower-case hexadecimal digits",
    "msg_signature": "msg_signature is not 40 lower-case hexadecimal digits",
    "echostr": "echostr is empty",
}


def what_remains(
    account: Account, query: bytes, body: bytes, refusal: WeChatError
) -> tuple[Found, ...]:
    """Return the likeliest causes of a refusal that no try has undone; at least one."""
    if not query.strip():
        return (Found(cause=Cause.QUERY_LOST),)
    if refusal.reason == "signature_missing":
        return (Found(cause=Cause.PARAMETER_LOST, about=refusal.detail),)
    if refusal.reason == "signature_grammar":
        about = _FORMS.get(refusal.detail, refusal.detail)
        return (Found(cause=Cause.PARAMETER_FORM, about=about),)
    signs = _token_signs_the_url(account, query)
    if refusal.reason == "wrong_mode":
        if lost := _lost(query, body):
            return (Found(cause=Cause.PARAMETER_LOST, about=lost),)
        kind = KINDS[Mode.SECURE if account.mode is Mode.PLAINTEXT else Mode.PLAINTEXT]
        mode = Found(cause=Cause.MODE, about=kind)
        if not body.strip():
            return (Found(cause=Cause.BODY_LOST),)
        return (mode,) if signs else (mode, Found(cause=Cause.TOKEN))
    if account.mode is Mode.PLAINTEXT or b"echostr=" in query:
        return (Found(cause=Cause.TOKEN),)
    return (_of_an_encrypted_push(account, body, token_signs=signs),)


def _lost(query: bytes, body: bytes) -> str:
    """Return the parameter without which a push looks like one of another mode."""
    if b"msg_signature=" in query:
        return ""
    if b"signature=" not in query:
        return "signature and msg_signature"
    return "msg_signature" if b"Encrypt" in body else ""


def _of_an_encrypted_push(account: Account, body: bytes, *, token_signs: bool) -> Found:
    if not body.strip():
        return Found(cause=Cause.BODY_LOST)
    try:
        encrypt = encrypted(body)
    except Undecodable as error:
        return _unreadable(body, error)
    if encrypt is None:
        return Found(cause=Cause.FORMAT, about="it has no Encrypt")
    refused = _decryption(account, encrypt)
    if refused in {"base64", "length"}:
        about = f"Encrypt has {len(encrypt)} characters, which is no whole number of blocks"
        return Found(cause=Cause.BODY_TRUNCATED, about=about)
    if token_signs:
        about = "msg_signature does not cover its Encrypt"
        return Found(cause=Cause.BODY_OF_ANOTHER_PUSH, about=about)
    # What decrypts under our key, whoever it is for, was not made by a stranger.
    is_ours = refused in {"", "app_id"}
    return Found(cause=Cause.TOKEN if is_ours else Cause.TOKEN_AND_KEY)


def _unreadable(body: bytes, error: Undecodable) -> Found:
    text = body.strip()
    ends = text.endswith((b"</xml>", b"}"))
    if text[:1] in {b"<", b"{"} and not ends:
        about = f"after {len(body)} bytes it ends without its end"
        return Found(cause=Cause.BODY_TRUNCATED, about=about)
    return Found(cause=Cause.FORMAT, about=error.detail)


def encrypted(body: bytes) -> str | None:
    """Return a body's Encrypt, or None where it has none. Raises `Undecodable`."""
    text = decode(body, sniff(body)).get("Encrypt")
    return text if isinstance(text, str) and text else None


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
