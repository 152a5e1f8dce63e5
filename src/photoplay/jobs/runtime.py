"""Everything a process needs to work with jobs, opened and closed together."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Literal, Self
from urllib.parse import quote

import sqlalchemy as sa

from photoplay import keys
from photoplay.accounts import AccountStore, Balance, Ledger, RateLimiter, Tokens, WindowLimiter
from photoplay.catalog import Catalog
from photoplay.clock import Clock, SystemClock
from photoplay.db import make_engine, migrate, shared_clock
from photoplay.jobs.admission import Admission, Share
from photoplay.jobs.bell import Bell
from photoplay.jobs.callbacks import Callbacks
from photoplay.jobs.estimates import Estimates
from photoplay.jobs.executors import ExecutorSlot, Register
from photoplay.jobs.job import Artifact
from photoplay.jobs.lifecycle import Lifecycle
from photoplay.jobs.queue import RenderQueue
from photoplay.jobs.service import JobService
from photoplay.jobs.steplog import StepLog
from photoplay.jobs.store import JobStore
from photoplay.jobs.uploads import Uploads
from photoplay.notify.endpoints import Endpoints
from photoplay.notify.outbox import Outbox
from photoplay.settings import Settings
from photoplay.storage import ArtifactSigner, Storage, open_storage

if TYPE_CHECKING:
    from photoplay.jobs.worker import Worker
    from photoplay.notify.delivery import Deliverer

Role = Literal["api", "worker", "all"]


class Runtime:
    """The rooms of one process, wired. Made by :meth:`open`; ``with Runtime.open(…) as runtime`` closes it."""

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        """Opens everything. The database is brought up to date first."""
        self.settings = settings
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        self.engine: sa.Engine = make_engine(settings.resolved_database_url)
        migrate(self.engine)
        clock = clock or shared_clock(self.engine, SystemClock())
        self.clock: Clock = clock
        self.secret = keys.load_or_create(settings)
        self.storage: Storage = open_storage(settings.resolved_storage_url)
        self.signer = ArtifactSigner(self.secret, clock)
        self.accounts = AccountStore(self.engine, self.secret, clock)
        self.tokens = Tokens(self.accounts, self.secret, clock)
        self.limiter: RateLimiter = WindowLimiter(clock)
        self.ledger = Ledger(clock)
        self.catalog = Catalog.load(settings.catalog_file, limits=settings.limits)
        self.queue = RenderQueue(self.engine, settings.resolved_database_url)
        self.store = JobStore(self.engine, clock)
        self.estimates = Estimates(self.engine, clock, ttl_s=settings.executor_ttl_s)
        self.steplog = StepLog(self.engine, clock)
        self.outbox = Outbox(self.engine, clock)
        self.endpoints = Endpoints(self.engine, self.secret, clock)
        self._bell = Bell()  # rung when a job may have come into the queue
        self.register = Register(self.engine, clock)
        self.admission = Admission(self.queue, self._share_of)
        self.lifecycle = Lifecycle(
            engine=self.engine,
            clock=clock,
            store=self.store,
            books=self.ledger,
            outbox=self.outbox,
            endpoints=self.endpoints,
            admission=self.admission,
            retention_s=settings.retention_s,
            on_event=self._stir,
        )
        self.uploads = Uploads(
            engine=self.engine,
            clock=clock,
            storage=self.storage,
            work_dir=settings.data_dir / "tmp",
            max_bytes=settings.max_upload_bytes,
            retention_s=settings.retention_s,
        )
        self.service = JobService(
            engine=self.engine,
            clock=clock,
            store=self.store,
            estimates=self.estimates,
            books=self.ledger,
            pricing=self.catalog,
            admission=self.admission,
            lifecycle=self.lifecycle,
            queue=self.queue,
            storage=self.storage,
            uploads=self.uploads,
            idempotency_ttl_s=settings.idempotency_ttl_s,
            max_queued_jobs=settings.max_queued_jobs,
            on_queued=self._bell.ring,
        )
        self.callbacks = Callbacks(
            store=self.store, accounts=self.accounts, endpoints=self.endpoints, artifact_url=self.artifact_url
        )
        self._deliverer: Deliverer | None = None
        self._worker: Worker | None = None
        self.stopping = threading.Event()  # set by the server: whoever follows a job goes to another
        self.hurry = threading.Event()  # set by anybody: running jobs get no more time to end when this closes

    @classmethod
    def open(cls, settings: Settings, clock: Clock | None = None) -> Self:
        """Opens everything that ``settings`` name."""
        return cls(settings, clock)

    def launch(self, role: Role) -> None:
        """Makes the process ready for its role. Call it from a thread that runs no event loop.

        ``api`` only puts jobs into the queue. ``worker`` and ``all`` also render them; register every dialect's
        callback writer before.
        """
        self.queue.prepare()
        if role == "api" or self._worker is not None:
            return
        self._worker = self._new_worker(role)
        self._worker.start()

    def _new_worker(self, role: Role) -> Worker:
        # Imported late: only workers need these, and commands should start fast.
        from photoplay.jobs.recovery import Sweeper
        from photoplay.jobs.retention import Retention
        from photoplay.jobs.steps import Steps, Tools
        from photoplay.jobs.worker import Worker
        from photoplay.media.fetch import Fetcher
        from photoplay.notify.client import CallbackClient
        from photoplay.notify.delivery import Deliverer

        settings = self.settings
        slot = ExecutorSlot.take(settings.data_dir / "locks")
        self._deliverer = Deliverer(self.outbox, self.callbacks.compose, CallbackClient(settings.allowed_networks).post)
        tools = Tools(
            settings=settings,
            store=self.store,
            lifecycle=self.lifecycle,
            steplog=self.steplog,
            storage=self.storage,
            fetcher=Fetcher.from_settings(settings),
            executor_id=slot.id,
            wake_notifier=self._wake_notifier,
        )
        retention = Retention(
            engine=self.engine,
            clock=self.clock,
            store=self.store,
            storage=self.storage,
            uploads=self.uploads,
            queue=self.queue,
            outbox=self.outbox,
            remove_files=self.service.remove_files,
            idempotency_ttl_s=settings.idempotency_ttl_s,
            webhook_retention_s=settings.webhook_retention_s,
            link_ttl_s=settings.artifact_url_ttl_s,
            scenes_dir=settings.scenes_dir,
            scene_cache_s=settings.scene_cache_s,
        )
        return Worker(
            database_url=settings.resolved_database_url,
            slot=slot,
            slots=settings.slots,
            pools=self.catalog.pools(engines=settings.worker_engines, models=settings.worker_models),
            role=role,
            data_dir=settings.data_dir,
            executor_ttl_s=settings.executor_ttl_s,
            queue=self.queue,
            register=self.register,
            steps=Steps(tools),
            deliverer=self._deliverer,
            sweeper=Sweeper(engine=self.engine, clock=self.clock, queue=self.queue, lifecycle=self.lifecycle),
            retention=retention,
            bell=self._bell,
        )

    @property
    def executor_id(self) -> str | None:
        """The id under which this process renders; None when it does not."""
        return None if self._worker is None else self._worker.executor_id

    def close(self, grace_s: float = 0.0) -> None:
        """Stops and disconnects. Running jobs get ``grace_s`` to end; what is left is taken up by other workers."""
        if self._worker is not None:
            self._worker.drain(grace_s, self.hurry)
            self._worker.stop()
            self._worker = None
        self.queue.close()
        self.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def balance(self, account_id: str) -> Balance:
        """What the account has.

        Raises:
            NotFoundError: there is no such account.
        """
        with self.engine.connect() as connection:
            return self.ledger.balance(connection, account_id)

    def issued(self, account_id: str) -> int:
        """Credits that the account was ever given."""
        with self.engine.connect() as connection:
            return self.ledger.issued(connection, account_id)

    def artifact_url(self, artifact: Artifact, base_url: str | None = None) -> str:
        """A signed link to a stored file, for callbacks. The path is the server's route for artifacts.

        ``base_url`` is where the client of the job reached the server; the setting ``public_url`` goes before it.
        """
        settings = self.settings
        presigned = self.storage.presigned_url(artifact.key, settings.artifact_url_ttl_s)
        if presigned is not None:
            return presigned
        base_url = settings.public_url or base_url or f"http://{settings.host}:{settings.port}"
        until_ms = self.clock.now_ms() + settings.artifact_url_ttl_s * 1000
        name = artifact.key.rpartition("/")[2]
        token = self.signer.sign(artifact.key, until_ms, content_type=artifact.content_type, filename=name)
        return f"{base_url.rstrip('/')}/artifacts/{token}/{quote(name)}"

    def _share_of(self, plan: str) -> Share:
        limits = self.catalog.plan(plan)
        return Share(concurrency=limits.concurrent_jobs, waiting=limits.queued_jobs, weight=limits.weight)

    def _stir(self) -> None:
        """After a job's change of state: there may be callbacks to send, and another job's turn may have come."""
        self._bell.ring()
        self._wake_notifier()

    def _wake_notifier(self) -> None:
        if self._deliverer is not None:
            self._deliverer.wake()
