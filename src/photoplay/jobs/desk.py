"""Where jobs are taken in: creates that come at the same time are stored by one transaction.

A create is a dozen statements and a commit that waits for the disk. Those that come while a commit is under way wait
for it and are then stored together, by as many statements as one needs: under load they share the commit, the ways to
the database and the locks, and without load nobody waits. Whoever comes first to a free desk serves all who wait, and
then leaves it to the next of those that came meanwhile. An answer is given after the commit, as ever.

What one caller may not do (too many jobs, too few credits) is found out before anything is written for it, and says
nothing about the others. Only where the database itself refuses a row is the transaction undone and each create tried
alone.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from photoplay import ids
from photoplay.catalog import Quote
from photoplay.clock import Clock
from photoplay.db import writing
from photoplay.db.tables import IS_LIVE, LIVE_STATES, accounts, jobs
from photoplay.errors import (
    AccountBlocked,
    ConcurrencyExceeded,
    ExternalIdTaken,
    InsufficientCredits,
    NotFoundError,
    PhotoplayError,
    QueueFull,
    ServerBusy,
)
from photoplay.jobs.admission import Admission, Share, Turns
from photoplay.jobs.idempotency import Tries, remember, repeated
from photoplay.jobs.job import Job, JobRequest, JobState, MediaRef
from photoplay.jobs.lifecycle import Books, Lifecycle
from photoplay.jobs.store import JobStore, NewJob
from photoplay.jobs.uploads import Uploads

MOST_JOBS = 100
"""Jobs stored by one transaction; a single create may have more."""
RETRY_AFTER_S = 10.0  # what a caller is told to wait when the account's queue, or the server's, is full

LOCK = (
    sa.select(accounts.c.id, accounts.c.plan, accounts.c.blocked, accounts.c.credits_available)
    .where(accounts.c.id.in_(sa.bindparam("account_ids", expanding=True)))
    .order_by(accounts.c.id)  # in one order everywhere: two who lock several cannot wait for each other
    .with_for_update(key_share=True)
)
STANDING = (
    sa.select(
        jobs.c.account_id,
        sa.func.count().label("live"),
        sa.func.count(jobs.c.priority).label("inside"),
        sa.func.max(jobs.c.priority).label("last_tag"),
    )
    .where(jobs.c.account_id.in_(sa.bindparam("account_ids", expanding=True)), jobs.c.state.in_(LIVE_STATES))
    .group_by(jobs.c.account_id)
)
COUNT_ALL_LIVE = sa.select(sa.func.count()).select_from(jobs).where(IS_LIVE)
TAKEN = sa.select(jobs.c.id).where(
    jobs.c.account_id == sa.bindparam("account_id"), jobs.c.external_id.in_(sa.bindparam("wanted", expanding=True))
)


@dataclass
class Order:
    """One create. Afterwards ``made`` are its jobs, or ``earlier`` the ids of those it made when it came before."""

    account_id: str
    requests: Sequence[JobRequest]
    quotes: Sequence[Quote]
    seeds: Sequence[int]
    tries: Tries | None = None
    made: list[Job] = field(default_factory=list)
    earlier: list[str] | None = None
    error: Exception | None = None
    served: bool = False
    turn: threading.Event = field(default_factory=threading.Event)

    @property
    def credits(self) -> int:
        """What its jobs cost together."""
        return sum(quote.credits for quote in self.quotes)

    @property
    def external_ids(self) -> list[str]:
        """The caller's own ids that its jobs are to have."""
        return [request.external_id for request in self.requests if request.external_id is not None]

    @property
    def marks(self) -> set[tuple[str, str]]:
        """What no two creates of a transaction may have in common: the later one must see what the first one wrote."""
        found = {(self.account_id, f"id {name}") for name in self.external_ids}
        return found if self.tries is None else found | {(self.account_id, f"key {self.tries.key}")}


