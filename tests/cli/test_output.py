from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterable
from dataclasses import replace
from io import StringIO

import pytest

from adapter.cancellation.errors import LedgerUnavailable
from adapter.cli.output import (
    REPLACING,
    aligned,
    json_for,
    or_refuse,
    prepare_streams,
    refuse,
    show_findings,
    visible,
)
from adapter.diagnostics.cannot_start import CannotStart
from adapter.diagnostics.finding import Finding, Severity


def stream(encoding: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding=encoding, newline="")


def written(text: str, encoding: str) -> str:
    return text.encode(encoding, REPLACING).decode(encoding)


def test_columns_stand_below_each_other_in_chinese_too() -> None:
    assert aligned([("运单", "a"), ("x", "b")]) == ["运单  a", "x     b"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("运单 1", "运单 1"),
        ("a\x1b[2J", "a\\x1b[2J"),
        ("\u202e", "\\u202e"),
        ("a\x1b[2J\u202eb 运单", "a\\x1b[2J\\u202eb 运单"),
    ],
)
def test_a_senders_text_cannot_act_on_a_terminal(text: str, said: str) -> None:
    assert visible(text) == said


@pytest.mark.parametrize(
    ("text", "encoding", "said"),
    [
        ("✓ 运单", "utf-8", "✓ 运单"),
        ("✓ 运单", "gbk", "+ 运单"),
        ("✓ 运单 é", "latin-1", "+ ???? é"),
        ("✗ e\u0301→", "ascii", "x e>"),
        ("\udcff", "utf-8", "?"),
    ],
)
def test_what_an_encoding_lacks_has_a_stand_in_of_its_width(
    text: str, encoding: str, said: str
) -> None:
    assert written(text, encoding) == said


def test_what_cannot_be_read_is_not_replaced() -> None:
    with pytest.raises(UnicodeDecodeError):
        b"\xff".decode("utf-8", REPLACING)


@pytest.mark.parametrize("encoding", ["utf-8", "gbk", "latin-1", "ascii"])
def test_json_is_complete_in_every_encoding(encoding: str) -> None:
    value = {"text": "运单 ✓ é 😀"}

    text = json_for(stream(encoding), json.dumps(value, ensure_ascii=False))

    assert json.loads(text.encode(encoding).decode(encoding)) == value


def test_the_streams_of_a_program_replace(monkeypatch: pytest.MonkeyPatch) -> None:
    out, nobody = stream("ascii"), io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", nobody)

    prepare_streams()

    assert (out.errors, nobody.errors) == (REPLACING, None)


# Findings


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

    show_findings(FINDINGS, stream=stream)

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

    show_findings(FINDINGS, stream=stream)

    shown = stream.getvalue()
    assert "what to do" in shown
    assert "is [bold]odd[/bold]." in shown
    assert "Write [carrier.tls]." in shown


def test_nothing_is_written_of_nothing() -> None:
    stream = Terminal()

    show_findings([], stream=stream)

    assert stream.getvalue() == ""


def test_refusing_ends_with_2_and_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        refuse(FINDINGS[:1])

    assert ended.value.code == 2
    assert capsys.readouterr().err == f"{FINDINGS[0]}\n"


def test_a_narrow_terminal_loses_no_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    stream = Terminal()

    show_findings(FINDINGS[:1], stream=stream)

    assert "…" not in stream.getvalue()


def test_what_keeps_a_command_from_its_work_ends_it_with_2(
    capsys: pytest.CaptureFixture[str],
) -> None:
    elsewhere = Finding(source="o.toml", key="a", line=1, message="is odd")

    with pytest.raises(SystemExit) as ended, or_refuse("waybridge try"):
        raise CannotStart((elsewhere, Finding(key="b", message="is missing")))

    assert ended.value.code == 2
    assert capsys.readouterr().err == (
        "error: o.toml, line 1, a: is odd.\n\nerror: waybridge try, b: is missing.\n"
    )


def test_whoever_knows_the_file_names_it_for_a_command(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def placed(findings: Iterable[Finding]) -> Iterable[Finding]:
        return [replace(finding, source="adapter.toml", line=7) for finding in findings]

    with pytest.raises(SystemExit), or_refuse("waybridge try", placed=placed):
        raise CannotStart("is taken", key="edge.listen", hint="Stop it.")

    assert capsys.readouterr().err == (
        "error: adapter.toml, line 7, edge.listen: is taken. Stop it.\n"
    )


def test_a_ledger_that_went_away_ends_a_command_too(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit), or_refuse("waybridge ledger prune"):
        raise LedgerUnavailable("locked")

    assert capsys.readouterr().err == "error: waybridge ledger prune: locked.\n"


def test_what_is_our_own_mistake_is_not_swallowed() -> None:
    with pytest.raises(KeyError), or_refuse("waybridge try"):
        raise KeyError("ours")
