"""What operators settle from a shell, counted by one of the processes that serve."""

from __future__ import annotations

from adapter.cancellation.model import Entry
from adapter.ledger.batch import Cursor, Session
from adapter.ledger.resolution import OURSELVES
from adapter.ledger.rows import entry_of


def count(session: Session, cursor: Cursor, *, limit: int) -> tuple[Entry, ...]:
    """Mark up to `limit` settlements as counted, and return their pushes as they stand now.

    Nothing is written where there are none. Raises what `run_batch` does.
    """
    texts = session.statements
    cursor.execute(texts.uncounted, (limit, *texts.after_limit))
    numbers = [number for (number,) in cursor.fetchall()]
    session.rollback()
    if not numbers:
        return ()
    first_to_last = (numbers[0], numbers[-1])
    session.begin(cursor, ())
    cursor.execute(texts.count, first_to_last)
    keys = {key for key, who in cursor.fetchall() if who != OURSELVES}
    cursor.execute(texts.counted, first_to_last)
    entries = tuple(entry for entry in map(entry_of, cursor.fetchall()) if entry.key in keys)
    session.commit()
    return entries
