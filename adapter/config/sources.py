"""Where each value comes from: the file, then the secrets folder, then the environment.

The later one wins, key by key. Every value keeps its origin, so that a fault can name it and
a relative path can be read from where it was written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from adapter.config.keys import Key, KeyTable
from adapter.diagnostics.finding import Finding, Findings, nearest
from adapter.diagnostics.table import UNKNOWN, parse

PREFIX = "WAYBRIDGE_"
OURS_ALONE = {"WAYBRIDGE_CONFIG", "WAYBRIDGE_SECRETS_DIR"}
"""Variables that say where the settings are; they are none themselves."""

NO_FILE = "environment"
"""The source of what nobody set, when no file was named."""

# Kubernetes sets these in every pod beside a Service called `waybridge` or `waybridge-…`:
# https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
_KUBERNETES = re.compile(
    r"WAYBRIDGE_([A-Z0-9]+_)*(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|"
    r"PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Who set a value, and the folder that its relative paths start from."""

    source: str
    folder: Path
    line: int | None = None


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


def gather(
    file: Path | None, environ: Mapping[str, str], *, keys: KeyTable, folder: Path
) -> Values:
    """Read every source. Never raises for what stands in them: faults are in `findings`."""
    main = Origin(source=str(file), folder=file.parent.absolute()) if file else None
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
    hint = "Point WAYBRIDGE_SECRETS_DIR at a folder of files named as the variables."
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
            # An editor or `echo` ends a file with a newline that is no part of the secret.
            text = file.read_bytes().decode().rstrip("\r\n")
        except OSError as error:
            reason = (error.strerror or "not readable").lower()
            values.refuse(source, f"cannot be read: {reason}.", "Let waybridge's user read it.")
        except UnicodeDecodeError:
            values.refuse(source, "is not UTF-8 text.", "Write the secret's letters and digits.")
        else:
            _set_text(
                values, file.name, text, Origin(source=source, folder=folder.absolute()), keys
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
