"""One waybill's stories: our push being asked, and another beside it in every state."""

from __future__ import annotations

from dataclasses import replace

from adapter.cancellation.model import (
    Basis,
    Call,
    CarrierAnswer,
    Entry,
    Outcome,
    State,
    fresh_entry,
)
from adapter.cancellation.ports import WaybillView
from tests.cancellation.playing import press

NOW = 100.0
MINE = replace(
    fresh_entry("mine", press(1), received_at=NOW),
    state=State.CALLING,
    owner="me",
    calls=1,
    called_at=NOW,
)
OTHER = replace(fresh_entry("other", press(2), received_at=NOW), owner="gone", calls=1)
CALLING = replace(OTHER, state=State.CALLING)
DOUBTFUL = replace(OTHER, state=State.IN_DOUBT, told=Outcome.IN_DOUBT)
UNSENT = replace(OTHER, state=State.UNSENT, calls=0)


def done(outcome: Outcome, *, told: Outcome | None) -> Entry:
    return replace(
        OTHER, state=State.DONE, outcome=outcome, basis=Basis.CARRIER, told=told, settled_at=NOW
    )


def calls_of(entry: Entry) -> tuple[Call, ...]:
    """The calls that a row tells of: open, but for the one that decided it."""
    calls = [Call(key=entry.key, epoch=n + 1, sent_at=entry.called_at) for n in range(entry.calls)]
    if calls and entry.state is State.DONE:
        calls[-1] = replace(calls[-1], ended_at=NOW, status="so", outcome=entry.outcome)
    return tuple(calls)


def view(
    *entries: Entry,
    living: frozenset[str] = frozenset({"me"}),
    calls: tuple[Call, ...] | None = None,
    now: float = NOW,
) -> WaybillView:
    """A view of these rows; without `calls` with those that the rows tell of."""
    if calls is None:
        calls = tuple(call for entry in entries for call in calls_of(entry))
    return WaybillView(entries=entries, me="me", living=living, now=now, calls=calls)


def saying(outcome: Outcome) -> CarrierAnswer:
    return CarrierAnswer(outcome=outcome, status=outcome.name, message="so they say")


CALL = Call(key="mine", epoch=1, sent_at=NOW)
