"""What an operator has of a push: a body, the query as a log wrote it, and when it came."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlsplit

from adapter.wechat.errors import Refused
from adapter.wechat.query import parse
from adapter.wechat.signature import is_fresh, is_timestamp

HOUR_SECONDS = 3600
_ROUND_SECONDS = 60  # so near to whole hours, a time zone is the likelier reason

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


def signed_at(query: bytes) -> int | None:
    """Return the timestamp of a query (Unix seconds), or None where it has none."""
    try:
        text = parse(query).get("timestamp", "")
    except Refused:
        return None
    return int(text) if is_timestamp(text) else None


def how_far(query: bytes, *, now_unix: float, window_seconds: int) -> str:
    """Say how far the timestamp is from `now_unix`; empty when it is fresh."""
    at = signed_at(query)
    if at is None or is_fresh(at, now_unix=now_unix, window_seconds=window_seconds):
        return ""
    apart = now_unix - at
    said = (
        f"{span(abs(apart))} {'before' if apart > 0 else 'after'} it arrived "
        f"({moment(at)} and {moment(now_unix)}), and {window_seconds} s are allowed"
    )
    hours = round(abs(apart) / HOUR_SECONDS)
    if 1 <= hours <= 14 and abs(abs(apart) - hours * HOUR_SECONDS) <= _ROUND_SECONDS:
        said += "; whole hours look like a clock set in another time zone"
    return said


def span(seconds: float) -> str:
    """Say a duration: `12 s`, `3 h 5 min`, `2 days`."""
    whole = int(seconds)
    if whole < 120:
        return f"{whole} s"
    if whole < 2 * HOUR_SECONDS:
        return f"{whole // 60} min"
    if whole < 48 * HOUR_SECONDS:
        return f"{whole // HOUR_SECONDS} h {whole % HOUR_SECONDS // 60} min"
    return f"{whole // (24 * HOUR_SECONDS)} days"


def moment(unix: float) -> str:
    """Say a moment, in UTC."""
    try:
        return f"{datetime.fromtimestamp(unix, UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (OverflowError, ValueError, OSError):
        return f"Unix second {unix:.0f}"
