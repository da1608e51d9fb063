from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict, ValidationError

from adapter.config.kinds import (
    Concealed,
    FileName,
    Flag,
    Networks,
    Seconds,
    Text,
    TomlSchema,
    Whole,
)
from adapter.wechat.secret import Secret


class Inner(BaseModel):
    text: Text = ""


class Sample(BaseModel):
    model_config = ConfigDict(hide_input_in_errors=True)

    secret: Concealed = Secret("")
    file: FileName = None
    seconds: Seconds = 1.0
    whole: Whole = 1
    flag: Flag = False
    text: Text = ""
    networks: Networks = ()
    inner: Inner | None = None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("secret", 1),
        ("secret", "a\nb"),
        ("file", 1),
        ("seconds", "1"),
        ("seconds", True),
        ("seconds", float("inf")),
        ("whole", 1.0),
        ("whole", True),
        ("flag", 1),
        ("flag", "true"),
        ("text", 1),
        ("text", "a\x7fb"),
        ("networks", 1),
        ("networks", [1]),
        ("networks", ["example.org"]),
        ("networks", "10.0.0.0/33"),
    ],
)
def test_a_value_of_another_kind_is_refused(field: str, value: object) -> None:
    with pytest.raises(ValidationError):
        Sample.model_validate({field: value})


@pytest.mark.parametrize("value", [["10.0.0.0/8", "::1"], "10.0.0.0/8, ::1", "10.0.0.0/8,::1,"])
def test_networks_are_a_list_or_a_text_with_commas(value: object) -> None:
    assert Sample.model_validate({"networks": value}).networks == ("10.0.0.0/8", "::1")


def test_a_whole_number_of_seconds_is_a_number() -> None:
    assert Sample.model_validate({"seconds": 2}).seconds == 2.0


def test_an_empty_file_name_is_none() -> None:
    assert Sample.model_validate({"file": ""}).file is None
    assert Sample.model_validate({"file": "a.pem"}).file == Path("a.pem")
    assert Sample.model_validate({"file": Path("a.pem")}).file == Path("a.pem")


def test_a_secret_is_masked_in_every_dump() -> None:
    sample = Sample.model_validate({"secret": "canary"})

    assert sample.secret.reveal() == "canary"
    assert sample.model_dump(mode="json")["secret"] == "***"
    assert "canary" not in f"{sample!r}{sample.model_dump()}{sample.model_dump_json()}"


def test_a_secret_may_be_given_as_one() -> None:
    assert Sample(secret=Secret("canary")).secret == Secret("canary")


def test_a_secret_that_is_not_set_dumps_as_empty() -> None:
    assert Sample().model_dump(mode="json")["secret"] == ""


def test_the_schema_of_a_file_name_is_text_without_a_default() -> None:
    described = Sample.model_json_schema(schema_generator=TomlSchema)["properties"]

    assert described["file"] == {"title": "File", "type": "string", "format": "path"}
    assert described["secret"]["default"] == ""


def test_the_schema_of_a_section_that_may_be_absent_is_the_section() -> None:
    described = Sample.model_json_schema(schema_generator=TomlSchema)["properties"]

    assert described["inner"] == {"$ref": "#/$defs/Inner"}
