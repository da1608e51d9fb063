from __future__ import annotations

from pathlib import Path

import pytest

from adapter.diagnostics import table as tables
from adapter.diagnostics.finding import Finding, Findings
from adapter.diagnostics.table import Table, UnusableFile, parse, read


def _refused(source: bytes | Path) -> Finding:
    with pytest.raises(UnusableFile) as raised:
        read(source)
    (finding,) = raised.value.findings
    return finding


def _messages(findings: Findings) -> list[str]:
    return [f"{finding.key}: {finding.message}" for finding in findings.found]


def test_a_file_and_its_bytes_read_the_same(tmp_path: Path) -> None:
    file = tmp_path / "mapping.toml"
    file.write_bytes(b'\xef\xbb\xbfmethod = "a"\r\n')

    assert read(file).text("method") == read(file.read_bytes()).text("method") == "a"


def test_dotted_names_are_one_name_quoted_or_not() -> None:
    section = read(b'"a.b" = "1"\nc.d = "2"\n[e]\nf = "3"\n')

    assert section.texts() == {"a.b": "1", "c.d": "2", "e.f": "3"}


def test_a_name_in_both_spellings_stands_twice() -> None:
    section = read(b'"a.b" = "1"\na.b = "2"\n')

    section.texts()

    assert _messages(section.findings) == ["a.b: is defined twice, first on line 1."]


def test_what_is_no_text_is_an_error_and_the_rest_is_still_read() -> None:
    section = read(b'a = 1\nb = ["x"]\nc = "fine"\n')

    assert section.texts() == {"c": "fine"}
    assert _messages(section.findings) == [
        "a: must be text in quotes.",
        "b: must be text in quotes.",
    ]


def test_what_is_meant_as_a_constant_is_shown_as_one() -> None:
    section = read(b'a = 7\nb.c = true\nd = 0.5\ne = ["x"]\n')

    section.texts(constants=True)

    assert [finding.hint for finding in section.findings.found] == [
        'Write "=7".',
        'Write "=true".',
        'Write "=0.5".',
        "",
    ]


def test_an_absent_text_is_an_error_only_where_it_is_needed() -> None:
    section = Table("", {}, Findings())

    assert section.text("a") is None
    assert section.findings.found == []
    assert section.text("a", missing="Write one.") is None
    assert [str(finding) for finding in section.findings.found] == [
        "error: a: is missing. Write one."
    ]


def test_an_empty_text_and_a_number_are_no_texts() -> None:
    section = Table("s", {"a": "", "b": 5}, Findings())

    assert (section.text("a"), section.text("b")) == (None, None)
    assert _messages(section.findings) == [
        "s.a: must not be empty.",
        "s.b: must be text in quotes.",
    ]


def test_a_flag_is_true_only_when_it_says_so() -> None:
    section = Table("", {"yes": True, "no": False, "text": "true"}, Findings())

    assert [section.flag(name) for name in ("yes", "no", "absent", "text")] == [
        True,
        False,
        False,
        False,
    ]
    assert _messages(section.findings) == ["text: must be true or false."]


def test_a_section_that_is_no_table_or_is_missing_is_an_error() -> None:
    section = Table("", {"a": "x", "b": {}}, Findings())

    assert section.table("a") is None
    assert section.table("c") is None
    assert section.table("d", missing="Write it.") is None
    assert section.table("b") is not None
    assert _messages(section.findings) == [
        "a: must be a table, not a value.",
        "d: is missing.",
    ]


def test_an_unknown_key_comes_with_the_nearest() -> None:
    section = Table("status", {"feild": "x", "field": "y"}, Findings())

    section.refuse_unknown(("field", "message"))

    assert [str(finding) for finding in section.findings.found] == [
        'error: status.feild: unknown setting. Did you mean "field"?'
    ]


def test_what_is_no_toml_is_refused_with_its_line() -> None:
    finding = _refused(b'a = "x"\nb = \n')

    assert (finding.line, finding.column, finding.key) == (2, 5, "")
    assert finding.message.startswith("is not TOML: Invalid value.")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('a = "x"\nb = "y"\na = "z"\n', "line 3, a: is defined twice, first on line 1"),
        ('[s]\n"x.y" = "1"\n\n"x.y" = "2"\n', "line 4, s.x.y: is defined twice, first on line 2"),
        ('[s]\na = "1"\n[t]\n[s]\n', "line 4, s: is defined twice, first on line 1"),
    ],
)
def test_a_key_or_table_that_stands_twice_is_told_with_both_lines(text: str, told: str) -> None:
    assert str(_refused(text.encode())) == f"error: {told}. Remove one of the two."


