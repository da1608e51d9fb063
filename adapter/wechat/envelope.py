"""WeChat's three modes as one `open` and one `seal`: who sent this, and what does it say?"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum

from adapter.wechat import signature
from adapter.wechat.cipher import AesEnvelope
from adapter.wechat.codec import Format, decode, encode, sniff
from adapter.wechat.errors import STALE, Refused, Undecodable
from adapter.wechat.query import parse
from adapter.wechat.secret import Secret

# Possessive, so that it is linear whatever the body is.
_ENCRYPT = re.compile(
    rb"<Encrypt>\s*+(?:<!\[CDATA\[)?+\s*+([A-Za-z0-9+/=]++)\s*+(?:\]\]>)?+\s*+</Encrypt>"
    rb'|"Encrypt"\s*+:\s*+"\s*+([A-Za-z0-9+/=\\]++)\s*+"'
)
_ENCRYPT_NAMED = re.compile(rb'<Encrypt\b|"Encrypt"')


class Mode(Enum):
    """How pushes are protected. Decided by configuration, never by the request."""

    PLAINTEXT = "plaintext"
    COMPATIBLE = "compatible"
    SECURE = "secure"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One Mini Program as it is configured at WeChat.

    The previous token and key are taken as well while they are being changed.
    `freshness_seconds` is how far a URL's timestamp may be from now, before or after.
    """

    app_id: str
    mode: Mode
    token: Secret
    previous_token: Secret | None
    encoding_aes_key: Secret | None
    previous_encoding_aes_key: Secret | None
    freshness_seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """An authentic message, and what its reply must be sealed with.

    `key_index` is 0 for the current AES key (and in plaintext mode), 1 for the previous one.
    `body_fault` says why the body around `Encrypt` could not be decoded, empty where it could:
    then nothing but an event that is passed on may be read from it. `signed_at` is the URL's
    timestamp, in Unix seconds.
    """

    message: bytes
    format: Format
    nonce: str
    previous_token: bool
    previous_key: bool
    key_index: int
    body_fault: str = ""
    signed_at: int = 0


