from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field

import pytest

from adapter.ops.health import (
    EVENTS,
    HINTS,
    LOST_AFTER_SECONDS,
    Condition,
    DependencyMonitor,
)

UP = Condition(is_up=True, detail="ready")
DOWN = Condition(is_up=False, detail="transient_failure, UNAVAILABLE")
CONNECTING = Condition(is_up=None, detail="connecting")


@dataclass(kw_only=True)
class Watched:
    """A part that a test turns, and all that was said of it."""

    name: str = "carrier"
    condition: Condition = UP
    lines: list[tuple[str, str, dict[str, object]]] = field(default_factory=list)
    counted: list[str] = field(default_factory=list)

    def lookout(self) -> DependencyMonitor:
        return DependencyMonitor(
            parts={self.name: lambda: self.condition}, log=self, count=self.counted.append
        )

    def events(self) -> list[str]:
        return [event for _, event, _ in self.lines]

    def debug(self, event: str, **fields: object) -> None:
        self.lines.append(("debug", event, fields))

    def info(self, event: str, **fields: object) -> None:
        self.lines.append(("info", event, fields))

    def warning(self, event: str, **fields: object) -> None:
        self.lines.append(("warning", event, fields))

    def error(self, event: str, **fields: object) -> None:
        raise AssertionError(event, fields)


@pytest.mark.parametrize(("part", "lost", "back"), [(part, *said) for part, said in EVENTS.items()])
def test_a_loss_is_one_warning_and_the_return_one_line(part: str, lost: str, back: str) -> None:
    watched = Watched(name=part)
    lookout = watched.lookout()

    lookout.check(now=0.0)
    watched.condition = DOWN
    for now in (1.0, 2.0, 3.0, 4.0, 5.0):
        lookout.check(now=now)
    watched.condition = UP
    for now in (6.0, 7.0):
        lookout.check(now=now)

    assert watched.lines == [
        ("warning", lost, {"state": "down", "detail": DOWN.detail, "hint": HINTS[part]}),
        ("info", back, {"gone_seconds": 5.0}),
    ]
    assert watched.counted == [lost]


def test_a_moment_is_no_loss() -> None:
    watched = Watched()
    lookout = watched.lookout()

    for second in range(10):
        watched.condition = DOWN
        lookout.check(now=second * 10)
        lookout.check(now=second * 10 + LOST_AFTER_SECONDS - 0.1)
        watched.condition = UP
        lookout.check(now=second * 10 + LOST_AFTER_SECONDS)

    assert watched.lines == []
    assert watched.counted == []


def test_a_part_that_never_came_up_is_lost() -> None:
    watched = Watched(condition=CONNECTING)
    lookout = watched.lookout()

    lookout.check(now=0.0)
    lookout.check(now=LOST_AFTER_SECONDS)

    assert watched.lines == [
        (
            "warning",
            "carrier_lost",
            {"state": "unknown", "detail": "connecting", "hint": HINTS["carrier"]},
        )
    ]


def test_a_second_loss_is_told_again() -> None:
    watched = Watched()
    lookout = watched.lookout()

    for now, condition in enumerate((DOWN, DOWN, UP, DOWN, DOWN)):
        watched.condition = condition
        lookout.check(now=now * LOST_AFTER_SECONDS)

    assert watched.events() == ["carrier_lost", "carrier_back", "carrier_lost"]
    assert watched.counted == ["carrier_lost"] * 2


async def test_it_looks_by_itself() -> None:
    looked = asyncio.Event()

    def ask() -> Condition:
        looked.set()
        return UP

    watched = Watched()
    lookout = DependencyMonitor(parts={"ledger": ask}, log=watched, count=watched.counted.append)

    task = asyncio.create_task(lookout.run())
    async with asyncio.timeout(5):
        await looked.wait()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task

    assert watched.lines == []
