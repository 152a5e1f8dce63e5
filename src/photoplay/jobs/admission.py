"""Who is served next: per-account concurrency, and fairness between accounts.

A job waits outside the render queue while its account already has as many jobs inside as its plan allows; it is
let in by the same transaction that ends one of them. Inside, jobs are served by a **start tag**, in the manner of
start-time fair queueing (Goyal, Vin, Cheng, SIGCOMM 1996): an account's next job starts where its last one
ends (tag + stride), but never before the job in service. So each account advances at its own pace, a flood
of one account leaves another's single job at most the job in service to wait for, and nobody starves. A larger plan
weight means a shorter stride: more turns.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa

from photoplay.db.tables import IS_LIVE, LIVE_STATES, accounts, jobs
from photoplay.jobs.job import JobState
from photoplay.jobs.queue import RenderQueue

FIRST_TAG = 1
MAX_TAG = 2**31 - 1  # what the queue's priority column holds
FULL_STRIDE = 60  # stride of an account whose plan weighs 1


@dataclass(frozen=True)
class Share:
    """What an account may have of the workers. None: no limit."""

    concurrency: int | None  # jobs inside the render queue at once
    waiting: int | None  # jobs that may wait outside, on top of those inside
    weight: int = 1

    @property
    def live(self) -> int | None:
        """How many jobs the account may have queued or running."""
        return None if self.concurrency is None or self.waiting is None else self.concurrency + self.waiting

    @property
    def stride(self) -> int:
        """Distance between the start tags of two of the account's jobs."""
        return max(1, FULL_STRIDE // max(1, self.weight))


_PLAN = sa.select(accounts.c.plan).where(accounts.c.id == sa.bindparam("account_id")).with_for_update(key_share=True)
_INSIDE = (
    sa.select(sa.func.count())
    .select_from(jobs)
    .where(jobs.c.account_id == sa.bindparam("account_id"), jobs.c.state.in_(LIVE_STATES), jobs.c.priority.is_not(None))
)
_WAITING = (
    sa.select(jobs.c.id, jobs.c.quote)
    .where(
        jobs.c.account_id == sa.bindparam("account_id"),
        jobs.c.state == JobState.QUEUED.value,
        jobs.c.priority.is_(None),
    )
    .order_by(jobs.c.id)
    .limit(1)
)
_LET_IN = sa.update(jobs).where(jobs.c.id == sa.bindparam("ref")).values(priority=sa.bindparam("tag"))
# Two questions, so that each is answered by an index: an account may have a long history.
_TAGS = sa.union_all(
    sa.select(sa.func.max(jobs.c.priority).label("tag")).where(
        jobs.c.account_id == sa.bindparam("account_id"), jobs.c.state.in_(LIVE_STATES)
    ),
    sa.select(jobs.c.priority.label("tag")).where(
        jobs.c.id == sa.bindparam("ended"), jobs.c.account_id == sa.bindparam("account_id")
    ),
).subquery()
_LAST_TAG = sa.select(sa.func.max(_TAGS.c.tag))
_IN_SERVICE = sa.select(sa.func.max(jobs.c.priority)).where(IS_LIVE, jobs.c.state == JobState.RUNNING.value)
_NEXT_UP = sa.select(sa.func.min(jobs.c.priority)).where(IS_LIVE, jobs.c.state == JobState.QUEUED.value)
_NOW = sa.select(_IN_SERVICE.scalar_subquery().label("in_service"), _NEXT_UP.scalar_subquery().label("next_up"))


class Turns:
    """Start tags for the jobs that one transaction lets into the render queue."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._asked = False
        self._now: int | None = None  # tag of the job in service

    def draw(self, last_tag: int | None, share: Share) -> int:
        """The tag of an account's next job. ``last_tag`` is that of its last one inside, if it has one."""
        if not self._asked:
            row = self._connection.execute(_NOW).one()
            self._now = row.next_up if row.in_service is None else row.in_service
            self._asked = True
        own = FIRST_TAG if last_tag is None else last_tag + share.stride
        tag = int(min(MAX_TAG, max(self._now or FIRST_TAG, own)))
        if self._now is None:  # nothing is in service and nothing waits: this job is the next
            self._now = tag
        return tag


class Admission:
    """Lets waiting jobs into the render queue."""

    def __init__(self, queue: RenderQueue, share_of: Callable[[str], Share]) -> None:
        """``share_of`` tells a plan's share by the plan's name."""
        self._queue = queue
        self.share_of = share_of

    def prepare(self) -> None:
        """Call it before a transaction that lets jobs in: connecting to the queue inside one would block itself."""
        self._queue.prepare()

    def share(self, connection: sa.Connection, account_id: str) -> Share:
        """The account's share. Locks the account's row until the caller's transaction ends.

        Every transaction that touches an account's credits or lets its jobs in begins with this, so that two of
        them cannot wait for each other.
        """
        return self.share_of(connection.execute(_PLAN, {"account_id": account_id}).scalar_one())

    def admit(self, connection: sa.Connection, account_id: str, *, ended: str = "") -> list[str]:
        """Lets in as many of the account's waiting jobs as fit; returns their ids.

        Part of the caller's transaction. ``ended`` is the id of the account's job that this transaction ends, if
        it ends one: the next job's turn is counted from it.
        """
        share = self.share(connection, account_id)
        inside = connection.execute(_INSIDE, {"account_id": account_id}).scalar_one()
        turns = Turns(connection)
        admitted: list[str] = []
        while share.concurrency is None or inside < share.concurrency:
            waiting = connection.execute(_WAITING, {"account_id": account_id}).one_or_none()
            if waiting is None:
                break
            job_id = waiting.id
            last = connection.execute(_LAST_TAG, {"account_id": account_id, "ended": ended}).scalar()
            tag = turns.draw(last, share)
            connection.execute(_LET_IN, {"ref": job_id, "tag": tag})
            self.enter(connection, job_id, tag, waiting.quote["pool"])
            admitted.append(job_id)
            inside += 1
        return admitted

    def enter(self, connection: sa.Connection, job_id: str, tag: int, pool: str) -> None:
        """Queues a job that has its tag, as part of the caller's transaction."""
        self._queue.enter(connection, job_id, tag, pool)
