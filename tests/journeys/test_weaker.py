"""The journeys can fail: an adapter with one rule less is caught, by the rule's name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from legacy_stub.faults import StandingFault
from tests.conformance.postgres import Postgres
from tests.journeys.journey import Plan, travel
from tests.journeys.judge import judge
from tests.journeys.test_crashes import new_ledger, short_terrain
from tests.journeys.weaker import WEAKNESSES
from tests.journeys.worlds import Terrain

Say = Callable[[object], None]
pytestmark = pytest.mark.usefixtures("may_wait")

# What each must be caught by; one of them is enough.
CAUGHT_BY = {
    "no intent": {"I1"},
    "call before commit": {"I1"},
    "reply before commit": {"I8"},
    "told ignored": {"I6"},
    "per key only": {"I5"},
    "unspoken 0 forgotten": {"I5"},
    "doubt taken for failure": {"I5", "I3"},
    "lease by clock": {"I2"},
    "repeated nonce refused": {"reply"},
    "retry policy on": {"I1"},
}
# Caught where a call outlives its reply, which a process that is killed every second sees not.
WITHOUT_KILLS = {
    "doubt taken for failure": StandingFault(name="hang", probability=0.1),
    "unspoken 0 forgotten": None,
}
IN_EVERY_RUN = ("told ignored", "reply before commit")
NAIVE = "naive adapter"


def test_every_weaker_adapter_is_tried() -> None:
    assert set(WEAKNESSES) == {NAIVE, *CAUGHT_BY}


def test_the_naive_adapter_lies_within_seconds(tmp_path: Path, say: Say) -> None:
    plan = Plan(seed=1, seconds=5, merchants=16, keeps_books=False)

    verdict = judge(travel(short_terrain(tmp_path, weakness=NAIVE), plan))

    say(f"{NAIVE}: {verdict.lies} lies in {verdict.pushes} pushes")
    assert verdict.lies > 0


@pytest.mark.parametrize("name", IN_EVERY_RUN)
def test_a_weaker_adapter_is_caught(tmp_path: Path, say: Say, name: str) -> None:
    plan = Plan(seed=2, seconds=4, merchants=16)

    verdict = judge(travel(short_terrain(tmp_path, weakness=name), plan))

    say(f"{name}: {', '.join(sorted(verdict.broken))}")
    assert verdict.broken & CAUGHT_BY[name], str(verdict)


@pytest.mark.prove
def test_the_naive_adapter_tells_many_lies_in_two_minutes(tmp_path: Path, say: Say) -> None:
    terrain = Terrain(folder=tmp_path, weakness=NAIVE, lookup=False)

    verdict = judge(travel(terrain, Plan(seed=3, seconds=120, keeps_books=False)))

    say(f"{NAIVE}: {verdict.lies} lies\n{verdict}")
    assert verdict.lies > 20


@pytest.mark.prove
@pytest.mark.parametrize("name", sorted(set(CAUGHT_BY) - set(IN_EVERY_RUN)))
def test_each_weaker_adapter_is_caught_by_name(
    tmp_path: Path, postgres: Postgres, say: Say, name: str
) -> None:
    url = new_ledger(postgres) if name == "lease by clock" else ""
    terrain = short_terrain(tmp_path, ledger_url=url, weakness=name)

    plan = Plan(seed=4, seconds=12)
    if name in WITHOUT_KILLS:
        plan = replace(plan, kills=0, pause_seconds=(60.0, 60.0), fault=WITHOUT_KILLS[name])

    verdict = judge(travel(terrain, plan))

    say(f"{name}: {', '.join(sorted(verdict.broken))}")
    assert verdict.broken & CAUGHT_BY[name], str(verdict)
