"""Keeps xmltodict to the little XML that WeChat writes.

xmltodict by itself takes a DOCTYPE, turns attributes into fields, and lets five kinds of
exception out. Its `expat=` hook takes any object with `ParserCreate`: ours.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn
from xml.parsers import expat

import xmltodict

from adapter.wechat.errors import Undecodable


def parse_xml(text: str, *, depth: int, elements: int) -> dict[str, Any]:
    """Return the children of the root `xml`: text, a mapping, or a list of mappings.

    Raise `Undecodable` for a DOCTYPE, a processing instruction, a comment, an attribute,
    text beside children, a repeated value, or more than `depth` and `elements` allow.
    """
    guard = _Guard(depth=depth, elements=elements)
    try:
        document = xmltodict.parse(text, expat=guard, strip_whitespace=False)
    except expat.ExpatError as error:
        raise Undecodable("xml") from error
    root = document.get("xml")
    if not isinstance(root, dict):
        raise Undecodable("xml_root")
    _refuse_repeated_values(root)
    return root


def _refuse_repeated_values(parent: dict[str, Any]) -> None:
    for value in parent.values():
        if isinstance(value, dict):
            _refuse_repeated_values(value)
        elif isinstance(value, list):
            # XML's only array is a repeated element (DetailList in add_waybill). A repeated
            # *value* is two answers to one question.
            for item in value:
                if not isinstance(item, dict):
                    raise Undecodable("repeated_name")
                _refuse_repeated_values(item)


class _Guard:
    """What xmltodict takes for the module `xml.parsers.expat`."""

    __slots__ = ("_depth", "_elements")

    def __init__(self, *, depth: int, elements: int) -> None:
        self._depth = depth
        self._elements = elements

    def ParserCreate(self, *_: object) -> _Parser:  # noqa: N802 - expat's name
        return _Parser(depth=self._depth, elements=self._elements)


class _Parser:
    """What xmltodict takes for an expat parser: it sets the handlers, then calls `Parse`."""

    __slots__ = (
        "CharacterDataHandler",
        "EndElementHandler",
        "EntityDeclHandler",
        "StartElementHandler",
        "StartNamespaceDeclHandler",
        "_deepest",
        "_depth",
        "_is_leaf",
        "_left",
        "_text",
        "buffer_text",
        "ordered_attributes",
    )

    StartElementHandler: Callable[[str, list[str]], None]
    EndElementHandler: Callable[[str], None]
    CharacterDataHandler: Callable[[str], None]

    def __init__(self, *, depth: int, elements: int) -> None:
        self._deepest = depth
        self._left = elements
        self._depth = 0
        self._is_leaf = False
        self._text: list[str] = []

    def Parse(self, text: bytes, final: bool) -> None:  # noqa: N802, FBT001 - expat's names
        parser = expat.ParserCreate("UTF-8")  # whatever the declaration says
        parser.ordered_attributes = True
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text.append
        parser.XmlDeclHandler = _declaration
        parser.StartDoctypeDeclHandler = _doctype
        parser.ProcessingInstructionHandler = _instruction
        parser.CommentHandler = _comment
        parser.Parse(text, final)

    def _start(self, name: str, attributes: list[str]) -> None:
        if attributes:
            raise Undecodable("attribute")
        self._depth += 1
        self._left -= 1
        if self._depth > self._deepest:
            raise Undecodable("depth")
        if self._left < 0:
            raise Undecodable("elements")
        self._drop_blank_text()
        self._is_leaf = True
        self.StartElementHandler(name, attributes)

    def _end(self, name: str) -> None:
        if self._is_leaf:
            # Handed on even when empty, so that an empty element is "" and not None.
            self.CharacterDataHandler("".join(self._text))
            self._text.clear()
        else:
            self._drop_blank_text()
        self._is_leaf = False
        self._depth -= 1
        self.EndElementHandler(name)

    def _drop_blank_text(self) -> None:
        if self._text:
            if "".join(self._text).strip(" \t\r\n"):
                raise Undecodable("mixed_content")
            self._text.clear()


def _declaration(version: str, encoding: str | None, _standalone: int) -> None:
    if version != "1.0" or (encoding is not None and encoding.lower() != "utf-8"):
        raise Undecodable("xml_declaration")


def _doctype(*_: object) -> NoReturn:
    # Entities, default attributes and external files all begin with one.
    raise Undecodable("doctype")


def _instruction(*_: object) -> NoReturn:
    raise Undecodable("processing_instruction")


def _comment(_text: str) -> NoReturn:
    # Readers disagree on whether 1<!-- -->2 is "12" or "1".
    raise Undecodable("comment")
