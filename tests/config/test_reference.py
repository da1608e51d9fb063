from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from adapter.config.keys import KeyTable
from adapter.config.reference import json_schema, markdown, unit
from adapter.config.sections import Sections

DOCUMENT = Path(__file__).parents[2] / "docs" / "configuration.md"


def _described() -> dict[str, dict[str, Any]]:
    return {
        f"{section}.{name}": described
        for section, table in json_schema()["$defs"].items()
        for name, described in table["properties"].items()
    }


def test_the_page_of_settings_is_current() -> None:
    assert DOCUMENT.read_text() == markdown(), "run python -m adapter schema --markdown"


def test_the_page_names_every_setting_and_its_variable() -> None:
    page = markdown()

    for setting in KeyTable.of(Sections).settings.values():
        assert f"`{setting.key[-1]}`" in page
        assert f"`WAYBRIDGE_{setting.variable}`" in page


def test_the_schema_describes_every_key() -> None:
    assert [
        name for name, it in _described().items() if not it.keys() & {"description", "$ref"}
    ] == []


def test_the_schema_allows_no_other_key() -> None:
    schema = json_schema()

    assert schema["additionalProperties"] is False
    assert all(table["additionalProperties"] is False for table in schema["$defs"].values())


def test_the_schema_says_what_toml_can_say() -> None:
    assert "null" not in str(json_schema()).lower()
    assert "None" not in str(json_schema())


def test_a_secret_is_marked_and_has_no_value_in_the_schema() -> None:
    token = _described()["WeChatSettings.token"]

    assert token["writeOnly"] is True
    assert token["default"] == ""


def test_the_schema_says_units_and_ranges() -> None:
    reply = _described()["EdgeSettings.reply_within_seconds"]

    assert (reply["x-unit"], reply["exclusiveMinimum"], reply["maximum"]) == ("seconds", 0.5, 4.8)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("idle_seconds", "seconds"),
        ("body_limit_bytes", "bytes"),
        ("keep_days", "days"),
        ("max_in_flight", ""),
        ("path", ""),
    ],
)
def test_a_unit_stands_last_in_a_name(name: str, expected: str) -> None:
    assert unit(name) == expected
