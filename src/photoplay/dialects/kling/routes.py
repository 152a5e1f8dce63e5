"""Kling's routes: wire to domain and back, nothing else.

Who calls is said by ``Authorization: Bearer``: a JWT that the caller signs with the secret key and names the access
key in, as the vendor's sample makes it, or a plain API key. Tasks are jobs: any job of the account is found by its
``task_id``, whichever wire API made it. The list of an endpoint holds the tasks that were made there; jobs of other
wire APIs are image-to-video tasks. A task whose files are gone, and a deleted one, is not found.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response, Security
from fastapi.responses import JSONResponse
from fastapi.security import HTTPBearer

from photoplay.accounts import Caller
from photoplay.catalog import Model
from photoplay.dialects.door import Dialect, Door, IdempotencyKey, door_of, request_id
from photoplay.dialects.kling import errors as codes
from photoplay.dialects.kling import images, requests, wire
from photoplay.dialects.kling.packs import packs_of
from photoplay.errors import (
    CredentialsInvalid,
    CredentialsMissing,
    ExternalIdTaken,
    IdempotencyConflict,
    InvalidField,
    JobNotFound,
    LimitError,
    PhotoplayError,
)
from photoplay.jobs.job import Job, JobRequest, JobState
from photoplay.settings import Settings

ALIASES = ("/kling", "/proxy/kling")
VIDEOS = "/v1/videos"
COSTS = "/account/costs"
MAX_BODY_BYTES = 64 * 1024 * 1024  # four images of 10 MiB in base64, and what lies around them
OTHERS = (
    "text2video",
    "video-extend",
    "lip-sync",
    "effects",
    "multi-elements",
    "omni-video",
    "motion-control",
)
"""The vendor's other video calls. They are answered in its words: this service does not have them."""

_JWT_DOTS = 2
_LISTED = (JobState.QUEUED, JobState.RUNNING, JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELED)
_bearer = HTTPBearer(auto_error=False, description="A JWT signed with the secret key, or an API key")

router = APIRouter(
    tags=["Kling"],
    dependencies=[Security(_bearer)],
    responses={"4XX": {"model": wire.ErrorAnswer, "description": "A refusal"}},
)


def _calling(request: Request) -> Caller:
    """Who calls.

    Raises:
        CredentialsMissing: 1001. CredentialsInvalid: 1002. SignatureInvalid: 1000. TokenNotYetValid: 1003.
        TokenExpired: 1004. AccountBlocked: 1100. RateLimited: 1302.
    """
    authorization = request.headers.get("authorization", "").strip()
    if not authorization:
        raise CredentialsMissing("Authorization is empty")
    scheme, _, token = authorization.partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise CredentialsInvalid("Authorization is invalid: it must be Bearer <token>")
    door = door_of(request)
    if token.count(".") == _JWT_DOTS:
        return door.counted(door.runtime.tokens.verify_access_jwt(token))
    return door.counted(door.runtime.accounts.by_api_key(token))


Calling = Annotated[Caller, Depends(_calling)]
TaskRef = Annotated[str, Path(description="`task_id`, or the `external_task_id` that was given")]
PageNumber = Annotated[int, Query(alias="pageNum", ge=1, le=wire.MAX_PAGE_NUMBER, description="Page, from 1")]
PageSize = Annotated[int, Query(alias="pageSize", ge=1, le=wire.MAX_PAGE_SIZE, description="Tasks on a page")]


# Tasks -----------------------------------------------------------------------------------------------------------


@router.post(f"{VIDEOS}/{wire.MULTI_IMAGE}", summary="Create a multi-image video")
def create_multi_image(
    request: Request, body: wire.MultiImageBody, caller: Calling, idempotency_key: IdempotencyKey = None
) -> wire.CreateAnswer:
    """Makes one clip out of one to four images. Query the answered `task_id` until its status is `succeed`."""
    door = door_of(request)
    model = requests.model_of(door.runtime.catalog, body.model_name, wire.MULTI_IMAGE)
    asked, files = requests.multi_image_request(
        body, model, manner=_manner(door), client_id=caller.client_id, base_url=door.base_url(request)
    )
    return _submitted(door, caller, model, asked, files, idempotency_key)