@dataclass
class _Account:
    """How an account stands while its creates are looked at."""

    id: str
    share: Share
    blocked: bool
    available: int
    inside: int  # jobs in the render queue
    outside: int  # jobs that wait for a place there
    last_tag: int | None

    def take(self, order: Order) -> None:
        """Counts the jobs of a create as the account's.

        Raises:
            AccountBlocked, ConcurrencyExceeded, QueueFull, InsufficientCredits: it may not have them, or not now.
        """
        if self.blocked:
            raise AccountBlocked
        live = self.inside + self.outside
        if self.share.live is not None and live + len(order.requests) > self.share.live:
            if self.share.waiting == 0:
                raise ConcurrencyExceeded(
                    f"This account may have {self.share.concurrency} jobs at once.", retry_after_s=RETRY_AFTER_S
                )
            raise QueueFull(
                f"This account may have {self.share.live} jobs queued or running.", retry_after_s=RETRY_AFTER_S
            )
        if order.credits > self.available:
            raise InsufficientCredits(f"{order.credits} credits are needed and {self.available} are left")
        self.available -= order.credits

    @property
    def has_place(self) -> bool:
        """Whether one more of its jobs may be in the render queue."""
        return self.share.concurrency is None or self.inside < self.share.concurrency

    def enter(self, turns: Turns) -> int | None:
        """The start tag of its next job; None when that has to wait, behind those that wait already."""
        if self.outside > 0 or not self.has_place:
            self.outside += 1
            return None
        self.inside += 1
        self.last_tag = turns.draw(self.last_tag, self.share)
        return self.last_tag


