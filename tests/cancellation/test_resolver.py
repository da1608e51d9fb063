"""Doubt is looked up behind the scenes, ever more rarely, and handed over in the end."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from adapter.cancellation.errors import LedgerUnavailable
from adapter.cancellation.model import Basis, Entry, Fact, Outcome, State, Waybill, fresh_entry
from adapter.cancellation.resolver import LONGEST_INTERVAL_SECONDS, LOOKUPS_A_ROUND, Resolver
from adapter.cancellation.rules_settle import on_resolve
from adapter.ledger.memory import MemoryLedger, MemoryStore
from adapter.ledger.resolution import Resolution, kept
from tests.cancellation.playing import RememberingMetrics, carrier, press
from tests.cancellation.views import calls_of

START = 1000.0
DOUBTFUL = replace(
    fresh_entry("mine", press(1), received_at=START),
    state=State.IN_DOUBT,
    calls=1,
    called_at=START,
    owner="gone",
    why="UNAVAILABLE",
)
ORPHAN = replace(DOUBTFUL, state=State.CALLING)


class MovedClock:
    """Time that only the test moves."""

    def __init__(self) -> None:
        self.at = START

    def now(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at


class Scene:
    """A resolver, and a ledger with some doubt in it."""

    def __init__(self, *entries: Entry, fact: Fact | None = None) -> None:
        self.carrier = carrier(fact=fact)
        self.metrics = RememberingMetrics()
        self.clock = MovedClock()
        store = MemoryStore()
        for entry in entries:
            store.put(entry)
            store.calls.update(((call.key, call.epoch), call) for call in calls_of(entry))
        self.ledger = MemoryLedger(store=store, clock=self.clock.now)
        self.resolver = Resolver(
            carrier=self.carrier,
            ledger=self.ledger,
            metrics=self.metrics,
            clock=self.clock,
            call_seconds=12.0,
        )

    def entry(self, key: str = "mine") -> Entry:
        return self.ledger.store.entries[DOUBTFUL.waybill][key]


@pytest.mark.parametrize(
    ("fact", "outcome", "alerts"),
    [
        (Fact.CANCELLED, Outcome.CANCELLED, ["told_failure_is_cancelled"]),
        (Fact.PICKED_UP, Outcome.PICKED_UP, []),
        (Fact.INVALID, Outcome.INVALID, []),
    ],
)
async def test_a_final_state_settles_doubt(fact: Fact, outcome: Outcome, alerts: list[str]) -> None:
    scene = Scene(DOUBTFUL, fact=fact)

    settled = await scene.resolver.run_once()

    assert (settled, scene.resolver.in_doubt) == (1, 0)
    assert scene.entry().outcome is outcome
    assert scene.metrics.decided == [scene.entry()]
    assert scene.metrics.alerts == alerts
    assert scene.carrier.times_asked == 0


@pytest.mark.parametrize("fact", [Fact.ACTIVE, Fact.NOT_FOUND, None])
async def test_anything_else_settles_nothing(fact: Fact | None) -> None:
    scene = Scene(DOUBTFUL, fact=fact)

    settled = await scene.resolver.run_once()

    assert (settled, scene.resolver.in_doubt) == (0, 1)
    assert scene.entry() == DOUBTFUL


async def test_what_a_dead_process_left_calling_is_in_doubt_from_then_on() -> None:
    scene = Scene(ORPHAN)

    await scene.resolver.run_once()

    assert (scene.entry().state, scene.entry().cause) == (State.IN_DOUBT, "owner_died")


async def test_two_presses_of_one_cancelled_waybill_are_settled_together() -> None:
    second = replace(DOUBTFUL, key="other", received_at=START + 1)
    scene = Scene(DOUBTFUL, second, fact=Fact.CANCELLED)

    await scene.resolver.run_once()

    assert {scene.entry(key).outcome for key in ("mine", "other")} == {Outcome.CANCELLED}
    assert scene.metrics.alerts.count("told_failure_is_cancelled") >= 2


async def test_the_looks_become_rarer_with_age() -> None:
    scene = Scene(DOUBTFUL)

    looks = []
    for at in (0, 0.5, 1.0, 40, 49, 50, 10_000, 10_000 + LONGEST_INTERVAL_SECONDS):
        scene.clock.at = START + at
        before = scene.carrier.looked_up
        await scene.resolver.run_once()
        looks.append(scene.carrier.looked_up > before)

    assert looks == [True, False, True, True, False, True, True, True]


async def test_an_operator_is_called_once_when_no_call_can_still_be_running() -> None:
    scene = Scene(DOUBTFUL, fact=Fact.ACTIVE)

    for age in (0, 72, 100, 1000):
        scene.clock.at = START + age
        await scene.resolver.run_once()

    assert scene.metrics.alerts == ["doubt_for_operator"]
    assert scene.entry().state is State.IN_DOUBT


async def test_a_round_stays_short_and_the_next_one_looks_at_the_rest() -> None:
    many = [
        replace(DOUBTFUL, key=f"{number}", waybill_id=f"SF{number}")
        for number in range(LOOKUPS_A_ROUND + 50)
    ]
    scene = Scene(*many, fact=Fact.CANCELLED)

    first = await scene.resolver.run_once()
    left = scene.resolver.in_doubt
    second = await scene.resolver.run_once()

    assert (first, left) == (LOOKUPS_A_ROUND, 50)
    assert (second, scene.resolver.in_doubt) == (50, 0)


async def test_what_is_settled_elsewhere_is_forgotten() -> None:
    scene = Scene(DOUBTFUL)
    await scene.resolver.run_once()
    scene.ledger.store.put(DOUBTFUL.but(state=State.DONE, outcome=Outcome.CANCELLED))

    await scene.resolver.run_once()

    assert (scene.resolver.in_doubt, scene.resolver._next_look) == (0, {})


async def test_a_ledger_that_fails_ends_the_round_and_keeps_the_doubt() -> None:
    scene = Scene(DOUBTFUL, fact=Fact.CANCELLED)

    async def refuse(_: Waybill) -> None:
        raise LedgerUnavailable("refused")

    scene.ledger.before = refuse

    with pytest.raises(LedgerUnavailable):
        await scene.resolver.run_once()

    assert scene.entry().state is State.IN_DOUBT


@pytest.mark.parametrize(
    ("outcome", "told", "alerts"),
    [
        (Outcome.CANCELLED, Outcome.IN_DOUBT, ["told_failure_is_cancelled"]),
        (Outcome.CANCELLED, None, ["told_failure_is_cancelled"]),
        (Outcome.CANCELLED, Outcome.CANCELLED, []),
        (Outcome.PICKED_UP, Outcome.IN_DOUBT, []),
    ],
)
async def test_what_an_operator_settles_from_a_shell_is_counted_once(
    outcome: Outcome, told: Outcome | None, alerts: list[str]
) -> None:
    scene = Scene(replace(DOUBTFUL, told=told))
    word = Resolution(key="mine", who="li", reason="rang", outcome=outcome, at=START)
    rule = partial(on_resolve, key="mine", outcome=outcome, reason="rang")
    await scene.ledger.settle(DOUBTFUL.waybill, rule, resolution=word, within_seconds=1)

    await scene.resolver.run_once()
    await scene.resolver.run_once()

    assert scene.metrics.alerts == alerts


async def test_a_line_of_our_own_is_not_counted_as_an_operators() -> None:
    done = replace(DOUBTFUL, state=State.DONE, outcome=Outcome.CANCELLED, basis=Basis.CARRIER)
    scene = Scene(done)
    scene.ledger.store.resolutions.append(kept(done))

    await scene.resolver.run_once()

    assert scene.metrics.alerts == []


async def test_an_operator_who_is_faster_than_the_lookup_is_counted_once() -> None:
    scene = Scene(DOUBTFUL, fact=Fact.CANCELLED)
    word = Resolution(key="mine", who="li", reason="r", outcome=Outcome.CANCELLED, at=START)
    rule = partial(on_resolve, key="mine", outcome=Outcome.CANCELLED, reason="r")

    async def meanwhile(_: Waybill) -> None:
        scene.ledger.before = None
        await scene.ledger.settle(DOUBTFUL.waybill, rule, resolution=word, within_seconds=1)

    scene.ledger.before = meanwhile
    await scene.resolver.run_once()
    await scene.resolver.run_once()

    assert scene.metrics.alerts == ["told_failure_is_cancelled"]
