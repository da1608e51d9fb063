"""The ledger's file under its name: is it still there, is it still ours, is there room?"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from adapter.ledger.errors import StoreFault

LEAST_FREE_BYTES = 1 << 20  # of the file system; with less, a checkpoint may fail

# What SQLite's primary result codes mean for whoever opens the file; `{}` is its name.
NOT_A_LEDGER = "{} is not a waybridge ledger: name another file"
_NOT_WRITABLE = "this user may not write to {}: change its owner, or name another file"
_TOLD: dict[int, str] = {
    sqlite3.SQLITE_NOTADB: NOT_A_LEDGER,
    sqlite3.SQLITE_CORRUPT: "{} is damaged: put the newest backup in its place",
    sqlite3.SQLITE_READONLY: _NOT_WRITABLE,
    sqlite3.SQLITE_PERM: _NOT_WRITABLE,
    sqlite3.SQLITE_CANTOPEN: "{} cannot be opened: let this user read it and write beside it",
    sqlite3.SQLITE_BUSY: "{} is locked by another program: end that one first",
    sqlite3.SQLITE_FULL: "the file system of {} is full: make room",
}


# The first bytes of every database file. https://www.sqlite.org/fileformat.html#magic_header_string
_MAGIC = b"SQLite format 3\0"


def is_sqlite(path: Path) -> bool:
    """Say whether a file begins as a database does; an empty one may become one."""
    with path.open("rb") as file:
        return file.read(len(_MAGIC)) in {b"", _MAGIC}


def has_log(path: Path) -> bool:
    """Say whether a log stands beside the file, with what is not in the file yet."""
    log = Path(f"{path}-wal")
    return log.exists() and log.stat().st_size > 0


def told(path: Path, error: BaseException | None) -> str:
    """Say in words, ending in what to do, why SQLite could not open the file."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return _TOLD.get(code, f"the ledger {{}}: {error}").format(path)


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
