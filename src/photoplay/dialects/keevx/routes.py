"""Keevx's routes: wire to domain and back, nothing else.

Who calls is said by ``Authorization: Bearer <API key>``. The upload takes the header ``token`` too, with which one of
the vendor's skills calls it. The header ``source``, which the vendor's skill adds to every call, is not looked at.
"""

import math
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Request, Response, Security
from fastapi.responses import JSONResponse
from fastapi.security import APIKeyHeader, HTTPBearer
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from photoplay.accounts import Caller
from photoplay.catalog import Model
from photoplay.dialects.door import Dialect, Door, callback_url, door_of
from photoplay.dialects.keevx import errors as codes
from photoplay.dialects.keevx import images, wire
from photoplay.errors import (
    AccessError,
    ArtifactNotFound,
    CredentialsInvalid,
    CredentialsMissing,
    JobNotFound,
    LimitError,
    MissingField,
    PhotoplayError,
    RequestError,
    UnknownModel,
    UnsupportedValue,
    UrlUnreachable,
)
from photoplay.jobs.job import Job, JobRequest, JobState, MediaRef
from photoplay.settings import Settings

CREATE_PATH = "/v1/image_to_video"
UPLOAD_PATH = "/v1/figure-resource/upload/file"
TRANSLATE_PATH = "/v1/video_translate"
_MAX_BODY_BYTES = 1024 * 1024
_FORM_BYTES = 1024 * 1024  # what a form adds around its file

_bearer = HTTPBearer(auto_error=False, description="An API key")
_token = APIKeyHeader(name="token", auto_error=False, description="An API key; for the upload only")


def _example(code: int, message: str) -> dict[str, Any]:
    return {"summary": codes.KINDS[code], "value": {"code": code, "msg": f"{codes.KINDS[code]}: {message}"}}


def _refusals(*found: dict[str, Any]) -> dict[int | str, dict[str, Any]]:
    """What the OpenAPI page says of refusals: examples by HTTP status."""
    by_status: dict[int, dict[str, Any]] = {}
    for example in found:
        by_status.setdefault(codes.HTTP[example["value"]["code"]], {})[str(example["value"]["code"])] = example
    return {
        status: {
            "model": wire.ErrorAnswer,
            "description": "A refusal",
            "content": {"application/json": {"examples": examples}},
        }
        for status, examples in by_status.items()
    }


_NO_TOKEN = _example(codes.BAD_TOKEN, "The credentials are not valid.")
_NO_PROMPT = _example(codes.PARAMETER, "prompt cannot be empty")

router = APIRouter(tags=["Keevx"])


def _calling(request: Request) -> Caller:
    """Who calls.

    Raises:
        CredentialsMissing, CredentialsInvalid, AccountBlocked: 100002. RateLimited: 429.
    """
    authorization = request.headers.get("authorization", "").strip()
    if not authorization:
        raise CredentialsMissing("give an API key: Authorization: Bearer <API key>")
    scheme, _, key = authorization.partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise CredentialsInvalid("the Authorization header must be: Bearer <API key>")
    return _known(request, key.strip())


def _uploading(request: Request) -> Caller:
    """Who uploads: as :func:`_calling`, or by the header ``token`` where there is no Authorization."""
    token = request.headers.get("token", "").strip()
    return _known(request, token) if token and "authorization" not in request.headers else _calling(request)


def _known(request: Request, key: str) -> Caller:
    door = door_of(request)
    return door.counted(door.runtime.accounts.by_api_key(key))


Calling = Annotated[Caller, Depends(_calling)]
Uploading = Annotated[Caller, Depends(_uploading)]


# Tasks -----------------------------------------------------------------------------------------------------------


