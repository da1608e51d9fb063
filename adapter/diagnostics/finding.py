"""What is wrong, where, and what to do about it: the only class for it in the project."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from enum import Enum

LISTED_AT_MOST = 12
_ENDS = (".", "!", "?", "…")
_NUMBER = re.compile(r" \d+$")  # of a table in its list


class Severity(Enum):
    """How much a finding matters. Only an error keeps anything from starting."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing to know about a setting, a file or a server. Never holds a secret's value.

    `source` is a file's path, `environment variable X`, `secrets file X`, a command or a
    server; empty where only the key is known. `key` is dotted (`wechat.encoding_aes_key`);
    `line` and `column` count from 1 and are only of files. `message` ends with a full stop,
    which is added where it is left out.
    """

    severity: Severity = Severity.ERROR
    source: str = ""
    key: str = ""
    line: int | None = None
    column: int | None = None
    message: str
    hint: str = ""

    def __post_init__(self) -> None:
        if not self.message.endswith(_ENDS) and "\n" not in self.message:
            object.__setattr__(self, "message", f"{self.message}.")

    @property
    def where(self) -> str:
        """Say in words where to look: the source, the line, the key."""
        line = None if self.line is None else f"line {self.line}"
        column = None if self.column is None else f"column {self.column}"
        return ", ".join(part for part in (self.source, line, column, self.key) if part)

    def __str__(self) -> str:
        parts = (self.severity.value, self.where, self.message)
        hint = f" {self.hint}" if self.hint else ""
        return ": ".join(part for part in parts if part) + hint


@dataclass(slots=True)
class Findings:
    """Where a check writes down what it finds in one source.

    `lines` knows the line of each dotted key; a key that is missing stands at its table.
    """

    source: str = ""
    lines: Mapping[str, int] = field(default_factory=dict)
    found: list[Finding] = field(default_factory=list)

    def error(
        self,
        key: str,
        message: str,
        hint: str = "",
        *,
        line: int | None = None,
        column: int | None = None,
    ) -> None:
        """Write down what must be corrected before anything starts."""
        self._add(Severity.ERROR, key, message, hint, line=line, column=column)

    def warning(self, key: str, message: str, hint: str = "") -> None:
        """Write down what is probably not meant."""
        self._add(Severity.WARNING, key, message, hint)

    def note(self, key: str, message: str, hint: str = "") -> None:
        """Write down what is worth knowing."""
        self._add(Severity.NOTE, key, message, hint)

    def ordered(self) -> tuple[Finding, ...]:
        """Return them in the order of the file."""
        return tuple(sorted(self.found, key=lambda finding: finding.line or 0))

    @property
    def has_errors(self) -> bool:
        return has_errors(self.found)

    def _add(
        self,
        severity: Severity,
        key: str,
        message: str,
        hint: str,
        *,
        line: int | None = None,
        column: int | None = None,
    ) -> None:
        line = line or self._line_of(key)
        place = Finding(source=self.source, key=key, line=line, column=column, message=message)
        self.found.append(replace(place, severity=severity, hint=hint))

    def _line_of(self, key: str) -> int | None:
        while key and key not in self.lines:
            shorter = _NUMBER.sub("", key)
            key = key.rpartition(".")[0] if shorter == key else shorter
        return self.lines.get(key)


def has_errors(findings: Iterable[Finding]) -> bool:
    """Tell whether any of the findings keeps `serve` from starting."""
    return any(finding.severity is Severity.ERROR for finding in findings)


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the known word that was probably meant, in any letter case, or an empty text."""
    folded = {choice.lower(): choice for choice in known}
    close = get_close_matches(word.lower(), folded, n=1, cutoff=0.7)
    return folded[close[0]] if close else ""


def meant(word: str, known: Iterable[str]) -> str:
    """Return a hint at the known word that was probably meant, or at all of them."""
    choices = list(dict.fromkeys(known))
    if near := nearest(word, choices):
        return f'Did you mean "{near}"?'
    shown = ", ".join(choices[:LISTED_AT_MOST])
    more = ", …" if len(choices) > LISTED_AT_MOST else ""
    return f"Choose from: {shown}{more}." if choices else ""
