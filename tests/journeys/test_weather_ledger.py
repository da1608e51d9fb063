"""The ledger held, the process stopped at the last moment: `told` is what the reply said."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from legacy_stub.faults import StandingFault
from tests.journeys.evidence import Mishap
from tests.journeys.journey import gather
from tests.journeys.judge import Verdict, judge
from tests.journeys.merchants import Street
from tests.journeys.misfortunes import locked
from tests.journeys.mishaps import LEDGER_AWAY
from tests.journeys.stalls import standing_still
from tests.journeys.weather import PATIENCE_SECONDS, calm, deliver, expect_no_violation, until
from tests.journeys.worlds import Terrain, World

Say = Callable[[object], None]
pytestmark = pytest.mark.usefixtures("may_wait")

PRESSES = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Seconds after the press: the carrier answers, the process stands still from then on."""

    answer_ms: int
    stop_at: float
    stop_seconds: float = 0.42


SHORT_HOLD = Hold(answer_ms=4300, stop_at=4.56)
HOLDS = tuple(
    Hold(answer_ms=answer_ms, stop_at=stop_at)
    for answer_ms in (4100, 4300, 4460)
    for stop_at in (4.49, 4.55, 4.65)
)
LOCK_AT, UNLOCK_AT = 3.9, 5.1


async def hold(world: World, street: Street, hold: Hold) -> Mishap:
    """Press; hold the ledger about the answer and the process about the reply's last moment;
    press for the same waybills again when all is well."""
    (replica,) = world.replicas
    with world.stub.control() as control:
        control.set_fault(StandingFault(name="latency", milliseconds=hold.answer_ms))
        began = asyncio.get_running_loop().time()
        waybills = [street.waybill("STUB-OK") for _ in range(PRESSES)]
        first = [asyncio.create_task(deliver(street, street.next_press(w))) for w in waybills]
        await until(began + LOCK_AT)
        at = time.time()
        with locked(world.victim()):
            beside = asyncio.create_task(
                deliver(street, street.next_press(street.waybill("STUB-OK")))
            )
            await until(began + hold.stop_at)
            with standing_still(replica):
                await until(began + hold.stop_at + hold.stop_seconds)
            await until(began + UNLOCK_AT)
        held = Mishap(at=at, until=time.time(), what=LEDGER_AWAY)
        await asyncio.gather(*first, beside)
        control.clear_faults()
    await asyncio.gather(*(deliver(street, street.next_press(w)) for w in waybills))
    return held


def through_holds(folder: Path, holds: tuple[Hold, ...]) -> Verdict:
    async def live(world: World, street: Street) -> list[Mishap]:
        async with street:
            return [await hold(world, street, each) for each in holds]

    with calm(Terrain(folder=folder)) as world:
        street = Street([world.replicas[0].url], seed=1, patience_seconds=PATIENCE_SECONDS)
        mishaps = asyncio.run(live(world, street))
        return judge(gather(world, street.deliveries, mishaps=mishaps))


def test_a_ledger_held_and_a_process_stopped_leave_told_what_the_reply_said(
    tmp_path: Path, say: Say
) -> None:
    verdict = through_holds(tmp_path, (SHORT_HOLD,))

    say(verdict)
    expect_no_violation(verdict)


@pytest.mark.prove
def test_a_ledger_held_and_a_process_stopped_at_nine_moments(tmp_path: Path, say: Say) -> None:
    verdict = through_holds(tmp_path, HOLDS)

    say(verdict)
    expect_no_violation(verdict)
