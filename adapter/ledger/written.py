"""What a process wrote last: a ledger that does not hold it any more has gone back in time.

Rows only ever grow: another replica may have written to one since, but never less than stood there.
So the newest commits are missing exactly when a row is gone, was made anew, or holds less.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from adapter.cancellation.model import Entry, State, Waybill

LEAST_KEEP_SECONDS = 86_400.0  # before pruning; WeChat's repeats and a second press come sooner
KEPT = 16  # rows remembered by a process: a stranger may have made one of them anew


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """One row as it was written: what of it never grows less. Times are Unix seconds."""

    key: str
    received_at: float
    calls: int
    deliveries: int
    is_done: bool
    is_told: bool

    def is_lost(self, found: Entry | None, *, now: float) -> bool:
        """Whether `found`, the row with this key, is older than what was written. A row that is
        gone may have been pruned, after a day."""
        if found is None:
            return now - self.received_at < LEAST_KEEP_SECONDS
        return (
            found.received_at != self.received_at
            or found.calls < self.calls
            or found.deliveries < self.deliveries
            or (self.is_done and found.state is not State.DONE)
            or (self.is_told and found.told is None)
        )


def witness_of(entry: Entry, *, calls_certain: bool = True) -> Witness:
    """Return what an entry that was written proves. Without `calls_certain` a withdrawal of its
    newest call may have landed since."""
    return Witness(
        key=entry.key,
        received_at=entry.received_at,
        calls=entry.calls if calls_certain else 0,
        deliveries=entry.deliveries,
        is_done=entry.state is State.DONE,
        is_told=entry.told is not None,
    )


class WriteMemory:
    """The newest rows that this process knows to be durable."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        self._uncertain: set[str] = set()

    def __bool__(self) -> bool:
        return bool(self._entries)

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of the rows that are remembered."""
        return tuple(self._entries)

    def wrote(self, entries: Sequence[Entry]) -> None:
        """Remember rows of a transaction that is durable."""
        kept = self._entries
        for entry in entries[-KEPT:]:
            kept.pop(entry.key, None)
            kept[entry.key] = entry
        while len(kept) > KEPT:
            del kept[next(iter(kept))]
        if self._uncertain:
            self._uncertain.intersection_update(kept)
            self._uncertain.difference_update(entry.key for entry in entries)

    def may_have_landed(self, waybills: Iterable[Waybill]) -> None:
        """A transaction about these waybills failed, and may be durable all the same."""
        about = set(waybills)
        self._uncertain.update(
            entry.key for entry in self._entries.values() if entry.waybill in about
        )

    def is_lost(self, found: Iterable[Entry], *, now: float) -> bool:
        """Whether any remembered row is older in the ledger; `found` are those with its key."""
        rows = {entry.key: entry for entry in found}
        return any(
            witness_of(entry, calls_certain=key not in self._uncertain).is_lost(
                rows.get(key), now=now
            )
            for key, entry in self._entries.items()
        )

    def forget(self) -> None:
        """The ledger has lost it, and that is known."""
        self._entries.clear()
        self._uncertain.clear()
