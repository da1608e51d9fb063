"""A ledger that went back in time says so itself, and knows the server that holds it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table and the column; the next session writes which server it is."""
    op.create_table(
        "rewind",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("seen_at", sa.Double, nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("accepted_at", sa.Double),
        sa.Column("who", sa.Text, nullable=False, server_default=""),
        sa.Column("reason", sa.Text, nullable=False, server_default=""),
    )
    op.add_column("meta", sa.Column("server", sa.Text, nullable=False, server_default=""))
