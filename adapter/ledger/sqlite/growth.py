"""How much room an SQLite ledger's log and disk have, and who keeps the log from being emptied.

A reader that stays in its transaction keeps every page written since in the log: it grows by
some 20 KiB a push, without any fault, until the disk is full.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from adapter.diagnostics.logger import Logger

LIMIT_BYTES = 128 << 20  # twice what is kept of it after a burst
LOOK_SECONDS = 5.0
HINT = "a reader that stays in its transaction keeps the log from being emptied: end it"
# The bytes of the `-shm` that readers lock. https://www.sqlite.org/walformat.html#locks
_READ_LOCKS = range(123, 128)
LOCKS = Path("/proc/locks")


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A process that reads, as the system knows it."""

    pid: int
    name: str

    def __str__(self) -> str:
        return f"{self.name} ({self.pid})"


class LogWatch:
    """Reads the sizes for metrics, and logs that the ledger's log grows, and because of whom."""

    def __init__(self, path: Path, *, log: Logger, limit_bytes: int = LIMIT_BYTES) -> None:
        self._path = path
        self._log = log
        self._limit_bytes = limit_bytes
        self._next_report = limit_bytes

    def wal_bytes(self) -> int:
        """The size of the log; 0 without one."""
        try:
            return Path(f"{self._path}-wal").stat().st_size
        except OSError:
            return 0

    def disk_free_bytes(self) -> int:
        """What the file system has left for this user; 0 when the folder is gone."""
        try:
            disk = os.statvfs(self._path.parent)
        except OSError:
            return 0
        return disk.f_bavail * disk.f_frsize

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            await asyncio.to_thread(self.look)
            await asyncio.sleep(LOOK_SECONDS)

    def look(self) -> None:
        """Look once. It is said at the limit, and again whenever the log has doubled."""
        size = self.wal_bytes()
        if size < self._limit_bytes:
            self._next_report = self._limit_bytes
        elif size >= self._next_report:
            self._next_report = size * 2
            readers = ", ".join(map(str, holders(self._path))) or "nobody seen"
            self._log.warning("ledger_log_grows", wal_bytes=size, readers=readers, hint=HINT)


def holders(path: Path) -> tuple[Holder, ...]:
    """Return the other processes that read the ledger in this moment."""
    try:
        index = Path(f"{path}-shm").stat().st_ino
        locks = LOCKS.read_text(encoding="ascii")
    except OSError:
        return ()  # not Linux, or not allowed
    pids = sorted(set(_readers(locks, index)) - {os.getpid()})
    return tuple(Holder(pid=pid, name=_name(pid)) for pid in pids)


def _readers(locks: str, inode: int) -> Iterator[int]:
    # 1: POSIX  ADVISORY  READ 4711 08:01:131090 124 124
    for line in locks.splitlines():
        words = line.split()
        if len(words) == 8 and words[3] == "READ" and words[5].endswith(f":{inode}"):
            first, last = words[6:]
            if first.isdigit() and last.isdigit():
                held = range(int(first), int(last) + 1)
                if held.start < _READ_LOCKS.stop and held.stop > _READ_LOCKS.start:
                    yield int(words[4])


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return "a process"
