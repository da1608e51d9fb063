"""The rules hold in every world within bounds, and each weaker rule is caught by name."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.cancellation.applied import Rules
from tests.cancellation.explorer import explore
from tests.cancellation.weaker_rules import HEARD_AT_ONCE, LEDGER_MUTANTS, OTHER_MUTANTS
from tests.cancellation.world import Violation
from tests.cancellation.worlds import LARGE, WORLDS

SOUND = Rules()
MUTANTS = {**LEDGER_MUTANTS, **OTHER_MUTANTS}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", WORLDS)
def test_no_order_of_events_breaks_a_promise(name: str) -> None:
    worlds = explore(SOUND, WORLDS[name])

    assert worlds > 3_000


@pytest.mark.prove
@pytest.mark.parametrize("name", LARGE)
def test_no_order_of_events_breaks_a_promise_in_a_large_world(name: str) -> None:
    worlds = explore(SOUND, LARGE[name])

    assert worlds > 10_000


def test_the_first_press_of_a_picked_up_parcel_hears_so_after_one_call() -> None:
    worlds = explore(SOUND, HEARD_AT_ONCE)

    assert worlds > 1


@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", MUTANTS)
def test_a_weaker_rule_is_caught(name: str) -> None:
    rules, bounds, invariants = MUTANTS[name]
    watched = tuple(invariants.split("|"))

    with pytest.raises(Violation, match=f"^({invariants})"):
        explore(rules, replace(bounds, watched=watched))


@pytest.mark.prove
@pytest.mark.parametrize("name", LEDGER_MUTANTS)
def test_in_the_world_of_a_mutant_the_rules_keep_what_it_breaks(name: str) -> None:
    _, bounds, invariants = MUTANTS[name]

    worlds = explore(SOUND, replace(bounds, watched=tuple(invariants.split("|"))))

    assert worlds > 1
