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


def view(*entries: Entry, living: frozenset[str] = frozenset({"me"})) -> WaybillView:
    return WaybillView(entries=entries, me="me", living=living, now=NOW)


def saying(outcome: Outcome) -> CarrierAnswer:
    return CarrierAnswer(outcome=outcome, status=outcome.name, message="so they say")


CALL = Call(key="mine", epoch=1, sent_at=NOW)
