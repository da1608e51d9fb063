from __future__ import annotations

from collections.abc import Iterator

import pytest

from legacy_stub import calls
from legacy_stub.calls import CallLog, ReceivedCall


class ListJournal:
    """A journal in memory, with what it was asked to keep in plain sight."""

    def __init__(self, *, full: bool = False) -> None:
        self.rows: dict[int, ReceivedCall] = {}
        self.full = full

    def read(self) -> Iterator[tuple[int, ReceivedCall]]:
        yield from sorted(self.rows.items())

    def write(self, number: int, call: ReceivedCall) -> None:
        if self.full:
            raise OSError("no space left")
        self.rows[number] = call

    def clear(self) -> None:
        self.rows.clear()


def receive(log: CallLog, waybill: str, request_id: str = "r1") -> int:
    return log.receive(waybill=waybill, order="O1", request_id=request_id, time=1.5)


def test_a_call_is_in_the_log_before_it_is_answered() -> None:
    log = CallLog()

    receive(log, "W1")

    assert list(log) == [ReceivedCall(time=1.5, waybill="W1", order="O1", request_id="r1", nth=1)]


def test_calls_are_counted_per_waybill() -> None:
    log = CallLog()

    numbers = [receive(log, "W1"), receive(log, "W2"), receive(log, "W1")]

    assert [log.nth(number) for number in numbers] == [1, 1, 2]


def test_a_settled_call_shows_its_answer_in_its_place() -> None:
    log = CallLog()
    first = receive(log, "W1")
    receive(log, "W2")

    log.settle(first, answer="cancelled", done=True)

    assert [(call.waybill, call.answer, call.done) for call in log] == [
        ("W1", "cancelled", True),
        ("W2", "", False),
    ]


def test_only_a_call_that_did_it_cancels_the_waybill() -> None:
    log = CallLog()
    log.settle(receive(log, "W1", "r1"), answer="picked_up", done=False)
    log.settle(receive(log, "W2", "r2"), answer="cancelled", done=True)

    found = log.cancelled_by("W1"), log.cancelled_by("W2")

    assert found == (None, "r2")


def test_a_log_on_the_same_journal_knows_counts_and_effects() -> None:
    journal = ListJournal()
    before = CallLog(journal)
    before.settle(receive(before, "W1", "r1"), answer="cancelled", done=True)

    after = CallLog(journal)

    assert list(after) == list(before)
    assert after.cancelled_by("W1") == "r1"
    assert after.nth(receive(after, "W1")) == 2


def test_an_effect_that_cannot_be_written_has_not_happened() -> None:
    log = CallLog(ListJournal(full=True))
    number = receive(log, "W1")

    with pytest.raises(OSError, match="no space"):
        log.settle(number, answer="cancelled", done=True)

    assert log.cancelled_by("W1") is None


def test_a_cleared_log_is_as_new_and_so_is_its_journal() -> None:
    journal = ListJournal()
    log = CallLog(journal)
    log.settle(receive(log, "W1"), answer="cancelled", done=True)

    log.clear()

    assert (len(log), journal.rows, log.cancelled_by("W1")) == (0, {}, None)
    assert log.nth(receive(log, "W1")) == 1


def test_a_call_that_ends_after_a_clear_leaves_no_trace() -> None:
    log = CallLog()
    number = receive(log, "W1")
    log.clear()

    log.settle(number, answer="cancelled", done=True)

    assert (len(log), log.cancelled_by("W1")) == (0, None)


def test_the_oldest_calls_are_forgotten_but_not_what_they_did(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(calls, "CALLS_KEPT", 2)
    log = CallLog()
    log.settle(receive(log, "W1", "r1"), answer="cancelled", done=True)
    receive(log, "W2")
    receive(log, "W3")

    kept = [call.waybill for call in log]

    assert kept == ["W2", "W3"]
    assert log.cancelled_by("W1") == "r1"
    assert log.nth(receive(log, "W1")) == 2
