from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from adapter.cli.ledger.times import point_in_time, shown, written

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 23, 1, 30, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-22", datetime(2026, 11, 21, 16, tzinfo=UTC)),
        ("2026-11-22T18:30", datetime(2026, 11, 22, 10, 30, tzinfo=UTC)),
        ("2026-11-22T18:30Z", datetime(2026, 11, 22, 18, 30, tzinfo=UTC)),
        ("2h", datetime(2026, 11, 22, 15, 30, tzinfo=UTC)),
        ("90 m", datetime(2026, 11, 22, 16, 0, tzinfo=UTC)),
        ("1w", datetime(2026, 11, 15, 17, 30, tzinfo=UTC)),
        ("today", datetime(2026, 11, 22, 16, tzinfo=UTC)),
        ("Yesterday", datetime(2026, 11, 21, 16, tzinfo=UTC)),
        ("now", datetime(2026, 11, 22, 17, 30, tzinfo=UTC)),
    ],
)
def test_a_time_is_read_in_the_operators_zone(text: str, moment: datetime) -> None:
    assert point_in_time(text, now=NOW) == moment.timestamp()


@pytest.mark.parametrize("text", ["", "tomorrow", "2h ago", "23.11.2026", "-1h"])
def test_what_is_no_time_is_refused_with_the_forms(text: str) -> None:
    with pytest.raises(ValueError, match="yesterday"):
        point_in_time(text, now=NOW)


def test_times_are_written_with_the_offset_and_shown_without() -> None:
    unix = datetime(2026, 11, 22, 17, 30, 1, 234_000, tzinfo=UTC).timestamp()

    assert written(unix, SHANGHAI) == "2026-11-23T01:30:01.234+08:00"
    assert shown(unix, SHANGHAI) == "2026-11-23 01:30:01"
