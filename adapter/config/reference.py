"""The settings described: a JSON Schema for editors, a page of Markdown for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

from adapter.config.keys import PREFIX, KeyTable, Setting
from adapter.config.kinds import TomlSchema
from adapter.config.pydantic_faults import default_text
from adapter.config.sections import Sections
from adapter.wechat.secret import Secret

_UNITS = ("seconds", "bytes", "days")

_HEAD = """\
# Configuration

<!-- Written by `python -m adapter schema --markdown`; a test keeps it current. -->

Every setting can stand in a TOML file (`--config FILE`, or the variable `WAYBRIDGE_CONFIG`), in a
file of the folder `WAYBRIDGE_SECRETS_DIR` that is named as the environment variable, and in the
environment. The environment wins over the folder, the folder over the file, key by key; a variable
that is set but empty clears the setting. Secrets belong in the folder or the environment.

Relative file names, also in `sqlite:///FILE`, start from the folder of the file that they
are written in; those in the environment start from the working folder.

An unknown setting is an error, also as a `WAYBRIDGE_…` variable (those that Kubernetes creates
for a Service called `waybridge` are ignored). `waybridge check` names every fault at once.
`waybridge schema` prints a JSON Schema for editors.

Further Mini Programs have one `[mini_programs.NAME]` each; in variables NAME is in capitals, with
`_` for a hyphen. Where one is named and nothing of `[wechat]` is set, only those named are served.
"""


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of adapter.toml."""
    schema = Sections.model_json_schema(schema_generator=TomlSchema)
    for section in schema["$defs"].values():
        for name, described in section["properties"].items():
            described.pop("title", None)
            if unit(name):
                described["x-unit"] = unit(name)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "adapter.toml of waybridge",
    }


def markdown() -> str:
    """Return docs/configuration.md: every setting, section by section."""
    sections: dict[str, list[Setting]] = {}
    for setting in KeyTable.of(Sections).settings.values():
        sections.setdefault(".".join(setting.key[:-1]), []).append(setting)
    return "\n".join([_HEAD, *(line for name in sections for line in _table(name, sections[name]))])


def _table(section: str, settings: list[Setting]) -> Iterator[str]:
    yield f"## [{section}]"
    yield ""
    yield "| key | kind | unit | default | environment | meaning |"
    yield "|---|---|---|---|---|---|"
    for setting in settings:
        cells = (
            f"`{setting.key[-1]}`",
            _kind(setting),
            unit(setting.key[-1]),
            _default(setting.info.default),
            f"`{PREFIX}{setting.variable}`",
            f"{setting.info.description} {_range(setting)}".strip(),
        )
        yield f"| {' | '.join(cells)} |"
    yield ""


def unit(name: str) -> str:
    """Return the unit that a key's name ends with, or an empty text."""
    return next((unit for unit in _UNITS if name.endswith(f"_{unit}")), "")


def _kind(setting: Setting) -> str:
    if get_origin(setting.info.annotation) is Literal:
        return ", ".join(f"`{choice}`" for choice in get_args(setting.info.annotation))
    if get_origin(setting.info.annotation) is tuple:
        return "list"
    names = {bool: "true or false", int: "whole number", float: "number", str: "text"}
    names[Secret] = "secret"
    kinds = [kind for kind in setting.kinds if isinstance(kind, type)]
    return names.get(kinds[0], "file name")


def _default(default: object) -> str:
    written = default_text(default)
    return f"`{written}`" if written else ""


def _range(setting: Setting) -> str:
    words = {"gt": "more than", "ge": "at least", "lt": "less than", "le": "at most"}
    limits = [
        f"{said} {getattr(limit, word)}"
        for limit in setting.info.metadata
        for word, said in words.items()
        if hasattr(limit, word)
    ]
    return f"({', '.join(limits)})" if limits else ""
