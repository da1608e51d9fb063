from __future__ import annotations

from dataclasses import fields, replace

import pytest

from adapter.cancellation.model import Basis, Call, Cause, Entry, Outcome, State
from adapter.ledger.resolution import Resolution
from adapter.ledger.rows import (
    call_of,
    call_row,
    entry_of,
    push_row,
    resolution_of,
    resolution_row,
)
from adapter.ledger.tables import call, push, resolution

ENTRY = Entry(
    key="k",
    account="gh_1",
    open_id="o1",
    pushed_at=1,
    biz_id="b",
    order_id="o",
    waybill_id="w",
    shop_app_id="s",
    state=State.DONE,
    received_at=2.0,
    calls=3,
    outcome=Outcome.CANCELLED,
    basis=Basis.INFERRED,
    message="m",
    told=Outcome.FAILED,
    deliveries=4,
    owner="5",
    called_at=6.0,
    settled_at=7.0,
    why="because",
    cause="tides",
)


def test_an_entry_comes_back_as_it_went() -> None:
    assert entry_of(push_row(ENTRY)) == ENTRY


@pytest.mark.parametrize("cause", [*Cause, "paused", "a word of another version", ""])
def test_a_cause_is_written_as_a_plain_text_and_comes_back(cause: str) -> None:
    entry = replace(ENTRY, cause=cause)

    assert type(push_row(entry)[-1]) is str
    assert entry_of(push_row(entry)) == entry


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("outcome", [None, *Outcome])
def test_every_state_and_outcome_comes_back(state: State, outcome: Outcome | None) -> None:
    entry = Entry(
        key="k",
        account="",
        open_id="",
        pushed_at=1,
        biz_id="",
        order_id="",
        waybill_id="",
        shop_app_id="",
        state=state,
        received_at=0.0,
        outcome=outcome,
    )

    assert entry_of(push_row(entry)) == entry


def test_the_tables_columns_are_an_entrys_fields() -> None:
    assert set(push.c.keys()) == {field.name for field in fields(Entry)}


def test_a_row_has_the_order_of_the_tables_columns() -> None:
    row = dict(zip(push.c.keys(), push_row(ENTRY), strict=True))

    for name in push.c.keys():  # noqa: SIM118 - a column collection gives columns, not names
        value = getattr(ENTRY, name)
        assert row[name] == getattr(value, "value", value)


@pytest.mark.parametrize(
    "made",
    [
        Call(key="k", epoch=1, sent_at=2.0),
        Call(key="k", epoch=2, sent_at=2.0, ended_at=3.0, status="OK", outcome=Outcome.INVALID),
    ],
)
def test_a_call_comes_back_as_it_went(made: Call) -> None:
    assert call_of(call_row(made)) == made
    assert len(call_row(made)) == len(call.c)


def test_a_resolution_comes_back_as_it_went() -> None:
    word = Resolution(key="k", who="li", reason="r", outcome=Outcome.INVALID, at=1.0)

    assert resolution_of(resolution_row(word)) == word
    # The number, and whether it was counted, are the table's own.
    assert len(resolution_row(word)) == len(resolution.c) - 2
