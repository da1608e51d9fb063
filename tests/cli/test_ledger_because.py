from __future__ import annotations

from dataclasses import replace

import pytest

from adapter.cancellation.model import Basis, Entry, Outcome, State, Unsent
from adapter.cli.ledger_because import OUTCOMES, UNSENT, because
from adapter.ledger.resolution import Resolution
from adapter.ledger.search import Chronicle
from tests.cli.ledgers import doubtful, push, unsent


def told_of(entry: Entry, *words: Resolution) -> str:
    return because(Chronicle(entry=entry, calls=(), resolutions=words))


def test_every_outcome_and_every_reason_has_words() -> None:
    assert set(OUTCOMES) == set(Outcome)
    assert set(UNSENT) == set(Unsent)


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (push(1), "The carrier said CANCELLED: the waybill is cancelled"),
        (push(1), "The merchant was told so."),
        (push(1, told=Outcome.IN_DOUBT), "tell them that the waybill is cancelled"),
        (push(1, told=Outcome.FAILED), "told otherwise (-1), not this"),
        (push(1, told=None), "Nobody waited when it was decided"),
        (push(1, outcome=Outcome.INVALID, told=Outcome.IN_DOUBT), "the next press tells"),
        (
            push(1, outcome=Outcome.ALREADY_CANCELLED, why="ALREADY"),
            "no call of ours whose outcome was unknown or untold explains it",
        ),
        (push(1, basis=Basis.INFERRED, why="ALREADY"), "our own success"),
        (
            push(1, basis=Basis.INFERRED, why="inferred from a later push"),
            "A later push of this waybill heard",
        ),
        (
            push(1, basis=Basis.INFERRED, why="lookup: cancelled"),
            "The carrier's lookup said cancelled: the waybill is cancelled and a call of ours",
        ),
        (doubtful(1), "call 1 ended as UNAVAILABLE"),
        (doubtful(1, why="owner died"), "the process that asked died"),
        (doubtful(1, state=State.CALLING), "Call 1 was recorded and may be under way"),
        (unsent(1, "paused"), "The carrier was not asked: an operator had paused waybridge."),
        (unsent(1, "withdrawn"), "in time, and it landed late"),
    ],
)
def test_why_it_was_answered_so_is_said_in_a_sentence(entry: Entry, words: str) -> None:
    assert words in told_of(entry)


def test_an_operators_word_is_quoted_with_its_name() -> None:
    entry = push(1, basis=Basis.OPERATOR, why="rang the depot")
    word = Resolution(
        key=entry.key, who="li", reason="rang the depot", outcome=Outcome.CANCELLED, at=1.0
    )

    assert told_of(entry, word).startswith("li settled the doubt (rang the depot)")
    assert told_of(replace(entry)).startswith("An operator settled the doubt")
