"""The latency brake: when it comes on, whom it lets through, and when it goes off."""

from __future__ import annotations

from adapter.cancellation.brake import LATE_IN_A_ROW, Brake


def slow(brake: Brake, *, at: float = 0.0) -> Brake:
    for _ in range(LATE_IN_A_ROW):
        brake.late(sent_at=at)
    return brake


def test_a_carrier_that_answers_in_time_is_asked_freely() -> None:
    brake = Brake()
    for _ in range(LATE_IN_A_ROW - 1):
        brake.late(sent_at=1.0)
    brake.timely(sent_at=1.0)
    brake.late(sent_at=1.0)

    assert not brake.is_on
    assert [brake.admits(now=2.0) for _ in range(3)] == [True] * 3


def test_a_slow_carrier_gets_one_probe_a_second() -> None:
    brake = slow(Brake())

    admitted = [brake.admits(now=tenth / 10) for tenth in range(30)]

    assert (brake.is_on, sum(admitted)) == (True, 3)


def test_a_probe_that_was_not_sent_leaves_its_place_to_the_next() -> None:
    brake = slow(Brake())

    first = brake.admits(now=5.0)
    brake.not_sent()

    assert (first, brake.admits(now=5.1), brake.admits(now=5.2)) == (True, True, False)


def test_one_timely_probe_ends_it_and_what_was_sent_before_does_not_bring_it_back() -> None:
    brake = slow(Brake(), at=1.0)

    brake.timely(sent_at=8.0)
    slow(brake, at=7.9)
    after_old_ones = brake.is_on
    slow(brake, at=8.1)

    assert (after_old_ones, brake.is_on) == (False, True)
