"""Where in a TOML file a key stands: tomllib tells only of syntax errors."""

from __future__ import annotations

import re
import tomllib

_NAME = r"(?:[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*')"
_DOTTED = rf"{_NAME}(?:\s*\.\s*{_NAME})*"
_HEADING = re.compile(rf"\s*\[\[?\s*({_DOTTED})\s*\]")
_KEY = re.compile(rf"\s*({_DOTTED})\s*=")
_PLACE = re.compile(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", re.DOTALL)
_LONG_TEXT = ('"""', "'''")


def lines_of_keys(text: str) -> dict[tuple[str, ...], int]:
    """Return the line, from 1, of each heading and key of a valid TOML text.

    Keys of an inline table are not found one by one: they stand on their table's line.
    """
    found: dict[tuple[str, ...], int] = {}
    heading: tuple[str, ...] = ()
    inside = ""  # the quotes of a text of several lines
    for number, line in enumerate(text.split("\n"), start=1):
        if inside:
            inside = "" if inside in line else inside
            continue
        if matched := _HEADING.match(line):
            heading = _names(matched[1])
            found.setdefault(heading, number)
        elif matched := _KEY.match(line):
            found.setdefault(heading + _names(matched[1]), number)
            rest = line[matched.end() :].lstrip()
            inside = next((q for q in _LONG_TEXT if rest.startswith(q) and q not in rest[3:]), "")
    return found


def place_of(error: tomllib.TOMLDecodeError, text: str) -> tuple[int, int, str]:
    """Return the line, the column and the message of a syntax error."""
    matched = _PLACE.fullmatch(str(error))
    message = (matched[1] if matched else str(error)).rstrip(".")
    if matched and matched[2]:
        return int(matched[2]), int(matched[3]), message
    lines = text.split("\n")
    return len(lines), len(lines[-1]) + 1, message


def _names(dotted: str) -> tuple[str, ...]:
    return tuple(name.strip("\"'") for name in re.findall(_NAME, dotted))
