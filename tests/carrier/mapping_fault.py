"""A slip in a mapping: one change that breaks it, and every error it brings."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Slip:
    """One change that breaks the second contract's mapping, and every error it brings."""

    name: str
    old: str
    new: str
    errors: tuple[str, ...]
