"""The ledger's tables, the same on SQLite and PostgreSQL."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    text,
)

SCHEMA = "0004"  # the newest migration; what `alembic_version` must say

metadata = MetaData()

# One push: who pressed, what became of it, what was told. Never a credential.
push = Table(
    "push",
    metadata,
    Column("key", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("open_id", Text, nullable=False),
    Column("pushed_at", BigInteger, nullable=False),
    Column("biz_id", Text, nullable=False),
    Column("order_id", Text, nullable=False),
    Column("waybill_id", Text, nullable=False),
    Column("shop_app_id", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("received_at", Double, nullable=False),
    Column("calls", Integer, nullable=False),
    Column("outcome", Text),
    Column("basis", Text),
    Column("message", Text, nullable=False),
    Column("told", Text),
    Column("deliveries", Integer, nullable=False),
    Column("owner", Text, nullable=False),
    Column("called_at", Double, nullable=False),
    Column("settled_at", Double, nullable=False),
    Column("why", Text, nullable=False),
    Column("cause", Text, nullable=False),
)

# A waybill's view is found by WayBillID alone; BizID parts the few that share it.
Index("push_waybill", push.c.waybill_id)
# Operators search by order, and by time.
Index("push_order", push.c.order_id)
Index("push_received", push.c.received_at)
# The few pushes that are not settled, oldest first.
OPEN = text("state IN ('calling', 'in_doubt')")
Index("push_open", push.c.received_at, sqlite_where=OPEN, postgresql_where=OPEN)

# One call to the carrier: written before it is sent, completed when it ends. On SQLite it
# keeps its rowid: new rows then share a page, and the commit writes a tenth less.
call = Table(
    "call",
    metadata,
    Column("key", Text, primary_key=True),
    Column("epoch", Integer, primary_key=True, autoincrement=False),
    Column("sent_at", Double, nullable=False),
    Column("ended_at", Double),
    Column("status", Text, nullable=False),
    Column("outcome", Text),
    Column("doubt", Text),
    Column("text", Text, nullable=False, server_default=""),
)

# An operator's word on a push in doubt.
resolution = Table(
    "resolution",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", Text, nullable=False, index=True),
    Column("who", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("at", Double, nullable=False),
    Column("counted", Integer, nullable=False, server_default="0"),
)
# The few that no `serve` has counted yet.
UNCOUNTED = text("counted = 0")
Index(
    "resolution_uncounted",
    resolution.c.id,
    sqlite_where=UNCOUNTED,
    postgresql_where=UNCOUNTED,
)

# That an operator has told a merchant what became of a push.
notice = Table(
    "notice",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", Text, nullable=False, index=True),
    Column("who", Text, nullable=False),
    Column("how", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("at", Double, nullable=False),
)

# One row: the key of all push keys, and how many sessions there have been.
meta = Table(
    "meta",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("identity_key", LargeBinary, nullable=False),
    Column("sessions", Integer, nullable=False),
)
