"""`--config`, as every command takes it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from adapter.config.load import Inspection
from adapter.diagnostics.finding import Finding, Severity, has_errors

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
