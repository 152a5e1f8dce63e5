"""Indexes for webhooks that are due too late, since a clock was set back, and for those that are old enough to go."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_WAITING = sa.text("state = 'pending'")
_OVER = sa.text("state <> 'pending'")


def upgrade() -> None:
    for name, columns, where in (
        ("ix_webhooks_tried", ["attempts", "due_ms"], _WAITING),
        ("ix_webhooks_finished_ms", ["finished_ms"], _OVER),
    ):
        op.create_index(name, "webhooks", columns, unique=False, sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    op.drop_index("ix_webhooks_finished_ms", table_name="webhooks")
    op.drop_index("ix_webhooks_tried", table_name="webhooks")
