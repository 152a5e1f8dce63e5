"""The durable workflow of a job: which step follows which. What the steps do is in :mod:`photoplay.jobs.steps`.

The library keeps each step's result with the workflow: after a crash the workflow is run again from its start, finished
steps give their kept result without running, and the interrupted one runs again. So this function must stay
deterministic, and its shape may only change with ``DBOS.patch`` or a new APPLICATION_VERSION.

Why a job failed is a step's *result*, not an exception: it is stored as plain JSON and survives like any other.
Exceptions are for what may pass (the store or the database is away), and are tried again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final, TypedDict

from dbos import DBOS
from dbos import error as dbos_error
from sqlalchemy.exc import OperationalError

from photoplay.errors import PhotoplayError, StorageError
from photoplay.jobs.child import ChildAbandoned
from photoplay.jobs.queue import MAX_ATTEMPTS, WORKFLOW_NAME
from photoplay.jobs.steps import Json, Steps

RETRY_INTERVAL_S = 0.5
MAX_TRIES = 3  # of a whole step, on top of the patience that each of its parts has

_current: Steps | None = None


def use(steps: Steps | None) -> None:
    """Says which worker's steps run in this process. There is one worker to a process: the library has one instance."""
    # Workflows are found by name in a process-wide registry and get no other context.
    global _current
    _current = steps


def _steps() -> Steps:
    if _current is None:
        raise RuntimeError("a job's workflow ran in a process that has no worker")
    return _current


def _passing(error: BaseException) -> bool:
    """Whether an error may be gone in a moment."""
    return isinstance(error, StorageError | OperationalError)


class _Retries(TypedDict):
    """The library's options for a step that is tried again."""

    retries_allowed: bool
    interval_seconds: float
    max_attempts: int
    should_retry: Callable[[BaseException], bool]


_TRIED_AGAIN: Final[_Retries] = {
    "retries_allowed": True,
    "interval_seconds": RETRY_INTERVAL_S,
    "max_attempts": MAX_TRIES,
    "should_retry": _passing,
}


async def _outcome(work: Awaitable[Any]) -> Json:
    """A step's result as it is kept: ``value``, ``error`` or ``stopped``."""
    try:
        return {"value": await work}
    except StorageError:
        raise  # tried again
    except PhotoplayError as error:
        return {"error": {"code": error.code, "message": error.message}}
    except ChildAbandoned:
        return {"stopped": True}


@DBOS.step(name="gather", preemptible=True, **_TRIED_AGAIN)
async def gather(job_id: str) -> Json:
    """See :meth:`Steps.gather`."""
    return await _outcome(_steps().gather(job_id))


@DBOS.step(name="render", preemptible=True, **_TRIED_AGAIN)
async def render(job_id: str, inputs: Json) -> Json:
    """See :meth:`Steps.render`."""
    return await _outcome(_steps().render(job_id, inputs))


@DBOS.step(name="sound", preemptible=True, **_TRIED_AGAIN)
async def sound(job_id: str, inputs: Json, picture: Json) -> Json:
    """See :meth:`Steps.sound`."""
    return await _outcome(_steps().sound(job_id, inputs, picture))


@DBOS.step(name="publish", **_TRIED_AGAIN)
async def publish(job_id: str, files: list[Json]) -> Json:
    """See :meth:`Steps.publish`."""
    return await _outcome(_steps().publish(job_id, files))


@DBOS.step(name="fail", **_TRIED_AGAIN)
async def fail(job_id: str, code: str, message: str) -> Json:
    """See :meth:`Steps.fail`."""
    return await _outcome(_steps().fail(job_id, code, message))


@DBOS.step(name="notify")
async def notify(job_id: str) -> Json:
    """See :meth:`Steps.notify`."""
    return await _outcome(_steps().notify(job_id))


class _Ended(Exception):
    """The job came to its end before its last step."""

    def __init__(self, error: Json | None) -> None:
        super().__init__()
        self.error = error


def _value(outcome: Json) -> Any:
    if "value" not in outcome:
        raise _Ended(outcome.get("error"))
    return outcome["value"]


@DBOS.workflow(name=WORKFLOW_NAME, max_recovery_attempts=MAX_ATTEMPTS - 1)
async def run_job(job_id: str) -> str:
    """One job, from its inputs to its published clip. Returns how it ended, for the library's own records."""
    with _steps().at_work():
        return await _run_job(job_id)


async def _run_job(job_id: str) -> str:
    try:
        inputs = _value(await gather(job_id))
        picture = _value(await render(job_id, inputs))
        files = _value(await sound(job_id, inputs, picture))
        _value(await publish(job_id, files))
    except _Ended as ended:
        if ended.error is None:
            return "stopped"
        await fail(job_id, ended.error["code"], ended.error["message"])
        await notify(job_id)
        return "failed"
    except dbos_error.DBOSMaxStepRetriesExceeded as error:
        DBOS.logger.error("job %s is given up: %s", job_id, error)
        await fail(job_id, StorageError.code, "The server could not store the clip.")
        await notify(job_id)
        return "failed"
    await notify(job_id)
    return "published"
