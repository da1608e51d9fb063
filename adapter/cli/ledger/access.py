"""Which ledger a command works on, and which push it is about."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from adapter.cancellation.model import Entry
from adapter.cli.ledger.rows import show_table
from adapter.cli.output import show_findings
from adapter.config.load import Settings, SettingsFaults, inspect
from adapter.diagnostics.cannot_start import CannotStart
from adapter.diagnostics.finding import Finding, Severity
from adapter.ledger.open import file_of
from adapter.ledger.search import Archive, Filters, open_archive
from adapter.ledger.sqlite.file import misses_its_log

CONCERNS = ("ledger", "ops.timezone")  # the keys that reading a ledger depends on
Read = TypeVar("Read")

LISTED_AT_MOST = 20  # candidates for one word
_PREFIX = re.compile(r"[0-9a-f]{4,32}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfiguredLedger:
    """The ledger a command works on."""

    settings: Settings

    @property
    def url(self) -> str:
        return self.settings.ledger.url

    def read(self, work: Callable[[Archive], Awaitable[Read]]) -> Read:
        """Run `work` with the ledger open for reading."""

        async def run() -> Read:
            async with open_archive(self.url) as archive:
                return await work(archive)

        return asyncio.run(run())

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.settings.ops.timezone)


def configured_ledger(
    config: Path | None, *, concerns: tuple[str, ...] = CONCERNS
) -> ConfiguredLedger:
    """Find the ledger of a configuration; raises only faults of the keys that concern it.

    A shell beside a running `serve` seldom has its secrets, and needs none.
    """
    inspection = inspect(config, os.environ)
    faults = [
        finding
        for finding in inspection.findings
        if finding.severity is Severity.ERROR
        and (not inspection.readable or finding.key.startswith(concerns))
    ]
    if faults:
        raise SettingsFaults(faults)
    ledger = ConfiguredLedger(settings=inspection.draft)
    if ledger.url.startswith("memory"):
        raise CannotStart(
            "this ledger is kept in the memory of the process that serves.",
            hint="Use a configuration whose [ledger] url is a file or a PostgreSQL database.",
        )
    if ledger.url.startswith("sqlite"):
        warn_of_missing_log(file_of(ledger.url))
    return ledger


def warn_of_missing_log(path: Path) -> None:
    """Say on standard error that the newest pushes may not be in a file."""
    if path.is_file() and os.access(path, os.R_OK) and misses_its_log(path):
        message = "its log is missing: the newest pushes may not be in this file."
        hint = (
            "It was copied without its -wal from a running serve, or that was killed and its -wal"
            " removed. Take copies with `waybridge ledger backup`."
        )
        finding = Finding(severity=Severity.WARNING, source=str(path), message=message, hint=hint)
        show_findings((finding,))


async def candidates(archive: Archive, word: str) -> tuple[Entry, ...]:
    """Return the pushes that a word may mean, newest first; a waybill wins over a key."""
    found = await archive.search(Filters(waybill_id=word), limit=LISTED_AT_MOST)
    prefix = word.strip().lower()
    if not found and _PREFIX.fullmatch(prefix):
        found = await archive.search(Filters(key_prefix=prefix), limit=LISTED_AT_MOST)
    return found


def the_one(found: Sequence[Entry], word: str, ledger: ConfiguredLedger) -> Entry:
    """Return the only candidate; otherwise list them and raise `CannotStart`."""
    if not found:
        raise CannotStart(
            f"no push has the key or waybill {word!r}.",
            hint="Find it with `waybridge ledger search`. At least 4 digits of a key are needed.",
        )
    if len(found) > 1:
        show_table(found, zone=ledger.zone, stream=sys.stderr)
        raise CannotStart(
            f"{word!r} matches several pushes.", hint="Give the key of one, from the last column."
        )
    return found[0]
