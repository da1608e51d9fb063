"""Faulty configurations: what an operator reads, word for word."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapter.config.load import inspect
from adapter.diagnostics.finding import Finding
from tests.configurations import SOUND
from tests.faulty_meaning import FAULTY_MEANING
from tests.faulty_reading import FAULTY_READING
from tests.private_files import private_files

__all__ = ["private_files"]

FAULTY = FAULTY_READING | FAULTY_MEANING


@pytest.mark.parametrize("name", FAULTY)
def test_a_fault_is_told_in_these_words(name: str, tmp_path: Path) -> None:
    faulty = FAULTY[name]
    file = tmp_path / "adapter.toml"
    file.write_text(faulty.file)
    environ = {key: text for key, text in SOUND.items() if key not in faulty.without}

    found = inspect(file, environ | faulty.environ)

    told = tuple(_said(finding, tmp_path) for finding in found.findings)
    assert told == faulty.expected
    assert (found.settings is None) == any(line.startswith("error") for line in told)


def _said(finding: Finding, folder: Path) -> str:
    return str(finding).replace(f"{folder}/adapter.toml", "FILE").replace(str(folder), "FOLDER")
