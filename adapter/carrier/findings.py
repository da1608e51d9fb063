"""What is wrong with a contract or a mapping, so that one reading is enough to mend it all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import Enum


class Severity(Enum):
    """How much a finding matters: an error refuses to start, a note only tells."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing to know about a mapping. `line` counts from 1; 0: no line can be named."""

    severity: Severity
    key: str
    line: int
    message: str
    hint: str = ""

    def __str__(self) -> str:
        where = f"line {self.line}: " if self.line else ""
        way_out = f" {self.hint}" if self.hint else ""
        return f"{where}{self.key}: {self.message}.{way_out}"


class ContractFault(Exception):
    """A descriptor set, or a method in it, cannot be used. `hint` says what to do."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(f"{message}. {hint}".strip() if hint else message)
        self.message = message
        self.hint = hint


class MappingFaults(Exception):
    """A mapping has errors and no call is made with it. Holds every finding, notes too."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(map(str, self.findings)))


@dataclass(slots=True)
class Findings:
    """Where a check writes down what it finds. `lines` knows the line of each key."""

    lines: dict[str, int] = field(default_factory=dict)
    found: list[Finding] = field(default_factory=list)

    def error(self, key: str, message: str, hint: str = "") -> None:
        """Write down what must be mended before anything starts."""
        self._add(Severity.ERROR, key, message, hint)

    def warning(self, key: str, message: str, hint: str = "") -> None:
        """Write down what is probably not meant."""
        self._add(Severity.WARNING, key, message, hint)

    def note(self, key: str, message: str, hint: str = "") -> None:
        """Write down what is worth knowing."""
        self._add(Severity.NOTE, key, message, hint)

    def ordered(self) -> tuple[Finding, ...]:
        """Return them in the order of the file."""
        return tuple(sorted(self.found, key=lambda finding: finding.line))

    @property
    def has_errors(self) -> bool:
        return any(finding.severity is Severity.ERROR for finding in self.found)

    def _add(self, severity: Severity, key: str, message: str, hint: str) -> None:
        line = self._line_of(key)
        self.found.append(
            Finding(severity=severity, key=key, line=line, message=message, hint=hint)
        )

    def _line_of(self, key: str) -> int:
        # A key that is missing has no line: its section's is the next best.
        while key not in self.lines and "." in key:
            key = key.rpartition(".")[0]
        return self.lines.get(key, 0)


def nearest(word: str, known: Iterable[str]) -> str:
    """Return `Did you mean …?` with the nearest known word, or all of them, or nothing."""
    choices = list(dict.fromkeys(known))
    folded = {choice.lower(): choice for choice in choices}
    close = get_close_matches(word.lower(), folded, n=1, cutoff=0.6)
    if close:
        return f'Did you mean "{folded[close[0]]}"?'
    if not choices:
        return ""
    shown = ", ".join(choices[:12])
    return f"There is: {shown}" + (", …" if len(choices) > 12 else "") + "."
