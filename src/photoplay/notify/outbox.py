"""The outbox: what is to be told to callers, written in the transaction of the change that it tells of.

An event keeps its id for ever, so a receiver can drop what it has seen. A job may have several receivers: the URL its
own request named, and the endpoints of its account; each has an event, and tries, of its own, so none waits for
another. Events of one job are told to each receiver in order. One
that cannot be delivered holds the later ones back only for its first tries (:data:`HEAD_START_TRIES`); after that
they may pass it, and once a later one has arrived the overtaken one is ``skipped``: old news is never told after
newer.

A time that stands in a row was written by a clock that may have been set back since. A lease that ends too late is no
lease, and :meth:`Outbox.hasten` brings back tries that are due later than any clock that was right could have put them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import sqlalchemy as sa

from photoplay import ids
from photoplay.clock import Clock
from photoplay.db import writing
from photoplay.db.tables import IS_OVER, IS_UNDELIVERED, IS_WAITING, webhooks

# Waits between tries, in seconds: ten tries over a little more than a day.
RETRY_DELAYS_S: tuple[float, ...] = (5, 30, 120, 600, 1800, 3600, 3 * 3600, 6 * 3600, 14 * 3600)
MAX_TRIES = len(RETRY_DELAYS_S) + 1
HEAD_START_TRIES = 4
SKEW_MS = 1_000  # the machines of a cluster agree on the time by less than that
BATCH = 500
LEASE_S = 60.0  # a try that has not reported back by then is taken for dead and made again

PENDING = "pending"
DELIVERED = "delivered"
SKIPPED = "skipped"  # nobody wanted it, or a later event of the same job arrived first
DEAD = "dead"  # every try failed


@dataclass(frozen=True)
class Event:
    """One thing to tell one receiver. ``snapshot`` is the job at that moment, as JSON, without its request.

    ``endpoint_id`` is that of the account's endpoint which is told; empty for the URL that the job's request named.
    """

    id: str
    job_id: str
    account_id: str
    dialect: str
    event: str
    seq: int
    snapshot: Mapping[str, Any]
    state: str
    attempts: int
    due_ms: int
    lease_ms: int | None
    url: str | None
    last_status: int | None
    last_error: str | None
    created_ms: int
    finished_ms: int | None
    endpoint_id: str = ""

    @property
    def receiver(self) -> str:
        """Whom it is for: one endpoint of an account, or the URLs that the account's requests named."""
        return f"{self.account_id}/{self.endpoint_id}"


def _free(table: sa.FromClause) -> sa.ColumnElement[bool]:
    """Whether nobody is about to send it. A lease that ends too late is from before the clock was set back."""
    return sa.or_(
        table.c.lease_ms.is_(None),
        table.c.lease_ms <= sa.bindparam("now_ms"),
        table.c.lease_ms > sa.bindparam("no_lease_ms"),
    )


_earlier = webhooks.alias("earlier")
DUE = (
    sa.select(webhooks)
    .where(
        webhooks.c.state == PENDING,
        webhooks.c.due_ms <= sa.bindparam("now_ms"),
        webhooks.c.account_id.concat("/").concat(webhooks.c.endpoint_id).not_in(sa.bindparam("busy", expanding=True)),
        _free(webhooks),
        ~sa.exists().where(
            _earlier.c.job_id == webhooks.c.job_id,
            _earlier.c.endpoint_id == webhooks.c.endpoint_id,
            _earlier.c.seq < webhooks.c.seq,
            _earlier.c.state == PENDING,
            sa.or_(_earlier.c.attempts < HEAD_START_TRIES, ~_free(_earlier)),
        ),
    )
    .order_by(webhooks.c.due_ms, webhooks.c.id)
    .limit(sa.bindparam("up_to"))
)
# After each number of tries, the wait that the last of them was given (none before the first, or told again).
_WAITS_MS = tuple(round(delay_s * 1000) for delay_s in (0, *RETRY_DELAYS_S))
TOO_LATE = (
    sa.select(webhooks.c.id)
    .where(
        IS_WAITING,
        sa.or_(
            *(
                sa.and_(webhooks.c.attempts == tries, webhooks.c.due_ms > sa.bindparam("soon_ms") + wait_ms)
                for tries, wait_ms in enumerate(_WAITS_MS)
            )
        ),
    )
    .limit(BATCH)
)
OLD = (
    sa.select(webhooks.c.id)
    .where(IS_OVER, webhooks.c.finished_ms <= sa.bindparam("before_ms"))
    .order_by(webhooks.c.finished_ms)
    .limit(BATCH)
)


