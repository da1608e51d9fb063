"""What befalls a ledger under a running `serve`: done on entry, repaired on exit."""

from __future__ import annotations

import asyncio
import fcntl
import os
import resource
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from adapter.ledger.operate.maintenance import migrate
from tests.conformance.postgres import Postgres

GET_FLAGS, SET_FLAGS = 0x80086601, 0x40086602  # FS_IOC_GETFLAGS, FS_IOC_SETFLAGS
IMMUTABLE = 0x10
BESIDE = ("", "-wal", "-shm")
SMALL_DISK = "size=4m"
FIRST_PAGE_BYTES = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Victim:
    """The `serve` that it befalls. Without a server the ledger is an SQLite file."""

    file: Path
    pid: int
    url: str = ""
    server: Postgres | None = None

    @property
    def files(self) -> list[Path]:
        return [path for end in BESIDE if (path := Path(f"{self.file}{end}")).exists()]

    @property
    def postgres(self) -> Postgres:
        assert self.server is not None
        return self.server


Misfortune = Callable[[Victim], AbstractContextManager[None]]


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """Mount a file system of its own at the folder; skips where that is not allowed."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", SMALL_DISK, "tmpfs", str(folder)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("this machine lets us mount nothing: no disk can be filled")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def disk_full(victim: Victim) -> Iterator[None]:
    """Fill the small disk to its last byte."""
    filler = victim.file.parent / "filler"
    with filler.open("wb", buffering=0) as sink, suppress(OSError):
        while sink.write(b"\0" * 4096):
            pass
    yield
    filler.unlink()


@contextmanager
def no_file_may_grow(victim: Victim) -> Iterator[None]:
    """Let the process write no byte anywhere: what a quota does."""
    before = resource.prlimit(victim.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(victim.pid, resource.RLIMIT_FSIZE, (0, before[1]))
    yield
    resource.prlimit(victim.pid, resource.RLIMIT_FSIZE, before)


@contextmanager
def locked(victim: Victim) -> Iterator[None]:
    """Keep the file for ourselves, as another process."""
    holder = sqlite3.connect(victim.file, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    yield
    holder.rollback()
    holder.close()


@contextmanager
def moved(victim: Victim) -> Iterator[None]:
    """Carry the file away."""
    elsewhere = victim.file.with_suffix(".elsewhere")
    victim.file.rename(elsewhere)
    yield
    elsewhere.rename(victim.file)


@contextmanager
def replaced(victim: Victim) -> Iterator[None]:
    """Put another ledger at its name, with nothing beside it."""
    another = victim.file.with_name("another.db")
    asyncio.run(migrate(f"sqlite:///{another}"))  # elsewhere: the lock beside its name is held
    aside = {path: path.with_name(f"aside-{path.name}") for path in victim.files}
    for path, elsewhere in aside.items():
        path.rename(elsewhere)
    another.rename(victim.file)
    yield
    for path in victim.files:
        path.unlink()
    for path, elsewhere in aside.items():
        elsewhere.rename(path)


@contextmanager
def read_only(victim: Victim) -> Iterator[None]:
    """Make file and log immutable: root too may not write to them, not even where they are open.

    Not the `-shm`: it is written through a mapping, and the kernel answers that with SIGBUS.
    """
    files = [path for path in victim.files if not path.name.endswith("-shm")]
    try:
        for path in files:
            _set_immutable(path, IMMUTABLE)
    except OSError as error:
        pytest.skip(f"this machine makes no file read-only for us: {error}")
    try:
        yield
    finally:
        for path in files:
            _set_immutable(path, 0)


@contextmanager
def damaged(victim: Victim) -> Iterator[None]:
    """Zero every page of the file but the first, as a failing disk may."""
    with closing(sqlite3.connect(victim.file, isolation_level=None)) as beside:
        beside.execute("PRAGMA busy_timeout = 5000")
        beside.execute("UPDATE meta SET sessions = sessions")  # so that nobody trusts a cache
        beside.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        beside.execute("BEGIN IMMEDIATE")
        whole = victim.file.read_bytes()
        with victim.file.open("r+b") as file:
            file.seek(FIRST_PAGE_BYTES)
            file.write(bytes(len(whole) - FIRST_PAGE_BYTES))
        beside.rollback()
    yield
    with victim.file.open("r+b") as file:
        file.write(whole)


@contextmanager
def table_missing(victim: Victim) -> Iterator[None]:
    """Rename a table, as somebody who cleans up may."""
    with closing(sqlite3.connect(victim.file, isolation_level=None, timeout=5)) as beside:
        beside.execute("ALTER TABLE push RENAME TO pushes")
        yield
        beside.execute("ALTER TABLE pushes RENAME TO push")


@contextmanager
def standby(victim: Victim) -> Iterator[None]:
    """Start the server again as a hot standby; promote it afterwards."""
    victim.postgres.stop()
    (victim.postgres.folder / "standby.signal").touch()
    victim.postgres.start()
    yield
    victim.postgres.query(victim.url, "SELECT pg_promote();")


@contextmanager
def statements_time_out(victim: Victim) -> Iterator[None]:
    """Let statements of new sessions last less than the lock that they wait for is held."""
    limit = f"ALTER DATABASE {urlsplit(victim.url).path[1:]} SET statement_timeout = '50ms';"
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
    ours = f"{others} AND application_name = 'waybridge' AND datname = current_database();"
    with _table_held(victim.url):
        victim.postgres.query(victim.url, f"{limit}\n{ours}")
        yield
    victim.postgres.query(victim.url, limit.replace("50ms", "0"))
    victim.postgres.query(victim.url, ours)


@contextmanager
def _table_held(url: str) -> Iterator[None]:
    """Hold a table that every session and every batch writes, for as long as this lasts."""
    with asyncio.Runner() as runner:
        connection = runner.run(asyncpg.connect(url))
        runner.run(connection.execute("BEGIN; LOCK TABLE meta, push"))
        yield
        runner.run(connection.close())


@contextmanager
def stopped(victim: Victim) -> Iterator[None]:
    """End the server at once, and start it again."""
    victim.postgres.stop()
    yield
    victim.postgres.start()


@contextmanager
def standing_still(victim: Victim) -> Iterator[None]:
    """Stop every process of the server where it stands: connections stay open, and silent."""
    victim.postgres.pause()
    try:
        yield
    finally:
        victim.postgres.go_on()


def _set_immutable(path: Path, flag: int) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        flags = int.from_bytes(fcntl.ioctl(descriptor, GET_FLAGS, bytes(8))[:4], "little")
        wanted = (flags & ~IMMUTABLE) | flag
        fcntl.ioctl(descriptor, SET_FLAGS, wanted.to_bytes(8, "little"))
    finally:
        os.close(descriptor)
