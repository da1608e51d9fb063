from __future__ import annotations

import grpc
import pytest

from adapter.cancellation.model import CarrierAnswer, Doubt, Outcome
from adapter.carrier.mapping.grpc_status import (
    CODES,
    DEFINITE,
    IN_DOUBT,
    LOST_CONNECTION,
    RefusalTable,
    table,
)
from adapter.carrier.mapping.values import Failure
from adapter.diagnostics.finding import Severity
from adapter.diagnostics.table import read

SILENT = RefusalTable(codes={}, reasons={})


def _table(text: str) -> tuple[RefusalTable, list[tuple[Severity, str]]]:
    root = read(text.encode())
    made = table(root.table("grpc"))
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


@pytest.mark.parametrize("code", IN_DOUBT)
def test_a_promise_about_a_code_of_doubt_is_a_warning_and_as_success_an_error(code: str) -> None:
    assert _table(f'[grpc]\n{code} = "failed"\n')[1] == [(Severity.WARNING, f"grpc.{code}")]
    assert _table(f'[grpc]\n{code} = "in_doubt"\n')[1] == []
    assert _table(f'[grpc]\n{code} = "cancelled"\n')[1] == [(Severity.ERROR, f"grpc.{code}")]


@pytest.mark.parametrize("name", ["UNAVAILABLE/BUSY", "UNAVAILABLE.BUSY", "INTERNAL/x"])
def test_a_promise_about_a_reason_of_such_a_code_is_the_same_warning(name: str) -> None:
    code = name.replace("/", ".").partition(".")[0]
    root = read(f'[grpc.reasons]\n"{name}" = "invalid"\n'.encode())

    table(root.table("grpc"))

    (finding,) = root.findings.found
    assert (finding.severity, finding.key) == (Severity.WARNING, f"grpc.reasons.{name}")
    assert finding.message.startswith(f"{code} may follow the effect")


def test_a_reason_without_a_domain_is_a_warning_and_one_with_it_is_not() -> None:
    _, bare = _table('[grpc.reasons]\nHELD = "picked_up"\n')
    _, whole = _table('[grpc.reasons]\n"a.b/HELD" = "picked_up"\n"ABORTED/X" = "in_doubt"\n')

    assert (bare, whole) == ([(Severity.WARNING, "grpc.reasons.HELD")], [])


@pytest.mark.parametrize("row", ['UNIMPLEMENTED = "unsupported"', 'ALREADY_EXISTS = "cancelled"'])
def test_unusual_rows_are_warnings(row: str) -> None:
    ((severity, _),) = _table(f"[grpc]\n{row}\n")[1]

    assert severity is Severity.WARNING


def test_unknown_codes_and_outcomes_are_errors_and_not_in_the_table() -> None:
    made, found = _table('[grpc]\nOK = "failed"\nNOT_FOUND = "gone"\n[grpc.reasons]\nX = "y"\n')

    assert made == SILENT
    assert [key for _, key in found] == ["grpc.OK", "grpc.NOT_FOUND", "grpc.reasons.X"]


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


def test_no_section_is_an_empty_table() -> None:
    assert table(None) == SILENT
