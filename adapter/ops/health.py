"""Whether this process should get traffic, and how what it leans on is doing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from adapter.cancellation.gate import Gate


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """How a part is doing. `is_up` is None while nobody knows yet; `detail` is for a
    person, and never holds a secret; `facts` are for programs, by name."""

    is_up: bool | None
    detail: str = ""
    facts: tuple[tuple[str, str | float | None], ...] = ()

    @property
    def word(self) -> str:
        """The condition in one word."""
        return {True: "up", False: "down", None: "unknown"}[self.is_up]


class Listening(Protocol):
    """Whoever knows whether the edge accepts connections."""

    @property
    def is_listening(self) -> bool: ...


@dataclass(slots=True, kw_only=True)
class Health:
    """What `/livez` and `/readyz` tell. `parts` are asked by name, each time."""

    gate: Gate
    edge: Listening
    parts: dict[str, Callable[[], Condition]] = field(default_factory=dict)

    @property
    def phase(self) -> str:
        """`starting`, `ready` or `draining`."""
        if self.gate.draining:
            return "draining"
        return "ready" if self.edge.is_listening else "starting"

    @property
    def is_ready(self) -> bool:
        """The parts never count: were a carrier's outage to make every replica unready,
        WeChat would get the balancer's 502 instead of a −1 that a merchant can read."""
        return self.phase == "ready"

    @property
    def is_alive(self) -> bool:
        """True from the moment the edge listens, until the process ends."""
        return self.phase != "starting"

    def story(self) -> dict[str, object]:
        """Return all of it, as JSON takes it."""
        told: dict[str, object] = {"status": self.phase, "paused": self.gate.paused}
        for name, ask in self.parts.items():
            condition = ask()
            told[name] = {
                "state": condition.word,
                "detail": condition.detail,
                **dict(condition.facts),
            }
        return told
