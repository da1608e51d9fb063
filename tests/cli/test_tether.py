from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

MODULE = """
import signal, sys
print(sys.argv[1:], __name__, flush=True)
signal.pause()
"""


@pytest.fixture
def tethered(tmp_path: Path) -> subprocess.Popen[str]:
    (tmp_path / "patient.py").write_text(MODULE)
    return subprocess.Popen(
        [sys.executable, "-m", "adapter.cli.tether", "patient", "a", "--b"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": f"{Path.cwd()}:{tmp_path}"},
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
