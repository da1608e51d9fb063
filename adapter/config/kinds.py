"""The kinds of value a setting can have: how each is checked, and how it is described.

Numbers and flags are strict, so that `max_in_flight = true` or `"12"` in a file is a fault;
text from the environment is turned into the setting's kind before (`KeyTable.from_text`).
"""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import Annotated, Any, LiteralString

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

from adapter.diagnostics.postgresql_url import NotAPostgresqlUrl, is_postgresql, postgresql_url
from adapter.wechat.secret import Secret


def without_password(url: str) -> str:
    """Mask the user and password before the host, and every secret in the query.

    Up to the very last @, even behind a ? or #: a password may hold them unencoded. Of a
    PostgreSQL URL that cannot be parsed nothing is shown, since any part may be the password.
    """
    if is_postgresql(url):
        try:
            postgresql_url(url)
        except NotAPostgresqlUrl:
            return url.partition("//")[0] + "//***"
    head, mark, query = re.sub(r"(?s)(?<=//).*@", "***@", url).partition("?")
    return head + mark + re.sub(r"(?i)((?:password|token|key)[^=&]*=)[^&]*", r"\1***", query)


# A name, an IPv4 or an IPv6 address, without scheme, port and path.
_HOST = re.compile(
    r"[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_.])?|\[?[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]+\]?"
)


def _path(value: object) -> Path | None:
    if isinstance(value, Path):
        return value
    if not isinstance(value, str):
        raise PydanticCustomError("string_type", "not text")
    return Path(value) if value else None


def _networks(value: object) -> tuple[str, ...]:
    parts = _texts(value, fault="network_list")
    for part in parts:
        try:
            ipaddress.ip_network(part, strict=False)
        except ValueError as error:
            raise PydanticCustomError("network", "not a network", {"text": part}) from error
    return parts


def _hosts(value: object) -> tuple[str, ...]:
    parts = _texts(value, fault="host_list")
    for part in parts:
        if not _HOST.fullmatch(part):
            raise PydanticCustomError("host", "not a host", {"text": part})
    return parts


def _texts(value: object, *, fault: LiteralString) -> tuple[str, ...]:
    """Take a list, or in the environment a text with commas."""
    if isinstance(value, str):
        value = [part.strip() for part in value.split(",") if part.strip()]
    if not isinstance(value, list | tuple) or not all(isinstance(part, str) for part in value):
        raise PydanticCustomError(fault, "not a list of texts")
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
Hosts = Annotated[
    tuple[str, ...],
    BeforeValidator(_hosts),
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
