"""What an operator has of a push: a body, and the query as an access log or a proxy wrote it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

_REQUEST_LINE = re.compile(r"\b(?:GET|POST) (\S+)(?: HTTP/[\d.]+)?")
_WITH_QUERY = re.compile(r"""[^\s"'<>]*\?[^\s"'<>]+""")
_BARE_QUERY = re.compile(r"""[^\s"'<>]*signature=[^\s"'<>]*""")
# nginx's and Apache's own form, and ISO 8601.
_LOG_TIME = re.compile(r"\[(\d{2}/[A-Z][a-z]{2}/\d{4}:\d{2}:\d{2}:\d{2} [+-]\d{4})\]")
_ISO_TIME = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)")
_HTTP_DUMP = re.compile(rb"(?:GET|POST) \S+ HTTP/[\d.]+\r?\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """One request as it was caught. `query` None: nobody wrote it down.

    `path` is empty and `arrived_at` (Unix seconds) None where they are not known.
    """

    body: bytes = field(repr=False)
    query: bytes | None = field(default=None, repr=False)
    path: str = ""
    arrived_at: float | None = None


def capture(body: bytes, query: str | None = None) -> Capture:
    """Read a body, or a whole HTTP request, and a query: itself, a URL, or a line of a log."""
    head = ""
    if _HTTP_DUMP.match(body):
        raw, _, body = body.replace(b"\r\n", b"\n", body.count(b"\n")).partition(b"\n\n")
        head = raw.decode("latin-1")
    text = query if query is not None else head.partition("\n")[0]
    if not text:
        return Capture(body=body, query=None if query is None else b"")
    path, found = _path_and_query(text.strip())
    return Capture(
        body=body, query=found.encode(errors="replace"), path=path, arrived_at=_arrived_at(text)
    )


def _path_and_query(text: str) -> tuple[str, str]:
    target = _target(text)
    if "://" in target:
        split = urlsplit(target)
        return split.path, split.query
    if target.startswith("/") or "?" in target:
        path, _, query = target.partition("?")
        return (path if path.startswith("/") else ""), query.partition("#")[0]
    return "", target


def _target(text: str) -> str:
    line = _REQUEST_LINE.search(text)
    if line is not None:
        return line[1].strip("\"'")
    if not any(letter.isspace() for letter in text):
        return text.strip("\"'")
    found = _WITH_QUERY.search(text) or _BARE_QUERY.search(text)
    return found[0] if found else text


def _arrived_at(text: str) -> float | None:
    try:
        if found := _LOG_TIME.search(text):
            return datetime.strptime(found[1], "%d/%b/%Y:%H:%M:%S %z").timestamp()
        if found := _ISO_TIME.search(text):
            return datetime.fromisoformat(found[0]).timestamp()
    except ValueError:
        return None
    return None
