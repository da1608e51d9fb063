from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import click
import pytest

from adapter.cancellation.model import Outcome, State
from adapter.cli.ledger.filters import now_in, result_of, wanted
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

    found = wanted(**{**NOTHING, **asked}, told_failure=True, now=NOW)

    assert found == Filters(
        waybill_id="SF1",
        state=State.IN_DOUBT,
        told_failure=True,
        since=NOW.timestamp() - 3600,
        until=NOW.timestamp(),
    )


@pytest.mark.parametrize("option", ["since", "until"])
def test_what_is_no_time_names_its_option(option: str) -> None:
    with pytest.raises(click.UsageError, match=f"--{option}: soon is no time"):
        wanted(**{**NOTHING, option: "soon"}, told_failure=False, now=NOW)


def test_now_is_in_the_zone() -> None:
    assert now_in(ZoneInfo("Asia/Shanghai")).utcoffset() is not None
