"""A real terminal for a command to write on and to be answered at."""

from __future__ import annotations

import os
import pty
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TextIO

SEEN = "\x00"  # ends what is read at once; no command writes it


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminal:
    """Its two ends: `screen` and `keyboard` are the command's, the rest is the person's."""

    screen: TextIO
    keyboard: TextIO
    master: int

    def type(self, text: str) -> None:
        os.write(self.master, text.encode())

    def shown(self) -> str:
        """Return what was written since, as it was written: line ends are the terminal's."""
        self.screen.write(SEEN)
        self.screen.flush()
        seen = b""
        while not seen.endswith(SEEN.encode()):
            seen += os.read(self.master, 4096)
        return seen.decode().removesuffix(SEEN)


@contextmanager
def terminal() -> Iterator[Terminal]:
    master, slave = pty.openpty()
    try:
        with open(slave, "w", closefd=False) as screen, open(slave, closefd=False) as keyboard:
            yield Terminal(screen=screen, keyboard=keyboard, master=master)
    finally:
        os.close(slave)
        os.close(master)
