"""The little XML that WeChat writes, and no more of it: flat in one pass, the rest by xmltodict.

A push is parsed twice, its envelope and its message, and xmltodict's tree costs more than all
the cryptography. What `parse_flat` accepts is a strict part of what `parse_xml` accepts, with
the same result; a test compares the two.

xmltodict by itself takes a DOCTYPE, turns attributes into fields, and lets five kinds of
exception out. Its `expat=` hook takes any object with `ParserCreate`: ours.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NoReturn
from xml.parsers import expat

import xmltodict

from adapter.wechat.errors import Undecodable

_TEXT = "#text"  # xmltodict's name for the text of an element that has children
_ROOT = "<xml>"
# Not the carriage return: XML reads it as a line feed (XML 1.0, 2.11), which is not ours to do.
_BAD = re.compile(r"[\x00-\x08\x0b-\x1f\ufffe\uffff]")
_START = re.compile(r"[ \t\n]*+<([A-Za-z][A-Za-z0-9_]*+)>(<!\[CDATA\[)?+")
_END = re.compile(r"[ \t\n]*+</xml>[ \t\n]*+")


def parse_flat(text: str, *, elements: int) -> dict[str, str] | None:
    """Return the root's values by name, or nothing: then the text is not flat, or not XML."""
    # What is printable to Python holds nothing bad, and is found so at a tenth of the cost.
    if not text.startswith(_ROOT) or not (text.isprintable() or _BAD.search(text) is None):
        return None
    fields: dict[str, str] = {}
    at = len(_ROOT)
    for _ in range(elements):
        found = _START.match(text, at)
        if found is None:
            return fields if fields and _END.fullmatch(text, at) else None
        name, section = found.groups()
        at = found.end()
        close = f"</{name}>" if section is None else f"]]></{name}>"
        end = text.find("<" if section is None else "]]>", at)
        # What stands for itself only in a section: a reference, and a section's end.
        value = text[at:end]
        if section is None and ("&" in value or "]" in value):
            return None
        if not text.startswith(close, end) or end < 0 or name in fields:
            return None
        fields[name] = value
        at = end + len(close)
    return None


def parse_xml(text: str, *, depth: int, elements: int) -> dict[str, Any]:
    """Return the children of the root `xml`: text, a mapping, or a list of mappings.

    Raise `Undecodable` for a DOCTYPE, a processing instruction, a comment, an attribute,
    text beside children, a repeated value, or more than `depth` and `elements` allow.
    """
    guard = _Guard(elements=elements)
    try:
        document = xmltodict.parse(text, expat=guard, strip_whitespace=False)
    except expat.ExpatError as error:
        raise Undecodable("xml") from error
    root = document.get("xml")
    if not isinstance(root, dict):
        raise Undecodable("xml_root")
    _settle(root, depth - 1)
    return root


def _settle(parent: dict[str, Any], depth_left: int) -> None:
    """Drop the indentation, make empty values `""`, refuse what is ambiguous."""
    if depth_left < 1:
        raise Undecodable("depth")
    # Only elements bring text here: no XML name begins with "#".
    if parent.pop(_TEXT, "").strip(" \t\r\n"):
        raise Undecodable("mixed_content")
    for name, value in parent.items():
        if isinstance(value, str):
            continue
        if value is None:
            parent[name] = ""  # the key exists, so the mapping keeps its order and size
        elif isinstance(value, dict):
            _settle(value, depth_left - 1)
        else:
            _settle_array(value, depth_left - 1)


def _settle_array(items: list[Any], depth_left: int) -> None:
    # XML's only array is a repeated element with children (DetailList in add_waybill).
    # A repeated *value* is two answers to one question.
    for item in items:
        if not isinstance(item, dict):
            raise Undecodable("repeated_name")
        _settle(item, depth_left)


class _Guard:
    """What xmltodict takes for the module `xml.parsers.expat`."""

    __slots__ = ("_elements",)

    def __init__(self, *, elements: int) -> None:
        self._elements = elements

    def ParserCreate(self, *_: object) -> _Parser:  # noqa: N802 - expat's name
        return _Parser(elements=self._elements)


class _Parser:
    """What xmltodict takes for an expat parser: it sets the handlers, then calls `Parse`."""

    __slots__ = (
        "CharacterDataHandler",
        "EndElementHandler",
        "EntityDeclHandler",
        "StartElementHandler",
        "StartNamespaceDeclHandler",
        "_left",
        "buffer_text",
        "ordered_attributes",
    )

    StartElementHandler: Callable[[str, list[str]], None]
    EndElementHandler: Callable[[str], None]
    CharacterDataHandler: Callable[[str], None]

    def __init__(self, *, elements: int) -> None:
        self._left = elements

    def Parse(self, text: bytes, final: bool) -> None:  # noqa: N802, FBT001 - expat's names
        parser = expat.ParserCreate("UTF-8")  # whatever the declaration says
        parser.ordered_attributes = True
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self.EndElementHandler
        parser.CharacterDataHandler = self.CharacterDataHandler
        parser.XmlDeclHandler = _declaration
        parser.StartDoctypeDeclHandler = _doctype
        parser.ProcessingInstructionHandler = _instruction
        parser.CommentHandler = _comment
        parser.Parse(text, final)

    def _start(self, name: str, attributes: list[str]) -> None:
        if attributes:
            raise Undecodable("attribute")
        # At once, not afterwards: it bounds the work, and the depth of what is walked later.
        self._left -= 1
        if self._left < 0:
            raise Undecodable("elements")
        self.StartElementHandler(name, attributes)


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
