"""What may have happened to a refused push: another account's, or a query or body altered.

Proxies, logs and people alter queries and bodies; each alteration is undone one at a time.
"""

from __future__ import annotations

import binascii
import html
import json
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl, unquote_plus, unquote_to_bytes

from adapter import development
from adapter.explain.causes import Found, RefusalCause
from adapter.wechat.cipher import is_encoding_aes_key
from adapter.wechat.codec import LIMITS
from adapter.wechat.envelope import Account, Mode
from adapter.wechat.secret import Secret

KINDS = {
    Mode.PLAINTEXT: "not encrypted (plaintext)",
    Mode.SECURE: "encrypted (secure or compatible)",
}
FORM_FIELDS = 64  # a push is one of few
PARAMETERS = ("signature", "msg_signature", "timestamp", "nonce", "echostr", "encrypt_type")

_MILLISECONDS = re.compile(rb"\btimestamp=(\d{10})\d{3}\b")
_ENCRYPT = re.compile(
    rb"(?s)(<Encrypt>\s*(?:<!\[CDATA\[)?)(.*?)((?:\]\]>)?\s*</Encrypt>)"
    rb'|("Encrypt"\s*:\s*")(.*?)(")'
)
_XML = re.compile(rb"(?s)<xml>.*</xml>")
_JSON = re.compile(rb"(?s)\{.*\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherAccount:
    """An account that is not the configured one, and what it would mean."""

    account: Account
    found: Found


def others(section: str, programs: Mapping[str, Account]) -> Iterator[OtherAccount]:
    """Yield the accounts to try instead of the one of `section`, the likeliest first."""
    own = programs[section]
    yield from _of_another_mode(own)
    elsewhere = {name: account for name, account in programs.items() if name != section}
    for name, account in elsewhere.items():
        yield OtherAccount(
            account=account, found=Found(cause=RefusalCause.OTHER_PROGRAM, about=name)
        )
    for name, account in elsewhere.items():
        yield from _with_one_secret_of(own, name, account)
    bare = own.token.reveal().strip()
    if bare and bare != own.token.reveal():
        account = replace(own, token=Secret(bare))
        yield OtherAccount(account=account, found=Found(cause=RefusalCause.TOKEN_BLANKS))
    if own.encoding_aes_key:
        yield from _with_exchanged_secrets(own, own.encoding_aes_key)
    for mode in (Mode.SECURE, Mode.PLAINTEXT):
        yield OtherAccount(
            account=_development(own, mode), found=Found(cause=RefusalCause.DEVELOPMENT)
        )


def _of_another_mode(own: Account) -> Iterator[OtherAccount]:
    if own.mode is not Mode.PLAINTEXT:
        mode = Mode.PLAINTEXT
    elif own.encoding_aes_key:
        mode = Mode.SECURE
    else:
        return
    yield OtherAccount(
        account=replace(own, mode=mode), found=Found(cause=RefusalCause.MODE, about=KINDS[mode])
    )


def _with_one_secret_of(own: Account, name: str, other: Account) -> Iterator[OtherAccount]:
    for token in filter(None, (other.token, other.previous_token)):
        yield OtherAccount(
            account=replace(own, token=token),
            found=Found(cause=RefusalCause.TOKEN_ELSEWHERE, about=name),
        )
    for key in filter(None, (other.encoding_aes_key, other.previous_encoding_aes_key)):
        yield OtherAccount(
            account=replace(own, encoding_aes_key=key),
            found=Found(cause=RefusalCause.KEY_ELSEWHERE, about=name),
        )


def _with_exchanged_secrets(own: Account, key: Secret) -> Iterator[OtherAccount]:
    found = Found(cause=RefusalCause.TOKEN_IS_THE_KEY)
    yield OtherAccount(account=replace(own, token=key), found=found)
    if is_encoding_aes_key(own.token.reveal()):
        account = replace(own, token=key, encoding_aes_key=own.token)
        yield OtherAccount(account=account, found=found)


def _development(own: Account, mode: Mode) -> Account:
    return replace(
        own,
        app_id=development.APP_ID,
        mode=mode,
        token=Secret(development.TOKEN),
        previous_token=None,
        encoding_aes_key=Secret(development.ENCODING_AES_KEY),
        previous_encoding_aes_key=None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Undone:
    """A query or a body as it was before something happened to it, and what that was."""

    found: Found
    text: bytes = field(repr=False)


def queries(query: bytes) -> Iterator[Undone]:
    """Yield the query as it may have been; only what differs from how it is."""
    for cause, undo in _OF_QUERIES:
        undone = undo(query)
        if undone != query:
            yield Undone(found=Found(cause=cause), text=undone)
    yield from _without_repeats(query)
    yield from _with_proper_names(query)


def bodies(body: bytes) -> Iterator[Undone]:
    """Yield the body as it may have been; only what differs from how it is."""
    for cause, undo in _OF_BODIES:
        # Whatever the bytes are, an undoing that does not apply says nothing.
        with suppress(ValueError, zlib.error, RecursionError):
            undone = undo(body)
            if undone and undone != body:
                yield Undone(found=Found(cause=cause), text=undone)
    yield from _out_of_a_form(body)


def _out_of_a_form(body: bytes) -> Iterator[Undone]:
    """`body=%3Cxml…`: the push is a form's field, or the name of one without a value."""
    with suppress(ValueError):
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=FORM_FIELDS)
        for name, value in pairs:
            for text, about in ((value, name), (name, "without a name")):
                if text.lstrip()[:1] in {"<", "{"} and text.encode() != body:
                    shown = about if about.isascii() and about.isprintable() else "of odd letters"
                    found = Found(cause=RefusalCause.BODY_FORM, about=shown[:40])
                    yield Undone(found=found, text=text.encode())


def _pairs(query: bytes) -> list[tuple[bytes, bytes]]:
    parted = (pair.partition(b"=") for pair in query.split(b"&") if pair)
    return [(name, value) for name, _, value in parted]


def _joined(pairs: list[tuple[bytes, bytes]]) -> bytes:
    return b"&".join(name + b"=" + value for name, value in pairs)


def _swap(one: bytes, other: bytes) -> Callable[[bytes], bytes]:
    names = {one: other, other: one}

    def undo(query: bytes) -> bytes:
        return _joined([(names.get(name, name), value) for name, value in _pairs(query)])

    return undo


def _lower(query: bytes) -> bytes:
    return _joined(
        [
            (name, value.lower() if name.endswith(b"signature") else value)
            for name, value in _pairs(query)
        ]
    )


def _trimmed(query: bytes) -> bytes:
    text = query.replace(b"%20", b" ").replace(b"%22", b'"').strip(b" \t\r\n?\"'")
    return _joined([(name.strip(), value.strip(b" +\"'")) for name, value in _pairs(text)])


_OF_QUERIES: tuple[tuple[RefusalCause, Callable[[bytes], bytes]], ...] = (
    (RefusalCause.QUERY_HTML_ESCAPED, lambda query: query.replace(b"&amp;", b"&")),
    (RefusalCause.QUERY_JSON_ESCAPED, lambda query: query.replace(b"\\u0026", b"&")),
    (RefusalCause.QUERY_ENCODED_TWICE, unquote_to_bytes),
    (RefusalCause.SIGNATURES_SWAPPED, _swap(b"signature", b"msg_signature")),
    (RefusalCause.TIMESTAMP_AND_NONCE_SWAPPED, _swap(b"timestamp", b"nonce")),
    (
        RefusalCause.TIMESTAMP_IN_MILLISECONDS,
        lambda query: _MILLISECONDS.sub(rb"timestamp=\1", query),
    ),
    (RefusalCause.SIGNATURE_CASE, _lower),
    (RefusalCause.QUERY_BLANKS, _trimmed),
)


def _without_repeats(query: bytes) -> Iterator[Undone]:
    pairs = _pairs(query)
    first: dict[bytes, bytes] = {}
    for name, value in pairs:
        first.setdefault(name, value)
    if len(first) == len(pairs):
        return
    names = [name for name, _ in pairs]
    twice = ", ".join(
        sorted({name.decode("latin-1") for name in names if names.count(name) > 1})[:4]
    )
    found = Found(cause=RefusalCause.QUERY_REPEATED, about=twice)
    yield Undone(found=found, text=_joined(list(first.items())))
    yield Undone(found=found, text=_joined(list(dict(pairs).items())))


def _with_proper_names(query: bytes) -> Iterator[Undone]:
    """`msgSignature`, `Timestamp` and `timeStamp` are names of other pages of WeChat's."""
    proper = {name.replace("_", ""): name.encode() for name in PARAMETERS}
    pairs = _pairs(query)
    renamed = [
        (proper.get(name.decode("latin-1").replace("_", "").lower(), name), value)
        for name, value in pairs
    ]
    others = [
        name.decode("latin-1")
        for (name, _), (better, _) in zip(pairs, renamed, strict=True)
        if name != better
    ]
    if others:
        found = Found(cause=RefusalCause.PARAMETER_NAMES, about=", ".join(others[:4]))
        yield Undone(found=found, text=_joined(renamed))


def _within_encrypt(change: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    def replaced(match: re.Match[bytes]) -> bytes:
        head, inner, tail = (part for part in match.groups() if part is not None)
        return head + change(inner) + tail

    return lambda body: _ENCRYPT.sub(replaced, body, count=1)


def _unescaped(body: bytes) -> bytes:
    text = body.strip().decode()
    if not text.startswith('"'):
        text = f'"{text}"'
    told = json.loads(text, strict=False)
    return told.encode() if isinstance(told, str) else b""


def _inflated(body: bytes) -> bytes:
    # 47: zlib's or gzip's header, whichever is there. Bounded: it came from outside.
    return zlib.decompressobj(wbits=47).decompress(body, LIMITS.body_bytes)


def _from_base64(body: bytes) -> bytes:
    return binascii.a2b_base64(b"".join(body.split()), strict_mode=True)


def _core(body: bytes) -> bytes:
    found = _XML.search(body) or _JSON.search(body)
    return found[0] if found else b""


_OF_BODIES: tuple[tuple[RefusalCause, Callable[[bytes], bytes]], ...] = (
    (RefusalCause.BODY_SPACE_FOR_PLUS, _within_encrypt(lambda text: text.replace(b" ", b"+"))),
    (
        RefusalCause.ENCRYPT_WRAPPED,
        _within_encrypt(lambda text: b"".join(text.replace(b"&#13;", b"").split())),
    ),
    (
        RefusalCause.ENCRYPT_URL_SAFE,
        _within_encrypt(lambda text: text.translate(bytes.maketrans(b"-_", b"+/"))),
    ),
    (RefusalCause.BODY_PERCENT_ENCODED, unquote_to_bytes),
    (
        RefusalCause.BODY_PERCENT_ENCODED,
        lambda body: unquote_plus(body.decode()).encode() if b"%" in body else body,
    ),
    (RefusalCause.BODY_HTML_ESCAPED, lambda body: html.unescape(body.decode()).encode()),
    (RefusalCause.BODY_JSON_ESCAPED, _unescaped),
    (RefusalCause.BODY_BASE64, _from_base64),
    (RefusalCause.BODY_COMPRESSED, _inflated),
    (RefusalCause.BODY_UTF16, lambda body: body.decode("utf-16").encode()),
    (RefusalCause.BODY_SURROUNDED, _core),
)
