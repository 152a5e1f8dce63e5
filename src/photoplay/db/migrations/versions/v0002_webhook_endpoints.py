"""Webhook endpoints of accounts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_JSON = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "webhook_endpoints",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("events", _JSON, nullable=False),
        sa.Column("secret_encrypted", sa.Text(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("removed_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_webhook_endpoints_account_id_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_endpoints")),
    )
    op.create_index(op.f("ix_webhook_endpoints_account_id"), "webhook_endpoints", ["account_id"], unique=False)
    with op.batch_alter_table("webhooks") as batch:
        batch.add_column(sa.Column("endpoint_id", sa.String(length=32), server_default=sa.text("''"), nullable=False))
        batch.drop_constraint("uq_webhooks_job_id_event", type_="unique")
        batch.create_unique_constraint(op.f("uq_webhooks_job_id_event_endpoint_id"), ["job_id", "event", "endpoint_id"])


def downgrade() -> None:
    op.execute("DELETE FROM webhooks WHERE endpoint_id <> ''")
    with op.batch_alter_table("webhooks") as batch:
        batch.drop_constraint("uq_webhooks_job_id_event_endpoint_id", type_="unique")
        batch.drop_column("endpoint_id")
        batch.create_unique_constraint(op.f("uq_webhooks_job_id_event"), ["job_id", "event"])
    op.drop_index(op.f("ix_webhook_endpoints_account_id"), table_name="webhook_endpoints")
    op.drop_table("webhook_endpoints")
