"""An operator's word on a push in doubt, kept beside it for whoever asks later."""

from __future__ import annotations

from dataclasses import dataclass

from adapter.cancellation.model import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """Who settled the push `key`, as what, why, and when (Unix seconds)."""

    key: str
    who: str
    reason: str
    outcome: Outcome
    at: float
