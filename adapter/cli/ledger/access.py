"""What every `waybridge ledger` command begins with: which ledger, whose clock, how it fails."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from adapter.config.load import Settings, SettingsFaults, inspect
from adapter.diagnostics.cannot_start import CannotStart
from adapter.diagnostics.finding import Severity

CONCERNS = ("ledger", "ops.timezone")  # the keys that reading a ledger leans on


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The ledger a command works on."""

    settings: Settings

    @property
    def url(self) -> str:
        return self.settings.ledger.url

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.settings.ops.timezone)


def place_of(config: Path | None) -> Place:
    """Find the ledger of a configuration. Only faults that concern it are raised.

    A shell beside a running `serve` seldom has its secrets, and needs none.
    """
    inspection = inspect(config, os.environ)
    faults = [
        finding
        for finding in inspection.findings
        if finding.severity is Severity.ERROR
        and (not inspection.readable or finding.key.startswith(CONCERNS))
    ]
    if faults:
        raise SettingsFaults(faults)
    place = Place(settings=inspection.draft)
    if place.url.startswith("memory"):
        raise CannotStart(
            "this ledger is kept in the memory of the process that serves.",
            hint="Give the command a configuration whose [ledger] url is a file or PostgreSQL.",
        )
    return place
