"""The render queue, as seen by whoever puts jobs in: a thin face over the DBOS client.

There is one queue to each **pool**: the workers that serve one engine, or some models of it.

The queue's tables live in the product's own database, so entering the queue is part of the transaction that
stores the job. A job's workflow has the job's id, so entering twice is entering once.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from dbos import DBOS, DBOSClient, DBOSPortableJSONSerializer

# Keeps the library from writing to standard error in a format of its own: its lines go where all of ours go.
logging.getLogger("dbos").addHandler(logging.NullHandler())

APPLICATION = "photoplay"
# Constant on purpose: the library's default is a hash of the code, and no worker takes jobs of another version's hash.
APPLICATION_VERSION = "1"
QUEUE_PREFIX = "render."
WORKFLOW_NAME = "photoplay.job"
POLLING_INTERVAL_S = 0.1
# A workflow is dispatched at most once more than this many recoveries; then it is given up (see `recovery`).
MAX_ATTEMPTS = 3

ENDED = frozenset({"SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"})


def queue_name(pool: str) -> str:
    """The queue of a pool of workers."""
    return QUEUE_PREFIX + pool


def queue_url(url: str) -> str:
    """The database URL in the form the queue's library takes."""
    parsed = sa.make_url(url)
    if parsed.get_backend_name() == "postgresql":
        parsed = parsed.set(drivername="postgresql")
    return parsed.render_as_string(hide_password=False)


class RenderQueue:
    """Puts jobs into the queue and takes them out. Thread-safe; connects on first use."""

    def __init__(self, engine: sa.Engine, url: str) -> None:
        self._engine = engine
        self._url = queue_url(url)
        self._client: DBOSClient | None = None
        self._lock = threading.Lock()

    def _connected(self) -> DBOSClient:
        with self._lock:
            if self._client is None:
                DBOS.migrate(self._url)
                self._client = DBOSClient(
                    system_database_engine=self._engine,
                    serializer=DBOSPortableJSONSerializer(),
                    application_name=APPLICATION,
                )
            return self._client

    def prepare(self) -> None:
        """Makes the queue's tables and connects. Done by itself on first use; costs a moment."""
        self._connected()

    def register(self, pools: Iterable[str]) -> None:
        """Makes the queues of these pools known.

        How many jobs a worker takes at a time is its own affair (see :class:`~photoplay.jobs.worker.Intake`): what the
        library knows for all of them is none.
        """
        for pool in pools:
            self._connected().register_queue(
                queue_name(pool),
                worker_concurrency=0,
                polling_interval_sec=POLLING_INTERVAL_S,
                on_conflict="always_update",
            )

    def enter(self, connection: sa.Connection, job_id: str, priority: int, pool: str) -> None:
        """Queues the job for a pool when the caller's transaction commits. Lower priorities are served first."""
        self._connected().enqueue_in_transaction(
            connection,
            {
                "workflow_name": WORKFLOW_NAME,
                "queue_name": queue_name(pool),
                "workflow_id": job_id,
                "app_version": APPLICATION_VERSION,
                "priority": priority,
            },
            job_id,
        )

    def cancel(self, job_id: str) -> None:
        """Takes the job out of the queue, or tells its worker to stop. Nothing happens when it has ended."""
        self._connected().cancel_workflow(job_id)

    def statuses(self, job_ids: Sequence[str]) -> dict[str, str]:
        """The queue's word for each job that it knows: ENQUEUED, PENDING, SUCCESS, ERROR, CANCELLED, ..."""
        if not job_ids:
            return {}
        found = self._connected().list_workflows(workflow_ids=list(job_ids), load_input=False, load_output=False)
        return {workflow.workflow_id: workflow.status for workflow in found}

    def begun(self) -> dict[str, str]:
        """The jobs that have begun and not ended, each with the id of the worker that took it."""
        running = self._connected().list_workflows(
            status="PENDING", name=WORKFLOW_NAME, load_input=False, load_output=False
        )
        return {workflow.workflow_id: workflow.executor_id or "" for workflow in running}

    def busy_executors(self) -> set[str]:
        """Ids of the workers that own jobs which have begun."""
        return set(self.begun().values()) - {""}

    def hand_back(self, executor_id: str) -> int:
        """Puts what a worker had begun back into the queue, when it stops in good order. How many.

        The tries start anew: it is not the job's fault.
        """
        client = self._connected()
        begun = client.list_workflows(
            status="PENDING", name=WORKFLOW_NAME, executor_id=executor_id, load_input=False, load_output=False
        )
        for name in {workflow.queue_name for workflow in begun}:
            theirs = [workflow.workflow_id for workflow in begun if workflow.queue_name == name]
            client.resume_workflows(theirs, queue_name=name)
        return len(begun)

    def forget(self, job_ids: Sequence[str]) -> None:
        """Removes what the queue keeps of ended jobs."""
        if job_ids:
            self._connected().delete_workflows(list(job_ids))

    def close(self) -> None:
        """Disconnects."""
        with self._lock:
            if self._client is not None:
                self._client.destroy()
                self._client = None
