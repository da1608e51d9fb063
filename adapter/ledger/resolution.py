"""A decision kept beside its push for whoever asks later: an operator's, or one since corrected."""

from __future__ import annotations

from dataclasses import dataclass

from adapter.cancellation.model import Entry, Outcome

OURSELVES = "waybridge"
"""Who decided what a push's own call has corrected since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """Who settled the push `key`, as what, why, and when (Unix seconds)."""

    key: str
    who: str
    reason: str
    outcome: Outcome
    at: float


def kept(replaced: Entry) -> Resolution:
    """Return the line that keeps a decision which another one replaces."""
    return Resolution(
        key=replaced.key,
        who=OURSELVES,
        reason=replaced.cause_text,
        outcome=replaced.outcome or Outcome.IN_DOUBT,
        at=replaced.settled_at,
    )
