"""Backups of an SQLite ledger: taken beside a running `serve`, put back when none runs."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import insert
from sqlalchemy.exc import DBAPIError

from adapter.ledger import schema
from adapter.ledger.errors import LedgerNotOpened
from adapter.ledger.reading import mode_for
from adapter.ledger.rewound import RewindCause
from adapter.ledger.sqlite.file import (
    CLOSED,
    NOT_A_LEDGER,
    FileLock,
    connect,
    engine_over,
    explain,
    is_sqlite,
    new_file,
)
from adapter.ledger.tables import rewind

STEP_PAGES = 2048  # copied at a time: 8 MiB
BUSY_SECONDS = 5.0
PART, BESIDE = ".part", ("-wal", "-shm")


class NoBackup(LedgerNotOpened):
    """The file is no sound backup, or none can be written to it; nothing was changed."""

    reason = "no_backup"
    KEY = ""


Progress = Callable[[int, int], None]  # pages done, pages in all


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """What a backup or a restored ledger holds. `aside` is where the ledger before went."""

    pushes: int
    size_bytes: int
    aside: Path | None = None


def backup(source: Path, target: Path, *, progress: Progress) -> Copied:
    """Write a consistent copy of the ledger as it is now, and prove it whole.

    Nobody waits for it. Raises `NoBackup`, and there is no `target` then.
    """
    _require_ledger(source)
    if target.exists():
        raise NoBackup(f"{target} exists already: name a new file for the backup")
    with _part_of(target) as part:
        _copy(source, part, progress)
        copied = _proved(part)
        part.rename(target)
    _sync_folder(target)
    return copied


def restore(source: Path, path: Path, *, now: float, progress: Progress) -> Copied:
    """Put a backup in the ledger's place, and mark the ledger as rewound.

    The old ledger is kept aside, with its log. Raises `LedgerInUse` while a `serve` has it, and
    `NoBackup` when the backup is damaged or none of ours; nothing is changed then.
    """
    _require_ledger(source)
    if path.exists() and source.samefile(path):
        raise NoBackup(f"{source} is the ledger itself: name a backup of it")
    lock = FileLock(Path(f"{path}.lock"))
    lock.take(path)
    try:
        with _part_of(path) as part:
            _copy(source, part, progress)
            copied = _proved(part)
            _bring_up_to_date(part, now=now)
            aside = _put_aside(path, now=now)
            part.rename(path)
        _sync_folder(path)
    finally:
        lock.release()
    return Copied(pushes=copied.pushes, size_bytes=copied.size_bytes, aside=aside)


def _require_ledger(path: Path) -> None:
    if not path.exists():
        raise NoBackup(f"there is no file {path}")
    try:
        ours = path.stat().st_size > 0 and is_sqlite(path)
    except OSError as error:
        raise NoBackup(f"{path} cannot be read: {error.strerror}") from error
    if not ours:
        raise NoBackup(NOT_A_LEDGER.format(path))


@contextmanager
def _part_of(target: Path) -> Iterator[Path]:
    """A new file beside the target, for its owner alone; gone again unless it was renamed."""
    part = target.with_name(f"{target.name}{PART}")
    try:
        part.unlink(missing_ok=True)  # of a backup that was killed
        new_file(part)
    except OSError as error:
        raise NoBackup(f"{part} cannot be written: {error.strerror}") from error
    try:
        yield part
    except (sqlite3.Error, DBAPIError) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        raise NoBackup(explain(target, cause)) from error
    finally:
        part.unlink(missing_ok=True)


def _copy(source: Path, part: Path, progress: Progress) -> None:
    """Copy one snapshot, page by page.

    The transaction around it keeps the snapshot: without one, SQLite begins anew with every
    commit of the `serve` beside us. https://www.sqlite.org/c3ref/backup_finish.html
    """
    with (
        closing(connect(source, mode=mode_for(source), wait_seconds=BUSY_SECONDS)) as old,
        closing(connect(part, mode="rw", wait_seconds=BUSY_SECONDS)) as new,
    ):
        try:
            old.execute("BEGIN")
            old.execute("SELECT count(*) FROM sqlite_schema").fetchall()
        except sqlite3.Error as error:
            raise NoBackup(explain(source, error)) from error
        new.execute("PRAGMA synchronous = OFF")  # it is synced whole, at its end
        old.backup(
            new,
            pages=STEP_PAGES,
            progress=lambda _, remaining, total: progress(total - remaining, total),
        )
        old.rollback()
        new.execute("PRAGMA journal_mode = DELETE")  # so that the file is whole by itself
        new.execute(f"PRAGMA user_version = {CLOSED}")
    with part.open("rb") as file:
        os.fsync(file.fileno())


def _proved(path: Path) -> Copied:
    """Say what the copy holds, once SQLite finds no fault in it."""
    with closing(connect(path, mode="ro", wait_seconds=BUSY_SECONDS)) as connection:
        try:
            found = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
        except sqlite3.DatabaseError as error:
            found = str(error)
        if found != "ok":
            raise NoBackup(f"the ledger that was to be copied is damaged: {found}")
        try:
            ((pushes,),) = connection.execute("SELECT count(*) FROM push").fetchall()
        except sqlite3.OperationalError as error:
            raise NoBackup(NOT_A_LEDGER.format("what was to be copied")) from error
    return Copied(pushes=pushes, size_bytes=path.stat().st_size)


def _bring_up_to_date(path: Path, *, now: float) -> None:
    """Migrate the copy and mark it as rewound: what was told since, it does not know. Raises
    `SchemaOutdated` when it is newer than this program."""
    engine = engine_over(lambda: connect(path, mode="rw", wait_seconds=BUSY_SECONDS))
    try:
        with engine.begin() as connection:
            schema.migrate(connection)
            connection.execute(insert(rewind).values(seen_at=now, cause=RewindCause.RESTORED))
    finally:
        engine.dispose()


def _put_aside(path: Path, *, now: float) -> Path | None:
    """Rename the old ledger and its log; they stay together, and nothing of them stays here."""
    at = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%S")
    aside = path.with_name(f"{path.name}.before-{at}")
    is_there = path.exists()
    if is_there:
        path.rename(aside)
    for end in BESIDE:
        left = Path(f"{path}{end}")
        if left.exists():
            left.rename(f"{aside}{end}")
    return aside if is_there else None


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
