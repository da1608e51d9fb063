"""Which merchants operators have told, and which of their settlements a `serve` has counted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table and the column; what was settled before is not counted any more."""
    op.create_table(
        "notice",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("how", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
    )
    op.create_index("ix_notice_key", "notice", ["key"])
    op.add_column(
        "resolution", sa.Column("counted", sa.Integer, nullable=False, server_default="0")
    )
    op.execute("UPDATE resolution SET counted = 1")
    uncounted = sa.text("counted = 0")
    op.create_index(
        "resolution_uncounted",
        "resolution",
        ["id"],
        sqlite_where=uncounted,
        postgresql_where=uncounted,
    )
