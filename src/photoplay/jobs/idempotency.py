"""Idempotency keys: what was asked for under a key before is answered again, and charged once.

A create that makes several jobs keeps a row for each: the first under the caller's key, the others under names that no
caller can send. They are written in the transaction of the jobs, and removed at the same age. A key is an account's
own, and holds for as long as the setting ``idempotency_ttl_s`` says; after that it is as good as new.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from photoplay.db.tables import idempotency_keys
from photoplay.errors import IdempotencyConflict, InvalidField
from photoplay.jobs.job import Job, JobRequest, JobState

MAX_KEY_CHARS = 255
_CIRCUMSTANCES = ("client_id", "base_url")  # what dialects keep of how a request came


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


def repeated(connection: sa.Connection, account_id: str, tries: Tries, *, since_ms: int) -> list[str] | None:
    """The ids of the jobs that an earlier try made, in order; None when there was none after ``since_ms``.

    Raises:
        IdempotencyConflict: that try asked for something else.
    """
    names = tries.names
    query = sa.select(idempotency_keys).where(
        idempotency_keys.c.account_id == account_id,
        idempotency_keys.c.key.in_(names),
        idempotency_keys.c.created_ms > since_ms,
    )
    rows = {row.key: row for row in connection.execute(query)}
    if tries.key not in rows:
        return None
    if rows[tries.key].request_sha256 != tries.sha256:
        raise IdempotencyConflict
    return [str(rows[name].job_id) for name in names]


def first_answer(job: Job) -> Job:
    """The job as it was when it was answered first: whatever came of it since, a repeated request hears the same."""
    return Job(
        id=job.id,
        object_id=job.object_id,
        number=job.number,
        account_id=job.account_id,
        state=JobState.QUEUED,
        request=job.request,
        pool=job.pool,
        credits=job.credits,
        created_ms=job.created_ms,
        updated_ms=job.created_ms,
    )


def fingerprint(requests: Sequence[JobRequest], content: Mapping[str, str]) -> str:
    """SHA-256, in hex, of what requests ask for. Stored files stand by their ``content``: storage key to SHA-256.

    Which key of the account a request came with, and under which name it reached the server, is not part of it.
    """
    dumped = [request.model_dump(mode="json") for request in requests]
    for each in dumped:
        each["face"] = {name: value for name, value in each["face"].items() if name not in _CIRCUMSTANCES}
    text = json.dumps(dumped[0] if len(dumped) == 1 else dumped, sort_keys=True, separators=(",", ":"))
    for stored, sha256 in content.items():
        text = text.replace(json.dumps(stored), json.dumps(f"sha256:{sha256}"))
    return hashlib.sha256(text.encode()).hexdigest()


def remember(connection: sa.Connection, account_id: str, tries: Tries, made: Sequence[Job]) -> None:
    """Keeps what this try made, in the caller's transaction, in place of what is too old to count."""
    connection.execute(
        sa.delete(idempotency_keys).where(
            idempotency_keys.c.account_id == account_id, idempotency_keys.c.key.in_(tries.names)
        )
    )
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
