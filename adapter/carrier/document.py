"""A mapping file as sections of text with the line of every key; knows TOML, not gRPC."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from adapter.carrier.findings import Findings, MappingFaults, nearest

SIZE_LIMIT_BYTES = 1024 * 1024

_KEY_PART = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*')"""
_KEY = rf"{_KEY_PART}(?:\s*\.\s*{_KEY_PART})*"
_HEADER = re.compile(rf"^\s*\[\[?\s*({_KEY})\s*\]")
_PAIR = re.compile(rf"^\s*({_KEY})\s*=")
_PART = re.compile(_KEY_PART)


@dataclass(frozen=True, slots=True)
class Section:
    """One table of the file. Its readers write down what is not as it should be."""

    name: str
    entries: Mapping[str, object]
    findings: Findings

    def key(self, name: str) -> str:
        """Return the full key of an entry, as findings show it."""
        return f"{self.name}.{name}" if self.name else name

    def refuse_unknown(self, known: Iterable[str]) -> None:
        """Write an error for every key that nothing reads: it is a slip of the pen."""
        choices = tuple(known)
        for entry in self.entries:
            if entry not in choices:
                self.findings.error(
                    self.key(entry), "nothing is known by this name", nearest(entry, choices)
                )

    def text(self, name: str, *, missing: str = "") -> str | None:
        """Return a text; None when it is absent (an error if `missing` says why) or no text."""
        value = self.entries.get(name)
        if isinstance(value, str) and value:
            return value
        if value is not None:
            self.findings.error(self.key(name), "must be a text that is not empty")
        elif missing:
            self.findings.error(self.key(name), "is missing", missing)
        return None

    def flag(self, name: str) -> bool:
        """Return a truth value; false when it is absent."""
        value = self.entries.get(name, False)
        if not isinstance(value, bool):
            self.findings.error(self.key(name), "must be true or false, without quotes")
        return value is True

    def section(self, name: str, *, missing: str = "") -> Section | None:
        """Return a table inside; None when it is absent or not a table."""
        value = self.entries.get(name)
        if isinstance(value, dict):
            return Section(self.key(name), value, self.findings)
        if value is not None:
            self.findings.error(self.key(name), f"must be a table: [{self.key(name)}]")
        elif missing:
            self.findings.error(self.key(name), "is missing", missing)
        return None

    def texts(self, *, constants: bool = False) -> dict[str, str]:
        """Return every entry as text by its dotted name, `a.b = "x"` like `"a.b" = "x"`.

        With `constants`, one without quotes is told how a constant is written.
        """
        found: dict[str, str] = {}
        self._collect(self.entries, "", found, constants=constants)
        return found

    def _collect(
        self, entries: Mapping[str, object], prefix: str, found: dict[str, str], *, constants: bool
    ) -> None:
        for name, value in entries.items():
            path = f"{prefix}{name}"
            if isinstance(value, dict):
                self._collect(value, f"{path}.", found, constants=constants)
            elif not isinstance(value, str):
                hint = _as_constant(value) if constants else ""
                self.findings.error(self.key(path), "must be a text in quotes", hint)
            elif path in found:
                self.findings.error(self.key(path), "stands twice")
            else:
                found[path] = value


def read(source: bytes | Path) -> Section:
    """Return the whole file as a section. Raises `MappingFaults` when it is no TOML."""
    findings = Findings()
    raw = _bytes(source, findings)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        findings.error("mapping", "is not UTF-8 text")
        raise MappingFaults(findings.ordered()) from error
    try:
        entries = tomllib.loads(text.replace("\r\n", "\n"))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        line = re.search(r"at line (\d+)", str(error))
        _tell_of_toml(findings, text, int(line[1]) if line else 0, str(error))
        raise MappingFaults(findings.ordered()) from error
    findings.lines.update(lines_of(text))
    return Section("", entries, findings)


def lines_of(text: str) -> dict[str, int]:
    """Return the line of every key and table header, by dotted name; the first one wins."""
    lines: dict[str, int] = {}
    for number, key in _keys(text):
        lines.setdefault(key, number)
    return lines


def _keys(text: str) -> Iterator[tuple[int, str]]:
    prefix = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            prefix = _dotted(header[1])
            yield number, prefix
        elif pair := _PAIR.match(line):
            key = _dotted(pair[1])
            yield number, f"{prefix}.{key}" if prefix else key


def _tell_of_toml(findings: Findings, text: str, line: int, error: str) -> None:
    """TOML calls a key that stands twice a value overwritten, and names neither place."""
    key = next((key for number, key in _keys(text) if number == line), "mapping")
    first = lines_of(text).get(key, line)
    if first < line:
        findings.lines[key] = line
        findings.error(key, f"stands twice, first on line {first}", "Keep one of the two.")
    else:
        findings.lines["mapping"] = line
        findings.error("mapping", f"is not TOML: {error}")


def _as_constant(value: object) -> str:
    if isinstance(value, bool):
        return f'Write "={str(value).lower()}".'
    return f'Write "={value}".' if isinstance(value, int | float) else ""


def _dotted(key: str) -> str:
    return ".".join(part.strip("\"'") for part in _PART.findall(key))


def _bytes(source: bytes | Path, findings: Findings) -> bytes:
    if isinstance(source, bytes):
        return source
    try:
        with source.open("rb") as opened:
            raw = opened.read(SIZE_LIMIT_BYTES + 1)
    except OSError as error:
        findings.error("mapping", f"{source} cannot be read: {error.strerror}")
        raise MappingFaults(findings.ordered()) from error
    if len(raw) > SIZE_LIMIT_BYTES:
        findings.error("mapping", f"{source} is over {SIZE_LIMIT_BYTES} bytes")
        raise MappingFaults(findings.ordered())
    return raw
