"""Where in a TOML file each key stands: tomllib tells only where a syntax error is."""

from __future__ import annotations

import re
import tomllib
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

Key = tuple[str | int, ...]
"""The names on the way to a value; the number of a table in its list counts from 1."""

_TOKEN = re.compile(
    r'''
    (?P<text> """(?:\\.|[^\\])*?"""(?:"{1,2})? | \'\'\'.*?\'\'\'(?:'{1,2})?
            | "(?:\\.|[^"\\\n])*" | '[^'\n]*' )
  | (?P<comment> \#[^\n]* )
  | (?P<mark> [\[\]{}=,.\n] )
  | (?P<bare> [^\s\[\]{}=,.#"']+ )
    ''',
    re.VERBOSE | re.DOTALL,
)
_PLACE = re.compile(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPlace:
    """One heading or key as it is written, and its line from 1."""

    key: Key
    line: int
    is_heading: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Token:
    text: str
    line: int
    is_name: bool = False


_Tokens = deque[_Token]
_END = ""


def dotted(key: Key) -> str:
    """Write a key as messages show it: `carrier.tls.ca`, `orders 3.life`."""
    text = ""
    for name in key:
        text += f" {name}" if isinstance(name, int) else f".{name}"
    return text.removeprefix(".")


def places_of(text: str) -> tuple[KeyPlace, ...]:
    """Return every heading and key in the order of the text, those of inline tables too.

    Of a text that is not TOML, those up to the fault are right.
    """
    return tuple(_places(_tokens(text)))


def lines_of(text: str) -> dict[Key, int]:
    """Return the line of every heading and key; the first one wins. A list of tables has that
    of its first table."""
    lines: dict[Key, int] = {}
    for place in places_of(text):
        if isinstance(place.key[-1], int):
            lines.setdefault(place.key[:-1], place.line)
        lines.setdefault(place.key, place.line)
    return lines


def fault_place(error: tomllib.TOMLDecodeError, text: str) -> tuple[int, int, str]:
    """Return the line, the column and the message of a syntax error."""
    matched = _PLACE.fullmatch(str(error))
    message = (matched[1] if matched else str(error)).rstrip(".")
    if matched and matched[2]:
        return int(matched[2]), int(matched[3]), message
    lines = text.split("\n")
    return len(lines), len(lines[-1]) + 1, message


def _tokens(text: str) -> _Tokens:
    found: _Tokens = deque()
    line, counted = 1, 0
    for match in _TOKEN.finditer(text):
        line += text.count("\n", counted, match.start())
        counted = match.start()
        if match.lastgroup != "comment":
            is_name = match.lastgroup in {"bare", "text"}
            found.append(_Token(text=match[0], line=line, is_name=is_name))
    found.append(_Token(text=_END, line=line))
    return found


def _places(tokens: _Tokens) -> Iterator[KeyPlace]:
    """Walk over the tokens. A heading gives the keys below it their beginning."""
    heading: Key = ()
    counts: dict[Key, int] = {}
    while tokens[0].text != _END:
        if tokens[0].text == "[":
            place = _heading(tokens, counts)
            heading = place.key
            yield place
        elif tokens[0].is_name:
            yield from _pair(tokens, heading)
        else:
            tokens.popleft()
            continue
        _skip_to(tokens, "\n")


def _heading(tokens: _Tokens, counts: dict[Key, int]) -> KeyPlace:
    line = tokens.popleft().line
    is_list = _takes(tokens, "[")
    key: Key = ()
    for name in _names(tokens):
        # `[orders.x]` below `[[orders]]` belongs to the last of them.
        key = (*key, counts[key], name) if key in counts else (*key, name)
    if is_list:
        counts[key] = counts.get(key, 0) + 1
        key = (*key, counts[key])
    return KeyPlace(key=key, line=line, is_heading=True)


def _pair(tokens: _Tokens, above: Key) -> Iterator[KeyPlace]:
    line = tokens[0].line
    key = (*above, *_names(tokens))
    yield KeyPlace(key=key, line=line)
    if _takes(tokens, "="):
        yield from _value(tokens, key)


def _names(tokens: _Tokens) -> list[str]:
    names = []
    while tokens[0].is_name or tokens[0].text == ".":
        token = tokens.popleft()
        if token.is_name:
            names.append(_name(token.text))
    return names


def _value(tokens: _Tokens, key: Key) -> Iterator[KeyPlace]:
    if _takes(tokens, "{"):
        while tokens[0].text not in {"}", _END}:
            if tokens[0].is_name:
                yield from _pair(tokens, key)
            else:
                tokens.popleft()
        _takes(tokens, "}")
    elif _takes(tokens, "["):
        yield from _array(tokens, key)
    else:
        _skip_to(tokens, ",", "]", "}", "\n")


def _array(tokens: _Tokens, key: Key) -> Iterator[KeyPlace]:
    number = 1
    while tokens[0].text not in {"]", _END}:
        if tokens[0].text == "{":
            yield KeyPlace(key=(*key, number), line=tokens[0].line)
        if _takes(tokens, ","):
            number += 1
        elif not _takes(tokens, "\n"):
            yield from _value(tokens, (*key, number))
            # A stray brace, in a text that is not TOML: go on behind it.
            _takes(tokens, "}")
    _takes(tokens, "]")


def _takes(tokens: _Tokens, mark: str) -> bool:
    """Tell whether the next token is this mark, and go behind it if so."""
    is_next = tokens[0].text == mark
    if is_next:
        tokens.popleft()
    return is_next


def _skip_to(tokens: _Tokens, *marks: str) -> None:
    while tokens[0].text not in {*marks, _END}:
        tokens.popleft()


def _name(text: str) -> str:
    if text[0] not in "\"'":
        return text
    if text[0] == '"' and "\\" in text:
        try:
            return str(tomllib.loads(f"name = {text}")["name"])
        except tomllib.TOMLDecodeError:
            return text
    return text[1:-1]
