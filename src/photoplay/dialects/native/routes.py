"""photoplay's own API: jobs."""

from typing import Annotated

from fastapi import APIRouter, Header, Path, Query, Request, Response
from fastapi.responses import JSONResponse

from photoplay.accounts import Caller
from photoplay.dialects.door import callback_url, door_of
from photoplay.dialects.native.auth import Calling, documented
from photoplay.dialects.native.wire import JobBody, JobOut, JobPage, Problem, job_out
from photoplay.errors import InvalidField
from photoplay.jobs.job import Job, JobState, MediaRef

MAX_PAGE = 100

JobId = Annotated[str, Path(description="Any of the job's three ids")]

router = APIRouter(
    prefix="/v1",
    tags=["photoplay"],
    dependencies=documented,
    responses={
        "4XX": {
            "model": Problem,
            "description": "A refusal",
            "content": {"application/problem+json": {}},
        }
    },
)


def show(request: Request, job: Job) -> JobOut:
    """A job as it is answered to this request."""
    door = door_of(request)
    base_url = door.base_url(request)
    waiting = job.state is JobState.QUEUED
    return job_out(
        job,
        link=lambda kind: door.artifact_link(base_url, job, kind),
        queue_position=door.runtime.service.queue_position(job) if waiting else None,
        eta_s=door.runtime.service.eta_s(job) if job.state.live else None,
    )


@router.post("/jobs", status_code=201, response_model=JobOut, summary="Ask for a clip")
def create_job(
    request: Request,
    body: JobBody,
    caller: Calling,
    idempotency_key: Annotated[str | None, Header(description="The same key gives the same job")] = None,
) -> JSONResponse:
    """Stores a job and queues it. The answer is sent after the job is safely stored."""
    door = door_of(request)

    def to_media(url: str, field: str) -> MediaRef:
        return door.media(url, caller.account.id, field)

    if body.callback_url is not None:
        callback_url(body.callback_url, "callback_url")
    asked = body.to_request(
        to_media, default_model=door.runtime.catalog.default_model, face={"base_url": door.base_url(request)}
    )
    job = door.runtime.service.submit(caller.account, asked, idempotency_key=idempotency_key)
    shown = show(request, job)
    return JSONResponse(shown.model_dump(mode="json"), status_code=201, headers={"location": f"/v1/jobs/{job.id}"})


@router.get("/jobs", summary="List jobs, newest first")
def list_jobs(
    request: Request,
    caller: Calling,
    state: Annotated[list[JobState] | None, Query(description="Only these states; may be repeated")] = None,
    dialect: Annotated[str | None, Query(description="Only jobs made through this wire API")] = None,
    external_id: Annotated[str | None, Query(description="Only the job with this id of yours")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE, description="Most jobs in one answer")] = 20,
    cursor: Annotated[str | None, Query(description="`next_cursor` of the page before")] = None,
) -> JobPage:
    """Jobs of the account, whichever wire API they came through."""
    service = door_of(request).runtime.service
    if external_id is not None:
        return JobPage(jobs=[show(request, service.get_external(caller.account.id, external_id))], next_cursor=None)
    if state is not None and JobState.DELETED in state:
        raise InvalidField("state", "deleted jobs are not listed")
    page = service.list(caller.account.id, states=state, dialect=dialect, limit=limit, after=cursor)
    return JobPage(jobs=[show(request, job) for job in page.jobs], next_cursor=page.jobs[-1].id if page.more else None)


@router.get("/jobs/{job_id}", summary="Read a job")
def read_job(request: Request, job_id: JobId, caller: Calling) -> JobOut:
    """The job with that id: the primary one, the 24-digit hex one or the 18-digit decimal one."""
    return show(request, _job(request, caller, job_id))


@router.post("/jobs/{job_id}/cancel", summary="Cancel a queued or running job")
def cancel_job(request: Request, job_id: JobId, caller: Calling) -> JobOut:
    """Ends the job and gives its credits back. A job that is canceled already is answered as it is."""
    return show(request, door_of(request).runtime.service.cancel(caller.account.id, job_id))


@router.delete("/jobs/{job_id}", status_code=204, summary="Delete a finished job and its files")
def delete_job(request: Request, job_id: JobId, caller: Calling) -> Response:
    """Removes a finished job. Cancel a live one first."""
    door_of(request).runtime.service.delete(caller.account.id, job_id)
    return Response(status_code=204)


def _job(request: Request, caller: Caller, ref: str) -> Job:
    return door_of(request).runtime.service.get(caller.account.id, ref)
