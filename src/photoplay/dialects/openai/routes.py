"""OpenAI's routes: wire to domain and back, nothing else.

Who calls is said by ``Authorization: Bearer <API key>``. Bodies may be forms or JSON, as the vendor takes both and its
client libraries always send forms to create.
"""

import asyncio
import math
from typing import Annotated, Any, Literal, TypeVar

from fastapi import APIRouter, Depends, Path, Query, Request, Response, Security
from fastapi.responses import JSONResponse
from fastapi.security import HTTPBearer
from pydantic import BaseModel, ValidationError
from starlette.concurrency import run_in_threadpool

from photoplay.accounts import Caller
from photoplay.dialects import inbox
from photoplay.dialects.door import Dialect, Door, IdempotencyKey, as_request_error, callback_url, door_of
from photoplay.dialects.forms import Sent, sent
from photoplay.dialects.openai import content, images, wire
from photoplay.dialects.openai.errors import message_of, param_of, refusal_of
from photoplay.errors import (
    ArtifactNotFound,
    CredentialsInvalid,
    CredentialsMissing,
    InsufficientCredits,
    InvalidField,
    JobNotFinished,
    JobNotFound,
    LimitError,
    MissingField,
    PhotoplayError,
    RequestError,
    StateError,
    UnknownModel,
)
from photoplay.jobs.job import Job, JobRequest
from photoplay.settings import Settings

ALIAS = "/proxy/openai"
POLL_HEADER = "openai-poll-after-ms"
_POLL_MS = (500, 1000, 5000)  # least, where nothing is known, most
_POLLS_A_JOB = 10
_FORM_BYTES = 1024 * 1024  # what a form or JSON adds around its file
_MAX_REMIX_OF = 100

_bearer = HTTPBearer(auto_error=False, description="An API key")

Body = TypeVar("Body", bound=BaseModel)

router = APIRouter(
    tags=["OpenAI Videos"],
    dependencies=[Security(_bearer)],
    responses={"4XX": {"model": wire.ErrorAnswer, "description": "A refusal"}},
)


def _calling(request: Request) -> Caller:
    """Who calls.

    Raises:
        CredentialsMissing, CredentialsInvalid: 401. AccountBlocked: 403. RateLimited: 429.
    """
    authorization = request.headers.get("authorization", "").strip()
    if not authorization:
        raise CredentialsMissing("You didn't provide an API key. Give it as: Authorization: Bearer <API key>")
    scheme, _, key = authorization.partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise CredentialsInvalid("The Authorization header must be: Bearer <API key>")
    door = door_of(request)
    return door.counted(door.runtime.accounts.by_api_key(key.strip()))


Calling = Annotated[Caller, Depends(_calling)]
VideoId = Annotated[str, Path(description="Id of a video, or of a job in any other form")]


def _documented(kind: type[BaseModel], *, files: bool = False) -> dict[str, Any]:
    """What the OpenAPI page says of a body that is read by hand."""
    schema = kind.model_json_schema()
    form = schema
    if files:
        photo = {"type": "string", "format": "binary", "description": "The photo"}
        form = {name: value for name, value in schema.items() if name != "examples"}
        form["properties"] = schema["properties"] | {images.FIELD: photo}
    return {
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": schema}, "multipart/form-data": {"schema": form}},
        }
    }


# Videos ----------------------------------------------------------------------------------------------------------


@router.post(
    "/videos",
    response_model=wire.Video,
    summary="Create a video",
    openapi_extra=_documented(wire.CreateBody, files=True),
)
async def create(request: Request, caller: Calling, idempotency_key: IdempotencyKey = None) -> JSONResponse:
    """Animates a photo: `input_reference` is needed. Poll the answered id until its status is `completed`."""
    async with sent(request, max_part_bytes=wire.MAX_DATA_URL_CHARS + _FORM_BYTES) as found:
        return await run_in_threadpool(_create, request, caller, found, idempotency_key)


