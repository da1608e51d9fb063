from __future__ import annotations

import grpc
import pytest

from adapter.cancellation.model import CarrierAnswer, Doubt, Outcome
from adapter.carrier.mapping.grpc_section import refusals
from adapter.carrier.mapping.grpc_status import (
    CODES,
    DEFINITE,
    IN_DOUBT,
    LOST_CONNECTION,
    RefusalTable,
)
from adapter.carrier.mapping.values import Failure
from adapter.diagnostics.finding import Severity
from adapter.diagnostics.table import read

SILENT = RefusalTable(codes={}, reasons={})


def _table(text: str) -> tuple[RefusalTable, list[tuple[Severity, str]]]:
    root = read(text.encode())
    made = refusals(root.table("grpc"), has_lookup=True)
    return made, [(finding.severity, finding.key) for finding in root.findings.found]


def test_every_code_of_grpc_but_ok_is_in_exactly_one_list() -> None:
    assert sorted(CODES) == sorted(code.name for code in grpc.StatusCode if code.name != "OK")


@pytest.mark.parametrize("code", DEFINITE)
def test_a_definite_refusal_is_failed_and_not_asked_again(code: str) -> None:
    assert SILENT.answer(code, ()) == CarrierAnswer(outcome=Outcome.FAILED, status=code)


@pytest.mark.parametrize("code", [*IN_DOUBT, "A_CODE_OF_TOMORROW"])
def test_every_other_code_is_doubt_of_its_kind(code: str) -> None:
    doubt = Doubt.LOST_CONNECTION if code in LOST_CONNECTION else Doubt.SERVER_WORD

    assert SILENT.answer(code, ()) == CarrierAnswer(
        outcome=Outcome.IN_DOUBT, status=code, doubt=doubt
    )


def test_a_row_decides_before_the_lists() -> None:
    made, found = _table('[grpc]\nNOT_FOUND = "not_found"\nPERMISSION_DENIED = "in_doubt"\n')

    assert made.answer("NOT_FOUND", ()).outcome is Outcome.NOT_FOUND
    assert made.answer("PERMISSION_DENIED", ()).doubt is Doubt.SERVER_WORD
    assert found == []


def test_a_reason_decides_before_its_code_and_of_its_own_domain_first() -> None:
    made, _ = _table(
        '[grpc]\nABORTED = "invalid"\n'
        '[grpc.reasons]\nHELD = "picked_up"\n"a.b/HELD" = "unsupported"\n'
    )

    assert made.answer("ABORTED", ("HELD",)).outcome is Outcome.PICKED_UP
    assert made.answer("ABORTED", ("x.y/HELD",)) == CarrierAnswer(
        outcome=Outcome.PICKED_UP, status="ABORTED/HELD"
    )
    assert made.answer("ABORTED", ("a.b/HELD",)).outcome is Outcome.UNSUPPORTED
    assert made.answer("ABORTED", ("OTHER",)).outcome is Outcome.INVALID


def test_an_outcome_is_said_by_a_code_else_by_a_reason_else_not() -> None:
    made, _ = _table(
        '[grpc]\nNOT_FOUND = "not_found"\n'
        '[grpc.reasons]\nGONE = "not_found"\n"d/VAN" = "picked_up"\n'
    )

    assert made.failure(Outcome.NOT_FOUND) == Failure(code="NOT_FOUND")
    assert made.failure(Outcome.PICKED_UP) == Failure(
        code="FAILED_PRECONDITION", reason="VAN", domain="d"
    )
    assert made.failure(Outcome.CANCELLED) is None


def test_failed_and_doubt_are_said_by_a_code_that_has_no_other_meaning() -> None:
    made, _ = _table('[grpc]\nFAILED_PRECONDITION = "picked_up"\nINTERNAL = "failed"\n')

    assert SILENT.failure(Outcome.FAILED) == Failure(code="FAILED_PRECONDITION")
    assert SILENT.failure(Outcome.IN_DOUBT) == Failure(code="INTERNAL")
    assert made.failure(Outcome.FAILED) == Failure(code="INTERNAL")
    assert made.failure(Outcome.IN_DOUBT) == Failure(code="UNAVAILABLE")


def test_the_table_for_people_holds_every_code_and_every_reason() -> None:
    made, _ = _table('[grpc.reasons]\nVAN = "picked_up"\n')

    assert [row.word for row in made.rows()] == [*CODES, "VAN"]


