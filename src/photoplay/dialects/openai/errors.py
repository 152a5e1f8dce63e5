"""OpenAI's error object and HTTP statuses, and how ours map to them.

Every refusal is ``{"error": {"message", "type", "param", "code"}}``. The vendor's client libraries choose the exception
by the HTTP status alone, and send 408, 409, 429 and 5xx again; so what will not get better by itself is a 400 here even
where 409 would say more, and a refusal for want of credits, which is a 429 at the vendor's, says ``x-should-retry:
false``, a header those libraries obey.
"""

from __future__ import annotations

from typing import NamedTuple

from photoplay import errors


class Refusal(NamedTuple):
    """How an error is said."""

    status: int
    type: str
    code: str | None


_INVALID = "invalid_request_error"

TABLE: dict[type[errors.PhotoplayError], Refusal] = {
    errors.RequestError: Refusal(400, _INVALID, None),
    errors.MissingField: Refusal(400, _INVALID, "missing_required_parameter"),
    errors.InvalidField: Refusal(400, _INVALID, "invalid_value"),
    errors.UnsupportedValue: Refusal(400, _INVALID, "invalid_value"),
    errors.PromptTooLong: Refusal(400, _INVALID, "string_above_max_length"),
    errors.TooManyImages: Refusal(400, _INVALID, "array_above_max_length"),
    errors.UnknownModel: Refusal(404, _INVALID, "model_not_found"),
    errors.IdempotencyConflict: Refusal(400, "idempotency_error", "idempotency_conflict"),
    errors.AccessError: Refusal(403, "permission_error", None),
    errors.CredentialsMissing: Refusal(401, _INVALID, None),
    errors.CredentialsInvalid: Refusal(401, _INVALID, "invalid_api_key"),
    errors.AccountBlocked: Refusal(403, "permission_error", "account_deactivated"),
    errors.PlanRequired: Refusal(403, "permission_error", "plan_required"),
    errors.LimitError: Refusal(429, "rate_limit_error", "rate_limit_exceeded"),
    errors.InsufficientCredits: Refusal(429, "insufficient_quota", "insufficient_quota"),
    errors.ServerBusy: Refusal(503, "server_error", "server_overloaded"),
    errors.UploadTooLarge: Refusal(413, _INVALID, "file_too_large"),
    errors.NotFoundError: Refusal(404, _INVALID, None),
    errors.JobNotFound: Refusal(404, _INVALID, "video_not_found"),
    errors.StateError: Refusal(400, _INVALID, "video_state"),
    errors.JobNotFinished: Refusal(400, _INVALID, "video_not_ready"),
    errors.InputError: Refusal(400, _INVALID, "invalid_image"),
    errors.EngineUnavailable: Refusal(503, "server_error", "engine_unavailable"),
    errors.PhotoplayError: Refusal(500, "server_error", None),
}

FIELDS = {
    "images": "input_reference",
    "image": "input_reference",
    "duration_s": "seconds",
    "resolution": "size",
    "quality": "model",
}
"""What OpenAI's callers know our fields as."""


def refusal_of(error: type[errors.PhotoplayError]) -> Refusal:
    """How an error class is said: as in the table, or as its nearest ancestor there."""
    return next(TABLE[cls] for cls in error.__mro__ if cls in TABLE)


def param_of(error: errors.PhotoplayError) -> str | None:
    """The parameter at fault, as the caller called it."""
    return FIELDS.get(error.field, error.field) if error.field is not None else None


def message_of(error: errors.PhotoplayError) -> str:
    """The error's message, with the parameter called what the caller called it."""
    param = param_of(error)
    if param is None or error.field is None or not error.message.startswith(f"{error.field} "):
        return error.message
    return param + error.message[len(error.field) :]
