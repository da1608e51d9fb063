"""Runs a module of ours that ends when its parent process does, however the parent died.

`python -P die_with_parent.py MODULE ARGUMENTS…`: only the parent holds the other end of
standard input, which therefore ends even after a `kill -9`.

With `-P` nothing is imported from the working folder, and the module comes from where this
file lies: a folder named `adapter` or a `legacy_stub.py` there cannot take its place.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading
from importlib.util import find_spec
from pathlib import Path

HOME = Path(__file__).resolve().parents[3]  # site-packages, or the checkout we run from


def main() -> None:
    """Run the module named first, with the rest as its arguments."""
    threading.Thread(target=_watch, name="die-with-parent", daemon=True).start()
    del sys.argv[0]
    # First, but only if needed: it must not shadow the standard library otherwise.
    found = find_spec("adapter")
    if found is None or Path(found.origin or "").resolve() != HOME / "adapter" / "__init__.py":
        sys.path.insert(0, str(HOME))
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


def _watch() -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
