"""Files with secrets that every user of the machine may read: warned of, one finding a file."""

from __future__ import annotations

import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from adapter.diagnostics.finding import Finding, Severity


def readable_by_all(files: Iterable[tuple[str, str, Path]]) -> Iterator[Finding]:
    """Warn of each file that others may read. `files`: the source to name, the key that the
    secret belongs to, the file. One that cannot be looked at is somebody else's finding."""
    seen: set[Path] = set()
    for source, key, file in files:
        try:
            mode = file.stat().st_mode
        except OSError:
            continue
        if file in seen or not mode & stat.S_IROTH or not stat.S_ISREG(mode):
            continue
        seen.add(file)
        yield Finding(
            severity=Severity.WARNING,
            source=source,
            key=key,
            message=f"stands in {file}, which every user of this machine may read.",
            hint=f"chmod 600 {file}, as the user that serves.",
        )
