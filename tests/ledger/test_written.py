"""A row gives a rewind away when it holds less than was written."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapter.cancellation.model import Entry, Outcome, State, fresh_entry
from adapter.ledger.written import KEPT, LEAST_KEEP_SECONDS, WriteMemory, witness_of
from tests.cancellation.playing import press

NOW = 1_000_000.0
TOLD = replace(
    fresh_entry("mine", press(), received_at=NOW),
    state=State.DONE,
    outcome=Outcome.CANCELLED,
    told=Outcome.CANCELLED,
    calls=2,
    deliveries=3,
)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (TOLD, False),
        (replace(TOLD, deliveries=4, calls=3), False),
        (replace(TOLD, outcome=Outcome.PICKED_UP), False),  # an operator's correction
        (None, True),
        (replace(TOLD, deliveries=2), True),
        (replace(TOLD, calls=1), True),
        (replace(TOLD, state=State.IN_DOUBT), True),
        (replace(TOLD, told=None), True),
        (replace(TOLD, received_at=NOW + 1), True),
    ],
)
def test_a_row_never_grows_less(found: Entry | None, *, expected: bool) -> None:
    assert witness_of(TOLD).is_lost(found, now=NOW + 60) is expected


def test_a_row_that_is_a_day_old_may_have_been_pruned() -> None:
    assert not witness_of(TOLD).is_lost(None, now=NOW + LEAST_KEEP_SECONDS)


def test_a_withdrawal_that_may_have_landed_takes_a_call_back() -> None:
    memory = WriteMemory()
    memory.wrote([TOLD])
    withdrawn = replace(TOLD, calls=1)
    assert memory.is_lost([withdrawn], now=NOW)

    memory.may_have_landed([TOLD.waybill])

    assert not memory.is_lost([withdrawn], now=NOW)
    assert memory.is_lost([], now=NOW)


def test_the_newest_rows_are_kept() -> None:
    memory = WriteMemory()
    memory.wrote([fresh_entry(str(number), press(), received_at=NOW) for number in range(KEPT + 1)])
    memory.wrote([fresh_entry("1", press(), received_at=NOW)])

    assert memory.keys == (*map(str, range(2, KEPT + 1)), "1")


def test_what_is_known_to_be_lost_is_forgotten() -> None:
    memory = WriteMemory()
    memory.wrote([TOLD])

    memory.forget()

    assert not memory
    assert not memory.is_lost([], now=NOW)
