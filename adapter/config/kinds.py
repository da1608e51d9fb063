"""The kinds of value a setting can have: how each is checked, and how it is described.

Numbers and flags are strict, so that `max_in_flight = true` or `"12"` in a file is a fault;
text from the environment is turned into the setting's kind before (`KeyTable.from_text`).
"""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AllowInfNan,
    BeforeValidator,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    Strict,
    WithJsonSchema,
)
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from adapter.wechat.secret import Secret


def without_password(url: str) -> str:
    """Mask the user and password before the host, and every secret in the query."""
    head, mark, query = url.partition("?")
    masked = re.sub(r"(?<=//).*@", "***@", head)
    return masked + mark + re.sub(r"(?i)((?:password|token|key)[^=&]*=)[^&]*", r"\1***", query)


def _path(value: object) -> Path | None:
    if isinstance(value, Path):
        return value
    if not isinstance(value, str):
        raise PydanticCustomError("string_type", "not text")
    return Path(value) if value else None


def _networks(value: object) -> tuple[str, ...]:
    """Take a list, or in the environment a text with commas."""
    if isinstance(value, str):
        value = [part.strip() for part in value.split(",") if part.strip()]
    if not isinstance(value, list | tuple) or not all(isinstance(part, str) for part in value):
        raise PydanticCustomError("network_list", "not a list of texts")
    for part in value:
        try:
            ipaddress.ip_network(part, strict=False)
        except ValueError as error:
            raise PydanticCustomError("network", "not a network", {"text": part}) from error
    return tuple(value)


def _plain(text: str) -> str:
    if any(character < " " or character == "\x7f" for character in text):
        raise PydanticCustomError("control_character", "control character")
    return text


class _Concealed:
    """Takes text, keeps a `Secret`; dumps and schemas show `***` at most."""

    @classmethod
    def __get_pydantic_core_schema__(
        cls, _source: object, _handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            _conceal, serialization=core_schema.plain_serializer_function_ser_schema(_masked)
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, _schema: CoreSchema, _handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"type": "string", "format": "password", "writeOnly": True}


def _conceal(value: object) -> Secret:
    if isinstance(value, Secret):
        return value
    if not isinstance(value, str):
        raise PydanticCustomError("string_type", "not text")
    return Secret(_plain(value))


def _masked(value: Secret) -> str:
    return "***" if value else ""


Seconds = Annotated[float, Strict(), AllowInfNan(allow_inf_nan=False)]
Whole = Annotated[int, Strict()]
Flag = Annotated[bool, Strict()]
Text = Annotated[str, Strict(), AfterValidator(_plain)]
FileName = Annotated[
    Path | None, BeforeValidator(_path), WithJsonSchema({"type": "string", "format": "path"})
]
Networks = Annotated[
    tuple[str, ...],
    BeforeValidator(_networks),
    WithJsonSchema({"type": "array", "items": {"type": "string"}}),
]
Concealed = Annotated[Secret, _Concealed]


class TomlSchema(GenerateJsonSchema):
    """A JSON Schema of what TOML can say: a key that is not set is absent, never null."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        """Describe the value only."""
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """Leave out a default that means absent, and every default that is a table."""
        described = super().default_schema(schema)
        if described.get("default", "") is None or isinstance(described.get("default"), dict):
            described.pop("default")
        return described

    def encode_default(self, dft: Any) -> Any:
        """Write a secret's default as the file would."""
        return _masked(dft) if isinstance(dft, Secret) else super().encode_default(dft)
