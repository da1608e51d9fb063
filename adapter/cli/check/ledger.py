"""What `check` asks the ledger: whether it exists, is ours, and can be written."""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from adapter.config.kinds import without_password
from adapter.config.load import Settings
from adapter.diagnostics.finding import Finding, Severity
from adapter.ledger.errors import LedgerNotOpened
from adapter.ledger.open import file_of
from adapter.ledger.sqlite.file import NOT_A_LEDGER, is_sqlite

KEY = "ledger.url"
WITHIN_SECONDS = 5.0
AHEAD_SECONDS = 60.0  # the newest push may be this much after our clock


async def ask(settings: Settings) -> tuple[Finding, ...]:
    """Open the ledger read-only, beside a running serve; nothing is changed."""
    url = settings.ledger.url
    scheme = urlsplit(url).scheme
    if scheme == "memory":
        return ()
    if found := await asyncio.to_thread(look_at_file, settings):
        return found
    try:
        async with asyncio.timeout(WITHIN_SECONDS):
            newest = await _newest(url)
    except LedgerNotOpened as error:
        return tuple(replace(each, source=without_password(url)) for each in error.findings)
    except TimeoutError:
        return (_error(url, f"does not answer within {WITHIN_SECONDS:g} s."),)
    ahead = newest - time.time()
    if ahead < AHEAD_SECONDS:
        return ()
    return (
        Finding(
            severity=Severity.ERROR,
            source=without_password(url),
            key="clock",
            message=f"the newest push was received {ahead:.0f} s ahead of this machine's clock.",
            hint="Correct the clock: pushes would be refused as stale.",
        ),
    )


def look_at_file(settings: Settings) -> tuple[Finding, ...]:
    """Judge an SQLite file by the file system alone, for what would stop `serve`."""
    url = settings.ledger.url
    if not url.startswith("sqlite"):
        return ()
    found = _file_fault(file_of(url))
    return () if found is None else (found,)


async def _newest(url: str) -> float:
    """Return when the newest push was received, in Unix seconds; 0 without any push."""
    # Not at the top: SQLAlchemy takes longer to import than all the rest of `check --offline`.
    from adapter.ledger.search import Filters, open_archive

    async with open_archive(url) as archive:
        entries = await archive.search(Filters(), limit=1)
    return entries[0].received_at if entries else 0.0


def _file_fault(path: Path) -> Finding | None:
    """Return what is wrong with the file, or that it does not exist yet."""
    folder = path.parent
    source = str(path)
    lock = Path(f"{path}.lock")
    owner = "Change its owner, or run as the user that serves."
    if path.exists() and not os.access(path, os.W_OK):
        return _error(source, "this user has no permission to write to it.", owner)
    if lock.exists() and not os.access(lock, os.W_OK):
        return _error(source, f"this user has no permission to write to {lock}.", owner)
    if not folder.is_dir():
        return _error(
            source, f"the folder {folder} does not exist.", "Create it; `serve` does not."
        )
    if not os.access(folder, os.W_OK):
        return _error(source, f"this user has no permission to create files in {folder}.", owner)
    if path.exists():
        if is_sqlite(path):
            return None
        return _error(source, f"{NOT_A_LEDGER.format(path)}.")
    return Finding(
        severity=Severity.NOTE,
        source=source,
        key=KEY,
        message="does not exist yet; `serve` will create it.",
    )


def _error(url: str, message: str, hint: str = "") -> Finding:
    return Finding(
        severity=Severity.ERROR, source=without_password(url), key=KEY, message=message, hint=hint
    )
