from __future__ import annotations

from dataclasses import dataclass

import pytest

from adapter.cancellation.gate import Gate
from adapter.ops.health import Condition, Health


@dataclass(kw_only=True)
class Door:
    is_listening: bool = True


@pytest.mark.parametrize(
    ("listening", "draining", "phase", "ready", "alive"),
    [
        (False, False, "starting", False, False),
        (True, False, "ready", True, True),
        (True, True, "draining", False, True),
        (False, True, "draining", False, True),
    ],
)
def test_it_is_ready_only_between_start_and_drain(
    *, listening: bool, draining: bool, phase: str, ready: bool, alive: bool
) -> None:
    health = Health(gate=Gate(draining=draining), edge=Door(is_listening=listening))

    assert (health.phase, health.is_ready, health.is_alive) == (phase, ready, alive)


@pytest.mark.parametrize("is_up", [True, False, None])
def test_parts_stand_in_the_story_and_never_make_it_unready(*, is_up: bool | None) -> None:
    health = Health(
        gate=Gate(paused=True),
        edge=Door(),
        parts={"ledger": lambda: Condition(is_up=is_up, detail="disk full")},
    )

    assert health.is_ready
    assert health.report() == {
        "status": "ready",
        "paused": True,
        "ledger": {
            "state": {True: "up", False: "down", None: "unknown"}[is_up],
            "detail": "disk full",
        },
    }
