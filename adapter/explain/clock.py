"""How far a push's timestamp is from when it came, and what that looks like."""

from __future__ import annotations

from datetime import UTC, datetime

from adapter.wechat.errors import Refused
from adapter.wechat.query import parse
from adapter.wechat.signature import is_fresh, is_timestamp

HOUR_SECONDS = 3600
_ROUND_SECONDS = 60  # so near to whole hours, a time zone is the likelier reason


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
        f"{span(abs(apart))} {'before' if apart > 0 else 'after'} it came "
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
