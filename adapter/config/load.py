"""Every setting of waybridge, read and checked whole: the file, secrets, the environment.

The later source wins, key by key. Every value keeps its origin, so that a fault can name it and
a relative path can be read from where it was written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from adapter.config import program_rules, rules
from adapter.config.keys import PREFIX, Key, KeyTable
from adapter.config.kinds import without_password
from adapter.config.pydantic_faults import finding_of, key_of, without
from adapter.config.rules import SQLITE
from adapter.config.secret_files import readable_by_all
from adapter.config.sections import LedgerSettings, Sections, TlsSettings
from adapter.diagnostics.cannot_start import CannotStart
from adapter.diagnostics.finding import Finding, Findings, has_errors, nearest
from adapter.diagnostics.table import UNKNOWN, parse

OURS_ALONE = {"WAYBRIDGE_CONFIG", "WAYBRIDGE_SECRETS_DIR"}
"""Variables that say where the settings are; they are not settings."""

NO_FILE = "environment"
"""The source of what nobody set, when no file was named."""

# Kubernetes sets these in every pod beside a Service called `waybridge` or `waybridge-…`:
# https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
_KUBERNETES = re.compile(
    r"WAYBRIDGE_([A-Z0-9]+_)*(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|"
    r"PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)"
)
_URL = ("ledger", "url")


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
class Origin:
    """Who set a value, and the folder that its relative paths start from."""

    source: str
    folder: Path
    line: int | None = None
    file: Path | None = field(default=None, compare=False)


@dataclass(slots=True, kw_only=True)
class Values:
    """The values as found, not yet checked, with the origin of each.

    `main` is who should have set what nobody did: the file, or the environment without one.
    """

    main: Origin
    tree: dict[str, Any] = field(default_factory=dict, repr=False)
    origins: dict[Key, Origin] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    readable: bool = True

    def set(self, key: Key, value: object, origin: Origin) -> None:
        """Put a value over whatever earlier sources said of the key."""
        table = self.tree
        for name in key[:-1]:
            below = table.get(name)
            if not isinstance(below, dict):
                below = table[name] = {}
            table = below
        table[key[-1]] = value
        self.origins[key] = origin

    def origin_of(self, key: Key) -> Origin | None:
        """Return who set the key, or the nearest heading above it."""
        return next(
            (self.origins[key[:n]] for n in range(len(key), 0, -1) if key[:n] in self.origins), None
        )

    def placed(self, finding: Finding) -> Finding:
        """Name who set the key of a finding that does not say; else it is the file's fault."""
        if finding.source:
            return finding
        origin = self.origin_of(tuple(finding.key.split("."))) or self.main
        return replace(finding, source=origin.source, line=origin.line)

    def refuse(self, source: str, message: str, hint: str, *, key: str = "") -> None:
        """Note a fault of a source itself."""
        self.findings.append(Finding(source=source, key=key, message=message, hint=hint))


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What reading a configuration came to. `settings` is None when there is any error.

    `draft` holds what could be read, faulty keys at their defaults, for further checks.
    `readable` is false when the file itself could not be read or is not TOML.
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
        for finding in (*rules.findings(draft), *rules.missing_files(draft)):
            key = tuple(finding.key.split("."))
            if not any(key[: len(fault)] == fault for fault in faulty):
                findings.append(values.placed(finding))
    findings += readable_by_all(_secret_files(values, draft))
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


def _secret_files(values: Values, draft: Settings) -> Iterator[tuple[str, str, Path]]:
    """Every file that a secret was read from, or that is one, with its source and key."""
    for key, origin in values.origins.items():
        setting = KEYS.setting(key)
        dotted = ".".join(key)
        is_secret = setting is not None and setting.is_secret
        if key == _URL:
            is_secret = without_password(draft.ledger.url) != draft.ledger.url
        if origin.file is not None and is_secret:
            yield origin.source, dotted, origin.file
    tls = draft.carrier.tls or TlsSettings()
    for dotted, file in (
        ("carrier.token_file", draft.carrier.token_file),
        ("carrier.tls.key", tls.key),
    ):
        if file is not None:
            yield values.placed(Finding(key=dotted, message="")).source, dotted, file


def _drafted(values: Values, findings: list[Finding]) -> tuple[Settings, set[Key]]:
    anchor(values, KEYS)
    try:
        return Settings.model_validate(values.tree), set()
    except ValidationError as error:
        # `include_input=False`: a faulty value may be a secret in the wrong place.
        errors = error.errors(include_input=False, include_url=False)
    for fault in errors:
        origin = values.origin_of(key_of(fault)) or values.main
        in_file = origin.line is not None
        findings.append(values.placed(finding_of(fault, KEYS, in_file=in_file)))
    rest = deepcopy(values.tree)
    for fault in errors:
        without(rest, key_of(fault))
    return Settings.model_validate(rest), {key_of(fault) for fault in errors}


