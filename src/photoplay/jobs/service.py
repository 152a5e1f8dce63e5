"""The use cases of jobs: what a dialect, the command line or the studio may ask for. Synchronous and thread-safe."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import sqlalchemy as sa

from photoplay import ids
from photoplay.catalog import Quote
from photoplay.clock import Clock
from photoplay.db import writing
from photoplay.db.tables import artifacts, jobs
from photoplay.errors import (
    AccountBlocked,
    ArtifactNotFound,
    ConcurrencyExceeded,
    ExternalIdTaken,
    InvalidField,
    JobFinished,
    JobNotFinished,
    JobNotFound,
    MissingField,
    QueueFull,
    ServerBusy,
)
from photoplay.jobs.admission import Admission, Share
from photoplay.jobs.estimates import Estimates
from photoplay.jobs.idempotency import Tries, check_key, fingerprint, first_answer, remember, repeated
from photoplay.jobs.job import Artifact, Job, JobRequest, JobState, MediaRef
from photoplay.jobs.lifecycle import Books, Lifecycle
from photoplay.jobs.queue import RenderQueue
from photoplay.jobs.store import JobStore, Page
from photoplay.jobs.text import check_text
from photoplay.jobs.uploads import Upload, Uploads
from photoplay.storage import Storage

RETRY_AFTER_S = 10.0  # what a caller is told to wait when the account's queue, or the server's, is full
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
        self._clock = clock
        self._store = store
        self._estimates = estimates
        self._books = books
        self._pricing = pricing
        self._admission = admission
        self._lifecycle = lifecycle
        self._queue = queue
        self._storage = storage
        self._uploads = uploads
        self._idempotency_ttl_ms = idempotency_ttl_s * 1000
        self._max_live = max_queued_jobs

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
                earlier = self._repeated(connection, account.id, tries)
            if earlier is not None:
                return self._again(account.id, earlier)
        requests = _numbered(requests)
        for request in requests:
            self._check_media(account.id, request)
        quotes = [self._pricing.quote(self._priced(account.id, each), plan=account.plan) for each in requests]
        self._admission.prepare()
        with writing(self._engine) as connection:
            share = self._admission.share(connection, account.id)
            if tries is not None:
                earlier = self._repeated(connection, account.id, tries)
                if earlier is not None:
                    return self._again(account.id, earlier)
            self._check_external_ids(connection, account.id, requests)
            live, _ = self._store.count_live(connection, account.id)
            _check_room(share, live, len(requests))
            if self._max_live is not None and self._store.count_all_live(connection) + len(requests) > self._max_live:
                raise ServerBusy(retry_after_s=RETRY_AFTER_S)
            made = self._new(account.id, requests, quotes)
            for job, quote, seed in zip(made, quotes, _seeds(requests), strict=True):
                self._store.insert(connection, job, quote=quote.model_dump(mode="json"), seed=seed)
                self._books.hold(connection, account_id=account.id, job_id=job.id, amount=job.credits)
            if tries is not None:
                remember(connection, account.id, tries, made)
            keys = {ref.key for request in requests for ref in media_of(request) if ref.key is not None}
            self._uploads.keep(connection, sorted(keys))
            for job in made:
                self._lifecycle.tell(connection, job)
            self._admission.admit(connection, account.id)
        self._on_queued()
        return made

    def submitted(self, account_id: str, requests: Sequence[JobRequest], idempotency_key: str) -> list[Job] | None:
        """The jobs that :meth:`submit_all` gave for these requests and this key before; None when it was not asked.

        Raises:
            IdempotencyConflict: the key was used with another request.
        """
        with self._engine.connect() as connection:
            earlier = self._repeated(connection, account_id, self._tries(account_id, idempotency_key, requests))
        return None if earlier is None else self._again(account_id, earlier)

    def _new(self, account_id: str, requests: Sequence[JobRequest], quotes: Sequence[Quote]) -> list[Job]:
        now_ms = self._clock.now_ms()
        made = []
        for order, (request, quote) in enumerate(zip(requests, quotes, strict=True)):
            created_ms = now_ms + order  # ids sort by time: this keeps the order in lists and in the queue
            made.append(
                Job(
                    id=ids.job_id(created_ms),
                    object_id=ids.object_id(created_ms),
                    number=ids.number_id(created_ms),
                    account_id=account_id,
                    state=JobState.QUEUED,
                    request=request,
                    pool=quote.pool,
                    credits=quote.credits,
                    created_ms=created_ms,
                    updated_ms=created_ms,
                )
            )
        return made

    def _tries(self, account_id: str, key: str, requests: Sequence[JobRequest]) -> Tries:
        """The key and a fingerprint of the requests, in which uploads stand by their content."""
        check_key(key)
        keys = sorted({ref.key for request in requests for ref in media_of(request) if ref.key is not None})
        content = self._uploads.digests(account_id, keys) if keys else {}
        return Tries(key, fingerprint(requests, content), len(requests))

    def _repeated(self, connection: sa.Connection, account_id: str, tries: Tries) -> list[str] | None:
        since_ms = self._clock.now_ms() - self._idempotency_ttl_ms
        return repeated(connection, account_id, tries, since_ms=since_ms)

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

    @staticmethod
    def _check_external_ids(connection: sa.Connection, account_id: str, requests: Sequence[JobRequest]) -> None:
        wanted = [request.external_id for request in requests if request.external_id is not None]
        query = sa.select(jobs.c.id).where(jobs.c.account_id == account_id, jobs.c.external_id.in_(wanted))
        if wanted and (len(set(wanted)) < len(wanted) or connection.execute(query).first() is not None):
            raise ExternalIdTaken(field="external_id")

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

    def queue_position(self, job: Job) -> int | None:
        """How many jobs are served before this one starts; None when it is not queued."""
        return self._estimates.queue_position(job)

    def eta_s(self, job: Job) -> float | None:
        """Seconds until the job is likely done; None when nothing is known (see :class:`Estimates`)."""
        return self._estimates.eta_s(job)

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


def media_of(request: JobRequest) -> list[MediaRef]:
    """Every file a request names."""
    found = list(request.images)
    if request.last_image is not None:
        found.append(request.last_image)
    found.extend(brush.mask for brush in request.brushes)
    if request.audio.file is not None:
        found.append(request.audio.file)
    return found


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


def _check_room(share: Share, live: int, wanted: int) -> None:
    if share.live is None or live + wanted <= share.live:
        return
    if share.waiting == 0:
        raise ConcurrencyExceeded(
            f"This account may have {share.concurrency} jobs at once.", retry_after_s=RETRY_AFTER_S
        )
    raise QueueFull(f"This account may have {share.live} jobs queued or running.", retry_after_s=RETRY_AFTER_S)
