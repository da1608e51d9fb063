"""A faulty configuration, and every finding it must bring."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Faulty:
    """A file and an environment beside SOUND, and every finding they must bring."""

    expected: tuple[str, ...]
    file: str = ""
    environ: dict[str, str] = field(default_factory=dict)
    without: tuple[str, ...] = ()
