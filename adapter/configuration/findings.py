"""What is wrong with a configuration: one finding for each fault, each with a way out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum


class Severity(Enum):
    """How much a finding matters. Only an error keeps `serve` from starting."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One fault. No field ever holds the value of a secret.

    `source` is a file's path, `environment variable X` or `secrets file X`; `key` is dotted
    (`wechat.encoding_aes_key`); `line` and `column` count from 1 and are only of files.
    """

    severity: Severity
    source: str
    message: str
    key: str = ""
    line: int | None = None
    column: int | None = None
    hint: str = ""

    @property
    def where(self) -> str:
        """Say in words where to look: the source, the line, the key."""
        line = None if self.line is None else f"line {self.line}"
        column = None if self.column is None else f"column {self.column}"
        return ", ".join(part for part in (self.source, line, column, self.key) if part)

    def __str__(self) -> str:
        hint = f" {self.hint}" if self.hint else ""
        return f"{self.severity.value}: {self.where}: {self.message}{hint}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """A rule that does not hold, said of one key."""

    key: str
    message: str
    hint: str
    severity: Severity = Severity.ERROR


class SettingsFaults(Exception):
    """The configuration cannot be used; nothing was started. Holds every finding at once."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(str(finding) for finding in self.findings))


def has_errors(findings: Iterable[Finding]) -> bool:
    """Say whether any of the findings keeps `serve` from starting."""
    return any(finding.severity is Severity.ERROR for finding in findings)
