"""Order ids for a contract whose orders are numbers: what stands in for a name."""

from __future__ import annotations

from collections.abc import Callable

DIGITS = 15  # fit 64 bits, and every language's numbers
SMALL_DIGITS = 9  # fit 32 bits


def number_like(text: str, *, digits: int = DIGITS) -> str:
    """Return the last digits of `text` as a number is written, or 1: ORDER0002 becomes 2."""
    found = "".join(letter for letter in text if letter in "0123456789")
    return found[-digits:].lstrip("0") or "1"


def first_that_fits(text: str, fits: Callable[[str], bool]) -> str:
    """Return `text` where it fits, else the longest number like it that does."""
    numbers = (number_like(text, digits=digits) for digits in (DIGITS, SMALL_DIGITS))
    return next(filter(fits, (text, *numbers)), text)
