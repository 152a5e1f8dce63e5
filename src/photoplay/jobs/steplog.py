"""A log of the steps that workers entered, for operators and tests: what ran, how often, where, how long."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from photoplay.clock import Clock
from photoplay.db import writing
from photoplay.db.tables import job_steps


@dataclass(frozen=True)
class StepRun:
    """One time that a step was entered. ``finished_ms`` None: it was interrupted, or still runs."""

    id: int
    job_id: str
    step: str
    attempt: int  # 1 for the first time
    executor_id: str
    child_pid: int | None
    started_ms: int
    finished_ms: int | None


class StepLog:
    """Writes and reads the log."""

    def __init__(self, engine: sa.Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    def entered(self, job_id: str, step: str, executor_id: str) -> int:
        """Notes that a step begins. Returns the entry's id."""
        attempts = sa.select(sa.func.coalesce(sa.func.max(job_steps.c.attempt), 0) + 1).where(
            job_steps.c.job_id == job_id, job_steps.c.step == step
        )
        with writing(self._engine) as connection:
            return int(
                connection.execute(
                    sa.insert(job_steps)
                    .values(
                        job_id=job_id,
                        step=step,
                        attempt=attempts.scalar_subquery(),
                        executor_id=executor_id,
                        started_ms=self._clock.now_ms(),
                    )
                    .returning(job_steps.c.id)
                ).scalar_one()
            )

    def child(self, entry_id: int, pid: int) -> None:
        """Notes the process that does the step's work."""
        with writing(self._engine) as connection:
            connection.execute(sa.update(job_steps).where(job_steps.c.id == entry_id).values(child_pid=pid))

    def left(self, entry_id: int) -> None:
        """Notes that the step is done."""
        with writing(self._engine) as connection:
            connection.execute(
                sa.update(job_steps).where(job_steps.c.id == entry_id).values(finished_ms=self._clock.now_ms())
            )

    def of(self, job_id: str) -> list[StepRun]:
        """What ran for a job, in order."""
        query = sa.select(job_steps).where(job_steps.c.job_id == job_id).order_by(job_steps.c.id)
        with self._engine.connect() as connection:
            return [StepRun(**row) for row in connection.execute(query).mappings()]
