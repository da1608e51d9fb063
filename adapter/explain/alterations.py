"""What proxies, logs and people do to a query and a body, undone one at a time."""

from __future__ import annotations

import binascii
import html
import json
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import unquote_plus, unquote_to_bytes

from adapter.explain.causes import Cause, Found
from adapter.wechat.codec import LIMITS

PARAMETERS = ("signature", "msg_signature", "timestamp", "nonce", "echostr", "encrypt_type")

_MILLISECONDS = re.compile(rb"\btimestamp=(\d{10})\d{3}\b")
_ENCRYPT = re.compile(
    rb"(?s)(<Encrypt>\s*(?:<!\[CDATA\[)?)(.*?)((?:\]\]>)?\s*</Encrypt>)"
    rb'|("Encrypt"\s*:\s*")(.*?)(")'
)
_XML = re.compile(rb"(?s)<xml>.*</xml>")
_JSON = re.compile(rb"(?s)\{.*\}")


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


_OF_QUERIES: tuple[tuple[Cause, Callable[[bytes], bytes]], ...] = (
    (Cause.QUERY_HTML_ESCAPED, lambda query: query.replace(b"&amp;", b"&")),
    (Cause.QUERY_JSON_ESCAPED, lambda query: query.replace(b"\\u0026", b"&")),
    (Cause.QUERY_ENCODED_TWICE, unquote_to_bytes),
    (Cause.SIGNATURES_SWAPPED, _swap(b"signature", b"msg_signature")),
    (Cause.TIMESTAMP_AND_NONCE_SWAPPED, _swap(b"timestamp", b"nonce")),
    (
        Cause.TIMESTAMP_IN_MILLISECONDS,
        lambda query: _MILLISECONDS.sub(rb"timestamp=\1", query),
    ),
    (Cause.SIGNATURE_CASE, _lower),
    (Cause.QUERY_BLANKS, _trimmed),
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
    found = Found(cause=Cause.QUERY_REPEATED, about=twice)
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
        found = Found(cause=Cause.PARAMETER_NAMES, about=", ".join(others[:4]))
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


_OF_BODIES: tuple[tuple[Cause, Callable[[bytes], bytes]], ...] = (
    (Cause.BODY_SPACE_FOR_PLUS, _within_encrypt(lambda text: text.replace(b" ", b"+"))),
    (
        Cause.ENCRYPT_WRAPPED,
        _within_encrypt(lambda text: b"".join(text.replace(b"&#13;", b"").split())),
    ),
    (
        Cause.ENCRYPT_URL_SAFE,
        _within_encrypt(lambda text: text.translate(bytes.maketrans(b"-_", b"+/"))),
    ),
    (Cause.BODY_PERCENT_ENCODED, unquote_to_bytes),
    (
        Cause.BODY_PERCENT_ENCODED,
        lambda body: unquote_plus(body.decode()).encode() if b"%" in body else body,
    ),
    (Cause.BODY_HTML_ESCAPED, lambda body: html.unescape(body.decode()).encode()),
    (Cause.BODY_JSON_ESCAPED, _unescaped),
    (Cause.BODY_BASE64, _from_base64),
    (Cause.BODY_COMPRESSED, _inflated),
    (Cause.BODY_UTF16, lambda body: body.decode("utf-16").encode()),
    (Cause.BODY_SURROUNDED, _core),
)
