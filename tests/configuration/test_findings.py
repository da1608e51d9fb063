from __future__ import annotations

from adapter.configuration.findings import Finding, SettingsFaults, Severity, has_errors

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


def test_a_finding_reads_as_one_paragraph() -> None:
    assert str(FINDING) == ("error: adapter.toml, line 3, column 7, edge.path: is wrong. Mend it.")
    assert str(NOTE) == "note: the carrier: has no reflection."


def test_faults_hold_and_say_every_finding() -> None:
    faults = SettingsFaults([FINDING, NOTE])

    assert faults.findings == (FINDING, NOTE)
    assert str(faults) == f"{FINDING}\n{NOTE}"


def test_only_an_error_keeps_serve_from_starting() -> None:
    assert has_errors([NOTE, FINDING])
    assert not has_errors([NOTE])
