from __future__ import annotations

import pytest

from adapter.cancellation.model import Fact
from adapter.carrier.mapping.grpc_section import failed_lookups, refusals
from adapter.carrier.mapping.grpc_status import IN_DOUBT, LOST_CONNECTION, RefusalTable
from adapter.diagnostics.finding import Severity
from adapter.diagnostics.table import read

SILENT = RefusalTable(codes={}, reasons={})
ERROR, WARNING = Severity.ERROR, Severity.WARNING
PICKED_UP = """
[[grpc.texts]]
code = "UNKNOWN"
contains = ["picked up"]
outcome = "picked_up"
"""


def _read(text: str, *, has_lookup: bool = True) -> tuple[RefusalTable, list[tuple[Severity, str]]]:
    root = read(text.encode())
    made = refusals(root.table("grpc"), has_lookup=has_lookup)
    return made, [(finding.severity, finding.key) for finding in root.findings.found]


def _words(text: str, *, has_lookup: bool = True) -> list[str]:
    root = read(text.encode())
    refusals(root.table("grpc"), has_lookup=has_lookup)
    return [str(finding) for finding in root.findings.ordered()]


@pytest.mark.parametrize("code", IN_DOUBT)
def test_a_promise_about_a_code_of_doubt_is_a_warning_and_as_success_an_error(code: str) -> None:
    assert _read(f'[grpc]\n{code} = "failed"\n')[1] == [(Severity.WARNING, f"grpc.{code}")]
    assert _read(f'[grpc]\n{code} = "in_doubt"\n')[1] == []
    assert _read(f'[grpc]\n{code} = "cancelled"\n')[1] == [(Severity.ERROR, f"grpc.{code}")]


@pytest.mark.parametrize("name", ["UNAVAILABLE/BUSY", "UNAVAILABLE.BUSY", "INTERNAL/x"])
def test_a_promise_about_a_reason_of_such_a_code_is_the_same_warning(name: str) -> None:
    code = name.replace("/", ".").partition(".")[0]
    root = read(f'[grpc.reasons]\n"{name}" = "invalid"\n'.encode())

    refusals(root.table("grpc"), has_lookup=True)

    (finding,) = root.findings.found
    assert (finding.severity, finding.key) == (Severity.WARNING, f"grpc.reasons.{name}")
    assert finding.message.startswith(f"{code} may follow the effect")


def test_a_reason_without_a_domain_is_a_warning_and_one_with_it_is_not() -> None:
    _, bare = _read('[grpc.reasons]\nHELD = "picked_up"\n')
    _, whole = _read('[grpc.reasons]\n"a.b/HELD" = "picked_up"\n"ABORTED/X" = "in_doubt"\n')

    assert (bare, whole) == ([(Severity.WARNING, "grpc.reasons.HELD")], [])


@pytest.mark.parametrize("row", ['UNIMPLEMENTED = "unsupported"', 'ALREADY_EXISTS = "cancelled"'])
def test_unusual_rows_are_warnings(row: str) -> None:
    ((severity, _),) = _read(f"[grpc]\n{row}\n")[1]

    assert severity is Severity.WARNING


def test_unknown_codes_and_outcomes_are_errors_and_not_in_the_read() -> None:
    made, found = _read('[grpc]\nOK = "failed"\nNOT_FOUND = "gone"\n[grpc.reasons]\nX = "y"\n')

    assert made == SILENT
    assert [key for _, key in found] == ["grpc.OK", "grpc.NOT_FOUND", "grpc.reasons.X"]


def test_no_section_is_an_empty_table() -> None:
    assert refusals(None, has_lookup=False) == SILENT
    assert failed_lookups(None).codes == {}


# Texts


def test_a_text_of_a_code_in_doubt_is_the_carriers_word_and_no_warning() -> None:
    made, found = _read(PICKED_UP)

    assert [row.contains for row in made.texts] == [("picked up",)]
    assert found == []


@pytest.mark.parametrize("code", LOST_CONNECTION)
def test_a_text_of_a_lost_connection_is_a_promise_like_its_code(code: str) -> None:
    assert _read(PICKED_UP.replace("UNKNOWN", code))[1] == [(WARNING, "grpc.texts 1.code")]


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ('"UNKNOWN"', '"OK"', "line 3, grpc.texts 1.code: is not a gRPC code of a failed call."),
        ('"UNKNOWN"', '"UNKNWON"', 'line 3, grpc.texts 1.code: is not a gRPC code of a'),
        ('"UNKNOWN"', "2", "line 3, grpc.texts 1.code: must be text in quotes."),
        ('code = "UNKNOWN"\n', "", "line 2, grpc.texts 1.code: is missing."),
        ('contains = ["picked up"]\n', "", "line 2, grpc.texts 1.contains: is missing."),
        ('["picked up"]', "[]", "line 4, grpc.texts 1.contains: must not be empty."),
        ('["picked up"]', '"picked up"', "line 4, grpc.texts 1.contains: must be a list of texts"),
        ('["picked up"]', "[1]", "line 4, grpc.texts 1.contains: must be a list of texts"),
        ('["picked up"]', '["x", " "]', "line 4, grpc.texts 1.contains: must not hold an empty"),
        ('["picked up"]', '["on van", "On  Van"]', "line 4, grpc.texts 1.contains: lists a text"),
        ('"picked_up"', '"cancelled"', "line 5, grpc.texts 1.outcome: the text of a failed call"),
        ('"picked_up"', '"gone"', 'line 5, grpc.texts 1.outcome: "gone" is not a valid meaning.'),
        ('outcome = "picked_up"\n', "", "line 2, grpc.texts 1.outcome: is missing."),
        ("outcome =", "means =", "line 5, grpc.texts 1.means: unknown setting."),
    ],
)  # fmt: skip
def test_a_slip_in_a_block_of_texts_is_an_error_with_its_line(
    old: str, new: str, line: str
) -> None:
    assert old in PICKED_UP

    words = _words(PICKED_UP.replace(old, new, 1))

    assert any(said.startswith(f"error: {line}") for said in words), words


