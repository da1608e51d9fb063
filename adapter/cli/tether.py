"""Runs a module that ends when whoever started it does, however that one died.

`python -m adapter.cli.tether MODULE ARGUMENTS…`: standard input is the tether. Its other end
is held by the parent alone, so that even after a `kill -9` it reads as ended.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading


def main() -> None:
    """Run the module named first, with the rest as its arguments."""
    threading.Thread(target=_watch, name="tether", daemon=True).start()
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


def _watch() -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