WRITE = sa.insert(webhooks).values(
    seq=sa.select(sa.func.coalesce(sa.func.max(webhooks.c.seq), 0) + 1)
    .where(webhooks.c.job_id == sa.bindparam("of_job"))
    .scalar_subquery()
)


class Notice(NamedTuple):
    """What is to be told, and to whom. As the fields of :class:`Event`."""

    job_id: str
    account_id: str
    dialect: str
    event: str
    snapshot: Mapping[str, Any]
    endpoint_id: str = ""


class Outbox:
    """Writes, hands out and closes events."""

    def __init__(self, engine: sa.Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    def write(
        self,
        connection: sa.Connection,
        *,
        job_id: str,
        account_id: str,
        dialect: str,
        event: str,
        snapshot: Mapping[str, Any],
        endpoint_id: str = "",
    ) -> str:
        """Adds an event, in the caller's transaction. Returns its id."""
        return self.write_all(connection, [Notice(job_id, account_id, dialect, event, snapshot, endpoint_id)])[0]

    def write_all(self, connection: sa.Connection, notices: Sequence[Notice]) -> list[str]:
        """Adds events in their order, in the caller's transaction. Returns their ids."""
        now_ms = self._clock.now_ms()
        rows = [
            {
                "id": ids.job_id(now_ms),
                "of_job": notice.job_id,
                "job_id": notice.job_id,
                "account_id": notice.account_id,
                "dialect": notice.dialect,
                "endpoint_id": notice.endpoint_id,
                "event": notice.event,
                "snapshot": dict(notice.snapshot),
                "state": PENDING,
                "attempts": 0,
                "due_ms": 0,  # at once, also where the clock is set back before it is sent
                "created_ms": now_ms,
            }
            for notice in notices
        ]
        if rows:
            connection.execute(WRITE, rows)
        return [str(row["id"]) for row in rows]

    def claim(self, limit: int = 16, *, busy: Collection[str] = ()) -> list[Event]:
        """Events whose time has come, now leased to the caller: nobody else gets them before the lease ends.

        What is for the receivers in ``busy`` (see :attr:`Event.receiver`) has to wait.
        """
        now_ms = self._clock.now_ms()
        lease_ms = now_ms + round(LEASE_S * 1000)
        parameters = {"now_ms": now_ms, "no_lease_ms": lease_ms, "up_to": limit, "busy": sorted(busy)}
        with self._engine.connect() as connection:
            due = [_event(row) for row in connection.execute(DUE, parameters).mappings()]
        if not due:
            return []
        claimed = []
        with writing(self._engine) as connection:
            for event in due:
                changed = connection.execute(
                    sa.update(webhooks)
                    .where(
                        webhooks.c.id == event.id,
                        webhooks.c.state == PENDING,
                        webhooks.c.attempts == event.attempts,
                    )
                    .values(lease_ms=lease_ms, attempts=webhooks.c.attempts + 1)
                )
                if changed.rowcount == 1:
                    claimed.append(event)
        return claimed

    def delivered(self, event: Event, *, url: str, status: int) -> None:
        """The receiver took it. Earlier events of the job that still wait are overtaken."""
        with writing(self._engine) as connection:
            self._finish(connection, webhooks.c.id == event.id, DELIVERED, url=url, last_status=status, last_error=None)
            self._finish(
                connection,
                sa.and_(
                    webhooks.c.job_id == event.job_id,
                    webhooks.c.endpoint_id == event.endpoint_id,
                    webhooks.c.seq < event.seq,
                    webhooks.c.state == PENDING,
                ),
                SKIPPED,
                last_error="a later event of this job arrived first",
            )

    def skip(self, event: Event, reason: str) -> None:
        """Nobody wants it."""
        with writing(self._engine) as connection:
            self._finish(connection, webhooks.c.id == event.id, SKIPPED, last_error=reason)

    def failed(self, event: Event, *, url: str | None, status: int | None, error: str, final: bool = False) -> None:
        """The try failed: it is due again later, or dead after the last try (or at once, when ``final``)."""
        values: dict[str, Any] = {"url": url, "last_status": status, "last_error": error}
        tries = event.attempts + 1
        with writing(self._engine) as connection:
            if final or tries >= MAX_TRIES:
                self._finish(connection, webhooks.c.id == event.id, DEAD, **values)
                return
            due_ms = self._clock.now_ms() + round(RETRY_DELAYS_S[tries - 1] * 1000)
            connection.execute(
                sa.update(webhooks)
                .where(webhooks.c.id == event.id, webhooks.c.state == PENDING)
                .values(due_ms=due_ms, lease_ms=None, **values)
            )

    def hasten(self) -> int:
        """Makes due now what is due later than the wait after its last try allows: the clock was set back since.

        Returns how many there were.
        """
        now_ms = self._clock.now_ms()
        with self._engine.connect() as connection:
            late = connection.execute(TOO_LATE, {"soon_ms": now_ms + SKEW_MS}).scalars().all()
        if not late:
            return 0
        with writing(self._engine) as connection:
            changed = connection.execute(
                sa.update(webhooks)
                .where(webhooks.c.id.in_(late), webhooks.c.state == PENDING, webhooks.c.due_ms > now_ms)
                .values(due_ms=now_ms)
            )
            return changed.rowcount

    def prune(self, before_ms: int) -> int:
        """Forgets some of the events that were delivered, skipped or given up before that time. How many."""
        with writing(self._engine) as connection:
            return connection.execute(
                sa.delete(webhooks).where(webhooks.c.id.in_(OLD)), {"before_ms": before_ms}
            ).rowcount

    def replay(self, event_id: str, account_id: str | None = None) -> bool:
        """Has an event told again, with a full set of tries and the same id. False when there is none of that id."""
        statement = sa.update(webhooks).where(webhooks.c.id == event_id)
        if account_id is not None:
            statement = statement.where(webhooks.c.account_id == account_id)
        with writing(self._engine) as connection:
            changed = connection.execute(
                statement.values(
                    state=PENDING, attempts=0, due_ms=self._clock.now_ms(), lease_ms=None, finished_ms=None
                )
            )
            return changed.rowcount == 1

    def list(
        self, *, account_id: str | None = None, job_id: str | None = None, state: str | None = None, limit: int = 50
    ) -> list[Event]:
        """Events, newest first."""
        query = sa.select(webhooks).order_by(webhooks.c.id.desc()).limit(limit)
        for column, value in (
            (webhooks.c.account_id, account_id),
            (webhooks.c.job_id, job_id),
            (webhooks.c.state, state),
        ):
            if value is not None:
                query = query.where(column == value)
        if state not in (None, DELIVERED):
            query = query.where(IS_UNDELIVERED)
        with self._engine.connect() as connection:
            return [_event(row) for row in connection.execute(query).mappings()]

    def _finish(self, connection: sa.Connection, which: sa.ColumnElement[bool], state: str, **values: object) -> None:
        connection.execute(
            sa.update(webhooks)
            .where(which)
            .values(state=state, finished_ms=self._clock.now_ms(), lease_ms=None, **values)
        )


def _event(row: sa.RowMapping) -> Event:
    return Event(**{name: row[name] for name in Event.__dataclass_fields__})
