"""Where in a TOML file each key stands: tomllib tells only where a syntax error is."""

from __future__ import annotations

import re
import tomllib
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
class Place:
    """One heading or key as it is written, and its line from 1."""

    key: Key
    line: int
    is_heading: bool = False


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    line: int


def dotted(key: Key) -> str:
    """Write a key as messages show it: `carrier.tls.ca`, `orders 3.life`."""
    text = ""
    for name in key:
        text += f" {name}" if isinstance(name, int) else f".{name}"
    return text.removeprefix(".")


def places_of(text: str) -> tuple[Place, ...]:
    """Return every heading and key in the order of the text, those of inline tables too.

    Of a text that is not TOML, those up to the fault are right.
    """
    return tuple(_Reader(text).places())


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


class _Reader:
    """Walks over the tokens of one text. Headings give the keys below them their beginning."""

    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self._next = 0
        self._heading: Key = ()
        self._counts: dict[Key, int] = {}

    def places(self) -> Iterator[Place]:
        while token := self._peek():
            if token.text == "[":
                yield from self._read_heading()
            elif token.kind in {"bare", "text"}:
                yield from self._read_pair(self._heading)
            else:
                self._next += 1
                continue
            self._skip_line()

    def _read_heading(self) -> Iterator[Place]:
        line = self._tokens[self._next].line
        is_list = self._text_at(self._next + 1) == "["
        self._next += 2 if is_list else 1
        key = self._numbered(self._read_key())
        if is_list:
            self._counts[key] = self._counts.get(key, 0) + 1
            key = (*key, self._counts[key])
        self._heading = key
        yield Place(key=key, line=line, is_heading=True)

    def _numbered(self, names: Key) -> Key:
        """`[orders.x]` below `[[orders]]` belongs to the last of them."""
        key: Key = ()
        for name in names:
            key = (*key, self._counts[key], name) if key in self._counts else (*key, name)
        return key

    def _read_pair(self, above: Key) -> Iterator[Place]:
        line = self._tokens[self._next].line
        key = (*above, *self._read_key())
        yield Place(key=key, line=line)
        if self._text_at(self._next) == "=":
            self._next += 1
            yield from self._read_value(key)

    def _read_key(self) -> Key:
        names: list[str] = []
        while token := self._peek():
            if token.kind in {"bare", "text"}:
                names.append(_name(token))
            elif token.text != ".":
                break
            self._next += 1
        return tuple(names)

    def _read_value(self, key: Key) -> Iterator[Place]:
        opening = self._text_at(self._next)
        if opening == "{":
            self._next += 1
            yield from self._read_inline(key)
        elif opening == "[":
            self._next += 1
            yield from self._read_array(key)
        else:
            while (token := self._peek()) and token.text not in {",", "]", "}", "\n"}:
                self._next += 1

    def _read_inline(self, key: Key) -> Iterator[Place]:
        while (token := self._peek()) and token.text != "}":
            if token.kind in {"bare", "text"}:
                yield from self._read_pair(key)
            else:
                self._next += 1
        self._next += 1

    def _read_array(self, key: Key) -> Iterator[Place]:
        number = 1
        while (token := self._peek()) and token.text != "]":
            if token.text == "{":
                yield Place(key=(*key, number), line=token.line)
            if token.text == ",":
                number += 1
            if token.text in {",", "\n"}:
                self._next += 1
            else:
                yield from self._read_value((*key, number))
                # A stray brace, in a text that is not TOML: go on behind it.
                self._next += self._text_at(self._next) == "}"
        self._next += 1

    def _skip_line(self) -> None:
        while (token := self._peek()) and token.text != "\n":
            self._next += 1

    def _peek(self) -> _Token | None:
        return self._tokens[self._next] if self._next < len(self._tokens) else None

    def _text_at(self, index: int) -> str:
        return self._tokens[index].text if index < len(self._tokens) else ""


def _tokens(text: str) -> list[_Token]:
    found = []
    line, counted = 1, 0
    for match in _TOKEN.finditer(text):
        line += text.count("\n", counted, match.start())
        counted = match.start()
        kind = match.lastgroup or ""
        if kind != "comment":
            found.append(_Token(kind=kind, text=match[0], line=line))
    return found


def _name(token: _Token) -> str:
    if token.kind == "bare":
        return token.text
    if token.text.startswith('"') and "\\" in token.text:
        try:
            return str(tomllib.loads(f"name = {token.text}")["name"])
        except tomllib.TOMLDecodeError:
            return token.text
    return token.text[1:-1]