def _create(request: Request, caller: Caller, found: Sent, idempotency_key: str | None) -> JSONResponse:
    door = door_of(request)
    body = _checked(wire.CreateBody, found)
    catalog = door.runtime.catalog
    model = catalog.model(body.model or catalog.default_model_of(wire.DIALECT))
    _check_callback(body.callback_url)
    account = caller.account
    asked = wire.to_request(body, model=model, client_id=caller.client_id, base_url=door.base_url(request))
    files = found.files.get("input_reference") or found.files.get("image_reference") or []
    named = [] if files else wire.references(body)
    if not files and not named:
        raise wire.no_photo()
    photos = [  # stored only now that the words are known to be right
        *(images.stored_photo(door, account.id, file.filename or "", file.file) for file in files),
        *(images.named_photo(door, account.id, reference) for reference in named),
    ]
    asked = asked.model_copy(update={"images": tuple(photos)})
    return _shown(door, door.runtime.service.submit(account, asked, idempotency_key=idempotency_key))


@router.get("/videos", summary="List videos")
def list_videos(
    request: Request,
    caller: Calling,
    limit: Annotated[int, Query(ge=0, le=wire.MAX_PAGE, description="Videos on a page")] = 20,
    order: Annotated[Literal["asc", "desc"], Query(description="Oldest or newest first")] = "desc",
    after: Annotated[str | None, Query(description="Id of the last video of the page before")] = None,
) -> wire.VideoList:
    """Videos of the account, whichever wire API they came through, by the time of their creation."""
    door = door_of(request)
    try:
        page = door.runtime.service.list(
            caller.account.id,
            limit=max(1, limit),
            after=wire.job_ref(after) if after else None,
            newest_first=order == "desc",
        )
    except JobNotFound as error:
        raise InvalidField("after", f"There is no video {(after or '')[:80]!r}.") from error
    shown = page.jobs[:limit]
    videos = [_video(door, job) for job in shown]
    return wire.VideoList(
        data=videos,
        first_id=videos[0].id if videos else None,
        last_id=videos[-1].id if videos else None,
        has_more=page.more or len(shown) < len(page.jobs),
    )


@router.get("/videos/{video_id}", response_model=wire.Video, summary="Read a video")
def retrieve(request: Request, video_id: VideoId, caller: Calling) -> JSONResponse:
    """The video with that id. While it is not finished, a header says when to ask again."""
    door = door_of(request)
    return _shown(door, _job(door, caller, video_id))


@router.delete("/videos/{video_id}", summary="Delete a finished video and its files")
def delete(request: Request, video_id: VideoId, caller: Calling) -> wire.VideoDeleted:
    """Removes a completed or failed video."""
    door = door_of(request)
    job = _job(door, caller, video_id)
    try:
        door.runtime.service.delete(caller.account.id, job.id)
    except JobNotFinished as error:
        raise JobNotFinished(f"A video that is {wire.status_of(job)} cannot be deleted.") from error
    return wire.VideoDeleted(id=wire.video_id(job))


@router.head("/videos/{video_id}/content", include_in_schema=False)
@router.get(
    "/videos/{video_id}/content",
    response_class=Response,
    summary="Download a video, its thumbnail or its sprite sheet",
    responses={200: {"content": {"video/mp4": {}, "image/webp": {}}, "description": "The file"}},
)
async def download(
    request: Request,
    video_id: VideoId,
    caller: Calling,
    variant: Annotated[content.Variant, Query(description="Which file")] = "video",
) -> Response:
    """The bytes themselves, whole or in byte ranges. The sprite sheet is five by five frames, made when first asked."""
    door = door_of(request)
    storage = door.runtime.storage
    job = await run_in_threadpool(_job, door, caller, video_id)
    if variant == "spritesheet" and not await run_in_threadpool(content.has_sheet, storage, job):
        # Decoding takes a core: one at a time, and those that wait hold no thread.
        async with _one_at_a_time(request):
            await run_in_threadpool(content.make_sheet, door, job)
    return await run_in_threadpool(content.send, storage, request, job, variant)


