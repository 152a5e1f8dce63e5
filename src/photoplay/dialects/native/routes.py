"""photoplay's own API: jobs."""

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import AwareDatetime, ValidationError
from starlette.concurrency import run_in_threadpool

from photoplay.accounts import Caller
from photoplay.dialects.door import IdempotencyKey, as_request_error, busy_route, callback_url, door_of
from photoplay.dialects.native.auth import Calling, calling, documented
from photoplay.dialects.native.files import send_file
from photoplay.dialects.native.received import Media, Received, received
from photoplay.dialects.native.wire import FileList, JobBody, JobOut, JobPage, Problem, files_out, job_out
from photoplay.errors import InvalidField
from photoplay.jobs.estimates import Wait
from photoplay.jobs.job import Job, JobState
from photoplay.settings import Settings

MAX_PAGE = 100

_JSON_BYTES = 1024 * 1024  # what a body may have besides a photo in a data URL

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


def max_json_bytes(settings: Settings) -> int:
    """The largest JSON body: one with the largest photo in a data URL."""
    return settings.max_image_bytes * 4 // 3 + _JSON_BYTES


def documented_body() -> dict[str, Any]:
    """What the OpenAPI page says of a create's body, which is read by hand."""
    schema = inlined(JobBody.model_json_schema())
    examples = schema.pop("examples")
    file = {"type": "string", "format": "binary"}
    parts = {name: value for name, value in schema["properties"].items() if name not in ("images", "last_image")}
    form = {
        "type": "object",
        "properties": {
            "images": {"type": "array", "items": file, "description": "The photo, or several"},
            "last_image": file | {"description": "A photo to end on"},
            **parts,
        },
    }
    shown = {f"example {number}": {"value": example} for number, example in enumerate(examples, start=1)}
    return {
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": schema, "examples": shown},
                "multipart/form-data": {"schema": form},
            },
        }
    }


def inlined(schema: dict[str, Any]) -> dict[str, Any]:
    """A JSON schema with what its ``$defs`` say written where it is used: OpenAPI looks for them elsewhere."""
    known = schema.get("$defs", {})

    def walk(node: Any) -> Any:
        if isinstance(node, list):
            return [walk(item) for item in node]
        if not isinstance(node, dict):
            return node
        target = node.get("$ref")
        if isinstance(target, str):
            beside = {name: value for name, value in node.items() if name != "$ref"}
            return walk(known[target.rpartition("/")[2]] | beside)
        return {name: walk(value) for name, value in node.items() if name != "$defs"}

    found: dict[str, Any] = walk(schema)
    return found


def show(request: Request, job: Job, wait: Wait) -> JobOut:
    """A job as it is answered to this request; ``wait``: where it stands."""
    door = door_of(request)
    base_url = door.base_url(request)
    return job_out(
        job,
        link=lambda kind: door.artifact_link(base_url, job, kind),
        queue_position=wait.queue_position,
        eta_s=wait.eta_s,
    )


def _show_all(request: Request, jobs: Sequence[Job]) -> list[JobOut]:
    waits = door_of(request).runtime.service.waits(jobs)
    return [show(request, job, wait) for job, wait in zip(jobs, waits, strict=True)]


async def _show_soon(request: Request, job: Job) -> JobOut:
    door = door_of(request)
    wait = await door.reads.wait(job)
    # A store that signs links may have to ask for its key.
    waits = door.signs_afar and bool(job.artifacts)
    return await run_in_threadpool(show, request, job, wait) if waits else show(request, job, wait)


@router.post("/jobs", status_code=201, response_model=JobOut, summary="Ask for a clip", openapi_extra=documented_body())
async def create_job(request: Request, caller: Calling, idempotency_key: IdempotencyKey = None) -> Response:
    """Stores a job and queues it. The answer is sent after the job is safely stored. The body is JSON, or a form in
    which files come along: every field is a part, lists and objects as JSON. `images`, `last_image` and `audio` may be
    files; elsewhere `{"part": "name"}` names the part that is the file.
    """
    async with received(request, max_json_bytes=max_json_bytes(door_of(request).settings)) as found:
        job = await run_in_threadpool(_create, request, caller, found, idempotency_key)
    return _answer(await _show_soon(request, job), 201, {"location": f"/v1/jobs/{job.id}"})


def _create(request: Request, caller: Caller, found: Received, idempotency_key: str | None) -> Job:
    door = door_of(request)
    try:
        body = JobBody.model_validate(found.body)
    except ValidationError as error:
        raise as_request_error(error.errors()) from error
    if body.callback_url is not None:
        callback_url(body.callback_url, "callback_url")
    media = Media(door, caller.account.id, found.files, max_url_chars=max_json_bytes(door.settings))
    media.check(body)
    asked = body.to_request(
        media.ref,
        default_model=door.runtime.catalog.default_model,
        face={"client_id": caller.client_id, "base_url": door.base_url(request)},
    )
    return door.runtime.service.submit(caller.account, asked, idempotency_key=idempotency_key)


