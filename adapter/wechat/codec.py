"""Bodies to fields and back, in WeChat's two formats, stricter than the libraries beneath."""

from __future__ import annotations

import json
import re
from codecs import BOM_UTF8
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from typing import Any

from adapter.wechat.errors import Undecodable
from adapter.wechat.xml import parse_flat, parse_xml


class Format(Enum):
    """The data format configured at WeChat. A reply has the format of its push."""

    XML = "xml"
    JSON = "json"


@dataclass(frozen=True, slots=True, kw_only=True)
class CodecLimits:
    """How big and how deep a body may be. Depth counts the root as 1."""

    body_bytes: int
    depth: int
    elements: int


# The size is a safeguard only: who receives a body has a limit of its own, of at most this.
LIMITS = CodecLimits(body_bytes=1_048_576, depth=6, elements=256)

Fields = dict[str, Any]
"""A decoded body: top-level names to values, text unless JSON says otherwise."""


def sniff(body: bytes) -> Format:
    """Tell the format by the first character; WeChat's Content-Type is only a hint.

    Raise `Undecodable` when it is neither `<` nor `{`.
    """
    first = body.removeprefix(BOM_UTF8).lstrip(b" \t\r\n")[:1]
    if first == b"<":
        return Format.XML
    if first == b"{":
        return Format.JSON
    raise Undecodable("format")


def decode(body: bytes, format: Format, *, limits: CodecLimits = LIMITS) -> Fields:
    """Return the fields of `body`. Whatever the bytes are, raise only `Undecodable`.

    An empty XML element is `""`; text keeps its white space, as ids are "原样返回".
    """
    if len(body) > limits.body_bytes:
        raise Undecodable("size")
    text = _utf8(body.removeprefix(BOM_UTF8))
    if format is Format.XML:
        if "\0" in text:
            raise Undecodable("nul")  # UTF-16 of ASCII perhaps: expat would guess so and read it
        flat = parse_flat(text, elements=limits.elements)
        if flat is not None:
            return flat
        return parse_xml(text, depth=limits.depth, elements=limits.elements)
    return _parse_json(text, limits)


def encode(fields: Iterable[tuple[str, str | int]], format: Format) -> bytes:
    """Write flat fields in the given order. Numbers are bare, text is CDATA or a string.

    Never fails: a character that the format cannot carry becomes U+FFFD.
    """
    if format is Format.JSON:
        return _SURROGATES.sub("\ufffd", _ENCODER.encode(dict(fields))).encode("utf-8")
    elements = [
        f"<{name}><![CDATA[{value}]]></{name}>"
        # All that XML cannot carry, and the carriage return, is unprintable to Python.
        if isinstance(value, str) and value.isprintable() and "]]>" not in value
        else f"<{name}>{_xml_value(value)}</{name}>"
        for name, value in fields
    ]
    return f"<xml>{''.join(elements)}</xml>".encode()


# --- JSON -------------------------------------------------------------------------------

_SURROGATES = re.compile("[\ud800-\udfff]")
_ESCAPED_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
# Possessive, and open at the end: linear whatever the text is.
_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]++|\\.?)*+(?:"|\Z)|[\[\]{}]', re.DOTALL)
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def _unique(pairs: list[tuple[str, Any]]) -> Fields:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Undecodable("repeated_name")
    return members


def _no_constant(_constant: str) -> None:
    raise Undecodable("json_constant")


_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_constant)


def _parse_json(text: str, limits: CodecLimits) -> Fields:
    if text.count("{") + text.count("[") > limits.depth:
        _refuse_deep_json(text, limits.depth)
    value = _json_value(text)
    if not isinstance(value, dict):
        raise Undecodable("json_root")
    if _ESCAPED_SURROGATE.search(text) and not _is_encodable(value):
        raise Undecodable("lone_surrogate")
    return value


def _json_value(text: str) -> object:
    with suppress(ValueError, RecursionError):
        value: object = _DECODER.decode(text)
        return value
    # Not `from error`: a chained JSONDecodeError would carry the whole body, BizPwd and all.
    raise Undecodable("json")


def _refuse_deep_json(text: str, deepest: int) -> None:
    depth = 0
    for mark in _STRING_OR_BRACKET.findall(text):
        if mark in "[{":
            depth += 1
            if depth > deepest:
                raise Undecodable("depth")
        elif mark in "]}":
            depth -= 1


def _is_encodable(value: object) -> bool:
    try:
        _ENCODER.encode(value).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


# --- text -------------------------------------------------------------------------------

# What XML 1.0 cannot carry, not even as a character reference (its production [2] Char).
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def _utf8(body: bytes) -> str:
    with suppress(UnicodeDecodeError):
        return body.decode("utf-8")
    raise Undecodable("utf8")  # unchained: a UnicodeDecodeError holds the body


def _xml_value(value: str | int) -> str:
    if isinstance(value, int):
        return str(value)
    carried = _NOT_XML.sub("\ufffd", value)
    # A section ends at the first "]]>": unsplit, an OrderID could add a ResultCode.
    carried = carried.replace("]]>", "]]]]><![CDATA[>")
    # A bare carriage return would be read back as a line feed (XML 1.0, 2.11).
    carried = carried.replace("\r", "]]>&#13;<![CDATA[")
    return f"<![CDATA[{carried}]]>"
