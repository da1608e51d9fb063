"""The configuration of a command: `--config`, and what `check` and `serve` judge by files alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from adapter.cli.check.answers import AnswerRow, judge
from adapter.cli.check.ledger import look_at_file
from adapter.config.load import (
    Inspection,
    Settings,
    SettingsFaults,
    inspect,
    refuse_development_secrets,
)
from adapter.diagnostics.finding import Finding, Severity, has_errors

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


def config_option(function: Decorated) -> Decorated:
    """Give a command `--config FILE`, passed as `config`, a path or None."""
    option = click.option(
        "--config",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Configuration file (.toml); by default $WAYBRIDGE_CONFIG, if set.",
    )
    return option(function)


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
    """Judge a configuration by its files alone; no server is asked."""
    inspection = inspect(config, environ)
    answers, found = judge(inspection) if inspection.readable else ((), ())
    findings = (
        *_without_file(inspection),
        *inspection.findings,
        *found,
        *refuse_development_secrets(inspection),
    )
    if inspection.settings is not None:
        # That `serve` will create the file is a note of the online check alone.
        ledger = look_at_file(inspection.settings)
        findings += tuple(fault for fault in ledger if fault.severity is Severity.ERROR)
    return Examination(inspection=inspection, answers=answers, findings=findings)


def _without_file(inspection: Inspection) -> tuple[Finding, ...]:
    """Return the likeliest reason for the faults when no file was named."""
    if inspection.has_file or not has_errors(inspection.findings):
        return ()
    return (
        Finding(
            severity=Severity.NOTE,
            source="configuration",
            message="no file was given; settings are read from the environment only.",
            hint="Give a file with --config FILE or in WAYBRIDGE_CONFIG.",
        ),
    )
