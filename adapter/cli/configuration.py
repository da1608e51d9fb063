"""`--config`, as every command takes it: read, judged, and refused with every fault at once."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from adapter.cli.findings import refuse, show
from adapter.configuration.findings import Finding, Severity, has_errors
from adapter.settings import Inspection, Settings, inspect, refuse_development_secrets

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


def config_option(function: Decorated) -> Decorated:
    """Give a command `--config FILE`, passed as `config`, a path or None."""
    option = click.option(
        "--config",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="The configuration (.toml); by default the file WAYBRIDGE_CONFIG names, if any.",
    )
    return option(function)


def without_file(inspection: Inspection) -> tuple[Finding, ...]:
    """Return what to say before the faults when no file was named: the likeliest of them."""
    if inspection.has_file or not has_errors(inspection.findings):
        return ()
    return (
        Finding(
            severity=Severity.NOTE,
            source="configuration",
            message="no file was given, so every setting is looked for in the environment.",
            hint="Give the file with --config FILE, or name it in WAYBRIDGE_CONFIG.",
        ),
    )


def settings_of(
    config: Path | None,
    *,
    production: bool = False,
    warn: Callable[[tuple[Finding, ...]], object] = show,
) -> Settings:
    """Read the settings; warnings go to `warn`, by default to standard error, any error ends
    the program with 2.

    `production` refuses the development secrets too.
    """
    inspection = inspect(config, os.environ)
    findings = inspection.findings
    if production:
        findings = (*findings, *refuse_development_secrets(inspection))
    if inspection.settings is None or has_errors(findings):
        refuse((*without_file(inspection), *findings))
    warn(findings)
    return inspection.settings