def _one_at_a_time(request: Request) -> asyncio.Lock:
    state = request.app.state
    lock: asyncio.Lock | None = getattr(state, "openai_sheets", None)
    if lock is None:
        lock = state.openai_sheets = asyncio.Lock()
    return lock


@router.post(
    "/videos/{video_id}/remix",
    response_model=wire.Video,
    summary="Make a video again with another prompt",
    openapi_extra=_documented(wire.RemixBody),
)
async def remix(
    request: Request, video_id: VideoId, caller: Calling, idempotency_key: IdempotencyKey = None
) -> JSONResponse:
    """A new video of the same photo, with everything as in the completed video but the prompt."""
    async with sent(request, max_part_bytes=_FORM_BYTES) as found:
        return await run_in_threadpool(_remix, request, caller, video_id, found, idempotency_key)


def _remix(request: Request, caller: Caller, video_id: str, found: Sent, idempotency_key: str | None) -> JSONResponse:
    door = door_of(request)
    body = _checked(wire.RemixBody, found)
    _check_callback(body.callback_url)
    source = _job(door, caller, video_id)
    if source.state.live:
        raise JobNotFinished(f"Only a completed video can be remixed; this one is {wire.status_of(source)}.")
    if wire.status_of(source) != "completed":
        raise StateError("Only a completed video can be remixed; this one failed.")
    asked = wire.to_remix(
        source,
        body,
        origin=_origin(door, caller, source),
        client_id=caller.client_id,
        base_url=door.base_url(request),
    )
    return _shown(door, door.runtime.service.submit(caller.account, asked, idempotency_key=idempotency_key))


def _origin(door: Door, caller: Caller, job: Job) -> JobRequest:
    """The request that has the photo: new sound on an old picture has none of its own."""
    for _ in range(_MAX_REMIX_OF):
        request = job.request
        if request.images or request.audio_of is None:
            return request
        try:
            job = door.runtime.service.get(caller.account.id, request.audio_of)
        except JobNotFound:
            break
    raise ArtifactNotFound("The photo of this video is gone, so it cannot be remixed.")


@router.post("/videos/edits", include_in_schema=False)
@router.post("/videos/extensions", include_in_schema=False)
@router.post("/videos/characters", include_in_schema=False)
@router.get("/videos/characters/{character_id}", include_in_schema=False)
def not_offered(caller: Calling) -> Response:
    """What the vendor has and this service does not: work on videos rather than photos.

    Raises:
        RequestError: always.
    """
    raise RequestError(
        "This service animates photos: it does not edit or extend videos and has no characters. Create a video from a "
        "photo, or remix one with another prompt."
    )


# What is around videos -------------------------------------------------------------------------------------------


@router.post(
    "/files",
    summary="Upload a photo",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "multipart/form-data": {
                    "schema": {
                        "type": "object",
                        "properties": {
                            "file": {"type": "string", "format": "binary", "description": "The photo"},
                            "purpose": {"type": "string", "default": "vision", "description": "Answered as it is"},
                        },
                        "required": ["file"],
                    }
                }
            },
        }
    },
)
async def add_file(request: Request, caller: Calling) -> wire.FileObject:
    """Stores a file, whose id can be given as `file_id` of `input_reference`."""
    async with sent(request, max_part_bytes=_FORM_BYTES) as found:
        if not found.files.get("file"):
            raise MissingField("file")
        file = found.files["file"][0]
        if not file.size:
            raise InvalidField("file", "file is empty")
        stored = await run_in_threadpool(
            inbox.store, door_of(request), caller.account.id, file.filename or "", file.file
        )
        return wire.FileObject(
            id=wire.FILE_PREFIX + stored.id,
            bytes=stored.size_bytes,
            created_at=stored.created_ms // 1000,
            expires_at=stored.expires_ms // 1000,
            filename=stored.name,
            purpose=str(found.fields.get("purpose") or "vision"),
        )


