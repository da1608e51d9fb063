from __future__ import annotations

from dataclasses import replace

import pytest

from adapter.cancellation.model import Basis, Cause, Entry, Outcome, State, Unsent
from adapter.cli.ledger.because import DECIDED, DOUBT, NOT_ASKED, OUTCOMES, UNSENT, because
from adapter.ledger.resolution import Resolution
from adapter.ledger.search import Chronicle
from tests.cli.ledgers import doubtful, push, unsent


def told_of(entry: Entry, *words: Resolution) -> str:
    return because(Chronicle(entry=entry, calls=(), resolutions=words))


def test_every_outcome_and_every_reason_has_words() -> None:
    assert set(OUTCOMES) == set(Outcome)
    assert set(UNSENT) == set(Unsent)


def test_every_cause_has_a_sentence_in_every_state_it_can_lead_to() -> None:
    reasons = {reason.value for reason in Unsent}

    assert set(NOT_ASKED) == {Cause.WITHDRAWN, *reasons}
    assert set(DOUBT) == {Cause.CARRIER, Cause.OWNER_DIED, Cause.WITHDRAWN, *reasons}
    assert set(DECIDED) == {Cause.CARRIER, Cause.LOOKUP, Cause.INFERRED, Cause.OPERATOR}
    assert {*NOT_ASKED, *DOUBT, *DECIDED} == {*Cause, *reasons}


@pytest.mark.parametrize(
    ("cause", "why", "words"),
    [("tides", "low", "tides: low"), ("tides", "", "tides"), ("", "X", "X")],
)
def test_a_cause_that_only_another_version_knows_is_said_as_it_is(
    cause: str, why: str, words: str
) -> None:
    given = {"cause": cause, "why": why}

    assert told_of(push(1, **given)).startswith(f"The ledger says {words}: the waybill is")
    assert f"the carrier acted: {words}. The merchant" in told_of(doubtful(1, **given))
    assert f"was not asked: {words}. Nothing" in told_of(replace(unsent(1, cause), why=why))


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
            push(1, basis=Basis.INFERRED, cause=Cause.INFERRED, why=""),
            "A later push of this waybill heard",
        ),
        (
            push(1, basis=Basis.INFERRED, cause=Cause.LOOKUP, why="cancelled"),
            "The carrier's lookup said cancelled: the waybill is cancelled and a call of ours",
        ),
        (doubtful(1), "call 1 ended as UNAVAILABLE"),
        (doubtful(1, cause=Cause.OWNER_DIED, why=""), "the process that asked died"),
        (doubtful(1, state=State.CALLING), "Call 1 was recorded and may be under way"),
        (unsent(1, "paused"), "The carrier was not asked: an operator had paused waybridge."),
        (unsent(1, "withdrawn"), "in time, and it landed late"),
        (push(1, why="lookup_ok"), "The carrier said lookup_ok: the waybill is cancelled"),
        (push(1, basis=Basis.INFERRED, why="lookup_ok"), "The carrier said lookup_ok, and a call"),
        (doubtful(1, why="owner died"), "call 1 ended as owner died"),
        (doubtful(1, why=""), "call 1 ended as unknown"),
        (doubtful(1, why="{calls}"), "call 1 ended as {calls}"),
        (
            doubtful(1, cause=Cause.WITHDRAWN, why=""),
            "call 1 left it unknown, and the next one was never sent: the ledger could not",
        ),
        (
            doubtful(1, cause="carrier_unreachable", why=""),
            "the next one was never sent: there was no connection to the carrier",
        ),
    ],
)
def test_why_it_was_answered_so_is_said_in_a_sentence(entry: Entry, words: str) -> None:
    assert words in told_of(entry)


def test_an_operators_word_is_quoted_with_its_name() -> None:
    entry = push(1, basis=Basis.OPERATOR, cause=Cause.OPERATOR, why="rang the depot")
    word = Resolution(
        key=entry.key, who="li", reason="rang the depot", outcome=Outcome.CANCELLED, at=1.0
    )

    assert told_of(entry, word).startswith("li settled the doubt (rang the depot)")
    assert told_of(replace(entry)).startswith("An operator settled the doubt")
