"""Jobs for callers who ask for one by its id, many at a time.

Polling is most of what a server answers. So what is asked at the same moment is one query (see
:mod:`photoplay.jobs.together`), whoever asks; that each gets nothing but what is its own is checked for each.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from photoplay import ids
from photoplay.db import reading
from photoplay.db.tables import jobs
from photoplay.errors import JobNotFound
from photoplay.jobs.estimates import Wait
from photoplay.jobs.job import Job, JobState
from photoplay.jobs.store import JobStore
from photoplay.jobs.together import Together

Asked = tuple[str, str]
"""(account id, any of the job's three ids)"""

_COLUMNS = {"id": jobs.c.id, "object_id": jobs.c.object_id, "number": jobs.c.number}
# A list as one value: the statement is the same for any number of ids. How is each database's own affair.
_LISTED = sa.func.json_each(sa.bindparam("refs")).table_valued("value")
SQLITE_FIND = {
    shape: sa.select(jobs).where(column.in_(sa.select(_LISTED.c.value))) for shape, column in _COLUMNS.items()
}
POSTGRES_FIND = {
    shape: sa.select(jobs).where(column == sa.func.any(sa.bindparam("refs", type_=postgresql.ARRAY(sa.Text))))
    for shape, column in _COLUMNS.items()
}


def find_all(store: JobStore, asked: Sequence[Asked]) -> list[Job | None]:
    """Each account's job with that primary, object or number id, in their order; deleted ones are not found."""
    wanted: dict[str, set[str]] = {}
    for _, ref in asked:
        shape = _shape(ref)
        if shape is not None:
            wanted.setdefault(shape, set()).add(ref)
    if not wanted:
        return [None] * len(asked)
    postgres = store.engine.dialect.name == "postgresql"
    found: dict[str, Job] = {}
    with reading(store.engine) as connection:
        for shape, refs in wanted.items():
            query: sa.Select[Any] = (POSTGRES_FIND if postgres else SQLITE_FIND)[shape]
            values = sorted(refs)
            given = {"refs": values if postgres else json.dumps(values)}
            rows = connection.execute(query, given).mappings().all()
            for row, job in zip(rows, store.jobs_of(connection, rows), strict=True):
                found[row[shape]] = job
    return [_own(found.get(ref), account_id) for account_id, ref in asked]


def _own(job: Job | None, account_id: str) -> Job | None:
    return None if job is None or job.account_id != account_id or job.state is JobState.DELETED else job


def _shape(ref: str) -> str | None:
    if ids.is_job_id(ref):
        return "id"
    if ids.is_object_id(ref):
        return "object_id"
    return "number" if ids.is_number_id(ref) else None


class Reads:
    """Reads jobs for requests on an event loop."""

    def __init__(self, store: JobStore, waits: Callable[[Sequence[Job]], Sequence[Wait]]) -> None:
        """``waits`` says where jobs stand, for several at once."""
        self._together: Together[Asked, Job | None] = Together(
            lambda asked: find_all(store, asked), name="photoplay-reads"
        )
        self._waits: Together[Job, Wait] = Together(waits, name="photoplay-waits")

    async def get(self, account_id: str, ref: str) -> Job:
        """The account's job by any of its three ids.

        Raises:
            JobNotFound: there is none, or it was deleted.
        """
        job = await self._together.get((account_id, ref))
        if job is None:
            raise JobNotFound
        return job

    async def wait(self, job: Job) -> Wait:
        """Where a job stands, and how long it still takes."""
        return await self._waits.get(job) if job.state.live else Wait(None, None)

    def close(self) -> None:
        """Ends its threads."""
        self._together.close()
        self._waits.close()
