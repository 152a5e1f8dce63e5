"""The use cases of jobs: what a dialect, the command line or the studio may ask for. Synchronous and thread-safe."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import sqlalchemy as sa

from photoplay.catalog import Quote
from photoplay.clock import Clock
from photoplay.db import writing
from photoplay.db.tables import artifacts, jobs
from photoplay.errors import (
    AccountBlocked,
    ArtifactNotFound,
    InvalidField,
    JobFinished,
    JobNotFinished,
    JobNotFound,
    MissingField,
)
from photoplay.jobs.admission import Admission
from photoplay.jobs.desk import Desk, Order, media_of
from photoplay.jobs.estimates import Estimates, Wait
from photoplay.jobs.idempotency import Tries, check_key, fingerprint, first_answer
from photoplay.jobs.job import Artifact, Job, JobRequest, JobState
from photoplay.jobs.lifecycle import Books, Lifecycle
from photoplay.jobs.queue import RenderQueue
from photoplay.jobs.store import JobStore, Page
from photoplay.jobs.text import check_text
from photoplay.jobs.uploads import Upload, Uploads
from photoplay.storage import Storage

_SEED_BITS = 31


class Customer(Protocol):
    """What submitting needs to know of the account that asks."""

    @property
    def id(self) -> str: ...
    @property
    def plan(self) -> str: ...
    @property
    def blocked(self) -> bool: ...


class Pricing(Protocol):
    """What submitting needs of the catalog."""

    def quote(self, request: JobRequest, *, plan: str) -> Quote:
        """Checks the request against what is offered, and prices it.

        Raises:
            UnknownModel, UnknownEffect, UnsupportedValue, PlanRequired, PromptTooLong, TooManyImages.
        """
        ...


class JobService:
    """Submits, reads, cancels and deletes jobs."""

    def __init__(
        self,
        *,
        engine: sa.Engine,
        clock: Clock,
        store: JobStore,
        estimates: Estimates,
        books: Books,
        pricing: Pricing,
        admission: Admission,
        lifecycle: Lifecycle,
        queue: RenderQueue,
        storage: Storage,
        uploads: Uploads,
        idempotency_ttl_s: int,
        max_queued_jobs: int | None = None,
        on_queued: Callable[[], None] = lambda: None,
    ) -> None:
        """``on_queued`` is called after a commit that stored jobs."""
        self._on_queued = on_queued
        self._engine = engine
        self._store = store
        self._estimates = estimates
        self._pricing = pricing
        self._admission = admission
        self._lifecycle = lifecycle
        self._queue = queue
        self._storage = storage
        self._uploads = uploads
        self._desk = Desk(
            engine=engine,
            clock=clock,
            store=store,
            books=books,
            admission=admission,
            lifecycle=lifecycle,
            uploads=uploads,
            idempotency_ttl_s=idempotency_ttl_s,
            max_live=max_queued_jobs,
        )

    # Submitting --------------------------------------------------------------------------------------------------

    def submit(self, account: Customer, request: JobRequest, *, idempotency_key: str | None = None) -> Job:
        """One job. As :meth:`submit_all`."""
        return self.submit_all(account, [request], idempotency_key=idempotency_key)[0]

    def submit_all(
        self,
        account: Customer,
        requests: Sequence[JobRequest],
        *,
        idempotency_key: str | None = None,
        known_as: Sequence[JobRequest] | None = None,
    ) -> list[Job]:
        """Stores a job for every request, sets their credits aside and queues them, in one transaction: all or none.

        Requests that name no seed get one each, all different, and the same request several times is numbered by
        ``take``: so they give as many different clips.

        The same ``idempotency_key`` with the same requests gives the jobs of the first time, as they were then. A file
        that was uploaded again is the same when its bytes are: clients that send it along do so on every try.
        ``known_as`` are the requests as that comparison should see them, where files were fetched for them meanwhile.

        Raises:
            RequestError: what is asked for is not offered, or incomplete.
            IdempotencyConflict: the key was used with another request.
            ExternalIdTaken: the account has a job of that external id.
            PlanRequired, AccountBlocked: not for this account.
            ConcurrencyExceeded, QueueFull, ServerBusy, InsufficientCredits: not now.
        """
        if account.blocked:
            raise AccountBlocked
        for request in requests:
            check_text(request)
        tries = None
        if idempotency_key is not None:
            tries = self._tries(account.id, idempotency_key, requests if known_as is None else known_as)
            with self._engine.connect() as connection:
                earlier = self._desk.repeated(connection, account.id, tries)
            if earlier is not None:
                return self._again(account.id, earlier)
        requests = _numbered(requests)
        for request in requests:
            self._check_media(account.id, request)
        quotes = [self._pricing.quote(self._priced(account.id, each), plan=account.plan) for each in requests]
        self._admission.prepare()
        order = Order(account.id, requests, quotes, _seeds(requests), tries)
        self._desk.submit(order)
        if order.earlier is not None:
            return self._again(account.id, order.earlier)
        self._on_queued()
        return order.made

    def submitted(self, account_id: str, requests: Sequence[JobRequest], idempotency_key: str) -> list[Job] | None:
        """The jobs that :meth:`submit_all` gave for these requests and this key before; None when it was not asked.

        Raises:
            IdempotencyConflict: the key was used with another request.
        """
        with self._engine.connect() as connection:
            earlier = self._desk.repeated(connection, account_id, self._tries(account_id, idempotency_key, requests))
        return None if earlier is None else self._again(account_id, earlier)

    def _tries(self, account_id: str, key: str, requests: Sequence[JobRequest]) -> Tries:
        """The key and a fingerprint of the requests, in which uploads stand by their content."""
        check_key(key)
        keys = sorted({ref.key for request in requests for ref in media_of(request) if ref.key is not None})
        content = self._uploads.digests(account_id, keys) if keys else {}
        return Tries(key, fingerprint(requests, content), len(requests))

    def _again(self, account_id: str, job_ids: Sequence[str]) -> list[Job]:
        """What was answered the first time."""
        return [first_answer(self._owned(account_id, job_id)) for job_id in job_ids]

    def _check_media(self, account_id: str, request: JobRequest) -> None:
        """Every file that the request names by key must be the account's own."""
        if not request.images and request.audio_of is None:
            raise MissingField("image")
        for ref in media_of(request):
            if (ref.url is None) == (ref.key is None):
                raise InvalidField("image", "a file is given by a URL or by an upload")
            if ref.key is not None and not self.owns_key(account_id, ref.key):
                raise ArtifactNotFound("the uploaded file does not exist (any more)")
        if request.audio.mode == "file" and request.audio.file is None:
            raise MissingField("audio")

    def _priced(self, account_id: str, request: JobRequest) -> JobRequest:
        """The request as it is priced: new sound on an old picture is as long as that."""
        if request.audio_of is None:
            return request
        source = self.get(account_id, request.audio_of)
        if source.state.live:
            raise JobNotFinished
        if source.artifact("video") is None or source.duration_s is None:
            raise ArtifactNotFound("that job has no video (any more)")
        return request.model_copy(update={"duration_s": source.duration_s})

    # Reading -----------------------------------------------------------------------------------------------------

    def get(self, account_id: str, ref: str) -> Job:
        """The account's job by any of its three ids.

        Raises:
            JobNotFound: there is none, or it was deleted.
        """
        job = self._store.find(account_id, ref)
        if job is None:
            raise JobNotFound
        return job

    def get_external(self, account_id: str, external_id: str) -> Job:
        """The account's job by the id that its owner gave it.

        Raises:
            JobNotFound: there is none, or it was deleted.
        """
        job = self._store.find_external(account_id, external_id)
        if job is None:
            raise JobNotFound
        return job

    def list(
        self,
        account_id: str | None,
        *,
        states: Sequence[JobState] | None = None,
        dialect: str | None = None,
        model: str | None = None,
        created_from_ms: int | None = None,
        created_before_ms: int | None = None,
        limit: int = 20,
        offset: int = 0,
        after: str | None = None,
        newest_first: bool = True,
        face: tuple[str, str, bool] | None = None,
    ) -> Page:
        """Jobs by creation time, deleted ones left out. ``after`` is any id of the last job of the page before; its
        primary id works also when it was deleted meanwhile.

        ``face``: key, value and whether a request's face must have it or must not.

        ``account_id`` None lists everybody's: for operators only.

        Raises:
            JobNotFound: there is no job ``after``.
        """
        last = None
        if after is not None:
            last = self._store.load(after) if account_id is None else self._store.find(account_id, after)
            if last is None:
                last = self._store.load(after)
                if last is None or account_id not in (None, last.account_id):
                    raise JobNotFound
        return self._store.page(
            account_id,
            states=states,
            dialect=dialect,
            model=model,
            created_from_ms=created_from_ms,
            created_before_ms=created_before_ms,
            limit=limit,
            offset=offset,
            after=last,
            newest_first=newest_first,
            face=face,
        )

    def wait(self, job: Job) -> Wait:
        """Where the job stands in the queue, and how long it still takes (see :class:`Estimates`)."""
        return self._estimates.wait(job)

    def waits(self, jobs: Sequence[Job]) -> Sequence[Wait]:
        """The same of several jobs, in their order."""
        return self._estimates.waits(jobs)

    # Ending ------------------------------------------------------------------------------------------------------

    def cancel(self, account_id: str, ref: str) -> Job:
        """Ends a queued or running job and gives its credits back. A canceled job stays as it is.

        Raises:
            JobNotFound: there is no such job.
            JobFinished: it ended before.
        """
        job = self.get(account_id, ref)
        if job.state is JobState.CANCELED:
            return job
        ended = self._lifecycle.cancel(job.id)
        if ended is None:
            job = self.get(account_id, ref)
            if job.state is JobState.CANCELED:
                return job
            raise JobFinished
        self._queue.cancel(job.id)
        return ended

    def delete(self, account_id: str, ref: str) -> Job:
        """Makes a finished job and its files go. Returns it as it was.

        Raises:
            JobNotFound: there is no such job.
            JobNotFinished: it is queued or running.
        """
        job = self.get(account_id, ref)
        finished = [JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELED, JobState.EXPIRED]
        with writing(self._engine) as connection:
            gone = self._store.mark(connection, job.id, JobState.DELETED, from_states=finished)
        if not gone:
            if self.get(account_id, ref).state.live:
                raise JobNotFinished
            raise JobNotFound
        self.remove_files(job.id)
        return job

    def remove_files(self, job_id: str) -> None:
        """Removes what is stored of a job that is deleted or expired. Safe to repeat."""
        for prefix in storage_prefixes(job_id):
            self._storage.delete_prefix(prefix)
        with writing(self._engine) as connection:
            self._store.rid(connection, job_id)

    # Files -------------------------------------------------------------------------------------------------------

    def artifact(self, account_id: str, ref: str, kind: str) -> Artifact:
        """A stored file of the account's job.

        Raises:
            JobNotFound: there is no such job.
            JobNotFinished: it has no files yet.
            ArtifactNotFound: it has none of that kind (any more).
        """
        job = self.get(account_id, ref)
        found = job.artifact(kind)
        if found is None:
            raise JobNotFinished if job.state.live else ArtifactNotFound
        return found

    def add_upload(self, account_id: str, name: str, stream: Iterator[bytes]) -> Upload:
        """Stores a file that a caller sends, to be named in a request by its key.

        Raises:
            UploadTooLarge: it is larger than the server takes.
        """
        return self._uploads.add(account_id, name, stream)

    def upload(self, account_id: str, upload_id: str) -> Upload:
        """An upload of the account.

        Raises:
            UploadNotFound: there is none of that id (any more).
        """
        return self._uploads.get(account_id, upload_id)

    def owns_key(self, account_id: str, key: str) -> bool:
        """Whether the stored file under ``key`` is an upload or an artifact of the account."""
        if self._uploads.owns(account_id, key):
            return True
        query = (
            sa.select(artifacts.c.key)
            .join(jobs, jobs.c.id == artifacts.c.job_id)
            .where(artifacts.c.key == key, jobs.c.account_id == account_id, jobs.c.state == JobState.SUCCEEDED.value)
        )
        with self._engine.connect() as connection:
            return connection.execute(query).first() is not None

    def _owned(self, account_id: str, job_id: str) -> Job:
        job = self._store.load(job_id)
        if job is None or job.account_id != account_id:
            raise JobNotFound
        return job


def storage_prefixes(job_id: str) -> tuple[str, str]:
    """Where a job's results and its working files are stored."""
    return f"jobs/{job_id}", f"work/{job_id}"


def _numbered(requests: Sequence[JobRequest]) -> list[JobRequest]:
    """The requests, with those that are the same as earlier ones made further takes of them."""
    numbered: list[JobRequest] = []
    for number, request in enumerate(requests):
        take = sum(request == earlier for earlier in requests[:number])
        numbered.append(request.model_copy(update={"take": request.take + take}) if take else request)
    return numbered


def _seeds(requests: Sequence[JobRequest]) -> list[int]:
    """A seed for every request: the one it names, or one that none of the others has."""
    taken = {request.seed for request in requests if request.seed is not None}
    drawn = []
    for request in requests:
        seed = request.seed
        while seed is None:
            candidate = secrets.randbits(_SEED_BITS)
            seed = None if candidate in taken else candidate
        taken.add(seed)
        drawn.append(seed)
    return drawn
