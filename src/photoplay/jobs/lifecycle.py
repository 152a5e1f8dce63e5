"""The changes of a job's state, each one transaction: state, credits, outbox and the next job's turn together.

A crash before the commit leaves nothing done, one after it leaves all done; done twice, each does nothing the second
time. That, with the ledger's unique keys, is what "charged exactly once" rests on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import sqlalchemy as sa

from photoplay.clock import Clock
from photoplay.db import writing
from photoplay.db.tables import jobs
from photoplay.jobs.admission import Admission
from photoplay.jobs.job import Artifact, Job, JobState
from photoplay.jobs.store import JobStore
from photoplay.notify.endpoints import EVENT_OF_STATE, Endpoints
from photoplay.notify.outbox import Notice, Outbox


class Books(Protocol):
    """What a job's life needs of the ledger. Each call is part of the caller's transaction."""

    def hold_all(self, connection: sa.Connection, holds: Sequence[tuple[str, str, int]]) -> None:
        """Sets credits aside: (account id, job id, amount). Raises InsufficientCredits."""
        ...

    def capture(self, connection: sa.Connection, *, account_id: str, job_id: str, amount: int) -> bool:
        """Spends what was held for the job. False when it was settled before."""
        ...

    def release(self, connection: sa.Connection, *, account_id: str, job_id: str, amount: int) -> bool:
        """Gives back what was held for the job. False when it was settled before."""
        ...


class Lifecycle:
    """Starts and ends jobs."""

    def __init__(
        self,
        *,
        engine: sa.Engine,
        clock: Clock,
        store: JobStore,
        books: Books,
        outbox: Outbox,
        endpoints: Endpoints,
        admission: Admission,
        retention_s: int,
        on_event: Callable[[], None] = lambda: None,
    ) -> None:
        """``on_event`` is called after a commit that put something into the outbox."""
        self._engine = engine
        self._clock = clock
        self._store = store
        self._books = books
        self._outbox = outbox
        self._endpoints = endpoints
        self._admission = admission
        self._retention_ms = retention_s * 1000
        self._on_event = on_event

    def begin(self, job_id: str, executor_id: str) -> bool:
        """queued → running. False when the job was not queued: taken up again after a crash, or canceled."""
        with writing(self._engine) as connection:
            if not self._store.start(connection, job_id, executor_id):
                return False
            row = connection.execute(sa.select(jobs).where(jobs.c.id == job_id)).mappings().one()
            self.tell(connection, self._store.jobs_of(connection, [row])[0])
        self._on_event()
        return True

    def succeed(self, job_id: str, files: Sequence[Artifact]) -> Job | None:
        """running → succeeded, with its files and its credits spent. None when the job is not live (any more)."""
        self._admission.prepare()
        with writing(self._engine) as connection:
            self._lock_owner(connection, job_id)
            job = self._store.settle(
                connection,
                job_id,
                JobState.SUCCEEDED,
                expires_ms=self._expires_ms(connection, job_id),
                phase=None,
                progress=1.0,
            )
            if job is None:
                return None
            for artifact in files:
                self._store.add_artifact(connection, job_id, artifact)
            job = job.model_copy(update={"artifacts": tuple(files)})
            self._books.capture(connection, account_id=job.account_id, job_id=job_id, amount=job.credits)
            self._after_end(connection, job)
        self._on_event()
        return job

    def fail(self, job_id: str, code: str, message: str) -> Job | None:
        """live → failed, with its credits given back. None when the job is not live (any more)."""
        return self._end_unpaid(job_id, JobState.FAILED, error_code=code, error_message=message)

    def cancel(self, job_id: str) -> Job | None:
        """live → canceled, with its credits given back. None when the job is not live (any more)."""
        return self._end_unpaid(job_id, JobState.CANCELED)

    def tell(self, connection: sa.Connection, *told: Job) -> None:
        """Puts the jobs' states into the outbox, for the URLs of their requests and the endpoints of their accounts."""
        notices = []
        for job in told:
            receivers = [] if job.request.callback_url is None else [""]
            account_event = EVENT_OF_STATE.get(job.state.value)
            if account_event is not None:
                receivers += self._endpoints.wanting(connection, job.account_id, account_event)
            if receivers:
                snapshot = job.model_dump(mode="json", exclude={"request"})
                notices += [
                    Notice(job.id, job.account_id, job.request.dialect, job.state.value, snapshot, endpoint_id)
                    for endpoint_id in receivers
                ]
        self._outbox.write_all(connection, notices)

    def _end_unpaid(self, job_id: str, state: JobState, **values: str) -> Job | None:
        self._admission.prepare()
        with writing(self._engine) as connection:
            self._lock_owner(connection, job_id)
            expires_ms = self._expires_ms(connection, job_id)
            job = self._store.settle(connection, job_id, state, expires_ms=expires_ms, **values)
            if job is None:
                return None
            self._books.release(connection, account_id=job.account_id, job_id=job_id, amount=job.credits)
            self._after_end(connection, job)
        self._on_event()
        return job

    def _after_end(self, connection: sa.Connection, job: Job) -> None:
        self.tell(connection, job)
        self._admission.admit(connection, job.account_id, ended=job.id)

    def _lock_owner(self, connection: sa.Connection, job_id: str) -> None:
        account_id = connection.execute(sa.select(jobs.c.account_id).where(jobs.c.id == job_id)).scalar_one_or_none()
        if account_id is not None:
            self._admission.share(connection, account_id)

    def _expires_ms(self, connection: sa.Connection, job_id: str) -> int:
        """When what the job leaves is to go: as its model says, or as the server's setting."""
        quote = connection.execute(sa.select(jobs.c.quote).where(jobs.c.id == job_id)).scalar_one_or_none() or {}
        kept_s = quote.get("retention_s")
        return self._clock.now_ms() + (self._retention_ms if kept_s is None else int(kept_s) * 1000)
