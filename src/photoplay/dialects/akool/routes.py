"""AKOOL's image2Video routes (v4): wire to domain and back, nothing else. The v3 calls join them here."""

import math
import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Body, Header, Request, Response
from fastapi.responses import JSONResponse
from pydantic import ValidationError

from photoplay.accounts import Caller
from photoplay.catalog import Kind
from photoplay.dialects.akool import bodies, v3, wire
from photoplay.dialects.akool import errors as codes
from photoplay.dialects.akool.access import DOCUMENTED, Calling
from photoplay.dialects.akool.answers import ok
from photoplay.dialects.door import Dialect, Door, callback_url, door_of
from photoplay.errors import (
    ArtifactNotFound,
    InvalidField,
    JobNotFinished,
    JobNotFound,
    LimitError,
    MissingField,
    PhotoplayError,
)
from photoplay.jobs.job import Job, JobRequest, JobState
from photoplay.settings import Settings

V4 = "/api/open/v4"
_MAX_BODY_BYTES = 256 * 1024
_TYPES = re.compile(r"types(\[[0-9]*\])?")
_MAX_TYPES = 20

IdempotencyKey = Annotated[str | None, Header(description="The same key gives the same videos, charged once")]

router = APIRouter(tags=["AKOOL"])
router.include_router(v3.router)


@router.post(
    f"{V4}/image2Video/createBySourcePrompt",
    response_model=bodies.CreateAnswer,
    dependencies=DOCUMENTED,
    summary="Create an image-to-video",
)
def create(
    request: Request, body: bodies.CreateBody, caller: Calling, idempotency_key: IdempotencyKey = None
) -> JSONResponse:
    """Stores a job and queues it. `data._id` is what `resultsByIds` asks for."""
    door = door_of(request)
    asked = _asked(door, request, caller, body)
    job = door.runtime.service.submit(caller.account, asked, idempotency_key=idempotency_key)
    return ok(bodies.CreateAnswer(data=wire.created_item(job, caller.account, effect=_effect_of(door, job))))


@router.post(
    f"{V4}/image2Video/createBySourcePrompt/batch",
    response_model=bodies.BatchAnswer,
    dependencies=DOCUMENTED,
    summary="Create several image-to-videos of one request",
)
def create_batch(
    request: Request, body: bodies.BatchBody, caller: Calling, idempotency_key: IdempotencyKey = None
) -> JSONResponse:
    """Stores `count` jobs at once, all or none; every one makes a video of its own."""
    door = door_of(request)
    asked = _asked(door, request, caller, body)
    jobs = door.runtime.service.submit_all(caller.account, [asked] * body.count, idempotency_key=idempotency_key)
    items = wire.batch_items(jobs, caller.account, last_image_url=body.last_image_url)
    return ok(bodies.BatchAnswer(data=bodies.BatchData(success_list=items)))


def _asked(door: Door, request: Request, caller: Caller, body: bodies.CreateBody | bodies.BatchBody) -> JobRequest:
    account_id = caller.account.id
    if body.webhookurl:
        callback_url(body.webhookurl, "webhookurl")
    effect = door.runtime.catalog.effect(body.effect_code) if body.effect_code else None
    last = body.last_image_url if isinstance(body, bodies.BatchBody) else ""
    return wire.to_request(
        body,
        image=door.media(body.image_url, account_id, "image_url"),
        last_image=door.media(last, account_id, "last_image_url") if last else None,
        audio=door.media(body.audio_url, account_id, "audio_url") if wire.wants_file(body) else None,
        effect=effect.slug if effect else None,
        model=body.model_name or door.runtime.catalog.default_model_of(wire.DIALECT),
        client_id=caller.client_id,
        base_url=door.base_url(request),
    )


def _ids_documented() -> dict[str, Any]:
    """The request body of a route that reads it itself, to refuse a wrong one in the vendor's words."""
    schema = bodies.IdsBody.model_json_schema()
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