class Desk:
    """Takes jobs in. Thread-safe."""

    def __init__(
        self,
        *,
        engine: sa.Engine,
        clock: Clock,
        store: JobStore,
        books: Books,
        admission: Admission,
        lifecycle: Lifecycle,
        uploads: Uploads,
        idempotency_ttl_s: int,
        max_live: int | None,
    ) -> None:
        """``max_live``: jobs of all accounts that may be queued or running; None: any number."""
        self._engine = engine
        self._clock = clock
        self._store = store
        self._books = books
        self._admission = admission
        self._lifecycle = lifecycle
        self._uploads = uploads
        self._idempotency_ttl_ms = idempotency_ttl_s * 1000
        self._max_live = max_live
        self._lock = threading.Lock()
        self._waiting: list[Order] = []
        self._taken = False

    def submit(self, order: Order) -> None:
        """Stores the jobs of a create, sets their credits aside and queues them: all or none. Returns when it is done.

        Raises:
            IdempotencyConflict, ExternalIdTaken, AccountBlocked: refused.
            ConcurrencyExceeded, QueueFull, ServerBusy, InsufficientCredits: not now.
        """
        with self._lock:
            self._waiting.append(order)
            mine = not self._taken
            self._taken = True
        if not mine:
            order.turn.wait()
        if not order.served:
            self._serve()
        if order.error is not None:
            raise order.error

    def repeated(self, connection: sa.Connection, account_id: str, tries: Tries) -> list[str] | None:
        """The ids of the jobs that an earlier try of a create made; None when there was none.

        Raises:
            IdempotencyConflict: that try asked for something else.
        """
        since_ms = self._clock.now_ms() - self._idempotency_ttl_ms
        return repeated(connection, account_id, tries, since_ms=since_ms)

    def _serve(self) -> None:
        """Serves those who wait, then leaves the desk to the first of those that came meanwhile."""
        with self._lock:
            batch, self._waiting = _together(self._waiting)
        try:
            self._store_all(batch)
        except Exception as error:  # noqa: BLE001 - each that waits for it raises it again, for its own caller
            for order in batch:
                order.error = error
        finally:
            with self._lock:
                following = self._waiting[0] if self._waiting else None
                self._taken = following is not None
            if following is not None:
                following.turn.set()
            for order in batch:
                order.served = True
                order.turn.set()

    def _store_all(self, batch: Sequence[Order]) -> None:
        try:
            self._transact(batch)
        except (sa.exc.IntegrityError, sa.exc.DataError):  # the database refused a row: nothing was kept
            if len(batch) == 1:
                raise
            for order in batch:
                order.made, order.earlier, order.error = [], None, None
                try:
                    self._transact([order])
                except Exception as error:  # noqa: BLE001 - as above
                    order.error = error

    def _transact(self, batch: Sequence[Order]) -> None:
        with writing(self._engine) as connection:
            found = self._accounts(connection, batch)
            room = None
            if self._max_live is not None:
                room = self._max_live - int(connection.execute(COUNT_ALL_LIVE).scalar_one())
            passed: list[Order] = []
            for order in batch:
                try:
                    if self._asked_before(connection, order):
                        continue
                    if room is not None and len(order.requests) > room:
                        raise ServerBusy(retry_after_s=RETRY_AFTER_S)
                    if order.account_id not in found:
                        raise NotFoundError("There is no such account.")
                    found[order.account_id].take(order)
                except PhotoplayError as error:
                    order.error = error
                    continue
                if room is not None:
                    room -= len(order.requests)
                passed.append(order)
            if passed:
                self._write(connection, passed, found)

    def _accounts(self, connection: sa.Connection, batch: Sequence[Order]) -> dict[str, _Account]:
        """The accounts, locked until the transaction ends, and how many jobs they have."""
        account_ids = {"account_ids": sorted({order.account_id for order in batch})}
        locked = connection.execute(LOCK, account_ids).all()
        standing = {row.account_id: row for row in connection.execute(STANDING, account_ids)}
        found = {}
        for row in locked:
            stands = standing.get(row.id)
            found[row.id] = _Account(
                id=row.id,
                share=self._admission.share_of(row.plan),
                blocked=row.blocked,
                available=row.credits_available,
                inside=0 if stands is None else stands.inside,
                outside=0 if stands is None else stands.live - stands.inside,
                last_tag=None if stands is None else stands.last_tag,
            )
        return found

    def _asked_before(self, connection: sa.Connection, order: Order) -> bool:
        """Whether the create was made before.

        Raises:
            IdempotencyConflict, ExternalIdTaken: it asks for what can be had only once, and is not the same.
        """
        if order.tries is not None:
            order.earlier = self.repeated(connection, order.account_id, order.tries)
            if order.earlier is not None:
                return True
        wanted = order.external_ids
        if wanted:
            values = {"account_id": order.account_id, "wanted": wanted}
            if len(set(wanted)) < len(wanted) or connection.execute(TAKEN, values).first() is not None:
                raise ExternalIdTaken(field="external_id")
        return False

    def _write(self, connection: sa.Connection, passed: Sequence[Order], found: dict[str, _Account]) -> None:
        turns = Turns(connection)
        new: list[NewJob] = []
        now_ms = self._clock.now_ms()
        for order in passed:
            for quote, request, seed in zip(order.quotes, order.requests, order.seeds, strict=True):
                tag = found[order.account_id].enter(turns)
                job = _job(order.account_id, request, quote, now_ms + len(new))
                new.append(NewJob(job, quote.model_dump(mode="json"), seed, tag))
                order.made.append(job)
        made = [each.job for each in new]
        self._store.insert(connection, new)
        self._books.hold_all(connection, [(job.account_id, job.id, job.credits) for job in made])
        for order in passed:
            if order.tries is not None:
                remember(connection, order.account_id, order.tries, order.made)
        keys = {ref.key for job in made for ref in media_of(job.request) if ref.key is not None}
        self._uploads.keep(connection, sorted(keys))
        self._lifecycle.tell(connection, *made)
        for each in new:
            if each.priority is not None:
                self._admission.enter(connection, each.job.id, each.priority, each.job.pool)
        for account in found.values():
            if account.outside > 0 and account.has_place:  # the plan was changed: now there is room for those who wait
                self._admission.admit(connection, account.id)


def media_of(request: JobRequest) -> list[MediaRef]:
    """Every file a request names."""
    found = list(request.images)
    if request.last_image is not None:
        found.append(request.last_image)
    found.extend(brush.mask for brush in request.brushes)
    if request.audio.file is not None:
        found.append(request.audio.file)
    return found


def _job(account_id: str, request: JobRequest, quote: Quote, created_ms: int) -> Job:
    return Job(
        id=ids.job_id(created_ms),  # ids sort by time: that is the order in lists and in the queue
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


def _together(waiting: Sequence[Order]) -> tuple[list[Order], list[Order]]:
    """Those of the orders that one transaction stores, the first one always, and those that wait for another."""
    batch: list[Order] = []
    later: list[Order] = []
    marks: set[tuple[str, str]] = set()
    size = 0
    for order in waiting:
        if batch and (size + len(order.requests) > MOST_JOBS or marks & order.marks):
            later.append(order)
        else:
            batch.append(order)
            size += len(order.requests)
        marks |= order.marks  # of those that wait too: they keep their order
    return batch, later