def gather(
    file: Path | None, environ: Mapping[str, str], *, keys: KeyTable, folder: Path
) -> Values:
    """Read every source. Never raises for what stands in them: faults are in `findings`."""
    main = Origin(source=str(file), folder=file.parent.absolute(), file=file) if file else None
    values = Values(main=main or Origin(source=NO_FILE, folder=folder))
    if file is not None:
        _read_file(values, file)
    secrets = environ.get("WAYBRIDGE_SECRETS_DIR")
    if secrets:
        _read_secrets(values, folder / secrets, keys)
    for name in sorted(environ):
        if name.startswith(PREFIX) and name not in OURS_ALONE and not _KUBERNETES.fullmatch(name):
            origin = Origin(source=f"environment variable {name}", folder=folder)
            _set_text(values, name, environ[name], origin, keys)
    return values


def _read_file(values: Values, file: Path) -> None:
    findings = Findings(source=str(file))
    table = parse(file, findings)
    values.findings += findings.found
    if table is None:
        values.readable = False
        return
    for key, value in _leaves(table, ()):
        line = next(
            (
                findings.lines[name]
                for n in range(len(key), 0, -1)
                if (name := ".".join(key[:n])) in findings.lines
            ),
            None,
        )
        values.set(key, value, replace(values.main, line=line))


def _leaves(table: Mapping[str, object], above: Key) -> Iterator[tuple[Key, object]]:
    for name, value in table.items():
        key = (*above, name)
        if isinstance(value, dict):
            yield key, {}
            yield from _leaves(value, key)
        else:
            yield key, value


def _read_secrets(values: Values, folder: Path, keys: KeyTable) -> None:
    hint = "Point WAYBRIDGE_SECRETS_DIR at a folder of files that are named like the variables."
    try:
        files = sorted(file for file in folder.iterdir() if file.name.startswith(PREFIX))
    except OSError as error:
        reason = (error.strerror or "not readable").lower()
        values.refuse(
            str(folder), f"cannot be listed: {reason}.", hint, key="WAYBRIDGE_SECRETS_DIR"
        )
        return
    for file in files:
        source = f"secrets file {file}"
        try:
            # An editor or `echo` ends a file with a newline that is not part of the secret.
            text = file.read_bytes().decode().rstrip("\r\n")
        except OSError as error:
            reason = (error.strerror or "not readable").lower()
            values.refuse(
                source, f"cannot be read: {reason}.", "Make it readable for waybridge's user."
            )
        except UnicodeDecodeError:
            values.refuse(source, "is not UTF-8 text.", "Write the secret as plain text.")
        else:
            _set_text(
                values,
                file.name,
                text,
                Origin(source=source, folder=folder.absolute(), file=file),
                keys,
            )


def _set_text(values: Values, name: str, text: str, origin: Origin, keys: KeyTable) -> None:
    programs = values.tree.get("mini_programs")
    key = keys.key_of(name.removeprefix(PREFIX), programs if isinstance(programs, dict) else {})
    if key is None:
        hint = _meant(name.removeprefix(PREFIX), list(keys.variables))
        values.refuse(origin.source, UNKNOWN, hint)
    else:
        values.set(key, keys.from_text(key, text), origin)


def _meant(variable: str, known: list[str]) -> str:
    """Return a hint at the variable that was probably meant, in the section that was named if
    there is one: the prefix that all share would make any two of them look alike."""
    section = variable.partition("__")[0] + "__"
    siblings = [name for name in known if name.startswith(section)]
    meant = nearest(variable, siblings or known)
    return (
        f'Did you mean "{PREFIX}{meant}"?' if meant else "`waybridge schema` lists every setting."
    )


def anchor(values: Values, keys: KeyTable) -> None:
    """Make every relative file name absolute, from the folder of the source that holds it."""
    ledger = values.tree.setdefault("ledger", {})
    if isinstance(ledger, dict) and "url" not in ledger:
        # From any folder, every command that is given the same file finds the same ledger.
        values.set(_URL, LedgerSettings().url, values.main)
    for key in [*keys.paths(), _URL]:
        table: object = values.tree
        for name in key[:-1]:
            table = table.get(name) if isinstance(table, dict) else None
        text = table.get(key[-1]) if isinstance(table, dict) else None
        if isinstance(table, dict) and isinstance(text, str) and text:
            table[key[-1]] = _anchored(text, values.origins[key].folder, is_url=key == _URL)


def _anchored(text: str, folder: Path, *, is_url: bool) -> str:
    if not is_url:
        return str(folder / Path(text).expanduser())
    if not text.startswith(SQLITE) or ":memory:" in text:
        return text
    path, mark, query = text.removeprefix(SQLITE).partition("?")
    return f"{SQLITE}{folder / path}{mark}{query}" if path else text


KEYS = KeyTable.of(Settings)
"""The table of all keys, made once."""
