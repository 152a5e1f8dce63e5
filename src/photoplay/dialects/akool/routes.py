"""AKOOL's routes: wire to domain and back, nothing else.

Both ways to say who calls are taken: ``Authorization: Bearer <token>`` (from ``getToken``; an API key works there
too, as the vendor's page calls that header "your API Key") and ``x-api-key``. When both are there, Authorization
decides and ``x-api-key`` is not looked at.
"""

import math
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Header, Request, Response, Security
from fastapi.responses import JSONResponse
from fastapi.security import APIKeyHeader, HTTPBearer
from pydantic import BaseModel, ValidationError

from photoplay.accounts import Caller
from photoplay.dialects.akool import errors as codes
from photoplay.dialects.akool import wire
from photoplay.dialects.door import Dialect, Door, callback_url, door_of
from photoplay.errors import (
    CredentialsInvalid,
    CredentialsMissing,
    InvalidField,
    JobNotFound,
    LimitError,
    PhotoplayError,
)
from photoplay.jobs.job import Job
from photoplay.settings import Settings

V3 = "/api/open/v3"
V4 = "/api/open/v4"
_JWT_DOTS = 2
_MAX_BODY_BYTES = 256 * 1024

_bearer = HTTPBearer(auto_error=False, description="A token from getToken")
_key = APIKeyHeader(name="x-api-key", auto_error=False, description="An API key")
_documented = [Security(_bearer), Security(_key)]

router = APIRouter(tags=["AKOOL"])


def _calling(request: Request) -> Caller:
    """Who calls.

    Raises:
        CredentialsMissing: neither header is there (1102).
        CredentialsInvalid, TokenExpired: the Authorization header is not good (1101).
        UnknownApiKey: the API key is unknown (1109).
        AccountBlocked: 1200. RateLimited: 1005.
    """
    door = door_of(request)
    authorization = request.headers.get("authorization", "").strip()
    if authorization:
        return door.counted(_by_authorization(door, authorization))
    api_key = request.headers.get("x-api-key", "").strip()
    if not api_key:
        raise CredentialsMissing
    try:
        return door.counted(door.runtime.accounts.by_api_key(api_key))
    except CredentialsInvalid as error:
        raise codes.UnknownApiKey from error


def _by_authorization(door: Door, authorization: str) -> Caller:
    scheme, _, token = authorization.partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise CredentialsInvalid("The Authorization header must be: Bearer <token>")
    if token.count(".") == _JWT_DOTS:
        return door.runtime.tokens.verify_token(token)
    return door.runtime.accounts.by_api_key(token)


Calling = Annotated[Caller, Depends(_calling)]


def _ok(answer: BaseModel) -> JSONResponse:
    return JSONResponse(answer.model_dump(mode="json", by_alias=True, exclude_none=True))


@router.post(
    f"{V4}/image2Video/createBySourcePrompt",
    response_model=wire.CreateAnswer,
    dependencies=_documented,
    summary="Create an image-to-video",
)
def create(
    request: Request,
    body: wire.CreateBody,
    caller: Calling,
    idempotency_key: Annotated[str | None, Header(description="The same key gives the same job")] = None,
) -> JSONResponse:
    """Stores a job and queues it. `data._id` is what `resultsByIds` asks for."""
    door = door_of(request)
    account = caller.account
    if body.webhookurl:
        callback_url(body.webhookurl, "webhookurl")
    effect = door.runtime.catalog.effect(body.effect_code) if body.effect_code else None
    asked = wire.to_request(
        body,
        image=door.media(body.image_url, account.id, "image_url"),
        audio=door.media(body.audio_url, account.id, "audio_url") if _wants_file(body) else None,
        effect=effect.slug if effect else None,
        model=body.model_name or door.runtime.catalog.default_model_of(wire.DIALECT),
        quality="premium" if body.is_premium_model else "std",
        client_id=caller.client_id,
        base_url=door.base_url(request),
    )
    job = door.runtime.service.submit(account, asked, idempotency_key=idempotency_key)
    return _ok(wire.CreateAnswer(data=wire.created_item(job, account, effect=_effect_of(door, job))))


