"""The ledger's file under its name: is it still there, is it still ours, is there room?"""

from __future__ import annotations

import os
from pathlib import Path

from adapter.ledger.errors import StoreFault

LEAST_FREE_BYTES = 1 << 20  # of the file system; with less, a checkpoint may fail


class SqliteFile:
    """The file as it was opened: notices when another stands at its name, or none."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.log = Path(f"{path}-wal")
        self._inodes: tuple[int, ...] = ()

    def remember(self) -> None:
        """Take the file and its log, as they are now, for ours."""
        self._inodes = (self.path.stat().st_ino, self.log.stat().st_ino)

    def check(self) -> None:
        """Raise `StoreFault` unless both still stand at their names."""
        try:
            inodes = (os.stat(self.path).st_ino, os.stat(self.log).st_ino)  # noqa: PTH116
        except OSError as error:
            raise StoreFault("moved") from error
        if inodes != self._inodes:
            raise StoreFault("moved")

    def is_ours(self) -> bool:
        """Say whether both stand at their names again."""
        try:
            self.check()
        except StoreFault:
            return False
        return True

    def may_be_opened(self) -> bool:
        """Say whether opening the name again can do no harm.

        Another file beside our own log is not to be opened: SQLite would write the log's
        pages into it. (It leaves the log where it is when the file was moved away.)
        """
        if not self.path.exists():
            return False
        file, log = self._inodes
        if self.path.stat().st_ino == file or not self.log.exists():
            return True
        return self.log.stat().st_ino != log

    def check_space(self) -> None:
        """Raise `StoreFault` when the file system has no room left."""
        disk = os.statvfs(self.path)
        blocks = disk.f_bfree if os.geteuid() == 0 else disk.f_bavail
        if blocks * disk.f_frsize < LEAST_FREE_BYTES and disk.f_blocks:
            raise StoreFault("full")