@router.post(f"{VIDEOS}/{wire.IMAGE}", summary="Create a video from an image")
def create_image(
    request: Request, body: wire.ImageBody, caller: Calling, idempotency_key: IdempotencyKey = None
) -> wire.CreateAnswer:
    """Animates a photo. One of `image_tail`, masks and `camera_control` can say how, besides the prompt."""
    door = door_of(request)
    model = requests.model_of(door.runtime.catalog, body.model_name, wire.IMAGE)
    asked, files = requests.image_request(
        body, model, manner=_manner(door), client_id=caller.client_id, base_url=door.base_url(request)
    )
    return _submitted(door, caller, model, asked, files, idempotency_key)


def _manner(door: Door) -> requests.Manner:
    settings = door.settings
    return requests.Manner(
        strict_duration=settings.kling_strict_duration,
        origin=settings.kling_trajectory_origin,
        film_terms=settings.kling_film_terms,
    )


def _submitted(
    door: Door, caller: Caller, model: Model, asked: JobRequest, files: requests.Files, idempotency_key: str | None
) -> wire.CreateAnswer:
    account = caller.account
    sent = images.read(door, account.id, files.every, model.image_rules)
    door.runtime.catalog.quote(asked, plan=account.plan)  # refused before anything is stored
    refs = images.stored(door, account.id, files.every, sent)
    asked = requests.with_files(asked, files, refs)
    try:
        job = door.runtime.service.submit(account, asked, idempotency_key=idempotency_key or _idempotency_key(asked))
    except (ExternalIdTaken, IdempotencyConflict) as error:
        if idempotency_key and isinstance(error, IdempotencyConflict):  # the header's, not the external id's
            raise
        raise ExternalIdTaken(
            f"external_task_id {(asked.external_id or '')[:80]!r} already exists", field="external_task_id"
        ) from error
    return wire.CreateAnswer(request_id=request_id.get(), data=wire.created(job))


def _idempotency_key(asked: JobRequest) -> str | None:
    """The external id makes a repeated create the first one over again. Hashed, as keys are printable and short."""
    if asked.external_id is None:
        return None
    return f"kling:{hashlib.sha256(asked.external_id.encode('utf-8', 'surrogatepass')).hexdigest()}"


@router.get(f"{VIDEOS}/{wire.MULTI_IMAGE}", summary="List multi-image videos")
def list_multi_image(
    request: Request, caller: Calling, page_number: PageNumber = 1, page_size: PageSize = wire.PAGE_SIZE
) -> wire.TaskListAnswer:
    """The tasks that were made by this call, the newest first."""
    return _listed(request, caller, wire.MULTI_IMAGE, page_number, page_size)


@router.get(f"{VIDEOS}/{wire.IMAGE}", summary="List videos from an image")
def list_image(
    request: Request, caller: Calling, page_number: PageNumber = 1, page_size: PageSize = wire.PAGE_SIZE
) -> wire.TaskListAnswer:
    """All other tasks of the account, those of other wire APIs among them, the newest first."""
    return _listed(request, caller, wire.IMAGE, page_number, page_size)


def _listed(
    request: Request, caller: Caller, endpoint: wire.Endpoint, page_number: int, page_size: int
) -> wire.TaskListAnswer:
    door = door_of(request)
    page = door.runtime.service.list(
        caller.account.id,
        states=_LISTED,
        limit=page_size,
        offset=(page_number - 1) * page_size,
        face=("endpoint", wire.MULTI_IMAGE, endpoint == wire.MULTI_IMAGE),
    )
    tasks = [_task(door, request, job) for job in page.jobs]
    return wire.TaskListAnswer(request_id=request_id.get(), data=tasks)


@router.get(f"{VIDEOS}/{wire.MULTI_IMAGE}/{{task_id:path}}", summary="Query a multi-image video")
def query_multi_image(request: Request, task_id: TaskRef, caller: Calling) -> wire.TaskAnswer:
    """The task with that id."""
    return _queried(request, task_id, caller)


@router.get(f"{VIDEOS}/{wire.IMAGE}/{{task_id:path}}", summary="Query a video from an image")
def query_image(request: Request, task_id: TaskRef, caller: Calling) -> wire.TaskAnswer:
    """The task with that id."""
    return _queried(request, task_id, caller)


def _queried(request: Request, task_id: str, caller: Caller) -> wire.TaskAnswer:
    door = door_of(request)
    job = _job(door, caller, task_id)
    return wire.TaskAnswer(request_id=request_id.get(), data=_task(door, request, job))


