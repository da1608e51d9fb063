"""How often a carrier in trouble is asked again."""

from __future__ import annotations

import pytest

from adapter.cancellation.model import Call, Doubt, Outcome
from adapter.cancellation.repeats import TOKENS, RetryBudget, may_repeat, pause_before

LOST = (Doubt.LOST_CONNECTION, "")
ON_VAN = (Doubt.SERVER_WORD, "on the van")
NO_ROW = (Doubt.SERVER_WORD, "no row")


def calls(*ends: tuple[Doubt | None, str]) -> list[Call]:
    return [
        Call(
            key="k",
            epoch=number,
            sent_at=0.0,
            ended_at=1.0,
            status="UNKNOWN",
            outcome=Outcome.IN_DOUBT,
            doubt=doubt,
            text=text,
        )
        for number, (doubt, text) in enumerate(ends, start=1)
    ]


@pytest.mark.parametrize(
    ("made", "repeats", "may"),
    [
        ([], 0, True),
        (calls(LOST), 0, False),
        (calls(LOST), 1, True),
        (calls(LOST, LOST), 1, False),
        (calls(LOST, LOST), 2, True),
        (calls(ON_VAN), 2, True),
        (calls(ON_VAN, NO_ROW), 5, False),
        (calls(ON_VAN, LOST), 5, True),
        (calls(ON_VAN, LOST, ON_VAN), 5, False),
        (calls(ON_VAN, ON_VAN, LOST), 5, False),
        (calls((Doubt.UNREADABLE_REPLY, "")), 5, False),
        (calls((Doubt.UNKNOWN_STATUS, "")), 5, False),
        (calls((Doubt.REFUSED_LOOK, "")), 5, False),
        (calls((None, "")), 1, True),
        ([Call(key="k", epoch=1, sent_at=0.0)], 1, True),
        ([Call(key="k", epoch=1, sent_at=0.0, ended_at=1.0, outcome=Outcome.FAILED)], 5, False),
    ],
)
def test_a_push_may_be_asked_once_more(
    made: list[Call],
    repeats: int,
    may: bool,  # noqa: FBT001 - a column of the table
) -> None:
    assert may_repeat(made, repeats=repeats) is may


def test_pauses_grow_and_spread() -> None:
    middle = [pause_before(repeat, chance=0.5) for repeat in range(3)]

    assert middle == [0.1, 0.5, 0.5]
    assert pause_before(0, chance=0.0) == pytest.approx(0.08)
    assert pause_before(0, chance=1.0) == pytest.approx(0.12)


def test_a_process_that_fails_most_calls_repeats_nothing() -> None:
    budget = RetryBudget()

    allowed = []
    for _ in range(6):
        allowed.append(budget.allows)
        budget.ended(in_doubt=True)

    assert allowed == [True] * 5 + [False]


def test_the_budget_comes_back_with_answers_and_has_a_brim_and_a_bottom() -> None:
    budget = RetryBudget()
    for _ in range(20):
        budget.ended(in_doubt=True)
    empty = budget.tokens
    for _ in range(51):
        budget.ended(in_doubt=False)
    allows = budget.allows
    for _ in range(100):
        budget.ended(in_doubt=False)

    assert (empty, allows, budget.tokens) == (0.0, True, TOKENS)
