"""The file of an SQLite ledger: its lock, its connections, and whether it is still ours.

Nothing here imports SQLAlchemy when it is imported: `check --offline` looks at the file alone.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from adapter.ledger.errors import LedgerInUse, LedgerNotOpened, StoreFault
from adapter.ledger.sqlite.remembered import MEMORY_BYTES, NUMBER_BYTES, FileMemory
from adapter.ledger.written import Witness

if TYPE_CHECKING:
    from sqlalchemy import Engine

LEAST_FREE_BYTES = 1 << 20  # of the file system; with less, a checkpoint may fail
LOCK_ATTEMPTS = 5  # a command that only looks whether we live holds it for a moment
LOCK_PAUSE_SECONDS = 0.1

# What SQLite's primary result codes mean for whoever opens the file; `{}` is its name.
NOT_A_LEDGER = "{} is not a waybridge ledger: name another file"
_NOT_WRITABLE = "this user may not write to {}: change its owner, or name another file"
_CAUSES: dict[int, str] = {
    sqlite3.SQLITE_NOTADB: NOT_A_LEDGER,
    sqlite3.SQLITE_CORRUPT: "{} is damaged: put the newest backup in its place",
    sqlite3.SQLITE_READONLY: _NOT_WRITABLE,
    sqlite3.SQLITE_PERM: _NOT_WRITABLE,
    sqlite3.SQLITE_CANTOPEN: "{} cannot be opened: let this user read it and write beside it",
    sqlite3.SQLITE_BUSY: "{} is locked by another program: end that one first",
    sqlite3.SQLITE_FULL: "the file system of {} is full: make room",
}


# `user_version`, in the file's own header: whether a serve has it, or it was closed in order.
SERVED, CLOSED = 1, 0
_USER_VERSION = slice(60, 64)  # https://www.sqlite.org/fileformat.html#user_version_number

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


def misses_its_log(path: Path) -> bool:
    """Say whether a `serve` left the file open, and neither that `serve` nor its log is here: then
    the newest pushes are not in it."""
    with path.open("rb") as file:
        header = file.read(_USER_VERSION.stop)
    if int.from_bytes(header[_USER_VERSION]) != SERVED or has_log(path):
        return False
    return not FileLock(Path(f"{path}.lock")).is_held()


def new_file(path: Path) -> None:
    """Make an empty file for its owner alone; SQLite gives what it makes beside it the same rights.

    Raises `FileExistsError`."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))


def explain(path: Path, error: BaseException | None) -> str:
    """Say why SQLite could not open the file, and what to do."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return _CAUSES.get(code, f"the ledger {{}}: {error}").format(path)


def connect(path: Path, *, mode: str, wait_seconds: float) -> sqlite3.Connection:
    """Connect to the file. `mode` is one of SQLite's URI modes: `ro`, `rw`, or `rwc` to make it.

    The caller begins its transactions by itself, and uses the connection in one thread at a
    time. https://www.sqlite.org/uri.html#urimode
    """
    if mode == "rwc" and path.parent.is_dir():
        with suppress(OSError):  # that it is there, or may not be made: SQLite says the latter
            new_file(path)
    return sqlite3.connect(
        f"file:{quote(str(path))}?mode={mode}",
        uri=True,
        isolation_level=None,
        timeout=wait_seconds,
        check_same_thread=False,
    )


def engine_over(connect: Callable[[], sqlite3.Connection]) -> Engine:
    """Return an SQLAlchemy engine that makes its connections so, and keeps none."""
    from sqlalchemy import NullPool, create_engine

    return create_engine("sqlite://", poolclass=NullPool, creator=connect)


class SqliteFile:
    """The file as it was opened: notices when another stands at its name, or none."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.log = Path(f"{path}-wal")
        self._inodes: tuple[int, ...] = ()
        self._log_opened: int | None = None

    def remember(self) -> None:
        """Take the file and its log, as they are now, for ours."""
        self.let_go()
        self._inodes = (self.path.stat().st_ino, self.log.stat().st_ino)
        # SQLite holds its locks elsewhere: closing this one later takes none of them away.
        self._log_opened = os.open(self.log, os.O_RDONLY | os.O_CLOEXEC)

    def let_go(self) -> None:
        """Keep nothing open."""
        if self._log_opened is not None:
            os.close(self._log_opened)
            self._log_opened = None

    def memory(self, *, session: int, witness: Witness | None) -> FileMemory:
        """How the file and its log stand after the batch that wrote `witness`."""
        stat = os.stat(self.path)  # noqa: PTH116 - after every batch
        salt = b"" if self._log_opened is None else os.pread(self._log_opened, 8, 16)
        return FileMemory(
            session=session,
            salt=salt.hex(),
            size=stat.st_size,
            changed_ns=stat.st_mtime_ns,
            witness=witness,
        )

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


class FileLock:
    """The flock beside the file: one process serves from it. The kernel lets go of the lock when
    its process ends, however it ends."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    def take(self, ledger: Path) -> None:
        """Take it, or raise `LedgerInUse` naming the `ledger` and who serves from it.

        `LedgerNotOpened` where this user may not make or write the lock.
        """
        descriptor = self._opened(ledger)
        for attempt in range(LOCK_ATTEMPTS):
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                if attempt + 1 < LOCK_ATTEMPTS:
                    time.sleep(LOCK_PAUSE_SECONDS)
                    continue
                holder = os.pread(descriptor, NUMBER_BYTES, 0).decode("ascii", "replace").strip()
                os.close(descriptor)
                raise LedgerInUse(
                    f"the ledger {ledger} is in use by process {holder or 'unknown'}:"
                    " stop that one, or give this one a ledger of its own"
                ) from error
            break
        # Behind the number stands what the last one to serve remembered: that is kept.
        os.pwrite(descriptor, f"{os.getpid():<{NUMBER_BYTES - 1}}\n".encode(), 0)
        self._descriptor = descriptor

    def remember(self, memory: FileMemory) -> None:
        """Write it behind our number, in one stroke."""
        if self._descriptor is not None:
            text = memory.line().ljust(MEMORY_BYTES)
            os.pwrite(self._descriptor, text.encode(), NUMBER_BYTES)

    def _opened(self, ledger: Path) -> int:
        try:
            return os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
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
        except PermissionError:
            return True  # another user's; whoever reads beside it is right in either case
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False
