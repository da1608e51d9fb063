"""Every key of the configuration, read from the models: its name, types and variable."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from adapter.wechat.secret import Secret

Key = tuple[str, ...]

PREFIX = "WAYBRIDGE_"
"""What every environment variable of a setting begins with."""

ANY_NAME = "NAME"
"""Stands for a name of the user's own choice in a key, e.g. `mini_programs.NAME.token`."""

_WORDS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One key: where it stands and what pydantic knows of it."""

    key: Key
    info: FieldInfo

    @property
    def dotted(self) -> str:
        """The key as in messages and documents: `carrier.tls.ca`."""
        return ".".join(self.key)

    @property
    def variable(self) -> str:
        """The key's environment variable, without the prefix: `CARRIER__TLS__CA`."""
        return "__".join(self.key).upper()

    @property
    def is_secret(self) -> bool:
        """Whether its value may be seen by nobody else."""
        return isinstance(self.info.default, Secret)

    @property
    def kinds(self) -> tuple[object, ...]:
        """The types a value may have, without what describes them."""
        parts = get_args(self.info.annotation) or (self.info.annotation,)
        # One member of a union keeps what it is annotated with.
        return tuple(get_args(part)[0] if get_origin(part) is Annotated else part for part in parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyTable:
    """All settings of a model of sections."""

    settings: Mapping[Key, Setting]
    variables: Mapping[str, Key] = field(default_factory=dict)

    @classmethod
    def of(cls, model: type[BaseModel]) -> KeyTable:
        """Read the table from the models."""
        settings = {setting.key: setting for setting in _walk(model, ())}
        return cls(
            settings=settings,
            variables={setting.variable: setting.key for setting in settings.values()},
        )

    def key_of(self, variable: str, named: Mapping[str, object]) -> Key | None:
        """Return the key of an environment variable without its prefix, or nothing.

        `named` holds the names the file has chosen already; a variable in capitals means the
        one that differs in case or hyphens only.
        """
        if variable in self.variables and ANY_NAME not in self.variables[variable]:
            return self.variables[variable]
        section, _, rest = variable.partition("__")
        name, _, last = rest.partition("__")
        key = self.variables.get(f"{section}__{ANY_NAME}__{last}")
        if key is None or not name:
            return None
        same = (known for known in named if known.upper().replace("-", "_") == name)
        return (key[0], next(same, name.lower()), *key[2:])

    def setting(self, key: Key) -> Setting | None:
        """Return what is known of a key, the user's own names included."""
        general = (key[0], ANY_NAME, *key[2:]) if len(key) > 2 else key
        return self.settings.get(key) or self.settings.get(general)

    def from_text(self, key: Key, text: str) -> object:
        """Turn a variable's text into the setting's kind; text that does not fit stays text."""
        setting = self.setting(key)
        kinds = setting.kinds if setting else ()
        try:
            if bool in kinds:
                return _WORDS.get(text.lower(), text)
            if int in kinds:
                return int(text)
            return float(text) if float in kinds else text
        except ValueError:
            return text

    def paths(self) -> Iterator[Key]:
        """The keys whose values are file names."""
        return (key for key, setting in self.settings.items() if Path in setting.kinds)

    def below(self, heading: Key) -> list[str]:
        """The names that may stand directly under a heading."""
        general = (heading[0], ANY_NAME, *heading[2:]) if len(heading) > 1 else heading
        depth = len(heading)
        return sorted(
            {
                key[depth]
                for key in self.settings
                if len(key) > depth and key[:depth] in (heading, general)
            }
        )


def _walk(model: type[BaseModel], above: Key) -> Iterator[Setting]:
    for name, info in model.model_fields.items():
        key = (*above, name)
        annotation: Any = info.annotation
        parts = get_args(annotation) if get_origin(annotation) in (Union, UnionType, dict) else ()
        sections = [
            p for p in (annotation, *parts) if isinstance(p, type) and issubclass(p, BaseModel)
        ]
        if not sections:
            yield Setting(key=key, info=info)
        elif get_origin(annotation) is dict:
            yield from _walk(sections[0], (*key, ANY_NAME))
        else:
            yield from _walk(sections[0], key)