@router.get("/models", summary="List models")
def list_models(request: Request, caller: Calling) -> wire.ModelList:
    """The models that this API lists. Any other model of this server can be named too."""
    models = door_of(request).runtime.catalog.models("image-to-video", dialect=wire.DIALECT)
    return wire.ModelList(data=[wire.ModelObject(id=model.name, owned_by=model.provider) for model in models])


@router.get("/models/{name}", summary="Read a model")
def read_model(
    request: Request, name: Annotated[str, Path(description="Name of a model")], caller: Calling
) -> wire.ModelObject:
    """The model of that name."""
    model = door_of(request).runtime.catalog.model(name)
    return wire.ModelObject(id=model.name, owned_by=model.provider)


# Helpers ---------------------------------------------------------------------------------------------------------


def _checked(kind: type[Body], found: Sent) -> Body:
    try:
        return kind.model_validate(found.fields)
    except ValidationError as error:
        raise as_request_error(error.errors()) from error


def _check_callback(url: str | None) -> None:
    if url is not None:
        callback_url(url, "callback_url")


def _job(door: Door, caller: Caller, video_id: str) -> Job:
    try:
        return door.runtime.service.get(caller.account.id, wire.job_ref(video_id))
    except JobNotFound as error:
        raise JobNotFound(f"Video with id '{video_id[:80]}' not found.") from error


def _video(door: Door, job: Job) -> wire.Video:
    try:
        model = door.runtime.catalog.model(job.request.model)
    except UnknownModel:  # the operator has taken it out since
        model = None
    return wire.video_of(job, model)


def _shown(door: Door, job: Job) -> JSONResponse:
    headers = {}
    if job.state.live:
        headers[POLL_HEADER] = str(poll_after_ms(door.runtime.service.wait(job).eta_s))
    return JSONResponse(_video(door, job).model_dump(mode="json"), headers=headers)


def poll_after_ms(eta_s: float | None) -> int:
    """When to ask again for a video that is likely done in ``eta_s`` seconds."""
    least, usual, most = _POLL_MS
    return usual if eta_s is None else max(least, min(most, round(eta_s * 1000 / _POLLS_A_JOB)))


def answer(error: PhotoplayError, status: int | None) -> Response:
    """An error in OpenAI's words. A refusal by the server itself (404, 405, 500) keeps its status."""
    refusal = refusal_of(type(error))
    body = wire.ErrorAnswer(
        error=wire.Fault(message=message_of(error), type=refusal.type, param=param_of(error), code=refusal.code)
    )
    headers = {}
    if isinstance(error, LimitError) and error.retry_after_s is not None:
        headers["retry-after"] = str(math.ceil(error.retry_after_s))
    if isinstance(error, InsufficientCredits):
        headers["x-should-retry"] = "false"
    if isinstance(error, CredentialsMissing | CredentialsInvalid):
        headers["www-authenticate"] = "Bearer"
    return JSONResponse(body.model_dump(), status_code=status or refusal.status, headers=headers)


def dialect(settings: Settings) -> Dialect:
    """This wire API. Clients that keep the vendor's path behind a prefix find it under ``/proxy/openai`` too."""
    both = APIRouter()
    both.include_router(router, prefix="/v1")
    for prefix in (f"{ALIAS}/v1", ALIAS):
        both.include_router(router, prefix=prefix, include_in_schema=False)
    largest = max(settings.max_upload_bytes, wire.MAX_DATA_URL_CHARS) + _FORM_BYTES
    prefixes = ("/v1/videos", "/v1/files", "/v1/models", f"{ALIAS}/")
    return Dialect(
        name=wire.DIALECT,
        prefixes=prefixes,
        router=both,
        answer=answer,
        max_body_bytes=dict.fromkeys(prefixes, largest),
    )
