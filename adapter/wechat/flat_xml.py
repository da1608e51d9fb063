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
