"""Kling's service codes and their HTTP statuses, and how our errors map to them.

The codes, their meanings and statuses are the vendor's table. Which code goes with which refusal is documented for
authentication (1000 to 1004), the balance (1102) and the parallel limit (1303); for the rest the closest meaning was
chosen, and an operator can set another code for any of our errors with ``PHOTOPLAY_KLING_CODES``.
"""

from __future__ import annotations

from collections.abc import Mapping

from photoplay import errors

AUTH_FAILED = 1000
AUTH_EMPTY = 1001
AUTH_INVALID = 1002
AUTH_NOT_YET = 1003
AUTH_EXPIRED = 1004
ACCOUNT_EXCEPTION = 1100
PACK_USED_UP = 1102
NO_PERMISSION = 1103
BAD_PARAMETERS = 1200
BAD_VALUE = 1201
WRONG_METHOD = 1202
NO_RESOURCE = 1203
TOO_FAST = 1302
PARALLEL_LIMIT = 1303
INTERNAL = 5000
MAINTENANCE = 5001
TIMEOUT = 5002

STATUS: Mapping[int, int] = {
    0: 200,
    **dict.fromkeys((AUTH_FAILED, AUTH_EMPTY, AUTH_INVALID, AUTH_NOT_YET, AUTH_EXPIRED), 401),
    **dict.fromkeys((ACCOUNT_EXCEPTION, 1101, PACK_USED_UP), 429),
    NO_PERMISSION: 403,
    **dict.fromkeys((BAD_PARAMETERS, BAD_VALUE), 400),
    **dict.fromkeys((WRONG_METHOD, NO_RESOURCE), 404),
    **dict.fromkeys((1300, 1301), 400),
    **dict.fromkeys((TOO_FAST, PARALLEL_LIMIT, 1304), 429),
    INTERNAL: 500,
    MAINTENANCE: 503,
    TIMEOUT: 504,
}
"""The HTTP status of each code."""

NOT_BASE64 = "File is not in a valid base64 format"
NO_BALANCE = "Account balance not enough"
PARALLEL = "parallel task over resource pack limit"
TOO_FEW_PIXELS = "Image pixel is invalid"


class WrongMethod(errors.RequestError):
    """The HTTP method is not one that this path takes."""

    code = "wrong_method"


class NotOffered(errors.NotFoundError):
    """This service does not offer that."""

    code = "not_offered"


TABLE: Mapping[type[errors.PhotoplayError], int] = {
    errors.RequestError: BAD_VALUE,
    errors.UnknownModel: NO_RESOURCE,
    WrongMethod: WRONG_METHOD,
    errors.AccessError: AUTH_FAILED,
    errors.CredentialsMissing: AUTH_EMPTY,
    errors.CredentialsInvalid: AUTH_INVALID,
    errors.SignatureInvalid: AUTH_FAILED,
    errors.TokenNotYetValid: AUTH_NOT_YET,
    errors.TokenExpired: AUTH_EXPIRED,
    errors.AccountBlocked: ACCOUNT_EXCEPTION,
    errors.PlanRequired: NO_PERMISSION,
    errors.LimitError: TOO_FAST,
    errors.InsufficientCredits: PACK_USED_UP,
    errors.ConcurrencyExceeded: PARALLEL_LIMIT,
    errors.QueueFull: PARALLEL_LIMIT,
    errors.ServerBusy: MAINTENANCE,
    errors.UploadTooLarge: BAD_VALUE,
    errors.NotFoundError: NO_RESOURCE,
    errors.ArtifactNotFound: BAD_VALUE,  # a file that a request names
    errors.StateError: BAD_VALUE,
    errors.InputError: BAD_VALUE,
    errors.EngineUnavailable: MAINTENANCE,
    errors.RenderTimeout: TIMEOUT,
    errors.PhotoplayError: INTERNAL,
}

MESSAGES: Mapping[type[errors.PhotoplayError], str] = {
    errors.InsufficientCredits: NO_BALANCE,
    errors.ConcurrencyExceeded: PARALLEL,
    errors.QueueFull: PARALLEL,
}
"""What the vendor says, where its words are known: clients look for them."""

FAILURES: Mapping[str, str] = {errors.ImageTooSmall.code: TOO_FEW_PIXELS}
"""The vendor's words for why a task failed, by our code, where they are known."""

FIELDS: Mapping[str, str] = {
    "images": "image_list",
    "last_image": "image_tail",
    "brushes": "dynamic_masks",
    "shot": "camera_control",
    "duration_s": "duration",
    "resolution": "mode",
    "quality": "mode",
    "model": "model_name",
    "external_id": "external_task_id",
    "idempotency_key": "external_task_id",
}
"""What Kling's callers know our fields as."""


def code_for(error: errors.PhotoplayError, overrides: Mapping[str, int]) -> int:
    """Kling's code for an error: the operator's, ours, or that of the nearest ancestor."""
    unread = isinstance(error, errors.InvalidField | errors.MissingField) and error.field == "body"
    if unread and error.code not in overrides:
        return BAD_PARAMETERS
    for cls in type(error).__mro__:
        if not issubclass(cls, errors.PhotoplayError):
            break
        if cls.code in overrides:
            return overrides[cls.code]
        if cls in TABLE:
            return TABLE[cls]
    return INTERNAL


def message_of(error: errors.PhotoplayError) -> str:
    """The vendor's message where it is known; else ours, with the field called what the caller called it."""
    for cls in type(error).__mro__:
        if cls in MESSAGES:
            return MESSAGES[cls]
    wire_name = FIELDS.get(error.field or "")
    if wire_name is None or error.field is None or not error.message.startswith(f"{error.field} "):
        return error.message
    return wire_name + error.message[len(error.field) :]
