"""How often a carrier in trouble is asked again: per push, and by the whole process."""

from __future__ import annotations

from collections.abc import Sequence

from adapter.cancellation.model import Call, Doubt, Outcome

PAUSES_SECONDS = (0.1, 0.5)  # before the first repeat, and before each later one
JITTER = 0.2  # of a pause, to either side
TOKENS = 10.0
TOKENS_OF_SUCCESS = 0.1
TOKENS_KEPT = 5.0  # with no more than these left nobody repeats

# For each kind of doubt, how many calls of that kind may be followed by another one. Kinds that
# are not listed never are: what the carrier says does not change by asking again.
_UNLIMITED = 1_000_000
FOLLOWED: dict[Doubt | None, int] = {
    None: _UNLIMITED,  # its process died, or an older program wrote it
    Doubt.LOST_CONNECTION: _UNLIMITED,
    Doubt.SERVER_WORD: 1,
}


def may_repeat(calls: Sequence[Call], *, repeats: int) -> bool:
    """Whether a push with these calls, the oldest first, may be asked once more. They are
    counted over all deliveries and replicas; a withdrawn call must not be among them."""
    if not calls:
        return True
    newest = calls[-1]
    if len(calls) > repeats or newest.outcome not in (None, Outcome.IN_DOUBT):
        return False
    alike = [call for call in calls if call.outcome is not None and call.doubt is newest.doubt]
    if newest.outcome is not None and len(alike) > FOLLOWED.get(newest.doubt, 0):
        return False
    words = [(call.status, call.text) for call in calls if call.doubt is Doubt.SERVER_WORD]
    return len(set(words)) == len(words)  # the same word twice is the carrier speaking


def pause_before(repeat: int, *, chance: float) -> float:
    """Seconds to wait before the `repeat`-th repeat, from 0; `chance` is from 0 to 1."""
    pause = PAUSES_SECONDS[min(repeat, len(PAUSES_SECONDS) - 1)]
    return pause * (1 + JITTER * (2 * chance - 1))


class RetryBudget:
    """The process's own budget, as gRPC's `retryThrottling` (gRFC A6): a carrier that fails
    most calls is not asked anything twice."""

    def __init__(self) -> None:
        self.tokens = TOKENS

    @property
    def allows(self) -> bool:
        """Whether anybody may repeat now."""
        return self.tokens > TOKENS_KEPT

    def ended(self, *, in_doubt: bool) -> None:
        """Count a call that ended."""
        change = -1.0 if in_doubt else TOKENS_OF_SUCCESS
        self.tokens = min(TOKENS, max(0.0, self.tokens + change))
