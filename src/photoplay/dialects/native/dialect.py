"""photoplay's own API as a dialect: it also answers for every path that no other dialect claims."""

import math

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from photoplay.dialects.door import Dialect, request_id
from photoplay.dialects.native import events, files, health, offer, routes
from photoplay.dialects.native.errors import MEDIA_TYPE, problem, status_for
from photoplay.dialects.native.wire import DIALECT
from photoplay.errors import CredentialsInvalid, CredentialsMissing, LimitError, PhotoplayError
from photoplay.settings import Settings

_MAX_BODY_BYTES = 1024 * 1024
_FILES_OF_A_JOB = 4  # of the largest size that one form may carry
_FORM_BYTES = 64 * 1024  # what a form adds around its file


def answer(error: PhotoplayError, status: int | None) -> Response:
    """An error as problem details."""
    status = status or status_for(type(error))
    headers = {}
    if isinstance(error, LimitError) and error.retry_after_s is not None:
        headers["retry-after"] = str(math.ceil(error.retry_after_s))
    if isinstance(error, CredentialsMissing | CredentialsInvalid):
        headers["www-authenticate"] = "Bearer"
    return JSONResponse(
        problem(error, request_id.get(), status), status_code=status, headers=headers, media_type=MEDIA_TYPE
    )


def dialect(settings: Settings) -> Dialect:
    """This wire API."""
    router = APIRouter()
    for part in (routes.router, events.router, offer.router, files.router, health.router):
        router.include_router(part)
    return Dialect(
        name=DIALECT,
        prefixes=("/",),
        router=router,
        answer=answer,
        busy=routes.busy,
        max_body_bytes={
            "/v1/": _MAX_BODY_BYTES,
            "/v1/jobs": _FILES_OF_A_JOB * settings.max_upload_bytes + _MAX_BODY_BYTES,
            files.UPLOADS_PATH: settings.max_upload_bytes + _FORM_BYTES,
        },
    )
