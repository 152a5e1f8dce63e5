"""Jobs in the database: the statements, and the methods that run them.

Every change of a job's state is one guarded ``UPDATE … WHERE state IN (…)``: whoever finds no row has lost a race
and does nothing more. Methods that take a ``connection`` are parts of a larger transaction that the caller
commits; the others stand for themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import sqlalchemy as sa

from photoplay import ids
from photoplay.clock import Clock
from photoplay.db import writing
from photoplay.db.tables import IS_LEAVING, IS_LIVE, LIVE_STATES, artifacts, jobs
from photoplay.jobs.job import Artifact, Job, JobRequest, JobState, Phase
from photoplay.shot import Cue, Plan

MAX_PAGE = 500


@dataclass(frozen=True)
class Page:
    """Part of a list of jobs. ``more`` tells whether others follow."""

    jobs: tuple[Job, ...]
    more: bool


@dataclass(frozen=True)
class Picture:
    """What rendering told of a job's picture, kept with the job."""

    plan: Plan
    cues: tuple[Cue, ...]
    scene: dict[str, float]
    width: int
    height: int
    fps: int
    duration_s: float
    notes: tuple[str, ...]


@dataclass(frozen=True)
class WorkOrder:
    """A job as a worker needs it: with what the catalog made of the request, and the seed that was drawn."""

    job: Job
    quote: dict[str, Any]
    seed: int
    cues: tuple[Cue, ...]
    scene: dict[str, float]


class NewJob(NamedTuple):
    """A job that is to be stored, with what the catalog made of its request and its seed."""

    job: Job
    quote: dict[str, Any]
    seed: int
    priority: int | None  # of the render queue; None: it waits outside


_VISIBLE = jobs.c.state != JobState.DELETED.value
_BY_ID = sa.select(jobs).where(jobs.c.id == sa.bindparam("ref"))
ARTIFACTS_OF = (
    sa.select(artifacts)
    .where(artifacts.c.job_id.in_(sa.bindparam("job_ids", expanding=True)))
    .order_by(artifacts.c.kind)
)
FIND: dict[str, sa.Select[Any]] = {
    name: sa.select(jobs).where(
        column == sa.bindparam("ref"), jobs.c.account_id == sa.bindparam("account_id"), _VISIBLE
    )
    for name, column in (
        ("id", jobs.c.id),
        ("object_id", jobs.c.object_id),
        ("number", jobs.c.number),
        ("external_id", jobs.c.external_id),
    )
}
START = (
    sa.update(jobs)
    .where(jobs.c.id == sa.bindparam("ref"), jobs.c.state == JobState.QUEUED.value)
    .values(
        state=JobState.RUNNING.value,
        phase=Phase.GATHER.value,
        started_ms=sa.bindparam("now_ms"),
        updated_ms=sa.bindparam("now_ms"),
        executor_id=sa.bindparam("executor"),
    )
)
ENTER = (
    sa.update(jobs)
    .where(jobs.c.id == sa.bindparam("ref"), jobs.c.state == JobState.RUNNING.value)
    .values(
        phase=sa.bindparam("new_phase"),
        updated_ms=sa.bindparam("now_ms"),
        executor_id=sa.bindparam("executor"),
        progress=sa.case(
            (jobs.c.progress < sa.bindparam("new_progress"), sa.bindparam("new_progress")), else_=jobs.c.progress
        ),
    )
)
PROGRESS = (
    sa.update(jobs)
    .where(
        jobs.c.id == sa.bindparam("ref"),
        jobs.c.state == JobState.RUNNING.value,
        jobs.c.executor_id == sa.bindparam("executor"),
    )
    .values(
        updated_ms=sa.bindparam("now_ms"),
        progress=sa.case(
            (jobs.c.progress < sa.bindparam("new_progress"), sa.bindparam("new_progress")), else_=jobs.c.progress
        ),
    )
)
HELD_BY = sa.select(sa.literal(1)).where(
    jobs.c.id == sa.bindparam("ref"),
    jobs.c.state == JobState.RUNNING.value,
    jobs.c.executor_id == sa.bindparam("executor"),
)


