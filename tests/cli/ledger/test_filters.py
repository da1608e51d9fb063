from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import click
import pytest

from adapter.cancellation.model import Outcome, State
from adapter.cli.ledger.filters import filters_of, now_in, point_in_time, result_of
from adapter.cli.ledger.rows import shown, written
from adapter.edge.translate import ResultCode
from adapter.ledger.search import Filters, ResultFilter

NOW = datetime(2026, 11, 23, tzinfo=UTC)
NOTHING: dict[str, str | None] = dict.fromkeys(
    ("waybill", "order", "merchant", "result", "state", "since", "until")
)


def test_a_resultcode_stands_for_every_way_to_it() -> None:
    assert result_of("30003") == ResultFilter(outcomes=(Outcome.INVALID, Outcome.ALREADY_CANCELLED))
    assert result_of("30001") == ResultFilter(outcomes=(Outcome.NOT_FOUND,), unsent=("refused",))
    failures = result_of("-1")
    assert set(failures.outcomes) == {Outcome.FAILED, Outcome.IN_DOUBT}
    assert {"paused", "shed", "withdrawn"} < set(failures.unsent)


def test_every_resultcode_and_every_outcome_is_understood() -> None:
    for code in ResultCode:
        assert result_of(str(int(code))).outcomes
    for outcome in Outcome:
        assert result_of(outcome.value.upper()).outcomes == (outcome,)


def test_the_printed_minus_is_a_minus() -> None:
    assert result_of("−1") == result_of("-1")


def test_what_is_no_result_is_refused_with_the_list() -> None:
    with pytest.raises(click.UsageError, match=r"30002.*picked_up"):
        result_of("200")


def test_options_become_filters() -> None:
    asked = {"waybill": "SF1", "state": "in_doubt", "since": "1h", "until": "2026-11-23"}

    found = filters_of(**{**NOTHING, **asked}, told_failure=True, now=NOW)

    assert found == Filters(
        waybill_id="SF1",
        state=State.IN_DOUBT,
        told_failure=True,
        since=NOW.timestamp() - 3600,
        until=NOW.timestamp(),
    )


@pytest.mark.parametrize("option", ["since", "until"])
def test_what_is_no_time_names_its_option(option: str) -> None:
    with pytest.raises(click.UsageError, match=f"--{option}: 'soon' is not a valid time"):
        filters_of(**{**NOTHING, option: "soon"}, told_failure=False, now=NOW)


def test_now_is_in_the_zone() -> None:
    assert now_in(ZoneInfo("Asia/Shanghai")).utcoffset() is not None


# Times


SHANGHAI = ZoneInfo("Asia/Shanghai")
AT_NIGHT = datetime(2026, 11, 23, 1, 30, tzinfo=SHANGHAI)


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
    assert point_in_time(text, now=AT_NIGHT) == moment.timestamp()


@pytest.mark.parametrize("text", ["", "tomorrow", "2h ago", "23.11.2026", "-1h"])
def test_what_is_no_time_is_refused_with_the_forms(text: str) -> None:
    with pytest.raises(ValueError, match="yesterday"):
        point_in_time(text, now=AT_NIGHT)


def test_times_are_written_with_the_offset_and_shown_without() -> None:
    unix = datetime(2026, 11, 22, 17, 30, 1, 234_000, tzinfo=UTC).timestamp()

    assert written(unix, SHANGHAI) == "2026-11-23T01:30:01.234+08:00"
    assert shown(unix, SHANGHAI) == "2026-11-23 01:30:01"
