"""What a carrier does with a parcel, says of a call, and tells a lookup; as far as bounded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from adapter.cancellation.model import CarrierAnswer, Doubt, Fact, Outcome
from adapter.cancellation.ports import CarrierTraits


class Parcel(Enum):
    """Where the parcel stands; OTHERS: somebody else cancelled it."""

    __hash__ = object.__hash__

    ACTIVE = Fact.ACTIVE
    CANCELLED = Fact.CANCELLED
    OTHERS = "cancelled by others"
    PICKED_UP = Fact.PICKED_UP
    DELIVERED = Fact.INVALID
    MISSING = Fact.NOT_FOUND


PICK_UP = (Parcel.ACTIVE, Parcel.PICKED_UP)
DELIVERY = (Parcel.PICKED_UP, Parcel.DELIVERED)
APPEARING = (Parcel.MISSING, Parcel.ACTIVE)
FOREIGN_CANCEL = (Parcel.ACTIVE, Parcel.OTHERS)


class Said(NamedTuple):
    """What one call came to."""

    outcome: Outcome
    doubt: Doubt | None = None

    @property
    def answer(self) -> CarrierAnswer:
        text = "the same words" if self.doubt is Doubt.SERVER_WORD else ""
        return CarrierAnswer(outcome=self.outcome, status="said", doubt=self.doubt, text=text)


LOST = Said(Outcome.IN_DOUBT, Doubt.LOST_CONNECTION)
UNKNOWN = Said(Outcome.IN_DOUBT, Doubt.SERVER_WORD)
REFUSED = Said(Outcome.IN_DOUBT, Doubt.REFUSED_LOOK)
FAILED = Said(Outcome.FAILED)

NOES = {
    Parcel.PICKED_UP: Outcome.PICKED_UP,
    Parcel.DELIVERED: Outcome.INVALID,
    Parcel.MISSING: Outcome.NOT_FOUND,
}


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """How far the world is explored, and what carrier it has.

    `every_no` is said instead of every "no"; `repeat_says` of a parcel that is cancelled;
    `soft`: a picked-up parcel can still be cancelled; `may_say_unknown`: a call that cancels
    may be answered so; `must`: what every delivery must hear, in a world without faults;
    `watched`: the promises that are looked at, by the beginning of what they say; empty: all.
    """

    deliveries: tuple[int, int] = (2, 2)
    crashes: int = 1
    losses: int = 1
    repeats: int = 1
    replicas: int = 1
    refusals: int = 0
    cuts: int = 0
    overruns: int = 0
    network_repeats_calls: bool = False
    knows_request_ids: bool = False
    parcel: Parcel = Parcel.ACTIVE
    moves: tuple[tuple[Parcel, Parcel], ...] = ()
    every_no: Said | None = None
    repeat_says: Outcome = Outcome.ALREADY_CANCELLED
    may_say_unknown: bool = False
    soft: bool = False
    lookup: bool = False
    lag: bool = False
    lookup_fails: bool = False
    not_found_settles: bool = False
    brake: bool = False
    must: Outcome | None = None
    watched: tuple[str, ...] = ()

    @property
    def traits(self) -> CarrierTraits:
        says_already = self.every_no is None and self.repeat_says is Outcome.ALREADY_CANCELLED
        return CarrierTraits(
            takes_request_id=self.knows_request_ids,
            says_already_cancelled=says_already,
            not_found_settles=self.not_found_settles,
        )


def cancels(parcel: Parcel, bounds: Bounds) -> bool:
    """Whether a call that arrives now cancels the parcel."""
    return parcel is Parcel.ACTIVE or (bounds.soft and parcel is Parcel.PICKED_UP)


def said_by(parcel: Parcel, bounds: Bounds) -> tuple[Said, ...]:
    """What a call that arrives now may be answered."""
    if cancels(parcel, bounds):
        done = Said(Outcome.CANCELLED)
        return (done, UNKNOWN) if bounds.may_say_unknown else (done,)
    if bounds.every_no is not None:
        return (bounds.every_no,)
    return (Said(NOES.get(parcel, bounds.repeat_says)),)


def moved(parcel: Parcel, bounds: Bounds) -> Iterator[Parcel]:
    """Where the parcel may go by itself."""
    for before, after in bounds.moves:
        if before is parcel:
            yield after


def fact_of(parcel: Parcel) -> Fact:
    return parcel.value if isinstance(parcel.value, Fact) else Fact.CANCELLED


def facts(parcel: Parcel, before: Parcel, bounds: Bounds) -> tuple[Fact | None, ...]:
    """What a lookup may read: with lag the state before the last change, too."""
    read: list[Fact | None] = [fact_of(parcel)]
    if bounds.lag and before is not parcel:
        read.append(fact_of(before))
    if bounds.lookup_fails:
        read.append(None)
    return tuple(dict.fromkeys(read))
