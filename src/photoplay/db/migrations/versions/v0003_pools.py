"""Which pool a job is for, and which pools a worker serves."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_JSON = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
_SUCCEEDED = sa.text("state = 'succeeded'")
# What the catalog made of the request has said it all along.
_POOL = {"sqlite": "json_extract(quote, '$.pool')", "postgresql": "quote ->> 'pool'"}


def upgrade() -> None:
    op.add_column("executors", sa.Column("pools", _JSON, nullable=True))
    op.add_column("jobs", sa.Column("pool", sa.String(length=128), server_default=sa.text("''"), nullable=False))
    op.execute(f"UPDATE jobs SET pool = coalesce({_POOL[op.get_bind().dialect.name]}, '')")  # noqa: S608 - ours, above
    op.create_index(
        "ix_jobs_recent",
        "jobs",
        ["pool", "finished_ms"],
        unique=False,
        sqlite_where=_SUCCEEDED,
        postgresql_where=_SUCCEEDED,
    )


def downgrade() -> None:
    op.drop_index("ix_jobs_recent", table_name="jobs")
    op.drop_column("jobs", "pool")
    op.drop_column("executors", "pools")
