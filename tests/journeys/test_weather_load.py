"""More than can be done: overload, and a carrier that answers after its merchants have gone."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest
import uvloop

from legacy_stub.faults import StandingFault
from tests.journeys.crowd import Crowd, Sealed
from tests.journeys.evidence import Delivery, Mishap
from tests.journeys.journey import all_calls, gather
from tests.journeys.judge import judge
from tests.journeys.mishaps import OVERLOAD
from tests.journeys.program import Press
from tests.journeys.stalls import throttled
from tests.journeys.weather import calm, expect_no_violation
from tests.journeys.worlds import Terrain, World

Say = Callable[[object], None]
pytestmark = pytest.mark.usefixtures("may_wait")

UNKNOWN = -1
NUMBERS = count(1)


def waybills(many: int) -> list[str]:
    return [f"STUB-OK-{next(NUMBERS)}" for _ in range(many)]


def first_presses(many: int) -> list[Press]:
    return [Press(waybill=waybill, nth=1) for waybill in waybills(many)]


MAX_IN_FLIGHT = 512  # the adapter's default
AT_ONCE = 32
MEASURED_SECONDS = 1.0
MORE_THAN_CAN_BE_DONE = 2_000
TIMES_CAPACITY = 3
ASKED_AGAIN = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Overload:
    """For how long, at a carrier that takes so long, on which share of a processor. What can
    be done is as many as may be in flight, or with a quick carrier what was measured."""

    seconds: float
    carrier_ms: int = 0
    processor_share: float = 0.5
    period_seconds: float = 1.2


# The carrier answers just in time, and the process stands still for half a second and more at
# a time: many replies are at their very last moment.
LATE = Overload(seconds=3, carrier_ms=4_400)
LONG_LATE = Overload(seconds=30, carrier_ms=4_400)
LONG_QUICK = Overload(seconds=30, processor_share=0.1)


async def storm(world: World, crowd: Crowd, overload: Overload) -> tuple[float, Mishap]:
    """Push at three times what can be done; then press again for what was cancelled untold."""
    (replica,) = world.replicas
    pushes = iter(crowd.sealed(first_presses(MORE_THAN_CAN_BE_DONE)))
    await crowd.in_turn(pushes, at_once=AT_ONCE, seconds=MEASURED_SECONDS)  # warms it up
    at, share = time.time(), overload.processor_share
    with (
        throttled(replica, share=share, period_seconds=overload.period_seconds),
        world.stub.control() as control,
    ):
        if overload.carrier_ms:
            capacity = MAX_IN_FLIGHT / (overload.carrier_ms / 1000)
            control.set_fault(StandingFault(name="latency", milliseconds=overload.carrier_ms))
        else:
            capacity = await crowd.in_turn(pushes, at_once=AT_ONCE, seconds=MEASURED_SECONDS)
        rate = TIMES_CAPACITY * capacity
        storm = crowd.sealed(first_presses(round(rate * overload.seconds)))
        await crowd.at_rate(storm, per_second=rate)
        control.clear_faults()
    overloaded = Mishap(at=at, until=time.time(), what=OVERLOAD)
    await asyncio.to_thread(await_answers, world)
    done = {call.waybill for call in all_calls(world) if call.done}
    heard = {delivery.press.waybill for delivery in crowd.deliveries() if delivery.code == 0}
    again = [Press(waybill=waybill, nth=2) for waybill in sorted(done - heard)[:ASKED_AGAIN]]
    await crowd.in_turn(crowd.sealed(again), at_once=AT_ONCE, seconds=60)
    return capacity, overloaded


def await_answers(world: World, *, within_seconds: float = 30.0) -> None:
    """Return once every call has come to its end at the carrier."""
    give_up = time.monotonic() + within_seconds
    while not all(call.answer for call in all_calls(world)):
        assert time.monotonic() < give_up, "calls without an end"
        time.sleep(0.1)


@pytest.mark.parametrize(
    "overload",
    [
        LATE,
        pytest.param(LONG_LATE, marks=pytest.mark.prove),
        pytest.param(LONG_QUICK, marks=pytest.mark.prove),
    ],
)
def test_overload_leaves_told_what_the_reply_said(
    tmp_path: Path, say: Say, overload: Overload
) -> None:
    with calm(Terrain(folder=tmp_path)) as world:
        crowd = Crowd(world.replicas[0].url)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            capacity, overloaded = runner.run(storm(world, crowd, overload))
        verdict = judge(gather(world, tuple(crowd.deliveries()), mishaps=(overloaded,)))

    slowest = max(delivery.ended_at - delivery.sent_at for delivery in crowd.deliveries())
    say(
        f"capacity {capacity:.0f}/s, three times that for {overload.seconds} s, "
        f"the slowest reply after {slowest:.2f} s\n{verdict}"
    )
    expect_no_violation(verdict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slowness:
    """A carrier slower than the replies' budget, and for how long it is pressed meanwhile."""

    carrier_ms: int
    reply_seconds: float
    per_second: int
    seconds: float
    judged_after_seconds: float


