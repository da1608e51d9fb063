from __future__ import annotations

from pathlib import Path

import pytest

from adapter.carrier import document
from adapter.carrier.document import Section, lines_of, read
from adapter.carrier.findings import Finding, Findings, MappingFaults

TEXT = """\
# a comment = "no key"
method = "a"
[request]
"header.trace_no" = "x"
merchant . code = "y"
'one.two' = "z"

[status.outcomes]  # behind a header
  OK = "cancelled"
[[list]]
"""


def _refused(source: bytes | Path) -> Finding:
    with pytest.raises(MappingFaults) as raised:
        read(source)
    (finding,) = raised.value.findings
    return finding


def _messages(findings: Findings) -> list[str]:
    return [f"{finding.key}: {finding.message}" for finding in findings.found]


def test_every_key_and_header_has_its_line_however_it_is_quoted() -> None:
    assert lines_of(TEXT) == {
        "method": 2,
        "request": 3,
        "request.header.trace_no": 4,
        "request.merchant.code": 5,
        "request.one.two": 6,
        "status.outcomes": 8,
        "status.outcomes.OK": 9,
        "list": 10,
    }


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

    assert _messages(section.findings) == ["a.b: stands twice"]


def test_what_is_no_text_is_an_error_and_the_rest_is_still_read() -> None:
    section = read(b'a = 1\nb = ["x"]\nc = "fine"\n')

    assert section.texts() == {"c": "fine"}
    assert _messages(section.findings) == [
        "a: must be a text in quotes",
        "b: must be a text in quotes",
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
    section = Section("", {}, Findings())

    assert section.text("a") is None
    assert section.findings.found == []
    assert section.text("a", missing="Write one.") is None
    assert [str(finding) for finding in section.findings.found] == ["a: is missing. Write one."]


def test_an_empty_text_and_a_number_are_no_texts() -> None:
    section = Section("s", {"a": "", "b": 5}, Findings())

    assert (section.text("a"), section.text("b")) == (None, None)
    assert _messages(section.findings) == [
        "s.a: must be a text that is not empty",
        "s.b: must be a text that is not empty",
    ]


def test_a_flag_is_true_only_when_it_says_so() -> None:
    section = Section("", {"yes": True, "no": False, "text": "true"}, Findings())

    assert [section.flag(name) for name in ("yes", "no", "absent", "text")] == [
        True,
        False,
        False,
        False,
    ]
    assert _messages(section.findings) == ["text: must be true or false, without quotes"]


def test_a_section_that_is_no_table_or_is_missing_is_an_error() -> None:
    section = Section("", {"a": "x", "b": {}}, Findings())

    assert section.section("a") is None
    assert section.section("c") is None
    assert section.section("d", missing="Write it.") is None
    assert section.section("b") is not None
    assert _messages(section.findings) == ["a: must be a table: [a]", "d: is missing"]


def test_an_unknown_key_comes_with_the_nearest() -> None:
    section = Section("status", {"feild": "x", "field": "y"}, Findings())

    section.refuse_unknown(("field", "message"))

    assert [str(finding) for finding in section.findings.found] == [
        'status.feild: nothing is known by this name. Did you mean "field"?'
    ]


def test_what_is_no_toml_is_refused_with_its_line() -> None:
    finding = _refused(b'a = "x"\nb = \n')

    assert (finding.line, finding.key) == (2, "mapping")
    assert finding.message.startswith("is not TOML: Invalid value (at line 2")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('a = "x"\nb = "y"\na = "z"\n', "line 3: a: stands twice, first on line 1"),
        ('[s]\n"x.y" = "1"\n\n"x.y" = "2"\n', "line 4: s.x.y: stands twice, first on line 2"),
        ('[s]\na = "1"\n[t]\n[s]\n', "line 4: s: stands twice, first on line 1"),
    ],
)
def test_a_key_or_table_that_stands_twice_is_told_with_both_lines(text: str, told: str) -> None:
    assert str(_refused(text.encode())) == f"{told}. Keep one of the two."


def test_brackets_without_end_are_refused_like_any_other_fault() -> None:
    assert _refused(b"a = " + b"[" * 100_000).message.startswith("is not TOML")


def test_other_encodings_are_refused() -> None:
    assert _refused("method = 'é'".encode("latin-1")).message == "is not UTF-8 text"


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    message = _refused(tmp_path / "absent.toml").message

    assert message.endswith("absent.toml cannot be read: No such file or directory")


def test_a_file_that_is_far_too_big_is_not_parsed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(document, "SIZE_LIMIT_BYTES", 3)
    file = tmp_path / "big.toml"
    file.write_text("a = 1")

    assert _refused(file).message.endswith("big.toml is over 3 bytes")
