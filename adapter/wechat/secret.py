"""Secrets that can be used but not printed: tokens, AES keys and the merchant's password."""

from __future__ import annotations

import hmac
from typing import NoReturn

MASK = "***"


class Secret:
    """A text that prints as `***` however it is printed; `reveal` is the only way to it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the secret itself; call it where it is used and keep it nowhere."""
        return self._text

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(_as_bytes(self._text), _as_bytes(other._text))

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __repr__(self) -> str:
        return MASK

    def __format__(self, format_spec: str) -> str:
        # No width, no precision: `f"{secret:.3}"` must not become a way to ask for less.
        return MASK

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: object) -> Secret:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret cannot be pickled")


def _as_bytes(text: str) -> bytes:
    # Undecodable bytes of an environment variable arrive as lone surrogates.
    return text.encode("utf-8", "surrogatepass")
