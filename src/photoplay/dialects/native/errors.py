"""Errors of photoplay's own API: problem details (RFC 9457) with our stable code.

::

    {"type": "urn:photoplay:error:job_not_found", "title": "There is no such job.", "status": 404,
     "detail": "There is no such job.", "code": "job_not_found", "request_id": "…"}

``field`` names the field at fault, where there is one.
"""

from __future__ import annotations

from typing import Any

from photoplay import errors

MEDIA_TYPE = "application/problem+json"

STATUS: dict[type[errors.PhotoplayError], int] = {
    errors.RequestError: 422,
    errors.ExternalIdTaken: 409,
    errors.IdempotencyConflict: 409,
    errors.AccessError: 403,
    errors.CredentialsMissing: 401,
    errors.CredentialsInvalid: 401,
    errors.TokenExpired: 401,
    errors.TokenNotYetValid: 401,
    errors.LimitError: 429,
    errors.InsufficientCredits: 402,
    errors.ServerBusy: 503,
    errors.UploadTooLarge: 413,
    errors.NotFoundError: 404,
    errors.StateError: 409,
    errors.InputError: 422,
    errors.FileTooLarge: 413,
    errors.EngineUnavailable: 503,
    errors.PhotoplayError: 500,
}


def status_for(error: type[errors.PhotoplayError]) -> int:
    """The HTTP status of an error class, or that of its nearest ancestor."""
    return next(STATUS[cls] for cls in error.__mro__ if cls in STATUS)


def is_server_fault(error: errors.PhotoplayError) -> bool:
    """Whether the caller could do nothing about it: it goes to the log with its trace."""
    return status_for(type(error)) == STATUS[errors.PhotoplayError]


def problem(error: errors.PhotoplayError, request_id: str, status: int | None = None) -> dict[str, Any]:
    """The problem document of an error."""
    title = (type(error).__doc__ or "").strip().splitlines()[0]
    body: dict[str, Any] = {
        "type": f"urn:photoplay:error:{error.code}",
        "title": title,
        "status": status or status_for(type(error)),
        "detail": error.message,
        "code": error.code,
        "request_id": request_id,
    }
    if error.field is not None:
        body["field"] = error.field
    return body
