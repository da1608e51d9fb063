"""Every key, in each of the three places it can stand in."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapter.config.keys import ANY_NAME, Key
from adapter.config.load import KEYS, Settings
from tests.configurations import COMPANIONS, SAMPLES, SHOP, SOUND


def _surroundings(dotted: str, file: Path) -> dict[str, str]:
    others = SHOP if dotted.startswith("mini_programs") else {}
    needed = {name: value.format(file=file) for name, value in COMPANIONS.get(dotted, {}).items()}
    environ = SOUND | others | needed
    environ.pop(_variable(dotted), None)
    return environ


def _variable(dotted: str) -> str:
    return "WAYBRIDGE_" + dotted.replace(ANY_NAME, "shop").replace(".", "__").upper()


def _read(settings: Settings, key: Key) -> object:
    value: object = settings
    for name in key:
        value = value["shop"] if isinstance(value, dict) else getattr(value, name)
    return str(value) if isinstance(value, Path) else value


def _toml(dotted: str, text: str, value: object) -> str:
    heading, _, name = dotted.replace(ANY_NAME, "shop").rpartition(".")
    bare = isinstance(value, (bool, int, float))
    return f"[{heading}]\n{name} = {text if bare else chr(34) + text + chr(34)}\n"


@pytest.fixture
def existing(tmp_path: Path) -> Path:
    file = tmp_path / "existing"
    file.write_text("")
    return file


def test_every_key_has_a_sample() -> None:
    assert set(SAMPLES) == {setting.dotted for setting in KEYS.settings.values()}


def test_every_key_says_what_it_means() -> None:
    assert [s.dotted for s in KEYS.settings.values() if not s.info.description] == []


@pytest.mark.parametrize("dotted", SAMPLES)
def test_a_key_can_stand_in_the_file(dotted: str, tmp_path: Path, existing: Path) -> None:
    text, value = SAMPLES[dotted]
    text = text.format(file=existing)
    file = tmp_path / "adapter.toml"
    file.write_text(_toml(dotted, text, value))

    settings = Settings.load(file, _surroundings(dotted, existing))

    expected = text if value == "{file}" else value
    assert _read(settings, tuple(dotted.split("."))) == expected


@pytest.mark.parametrize("dotted", SAMPLES)
def test_a_key_can_stand_in_the_environment(dotted: str, existing: Path) -> None:
    text, value = SAMPLES[dotted]
    text = text.format(file=existing)

    settings = Settings.load(None, _surroundings(dotted, existing) | {_variable(dotted): text})

    expected = text if value == "{file}" else value
    assert _read(settings, tuple(dotted.split("."))) == expected


@pytest.mark.parametrize("dotted", SAMPLES)
def test_a_key_can_stand_in_the_secrets_folder(dotted: str, tmp_path: Path, existing: Path) -> None:
    text, value = SAMPLES[dotted]
    text = text.format(file=existing)
    folder = tmp_path / "secrets"
    folder.mkdir()
    (folder / _variable(dotted)).write_text(f"{text}\n")
    environ = _surroundings(dotted, existing) | {"WAYBRIDGE_SECRETS_DIR": str(folder)}

    settings = Settings.load(None, environ)

    expected = text if value == "{file}" else value
    assert _read(settings, tuple(dotted.split("."))) == expected
