"""A folder in which nobody may write, not even root: a mount of its own."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def read_only(folder: Path, *files: Path) -> Iterator[Path]:
    """Make the folder hold copies of the files, for reading only; skips where that cannot be."""
    folder.mkdir(exist_ok=True)
    if not _mounted(folder, "-t", "tmpfs", "tmpfs"):
        pytest.skip("this machine lets us mount nothing: no folder is read-only for root")
    try:
        for file in files:
            shutil.copy(file, folder)
        assert _mounted(folder, "-o", "remount,ro")
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _mounted(folder: Path, *how: str) -> bool:
    done = subprocess.run(["mount", *how, str(folder)], capture_output=True, check=False)
    return done.returncode == 0
