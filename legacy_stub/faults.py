"""What can go wrong at the carrier: one small type per fault, which plays it, and their names.

A fault stands between a call and the order system. It may wait, refuse, or spoil the answer
on its way out; `proceed` is everything behind it and has its effect when awaited.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

import grpc

from adapter.carrier.mapping.values import Fact, Outcome

LONGEST_WAIT_MS = 600_000
"""Ten minutes: a latency beyond it is a typing error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StubAnswer:
    """What the caller will get. Without any of the fields set: a status nobody knows.

    `failure` goes out instead of a reply; `silent` means that nothing goes out at all.
    `done` is true when the order was changed, whatever the caller hears of it.
    """

    outcome: Outcome | None = None
    fact: Fact | None = None
    done: bool = False
    failure: grpc.StatusCode | None = None
    silent: bool = False

    @property
    def word(self) -> str:
        """The answer as the log of calls shows it."""
        if self.silent:
            return ""
        if self.failure:
            return self.failure.name
        return self.outcome.value if self.outcome else "unknown_status"


Proceed = Callable[[], Awaitable[StubAnswer]]


class Fault(Protocol):
    """One way in which a carrier's system fails."""

    async def apply(self, proceed: Proceed, /) -> StubAnswer:
        """Answer one call, asking `proceed` or not."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Everything takes longer. The work is still done when the caller has gone."""

    milliseconds: int

    async def apply(self, proceed: Proceed, /) -> StubAnswer:
        await asyncio.sleep(self.milliseconds / 1000)
        return await proceed()


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorStatus:
    """The call ends with a gRPC status and nothing was done."""

    code: grpc.StatusCode

    async def apply(self, _proceed: Proceed, /) -> StubAnswer:
        return StubAnswer(failure=self.code)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """The order system acts, then the connection breaks: UNAVAILABLE after the effect."""

    async def apply(self, proceed: Proceed, /) -> StubAnswer:
        return replace(await proceed(), failure=grpc.StatusCode.UNAVAILABLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hang:
    """The order system acts, then never answers."""

    async def apply(self, proceed: Proceed, /) -> StubAnswer:
        return replace(await proceed(), silent=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownStatus:
    """A newer carrier answers with a status value the contract does not know."""

    async def apply(self, _proceed: Proceed, /) -> StubAnswer:
        return StubAnswer()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sometimes:
    """Another fault, with a probability; `chance` draws from 0 to 1."""

    probability: float
    fault: Fault
    chance: Callable[[], float]

    async def apply(self, proceed: Proceed, /) -> StubAnswer:
        struck = self.chance() < self.probability
        return await (self.fault.apply(proceed) if struck else proceed())


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingFault:
    """A fault of the whole system that lasts until it is cleared, as `fault set` names it.

    Raises ValueError, with a text for the user, for what cannot be.
    """

    name: str
    milliseconds: int = 0
    probability: float = 1.0

    def __post_init__(self) -> None:
        if self.name not in STANDING:
            raise ValueError(f"unknown fault {self.name!r}; choose from {', '.join(STANDING)}")
        if not 0 <= self.probability <= 1:
            raise ValueError(f"the probability must be between 0 and 1, not {self.probability}")
        if not 0 <= self.milliseconds <= LONGEST_WAIT_MS:
            raise ValueError(f"a latency must be between 0 and {LONGEST_WAIT_MS} ms")
        if (self.name == "latency") != (self.milliseconds > 0):
            raise ValueError("milliseconds are for latency only, and latency requires them")

    def fault(self, chance: Callable[[], float]) -> Fault:
        """Return the fault itself, drawing from `chance` when it is not certain."""
        fault = STANDING[self.name](self)
        if self.probability == 1:
            return fault
        return Sometimes(probability=self.probability, fault=fault, chance=chance)


STANDING: Mapping[str, Callable[[StandingFault], Fault]] = {
    "latency": lambda setting: Latency(milliseconds=setting.milliseconds),
    "unavailable": lambda _: ErrorStatus(code=grpc.StatusCode.UNAVAILABLE),
    "drop": lambda _: Drop(),
    "hang": lambda _: Hang(),
    "error": lambda _: ErrorStatus(code=grpc.StatusCode.INTERNAL),
    "unknown-status": lambda _: UnknownStatus(),
}
"""Every fault that `legacy-stub fault set` and a scenario file may name."""
