"""Entries and calls as rows of the tables, and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from adapter.cancellation.model import Basis, Call, Doubt, Entry, Outcome, State
from adapter.ledger.resolution import Resolution
from adapter.ledger.tables import push

Row = Sequence[Any]

# The columns of `push` that a decision may change after the first write; the others are
# what WeChat sent.
CHANGING = (
    "state",
    "calls",
    "outcome",
    "basis",
    "message",
    "told",
    "deliveries",
    "owner",
    "called_at",
    "settled_at",
    "why",
    "cause",
)

# The table's columns are an entry's fields.
FIELDS = tuple(push.c.keys())
_STATE, _OUTCOME, _BASIS, _TOLD = map(FIELDS.index, ("state", "outcome", "basis", "told"))

_STATES = {state.value: state for state in State}
_OUTCOMES: dict[str | None, Outcome | None] = {None: None} | {o.value: o for o in Outcome}
_DOUBTS: dict[str | None, Doubt | None] = {None: None} | {doubt.value: doubt for doubt in Doubt}
_BASES: dict[str | None, Basis | None] = {None: None} | {basis.value: basis for basis in Basis}


def push_row(entry: Entry) -> tuple[object, ...]:
    """The entry in the order of the table's columns."""
    return (
        entry.key,
        entry.account,
        entry.open_id,
        entry.pushed_at,
        entry.biz_id,
        entry.order_id,
        entry.waybill_id,
        entry.shop_app_id,
        entry.state.value,
        entry.received_at,
        entry.calls,
        entry.outcome and entry.outcome.value,
        entry.basis and entry.basis.value,
        entry.message,
        entry.told and entry.told.value,
        entry.deliveries,
        entry.owner,
        entry.called_at,
        entry.settled_at,
        entry.why,
        str(entry.cause),  # a driver may take nothing but a plain text
    )


def entry_of(row: Row) -> Entry:
    """The entry that `push_row` made the row of; without a constructor's twenty steps, for
    every commit reads the views of its waybills."""
    entry = object.__new__(Entry)
    entry.__dict__.update(
        zip(FIELDS, row, strict=True),
        state=_STATES[row[_STATE]],
        outcome=_OUTCOMES[row[_OUTCOME]],
        basis=_BASES[row[_BASIS]],
        told=_OUTCOMES[row[_TOLD]],
    )
    return entry


def call_row(call: Call) -> tuple[object, ...]:
    """The call in the order of the table's columns."""
    return (
        call.key,
        call.epoch,
        call.sent_at,
        call.ended_at,
        call.status,
        call.outcome and call.outcome.value,
        call.doubt and call.doubt.value,
        call.text,
    )


def call_of(row: Row) -> Call:
    """The call that `call_row` made the row of."""
    return Call(
        key=row[0],
        epoch=row[1],
        sent_at=row[2],
        ended_at=row[3],
        status=row[4],
        outcome=_OUTCOMES[row[5]],
        doubt=_DOUBTS[row[6]],
        text=row[7],
    )


def certain_call(entry: Entry) -> Call | None:
    """Return a push's only call where its row tells all of it: it runs, or it was answered.
    Nothing where the call's own row must be read."""
    if entry.calls != 1:
        return None
    if entry.state is State.CALLING:
        return Call(key=entry.key, epoch=1, sent_at=entry.called_at)
    if entry.state is State.DONE and entry.basis is Basis.CARRIER:
        return Call(
            key=entry.key,
            epoch=1,
            sent_at=entry.called_at,
            ended_at=entry.settled_at,
            status=entry.why,
            outcome=entry.outcome,
        )
    return None


def resolution_row(resolution: Resolution) -> tuple[object, ...]:
    """The resolution in the order of the table's columns, without its number."""
    return (
        resolution.key,
        resolution.who,
        resolution.reason,
        resolution.outcome.value,
        resolution.at,
    )


def resolution_of(row: Row) -> Resolution:
    """The resolution that `resolution_row` made the row of."""
    return Resolution(key=row[0], who=row[1], reason=row[2], outcome=Outcome(row[3]), at=row[4])
