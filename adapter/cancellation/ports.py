"""What the desk needs of others: a carrier, a ledger, and somewhere to count."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from adapter.cancellation.model import (
    Call,
    Cancellation,
    CarrierAnswer,
    Entry,
    Fact,
    Unsent,
    Waybill,
)

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")


class Clock(Protocol):
    """The time of day, and a clock that never jumps; both in seconds."""

    def now(self) -> float:
        """Unix time."""
        ...

    def monotonic(self) -> float:
        """Time that only runs forward, from an unknown start."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierTraits:
    """What a carrier can say and promises, as far as a decision depends on it.

    `says_already_cancelled`: a repeat of a cancel that succeeded has a word of its own;
    without one it may be answered by any "no". `not_found_settles`: a lookup's *not found* is
    final after a call that the server itself ended.
    """

    takes_request_id: bool = False
    says_already_cancelled: bool = True
    not_found_settles: bool = False


class Carrier(Protocol):
    """Whoever can really cancel a waybill."""

    @property
    def traits(self) -> CarrierTraits:
        """The same for as long as this carrier lives."""
        ...

    async def ready(self, *, within_seconds: float) -> bool:
        """Say whether a call could be sent now; nothing is sent. At once, where there has been
        no connection for that long already."""
        ...

    async def cancel(
        self, cancellation: Cancellation, *, request_id: str, within_seconds: float
    ) -> CarrierAnswer:
        """Ask once. Never raises for what a carrier or a network can do: an unknown
        outcome is an answer with `Outcome.IN_DOUBT`."""
        ...

    async def lookup(self, entry: Entry, *, within_seconds: float) -> Fact | None:
        """Ask how the waybill stands, changing nothing. None: no lookup, or no answer."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewind:
    """Whether the ledger has lost what it once held: a restored backup, a failover to a standby
    that lagged. Both in Unix seconds.

    `seen_at`: it has, and no operator has accepted it yet. `accepted_at`: when one last did;
    what was received before may have become something else in the time that was lost.
    """

    seen_at: float | None = None
    accepted_at: float | None = None


NO_REWIND = Rewind()
"""Of a ledger that never lost anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaybillView:
    """All that a rule may look at: every entry of one waybill and its calls, who is alive,
    the time, whether the ledger was rewound.

    `me` is this process's own session at the ledger; `living` holds every session whose
    lock is still held, `me` among them. Calls that the entries number are among `calls`;
    one that was withdrawn may be, too.
    """

    entries: tuple[Entry, ...]
    me: str
    living: frozenset[str]
    now: float
    calls: tuple[Call, ...] = ()
    rewind: Rewind = NO_REWIND


@dataclass(frozen=True, slots=True, kw_only=True)
class Write(Generic[T_co]):
    """What a rule writes, and what it tells its caller once that is durable.

    `replaced` are decisions that the write corrects, as they stood: each is kept in a line of
    its own.
    """

    result: T_co
    entries: tuple[Entry, ...] = ()
    calls: tuple[Call, ...] = ()
    replaced: tuple[Entry, ...] = ()


Rule = Callable[[WaybillView], Write[T]]
"""A pure rule: the waybill's view in, what to write and to answer out. It may run more
than once (a lost race, a retried transaction) and must not keep anything."""


class Ledger(Protocol):
    """Durable memory. It stores and serialises; it decides nothing."""

    @property
    def identity_key(self) -> bytes:
        """The 32 random bytes that key every push key; made once, kept for ever.

        Raises `LedgerUnavailable` as long as the ledger was never reached.
        """
        ...

    @property
    def rewind(self) -> Rewind:
        """As last read; at most 1 s old while the database answers."""
        ...

    async def commit(
        self,
        waybill: Waybill,
        rule: Rule[T],
        *,
        within_seconds: float,
        withdraw: Rule[None] | None = None,
    ) -> T:
        """Run `rule` on the waybill's view in one transaction; return when durable.

        Rules on one waybill run one after the other, over all replicas. Raises
        `LedgerUnavailable` when it is not durable within `within_seconds`: then it was not
        written, or if it lands late, `withdraw` is run on it before anything else.
        """
        ...

    def note(self, waybill: Waybill, rule: Rule[None]) -> None:
        """Write when convenient: counts and refusals that no promise rests on."""
        ...

    async def changed(self, waybill: Waybill, *, within_seconds: float) -> None:
        """Return when another process may have written about the waybill, or time is up."""
        ...

    async def doubtful(self, *, limit: int) -> tuple[Entry, ...]:
        """The entries in doubt, and those calling whose owner has died; oldest first."""
        ...

    async def settled_by_hand(self, *, limit: int) -> tuple[Entry, ...]:
        """The pushes that operators have settled since anybody asked. Each settlement is given
        once, over all replicas: whoever hears of it counts it."""
        ...


class DecisionMetrics(Protocol):
    """Counts and warns. Must not raise and must not wait."""

    def called(self, status: str, *, seconds: float) -> None:
        """One call to the carrier ended, with its enum name or its gRPC code."""
        ...

    def unsent(self, reason: Unsent) -> None:
        """A push was answered without asking the carrier."""
        ...

    def settled(self, entry: Entry) -> None:
        """A push was decided; `entry` stands as written."""
        ...

    def doubt(self, entry: Entry) -> None:
        """A push was left in doubt; `entry` stands as written."""
        ...

    def alert(self, name: str, *, key: str, detail: str) -> None:
        """Something an operator should see: `contradiction`, `unknown_status`,
        `unreadable_reply`, `told_failure_is_cancelled`, `commit_lost`; or that it is over:
        `commit_kept`."""
        ...
