"""The waybills that the journeys press for: the stub's magic ones, and what may be told."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One sort of magic waybill. `codes` are the definite ones a push of it may be told;
    `cancels`: asked often enough, the carrier cancels it; `settles`: once all is quiet, one
    more press is answered definitely."""

    word: str
    weight: int
    codes: frozenset[int]
    cancels: bool = False
    settles: bool = True


OURS = frozenset({0, 30003})
KINDS = (
    Kind(word="STUB-OK", weight=44, codes=OURS, cancels=True),
    Kind(word="STUB-DROP", weight=14, codes=OURS, cancels=True),
    Kind(word="STUB-FLAKY-1", weight=8, codes=OURS, cancels=True),
    Kind(word="STUB-FLAKY-3", weight=3, codes=OURS, cancels=True, settles=False),
    Kind(word="STUB-SLOW-80", weight=6, codes=OURS, cancels=True),
    Kind(word="STUB-SLOW-900", weight=5, codes=OURS, cancels=True),
    # Longer than a short journey's replies wait, and longer than any reply waits.
    Kind(word="STUB-SLOW-2600", weight=2, codes=OURS, cancels=True, settles=False),
    Kind(word="STUB-SLOW-5200", weight=1, codes=OURS, cancels=True, settles=False),
    Kind(word="STUB-HANG", weight=2, codes=OURS, cancels=True, settles=False),
    Kind(word="STUB-PICKED-UP", weight=5, codes=frozenset({30002})),
    Kind(word="STUB-INVALID", weight=5, codes=frozenset({30003})),
    Kind(word="STUB-NOT-FOUND", weight=4, codes=frozenset({30001})),
    Kind(word="STUB-UNSUPPORTED", weight=2, codes=frozenset({30004})),
    Kind(word="STUB-ERROR", weight=1, codes=frozenset(), settles=False),
    Kind(word="STUB-NEW-ENUM", weight=1, codes=frozenset(), settles=False),
)

# Not drawn: they are pressed by journeys of their own.
OTHERS = (
    Kind(word="STUB-SLOW", weight=0, codes=OURS, cancels=True),
    Kind(word="STUB-FLAKY", weight=0, codes=OURS, cancels=True, settles=False),
)


def draw(rng: Random) -> Kind:
    """Return a kind, by its weight."""
    return rng.choices(KINDS, [kind.weight for kind in KINDS])[0]


def kind_of(waybill: str) -> Kind:
    """Return the kind that a waybill was made of."""
    return next(kind for kind in (*KINDS, *OTHERS) if waybill.startswith(f"{kind.word}-"))
