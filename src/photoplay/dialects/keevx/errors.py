"""Keevx's error codes and how ours map to them.

A refusal is ``{"code", "msg"}``. The vendor's one sample says ``Parameter error: prompt cannot be empty``; all of ours
begin with the kind of error too. Documented are the codes 100001 to 100007 and the HTTP statuses 200, 400, 401, 404,
413, 429 and 500; not which code has which status, nor the codes that go with 429 and 500. Both can be set:
``PHOTOPLAY_KEEVX_HTTP`` and ``PHOTOPLAY_KEEVX_CODES``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from photoplay import errors

OK = 0
PARAMETER = 100001
BAD_TOKEN = 100002
NO_TASK = 100003
IMAGE_TOO_LARGE = 100004
PROMPT_TOO_LONG = 100005
URL_UNREACHABLE = 100006
FORMAT_UNSUPPORTED = 100007
# Not documented: the HTTP status says it once more.
BUSY = 429
SERVER_FAULT = 500

TABLE: dict[type[errors.PhotoplayError], int] = {
    errors.RequestError: PARAMETER,
    errors.PromptTooLong: PROMPT_TOO_LONG,
    errors.AccessError: BAD_TOKEN,
    errors.PlanRequired: PARAMETER,
    errors.LimitError: BUSY,
    errors.UploadTooLarge: IMAGE_TOO_LARGE,
    errors.NotFoundError: NO_TASK,
    errors.ArtifactNotFound: URL_UNREACHABLE,
    errors.UploadNotFound: URL_UNREACHABLE,
    errors.StateError: PARAMETER,
    errors.InputError: FORMAT_UNSUPPORTED,
    errors.UrlForbidden: URL_UNREACHABLE,
    errors.UrlUnreachable: URL_UNREACHABLE,
    errors.FileTooLarge: IMAGE_TOO_LARGE,
    errors.PhotoplayError: SERVER_FAULT,
}

HTTP: dict[int, int] = {
    PARAMETER: 400,
    BAD_TOKEN: 401,
    NO_TASK: 404,
    IMAGE_TOO_LARGE: 413,
    PROMPT_TOO_LONG: 400,
    URL_UNREACHABLE: 400,
    FORMAT_UNSUPPORTED: 400,
    BUSY: 429,
    SERVER_FAULT: 500,
}

KINDS: dict[int, str] = {
    PARAMETER: "Parameter error",
    BAD_TOKEN: "Invalid token",
    NO_TASK: "Task not found",
    IMAGE_TOO_LARGE: "Image too large",
    PROMPT_TOO_LONG: "Prompt too long",
    URL_UNREACHABLE: "Image URL unreachable",
    FORMAT_UNSUPPORTED: "Image format unsupported",
}
"""What the message begins with."""

FIELDS = {
    "image": "image_url",
    "images": "reference_images",
    "duration_s": "duration",
    "resolution": "aspect_resolution",
    "audio": "generate_audio",
    "last_image": "last_image_url",
}
"""What Keevx's callers know our fields as."""


class Refusal(NamedTuple):
    """How an error is said."""

    code: int
    msg: str
    status: int  # of HTTP


def refusal_of(error: errors.PhotoplayError, codes: Mapping[str, int], http: Mapping[int, int]) -> Refusal:
    """How an error is said: as in the table, or as its nearest ancestor there.

    ``codes`` are the operator's codes by ours, ``http`` the operator's HTTP statuses by Keevx's code.
    """
    family = [cls for cls in type(error).__mro__ if issubclass(cls, errors.PhotoplayError)]
    usual = next(TABLE[cls] for cls in family if cls in TABLE)
    code = next((codes[cls.code] for cls in family if cls.code in codes), usual)
    kind = KINDS.get(usual)
    message = message_of(error)
    return Refusal(code, f"{kind}: {message}" if kind else message, http.get(code, HTTP.get(code, HTTP[usual])))


def message_of(error: errors.PhotoplayError) -> str:
    """The error's message, with the field called what the caller called it."""
    if isinstance(error, errors.MissingField):
        return f"{FIELDS.get(error.field or '', error.field)} cannot be empty"
    name = FIELDS.get(error.field or "")
    if name is None or error.field is None or not error.message.startswith(f"{error.field} "):
        return error.message
    return name + error.message[len(error.field) :]
