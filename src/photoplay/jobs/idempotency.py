"""Idempotency keys: what was asked for under a key before is answered again, and charged once.

A create that makes several jobs keeps a row for each: the first under the caller's key, the others under names that no
caller can send. They are written in the transaction of the jobs, and removed at the same age.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from photoplay.db.tables import idempotency_keys
from photoplay.errors import IdempotencyConflict, InvalidField
from photoplay.jobs.job import Job

MAX_KEY_CHARS = 255


@dataclass(frozen=True)
class Tries:
    """What is the same on every try of a create: its key, the SHA-256 of what it asks for, how many jobs it makes."""

    key: str
    sha256: str
    count: int

    @property
    def names(self) -> list[str]:
        """The name of each job's row. A caller's key is printable, so it can be none of ours."""
        digest = hashlib.sha256(self.key.encode()).hexdigest()
        return [self.key, *(f"\x1f{number}:{digest}" for number in range(1, self.count))]


def check_key(key: str) -> None:
    """Whether a caller's key can be kept.

    Raises:
        InvalidField: it is empty, too long, or not printable.
    """
    if not key or len(key) > MAX_KEY_CHARS or not key.isprintable():
        raise InvalidField("idempotency_key", f"an idempotency key is 1 to {MAX_KEY_CHARS} printable characters")


def repeated(connection: sa.Connection, account_id: str, tries: Tries) -> list[str] | None:
    """The ids of the jobs that an earlier try made, in order; None when there was none.

    Raises:
        IdempotencyConflict: that try asked for something else.
    """
    names = tries.names
    query = sa.select(idempotency_keys).where(
        idempotency_keys.c.account_id == account_id, idempotency_keys.c.key.in_(names)
    )
    rows = {row.key: row for row in connection.execute(query)}
    if tries.key not in rows:
        return None
    if rows[tries.key].request_sha256 != tries.sha256:
        raise IdempotencyConflict
    return [str(rows[name].job_id) for name in names]


def remember(connection: sa.Connection, account_id: str, tries: Tries, made: Sequence[Job]) -> None:
    """Keeps what this try made, in the caller's transaction."""
    connection.execute(
        sa.insert(idempotency_keys),
        [
            {
                "account_id": account_id,
                "key": name,
                "request_sha256": tries.sha256,
                "job_id": job.id,
                "created_ms": made[0].created_ms,  # one age for all: they must go together
            }
            for name, job in zip(tries.names, made, strict=True)
        ],
    )
