"""The merchant's password masked in a carrier's words, in whatever form they repeat it."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Callable, Iterator
from urllib.parse import quote, quote_plus, unquote, unquote_plus

from google.protobuf import text_encoding

LEAST_ENCODED = 5  # characters: a shorter encoded form would be found in any text by chance
# What encoders leave alone: Python's, Java's and JavaScript's differ.
_LEFT_ALONE = ("", "/", "!'()*~")
_URL_SAFE = str.maketrans("+/", "-_")
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))")


def masked(text: str, *, secret: str, mask: str) -> str:
    """Return a text without the secret: as it is, percent-encoded, escaped as in JSON, HTML,
    Python and protobuf, in Base64 at any offset, in hexadecimal digits.

    A text that holds it in a form that only decoding shows is masked whole.
    """
    if not secret or not text:
        return text
    text = text.replace(secret, mask)
    forms = {form for form in _forms(secret, text) if len(form) >= LEAST_ENCODED}
    for form in sorted(forms, key=len, reverse=True):
        text = text.replace(form, mask)
    held = (secret in decode(text) for mark, decode in _DECODERS if mark in text)
    return mask if any(held) else text


def _forms(secret: str, text: str) -> Iterator[str]:
    """Yield the encoded forms that `text` may hold at all: every push's reply comes by here."""
    raw = secret.encode("utf-8", "surrogatepass")
    yield from _base64(raw)
    digits = raw.hex()
    yield from (digits, digits.upper())
    if "%" in text or "+" in text:
        yield from _percent(raw)
    if "\\" in text or "&" in text:
        yield from _escaped(secret, raw)


def _percent(raw: bytes) -> Iterator[str]:
    for safe in _LEFT_ALONE:
        for form in (quote(raw, safe=safe), quote_plus(raw, safe=safe)):
            yield form
            yield re.sub("%..", lambda found: found[0].lower(), form)
    yield "".join(f"%{byte:02X}" for byte in raw)
    yield "".join(f"%{byte:02x}" for byte in raw)


def _escaped(secret: str, raw: bytes) -> Iterator[str]:
    plain = json.dumps(secret)[1:-1]
    for form in (plain, json.dumps(secret, ensure_ascii=False)[1:-1]):
        yield form
        yield form.replace("/", "\\/")
        yield json.dumps(form)[1:-1]  # JSON in JSON
    yield html.escape(secret)
    yield html.escape(secret, quote=False)
    yield repr(secret)[1:-1]
    yield repr(raw)[2:-1]
    yield text_encoding.CEscape(raw, as_utf8=False)
    yield text_encoding.CEscape(raw, as_utf8=True)


def _base64(raw: bytes) -> Iterator[str]:
    """Yield the secret alone, then what of it stands in the Base64 of any longer text."""
    for offset, begins in enumerate((0, 2, 3)):
        shifted = b"\0" * offset + raw
        whole = base64.b64encode(shifted).decode()
        for form in {whole, whole.translate(_URL_SAFE)}:
            yield form[begins : len(shifted) * 8 // 6]
            if not offset:
                yield form
                yield form.rstrip("=")


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(
        lambda found: chr(int(found[1] or found[2], 16)) if found[1] or found[2] else found[3], text
    )


# By the mark without which there is nothing to decode.
_DECODERS: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("%", unquote),
    ("%", unquote_plus),
    ("&", html.unescape),
    ("\\", _unescaped),
)