TEXTS = """
[grpc]
UNKNOWN = "failed"
FAILED_PRECONDITION = "lookup"
[grpc.reasons]
"d/VAN" = "unsupported"
[[grpc.texts]]
code = "UNKNOWN"
contains = ["Picked up", "已揽收"]
outcome = "picked_up"
[[grpc.texts]]
code = "UNKNOWN"
contains = ["signed  for"]
outcome = "invalid"
[[grpc.texts]]
code = "FAILED_PRECONDITION"
contains = ["picked up"]
outcome = "lookup"
"""


@pytest.mark.parametrize(
    ("code", "reasons", "text", "outcome"),
    [
        ("UNKNOWN", (), "parcel 7 was ALREADY PICKED UP.", Outcome.PICKED_UP),
        ("UNKNOWN", (), "运单已揽收", Outcome.PICKED_UP),
        ("UNKNOWN", (), "it was signed for", Outcome.INVALID),
        # The first block of the file that matches, whatever stands first in the text.
        ("UNKNOWN", (), "signed for, after it was picked up", Outcome.PICKED_UP),
        # A reason before a text, a text before the code.
        ("UNKNOWN", ("d/VAN",), "picked up", Outcome.UNSUPPORTED),
        ("UNKNOWN", ("d/OTHER",), "picked up", Outcome.PICKED_UP),
        ("UNKNOWN", (), "closed", Outcome.FAILED),
        ("UNKNOWN", (), "", Outcome.FAILED),
        # A text counts with its own code only.
        ("NOT_FOUND", (), "picked up", Outcome.FAILED),
        ("INTERNAL", (), "picked up", Outcome.IN_DOUBT),
    ],
)
def test_a_reason_decides_before_a_text_and_a_text_before_the_code(
    code: str, reasons: tuple[str, ...], text: str, outcome: Outcome
) -> None:
    made, _ = _table(TEXTS)

    assert made.answer(code, reasons, text).outcome is outcome


def test_a_call_whose_meaning_is_lookup_was_refused_and_is_looked_up() -> None:
    made, _ = _table(TEXTS)

    assert made.answer("FAILED_PRECONDITION", (), "no") == CarrierAnswer(
        outcome=Outcome.IN_DOUBT, status="FAILED_PRECONDITION", doubt=Doubt.REFUSED_LOOK
    )


def test_a_meaning_is_said_by_a_call_that_is_read_back_as_it() -> None:
    made, _ = _table(TEXTS)

    for means in (Outcome.PICKED_UP, Outcome.INVALID, Outcome.FAILED, Doubt.REFUSED_LOOK):
        # A text of the stub's own that would say something else is left out.
        for words in ("", "the courier has picked up the parcel", "it was signed for"):
            said = made.failure(means, words)
            assert said is not None
            assert made.meaning(said.code, said.reasons, said.text)[0] is means
    assert made.failure(Outcome.FAILED, "no") == Failure(code="UNKNOWN", text="no")
    assert made.failure(Outcome.INVALID, "no") == Failure(code="UNKNOWN", text="signed  for")


def test_what_calls_may_come_to_holds_the_lookups_answers_too() -> None:
    bare, _ = _table('[grpc]\nNOT_FOUND = "not_found"\n')
    looking, _ = _table('[grpc]\nABORTED = "lookup"\n')

    assert bare.outcomes == {Outcome.NOT_FOUND}
    assert looking.outcomes == {
        Outcome.PICKED_UP,
        Outcome.INVALID,
        Outcome.NOT_FOUND,
        Outcome.ALREADY_CANCELLED,
        Outcome.FAILED,
    }


def test_the_table_for_people_ends_with_every_text() -> None:
    made, _ = _table(TEXTS)

    rows = made.rows()

    assert [(row.word, row.means) for row in rows[16:]] == [
        ("d/VAN", Outcome.UNSUPPORTED),
        ('UNKNOWN "Picked up"', Outcome.PICKED_UP),
        ('UNKNOWN "已揽收"', Outcome.PICKED_UP),
        ('UNKNOWN "signed  for"', Outcome.INVALID),
        ('FAILED_PRECONDITION "picked up"', Doubt.REFUSED_LOOK),
    ]
    assert {row.word: row.means for row in rows}["FAILED_PRECONDITION"] is Doubt.REFUSED_LOOK
