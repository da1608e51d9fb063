from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from adapter.config.keys import KeyTable
from adapter.config.load import Origin, Values
from adapter.config.pydantic_faults import default_text, finding_of, key_of, without
from adapter.config.sections import Sections
from adapter.diagnostics.finding import Finding

KEYS = KeyTable.of(Sections)


@pytest.fixture
def values() -> Values:
    return Values(main=Origin(source="adapter.toml", folder=Path("/")))


def _only_finding(values: Values, tree: dict[str, Any]) -> str:
    with pytest.raises(ValidationError) as refused:
        Sections.model_validate(tree)
    (error,) = refused.value.errors()
    return str(values.placed(finding_of(error, KEYS, in_file=False)))


@pytest.mark.parametrize(
    ("tree", "told"),
    [
        (
            {"edge": {"pth": "/"}},
            'error: adapter.toml, edge.pth: unknown setting. Did you mean "path"?',
        ),
        (
            {"carrier": {"tls": {"a": 1}}},
            "error: adapter.toml, carrier.tls.a: unknown setting. "
            "Choose from: ca, cert, key, server_name.",
        ),
        (
            {"mini_programs": {"shop": {"tokn": "x"}}},
            'error: adapter.toml, mini_programs.shop.tokn: unknown setting. Did you mean "token"?',
        ),
        (
            {"mini_programs": {"shop": {"freshness_seconds": 0}}},
            "error: adapter.toml, mini_programs.shop.freshness_seconds: must be at least 1. "
            "The default is 600.",
        ),
        (
            {"edge": {"timezone": "UTC"}},
            'error: adapter.toml, edge.timezone: unknown setting. Did you mean "ops.timezone"?',
        ),
        (
            {"mini_programs": {"a b": {}}},
            "error: adapter.toml, mini_programs.a b: is not a valid name for a Mini Program. "
            "Use letters and digits, with single hyphens or underscores between.",
        ),
        (
            {"wechat": {"token": 1}},
            "error: adapter.toml, wechat.token: must be text in quotes.",
        ),
        (
            {"carrier": {"tls": "x"}},
            "error: adapter.toml, carrier.tls: must be a table, not a value. "
            "Write [carrier.tls] on a line of its own and its keys below.",
        ),
    ],
)
def test_an_error_is_told_in_our_words(values: Values, tree: dict[str, Any], told: str) -> None:
    assert _only_finding(values, tree) == told


def test_a_finding_names_who_set_the_key(values: Values) -> None:
    values.set(("edge", "path"), 3, Origin(source="there", folder=Path("/"), line=4))

    finding = values.placed(Finding(key="edge.path", message="is wrong."))

    assert finding.where == "there, line 4, edge.path"


def test_an_error_in_a_name_is_about_the_name() -> None:
    with pytest.raises(ValidationError) as refused:
        Sections.model_validate({"mini_programs": {"a b": {}}})

    assert [key_of(error) for error in refused.value.errors()] == [("mini_programs", "a b")]


def test_a_faulty_value_is_taken_out_of_its_table() -> None:
    tree: dict[str, Any] = {"a": {"b": 1, "c": 2}, "d": 3}

    without(tree, ("a", "b"))
    without(tree, ("d", "x", "y"))
    without(tree, ("none", "such"))
    without(tree, ("d", "x"))

    assert tree == {"a": {"c": 2}, "d": 3}


@pytest.mark.parametrize(
    ("default", "written"),
    [(True, "true"), (3, "3"), (4.5, "4.5"), (5.0, "5"), ("x", '"x"'), ("", ""), (None, "")],
)
def test_a_default_is_written_as_in_the_file(default: object, written: str) -> None:
    assert default_text(default) == written
