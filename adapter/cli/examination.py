"""What `check` and `serve` find alike before anything is opened: the files and what they name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from adapter.cli.check.answers import AnswerRow, judge
from adapter.cli.check.ledger import look_at_file
from adapter.cli.configuration import without_file
from adapter.config.load import (
    Inspection,
    Settings,
    SettingsFaults,
    inspect,
    refuse_development_secrets,
)
from adapter.diagnostics.finding import Finding, Severity, has_errors


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """What was found in a configuration, its contract, its mapping and its ledger's file.

    `answers` is the table of all replies, empty when contract or mapping are faulty.
    """

    inspection: Inspection
    answers: tuple[AnswerRow, ...]
    findings: tuple[Finding, ...]

    @property
    def settings(self) -> Settings:
        """The settings to start with. Raises `SettingsFaults` when anything is an error."""
        if self.inspection.settings is None or has_errors(self.findings):
            raise SettingsFaults(self.findings)
        return self.inspection.settings


def examine(config: Path | None, environ: Mapping[str, str]) -> Examination:
    """Judge a configuration by its files alone; nobody is asked."""
    inspection = inspect(config, environ)
    answers, found = judge(inspection) if inspection.readable else ((), ())
    findings = (
        *without_file(inspection),
        *inspection.findings,
        *found,
        *refuse_development_secrets(inspection),
    )
    if inspection.settings is not None:
        # A ledger that `serve` will make is news only to whoever asks the world.
        ledger = look_at_file(inspection.settings)
        findings += tuple(fault for fault in ledger if fault.severity is Severity.ERROR)
    return Examination(inspection=inspection, answers=answers, findings=findings)
