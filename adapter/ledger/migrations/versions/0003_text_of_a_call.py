"""What a failed call said of itself, and what kind of doubt it left."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; of the calls there are nothing more is known."""
    op.add_column("call", sa.Column("doubt", sa.Text))
    op.add_column("call", sa.Column("text", sa.Text, nullable=False, server_default=""))
