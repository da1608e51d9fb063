"""One journey: a world, a load, mishaps, quiet, a last round of questions, the evidence."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import uvloop

from adapter.simulator.play import seal
from adapter.wechat.codec import Format
from legacy_stub.calls import ReceivedCall
from legacy_stub.faults import StandingFault
from tests.journeys.archive import calling, read_books
from tests.journeys.evidence import Books, Delivery, Evidence, Mishap
from tests.journeys.kinds import kind_of
from tests.journeys.merchants import Street
from tests.journeys.mishaps import Mishaps
from tests.journeys.program import ACCOUNT, Press
from tests.journeys.worlds import Terrain, World

QUIET_SECONDS = 25.0  # the longest call, a dead owner's discovery, and some
QUESTIONS_AT_ONCE = 16
QUESTIONS = 150  # waybills asked about at the end beside those where no 0 was heard


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a journey goes: for so long, and on a busy machine until enough has happened, but
    at most three times as long."""

    seed: int
    seconds: float
    kills: int = 1
    pushes: int = 1
    merchants: int = 24
    pause_seconds: tuple[float, float] = (0.4, 1.2)
    keeps_books: bool = True
    fault: StandingFault | None = None


def travel(terrain: Terrain, plan: Plan) -> Evidence:
    """Make the journey and bring the evidence home."""
    with World(terrain) as world:
        street = Street([replica.url for replica in world.replicas], seed=plan.seed)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            mishaps, questioned = runner.run(_live(world, street, plan))
        return replace(
            gather(
                world, street.deliveries, mishaps=mishaps.happened, keeps_books=plan.keeps_books
            ),
            seed=plan.seed,
            questioned=questioned,
        )


def gather(
    world: World,
    deliveries: Sequence[Delivery],
    *,
    mishaps: Sequence[Mishap],
    keeps_books: bool = True,
) -> Evidence:
    """Wait for quiet and bring the evidence home, from all sides."""
    books, shown = None, tuple[int, ...]()
    if keeps_books:
        await_quiet(world.terrain.url)
        books, shown = _books_and_doubt(world)
    return Evidence(
        seed=0,
        deliveries=tuple(deliveries),
        asked=all_calls(world),
        mishaps=tuple(mishaps),
        books=books,
        in_doubt_shown=shown,
        brake=world.terrain.brake,
    )


def all_calls(world: World) -> tuple[ReceivedCall, ...]:
    """The stub's log of calls."""
    with world.stub.control() as control:
        return tuple(control.calls())


def await_quiet(url: str) -> None:
    """Return when no row is calling any more, or the time for that is up."""
    give_up = time.monotonic() + QUIET_SECONDS
    while time.monotonic() < give_up and calling(url):
        time.sleep(0.25)


async def _live(world: World, street: Street, plan: Plan) -> tuple[Mishaps, frozenset[Press]]:
    began = time.monotonic()
    mishaps = Mishaps(world, seed=plan.seed + 1, pause_seconds=plan.pause_seconds)

    def is_over() -> bool:
        took = time.monotonic() - began
        enough = mishaps.kills >= plan.kills and street.pushes >= plan.pushes
        return took > 3 * plan.seconds or (took > plan.seconds and enough)

    if plan.fault is not None:
        with world.stub.control() as control:
            control.set_fault(plan.fault)
    async with street:
        mishaps.start()
        try:
            await street.load(merchants=plan.merchants, is_over=is_over)
        finally:
            await asyncio.to_thread(mishaps.end)
        if plan.keeps_books:
            await asyncio.to_thread(await_quiet, world.terrain.url)
        return mishaps, await _question(street)


async def _question(street: Street) -> frozenset[Press]:
    """Press twice more where it matters: who was told nothing yet is told now, once."""
    heard: dict[str, bool] = {}
    for delivery in street.deliveries:
        waybill = delivery.press.waybill
        heard[waybill] = heard.get(waybill, False) or delivery.code == 0
    silent = [waybill for waybill, zero in heard.items() if not zero]
    others = [waybill for waybill, zero in heard.items() if zero][:QUESTIONS]
    asked: list[Press] = []
    room = asyncio.Semaphore(QUESTIONS_AT_ONCE)

    async def ask(waybill: str) -> None:
        async with room:
            for _ in range(2):
                press = street.next_press(waybill)
                asked.append(press)
                sealed = seal(press.fields, Format.XML, account=ACCOUNT)
                told = await street.deliver(press, sealed, Format.XML)
                if not told.definite:  # a repeat joins the call that runs on
                    await street.deliver(press, sealed, Format.XML)

    wanted = [w for w in (*silent, *others) if kind_of(w).codes]
    await asyncio.gather(*map(ask, wanted))
    return frozenset(asked)


def _books_and_doubt(world: World) -> tuple[Books, tuple[int, ...]]:
    """The books, and what each replica's metric says beside them, once both had time: a lookup
    may settle a row just then."""
    give_up = time.monotonic() + 5.0
    while True:
        books = read_books(world.terrain.url)
        doubtful = sum(entry.state.value == "in_doubt" for entry in books.entries)
        shown = tuple(replica.in_doubt() for replica in world.replicas)
        if all(count == doubtful for count in shown) or time.monotonic() > give_up:
            return books, shown
        time.sleep(0.25)