class JobStore:
    """Reads jobs and changes them, guarded."""

    def __init__(self, engine: sa.Engine, clock: Clock) -> None:
        self.engine = engine
        self.clock = clock

    # Reading -----------------------------------------------------------------------------------------------------

    def find(self, account_id: str, ref: str) -> Job | None:
        """The account's job with that primary, object or number id; deleted ones are not found."""
        shape = "id" if ids.is_job_id(ref) else "object_id" if ids.is_object_id(ref) else "number"
        if shape == "number" and not ids.is_number_id(ref):
            return None
        return self._one(FIND[shape], {"ref": ref, "account_id": account_id})

    def find_external(self, account_id: str, external_id: str) -> Job | None:
        """The account's job to which its owner gave that id."""
        if "\0" in external_id:  # no id has it, and PostgreSQL takes it for no text at all
            return None
        return self._one(FIND["external_id"], {"ref": external_id, "account_id": account_id})

    def load(self, job_id: str) -> Job | None:
        """The job with that primary id, whoever owns it and whatever its state."""
        return self._one(_BY_ID, {"ref": job_id})

    def order(self, job_id: str) -> WorkOrder | None:
        """The job as a worker needs it."""
        with self.engine.connect() as connection:
            row = connection.execute(_BY_ID, {"ref": job_id}).mappings().one_or_none()
            if row is None:
                return None
            return WorkOrder(
                job=self.jobs_of(connection, [row])[0],
                quote=row["quote"],
                seed=row["seed"],
                cues=tuple(Cue.model_validate(cue) for cue in row["cues"] or ()),
                scene=row["scene"] or {},
            )

    def page(
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
        after: Job | None = None,
        newest_first: bool = True,
        face: tuple[str, str, bool] | None = None,
    ) -> Page:
        """Jobs by creation time; ``after`` is the last one of the page before. ``account_id`` None: everybody's.

        ``face``: key, value and whether a request's face must have it or must not.
        """
        limit = max(1, min(limit, MAX_PAGE))
        only_live = states is not None and all(state.live for state in states)
        # Live jobs are few: they are found by their state and sorted, not looked for along the whole history.
        # Expressions in place of the other columns are how SQLite is told so.
        seen_as = _expression if only_live else _column
        rank = seen_as(jobs.c.id)
        query = sa.select(jobs).order_by(rank.desc() if newest_first else rank.asc()).limit(limit + 1)
        if only_live:
            query = query.where(IS_LIVE)
        if offset > 0:
            query = query.offset(offset)
        if account_id is not None:
            query = query.where(jobs.c.account_id == account_id)
        query = query.where(_VISIBLE if states is None else jobs.c.state.in_([state.value for state in states]))
        if dialect is not None:
            query = query.where(seen_as(jobs.c.dialect) == dialect)
        if model is not None:
            query = query.where(seen_as(jobs.c.model) == model)
        if created_from_ms is not None:
            query = query.where(jobs.c.id >= ids.first_job_id(created_from_ms))
        if created_before_ms is not None:
            query = query.where(jobs.c.id < ids.first_job_id(created_before_ms))
        if face is not None:
            found = jobs.c.request[("face", face[0])].as_string()
            query = query.where(found == face[1] if face[2] else sa.or_(found.is_(None), found != face[1]))
        if after is not None:
            query = query.where(jobs.c.id < after.id if newest_first else jobs.c.id > after.id)
        with self.engine.connect() as connection:
            rows = connection.execute(query).mappings().all()
            return Page(tuple(self.jobs_of(connection, rows[:limit])), more=len(rows) > limit)

    def jobs_of(self, connection: sa.Connection, rows: Sequence[sa.RowMapping]) -> list[Job]:
        """Value objects from rows of the jobs table, with their artifacts."""
        found: dict[str, list[Artifact]] = {row["id"]: [] for row in rows}
        if found:
            for item in connection.execute(ARTIFACTS_OF, {"job_ids": list(found)}).mappings():
                found[item["job_id"]].append(
                    Artifact.model_validate({name: item[name] for name in Artifact.model_fields})
                )
        return [_job(row, tuple(found[row["id"]])) for row in rows]

    def _one(self, query: sa.Select[Any], parameters: dict[str, Any]) -> Job | None:
        with self.engine.connect() as connection:
            row = connection.execute(query, parameters).mappings().one_or_none()
            return None if row is None else self.jobs_of(connection, [row])[0]

    # Changing, in the caller's transaction ---------------------------------------------------------------------------

    def insert(self, connection: sa.Connection, new: Sequence[NewJob]) -> None:
        """Stores new jobs."""
        connection.execute(
            sa.insert(jobs),
            [
                {
                    "id": job.id,
                    "object_id": job.object_id,
                    "number": job.number,
                    "account_id": job.account_id,
                    "dialect": job.request.dialect,
                    "model": job.request.model,
                    "pool": job.pool,
                    "external_id": job.request.external_id,
                    "state": job.state.value,
                    "priority": priority,
                    "credits": job.credits,
                    "seed": seed,
                    "request": job.request.model_dump(mode="json", exclude_defaults=True),
                    "quote": quote,
                    "notes": list(job.notes),
                    "created_ms": job.created_ms,
                    "updated_ms": job.updated_ms,
                }
                for job, quote, seed, priority in new
            ],
        )

    def settle(
        self, connection: sa.Connection, job_id: str, state: JobState, *, expires_ms: int | None, **values: Any
    ) -> Job | None:
        """Brings a live job to a final state. None when it is not live (any more)."""
        now_ms = self.clock.now_ms()
        row = (
            connection.execute(
                sa.update(jobs)
                .where(jobs.c.id == job_id, jobs.c.state.in_(LIVE_STATES))
                .values(state=state.value, finished_ms=now_ms, updated_ms=now_ms, expires_ms=expires_ms, **values)
                .returning(*jobs.c)
            )
            .mappings()
            .one_or_none()
        )
        return None if row is None else self.jobs_of(connection, [row])[0]

    def mark(
        self,
        connection: sa.Connection,
        job_id: str,
        state: JobState,
        *,
        from_states: Sequence[JobState],
        grace_ms: int = 0,
    ) -> bool:
        """Moves a finished job on to ``expired`` or ``deleted``. False when it was in none of ``from_states``.

        ``expires_ms`` then says from when its files may go (``grace_ms`` from now), until :meth:`rid` says that they
        are gone.
        """
        now_ms = self.clock.now_ms()
        leaving = state in (JobState.EXPIRED, JobState.DELETED)
        changed = connection.execute(
            sa.update(jobs)
            .where(jobs.c.id == job_id, jobs.c.state.in_([s.value for s in from_states]))
            .values(state=state.value, updated_ms=now_ms, expires_ms=now_ms + grace_ms if leaving else None)
        )
        return changed.rowcount == 1

    def disown(self, connection: sa.Connection, job_id: str) -> None:
        """From now on the job has no files that anybody could ask for."""
        connection.execute(sa.delete(artifacts).where(artifacts.c.job_id == job_id))

    def rid(self, connection: sa.Connection, job_id: str) -> None:
        """Notes that nothing is stored of an expired or deleted job any more."""
        self.disown(connection, job_id)
        connection.execute(sa.update(jobs).where(jobs.c.id == job_id, IS_LEAVING).values(expires_ms=None))

    def start(self, connection: sa.Connection, job_id: str, executor_id: str) -> bool:
        """Moves the job from queued to running. False when it was not queued."""
        parameters = {"ref": job_id, "now_ms": self.clock.now_ms(), "executor": executor_id}
        return connection.execute(START, parameters).rowcount == 1

    def add_artifact(self, connection: sa.Connection, job_id: str, artifact: Artifact) -> None:
        """Notes a stored file of the job."""
        connection.execute(
            sa.insert(artifacts).values(job_id=job_id, created_ms=self.clock.now_ms(), **artifact.model_dump())
        )

    # Changing, alone ---------------------------------------------------------------------------------------------

    def enter(self, job_id: str, phase: Phase, progress: float, executor_id: str) -> bool:
        """The executor takes the running job into a phase. False when the job is not running."""
        parameters = {
            "ref": job_id,
            "new_phase": phase.value,
            "new_progress": progress,
            "now_ms": self.clock.now_ms(),
            "executor": executor_id,
        }
        with writing(self.engine) as connection:
            return connection.execute(ENTER, parameters).rowcount == 1

    def progress(self, job_id: str, progress: float, executor_id: str) -> bool:
        """Raises the job's progress (0..1). False when the job is no longer running on that executor."""
        parameters = {
            "ref": job_id,
            "new_progress": progress,
            "now_ms": self.clock.now_ms(),
            "executor": executor_id,
        }
        with writing(self.engine) as connection:
            return connection.execute(PROGRESS, parameters).rowcount == 1

    def held_by(self, job_id: str, executor_id: str) -> bool:
        """Whether the job is still running on that executor."""
        with self.engine.connect() as connection:
            return connection.execute(HELD_BY, {"ref": job_id, "executor": executor_id}).first() is not None

    def picture(self, job_id: str, picture: Picture) -> None:
        """Keeps what rendering told, on a running job."""
        with writing(self.engine) as connection:
            connection.execute(
                sa.update(jobs)
                .where(jobs.c.id == job_id, jobs.c.state == JobState.RUNNING.value)
                .values(
                    plan=picture.plan.model_dump(mode="json", exclude_defaults=True),
                    cues=[cue.model_dump(mode="json") for cue in picture.cues],
                    scene=picture.scene,
                    width=picture.width,
                    height=picture.height,
                    fps=picture.fps,
                    duration_s=picture.duration_s,
                    notes=list(picture.notes),
                    updated_ms=self.clock.now_ms(),
                )
            )

    def remark(self, job_id: str, notes: Sequence[str]) -> None:
        """Adds remarks for the user to a running job; those it has already are not added again."""
        with writing(self.engine) as connection:
            query = sa.select(jobs.c.notes).where(jobs.c.id == job_id, jobs.c.state == JobState.RUNNING.value)
            has = connection.execute(query.with_for_update()).scalar_one_or_none()
            if has is not None:
                every = list(dict.fromkeys([*has, *notes]))
                connection.execute(sa.update(jobs).where(jobs.c.id == job_id).values(notes=every))


