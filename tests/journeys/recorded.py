"""The ledger's side of a journey: the row and the calls of each press."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from adapter.cancellation.model import Call, Entry, Outcome
from legacy_stub.calls import ReceivedCall
from tests.journeys.evidence import Books, Delivery
from tests.journeys.program import Press
from tests.journeys.sides import CANCELLED, Sides


class Ledger:
    """The books of one journey, by press."""

    def __init__(self, sides: Sides, books: Books) -> None:
        self.sides = sides
        self.evidence = sides.evidence
        self.books = books
        self.entries = {entry.key: entry for entry in books.entries}
        self.calls: dict[str, list[Call]] = defaultdict(list)
        for call in sorted(books.calls, key=lambda call: (call.sent_at, call.epoch)):
            self.calls[call.key].append(call)
        self.keys = {
            press: self.evidence.key(press, identity_key=books.identity_key)
            for press in self.evidence.by_press
        }

    def presses(self) -> Iterator[tuple[Press, list[Delivery], Entry | None]]:
        """Every press with its deliveries and its row."""
        for press, deliveries in self.evidence.by_press.items():
            yield press, deliveries, self.entry(press)

    def entry(self, press: Press) -> Entry | None:
        return self.entries.get(self.keys[press])

    def asked(self, press: Press) -> list[ReceivedCall]:
        """The calls of this press that came to the carrier."""
        return self.sides.asked.get(self.keys[press], [])

    def is_corrected(self, press: Press) -> bool:
        """Whether it may have been told another code before its own call said "cancelled"."""
        entry = self.entry(press)
        return (
            entry is not None
            and entry.outcome is Outcome.CANCELLED
            and any(call.outcome is Outcome.CANCELLED for call in self.calls[entry.key])
        )

    def was_told_zero(self, press: Press, *, before: Delivery) -> bool:
        """Whether WeChat was told 0, or a 0 on record was lost on the wire."""
        deliveries = self.evidence.by_press[press]
        if any(d.code == CANCELLED and d.sent_at <= before.ended_at for d in deliveries):
            return True
        entry = self.entry(press)
        on_record = entry is not None and entry.told is Outcome.CANCELLED
        return on_record and any(d.lost and d.sent_at <= before.ended_at for d in deliveries)

    def row(self, press: Press) -> str:
        """The row, for people."""
        entry = self.entry(press)
        if entry is None:
            return "has no row"
        outcome, told = (word.value if word else "-" for word in (entry.outcome, entry.told))
        return (
            f"{entry.state.value} {outcome} told {told} calls {entry.calls} why {entry.cause_text}"
        )
