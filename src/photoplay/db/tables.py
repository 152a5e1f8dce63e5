"""The product's tables. Times are milliseconds since the epoch; JSON columns hold dumped value objects.

``ledger`` is append-only and the truth about credits; ``accounts.credits_available`` and ``credits_held`` are its
running sums, changed in the same transaction. A job has at most one hold and at most one settlement
(capture or release): both are unique indexes, so no code path can charge twice.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Ms = sa.BigInteger
Json = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
# SQLite gives out row ids only for a column of exactly this type.
RowId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

LIVE_STATES = ("queued", "running")
# What stands in partial indexes. A query that is to use one says the same words: SQLite compares them, and neither
# database can know beforehand that a parameter will be one of these states.
IS_LIVE = sa.text("jobs.state IN ('queued', 'running')")
IS_FINISHED = sa.text("jobs.state IN ('succeeded', 'failed', 'canceled')")
IS_SUCCEEDED = sa.text("jobs.state = 'succeeded'")
IS_LEAVING = sa.text("jobs.state IN ('expired', 'deleted') AND jobs.expires_ms IS NOT NULL")
IS_ISSUE = sa.text("ledger.kind IN ('grant', 'adjust')")
IS_UNDELIVERED = sa.text("webhooks.state <> 'delivered'")
IS_WAITING = sa.text("webhooks.state = 'pending'")
IS_OVER = sa.text("webhooks.state <> 'pending'")
LEDGER_KINDS = ("grant", "hold", "capture", "release", "adjust")
FIRST_ACCOUNT_NUMBER = 100_001

accounts = sa.Table(
    "accounts",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("plan", sa.String(32), nullable=False),
    sa.Column("number", sa.BigInteger, nullable=False, unique=True),  # the "uid" some dialects show
    sa.Column("object_id", sa.String(24), nullable=False, unique=True),  # the "team id" some dialects show
    sa.Column("blocked", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("credits_available", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("credits_held", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("created_ms", Ms, nullable=False),
    sa.CheckConstraint("credits_available >= 0", name="available_not_negative"),
    sa.CheckConstraint("credits_held >= 0", name="held_not_negative"),
)

api_keys = sa.Table(
    "api_keys",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("account_id", sa.ForeignKey("accounts.id"), nullable=False, index=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("client_id", sa.String(64), nullable=False, unique=True),
    sa.Column("api_key_hash", sa.String(64), nullable=False, unique=True),
    sa.Column("access_key", sa.String(64), nullable=False, unique=True),
    sa.Column("api_key_encrypted", sa.Text, nullable=False),  # also the client secret
    sa.Column("secret_key_encrypted", sa.Text, nullable=False),
    sa.Column("webhook_secret_encrypted", sa.Text, nullable=False),
    sa.Column("created_ms", Ms, nullable=False),
    sa.Column("revoked_ms", Ms),
)

ledger = sa.Table(
    "ledger",
    metadata,
    sa.Column("id", RowId, primary_key=True, autoincrement=True),
    sa.Column("account_id", sa.ForeignKey("accounts.id"), nullable=False),
    sa.Column("job_id", sa.String(32)),  # no foreign key: the books outlive the jobs
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("debit_book", sa.String(16), nullable=False),
    sa.Column("credit_book", sa.String(16), nullable=False),
    sa.Column("amount", sa.BigInteger, nullable=False),
    sa.Column("note", sa.Text, nullable=False, server_default=sa.text("''")),
    sa.Column("created_ms", Ms, nullable=False),
    sa.UniqueConstraint("job_id", "kind"),
    sa.CheckConstraint("amount >= 0", name="amount_not_negative"),
    sa.CheckConstraint("debit_book <> credit_book", name="two_books"),
    sa.CheckConstraint("kind IN ('grant', 'hold', 'capture', 'release', 'adjust')", name="kind_known"),
    sa.Index("ix_ledger_account_id_id", "account_id", "id"),
    sa.Index(
        "ix_ledger_issues",
        "account_id",
        sqlite_where=sa.text("kind IN ('grant', 'adjust')"),
        postgresql_where=sa.text("kind IN ('grant', 'adjust')"),
    ),
    sa.Index(
        "uq_ledger_settlement",
        "job_id",
        unique=True,
        sqlite_where=sa.text("kind IN ('capture', 'release')"),
        postgresql_where=sa.text("kind IN ('capture', 'release')"),
    ),
)

jobs = sa.Table(
    "jobs",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("object_id", sa.String(24), nullable=False, unique=True),
    sa.Column("number", sa.String(18), nullable=False, unique=True),
    sa.Column("account_id", sa.ForeignKey("accounts.id"), nullable=False),
    sa.Column("dialect", sa.String(16), nullable=False),
    sa.Column("model", sa.String(128), nullable=False),
    sa.Column("pool", sa.String(128), nullable=False, server_default=sa.text("''")),  # of workers that may render it
    sa.Column("external_id", sa.Text),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("phase", sa.String(16)),
    sa.Column("progress", sa.Float, nullable=False, server_default="0"),
    sa.Column("priority", sa.Integer),  # lowest is served first; null until the job is admitted to the render queue
    sa.Column("credits", sa.BigInteger, nullable=False),
    sa.Column("seed", sa.BigInteger, nullable=False),  # drawn at submit when the request names none
    sa.Column("request", Json, nullable=False),
    sa.Column("quote", Json, nullable=False),  # what the catalog made of the request: engine, size, fps, ...
    sa.Column("plan", Json),
    sa.Column("cues", Json),
    sa.Column("scene", Json),
    sa.Column("width", sa.Integer),
    sa.Column("height", sa.Integer),
    sa.Column("fps", sa.Integer),
    sa.Column("duration_s", sa.Float),
    sa.Column("notes", Json, nullable=False),
    sa.Column("error_code", sa.String(64)),
    sa.Column("error_message", sa.Text),
    sa.Column("executor_id", sa.String(128)),  # who works on it, or did last
    sa.Column("created_ms", Ms, nullable=False),
    sa.Column("updated_ms", Ms, nullable=False),
    sa.Column("started_ms", Ms),
    sa.Column("finished_ms", Ms),
    sa.Column("expires_ms", Ms),  # when a finished job's files go; none are left: null
    sa.UniqueConstraint("account_id", "external_id"),
    sa.CheckConstraint("progress >= 0 AND progress <= 1", name="progress_range"),
    sa.CheckConstraint("credits >= 0", name="credits_not_negative"),
    sa.Index("ix_jobs_account_id_id", "account_id", "id"),
    sa.Index("ix_jobs_account_id_state_id", "account_id", "state", "id"),
    sa.Index("ix_jobs_account_id_dialect_id", "account_id", "dialect", "id"),
    sa.Index("ix_jobs_account_id_model_id", "account_id", "model", "id"),
    sa.Index(
        "ix_jobs_live",
        "state",
        "priority",
        "id",
        sqlite_where=sa.text("state IN ('queued', 'running')"),
        postgresql_where=sa.text("state IN ('queued', 'running')"),
    ),
    sa.Index(
        "ix_jobs_recent",
        "pool",
        "finished_ms",
        sqlite_where=sa.text("state = 'succeeded'"),
        postgresql_where=sa.text("state = 'succeeded'"),
    ),
    sa.Index(
        "ix_jobs_expiring",
        "expires_ms",
        sqlite_where=sa.text("state IN ('succeeded', 'failed', 'canceled')"),
        postgresql_where=sa.text("state IN ('succeeded', 'failed', 'canceled')"),
    ),
    sa.Index(  # expired or deleted, and its files are not all gone yet
        "ix_jobs_leaving",
        "expires_ms",
        sqlite_where=sa.text("state IN ('expired', 'deleted') AND expires_ms IS NOT NULL"),
        postgresql_where=sa.text("state IN ('expired', 'deleted') AND expires_ms IS NOT NULL"),
    ),
)

artifacts = sa.Table(
    "artifacts",
    metadata,
    sa.Column("job_id", sa.ForeignKey("jobs.id"), primary_key=True),
    sa.Column("kind", sa.String(16), primary_key=True),
    sa.Column("key", sa.Text, nullable=False, unique=True),
    sa.Column("content_type", sa.String(64), nullable=False),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("width", sa.Integer),
    sa.Column("height", sa.Integer),
    sa.Column("duration_s", sa.Float),
    sa.Column("created_ms", Ms, nullable=False),
)

uploads = sa.Table(
    "uploads",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("account_id", sa.ForeignKey("accounts.id"), nullable=False, index=True),
    sa.Column("key", sa.Text, nullable=False, unique=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("content_type", sa.String(64), nullable=False),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("created_ms", Ms, nullable=False),
    sa.Column("expires_ms", Ms, nullable=False, index=True),
)

job_steps = sa.Table(
    "job_steps",
    metadata,
    sa.Column("id", RowId, primary_key=True, autoincrement=True),
    sa.Column("job_id", sa.ForeignKey("jobs.id"), nullable=False),
    sa.Column("step", sa.String(16), nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),  # 1 for the first time this step was entered
    sa.Column("executor_id", sa.String(128), nullable=False),
    sa.Column("child_pid", sa.Integer),  # the render child, while there is one
    sa.Column("started_ms", Ms, nullable=False),
    sa.Column("finished_ms", Ms),  # null: interrupted, or still running
    sa.UniqueConstraint("job_id", "step", "attempt"),
)

idempotency_keys = sa.Table(
    "idempotency_keys",
    metadata,
    sa.Column("account_id", sa.ForeignKey("accounts.id"), primary_key=True),
    sa.Column("key", sa.String(255), primary_key=True),
    sa.Column("request_sha256", sa.String(64), nullable=False),
    sa.Column("job_id", sa.ForeignKey("jobs.id"), nullable=False),
    sa.Column("created_ms", Ms, nullable=False, index=True),
)

webhook_endpoints = sa.Table(
    "webhook_endpoints",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("account_id", sa.ForeignKey("accounts.id"), nullable=False, index=True),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("events", Json, nullable=False),  # names of account events
    sa.Column("secret_encrypted", sa.Text, nullable=False),
    sa.Column("created_ms", Ms, nullable=False),
    sa.Column("removed_ms", Ms),
)

webhooks = sa.Table(
    "webhooks",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),  # the event's id: the same on every try
    sa.Column("job_id", sa.ForeignKey("jobs.id"), nullable=False),
    sa.Column("account_id", sa.ForeignKey("accounts.id"), nullable=False),
    sa.Column("dialect", sa.String(16), nullable=False),
    sa.Column("endpoint_id", sa.String(32), nullable=False, server_default=sa.text("''")),  # none: the job's own URL
    sa.Column("event", sa.String(16), nullable=False),  # the state the job came to
    sa.Column("seq", sa.Integer, nullable=False),  # order among the job's events
    sa.Column("snapshot", Json, nullable=False),  # the job at that moment, without its request
    sa.Column("state", sa.String(16), nullable=False),  # pending, delivered, skipped, dead
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("due_ms", Ms, nullable=False),  # when the next try is made
    sa.Column("lease_ms", Ms),  # until when the try that is being made has time to report back
    sa.Column("url", sa.Text),
    sa.Column("last_status", sa.Integer),
    sa.Column("last_error", sa.Text),
    sa.Column("created_ms", Ms, nullable=False),
    sa.Column("finished_ms", Ms),
    sa.UniqueConstraint("job_id", "event", "endpoint_id"),
    sa.UniqueConstraint("job_id", "seq"),
    sa.Index("ix_webhooks_account_id_id", "account_id", "id"),
    sa.Index(
        "ix_webhooks_due",
        "due_ms",
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    ),
    sa.Index(  # those that are due later than their tries allow
        "ix_webhooks_tried",
        "attempts",
        "due_ms",
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    ),
    sa.Index(
        "ix_webhooks_finished_ms",
        "finished_ms",
        sqlite_where=sa.text("state <> 'pending'"),
        postgresql_where=sa.text("state <> 'pending'"),
    ),
    sa.Index(
        "ix_webhooks_undelivered",
        "state",
        "id",
        sqlite_where=sa.text("state <> 'delivered'"),
        postgresql_where=sa.text("state <> 'delivered'"),
    ),
)

executors = sa.Table(
    "executors",
    metadata,
    sa.Column("id", sa.String(128), primary_key=True),
    sa.Column("host", sa.Text, nullable=False),
    sa.Column("pid", sa.Integer, nullable=False),
    sa.Column("role", sa.String(16), nullable=False),
    sa.Column("slots", sa.Integer, nullable=False),
    sa.Column("started_ms", Ms, nullable=False),
    sa.Column("seen_ms", Ms, nullable=False),
    sa.Column("pools", Json),  # names of the pools whose jobs it takes
)