def _job(door: Door, caller: Caller, ref: str) -> Job:
    service = door.runtime.service
    try:
        try:
            job = service.get(caller.account.id, ref)
        except JobNotFound:
            job = service.get_external(caller.account.id, ref)
    except JobNotFound as error:
        raise JobNotFound(f"Task {ref[:80]!r} not found") from error
    if job.state is JobState.EXPIRED:
        raise JobNotFound(f"Task {ref[:80]!r} has expired: its video was removed")
    return job


def _task(door: Door, request: Request, job: Job) -> wire.Task:
    base_url = door.base_url(request)
    return wire.task_of(
        job,
        url=door.artifact_link(base_url, job, "video", stem=job.number),
        watermark_url=door.artifact_link(base_url, job, "watermarked", stem=job.number),
    )


# Around ----------------------------------------------------------------------------------------------------------


@router.get(COSTS, summary="Read what the account has left")
def costs(
    request: Request,
    caller: Calling,
    start_time: Annotated[int, Query(ge=0, description="Milliseconds since the epoch")],
    end_time: Annotated[int, Query(ge=0, description="Milliseconds since the epoch")],
    resource_pack_name: Annotated[str | None, Query(description="Only the pack of that name")] = None,
) -> wire.CostsAnswer:
    """The account's credits as a resource pack; its units are what tasks cost."""
    if end_time < start_time:
        raise InvalidField("end_time", "end_time must not be before start_time")
    packs = packs_of(door_of(request).runtime, caller.account)
    found = [
        pack
        for pack in packs
        if (not resource_pack_name or pack.resource_pack_name == resource_pack_name)
        and pack.effective_time <= end_time
        and start_time <= pack.invalid_time
    ]
    return wire.CostsAnswer(request_id=request_id.get(), data=wire.Costs(resource_pack_subscribe_infos=found))


def _wrong_method() -> None:
    raise codes.WrongMethod


def _not_offered(request: Request) -> None:
    raise codes.NotOffered(f"{request.url.path} is not offered: this service animates images")


def _add_refusals() -> None:
    """Other methods, and the vendor's other calls, before another wire API can take their paths for its own."""
    every = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    for endpoint in (wire.MULTI_IMAGE, wire.IMAGE):
        for path, methods in (("", ["PUT", "PATCH", "DELETE"]), ("/{task_id:path}", every[1:])):
            router.add_api_route(f"{VIDEOS}/{endpoint}{path}", _wrong_method, methods=methods, include_in_schema=False)
    router.add_api_route(COSTS, _wrong_method, methods=every[1:], include_in_schema=False)
    for name in OTHERS:
        for path in ("", "/{rest:path}"):
            router.add_api_route(f"{VIDEOS}/{name}{path}", _not_offered, methods=every, include_in_schema=False)


_add_refusals()


def answerer(overrides: Mapping[str, int]) -> Callable[[PhotoplayError, int | None], Response]:
    """What puts an error into Kling's words. ``overrides`` are the operator's codes by ours."""

    def answer(error: PhotoplayError, status: int | None) -> Response:
        code = codes.code_for(error, overrides)
        if status == 404:  # a refusal by the server itself
            code = codes.NO_RESOURCE
        elif status == 405:
            code = codes.WRONG_METHOD
        http_status = codes.STATUS.get(code, 400)
        headers: dict[str, Any] = {}
        if isinstance(error, LimitError) and error.retry_after_s is not None:
            headers["retry-after"] = str(math.ceil(error.retry_after_s))
        body = wire.ErrorAnswer(code=code, message=codes.message_of(error), request_id=request_id.get())
        return JSONResponse(body.model_dump(), status_code=http_status, headers=headers)

    return answer


def dialect(settings: Settings) -> Dialect:
    """This wire API, at its own paths and behind the prefixes under which gateways have it."""
    every = APIRouter()
    every.include_router(router)
    for prefix in ALIASES:
        every.include_router(router, prefix=prefix, include_in_schema=False)
    own = [f"{VIDEOS}/{name}" for name in (wire.MULTI_IMAGE, wire.IMAGE, *OTHERS)]
    prefixes = (*own, "/account/", *(f"{prefix}/" for prefix in ALIASES))
    return Dialect(
        name=wire.DIALECT,
        prefixes=prefixes,
        router=every,
        answer=answerer(settings.kling_codes),
        max_body_bytes=dict.fromkeys(prefixes, MAX_BODY_BYTES),
    )
