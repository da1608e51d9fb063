"""What every `waybridge ledger` command begins with: which ledger, whose clock, how it fails."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn
from zoneinfo import ZoneInfo

from adapter.cancellation.errors import AdapterError
from adapter.cli.findings import refuse
from adapter.configuration.findings import Finding, Severity
from adapter.ledger.errors import LedgerInUse, SchemaOutdated
from adapter.settings import Settings, inspect

CONCERNS = ("ledger", "ops.timezone")  # the keys that reading a ledger leans on

HINTS: dict[type[AdapterError], str] = {
    LedgerInUse: "Reading it beside a running serve is possible: search, show, export.",
    SchemaOutdated: "",  # the message ends in what to do
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The ledger a command works on. `name` is the command, for what it says on failing."""

    name: str
    settings: Settings

    @property
    def url(self) -> str:
        return self.settings.ledger.url

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.settings.ops.timezone)

    def refuse(self, message: str, hint: str = "") -> NoReturn:
        """End the program with one paragraph and exit code 2."""
        source = f"waybridge ledger {self.name}"
        refuse([Finding(severity=Severity.ERROR, source=source, message=message, hint=hint)])

    @contextmanager
    def or_refuse(self) -> Iterator[None]:
        """WaybillLock what keeps a ledger from being used into one paragraph and exit code 2."""
        try:
            yield
        except AdapterError as error:
            hint = HINTS.get(type(error), "Is it the [ledger] url of the running serve?")
            self.refuse(f"{error}.", hint)


def place_of(config: Path | None, *, name: str) -> Place:
    """Find the ledger of a configuration; only faults that concern it end the program.

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
        refuse(faults)
    place = Place(name=name, settings=inspection.draft)
    if place.url.startswith("memory"):
        place.refuse(
            "this ledger is kept in the memory of the process that serves.",
            "Give the command a configuration whose [ledger] url is a file or PostgreSQL.",
        )
    return place
