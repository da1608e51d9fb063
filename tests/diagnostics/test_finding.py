from __future__ import annotations

import ast
from pathlib import Path

import pytest

from adapter.diagnostics.finding import Finding, Findings, Severity, has_errors, meant, nearest

ROOT = Path(__file__).resolve().parents[2]

FINDING = Finding(
    severity=Severity.ERROR,
    source="adapter.toml",
    key="edge.path",
    line=3,
    column=7,
    message="is wrong.",
    hint="Mend it.",
)
NOTE = Finding(severity=Severity.NOTE, source="the carrier", message="has no reflection.")


@pytest.mark.parametrize("name", ["Finding", "Findings", "Severity", "CannotStart"])
def test_there_is_one_class_of_each_name(name: str) -> None:
    defined = [
        str(module.relative_to(ROOT))
        for folder in ("adapter", "legacy_stub", "bench")
        for module in sorted(ROOT.joinpath(folder).rglob("*.py"))
        for node in ast.walk(ast.parse(module.read_text()))
        if isinstance(node, ast.ClassDef) and node.name == name
    ]

    assert len(defined) == 1
    assert defined[0].startswith("adapter/diagnostics/")


def test_a_finding_reads_as_one_paragraph() -> None:
    assert str(FINDING) == ("error: adapter.toml, line 3, column 7, edge.path: is wrong. Mend it.")
    assert str(NOTE) == "note: the carrier: has no reflection."
    assert str(Finding(message="is odd")) == "error: is odd."


@pytest.mark.parametrize(
    ("message", "shown"),
    [("is odd", "is odd."), ("is odd.", "is odd."), ("why?", "why?"), ("two\nlines", "two\nlines")],
)
def test_a_message_ends_with_one_full_stop(message: str, shown: str) -> None:
    assert Finding(message=message).message == shown


def test_only_an_error_keeps_serve_from_starting() -> None:
    assert has_errors([NOTE, FINDING])
    assert not has_errors([NOTE])


def test_a_key_without_a_line_stands_at_its_section() -> None:
    findings = Findings(source="m.toml", lines={"status": 4, "status.field": 5})

    findings.error("status.outcomes.X", "one")
    findings.warning("status.field", "two")
    findings.note("nowhere", "three")
    findings.error("status", "four", line=9, column=2)

    assert [(finding.line, finding.message) for finding in findings.ordered()] == [
        (None, "three."),
        (4, "one."),
        (5, "two."),
        (9, "four."),
    ]
    assert {finding.source for finding in findings.found} == {"m.toml"}


def test_only_errors_stop() -> None:
    findings = Findings()
    findings.note("a", "x")
    findings.warning("a", "x")
    assert not findings.has_errors

    findings.error("a", "x")

    assert findings.has_errors


@pytest.mark.parametrize(
    ("word", "known", "hint"),
    [
        ("WaybillID", ("OrderID", "WayBillID"), 'Did you mean "WayBillID"?'),
        ("pickedup", ("invalid", "picked_up"), 'Did you mean "picked_up"?'),
        ("zzz", ("a", "b", "a"), "Choose from: a, b."),
        ("zzz", tuple(f"n{n}" for n in range(13)), None),
        ("zzz", (), ""),
    ],
)
def test_the_nearest_name_is_offered_whatever_its_case(
    word: str, known: tuple[str, ...], hint: str | None
) -> None:
    found = meant(word, known)

    if hint is None:
        assert found.endswith("n11, ….")
    else:
        assert found == hint


def test_only_a_near_name_was_meant() -> None:
    assert nearest("listn", ["listen", "path"]) == "listen"
    assert nearest("xyzzy", ["listen", "path"]) == ""