def _wants_file(body: wire.CreateBody) -> bool:
    """Whether ``audio_url`` counts: clients send whatever they have there for the other audio types too."""
    return body.audio_type == wire.AUDIO_TYPE_FILE and body.audio_url != ""


@router.post(
    f"{V4}/image2Video/resultsByIds",
    response_model=wire.ResultAnswer,
    dependencies=_documented,
    summary="Read results",
    openapi_extra={
        "requestBody": {"required": True, "content": {"application/json": {"schema": wire.IdsBody.model_json_schema()}}}
    },
)
def results(request: Request, caller: Calling, body: Annotated[Any, Body()] = None) -> JSONResponse:
    """The jobs with these ids, in this order. One unknown id refuses them all, as the vendor does."""
    door = door_of(request)
    account = caller.account
    base_url = door.base_url(request)
    items = []
    for ref in _ids(body):
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
    return _ok(wire.ResultAnswer(data=wire.ResultData(result=items)))


def _ids(body: Any) -> tuple[str, ...]:
    try:
        found = wire.IdsBody.model_validate(body).split()
    except ValidationError as error:
        raise InvalidField("_ids", codes.RESULTS_REFUSED) from error
    if not found or len(found) > wire.MAX_IDS:
        raise InvalidField("_ids", codes.RESULTS_REFUSED)
    return found


@router.get(
    f"{V4}/image2Video/effects",
    response_model=wire.EffectAnswer,
    dependencies=_documented,
    summary="List effects",
)
def effects(request: Request, caller: Calling) -> JSONResponse:
    """Every effect that can be named by `effect_code`."""
    door = door_of(request)
    base_url = door.base_url(request)
    items = [
        wire.EffectItem(
            id=effect.object_id,
            create_time=effect.created_ms,
            logo=door.effect_link(base_url, effect.slug, "logo.png"),
            name=effect.name,
            video_url=door.effect_link(base_url, effect.slug, "preview.mp4"),
            effect_code=effect.code,
        )
        for effect in door.runtime.catalog.effects
    ]
    return _ok(wire.EffectAnswer(data=wire.EffectData(result=items, count=len(items))))


@router.post(f"{V3}/getToken", response_model=wire.TokenAnswer, summary="Get a token")
def get_token(request: Request, body: wire.TokenBody) -> JSONResponse:
    """A bearer token for a client id and secret. It lasts more than a year."""
    token = door_of(request).runtime.tokens.issue_token(body.client_id, body.client_secret)
    return _ok(wire.TokenAnswer(token=token))


@router.get(
    f"{V3}/faceswap/quota/info",
    response_model=wire.QuotaAnswer,
    dependencies=_documented,
    summary="Read the credit balance",
)
def quota(request: Request, caller: Calling) -> JSONResponse:
    """Credits that can be spent now; what running jobs hold is not among them."""
    balance = door_of(request).runtime.balance(caller.account.id)
    return _ok(wire.QuotaAnswer(data=wire.QuotaData(credit=balance.available)))


def _effect_of(door: Door, job: Job) -> tuple[str, str] | None:
    """(name, code) of the job's effect; the bare slug when the catalog no longer has it."""
    slug = job.request.effect
    if slug is None:
        return None
    effect = door.effect(slug)
    return (effect.name, effect.code) if effect else (slug, slug)


def answerer(overrides: Mapping[str, int]) -> Callable[[PhotoplayError, int | None], Response]:
    """What puts an error into AKOOL's words: HTTP 200 with ``{code, msg}``, unless the server itself is at fault.

    ``overrides`` are the operator's codes by ours. A refusal by the server itself (404, 405, 500) keeps its status.
    """

    def answer(error: PhotoplayError, status: int | None) -> Response:
        body = wire.ErrorAnswer(code=codes.code_for(type(error), overrides), msg=codes.message_of(error))
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