@router.post(
    CREATE_PATH,
    response_model=wire.CreateAnswer,
    dependencies=[Security(_bearer)],
    summary="Create image-to-video tasks",
    responses=_refusals(
        _NO_PROMPT,
        _example(codes.PROMPT_TOO_LONG, "prompt has 1001 characters; the model V takes 1000"),
        _example(codes.URL_UNREACHABLE, "image_url: The URL answered with status 404."),
        _example(codes.FORMAT_UNSUPPORTED, "image_url: The file is image/gif; taken are JPG, PNG, WebP."),
        _example(codes.IMAGE_TOO_LARGE, "image_url: The file is larger than 20971520 bytes."),
        _NO_TOKEN,
    ),
)
async def create(
    request: Request,
    body: wire.CreateBody,
    caller: Calling,
    idempotency_key: Annotated[str | None, Header(description="The same key gives the same tasks")] = None,
) -> JSONResponse:
    """Stores as many tasks as `generate_count` says and queues them, all or none; each is charged.

    What a model needs and offers: **V** `image_url` or up to 3 `reference_images`, sound, 720p to 4k; **KL** up to 7
    `reference_images`, 720p and 1080p; **S** `image_url`, 720p.
    """
    jobs = await _create(request, body, caller, idempotency_key)
    answer = wire.CreateAnswer(data=wire.Created(task_ids=[wire.task_id(job) for job in jobs]))
    return JSONResponse(answer.model_dump(mode="json"))


async def _create(request: Request, body: wire.CreateBody, caller: Caller, idempotency_key: str | None) -> list[Job]:
    door = door_of(request)
    service = door.runtime.service
    asked, fields, model = await run_in_threadpool(_asked, door, request, body, caller)
    several = [asked] * body.generate_count
    if idempotency_key is not None:
        earlier = await run_in_threadpool(service.submitted, caller.account.id, several, idempotency_key)
        if earlier is not None:
            return earlier
    if door.settings.keevx_look_first:
        seen = await images.looked_at(request, caller.account.id, fields, model.image_rules)
        last = seen.pop() if asked.last_image is not None else None
        asked = asked.model_copy(update={"images": tuple(seen), "last_image": last})
    return await run_in_threadpool(
        service.submit_all,
        caller.account,
        [asked] * body.generate_count,
        idempotency_key=idempotency_key,
        known_as=several,
    )


def _asked(
    door: Door, request: Request, body: wire.CreateBody, caller: Caller
) -> tuple[JobRequest, list[tuple[str, MediaRef]], Model]:
    """The request of each task, its images with their fields, and its model. What can be known without looking at the
    images is checked."""
    model = _model(door, body.model)
    unused = door.settings.keevx_unused
    kind = wire.kind_of(body, model, unused)
    last_url = wire.ends_on(body, model, kind, unused)
    if body.callback_url is not None:
        callback_url(body.callback_url, "callback_url")
    named = [(field, _named(door, url, field, caller)) for field, url in wire.photos(body, kind)]
    last = [] if last_url is None else [("last_image_url", _named(door, last_url, "last_image_url", caller))]
    asked = wire.to_request(
        body,
        model=model,
        kind=kind,
        images=[ref for _, ref in named],
        last_image=last[0][1] if last else None,
        unused=unused,
        client_id=caller.client_id,
        base_url=door.base_url(request),
    )
    door.runtime.catalog.quote(asked, plan=caller.account.plan)  # before images are fetched for it
    return asked, [*named, *last], model


def _model(door: Door, name: str) -> Model:
    """The model of that name, if this API has it."""
    known = {model.name: model for model in door.runtime.catalog.models(dialect=wire.DIALECT)}
    if name not in known:
        raise UnsupportedValue("model", f"model {name[:40]!r} is not offered; it can be {', '.join(known)}")
    return known[name]


def _named(door: Door, url: str, field: str, caller: Caller) -> MediaRef:
    try:
        return door.media(url, caller.account.id, field)
    except ArtifactNotFound as error:  # a link of ours that has ended
        raise UrlUnreachable(f"{field}: {error.message}", field=field) from error


@router.get(
    CREATE_PATH + "/{task_id}",
    response_model=wire.TaskAnswer,
    dependencies=[Security(_bearer)],
    summary="Read an image-to-video task",
    responses=_refusals(_example(codes.NO_TASK, "i2v-d6b6472bcf724d0399e06d1390cb964e"), _NO_TOKEN),
)
def read(
    request: Request,
    task_id: Annotated[
        str,
        Path(
            description="Id of a task, or of a job in any other form",
            examples=["i2v-d6b6472bcf724d0399e06d1390cb964e"],
        ),
    ],
    caller: Calling,
) -> JSONResponse:
    """The task with that id. Ask again until its `status` is `SUCCEEDED` or `FAILED`. A task whose files have expired
    is not found any more."""
    door = door_of(request)
    try:
        job = door.runtime.service.get(caller.account.id, wire.job_ref(task_id))
    except JobNotFound as error:
        raise JobNotFound(task_id[:80]) from error
    if job.state is JobState.EXPIRED:
        raise JobNotFound(f"{task_id[:80]} has expired")
    return JSONResponse(wire.TaskAnswer(data=_task(door, request, job)).model_dump(mode="json"))