SHORT = Slowness(
    carrier_ms=2_000, reply_seconds=1.5, per_second=50, seconds=4.5, judged_after_seconds=2.0
)
LONG = Slowness(
    carrier_ms=6_000, reply_seconds=4.5, per_second=200, seconds=60, judged_after_seconds=5.0
)
RECOVERED_SECONDS = 2.0
TRULY_NOT_DONE = 0.95
REFUSED_ASKED_AGAIN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Slowed:
    """When it began and ended, Unix seconds, and how long until 0 was told again."""

    began: float
    ended: float
    recovered_seconds: float


async def slow_down(world: World, crowd: Crowd, slowness: Slowness) -> Slowed:
    """Press at a slow carrier; let it recover; repeat some of the pushes that were refused."""
    pushes = crowd.sealed(first_presses(round(slowness.per_second * slowness.seconds)))
    after = crowd.sealed(first_presses(round(slowness.per_second * (RECOVERED_SECONDS + 0.5))))
    with world.stub.control() as control:
        control.set_fault(StandingFault(name="latency", milliseconds=slowness.carrier_ms))
        began = time.time()
        pressing = asyncio.create_task(crowd.at_rate(pushes, per_second=slowness.per_second))
        await asyncio.sleep(slowness.seconds)
        control.clear_faults()
    ended = time.time()
    await crowd.at_rate(after, per_second=slowness.per_second)
    await pressing
    zeros = [d.sent_at for d in crowd.deliveries() if d.code == 0 and d.sent_at >= ended]
    await repeat_refused(crowd, pushes)
    await asyncio.to_thread(await_answers, world)
    recovered = min(zeros, default=float("inf")) - ended
    return Slowed(began=began, ended=ended, recovered_seconds=recovered)


async def repeat_refused(crowd: Crowd, pushes: Sequence[Sealed]) -> None:
    """WeChat repeats pushes that the brake refused; the carrier is well again."""
    refused = {d.press for d in crowd.deliveries() if d.says_not_processed}
    again = [push for push in pushes if push.press in refused][-REFUSED_ASKED_AGAIN:]
    await crowd.in_turn(again, at_once=AT_ONCE, seconds=60)


def truly_not_done(deliveries: Sequence[Delivery], done: set[str]) -> float:
    """The share of those told -1 that the carrier did not cancel either."""
    failed = {delivery.press.waybill for delivery in deliveries if delivery.code == UNKNOWN}
    return 1 - len(failed & done) / len(failed)


@pytest.mark.parametrize("slowness", [SHORT, pytest.param(LONG, marks=pytest.mark.prove)])
def test_with_the_brake_what_a_slow_carrier_is_said_to_have_left_undone_is_undone(
    tmp_path: Path, say: Say, slowness: Slowness
) -> None:
    terrain = Terrain(
        folder=tmp_path,
        brake=True,
        reply_seconds=slowness.reply_seconds,
        call_seconds=2 * slowness.carrier_ms / 1000,
    )
    with calm(terrain) as world:
        crowd = Crowd(world.replicas[0].url)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            slowed = runner.run(slow_down(world, crowd, slowness))
        evidence = gather(world, tuple(crowd.deliveries()), mishaps=())
    judged_from = slowed.began + slowness.judged_after_seconds
    judged = [d for d in evidence.deliveries if judged_from <= d.sent_at <= slowed.ended]
    share = truly_not_done(judged, {call.waybill for call in evidence.asked if call.done})
    later = [
        first.code
        for first, *_ in evidence.by_press.values()
        if first.sent_at >= slowed.ended + RECOVERED_SECONDS
    ]
    verdict = judge(evidence)

    say(
        f"of {len(judged)} presses told -1 {share:.1%} were not done; 0 again after "
        f"{slowed.recovered_seconds:.2f} s; then {dict(Counter(later))}\n{verdict}"
    )
    assert share >= TRULY_NOT_DONE
    assert slowed.recovered_seconds <= RECOVERED_SECONDS
    assert set(later) == {0}
    expect_no_violation(verdict)
