"""All weathers in turn under WeChat's load, with repeats and second presses, and no kills."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conformance.postgres import Postgres
from tests.journeys.cut_ledger import CutLedger
from tests.journeys.journey import Plan, travel
from tests.journeys.judge import judge
from tests.journeys.weather import expect_no_violation
from tests.journeys.worlds import Terrain

Say = Callable[[object], None]
pytestmark = [pytest.mark.usefixtures("may_wait"), pytest.mark.prove]

SEEDS = (20261001, 20261002)
LOOKUP = pytest.mark.parametrize("lookup", [False, True], ids=["no lookup", "lookup"])


def plan(seed: int) -> Plan:
    return Plan(seed=seed, seconds=60, kills=0, pushes=300, pause_seconds=(0.1, 1.0))


@LOOKUP
def test_a_minute_of_locks_and_stalls_on_sqlite_breaks_no_promise(
    tmp_path: Path,
    say: Say,
    lookup: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    terrain = Terrain(
        folder=tmp_path, kills=False, lookup=lookup, reply_seconds=2.0, call_seconds=4.0
    )

    verdict = judge(travel(terrain, plan(SEEDS[lookup])))

    say(verdict)
    expect_no_violation(verdict)


@LOOKUP
def test_a_minute_of_cuts_and_stalls_on_postgresql_breaks_no_promise(
    tmp_path: Path,
    postgres: Postgres,
    say: Say,
    lookup: bool,  # noqa: FBT001 - as above
) -> None:
    url = postgres.new_database()

    with CutLedger(url) as way:
        terrain = Terrain(
            folder=tmp_path,
            ledger_url=url,
            way=way,
            replicas=2,
            kills=False,
            lookup=lookup,
            reply_seconds=2.0,
            call_seconds=4.0,
        )
        verdict = judge(travel(terrain, plan(SEEDS[lookup])))

    say(verdict)
    expect_no_violation(verdict)
