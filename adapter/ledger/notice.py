"""That an operator has told a merchant what became of a push: the list of those to tell shrinks."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, exists, insert, select

from adapter.cancellation.model import Outcome, State
from adapter.ledger.rows import Row
from adapter.ledger.tables import notice, push

_ROW = (notice.c.key, notice.c.who, notice.c.how, notice.c.outcome, notice.c.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Who told the merchant of the push `key` of which outcome, how, and when (Unix seconds).

    It counts as long as the push stands as that outcome.
    """

    key: str
    who: str
    how: str
    outcome: Outcome
    at: float


# Cancelled, and neither a reply nor an operator has told the merchant.
TOLD_FAILURE: ColumnElement[bool] = (
    (push.c.state == State.DONE.value)
    & (push.c.outcome == Outcome.CANCELLED.value)
    & (push.c.told.is_(None) | (push.c.told != Outcome.CANCELLED.value))
    & ~exists().where(notice.c.key == push.c.key, notice.c.outcome == push.c.outcome)
)

NOTICES = select(*_ROW)


def notice_of(row: Row) -> Notice:
    """The notice that a row of `NOTICES` tells of."""
    return Notice(key=row[0], who=row[1], how=row[2], outcome=Outcome(row[3]), at=row[4])


def tick_off(
    connection: Connection, keys: list[str], *, who: str, how: str, at: float
) -> frozenset[str]:
    """Write that the merchants of these pushes were told; return the keys that stood on the
    list, the only ones it is written of."""
    found = connection.execute(
        select(push.c.key, push.c.outcome).where(push.c.key.in_(keys), TOLD_FAILURE)
    ).all()
    rows = [
        {"key": key, "who": who, "how": how, "outcome": outcome, "at": at} for key, outcome in found
    ]
    if rows:
        connection.execute(insert(notice), rows)
    return frozenset(row["key"] for row in rows)
