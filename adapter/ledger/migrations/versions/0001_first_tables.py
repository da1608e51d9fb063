"""The first tables: push, call, resolution, meta."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

OPEN = sa.text("state IN ('calling', 'in_doubt')")


def upgrade() -> None:
    """Create every table and index."""
    op.create_table(
        "push",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("open_id", sa.Text, nullable=False),
        sa.Column("pushed_at", sa.BigInteger, nullable=False),
        sa.Column("biz_id", sa.Text, nullable=False),
        sa.Column("order_id", sa.Text, nullable=False),
        sa.Column("waybill_id", sa.Text, nullable=False),
        sa.Column("shop_app_id", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("received_at", sa.Double, nullable=False),
        sa.Column("calls", sa.Integer, nullable=False),
        sa.Column("outcome", sa.Text),
        sa.Column("basis", sa.Text),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("told", sa.Text),
        sa.Column("deliveries", sa.Integer, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("called_at", sa.Double, nullable=False),
        sa.Column("settled_at", sa.Double, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
    )
    op.create_index("push_waybill", "push", ["waybill_id"])
    op.create_index("push_order", "push", ["order_id"])
    op.create_index("push_received", "push", ["received_at"])
    op.create_index("push_open", "push", ["received_at"], sqlite_where=OPEN, postgresql_where=OPEN)
    op.create_table(
        "call",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("epoch", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("sent_at", sa.Double, nullable=False),
        sa.Column("ended_at", sa.Double),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text),
    )
    op.create_table(
        "resolution",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
    )
    op.create_index("ix_resolution_key", "resolution", ["key"])
    op.create_table(
        "meta",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("identity_key", sa.LargeBinary, nullable=False),
        sa.Column("sessions", sa.Integer, nullable=False),
    )
