from __future__ import annotations

from itertools import pairwise

import pytest

from adapter.carrier.channel.recent_calls import LATE_SECONDS, WITHIN_SECONDS, RecentCalls

ERRORS = "answers only errors: UNAVAILABLE"
LATE = "does not answer within 4.5 s"


def called(calls: RecentCalls, waybill: str, *, fault: str = "", at: float, took: float = 0) -> str:
    call = calls.begin(waybill, now=at)
    calls.end(call, fault=fault, now=at + took)
    return calls.trouble(now=at + took)


def test_errors_of_two_waybills_are_a_loss_and_one_waybills_are_not() -> None:
    calls = RecentCalls()

    told = [
        called(calls, waybill, fault="UNAVAILABLE", at=at)
        for at, waybill in enumerate(("W1", "W1", "W1", "W2"))
    ]

    assert told == ["", "", "", ERRORS]


def test_a_good_answer_ends_it() -> None:
    calls = RecentCalls()
    for waybill in ("W1", "W2"):
        called(calls, waybill, fault="INTERNAL", at=1)

    assert called(calls, "W3", at=2, took=LATE_SECONDS - 0.1) == ""


def test_good_answers_between_failures_keep_it_up() -> None:
    calls = RecentCalls()
    faults = ["UNAVAILABLE", ""] * 20

    told = [called(calls, f"W{at}", fault=fault, at=float(at)) for at, fault in enumerate(faults)]

    assert set(told) == {""}
    assert all(one != two for one, two in pairwise(faults))


def test_a_frozen_carrier_is_lost_while_its_calls_still_run() -> None:
    calls = RecentCalls()
    calls.begin("W1", now=0)
    calls.begin("W2", now=1)

    assert calls.trouble(now=1 + LATE_SECONDS - 0.1) == ""
    assert calls.trouble(now=1 + LATE_SECONDS) == LATE


@pytest.mark.parametrize("fault", ["", "DEADLINE_EXCEEDED"])
def test_answers_that_come_too_late_are_a_loss(fault: str) -> None:
    calls = RecentCalls()

    told = [
        called(calls, f"W{at}", fault=fault, at=float(at), took=LATE_SECONDS + 1) for at in range(2)
    ]

    assert told == ["", LATE]


def test_two_calls_that_hang_among_good_ones_are_no_loss() -> None:
    calls = RecentCalls()
    hanging = [calls.begin(f"HANG{nth}", now=0) for nth in range(2)]

    told = [called(calls, f"W{at}", at=float(at)) for at in range(20)]
    for call in hanging:
        calls.end(call, fault="DEADLINE_EXCEEDED", now=12)

    assert set(told) == {""}
    assert calls.trouble(now=20) == ""


def test_failures_far_apart_are_no_loss() -> None:
    calls = RecentCalls()

    told = [called(calls, f"W{nth}", fault="INTERNAL", at=nth * WITHIN_SECONDS) for nth in range(9)]

    assert set(told) == {""}


def test_what_was_not_sent_says_nothing() -> None:
    calls = RecentCalls()
    for nth in range(3):
        calls.forget(calls.begin(f"W{nth}", now=0))

    assert calls.trouble(now=99) == ""
