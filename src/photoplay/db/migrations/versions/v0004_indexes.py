"""Indexes for lists by wire API and by model, for files that are to go, for credits issued and for open webhooks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_LEAVING = sa.text("state IN ('expired', 'deleted') AND expires_ms IS NOT NULL")
_ISSUE = sa.text("kind IN ('grant', 'adjust')")
_UNDELIVERED = sa.text("state <> 'delivered'")


def upgrade() -> None:
    op.create_index("ix_jobs_account_id_dialect_id", "jobs", ["account_id", "dialect", "id"], unique=False)
    op.create_index("ix_jobs_account_id_model_id", "jobs", ["account_id", "model", "id"], unique=False)
    # From now on such a job has a time here until its files are gone.
    op.execute(
        "UPDATE jobs SET expires_ms = updated_ms WHERE state IN ('expired', 'deleted')"
        " AND EXISTS (SELECT 1 FROM artifacts WHERE artifacts.job_id = jobs.id)"
    )
    for name, table, columns, where in (
        ("ix_jobs_leaving", "jobs", ["expires_ms"], _LEAVING),
        ("ix_ledger_issues", "ledger", ["account_id"], _ISSUE),
        ("ix_webhooks_undelivered", "webhooks", ["state", "id"], _UNDELIVERED),
    ):
        op.create_index(name, table, columns, unique=False, sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    op.drop_index("ix_webhooks_undelivered", table_name="webhooks")
    op.drop_index("ix_ledger_issues", table_name="ledger")
    op.drop_index("ix_jobs_leaving", table_name="jobs")
    op.execute("UPDATE jobs SET expires_ms = NULL WHERE state IN ('expired', 'deleted')")
    op.drop_index("ix_jobs_account_id_model_id", table_name="jobs")
    op.drop_index("ix_jobs_account_id_dialect_id", table_name="jobs")
