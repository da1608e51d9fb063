from __future__ import annotations

from io import StringIO

import pytest

from adapter.cli.findings import refuse, show
from adapter.configuration.findings import Finding, Severity

FINDINGS = tuple(
    Finding(
        severity=severity,
        source="adapter.toml",
        key="carrier.tls",
        line=4,
        message="is [bold]odd[/bold].",
        hint="Write [carrier.tls].",
    )
    for severity in Severity
)


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_each_finding_is_a_paragraph_where_nobody_looks() -> None:
    stream = StringIO()

    show(FINDINGS, stream=stream)

    assert stream.getvalue() == (
        "error: adapter.toml, line 4, carrier.tls: is [bold]odd[/bold]. Write [carrier.tls].\n\n"
        "warning: adapter.toml, line 4, carrier.tls: is [bold]odd[/bold]. Write [carrier.tls].\n\n"
        "note: adapter.toml, line 4, carrier.tls: is [bold]odd[/bold]. Write [carrier.tls].\n"
    )


def test_a_terminal_gets_a_table_without_markup_read_from_messages(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    stream = Terminal()

    show(FINDINGS, stream=stream)

    shown = stream.getvalue()
    assert "what to do" in shown
    assert "is [bold]odd[/bold]." in shown
    assert "Write [carrier.tls]." in shown


def test_nothing_is_written_of_nothing() -> None:
    stream = Terminal()

    show([], stream=stream)

    assert stream.getvalue() == ""


def test_refusing_ends_with_2_and_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        refuse(FINDINGS[:1])

    assert ended.value.code == 2
    assert capsys.readouterr().err == f"{FINDINGS[0]}\n"


def test_a_narrow_terminal_loses_no_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    stream = Terminal()

    show(FINDINGS[:1], stream=stream)

    assert "…" not in stream.getvalue()
