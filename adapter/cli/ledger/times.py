"""Points in time as operators write and read them, in the time zone of `[ops]`."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

FORMS = "2026-11-23, 2026-11-23T18:30, 2h (ago; also s, m, d, w), now, today or yesterday"

_AGO = re.compile(r"(\d{1,6})\s*([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DAYS_AGO = {"today": 0, "yesterday": 1}


def point_in_time(text: str, *, now: datetime) -> float:
    """Read a time as Unix seconds; without an offset it is in the zone of `now`.

    A date alone is its midnight. `ValueError` for anything that is none of `FORMS`.
    """
    word = text.strip().lower()
    if word == "now":
        return now.timestamp()
    if word in _DAYS_AGO:
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        return (midnight - timedelta(days=_DAYS_AGO[word])).timestamp()
    if ago := _AGO.fullmatch(word):
        return now.timestamp() - timedelta(**{_UNITS[ago[2]]: int(ago[1])}).total_seconds()
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise ValueError(f"{text} is no time: write {FORMS}") from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=now.tzinfo)).timestamp()


def written(unix: float, zone: ZoneInfo) -> str:
    """Write a time for programs: ISO 8601 with milliseconds and the zone's offset."""
    return datetime.fromtimestamp(unix, zone).isoformat(timespec="milliseconds")


def shown(unix: float, zone: ZoneInfo) -> str:
    """Write a time for people: to the second, without the offset that the zone implies."""
    return datetime.fromtimestamp(unix, zone).strftime("%Y-%m-%d %H:%M:%S")
