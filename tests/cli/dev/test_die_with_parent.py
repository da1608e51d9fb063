from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from adapter.cli.dev import die_with_parent

MODULE = """
import signal, sys
print(sys.argv[1:], __name__, flush=True)
signal.pause()
"""


@pytest.fixture
def tethered(tmp_path: Path) -> subprocess.Popen[str]:
    (tmp_path / "patient.py").write_text(MODULE)
    return subprocess.Popen(
        [sys.executable, "-P", die_with_parent.__file__, "patient", "a", "--b"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": str(tmp_path)},
    )


def test_the_module_runs_as_if_it_were_called_and_ends_with_its_tether(
    tethered: subprocess.Popen[str],
) -> None:
    with tethered:
        assert tethered.stdout is not None
        assert tethered.stdin is not None
        said = tethered.stdout.readline()

        tethered.stdin.close()
        code = tethered.wait(20)

    assert said == "['a', '--b'] __main__\n"
    assert code == -15


def test_our_own_module_is_run_whatever_lies_before_it(tmp_path: Path) -> None:
    for name in ("adapter", "legacy_stub"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('not ours')")

    with subprocess.Popen(
        [sys.executable, "-P", die_with_parent.__file__, "legacy_stub", "--help"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path)},
    ) as process:
        assert process.stdout is not None
        said = process.stdout.read()

    assert said.startswith("Usage: ")
