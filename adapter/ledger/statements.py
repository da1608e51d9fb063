"""Every statement of the hot path, compiled once for its database.

They are written in SQLAlchemy Core and run as text on the driver's own cursor: compiling,
and Core's bookkeeping, cost more than the statements themselves.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    Select,
    Table,
    Text,
    any_,
    bindparam,
    func,
    insert,
    literal_column,
    select,
    text,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import asyncpg
from sqlalchemy.engine import Dialect
from sqlalchemy.sql import ClauseElement

from adapter.ledger.rows import CHANGING
from adapter.ledger.tables import OPEN, UNCOUNTED, call, meta, push, resolution

_Insert = sqlite.Insert | postgresql.Insert

OWNERS = 0x57425247  # "WBRG": the first half of an owner lock's name; the second is its number
# What a call's row is told later: its end; and all of it anew where a call that was withdrawn,
# and so never sent, leaves its number to the next one.
RETOLD = ("sent_at", "ended_at", "status", "outcome", "doubt", "text")

VIEW_SIZES = (1, 4, 16, 64, 256)  # SQLite has no arrays: one statement per size, padded up

# The pushes in doubt, oldest first; the first condition names the partial index.
_IN_DOUBT = (
    select(push)
    .where(OPEN, push.c.state == literal_column("'in_doubt'"))
    .order_by(push.c.received_at, push.c.key)
    .limit(bindparam("at_most"))
)
# The pushes being asked now: never more than all replicas may have in flight.
_CALLING = (
    select(push)
    .where(OPEN, push.c.state == literal_column("'calling'"))
    .order_by(push.c.received_at, push.c.key)
)
# An operator's word.
_ADD_RESOLUTION = (
    insert(resolution)
    .values({name: bindparam(name) for name in ("key", "who", "reason", "outcome", "at")})
    .inline()
)
# The operators' settlements that nobody has counted, oldest first.
_UNCOUNTED = (
    select(resolution.c.id).where(UNCOUNTED).order_by(resolution.c.id).limit(bindparam("at_most"))
)
_FIRST_TO_LAST = resolution.c.id.between(bindparam("first"), bindparam("last"))
# Counting them: of two replicas only one is given a row.
_COUNT = (
    update(resolution)
    .where(UNCOUNTED, _FIRST_TO_LAST)
    .values(counted=literal_column("1"))
    .returning(resolution.c.key, resolution.c.who)
)
_COUNTED = select(push).where(push.c.key.in_(select(resolution.c.key).where(_FIRST_TO_LAST)))
# One more session; its number is the owner's name.
_NEXT_SESSION = (
    update(meta).values(sessions=meta.c.sessions + literal_column("1")).returning(meta.c.sessions)
)
# The key of all keys, and the newest session's number.
_META = select(meta.c.identity_key, meta.c.sessions)
# PostgreSQL: one lock a waybill until the transaction ends, taken in the order given, so
# that two replicas never wait for each other in a ring.
_LOCK = select(func.count(func.pg_advisory_xact_lock(text("h")))).select_from(
    func.unnest(bindparam("hashes", type_=ARRAY(BigInteger))).alias("h")
)
# PostgreSQL: whose session lock is held now.
_LIVING = text(
    "SELECT objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND granted"
    " AND classid = :owners AND objsubid = 2"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
).bindparams(bindparam("owners", type_=BigInteger))


@dataclass(frozen=True, slots=True, kw_only=True)
class Statements:
    """The texts for one database; parameters are positional, in the order of `rows`."""

    put_push: str
    put_call: str
    add_resolution: str
    in_doubt: str
    calling: str
    uncounted: str
    count: str
    counted: str
    next_session: str
    add_meta: str
    meta: str
    views: tuple[tuple[int, str], ...] = ()
    calls: tuple[tuple[int, str], ...] = ()
    after_limit: tuple[int, ...] = ()  # SQLAlchemy writes an OFFSET for SQLite
    lock: str = ""
    living: str = ""

    def view(self, size: int) -> tuple[int, str]:
        """The view statement that takes at least `size` WayBillIDs, and how many it takes."""
        return next(pair for pair in self.views if pair[0] >= size)

    def calls_of(self, size: int) -> tuple[int, str]:
        """The statement of calls that takes at least `size` keys, and how many it takes."""
        return next(pair for pair in self.calls if pair[0] >= size)


def for_sqlite() -> Statements:
    """Compile for SQLite: one view statement for each of `VIEW_SIZES`."""
    dialect = sqlite.dialect(paramstyle="qmark")
    views = tuple(
        (size, _text(_listed(push, push.c.waybill_id, size), dialect)) for size in VIEW_SIZES
    )
    calls = tuple((size, _text(_listed(call, call.c.key, size), dialect)) for size in VIEW_SIZES)
    common = _common(dialect, sqlite.insert(push), sqlite.insert(call), sqlite.insert(meta))
    return replace(common, views=views, calls=calls, after_limit=(0,))


def for_postgresql() -> Statements:
    """Compile for PostgreSQL: a view statement takes any number of WayBillIDs at once."""
    dialect: Dialect = asyncpg.dialect()  # type: ignore[no-untyped-call]
    view = select(push).where(push.c.waybill_id == any_(bindparam("waybills", type_=ARRAY(Text))))
    calls = select(call).where(call.c.key == any_(bindparam("keys", type_=ARRAY(Text))))
    common = _common(
        dialect, postgresql.insert(push), postgresql.insert(call), postgresql.insert(meta)
    )
    return replace(
        common,
        views=((VIEW_SIZES[-1], _text(view, dialect)),),
        calls=((VIEW_SIZES[-1], _text(calls, dialect)),),
        lock=_text(_LOCK, dialect),
        living=_text(_LIVING, dialect),
    )


def _listed(table: Table, column: Column[str], size: int) -> Select[tuple[object, ...]]:
    return select(table).where(column.in_([bindparam(f"w{n}") for n in range(size)]))


def _common(
    dialect: Dialect, put_push: _Insert, put_call: _Insert, add_meta: _Insert
) -> Statements:
    # A push, or what became of one seen before.
    put_push = put_push.on_conflict_do_update(
        index_elements=[push.c.key], set_={name: put_push.excluded[name] for name in CHANGING}
    )
    put_call = put_call.on_conflict_do_update(
        index_elements=[call.c.key, call.c.epoch],
        set_={name: put_call.excluded[name] for name in RETOLD},
    )
    return Statements(
        put_push=_text(put_push, dialect),
        put_call=_text(put_call, dialect),
        add_resolution=_text(_ADD_RESOLUTION, dialect),
        in_doubt=_text(_IN_DOUBT, dialect),
        calling=_text(_CALLING, dialect),
        uncounted=_text(_UNCOUNTED, dialect),
        count=_text(_COUNT, dialect),
        counted=_text(_COUNTED, dialect),
        next_session=_text(_NEXT_SESSION, dialect),
        add_meta=_text(add_meta.on_conflict_do_nothing(), dialect),
        meta=_text(_META, dialect),
    )


def _text(statement: ClauseElement, dialect: Dialect) -> str:
    return str(statement.compile(dialect=dialect))
