"""Whatever happens in whatever order, the desk over a real ledger tells nobody a lie."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from blockbuster import BlockBuster
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from adapter.cancellation import flow
from adapter.ledger.operate.maintenance import migrate
from tests.conformance.counter import Counter
from tests.conformance.postgres import Postgres
from tests.journeys.weaker import own_key_only, told_ignored

STEPS = settings(
    max_examples=20,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


def machine(url: str, *, replicas: int, knows_request_ids: bool) -> type[Counter]:
    return type(
        "Here",
        (Counter,),
        {"url": url, "replicas": replicas, "knows_request_ids": knows_request_ids},
    )


@pytest.mark.timeout(120)
@pytest.mark.parametrize("knows", [False, True], ids=["forgets request ids", "knows them"])
def test_no_order_of_events_makes_a_lie_on_sqlite(
    tmp_path: Path,
    knows: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    url = f"sqlite:///{tmp_path}/ledger.db"

    run_state_machine_as_test(machine(url, replicas=1, knows_request_ids=knows), settings=STEPS)


@pytest.mark.timeout(120)
def test_no_order_of_events_makes_a_lie_at_two_replicas_on_postgresql(
    postgres: Postgres, no_blocking_calls: BlockBuster
) -> None:
    no_blocking_calls.deactivate()
    url = postgres.new_database()
    asyncio.run(migrate(url))

    run_state_machine_as_test(machine(url, replicas=2, knows_request_ids=False), settings=STEPS)


def weaker_counter(folder: Path) -> Counter:
    here = machine(f"sqlite:///{folder}/ledger.db", replicas=1, knows_request_ids=False)()
    here.open()
    return here


def test_the_machine_finds_a_second_zero(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "on_answer", told_ignored)
    here = weaker_counter(tmp_path)
    here.deliver(1, 0)
    here.execute_and_answer(0)
    here.nobody_was_told_a_lie()

    here.deliver(2, 0)
    here.execute_and_answer(1)

    with pytest.raises(AssertionError, match=r"^I6"):
        here.nobody_was_told_a_lie()
    here.teardown()


def test_the_machine_finds_our_own_effect_told_as_another_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flow, "on_answer", own_key_only)
    here = weaker_counter(tmp_path)
    here.deliver(1, 0)
    here.execute_silently(0)
    here.time_passes(5.0)
    here.lose(0)
    here.nobody_was_told_a_lie()

    here.deliver(2, 0)
    here.execute_and_answer(1)

    with pytest.raises(AssertionError, match=r"^I5"):
        here.nobody_was_told_a_lie()
    here.teardown()