@router.post(
    f"{V4}/image2Video/resultsByIds",
    response_model=bodies.ResultAnswer,
    dependencies=DOCUMENTED,
    summary="Read results",
    openapi_extra=_ids_documented(),
)
def results(request: Request, caller: Calling, body: Annotated[Any, Body()] = None) -> JSONResponse:
    """The jobs with these ids, in this order. One unknown id refuses them all, as the vendor does."""
    door = door_of(request)
    account = caller.account
    base_url = door.base_url(request)
    items = []
    for ref in _ids(body, codes.RESULTS_REFUSED):
        try:
            job = door.runtime.service.get(account.id, ref)
        except JobNotFound as error:
            raise JobNotFound(codes.RESULTS_REFUSED) from error
        items.append(
            wire.result_item(
                job,
                account,
                effect=_effect_of(door, job),
                video_url=door.artifact_link(base_url, job, "video", stem=job.object_id),
            )
        )
    return ok(bodies.ResultAnswer(data=bodies.ResultData(result=items)))


def _ids(body: Any, refusal: str) -> tuple[str, ...]:
    try:
        found = bodies.IdsBody.model_validate(body).split()
    except ValidationError as error:
        raise InvalidField("_ids", refusal) from error
    if not found or len(found) > wire.MAX_IDS:
        raise InvalidField("_ids", refusal)
    return found


@router.get(
    f"{V4}/image2Video/effects",
    response_model=bodies.EffectAnswer,
    dependencies=DOCUMENTED,
    summary="List effects",
)
def effects(request: Request, caller: Calling) -> JSONResponse:
    """Every effect that can be named by `effect_code`."""
    door = door_of(request)
    base_url = door.base_url(request)
    items = [
        bodies.EffectItem(
            id=effect.object_id,
            create_time=effect.created_ms,
            logo=door.effect_link(base_url, effect.slug, "logo.png"),
            name=effect.name,
            video_url=door.effect_link(base_url, effect.slug, "preview.mp4"),
            effect_code=effect.code,
        )
        for effect in door.runtime.catalog.effects
    ]
    return ok(bodies.EffectAnswer(data=bodies.EffectData(result=items, count=len(items))))


@router.post(
    f"{V4}/image2Video/updateVideoAudio",
    response_model=bodies.AudioAnswer,
    dependencies=DOCUMENTED,
    summary="Give a video new sound",
)
def update_audio(
    request: Request, body: bodies.AudioBody, caller: Calling, idempotency_key: IdempotencyKey = None
) -> JSONResponse:
    """A new video with the picture of a finished one, bit for bit, and other sound. The old one stays as it is."""
    door = door_of(request)
    account = caller.account
    audio = door.media(body.audio_url, account.id, "audio_url") if wire.wants_file(body) else None
    as_asked = [wire.as_asked(body, audio)]
    service = door.runtime.service
    jobs = service.submitted(account.id, as_asked, idempotency_key) if idempotency_key is not None else None
    if jobs is None:
        asked = wire.to_audio_request(
            body,
            source=_source(door, account.id, body.pre_video_id.strip()),
            audio=audio,
            model=door.runtime.catalog.model(door.runtime.catalog.default_model_of(wire.DIALECT)),
            client_id=caller.client_id,
            base_url=door.base_url(request),
        )
        jobs = service.submit_all(account, [asked], idempotency_key=idempotency_key, known_as=as_asked)
    job = jobs[0]
    return ok(bodies.AudioAnswer(data=wire.audio_item(job, account, effect=_effect_of(door, job))))


def _source(door: Door, account_id: str, ref: str) -> Job:
    """The finished video that ``updateVideoAudio`` names.

    Raises:
        JobNotFound: the account has no such video (1008).
        JobNotFinished: it is still being made (1010).
        ArtifactNotFound: it failed, or its file is no longer kept (1014).
    """
    try:
        job = door.runtime.service.get(account_id, ref)
    except JobNotFound as error:
        raise JobNotFound(codes.NO_SUCH_VIDEO) from error
    if job.state.live:
        raise JobNotFinished(codes.STILL_PROCESSING)
    if job.state is JobState.EXPIRED:
        raise ArtifactNotFound(wire.EXPIRED)
    if job.artifact("video") is None:
        raise ArtifactNotFound(codes.NO_VIDEO)
    return job


