"""Whether this process should get traffic, and whether the carrier and the ledger are up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from adapter.cancellation.gate import Gate
from adapter.diagnostics.logger import Logger

LOST_AFTER_SECONDS = 2.0  # a carrier's restart is over in half a second
LOST_UNEXPLAINED_SECONDS = 9.0  # so long the line waits for its reason
CHECK_EVERY_SECONDS = 0.5
# The alert's name, and the line's; then the line that ends it.
EVENTS: dict[str, tuple[str, str]] = {
    "carrier": ("carrier_lost", "carrier_back"),
    "ledger": ("ledger_lost", "ledger_back"),
}
# gRPC's core is silenced, see `adapter.__main__`; `check` says why a connection fails.
HINTS = {
    "carrier": "`waybridge check` says why: name, TLS, health",
    "ledger": "`waybridge check` says why: file, disk, database",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """How a part is doing. `is_up` is None while nobody knows yet; `detail` is for a
    person, and never holds a secret; `is_explained` is false while its reason is being looked
    for; `facts` are for programs, by name."""

    is_up: bool | None
    detail: str = ""
    is_explained: bool = True
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
    """What `/livez` and `/readyz` report. `parts` are asked by name, each time."""

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

    def report(self) -> dict[str, object]:
        """Return all of it, as JSON takes it."""
        report: dict[str, object] = {"status": self.phase, "paused": self.gate.paused}
        for name, ask in self.parts.items():
            condition = ask()
            report[name] = {
                "state": condition.word,
                "detail": condition.detail,
                **dict(condition.facts),
            }
        return report


class DependencyMonitor:
    """Logs once that a part is lost, and once that it is back: what an alert is made of.

    It checks by itself, so that a loss is seen also while there are no pushes. `parts` are
    some of those of `EVENTS`; `count` is called with the name of each loss.
    """

    def __init__(
        self,
        *,
        parts: Mapping[str, Callable[[], Condition]],
        log: Logger,
        count: Callable[[str], None],
    ) -> None:
        self._parts = parts
        self._log = log
        self._count = count
        self._down_since: dict[str, float] = {}
        self._reported: set[str] = set()

    async def run(self) -> None:
        """Check again and again, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            self.check(now=loop.time())
            await asyncio.sleep(CHECK_EVERY_SECONDS)

    def check(self, *, now: float) -> None:
        """Check once; `now` is in seconds, of any clock that only goes forward."""
        for name, ask in self._parts.items():
            condition = ask()
            if condition.is_up:
                self._up(name, now)
            else:
                self._down(name, condition, now)

    def _down(self, name: str, condition: Condition, now: float) -> None:
        since = self._down_since.setdefault(name, now)
        wait = LOST_AFTER_SECONDS if condition.is_explained else LOST_UNEXPLAINED_SECONDS
        if name in self._reported or now - since < wait:
            return
        self._reported.add(name)
        lost, _ = EVENTS[name]
        self._log.warning(lost, state=condition.word, detail=condition.detail, hint=HINTS[name])
        self._count(lost)

    def _up(self, name: str, now: float) -> None:
        since = self._down_since.pop(name, now)
        if name in self._reported:
            self._reported.remove(name)
            _, back = EVENTS[name]
            self._log.info(back, gone_seconds=round(now - since, 1))