def _task(door: Door, request: Request, job: Job) -> wire.Task:
    base_url = door.base_url(request)
    try:
        model = door.runtime.catalog.model(job.request.model)
    except UnknownModel:  # the operator has taken it out since
        model = None
    stem = wire.task_id(job)
    return wire.task_of(
        job,
        model,
        video_url=door.artifact_link(base_url, job, "video", stem=stem),
        thumbnail_url=door.artifact_link(base_url, job, "thumbnail", stem=stem),
    )


# What is around tasks --------------------------------------------------------------------------------------------


@router.post(
    UPLOAD_PATH,
    response_model=wire.UploadAnswer,
    dependencies=[Security(_bearer), Security(_token)],
    summary="Upload an image",
    responses=_refusals(
        _example(codes.PARAMETER, "file cannot be empty"),
        _example(codes.FORMAT_UNSUPPORTED, "The file is image/gif; taken are JPG, PNG, WebP."),
        _example(codes.IMAGE_TOO_LARGE, "The file is larger than 20971520 bytes."),
        _NO_TOKEN,
    ),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "multipart/form-data": {
                    "schema": {
                        "type": "object",
                        "properties": {
                            "file": {"type": "string", "format": "binary", "description": "A JPG, PNG or WebP image"}
                        },
                        "required": ["file"],
                    }
                }
            },
        }
    },
)
async def upload(request: Request, caller: Uploading) -> JSONResponse:
    """Stores an image. Its `url` can be named wherever a create takes one, without being fetched."""
    door = door_of(request)
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise MissingField("file")
    async with request.form(max_files=1, max_fields=8) as form:
        part = form.get("file")
        if not isinstance(part, UploadFile) or not part.size:
            raise MissingField("file")
        stored = await run_in_threadpool(
            images.store_image, door, caller.account.id, part.filename or "", part.file, part.size
        )
    answer = wire.UploadAnswer(
        result=wire.Uploaded(
            url=door.upload_link(door.base_url(request), stored), file_id=stored.id, file_name=stored.name
        )
    )
    return JSONResponse(answer.model_dump(mode="json", by_alias=True))


@router.post(TRANSLATE_PATH, include_in_schema=False)
@router.get(TRANSLATE_PATH + "/{rest:path}", include_in_schema=False)
def not_offered(caller: Calling) -> Response:
    """The vendor's other product.

    Raises:
        RequestError: always.
    """
    raise RequestError("this service animates photos; it does not translate videos")


def answerer(settings: Settings) -> Callable[[PhotoplayError, int | None], Response]:
    """What puts an error into Keevx's words. A refusal by the server itself (404, 405, 500) keeps its status."""
    own_codes: Mapping[str, int] = settings.keevx_codes
    own_http: Mapping[int, int] = settings.keevx_http

    def answer(error: PhotoplayError, status: int | None) -> Response:
        refusal = codes.refusal_of(error, own_codes, own_http)
        headers = {}
        if isinstance(error, LimitError) and error.retry_after_s is not None:
            headers["retry-after"] = str(math.ceil(error.retry_after_s))
        if isinstance(error, AccessError) and refusal.status == 401:
            headers["www-authenticate"] = "Bearer"
        body = wire.ErrorAnswer(code=refusal.code, msg=refusal.msg)
        return JSONResponse(body.model_dump(), status_code=status or refusal.status, headers=headers)

    return answer


def dialect(settings: Settings) -> Dialect:
    """This wire API."""
    limits = {
        CREATE_PATH: _MAX_BODY_BYTES,
        "/v1/figure-resource/": min(settings.max_image_bytes, settings.max_upload_bytes) + _FORM_BYTES,
        TRANSLATE_PATH: _MAX_BODY_BYTES,
    }
    return Dialect(
        name=wire.DIALECT,
        prefixes=tuple(limits),
        router=router,
        answer=answerer(settings),
        max_body_bytes=limits,
    )
