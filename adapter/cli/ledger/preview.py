"""What `ledger resolve` is about to do, shown before anything is written."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from adapter.cancellation.model import Outcome
from adapter.cli.ledger.rows import show_table, shown
from adapter.cli.ledger.selection import ToSettle, Unsettled
from adapter.cli.output import write, write_columns
from adapter.edge.translate import ANSWERS

LISTED_AT_MOST = 20

_HEADINGS = ("outcome", "code", "pushes", "merchants", "received from", "to", "to tell")


def preview(wanted: Sequence[ToSettle], unsettled: Sequence[Unsettled], *, zone: ZoneInfo) -> None:
    """Write how many pushes get which outcome, the newest of them, and what is left out."""
    if wanted:
        newest = sorted(wanted, key=lambda each: -each.entry.received_at)[:LISTED_AT_MOST]
        show_table([each.entry for each in newest], zone=zone, stream=sys.stdout)
        if len(newest) < len(wanted):
            write(f"… and {len(wanted) - len(newest)} older ones.")
        write()
        counted = Counter(each.outcome for each in wanted)
        lines = [_line(outcome, wanted, zone) for outcome in Outcome if outcome in counted]
        write_columns([_HEADINGS, *lines], stream=sys.stdout)
    for each in unsettled[:LISTED_AT_MOST]:
        write(f"left as it is: {each}", to_stderr=True)
    if len(unsettled) > LISTED_AT_MOST:
        write(f"… and {len(unsettled) - LISTED_AT_MOST} more left as they are.", to_stderr=True)


def _line(outcome: Outcome, wanted: Sequence[ToSettle], zone: ZoneInfo) -> tuple[str, ...]:
    entries = [each.entry for each in wanted if each.outcome is outcome]
    received = [entry.received_at for entry in entries]
    to_tell = 0
    if outcome is Outcome.CANCELLED:
        to_tell = sum(entry.told is not Outcome.CANCELLED for entry in entries)
    return (
        outcome.value,
        str(int(ANSWERS[outcome])),
        str(len(entries)),
        str(len({entry.biz_id for entry in entries})),
        shown(min(received), zone),
        shown(max(received), zone),
        str(to_tell),
    )
