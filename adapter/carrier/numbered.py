"""Order ids for a contract whose orders are numbers: what stands in for a name."""

from __future__ import annotations

DIGITS = 15  # fit 64 bits, and every language's numbers


def number_like(text: str, *, digits: int = DIGITS) -> str:
    """Return the last digits of `text` as a number is written, or 1: ORDER0002 becomes 2."""
    found = "".join(letter for letter in text if letter in "0123456789")
    return found[-digits:].lstrip("0") or "1"