@router.post(
    f"{V4}/image2Video/delbyids",
    response_model=bodies.DeleteAnswer,
    dependencies=DOCUMENTED,
    summary="Delete videos",
    openapi_extra=_ids_documented(),
)
def delete(request: Request, caller: Calling, body: Annotated[Any, Body()] = None) -> JSONResponse:
    """Deletes finished videos and their files. What cannot be deleted is listed with the reason."""
    service = door_of(request).runtime.service
    gone, refused = [], []
    for ref in _ids(body, codes.IDS_REFUSED):
        try:
            service.delete(caller.account.id, ref)
        except JobNotFinished:
            refused.append(bodies.Refused(id=ref, msg=codes.STILL_PROCESSING))
        except JobNotFound:
            refused.append(bodies.Refused(id=ref, msg=codes.NO_SUCH_VIDEO))
        else:
            gone.append(ref)
    return ok(bodies.DeleteAnswer(data=bodies.DeleteData(success_ids=gone, no_permission_items=refused)))


@router.get(
    f"{V4}/aigModel/list",
    response_model=bodies.ModelAnswer,
    dependencies=DOCUMENTED,
    summary="List models",
    openapi_extra={
        "parameters": [
            {
                "name": "types[]",
                "in": "query",
                "required": True,
                "description": "1501 image to video, 1502 text to video, 2101 character swap; at least one",
                "schema": {"type": "array", "items": {"type": "integer"}, "examples": [[1501]]},
            }
        ]
    },
)
def models(request: Request, caller: Calling) -> JSONResponse:
    """The models that `model_name` can name. There are none of types that this server does not make."""
    catalog = door_of(request).runtime.catalog
    items: list[bodies.ModelItem] = []
    for number in _types(request):
        kind: Kind | None = wire.MODEL_KINDS.get(number)
        if kind is not None:
            offered = catalog.models(kind, dialect=wire.DIALECT)
            items += wire.model_items(offered, catalog.prices, type_number=number)
    return ok(bodies.ModelAnswer(data=items), nulls=True)


def _types(request: Request) -> list[int]:
    """The numbers of ``types[]``, however the client writes an array: ``types[]``, ``types[0]``, ``types``."""
    texts = [value for name, value in request.query_params.multi_items() if _TYPES.fullmatch(name)]
    parts = [part.strip() for text in texts for part in text.split(",") if part.strip()]
    if not parts:
        raise MissingField("types[]")
    if len(parts) > _MAX_TYPES or not all(part.isascii() and part.isdigit() and len(part) < 6 for part in parts):
        raise InvalidField("types[]", "types[] must be numbers such as 1501")
    return list(dict.fromkeys(map(int, parts)))


def _effect_of(door: Door, job: Job) -> tuple[str, str] | None:
    """(name, code) of the job's effect; the bare slug when the catalog no longer has it."""
    slug = wire.effect_slug(job)
    if slug is None:
        return None
    effect = door.effect(slug)
    return (effect.name, effect.code) if effect else (slug, slug)


def answerer(overrides: Mapping[str, int]) -> Callable[[PhotoplayError, int | None], Response]:
    """What puts an error into AKOOL's words: HTTP 200 with ``{code, msg}``, unless the server itself is at fault.

    ``overrides`` are the operator's codes by ours. A refusal by the server itself (404, 405, 500) keeps its status.
    """

    def answer(error: PhotoplayError, status: int | None) -> Response:
        body = bodies.ErrorAnswer(code=codes.code_for(type(error), overrides), msg=codes.message_of(error))
        headers = {}
        if isinstance(error, LimitError) and error.retry_after_s is not None:
            headers["retry-after"] = str(math.ceil(error.retry_after_s))
        http_status = status or (500 if codes.is_server_fault(error) else 200)
        return JSONResponse(body.model_dump(), status_code=http_status, headers=headers)

    return answer


def dialect(settings: Settings) -> Dialect:
    """This wire API."""
    return Dialect(
        name=wire.DIALECT,
        prefixes=("/api/open/",),
        router=router,
        answer=answerer(settings.akool_codes),
        max_body_bytes={"/api/open/": _MAX_BODY_BYTES},
    )