class Envelope:
    """Opens the pushes and seals the replies of one account. Holds no state but keys."""

    __slots__ = ("_account", "_is_encrypted", "_keys", "_tokens")

    def __init__(self, account: Account) -> None:
        """Raise `ValueError` without a token, or without the AES key that the mode needs."""
        if not account.token:
            raise ValueError("without a token anybody could sign")
        self._account = account
        self._tokens = tuple(
            token.reveal().encode() for token in _present(account.token, account.previous_token)
        )
        self._is_encrypted = account.mode is not Mode.PLAINTEXT
        self._keys: tuple[AesEnvelope, ...] = ()
        if self._is_encrypted:
            if not account.encoding_aes_key:
                raise ValueError(f"{account.mode.value} mode needs an EncodingAESKey")
            keys = _present(account.encoding_aes_key, account.previous_encoding_aes_key)
            self._keys = tuple(AesEnvelope(key, receive_id=account.app_id) for key in keys)

    def verify(self, query: bytes, *, now_unix: float) -> str:
        """Return the `echostr` of WeChat's URL verification, decoded once.

        Raise `Refused` unless it is signed and fresh. The same in all three modes:
        "若确认此次GET请求来自微信服务器,请原样返回echostr参数内容".
        """
        parameters = parse(query)
        self._signer(_claim(parameters, "signature"), now_unix=now_unix)
        echostr = parameters.get("echostr")
        if not echostr:
            raise Refused("signature_grammar", "echostr")
        return echostr

    def open(self, query: bytes, body: bytes, *, now_unix: float) -> Opened:
        """Return the message of a push from its raw query string and body.

        Raise `Refused` when it is not authentic, not fresh or not in our mode. In compatible
        mode only what was decrypted is read: nothing protects the plaintext beside it.
        """
        parameters = parse(query)
        if self._is_encrypted:
            return self._open_encrypted(parameters, body, now_unix=now_unix)
        return self._open_plaintext(parameters, body, now_unix=now_unix)

    def seal(self, reply: bytes, opened: Opened, *, now_unix: float, random16: bytes) -> bytes:
        """Return the body that answers `opened`; `random16` is 16 fresh random bytes.

        Sealed with the key that opened and signed with the token that verified. In plaintext
        mode the reply itself: encrypting would be refused.
        """
        if not self._is_encrypted:
            return reply
        encrypted = self._keys[opened.key_index].encrypt(reply, random16=random16)
        timestamp = int(now_unix)  # seconds: with milliseconds WeChat reads nothing
        token = self._tokens[1 if opened.previous_token else 0]
        signed = signature.sign(token, str(timestamp), opened.nonce, encrypted)
        return encode(
            (
                ("Encrypt", encrypted),
                ("MsgSignature", signed),
                ("TimeStamp", timestamp),
                ("Nonce", opened.nonce),
            ),
            opened.format,
        )

    def _open_plaintext(
        self, parameters: dict[str, str], body: bytes, *, now_unix: float
    ) -> Opened:
        if parameters.get("encrypt_type", "raw") != "raw" or "msg_signature" in parameters:
            raise Refused("wrong_mode", "encrypted_push")
        claim = _claim(parameters, "signature")
        token_index = self._signer(claim, now_unix=now_unix)
        if b"Encrypt" in body:
            with suppress(Undecodable):  # what cannot be read is judged by `read`
                if "Encrypt" in decode(body, sniff(body)):
                    raise Refused("wrong_mode", "encrypted_push")
        return Opened(
            message=body,
            format=_format_of(body),
            nonce=claim.nonce,
            signed_at=int(claim.timestamp),
            previous_token=token_index == 1,
            previous_key=False,
            key_index=0,
        )

    def _open_encrypted(
        self, parameters: dict[str, str], body: bytes, *, now_unix: float
    ) -> Opened:
        # The `signature` beside msg_signature does not cover the body: it proves nothing.
        encrypt_type = parameters.get("encrypt_type")
        if encrypt_type not in {None, "aes"}:
            raise Refused("wrong_mode", "plaintext_push")
        if encrypt_type is None and "msg_signature" not in parameters:
            raise Refused("wrong_mode", "plaintext_push")
        claim = _claim(parameters, "msg_signature")  # before the body is parsed: it is cheap
        encrypted, fault = self._encrypted(body)
        token_index = self._signer(claim, encrypted, now_unix=now_unix)
        key_index, message = self._decrypt(encrypted)
        return Opened(
            message=message,
            format=_format_of(body),
            nonce=claim.nonce,
            signed_at=int(claim.timestamp),
            previous_token=token_index == 1,
            previous_key=key_index == 1,
            key_index=key_index,
            body_fault=fault,
        )

    def _encrypted(self, body: bytes) -> tuple[str, str]:
        """Return `Encrypt`, and why the rest of the body cannot be decoded, or nothing.

        In compatible mode a whole event stands beside it, in shapes our reader need not like.
        """
        fault = ""
        try:
            encrypted = decode(body, sniff(body)).get("Encrypt")
        except Undecodable as error:
            fault, encrypted = error.detail, find_encrypt(body)
            if encrypted is None:
                # Nobody has signed for it yet: an outsider's garbage, not WeChat's.
                raise Refused("undecryptable", f"body_{fault}") from error
        if isinstance(encrypted, str):
            # A formatter or a template may put blanks around it; Base64 has none.
            encrypted = encrypted.strip(" \t\r\n")
        if not isinstance(encrypted, str) or not encrypted:
            raise Refused("wrong_mode", "plaintext_push")
        return encrypted, fault

    def _signer(self, claim: _Claim, *covered: str, now_unix: float) -> int:
        """Return which token signed. Fresh or not is asked last, of WeChat's word only."""
        token_index = signature.matching(
            claim.signature,
            (
                signature.sign(token, claim.timestamp, claim.nonce, *covered)
                for token in self._tokens
            ),
        )
        if token_index is None:
            raise Refused("signature_wrong")
        window = self._account.freshness_seconds
        signed_at = int(claim.timestamp)
        if not signature.is_fresh(signed_at, now_unix=now_unix, window_seconds=window):
            raise Refused(STALE)
        return token_index

    def _decrypt(self, encrypted: str) -> tuple[int, bytes]:
        failures: list[Refused] = []
        for index, key in enumerate(self._keys):
            try:
                return index, key.decrypt(encrypted)
            except Refused as error:
                failures.append(error)
        # The key that got as far as the app id was the right key.
        raise next((error for error in failures if error.detail == "app_id"), failures[0])


@dataclass(frozen=True, slots=True)
class _Claim:
    """What a URL says of its own origin: well-formed, and nothing more."""

    signature: str
    timestamp: str
    nonce: str


def _claim(parameters: dict[str, str], name: str) -> _Claim:
    try:
        claim = _Claim(parameters[name], parameters["timestamp"], parameters["nonce"])
    except KeyError as error:
        raise Refused("signature_missing", str(error.args[0])) from error
    if not signature.is_signature(claim.signature):
        raise Refused("signature_grammar", name)
    if not signature.is_timestamp(claim.timestamp):
        raise Refused("signature_grammar", "timestamp")
    if not signature.is_nonce(claim.nonce):
        raise Refused("signature_grammar", "nonce")
    return claim


def find_encrypt(body: bytes) -> str | None:
    """Return the only `Encrypt` of a body that cannot be decoded, or nothing."""
    found: list[bytes] = [xml or json for xml, json in _ENCRYPT.findall(body)]
    if len(found) != 1 or len(_ENCRYPT_NAMED.findall(body)) != 1:
        return None
    return found[0].decode("ascii").replace("\\/", "/")


def _format_of(body: bytes) -> Format:
    """Tell the format of a body that may be neither: what is not JSON's is read as XML."""
    with suppress(Undecodable):
        return sniff(body)
    return Format.JSON if body.lstrip()[:1] == b"[" else Format.XML


def _present(*secrets: Secret | None) -> tuple[Secret, ...]:
    return tuple(secret for secret in secrets if secret)