def _column(column: sa.Column[str]) -> sa.ColumnElement[str]:
    return column


def _expression(column: sa.Column[str]) -> sa.ColumnElement[str]:
    """The same value, in a form that no index has."""
    return sa.func.coalesce(column, sa.literal("", literal_execute=True))


def _job(row: sa.RowMapping, files: tuple[Artifact, ...]) -> Job:
    state = JobState(row["state"])
    return Job(
        id=row["id"],
        object_id=row["object_id"],
        number=row["number"],
        account_id=row["account_id"],
        state=state,
        phase=None if row["phase"] is None else Phase(row["phase"]),
        progress=row["progress"],
        request=JobRequest.model_validate(row["request"]),
        pool=row["pool"],
        credits=row["credits"],
        plan=None if row["plan"] is None else Plan.model_validate(row["plan"]),
        width=row["width"],
        height=row["height"],
        fps=row["fps"],
        duration_s=row["duration_s"],
        notes=tuple(row["notes"]),
        artifacts=files,
        error_code=row["error_code"],
        error_message=row["error_message"],
        created_ms=row["created_ms"],
        updated_ms=row["updated_ms"],
        started_ms=row["started_ms"],
        finished_ms=row["finished_ms"],
        # Later that column says when the last of the files goes, which is nobody's business but the sweep's.
        expires_ms=None if state in (JobState.EXPIRED, JobState.DELETED) else row["expires_ms"],
    )
