"""Which push is meant: by its key, the beginning of one, or its waybill."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence

from adapter.cancellation.model import Entry
from adapter.cli.ledger.access import Place
from adapter.cli.ledger.rows import show_table
from adapter.diagnostics.cannot_start import CannotStart
from adapter.ledger.search import Archive, Filters

AT_MOST = 20  # shown of those that may be meant
_PREFIX = re.compile(r"[0-9a-f]{4,32}")


async def candidates(archive: Archive, word: str) -> tuple[Entry, ...]:
    """Return the pushes that a word may mean, newest first; a waybill wins over a key."""
    found = await archive.search(Filters(waybill_id=word), limit=AT_MOST)
    prefix = word.strip().lower()
    if not found and _PREFIX.fullmatch(prefix):
        found = await archive.search(Filters(key_prefix=prefix), limit=AT_MOST)
    return found


def the_one(found: Sequence[Entry], word: str, place: Place) -> Entry:
    """Return the only candidate; else list them and raise `CannotStart`."""
    if not found:
        raise CannotStart(
            f"no push has the key or waybill {word!r}.",
            hint="Look for it with `waybridge ledger search`; a key may be shortened to 4 digits.",
        )
    if len(found) > 1:
        show_table(found, zone=place.zone, stream=sys.stderr)
        raise CannotStart(
            f"{word!r} means several pushes.", hint="Name one by its key: the last column."
        )
    return found[0]
