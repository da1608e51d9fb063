from __future__ import annotations

import pytest

from adapter.explain.capture import how_far, moment, signed_at, span

NOW = 1_714_112_445.0


@pytest.mark.parametrize(
    ("query", "at"),
    [
        (b"timestamp=1714112445", 1_714_112_445),
        (b"timestamp=171411244", None),
        (b"nonce=1", None),
        (b"timestamp=%zz", None),
    ],
)
def test_the_timestamp_of_a_query_is_read(query: bytes, at: int | None) -> None:
    assert signed_at(query) == at


def test_a_fresh_timestamp_is_not_far() -> None:
    assert how_far(b"timestamp=1714112045", now_unix=NOW, window_seconds=600) == ""


def test_whole_hours_look_like_a_time_zone() -> None:
    hours = how_far(b"timestamp=1714083645", now_unix=NOW, window_seconds=600)
    odd = how_far(b"timestamp=1714081645", now_unix=NOW, window_seconds=600)

    assert "another time zone" in hours
    assert "another time zone" not in odd
    assert odd.startswith("8 h 33 min before it arrived")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(1.9, "1 s"), (600, "10 min"), (3 * 3600 + 300, "3 h 5 min"), (200_000, "2 days")],
)
def test_a_span_is_said_in_its_unit(seconds: float, said: str) -> None:
    assert span(seconds) == said


def test_a_moment_beyond_the_calendar_is_said_too() -> None:
    assert moment(1e18) == "Unix second 1000000000000000000"
