"""The use cases of jobs: what a dialect, the command line or the studio may ask for. Synchronous and thread-safe."""

from __future__ import annotations

import hashlib
import json
import secrets
import statistics
from collections.abc import Iterator, Sequence
from typing import Protocol

import sqlalchemy as sa

from photoplay import ids
from photoplay.catalog import Quote
from photoplay.clock import Clock
from photoplay.db import writing
from photoplay.db.tables import artifacts, idempotency_keys, jobs
from photoplay.errors import (
    AccountBlocked,
    ArtifactNotFound,
    ConcurrencyExceeded,
    ExternalIdTaken,
    IdempotencyConflict,
    InvalidField,
    JobFinished,
    JobNotFinished,
    JobNotFound,
    MissingField,
    QueueFull,
)
from photoplay.jobs.admission import Admission, Share
from photoplay.jobs.job import Artifact, Job, JobRequest, JobState, MediaRef
from photoplay.jobs.lifecycle import Books, Lifecycle
from photoplay.jobs.queue import RenderQueue
from photoplay.jobs.store import JobStore, Page
from photoplay.jobs.text import check_text
from photoplay.jobs.uploads import Upload, Uploads
from photoplay.storage import Storage

MAX_IDEMPOTENCY_KEY_CHARS = 255
RETRY_AFTER_S = 10.0  # what a caller is told to wait when the account's queue is full
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
        books: Books,
        pricing: Pricing,
        admission: Admission,
        lifecycle: Lifecycle,
        queue: RenderQueue,
        storage: Storage,
        uploads: Uploads,
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._store = store
        self._books = books
        self._pricing = pricing
        self._admission = admission
        self._lifecycle = lifecycle
        self._queue = queue
        self._storage = storage
        self._uploads = uploads

    # Submitting --------------------------------------------------------------------------------------------------

    def submit(self, account: Customer, request: JobRequest, *, idempotency_key: str | None = None) -> Job:
        """Stores a job, sets its credits aside and queues it, in one transaction.

        The same ``idempotency_key`` with the same request gives the job of the first time. A file that was uploaded
        again is the same when its bytes are: clients that send it along with the request do so on every try.

        Raises:
            RequestError: what is asked for is not offered, or incomplete.
            IdempotencyConflict: the key was used with another request.
            ExternalIdTaken: the account has a job of that external id.
            PlanRequired, AccountBlocked: not for this account.
            ConcurrencyExceeded, QueueFull, InsufficientCredits: not now.
        """
        if account.blocked:
            raise AccountBlocked
        check_text(request)
        digest = ""
        if idempotency_key is not None:
            _check_key(idempotency_key)
            digest = self._digest(account.id, request)
            with self._engine.connect() as connection:
                earlier = self._repeated(connection, account.id, idempotency_key, digest)
            if earlier is not None:
                return self._owned(account.id, earlier)
        self._check_media(account.id, request)
        quote = self._pricing.quote(self._priced(account.id, request), plan=account.plan)
        self._admission.prepare()
        with writing(self._engine) as connection:
            share = self._admission.share(connection, account.id)
            if idempotency_key is not None:
                earlier = self._repeated(connection, account.id, idempotency_key, digest)
                if earlier is not None:
                    return self._owned(account.id, earlier)
            if request.external_id is not None and self._external_id_taken(connection, account.id, request.external_id):
                raise ExternalIdTaken(field="external_id")
            live, _ = self._store.count_live(connection, account.id)
            _check_room(share, live)
            job = self._new(account.id, request, quote)
            self._store.insert(
                connection,
                job,
                quote=quote.model_dump(mode="json"),
                seed=secrets.randbits(_SEED_BITS) if request.seed is None else request.seed,
            )
            self._books.hold(connection, account_id=account.id, job_id=job.id, amount=job.credits)
            if idempotency_key is not None:
                connection.execute(
                    sa.insert(idempotency_keys).values(
                        account_id=account.id,
                        key=idempotency_key,
                        request_sha256=digest,
                        job_id=job.id,
                        created_ms=job.created_ms,
                    )
                )
            self._uploads.keep(connection, [ref.key for ref in media_of(request) if ref.key is not None])
            self._lifecycle.tell(connection, job)
            self._admission.admit(connection, account.id)
        return job

    def _new(self, account_id: str, request: JobRequest, quote: Quote) -> Job:
        now_ms = self._clock.now_ms()
        return Job(
            id=ids.job_id(now_ms),
            object_id=ids.object_id(now_ms),
            number=ids.number_id(now_ms),
            account_id=account_id,
            state=JobState.QUEUED,
            request=request,
            credits=quote.credits,
            created_ms=now_ms,
            updated_ms=now_ms,
        )

    def _digest(self, account_id: str, request: JobRequest) -> str:
        """A fingerprint of the request, in which uploads stand by their content."""
        text = json.dumps(request.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
        keys = [ref.key for ref in media_of(request) if ref.key is not None]
        for key, sha256 in self._uploads.digests(account_id, keys).items() if keys else ():
            text = text.replace(json.dumps(key), json.dumps(f"sha256:{sha256}"))
        return hashlib.sha256(text.encode()).hexdigest()

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
    def _repeated(connection: sa.Connection, account_id: str, key: str, digest: str) -> str | None:
        row = connection.execute(
            sa.select(idempotency_keys).where(
                idempotency_keys.c.account_id == account_id, idempotency_keys.c.key == key
            )
        ).one_or_none()
        if row is None:
            return None
        if row.request_sha256 != digest:
            raise IdempotencyConflict
        return str(row.job_id)

    @staticmethod
    def _external_id_taken(connection: sa.Connection, account_id: str, external_id: str) -> bool:
        query = sa.select(jobs.c.id).where(jobs.c.account_id == account_id, jobs.c.external_id == external_id)
        return connection.execute(query).first() is not None

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
        limit: int = 20,
        offset: int = 0,
        after: str | None = None,
        newest_first: bool = True,
    ) -> Page:
        """Jobs by creation time, deleted ones left out. ``after`` is any id of the last job of the page before.

        ``account_id`` None lists everybody's: for operators only.

        Raises:
            JobNotFound: there is no job ``after``.
        """
        last = None
        if after is not None:
            last = self._store.load(after) if account_id is None else self.get(account_id, after)
            if last is None:
                raise JobNotFound
        return self._store.page(
            account_id,
            states=states,
            dialect=dialect,
            limit=limit,
            offset=offset,
            after=last,
            newest_first=newest_first,
        )

    def queue_position(self, job: Job) -> int | None:
        """How many jobs are served before this one starts; None when it is not queued."""
        return self._store.queue_position(job)

    def eta_s(self, job: Job) -> float | None:
        """Seconds until the job is likely done, from how long such jobs took of late; None when nothing is known.

        An estimate: it takes the running jobs and those before this one for equally long, and counts the slots of
        the live workers.
        """
        if not job.state.live:
            return None
        durations_s = self._store.recent_durations_s(job.request.model)
        if not durations_s:
            return None
        usual_s = statistics.median(durations_s)
        if job.started_ms is not None:
            return max(0.0, usual_s - (self._clock.now_ms() - job.started_ms) / 1000)
        ahead = (self._store.queue_position(job) or 0) + self._store.running()
        return usual_s * (1 + ahead / self._store.live_slots())

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
            connection.execute(sa.delete(artifacts).where(artifacts.c.job_id == job_id))

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


def _check_key(key: str) -> None:
    if not key or len(key) > MAX_IDEMPOTENCY_KEY_CHARS or not key.isprintable():
        raise InvalidField(
            "idempotency_key", f"an idempotency key is 1 to {MAX_IDEMPOTENCY_KEY_CHARS} printable characters"
        )


def _check_room(share: Share, live: int) -> None:
    if share.live is None or live < share.live:
        return
    if share.waiting == 0:
        raise ConcurrencyExceeded(
            f"This account may have {share.concurrency} jobs at once.", retry_after_s=RETRY_AFTER_S
        )
    raise QueueFull(f"This account may have {share.live} jobs queued or running.", retry_after_s=RETRY_AFTER_S)
