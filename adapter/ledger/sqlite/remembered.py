"""What `<file>.lock` keeps of an SQLite ledger's newest state, and whether a log is the file's own.

It is written after each batch and never synced: an older memory proves less and harms nothing.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from adapter.ledger.errors import ForeignLog
from adapter.ledger.written import Witness

NUMBER_BYTES = 16  # at the beginning of the lock file: the number of the process that serves
MEMORY_BYTES = 240  # behind it
_FIELDS = 10
# The log's header and that of a frame. https://www.sqlite.org/fileformat.html#walformat
_LOG_HEADER, _FRAME_HEADER = 32, 24
_LARGEST_PAGE = 65_536  # written as 1


@dataclass(frozen=True, slots=True, kw_only=True)
class FileMemory:
    """The newest session and row that were written, and how the file and its log stood then."""

    session: int
    salt: str
    size: int
    changed_ns: int
    witness: Witness | None

    def line(self) -> str:
        """Return it as one line of text."""
        row = self.witness
        words = f"{self.session} {self.salt or '-'} {self.size} {self.changed_ns}"
        if row is None:
            return words
        return (
            f"{words} {row.key} {row.received_at!r} {row.calls} {row.deliveries}"
            f" {row.is_done:d} {row.is_told:d}"
        )


def recall(lock: Path) -> FileMemory | None:
    """Read the memory in a lock file; nothing where there is none, or one cut short."""
    try:
        with lock.open("rb") as file:
            words = file.read()[NUMBER_BYTES:].decode("ascii").split()
        if len(words) not in (_FIELDS - 6, _FIELDS):
            return None
        return FileMemory(
            session=int(words[0]),
            salt=words[1],
            size=int(words[2]),
            changed_ns=int(words[3]),
            witness=_witness(words[4:]) if len(words) == _FIELDS else None,
        )
    except (FileNotFoundError, ValueError):
        return None


def require_own_log(path: Path) -> None:
    """Raise `ForeignLog` when the log beside the file is that of another state of it: SQLite would
    write the log's pages into the file, and mix the two."""
    memory = recall(Path(f"{path}.lock"))
    log = Path(f"{path}-wal")
    if memory is None or not log.exists() or not path.exists():
        return
    stat = path.stat()
    if (stat.st_size, stat.st_mtime_ns) == (memory.size, memory.changed_ns):
        return  # as the last batch left it
    with log.open("rb") as file:
        header = file.read(_LOG_HEADER)
        if header[16:24].hex() != memory.salt or _is_in(path, file, header):
            return
    raise ForeignLog(
        f"{log} does not belong to {path}: the file was replaced or written since, and SQLite would"
        " mix the two into a damaged ledger. If you have put a backup in its place, take the log"
        f" away: `mv {log} {log}.old` and `rm -f {path}-shm`, and start again; the ledger then"
        " counts as rewound until `waybridge ledger accept-rewind`. If you have only copied the"
        " ledger together with its log, copy it again with `cp -a`, which keeps the times."
    )


def _witness(words: list[str]) -> Witness:
    return Witness(
        key=words[0],
        received_at=float(words[1]),
        calls=int(words[2]),
        deliveries=int(words[3]),
        is_done=words[4] == "1",
        is_told=words[5] == "1",
    )


def _is_in(path: Path, log: BinaryIO, header: bytes) -> bool:
    """Whether the log's pages were being written into the file, by whoever died then: they are
    written in their order, so the first page in the file is one that the log holds."""
    size = int.from_bytes(header[8:12]) or 1
    size = _LARGEST_PAGE if size == 1 else size
    first, places = 0, list[int]()
    offset = _LOG_HEADER
    while len(frame := os.pread(log.fileno(), _FRAME_HEADER, offset)) == _FRAME_HEADER:
        if frame[8:16] != header[16:24]:
            break
        page = int.from_bytes(frame[:4])
        if not places or page <= first:
            places = [*places, offset] if page == first else [offset]
            first = page
        offset += _FRAME_HEADER + size
    if not places:
        return True  # nothing of the log would be written
    with path.open("rb") as file:
        stands = os.pread(file.fileno(), size, (first - 1) * size)
    return any(os.pread(log.fileno(), size, at + _FRAME_HEADER) == stands for at in places)
