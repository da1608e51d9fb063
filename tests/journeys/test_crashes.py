"""kill -9 under load, WeChat's repeats, a carrier that fails: nobody is told a lie."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from adapter.ledger.operate.maintenance import migrate
from tests.conformance.postgres import Postgres
from tests.journeys.journey import Plan, travel
from tests.journeys.judge import Verdict, judge
from tests.journeys.mishaps import KILL_SERVE
from tests.journeys.worlds import Terrain

Say = Callable[[object], None]
pytestmark = pytest.mark.usefixtures("may_wait")
SHORT = Plan(seed=20260701, seconds=6, kills=2, pushes=60, merchants=16)
LONG = Plan(seed=20260702, seconds=120, kills=60, pushes=3_000)


def short_terrain(folder: Path, *, ledger_url: str = "", weakness: str = "") -> Terrain:
    """Where a journey is quiet soon: shorter budgets than production's."""
    return Terrain(
        folder=folder,
        ledger_url=ledger_url,
        replicas=2 if ledger_url else 1,
        weakness=weakness,
        lookup=False,
        reply_seconds=2.0,
        call_seconds=4.0,
    )


def new_ledger(postgres: Postgres) -> str:
    url = postgres.new_database()
    asyncio.run(migrate(url))
    return url


def expect_no_violation(verdict: Verdict) -> None:
    assert verdict.violations == (), str(verdict)


def expect_a_hard_road(verdict: Verdict, plan: Plan) -> None:
    """A journey on which little happened proves little."""
    assert verdict.mishaps[KILL_SERVE] >= plan.kills, str(verdict)
    assert verdict.pushes >= plan.pushes, str(verdict)


def test_no_promise_is_broken_by_crashes_on_sqlite(tmp_path: Path, say: Say) -> None:
    verdict = judge(travel(short_terrain(tmp_path), SHORT))

    say(verdict)
    expect_no_violation(verdict)
    expect_a_hard_road(verdict, SHORT)


def test_no_promise_is_broken_by_crashes_of_two_replicas_on_postgresql(
    tmp_path: Path, postgres: Postgres, say: Say
) -> None:
    verdict = judge(travel(short_terrain(tmp_path, ledger_url=new_ledger(postgres)), SHORT))

    say(verdict)
    expect_no_violation(verdict)
    expect_a_hard_road(verdict, SHORT)


@pytest.mark.prove
@pytest.mark.parametrize("lookup", [False, True], ids=["no lookup", "lookup"])
def test_no_promise_is_broken_in_two_minutes_on_sqlite(
    tmp_path: Path,
    say: Say,
    lookup: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    verdict = judge(travel(Terrain(folder=tmp_path, lookup=lookup), LONG))

    say(verdict)
    expect_no_violation(verdict)
    expect_a_hard_road(verdict, LONG)


@pytest.mark.prove
@pytest.mark.parametrize("lookup", [False, True], ids=["no lookup", "lookup"])
def test_no_promise_is_broken_in_two_minutes_on_postgresql(
    tmp_path: Path,
    postgres: Postgres,
    say: Say,
    lookup: bool,  # noqa: FBT001 - as above
) -> None:
    terrain = Terrain(folder=tmp_path, ledger_url=new_ledger(postgres), replicas=2, lookup=lookup)

    verdict = judge(travel(terrain, LONG))

    say(verdict)
    expect_no_violation(verdict)
    expect_a_hard_road(verdict, LONG)


@pytest.mark.prove
def test_no_promise_is_broken_with_a_carrier_that_knows_request_ids(
    tmp_path: Path, say: Say
) -> None:
    terrain = Terrain(folder=tmp_path, knows_request_ids=True)

    verdict = judge(travel(terrain, Plan(seed=20260703, seconds=60)))

    say(verdict)
    expect_no_violation(verdict)
