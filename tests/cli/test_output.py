from __future__ import annotations

import io
import json
import sys

import pytest

from adapter.cli.output import REPLACING, aligned, json_for, prepare_streams, visible


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
