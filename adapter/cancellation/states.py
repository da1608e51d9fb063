"""Where a push can stand, and what moves it: one table, and nothing else decides.

Every rule that moves an entry asks `advance`; the picture in `docs/states.md` is drawn from
the same table. A push without an entry is unseen (`None`).
"""

from __future__ import annotations

from enum import Enum

from adapter.cancellation.model import State


class Event(Enum):
    """What can happen to a push."""

    REFUSED = "answered without asking the carrier"
    ASKED = "commit A: about to call the carrier"
    ASKED_AGAIN = "commit A of a further call within one delivery"
    WITHDRAWN = "commit A landed after its caller had given up"
    LEFT_UNKNOWN = "the newest call ended and nobody knows what it did"
    OWNER_DIED = "the calling process is gone"
    DECIDED = "commit B: an outcome, from the carrier, by inference, or an operator"
    CORRECTED = "its own call said cancelled after all, or an operator corrects an operator"


TRANSITIONS: dict[tuple[State | None, Event], frozenset[State]] = {
    (None, Event.REFUSED): frozenset({State.UNSENT}),
    (None, Event.ASKED): frozenset({State.CALLING}),
    (None, Event.DECIDED): frozenset({State.DONE}),
    (State.UNSENT, Event.REFUSED): frozenset({State.UNSENT}),
    (State.UNSENT, Event.ASKED): frozenset({State.CALLING}),
    (State.UNSENT, Event.DECIDED): frozenset({State.DONE}),
    (State.CALLING, Event.ASKED_AGAIN): frozenset({State.CALLING}),
    # Without an earlier call nothing was ever sent; with one, the doubt it left remains.
    (State.CALLING, Event.WITHDRAWN): frozenset({State.UNSENT, State.IN_DOUBT}),
    (State.CALLING, Event.LEFT_UNKNOWN): frozenset({State.IN_DOUBT}),
    (State.CALLING, Event.OWNER_DIED): frozenset({State.IN_DOUBT}),
    (State.CALLING, Event.DECIDED): frozenset({State.DONE}),
    (State.IN_DOUBT, Event.ASKED): frozenset({State.CALLING}),
    (State.IN_DOUBT, Event.LEFT_UNKNOWN): frozenset({State.IN_DOUBT}),
    (State.IN_DOUBT, Event.DECIDED): frozenset({State.DONE}),
    (State.DONE, Event.CORRECTED): frozenset({State.DONE}),
}


class IllegalMove(Exception):
    """A rule tried what the table does not know: a defect of ours, nothing is written."""


def advance(state: State | None, event: Event, to: State | None = None) -> State:
    """Return the state that `event` leads to; `to` chooses where the table leaves a choice.

    Raises `IllegalMove` for a move that the table does not hold.
    """
    reachable = TRANSITIONS.get((state, event), frozenset())
    if to is None and len(reachable) == 1:
        return next(iter(reachable))
    if to is not None and to in reachable:
        return to
    raise IllegalMove(f"{state.value if state else 'unseen'} cannot take: {event.value}")


def drawn() -> str:
    """Return the table as a Mermaid state diagram, for the docs."""
    lines = ["stateDiagram-v2"]
    for (state, event), reachable in TRANSITIONS.items():
        for target in sorted(reachable, key=lambda reached: reached.value):
            source = state.value if state else "unseen"
            lines.append(f"    {source} --> {target.value}: {event.value}")
    lines.append("    done --> [*]")
    return "\n".join(lines) + "\n"
