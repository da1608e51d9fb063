"""The mark of a ledger that went back in time: it stands in the ledger, so that all obey it."""

from __future__ import annotations

from enum import StrEnum

from adapter.cancellation.ports import Rewind
from adapter.ledger.batch import Cursor
from adapter.ledger.statements import Statements


class RewindCause(StrEnum):
    """What gave it away."""

    COMMITS_MISSING = "commits_missing"
    OTHER_SERVER = "other_server"
    RESTORED = "restored"  # by `waybridge ledger restore`


def read_rewind(cursor: Cursor, statements: Statements) -> Rewind:
    """Read whether the ledger counts as rewound."""
    cursor.execute(statements.rewind)
    ((seen_at, accepted_at),) = cursor.fetchall()
    return Rewind(seen_at=seen_at, accepted_at=accepted_at)


def mark_rewound(
    cursor: Cursor, statements: Statements, *, cause: RewindCause, now: float
) -> Rewind:
    """Write that the ledger is rewound, within the caller's transaction. The time is that of the
    newest rewind: what it lost may be delivered for as long again."""
    cursor.execute(statements.add_rewind, (now, cause.value))
    return read_rewind(cursor, statements)
