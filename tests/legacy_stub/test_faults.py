from __future__ import annotations

import grpc
import pytest

from adapter.cancellation.model import Fact, Outcome
from legacy_stub.faults import (
    STANDING,
    Drop,
    ErrorStatus,
    Fault,
    Hang,
    Latency,
    Sometimes,
    StandingFault,
    StubAnswer,
    UnknownStatus,
)


class Effect:
    """The order system behind a fault; counts how often it was reached."""

    def __init__(self) -> None:
        self.times = 0

    async def __call__(self) -> StubAnswer:
        self.times += 1
        return StubAnswer(outcome=Outcome.CANCELLED, done=True)


@pytest.mark.parametrize(
    ("fault", "effects", "word"),
    [
        (Latency(milliseconds=1), 1, "cancelled"),
        (ErrorStatus(code=grpc.StatusCode.UNAVAILABLE), 0, "UNAVAILABLE"),
        (ErrorStatus(code=grpc.StatusCode.INTERNAL), 0, "INTERNAL"),
        (Drop(), 1, "UNAVAILABLE"),
        (Hang(), 1, ""),
        (UnknownStatus(), 0, "unknown_status"),
    ],
)
async def test_each_fault_has_its_effect_and_its_answer(
    fault: Fault, effects: int, word: str
) -> None:
    effect = Effect()

    answer = await fault.apply(effect)

    assert (effect.times, answer.done, answer.word) == (effects, bool(effects), word)


@pytest.mark.parametrize(("drawn", "struck"), [(0.29, True), (0.3, False), (0.99, False)])
async def test_a_fault_of_chance_strikes_below_its_probability(
    *, drawn: float, struck: bool
) -> None:
    fault = Sometimes(probability=0.3, fault=Drop(), chance=lambda: drawn)

    answer = await fault.apply(Effect())

    assert (answer.failure is not None) is struck


def test_a_lookup_has_no_outcome_but_a_fact() -> None:
    assert StubAnswer(fact=Fact.ACTIVE).outcome is None


@pytest.mark.parametrize("name", STANDING)
def test_every_name_makes_a_fault(name: str) -> None:
    setting = StandingFault(name=name, milliseconds=5 if name == "latency" else 0)

    fault = setting.fault(lambda: 0.0)

    assert not isinstance(fault, Sometimes)


def test_an_uncertain_fault_draws_each_time() -> None:
    fault = StandingFault(name="drop", probability=0.5).fault(lambda: 0.0)

    assert isinstance(fault, Sometimes)
    assert fault.fault == Drop()


@pytest.mark.parametrize(
    ("name", "milliseconds", "probability", "text"),
    [
        ("thunder", 0, 1.0, "unknown fault 'thunder'; choose from latency, unavailable"),
        ("drop", 0, 1.5, "between 0 and 1"),
        ("latency", 700_000, 1.0, "between 0 and 600000 ms"),
        ("latency", 0, 1.0, "latency requires them"),
        ("drop", 5, 1.0, "are for latency only"),
    ],
)
def test_a_fault_that_cannot_be_is_refused(
    name: str, milliseconds: int, probability: float, text: str
) -> None:
    with pytest.raises(ValueError, match=text):
        StandingFault(name=name, milliseconds=milliseconds, probability=probability)
