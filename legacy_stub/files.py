"""Read the stub's own TOML files, and say everything that is wrong with one at once."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path


class UnusableFile(Exception):
    """A file the stub was given cannot be used; the stub does not start.

    The text is one paragraph: the file, every fault, and what to do.
    """

    def __init__(self, file: Path, faults: Sequence[str], *, remedy: str) -> None:
        super().__init__(f"{file} cannot be used: {'; '.join(faults)}. {remedy}")
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table of a TOML file. Faults found in it gather in `faults`, shared by all tables."""

    place: str
    values: dict[str, object]
    faults: list[str] = field(default_factory=list)

    def text(self, key: str, *, default: str = "") -> str:
        value = self._value(key, kinds=(str,), name="text", default=default)
        return value if isinstance(value, str) else default

    def number(self, key: str, *, default: float) -> float:
        value = self._value(key, kinds=(int, float), name="a number", default=default)
        return value if isinstance(value, (int, float)) else default

    def one_of(self, key: str, allowed: Sequence[str]) -> str:
        """Return a text that stands in `allowed`, or note the fault and return the first."""
        value = self.text(key)
        if value in allowed:
            return value
        self.faults.append(f"{self._at(key)} is {value!r}, must be one of {', '.join(allowed)}")
        return allowed[0]

    def table(self, key: str) -> Table:
        value = self._value(key, kinds=(dict,), name="a table", default={})
        return Table(
            place=self._at(key),
            values=value if isinstance(value, dict) else {},
            faults=self.faults,
        )

    def tables(self, key: str) -> Iterator[Table]:
        """Yield each `[[key]]`, placed by its number from 1."""
        value = self._value(key, kinds=(list,), name="a list", default=[])
        for number, values in enumerate(value if isinstance(value, list) else [], start=1):
            place = f"{key} {number}"
            if isinstance(values, dict):
                yield Table(place=place, values=values, faults=self.faults)
            else:
                self.faults.append(f"{place} must be a table")

    def refuse_others(self, *known: str) -> None:
        """Note every key that is not known: most are misspelt."""
        self.faults.extend(
            f"{self.place or 'the file'} knows no {key!r}, only {', '.join(known)}"
            for key in self.values.keys() - set(known)
        )

    def _at(self, key: str) -> str:
        return f"{self.place}.{key}".removeprefix(".")

    def _value(self, key: str, *, kinds: tuple[type, ...], name: str, default: object) -> object:
        value = self.values.get(key, default)
        # To Python true is a number too; to whoever wrote the file it is not.
        if isinstance(value, kinds) and not isinstance(value, bool):
            return value
        self.faults.append(f"{self._at(key)} must be {name}")
        return default


def read_toml(file: Path, *, remedy: str) -> Table:
    """Return the file's top table; raises `UnusableFile` when it cannot be read at all."""
    try:
        return Table(place="", values=tomllib.loads(file.read_text(encoding="utf-8")))
    except OSError as error:
        raise UnusableFile(file, [error.strerror or "unreadable"], remedy=remedy) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UnusableFile(file, [f"not TOML ({error})"], remedy=remedy) from error
