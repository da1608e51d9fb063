from __future__ import annotations

from adapter.forward.circuit import Circuit


def broken(*, at: float) -> Circuit:
    circuit = Circuit(failures=3, rest_seconds=5.0)
    for _ in range(3):
        assert circuit.lets_through(now=at)
        circuit.failed(now=at)
    return circuit


def test_failures_in_a_row_open_it() -> None:
    circuit = broken(at=100.0)

    assert circuit.is_open(now=100.0)
    assert not circuit.lets_through(now=104.9)


def test_a_success_between_failures_keeps_it_closed() -> None:
    circuit = Circuit(failures=3)
    for _ in range(10):
        circuit.failed(now=1.0)
        circuit.failed(now=1.0)
        circuit.succeeded()

    assert circuit.lets_through(now=1.0)


def test_after_the_rest_one_probe_is_let_through() -> None:
    circuit = broken(at=100.0)

    assert [circuit.lets_through(now=105.0) for _ in range(3)] == [True, False, False]


def test_a_good_probe_closes_it() -> None:
    circuit = broken(at=100.0)
    circuit.lets_through(now=105.0)
    circuit.succeeded()

    assert not circuit.is_open(now=105.0)
    assert [circuit.lets_through(now=105.0) for _ in range(3)] == [True, True, True]


def test_a_bad_probe_opens_it_again() -> None:
    circuit = broken(at=100.0)
    circuit.lets_through(now=105.0)
    circuit.failed(now=106.0)

    assert circuit.is_open(now=110.9)
    assert circuit.lets_through(now=111.0)