def test_texts_that_are_no_list_are_an_error() -> None:
    assert _read('[grpc]\ntexts = "x"\n')[1] == [(ERROR, "grpc.texts")]


@pytest.mark.parametrize("outcome", ["picked_up", "invalid"])
def test_a_text_that_is_listed_twice_is_an_error(outcome: str) -> None:
    second = PICKED_UP.replace('"picked up"', '"PICKED UP"').replace("picked_up", outcome)

    (words,) = _words(PICKED_UP + second)

    assert words.startswith('error: line 9, grpc.texts 2.contains: "picked up" is listed in')


def test_a_text_that_an_earlier_block_always_answers_is_an_error() -> None:
    longer = PICKED_UP.replace("picked up", "never picked up").replace("picked_up", "invalid")

    (words,) = _words(PICKED_UP + longer)

    assert "never decides: grpc.texts 1 comes first" in words
    assert _words(longer + PICKED_UP) == []
    assert _words(PICKED_UP + longer.replace("UNKNOWN", "INTERNAL")) == []


@pytest.mark.parametrize("text", ["stream removed", "Connection reset", "error", "closed"])
def test_a_text_that_libraries_and_proxies_say_too_is_a_warning(text: str) -> None:
    assert _read(PICKED_UP.replace("picked up", text))[1] == [(WARNING, "grpc.texts 1.contains")]


# "lookup"


def test_lookup_is_a_meaning_of_codes_reasons_and_texts_where_there_is_one() -> None:
    text = '[grpc]\nABORTED = "lookup"\nNOT_FOUND = "lookup"\n[grpc.reasons]\n"d/X" = "lookup"\n'
    text += PICKED_UP.replace("picked_up", "lookup")

    with_lookup = _read(text)[1]
    without = _read(text, has_lookup=False)[1]

    assert with_lookup == [(WARNING, "grpc.ABORTED")]  # the carrier's promise
    assert [key for severity, key in without if severity is ERROR] == [
        "grpc.ABORTED",
        "grpc.NOT_FOUND",
        "grpc.reasons.d/X",
        "grpc.texts 1.outcome",
    ]


def test_lookup_without_one_is_told_with_its_line_and_a_way_out() -> None:
    (words,) = _words('[grpc]\nNOT_FOUND = "lookup"\n', has_lookup=False)

    assert words == (
        'error: line 2, grpc.NOT_FOUND: "lookup" asks the [lookup], and this mapping has none. '
        "Add a [lookup], or write what this failed call means."
    )


# [lookup.grpc]


def _facts(text: str) -> tuple[dict[str, Fact], list[tuple[Severity, str]]]:
    root = read(text.encode())
    lookup = root.table("lookup")
    assert lookup is not None
    made = failed_lookups(lookup.table("grpc"))
    return dict(made.codes), [(finding.severity, finding.key) for finding in root.findings.found]


def test_a_failed_lookup_may_say_a_fact() -> None:
    assert _facts('[lookup.grpc]\nNOT_FOUND = "not_found"\n') == (
        {"NOT_FOUND": Fact.NOT_FOUND},
        [],
    )


@pytest.mark.parametrize("outcome", ["lookup", "unsupported", "in_doubt", "gone"])
def test_only_a_fact_is_a_meaning_of_a_failed_lookup(outcome: str) -> None:
    assert _facts(f'[lookup.grpc]\nNOT_FOUND = "{outcome}"\n') == (
        {},
        [(ERROR, "lookup.grpc.NOT_FOUND")],
    )


@pytest.mark.parametrize("code", [*IN_DOUBT, "UNIMPLEMENTED", "PERMISSION_DENIED"])
def test_a_code_that_comes_without_any_lookup_is_a_warning(code: str) -> None:
    _, found = _facts(f'[lookup.grpc]\n{code} = "not_found"\n')

    assert found == [(WARNING, f"lookup.grpc.{code}")]


def test_no_fault_of_a_lookup_means_cancelled_but_a_carriers_text_may() -> None:
    texts = (
        '[[lookup.grpc.texts]]\ncode = "UNKNOWN"\ncontains = ["voided"]\noutcome = "cancelled"\n'
    )

    assert _facts('[lookup.grpc]\nUNKNOWN = "cancelled"\n')[1] == [(ERROR, "lookup.grpc.UNKNOWN")]
    assert _facts(texts)[1] == []
    assert _facts(texts.replace("UNKNOWN", "UNAVAILABLE"))[1] == [
        (WARNING, "lookup.grpc.texts 1.outcome")
    ]


def test_a_reason_of_a_lookup_without_a_domain_is_a_warning() -> None:
    assert _facts('[lookup.grpc.reasons]\nGONE = "not_found"\n')[1] == [
        (WARNING, "lookup.grpc.reasons.GONE")
    ]