def _answer(shown: JobOut, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(
        shown.__pydantic_serializer__.to_json(shown), status, headers=headers, media_type="application/json"
    )


@router.get("/jobs", summary="List jobs")
def list_jobs(
    request: Request,
    caller: Calling,
    state: Annotated[list[JobState] | None, Query(description="Only these states; may be repeated")] = None,
    dialect: Annotated[str | None, Query(description="Only jobs made through this wire API")] = None,
    model: Annotated[str | None, Query(description="Only jobs of this model")] = None,
    external_id: Annotated[str | None, Query(description="Only the job with this id of yours")] = None,
    created_from: Annotated[AwareDatetime | None, Query(description="Only jobs made at this time or later")] = None,
    created_before: Annotated[AwareDatetime | None, Query(description="Only jobs made before this time")] = None,
    order: Annotated[Literal["desc", "asc"], Query(description="Newest or oldest first")] = "desc",
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE, description="Most jobs in one answer")] = 20,
    cursor: Annotated[str | None, Query(description="`next_cursor` of the page before")] = None,
) -> JobPage:
    """Jobs of the account, whichever wire API they came through."""
    service = door_of(request).runtime.service
    if external_id is not None:
        only = service.get_external(caller.account.id, external_id)
        return JobPage(jobs=_show_all(request, [only]), next_cursor=None)
    if state is not None and JobState.DELETED in state:
        raise InvalidField("state", "deleted jobs are not listed")
    page = service.list(
        caller.account.id,
        states=state,
        dialect=dialect,
        model=model,
        created_from_ms=_ms(created_from),
        created_before_ms=_ms(created_before),
        newest_first=order == "desc",
        limit=limit,
        after=cursor,
    )
    return JobPage(jobs=_show_all(request, page.jobs), next_cursor=page.jobs[-1].id if page.more else None)


@router.get("/jobs/{job_id}", response_model=JobOut, summary="Read a job")
async def read_job(request: Request, job_id: JobId, caller: Calling) -> Response:
    """The job with that id: the primary one, the 24-digit hex one or the 18-digit decimal one."""
    job = await door_of(request).reads.get(caller.account.id, job_id)
    return _answer(await _show_soon(request, job))


@router.get("/jobs/{job_id}/artifacts", summary="List a job's files")
def list_artifacts(request: Request, job_id: JobId, caller: Calling) -> FileList:
    """The files of the job, with fresh links: `video`, `thumbnail`, and `watermarked` where one was asked for."""
    door = door_of(request)
    base_url = door.base_url(request)
    job = _job(request, caller, job_id)
    return FileList(files=files_out(job, link=lambda kind: door.artifact_link(base_url, job, kind)))


@router.head("/jobs/{job_id}/artifacts/{kind}", include_in_schema=False)
@router.get(
    "/jobs/{job_id}/artifacts/{kind}",
    summary="Download a job's file",
    response_class=Response,
    responses={200: {"content": {"video/mp4": {}, "image/webp": {}}, "description": "The file"}},
)
def read_artifact(
    request: Request,
    job_id: JobId,
    kind: Annotated[str, Path(description="`video`, `watermarked` or `thumbnail`")],
    caller: Calling,
) -> Response:
    """The file itself, whole or in byte ranges; or, from a remote store, a redirect to it."""
    door = door_of(request)
    artifact = door.runtime.service.artifact(caller.account.id, job_id, kind)
    ending = artifact.key.rpartition(".")[2]
    return send_file(
        door,
        request,
        artifact.key,
        content_type=artifact.content_type,
        filename=f"{job_id}-{kind}.{ending}",
        max_age_s=60,
    )


@router.post("/jobs/{job_id}/cancel", summary="Cancel a queued or running job")
def cancel_job(request: Request, job_id: JobId, caller: Calling) -> JobOut:
    """Ends the job and gives its credits back. A job that is canceled already is answered as it is."""
    service = door_of(request).runtime.service
    return _show_all(request, [service.cancel(caller.account.id, job_id)])[0]


@router.delete("/jobs/{job_id}", status_code=204, summary="Delete a finished job and its files")
def delete_job(request: Request, job_id: JobId, caller: Calling) -> Response:
    """Removes a finished job. Cancel a live one first."""
    door_of(request).runtime.service.delete(caller.account.id, job_id)
    return Response(status_code=204)


async def _busy_create(request: Request) -> Response:
    return await create_job(request, await calling(request), request.headers.get("idempotency-key"))


async def _busy_read(request: Request) -> Response:
    return await read_job(request, request.path_params["job_id"], await calling(request))


busy = (
    busy_route("POST", "/v1/jobs", _busy_create),
    busy_route("GET", "/v1/jobs/{job_id}", _busy_read),
)


def _ms(time: datetime | None) -> int | None:
    return None if time is None else math.ceil(time.timestamp() * 1000)


def _job(request: Request, caller: Caller, ref: str) -> Job:
    return door_of(request).runtime.service.get(caller.account.id, ref)
