"""A TOML file as tables that collect every fault with its line, in the same words everywhere.

The configuration, a mapping and the stub's files are read by it. The configuration's types
are pydantic's; it says their faults with the texts below.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from adapter.diagnostics.cannot_start import CannotStart
from adapter.diagnostics.finding import Findings, meant
from adapter.diagnostics.toml_lines import Key, KeyPlace, dotted, fault_place, lines_of, places_of

SIZE_LIMIT_BYTES = 1024 * 1024

UNKNOWN = "unknown setting."
MISSING = "is missing."
EMPTY = "must not be empty."
EMPTY_TEXT = "must not hold an empty text."
NOT_TEXT = "must be text in quotes."
NOT_FLAG = "must be true or false."
NOT_NUMBER = "must be a number."
NOT_TABLE = "must be a table, not a value."
NOT_LIST = "must be a list of tables."
NOT_TEXT_LIST = "must be a list of texts in quotes."
ONE_OF = "must be one of {expected}."
WITHOUT_QUOTES = "Write it without quotes."
KEEP_ONE = "Remove one of the two."

# tomllib's words for a key or a table that is defined twice; it names neither place.
_TWICE = re.compile(r"Cannot (overwrite|declare|mutate)|Duplicate inline table key")


class UnusableFile(CannotStart):
    """A TOML file cannot be used as it is. Holds every finding, notes too."""


@dataclass(frozen=True, slots=True)
class Table:
    """One table of a file. Its readers write down what is not as it should be."""

    name: str
    entries: Mapping[str, object]
    findings: Findings

    def key(self, name: str) -> str:
        """Return the full key of an entry, as findings show it."""
        return f"{self.name}.{name}" if self.name else name

    def refuse_unknown(self, known: Iterable[str]) -> None:
        """Write an error for every key that nothing reads: most are misspelt."""
        choices = tuple(known)
        for entry in self.entries:
            if entry not in choices:
                self.findings.error(self.key(entry), UNKNOWN, meant(entry, choices))

    def text(self, name: str, *, missing: str | None = None) -> str | None:
        """Return a text; None when it is absent, empty or not text.

        `missing` is the hint for one that has to be there, and then its absence an error.
        """
        value = self.entries.get(name, "")
        if not isinstance(value, str):
            self.findings.error(self.key(name), NOT_TEXT)
            return None
        if not value and missing is not None:
            self.findings.error(self.key(name), MISSING, missing)
        elif not value and name in self.entries:
            self.findings.error(self.key(name), EMPTY)
        return value or None

    def text_list(self, name: str, *, missing: str) -> tuple[str, ...]:
        """Return a list of texts; empty when one of them is not text or empty, or none is there.

        `missing` is the hint for a list that has to be there.
        """
        value = self.entries.get(name)
        if value is None:
            self.findings.error(self.key(name), MISSING, missing)
        elif not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            self.findings.error(self.key(name), NOT_TEXT_LIST, missing)
        elif not value or not all(each.strip() for each in value):
            self.findings.error(self.key(name), EMPTY if not value else EMPTY_TEXT, missing)
        else:
            return tuple(value)
        return ()

    def flag(self, name: str) -> bool:
        """Return a truth value; false when it is absent."""
        value = self.entries.get(name, False)
        if not isinstance(value, bool):
            self.findings.error(self.key(name), NOT_FLAG, WITHOUT_QUOTES)
        return value is True

    def number(self, name: str, *, default: float) -> float:
        """Return a number, or the default when it is absent."""
        value = self.entries.get(name, default)
        # To Python true is a number too; to whoever wrote the file it is not.
        if isinstance(value, int | float) and not isinstance(value, bool):
            return value
        hint = WITHOUT_QUOTES if isinstance(value, str) else ""
        self.findings.error(self.key(name), NOT_NUMBER, hint)
        return default

    def one_of(self, name: str, allowed: Sequence[str]) -> str:
        """Return a text that stands in `allowed`, or write the fault and return the first."""
        value = self.text(name, missing=f"Choose from: {', '.join(allowed)}.")
        if value is not None and value not in allowed:
            message = ONE_OF.format(expected=", ".join(allowed))
            self.findings.error(self.key(name), message, meant(value, allowed))
        return value if value is not None and value in allowed else allowed[0]

    def table(self, name: str, *, missing: str | None = None) -> Table | None:
        """Return a table inside; None when it is absent or not a table."""
        value = self.entries.get(name)
        if isinstance(value, dict):
            return Table(self.key(name), value, self.findings)
        if value is not None:
            self.findings.error(self.key(name), NOT_TABLE, table_hint(self.key(name)))
        elif missing is not None:
            self.findings.error(self.key(name), MISSING, missing)
        return None

    def tables(self, name: str) -> Iterator[Table]:
        """Yield each `[[name]]`, called by its number from 1."""
        value = self.entries.get(name, [])
        if not isinstance(value, list):
            hint = f"Write [[{self.key(name)}]] on a line of its own for each."
            self.findings.error(self.key(name), NOT_LIST, hint)
            return
        for number, entries in enumerate(value, start=1):
            called = f"{self.key(name)} {number}"
            if isinstance(entries, dict):
                yield Table(called, entries, self.findings)
            else:
                self.findings.error(called, NOT_TABLE, table_hint(self.key(name), is_list=True))

    def texts(self, *, constants: bool = False) -> dict[str, str]:
        """Return every entry as text by its dotted name, `a.b = "x"` like `"a.b" = "x"`.

        With `constants`, one without quotes is told how a constant is written.
        """
        found: dict[str, str] = {}
        for path, value in _leaves(self.entries):
            if not isinstance(value, str):
                hint = _as_constant(value) if constants else ""
                self.findings.error(self.key(path), NOT_TEXT, hint)
            elif path in found:
                first = self.findings.lines.get(self.key(path))
                said = f", first on line {first}" if first else ""
                self.findings.error(self.key(path), f"is defined twice{said}", KEEP_ONE)
            else:
                found[path] = value
        return found


def _leaves(entries: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    for name, value in entries.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def read(source: bytes | Path, *, called: str = "") -> Table:
    """Return a whole file as a table. Raises `UnusableFile` when it cannot be read as TOML.

    `called` is the name of a source that is no file.
    """
    findings = Findings(source=called or (str(source) if isinstance(source, Path) else ""))
    entries = parse(source, findings)
    if entries is None:
        raise UnusableFile(findings.ordered())
    return Table("", entries, findings)


def parse(source: bytes | Path, findings: Findings) -> dict[str, object] | None:
    """Return what a TOML text holds, or None and write down why it cannot be read.

    Gives `findings` the line of every key.
    """
    raw = _bytes(source, findings)
    if raw is None:
        return None
    try:
        # Windows' Notepad puts a byte order mark before everything.
        text = raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        hint = "TOML is UTF-8: save the file in that encoding."
        findings.error("", "is not UTF-8 text.", hint, line=line)
        return None
    try:
        entries = tomllib.loads(text)
        findings.lines = {dotted(key): line for key, line in reversed(lines_of(text).items())}
    except tomllib.TOMLDecodeError as error:
        _refuse_syntax(findings, text, error)
        return None
    except RecursionError:
        findings.error("", "is not TOML: brackets are nested too deeply.")
        return None
    return entries


def table_hint(key: str, *, is_list: bool = False) -> str:
    """Say how a table is written."""
    heading = f"[[{key}]]" if is_list else f"[{key}]"
    return f"Write {heading} on a line of its own and its keys below."


def _bytes(source: bytes | Path, findings: Findings) -> bytes | None:
    if isinstance(source, bytes):
        return source
    try:
        with source.open("rb") as opened:
            raw = opened.read(SIZE_LIMIT_BYTES + 1)
    except OSError as error:
        reason = (error.strerror or "not readable").lower()
        hint = "Check the file's path, and that this user may read it."
        findings.error("", f"cannot be read: {reason}.", hint)
        return None
    if len(raw) > SIZE_LIMIT_BYTES:
        findings.error("", f"is larger than {SIZE_LIMIT_BYTES} bytes.", "Is it the right file?")
        return None
    return raw


def _refuse_syntax(findings: Findings, text: str, error: tomllib.TOMLDecodeError) -> None:
    line, column, message = fault_place(error, text)
    places = [place for place in places_of(text) if place.line <= line]
    clash = _clash(places) if _TWICE.match(message) else None
    if clash is None:
        hint = "Put text in double quotes, and a table's name in [brackets] on its own line."
        findings.error("", f"is not TOML: {message}.", hint, line=line, column=column)
        return
    first, second = clash
    key = second.key[:-1] if isinstance(second.key[-1], int) else second.key
    message = f"is defined twice, first on line {first.line}."
    findings.error(dotted(key), message, KEEP_ONE, line=second.line)


def _clash(places: Sequence[KeyPlace]) -> tuple[KeyPlace, KeyPlace] | None:
    """Find the key that is defined twice, or once as a value and once as a table."""
    seen: dict[Key, KeyPlace] = {}
    for place in places:
        if place.key in seen:
            return seen[place.key], place
        seen[place.key] = place
    second = places[-1]
    for first in places[:-1]:
        shorter = min(len(first.key), len(second.key))
        holds_it = first.is_heading and len(first.key) < len(second.key)
        if first.key[:shorter] == second.key[:shorter] and not holds_it:
            return first, second
    return None


def _as_constant(value: object) -> str:
    if isinstance(value, bool):
        return f'Write "={str(value).lower()}".'
    return f'Write "={value}".' if isinstance(value, int | float) else ""
