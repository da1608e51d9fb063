from __future__ import annotations

import pytest

from adapter.carrier.findings import (
    ContractFault,
    Finding,
    Findings,
    MappingFaults,
    Severity,
    nearest,
)


@pytest.mark.parametrize(
    ("word", "known", "hint"),
    [
        ("WaybillID", ("OrderID", "WayBillID"), 'Did you mean "WayBillID"?'),
        ("pickedup", ("invalid", "picked_up"), 'Did you mean "picked_up"?'),
        ("zzz", ("a", "b", "a"), "There is: a, b."),
        ("zzz", tuple(f"n{n}" for n in range(13)), None),
        ("zzz", (), ""),
    ],
)
def test_the_nearest_name_is_offered_whatever_its_case(
    word: str, known: tuple[str, ...], hint: str | None
) -> None:
    found = nearest(word, known)

    if hint is None:
        assert found.endswith("n11, ….")
    else:
        assert found == hint


def test_a_finding_reads_as_a_line_a_key_a_fault_and_a_way_out() -> None:
    finding = Finding(severity=Severity.ERROR, key="a.b", line=3, message="is wrong", hint="Mend.")

    assert str(finding) == "line 3: a.b: is wrong. Mend."
    assert str(Finding(severity=Severity.NOTE, key="a", line=0, message="is odd")) == "a: is odd."


def test_a_key_without_a_line_stands_at_its_section() -> None:
    findings = Findings(lines={"status": 4, "status.field": 5})

    findings.error("status.outcomes.X", "one")
    findings.warning("status.field", "two")
    findings.note("nowhere", "three")

    assert [(finding.line, finding.message) for finding in findings.ordered()] == [
        (0, "three"),
        (4, "one"),
        (5, "two"),
    ]


def test_only_errors_stop() -> None:
    findings = Findings()
    findings.note("a", "x")
    findings.warning("a", "x")
    assert not findings.has_errors

    findings.error("a", "x")

    assert findings.has_errors


def test_faults_print_every_finding_on_a_line_of_its_own() -> None:
    findings = Findings()
    findings.error("a", "x")
    findings.note("b", "y", "Z.")

    assert str(MappingFaults(findings.found)) == "a: x.\nb: y. Z."


def test_a_contract_fault_says_what_to_do_if_it_knows() -> None:
    assert str(ContractFault("it is empty")) == "it is empty"
    assert str(ContractFault("it is empty", hint="Compile it.")) == "it is empty. Compile it."
