"""Reads the flat XML that WeChat writes in one pass; whatever else comes is xmltodict's.

A push is parsed twice, its envelope and its message, and xmltodict's tree costs more than all
the cryptography. What is accepted here is a strict part of what `xml_guard` accepts, with the
same result; a test compares the two.
"""

from __future__ import annotations

import re

_ROOT = "<xml>"
# Not the carriage return: XML reads it as a line feed (XML 1.0, 2.11), which is not ours to do.
_BAD = r"\x00-\x08\x0b-\x1f\ufffe\uffff"
_ELEMENT = re.compile(
    rf"[ \t\n]*+<([A-Za-z][A-Za-z0-9_]*+)>"
    rf"(?:<!\[CDATA\[([^\]{_BAD}]*+(?:\](?!\]>)[^\]{_BAD}]*+)*+)\]\]>|([^<&\]{_BAD}]*+))</\1>"
)
_END = re.compile(r"[ \t\n]*+</xml>[ \t\n]*+")


def parse_flat(text: str, *, elements: int) -> dict[str, str] | None:
    """Return the root's values by name, or nothing: then the text is not flat, or not XML."""
    if not text.startswith(_ROOT):
        return None
    fields: dict[str, str] = {}
    at = len(_ROOT)
    for _ in range(elements):
        found = _ELEMENT.match(text, at)
        if found is None:
            return fields if fields and _END.fullmatch(text, at) else None
        name, section, plain = found.groups()
        if name in fields:
            return None
        fields[name] = plain if section is None else section
        at = found.end()
    return None
