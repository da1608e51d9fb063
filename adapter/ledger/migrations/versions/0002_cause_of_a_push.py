"""What brought a push to its state gets a column of its own, `cause`, beside the free `why`."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# Most rows are the carrier's and never written: they take the column's default.
CARRIER = "carrier"
# A carrier's status may be any name (`withdrawn`, `lookup_ok`), but none has a space. So a `why`
# without one counts only where the state or a call that was taken back proves it to be ours.
OTHERS = (
    "UPDATE push SET cause = '' WHERE state = 'calling' AND why = ''",
    "UPDATE push SET cause = why, why = '' WHERE state = 'unsent'",
    "UPDATE push SET cause = 'owner_died', why = '' WHERE state = 'in_doubt'"
    " AND why = 'owner died'",
    # A call that was taken back stands behind those that count.
    "UPDATE push SET cause = why, why = '' WHERE state = 'in_doubt' AND cause = 'carrier'"
    " AND EXISTS (SELECT 1 FROM call WHERE call.key = push.key AND call.epoch = push.calls + 1"
    " AND call.status = 'WITHDRAWN')",
    "UPDATE push SET cause = 'operator' WHERE state = 'done' AND basis = 'operator'",
    "UPDATE push SET cause = 'inferred', why = '' WHERE state = 'done' AND basis = 'inferred'"
    " AND why = 'inferred from a later push'",
    # Eight characters: "lookup: ".
    "UPDATE push SET cause = 'lookup', why = substr(why, 9) WHERE state = 'done'"
    " AND basis = 'inferred'"
    " AND why IN ('lookup: cancelled', 'lookup: picked_up', 'lookup: invalid')",
)


def upgrade() -> None:
    """Add the column, and carry over what was told apart by `why` alone."""
    op.add_column("push", sa.Column("cause", sa.Text, nullable=False, server_default=CARRIER))
    for statement in OTHERS:
        op.execute(statement)
    if op.get_context().dialect.name == "postgresql":
        # An older replica may still serve: it names no cause, and its `why` is shown alone.
        op.alter_column("push", "cause", server_default="")
