"""A setting's default stands once, in its section, and every setting is used."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import Any, get_type_hints

import pytest

import adapter
from adapter import from_settings
from adapter.cancellation.flow import DeskLimits
from adapter.carrier.channel.options import CarrierOptions, TlsFiles
from adapter.config.keys import ANY_NAME
from adapter.config.load import Settings
from adapter.edge.connections import ConnectionLimits
from adapter.edge.limits import EdgeLimits
from adapter.edge.push import Program
from adapter.wechat.envelope import Account
from tests import defaults
from tests.configurations import COMPANIONS, SAMPLES, SHOP, SOUND

SOURCES = tuple(
    file for file in Path(adapter.__file__).parent.rglob("*.py") if "config" not in file.parts
)
# Where a section goes by another name as well.
ALIASES = {"wechat": ("wechat", "program"), f"mini_programs.{ANY_NAME}": ("wechat", "program")}
# Kept for what is to come; nothing reads it yet.
UNREAD = {"ops.users"}


def _made_from_settings() -> Iterator[type[Any]]:
    for _, function in inspect.getmembers(from_settings, inspect.isfunction):
        made = get_type_hints(function).get("return")
        if inspect.isclass(made) and is_dataclass(made):
            yield made


VALUES = (*_made_from_settings(), Program)


def test_the_values_made_of_settings_are_these() -> None:
    assert set(VALUES) == {
        Account,
        CarrierOptions,
        ConnectionLimits,
        DeskLimits,
        EdgeLimits,
        Program,
        TlsFiles,
    }


@pytest.mark.parametrize("value", VALUES)
def test_no_default_stands_twice(value: type[Any]) -> None:
    for each in fields(value):
        assert each.kw_only, each.name
        assert each.default is MISSING, each.name
        assert each.default_factory is MISSING, each.name


@pytest.mark.parametrize("value", VALUES)
def test_every_value_is_read(value: type[Any]) -> None:
    code = "".join(file.read_text() for file in SOURCES if file.name != "from_settings.py")

    unread = [each.name for each in fields(value) if not re.search(rf"\.{each.name}\b", code)]

    assert unread == []


def _settings(dotted: str, file: Path) -> Settings:
    variable = "WAYBRIDGE_" + dotted.replace(ANY_NAME, "shop").replace(".", "__").upper()
    environ = SOUND | SHOP | COMPANIONS.get(dotted, {}) | {variable: SAMPLES[dotted][0]}
    return Settings.load(None, {key: text.format(file=file) for key, text in environ.items()})


def _values(settings: Settings) -> tuple[object, ...]:
    accounts = {
        settings.path_of(name): from_settings.account(program)
        for name, program in settings.programs.items()
    }
    return (
        accounts,
        from_settings.carrier_options(settings.carrier),
        from_settings.desk_limits(settings, takes_request_id=True),
        from_settings.edge_limits(settings.edge),
        from_settings.connection_limits(settings.edge, open_files=defaults.OPEN_FILES),
    )


def _is_read(dotted: str) -> bool:
    """Say whether code beside the settings' own reads it as an attribute of its section."""
    section, _, name = dotted.rpartition(".")
    known = "|".join(ALIASES.get(section, (section,)))
    read = re.compile(rf"\b({known})\.{name}\b(?!\")")
    return any(read.search(file.read_text()) for file in SOURCES)


@pytest.mark.parametrize("dotted", sorted(SAMPLES.keys() - UNREAD))
def test_a_setting_makes_a_difference(dotted: str, tmp_path: Path) -> None:
    file = tmp_path / "existing"
    file.write_text("")
    unset = Settings.load(None, SOUND | SHOP)

    made = _values(_settings(dotted, file)) != _values(unset)

    assert made or _is_read(dotted)


def test_what_is_kept_for_later_is_read_by_nobody() -> None:
    assert [dotted for dotted in UNREAD if _is_read(dotted)] == []
