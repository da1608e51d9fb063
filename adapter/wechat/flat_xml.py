"""Reads the flat XML that WeChat writes in one pass; whatever else comes is xmltodict's.

A push is parsed twice, its envelope and its message, and xmltodict's tree costs more than all
the cryptography. What is accepted here is a strict part of what `xml_guard` accepts, with the
same result; a test compares the two.
"""

from __future__ import annotations

import re

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
        value = _plain(text, at) if section is None else _section(text, at)
        if value is None or name in fields:
            return None
        at += len(value) + (0 if section is None else len("]]>"))
        if not text.startswith(f"</{name}>", at):
            return None
        fields[name] = value
        at += len(name) + len("</>")
    return None


def _section(text: str, at: int) -> str | None:
    end = text.find("]]>", at)
    return None if end < 0 else text[at:end]


def _plain(text: str, at: int) -> str | None:
    end = text.find("<", at)
    if end < 0:
        return None
    value = text[at:end]
    # A reference, or the end of a section that was none: xmltodict knows what they mean.
    return None if "&" in value or "]" in value else value
