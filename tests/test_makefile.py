"""What `make` does before anything of ours is there: tried with a Python that only plays one."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# Makes an environment with itself as its Python; as pip it warns, and ends as it is told to.
PLAYED = """#!/bin/sh
case "$*" in
  "-m venv "*) mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
  "-m pip "*) echo "WARNING: a folder is ignored" >&2; echo "some words"; exit "$PIP_EXIT" ;;
esac
"""


def _make(folder: Path, *, pip_exit: int) -> subprocess.CompletedProcess[str]:
    shutil.copy(ROOT / "Makefile", folder)
    folder.joinpath("requirements.lock").touch()
    folder.joinpath("pyproject.toml").touch()
    python = folder / "python3"
    python.write_text(PLAYED)
    python.chmod(0o755)
    return subprocess.run(
        ["make", ".venv/.installed", f"PYTHON={python}"],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "PIP_EXIT": str(pip_exit)},
        capture_output=True,
        text=True,
        check=False,
    )


pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="there is no make")


def test_what_pip_warns_of_is_nobodys_news(tmp_path: Path) -> None:
    made = _make(tmp_path, pip_exit=0)

    assert (made.returncode, made.stderr) == (0, "")
    assert made.stdout == "Building .venv from requirements.lock (about a minute, once)\n"
    assert tmp_path.joinpath(".venv/.installed").exists()


def test_a_pip_that_fails_is_heard_whole(tmp_path: Path) -> None:
    made = _make(tmp_path, pip_exit=3)

    assert made.returncode == 2
    assert "WARNING: a folder is ignored\nsome words\n" in made.stderr
    assert not tmp_path.joinpath(".venv/.locked").exists()
