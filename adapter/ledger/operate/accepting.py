"""How an operator accepts that a ledger went back in time.

AdapterError
├── NotRewound       there is no rewind to accept; nothing was written
└── AcceptedTooSoon  deliveries of the lost time may still come; nothing was written
"""

from __future__ import annotations

from functools import partial

from sqlalchemy import Connection, func, select, update

from adapter.cancellation.errors import AdapterError
from adapter.cancellation.ports import Rewind
from adapter.ledger.operate.maintenance import transactions
from adapter.ledger.tables import rewind

ACCEPT_AFTER_SECONDS = 60.0  # WeChat's repeats, and calls, of the lost time are over by then


class NotRewound(AdapterError):
    """The ledger does not count as rewound."""

    reason = "not_rewound"


class AcceptedTooSoon(AdapterError):
    """The rewind was noticed less than `ACCEPT_AFTER_SECONDS` ago."""

    reason = "accepted_too_soon"

    def __init__(self, seconds_left: float) -> None:
        super().__init__("deliveries of the lost time may still come")
        self.seconds_left = seconds_left


async def accept_rewind(url: str, *, who: str, reason: str, now: float) -> Rewind:
    """Have a rewound ledger be trusted again, but for what was open or untold until `now`; kept
    with who said so. Every process that serves obeys from its next transaction on.

    Raises `NotRewound`, `AcceptedTooSoon` or `LedgerNotOpened`; nothing is written then.
    """
    async with transactions(url) as write:
        return await write(partial(_accept, who=who, reason=reason, now=now))


def _accept(connection: Connection, *, who: str, reason: str, now: float) -> Rewind:
    is_open = rewind.c.accepted_at.is_(None)
    seen_at = connection.scalar(select(func.max(rewind.c.seen_at)).where(is_open))
    if seen_at is None:
        raise NotRewound("the ledger does not count as rewound")
    if now - seen_at < ACCEPT_AFTER_SECONDS:
        raise AcceptedTooSoon(seen_at + ACCEPT_AFTER_SECONDS - now)
    connection.execute(
        update(rewind).where(is_open).values(accepted_at=now, who=who, reason=reason)
    )
    return Rewind(seen_at=seen_at, accepted_at=now)
