"""The URL's query string, read by hand: each key once, decoded once."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

from adapter.wechat.errors import Refused

QUERY_LIMIT_BYTES = 8192  # WeChat's own queries have about 250

_HEX = frozenset(b"0123456789abcdefABCDEF")


def parse(query: bytes) -> dict[str, str]:
    """Return the parameters of a raw query string, decoded.

    Raise `Refused` (`signature_grammar`) for a key that stands twice: whoever reads the
    first one and whoever reads the last one would disagree on what was signed. Also for a
    stray percent sign, bytes that are not UTF-8, and a query over `QUERY_LIMIT_BYTES`.
    """
    if len(query) > QUERY_LIMIT_BYTES:
        raise Refused("signature_grammar", "query_too_long")
    if query.isascii() and b"%" not in query and b"+" not in query:
        return _plain(query.decode("ascii"))
    parameters: dict[str, str] = {}
    for pair in query.split(b"&"):
        if not pair:
            continue
        raw_key, _, raw_value = pair.partition(b"=")
        key = _decoded(raw_key)
        if key in parameters:
            raise Refused("signature_grammar", "repeated_parameter")
        parameters[key] = _decoded(raw_value)
    return parameters


def _plain(query: str) -> dict[str, str]:
    """The same of a query without any encoding, which is decoded all at once."""
    parameters: dict[str, str] = {}
    for pair in query.split("&"):
        if not pair:
            continue
        key, _, value = pair.partition("=")
        if key in parameters:
            raise Refused("signature_grammar", "repeated_parameter")
        parameters[key] = value
    return parameters


def _decoded(raw: bytes) -> str:
    if raw.isascii() and b"%" not in raw and b"+" not in raw:
        return raw.decode("ascii")
    if _has_stray_percent(raw):
        raise Refused("signature_grammar", "percent_encoding")
    try:
        # WeChat's echostr is form-encoded: "+" means a space.
        return unquote_to_bytes(raw.replace(b"+", b" ")).decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refused("signature_grammar", "query_not_utf8") from error


def _has_stray_percent(raw: bytes) -> bool:
    pieces = raw.split(b"%")[1:]
    return any(len(piece) < 2 or not _HEX.issuperset(piece[:2]) for piece in pieces)