def test_brackets_without_end_are_refused_like_any_other_fault() -> None:
    assert _refused(b"a = " + b"[" * 100_000).message.startswith("is not TOML")


def test_other_encodings_are_refused() -> None:
    assert _refused("method = 'é'".encode("latin-1")).message == "is not UTF-8 text."


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    finding = _refused(tmp_path / "absent.toml")

    assert finding.source.endswith("absent.toml")
    assert finding.message == "cannot be read: no such file or directory."


def test_a_file_that_is_far_too_big_is_not_parsed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "SIZE_LIMIT_BYTES", 3)
    file = tmp_path / "big.toml"
    file.write_text("a = 1")

    assert _refused(file).message == "is larger than 3 bytes."


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a = {x = 1, x = 2}", "line 1, a.x: is defined twice, first on line 1."),
        ("a = 1\n[a.b]\n", "line 2, a.b: is defined twice, first on line 1."),
        ("a.b = 1\n[a]\n", "line 2, a: is defined twice, first on line 1."),
        ("[t]\na.b = 1\na = 2\n", "line 3, t.a: is defined twice, first on line 2."),
        (
            'a = 1\nb = """\na = 2\n"""\na = """\n"""\n',
            "line 5, a: is defined twice, first on line 1.",
        ),
        (
            "[[l]]\nx = 1\n[[l]]\nx = 1\nx = 2\n",
            "line 5, l 2.x: is defined twice, first on line 4.",
        ),
        ("a = {b = 1}\na.c = 2\n", "line 2, a.c: is defined twice, first on line 1."),
        ("[a]\nb = {c = 1}\n[a.b]\n", "line 3, a.b: is defined twice, first on line 2."),
        ("l = [1]\n[[l]]\n", "line 2, l: is defined twice, first on line 1."),
    ],
)
def test_whatever_toml_calls_it_it_stands_twice(text: str, told: str) -> None:
    assert str(_refused(text.encode())) == f"error: {told} Remove one of the two."


def test_texts_numbers_and_tables_are_read() -> None:
    top = read(b'name = "SF1"\nchance = 0.5\n[inner]\nwait = 3\n')

    assert (top.text("name"), top.number("chance", default=0)) == ("SF1", 0.5)
    assert top.table("inner") == Table("inner", {"wait": 3}, top.findings)
    assert top.number("absent", default=7) == 7
    assert top.findings.found == []


def test_every_table_of_a_list_is_read_in_order() -> None:
    top = read(b'[[rows]]\nx = "a"\n[[rows]]\nx = "b"\n')

    assert [table.text("x") for table in top.tables("rows")] == ["a", "b"]


def test_all_faults_of_a_file_are_gathered() -> None:
    top = read(
        b'name = 3\nchance = "x"\nrows = [1]\nlist = 5\ninner = 1\nflag = true\nkind = "z"\n'
    )

    top.text("name")
    top.number("chance", default=0)
    top.number("flag", default=0)
    list(top.tables("rows"))
    list(top.tables("list"))
    top.table("inner")
    top.one_of("kind", ["a", "b"])
    top.refuse_unknown(["name", "chance", "rows", "list", "inner", "flag"])

    assert [str(finding) for finding in top.findings.ordered()] == [
        "error: line 1, name: must be text in quotes.",
        "error: line 2, chance: must be a number. Write it without quotes.",
        "error: line 3, rows 1: must be a table, not a value. "
        "Write [[rows]] on a line of its own and its keys below.",
        "error: line 4, list: must be a list of tables. "
        "Write [[list]] on a line of its own for each.",
        "error: line 5, inner: must be a table, not a value. "
        "Write [inner] on a line of its own and its keys below.",
        "error: line 6, flag: must be a number.",
        "error: line 7, kind: must be one of a, b. Choose from: a, b.",
        "error: line 7, kind: unknown setting. Choose from: name, chance, rows, list, inner, flag.",
    ]


def test_a_source_that_is_no_file_goes_by_its_name() -> None:
    findings = Findings(source="the shipped mapping")

    assert parse(b"a = 1 1", findings) is None
    assert findings.found[0].where == "the shipped mapping, line 1, column 7"
