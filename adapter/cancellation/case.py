"""One push being worked on: what the clerk sees of those who wait, and what they are told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from adapter.cancellation.model import (
    Answer,
    Cancellation,
    CarrierAnswer,
    Entry,
    Outcome,
    State,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long we wait for others, in seconds."""

    call_seconds: float = 12.0
    connect_wait_seconds: float = 1.0
    commit_within_seconds: float = 0.8  # answered within a second, the rest of the road included


class Case(Protocol):
    """One push that is being worked on, and those who wait for its answer."""

    key: str
    cancellation: Cancellation
    asking: bool
    unreachable: bool
    calls: int

    @property
    def awaited(self) -> bool:
        """Whether anybody still waits."""
        ...

    def left(self) -> float:
        """Seconds until the last of those who wait gives up; negative when nobody does."""
        ...

    def begin_telling(self, truth: Answer) -> bool:
        """From now on whoever waits is told `truth`, come what may; false: nobody waits, and
        nobody was told it before. What it returns must be written before `say`."""
        ...

    def say(self, answer: Answer) -> None:
        """Answer everybody who waits, and whoever joins from now on."""
        ...


def fresh_entry(key: str, wish: Cancellation, *, received_at: float) -> Entry:
    """Return the entry of a push that the ledger has not seen. The credential is not in it."""
    return Entry(
        key=key,
        account=wish.account,
        open_id=wish.open_id,
        pushed_at=wish.pushed_at,
        biz_id=wish.biz_id,
        order_id=wish.order_id,
        waybill_id=wish.waybill_id,
        shop_app_id=wish.shop_app_id,
        state=State.UNSENT,
        received_at=received_at,
    )


def stored(entry: Entry, *, repeated: bool) -> Answer:
    """Return what an entry says, as far as it is decided."""
    return Answer(
        key=entry.key,
        outcome=entry.outcome or Outcome.IN_DOUBT,
        message=entry.message,
        basis=entry.basis,
        calls=entry.calls,
        repeated=repeated,
    )


def from_memory(entry: Entry, answer: CarrierAnswer) -> Answer:
    """Return what can be said without the ledger: whether "already cancelled" is our own
    success only the ledger can tell, so that is doubt."""
    unknown = answer.outcome is Outcome.ALREADY_CANCELLED
    outcome = Outcome.IN_DOUBT if unknown else answer.outcome
    return Answer(key=entry.key, outcome=outcome, message=answer.message, calls=entry.calls)
