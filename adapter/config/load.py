"""Every setting of waybridge, read and checked whole: the file, secrets, the environment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from adapter.config import files, program_rules, rules
from adapter.config.keys import Key, KeyTable
from adapter.config.pydantic_faults import finding_of, key_of, without
from adapter.config.sections import Sections
from adapter.config.sources import NO_FILE, Values, gather
from adapter.diagnostics.cannot_start import CannotStart
from adapter.diagnostics.finding import Finding, has_errors


class SettingsFaults(CannotStart):
    """The configuration cannot be used. Holds every finding at once."""


class Settings(Sections):
    """A configuration without an error. Frozen; secrets print as `***`."""

    @classmethod
    def load(cls, file: Path | None, environ: Mapping[str, str]) -> Settings:
        """Read the settings; without `file`, the file of WAYBRIDGE_CONFIG or none.

        Raises `SettingsFaults` with every fault at once; warnings alone do not raise.
        """
        inspection = inspect(file, environ)
        if inspection.settings is None:
            raise SettingsFaults(inspection.findings)
        return inspection.settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What reading a configuration came to. `settings` is None when there is any error.

    `draft` holds what could be read, faulty keys at their defaults, for whoever judges on.
    `readable` is false when the file itself could not be read or is no TOML.
    """

    settings: Settings | None
    draft: Settings
    findings: tuple[Finding, ...]
    readable: bool
    values: Values = field(repr=False)

    @property
    def has_file(self) -> bool:
        """Say whether a configuration file was named, on the command line or by variable."""
        return self.values.main.source != NO_FILE

    def placed(self, findings: Iterable[Finding]) -> tuple[Finding, ...]:
        """Name who set the keys of findings that do not say."""
        return tuple(map(self.values.placed, findings))


def inspect(
    file: Path | None, environ: Mapping[str, str], *, folder: Path | None = None
) -> Inspection:
    """Read the settings and find all faults at once. Never raises for a configuration.

    Relative names in the environment start from `folder`, by default the working one.
    """
    folder = folder or Path.cwd()
    if file is None and environ.get("WAYBRIDGE_CONFIG"):
        file = folder / environ["WAYBRIDGE_CONFIG"]
    values = gather(file, environ, keys=KEYS, folder=folder)
    findings = list(values.findings)
    draft, faulty = _drafted(values, findings)
    # Of a file that could not be read, "missing" would be said of everything in it.
    if values.readable:
        for finding in (*rules.breaches(draft), *files.missing(draft)):
            key = tuple(finding.key.split("."))
            if not any(key[: len(fault)] == fault for fault in faulty):
                findings.append(values.placed(finding))
    return Inspection(
        settings=None if has_errors(findings) else draft,
        draft=draft,
        findings=tuple(sorted(findings, key=lambda finding: (finding.source, finding.line or 0))),
        readable=values.readable,
        values=values,
    )


def refuse_development_secrets(inspection: Inspection) -> tuple[Finding, ...]:
    """Return an error for each published secret in use; `serve` must not start with one."""
    return inspection.placed(program_rules.development_secrets(inspection.draft))


def _drafted(values: Values, findings: list[Finding]) -> tuple[Settings, set[Key]]:
    files.anchor(values, KEYS)
    try:
        return Settings.model_validate(values.tree), set()
    except ValidationError as error:
        # `include_input=False`: a faulty value may be a secret in the wrong place.
        errors = error.errors(include_input=False, include_url=False)
    findings.extend(finding_of(fault, values, KEYS) for fault in errors)
    rest = deepcopy(values.tree)
    for fault in errors:
        without(rest, key_of(fault))
    return Settings.model_validate(rest), {key_of(fault) for fault in errors}


KEYS = KeyTable.of(Settings)
"""The table of all keys, made once."""
