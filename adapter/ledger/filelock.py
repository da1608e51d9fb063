"""The lock beside an SQLite file: one process serves from it, and dies with its lock."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

from adapter.ledger.errors import LedgerInUse, LedgerNotOpened

ATTEMPTS = 5  # a command that only looks whether we live holds it for a moment
PAUSE_SECONDS = 0.1


class FileLock:
    """An flock: the kernel lets go of it when its process ends, however it ends."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    def take(self, ledger: Path) -> None:
        """Take it, or raise `LedgerInUse` naming the `ledger` and who serves from it.

        `LedgerNotOpened` where this user may not make or write the lock.
        """
        descriptor = self._opened(ledger)
        for attempt in range(ATTEMPTS):
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                if attempt + 1 < ATTEMPTS:
                    time.sleep(PAUSE_SECONDS)
                    continue
                holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
                os.close(descriptor)
                raise LedgerInUse(
                    f"the ledger {ledger} is in use by process {holder or 'unknown'}:"
                    " stop that one, or give this one a ledger of its own"
                ) from error
            break
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        self._descriptor = descriptor

    def _opened(self, ledger: Path) -> int:
        try:
            return os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            reason = (error.strerror or "not writable").lower()
            raise LedgerNotOpened(
                f"the ledger {ledger} cannot be locked, as this user may not write"
                f" {self.path} ({reason}): let it write to {self.path.parent} and what is in"
                " there, or name another file"
            ) from error

    def release(self) -> None:
        """Let go, if we hold it. The file stays: removing it would race with a taker."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def is_held(self) -> bool:
        """Say whether some process holds it now."""
        try:
            descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False
