"""AKOOL's error codes and how ours map to them.

The vendor's complete table (error-code page) gives the meanings; which code goes with which refusal is
documented for authentication only (1101, 1102, 1109, 1200) and inferred for the rest, so an operator can set
another number for any of our codes with ``PHOTOPLAY_AKOOL_CODES``.

Business errors are answered with HTTP 200: the vendor's own client throws on any other status and then looks
for keys that the vendor does not send. Only an unexpected fault of this server is a 500.
"""

from __future__ import annotations

from collections.abc import Mapping

from photoplay import errors

OK = 1000
PARAMETER = 1003
FREQUENT = 1005
CONTENT_MISSING = 1008
NO_PERMISSION = 1009
WRONG_STATE = 1010
RESOURCE_MISSING = 1014
VIDEO_PROCESSING = 1015
BAD_TOKEN = 1101
NO_TOKEN = 1102
CREDIT_LOW = 1104
IMAGE_PROCESSING = 1108
NO_ACCOUNT = 1109
AUDIO_PROCESSING = 1110
BLOCKED = 1200
VIDEO_CREATION = 1205
SUBSCRIBERS_ONLY = 1213

RESULTS_REFUSED = "Failed to get results"
"""What ``resultsByIds`` says for an unknown id or an ``_ids`` that is not one string."""
STILL_PROCESSING = "video resource is processing, please try again later"
"""What ``delbyids`` says of a video that is not finished; ``updateVideoAudio`` says the same."""
IDS_REFUSED = "parameter validate error"
"""What the vendor was seen to say with code 1003; here for an ``_ids`` that is not one string."""
NO_SUCH_VIDEO = "The content does not exist"
"""The table's words for 1008. The vendor does not show what ``delbyids`` says of an unknown id."""
NO_VIDEO = "The video was not made: there is no picture to give sound to"


class UnknownApiKey(errors.CredentialsInvalid):
    """The API key is not valid."""

    code = "api_key_invalid"


TABLE: dict[type[errors.PhotoplayError], int] = {
    errors.RequestError: PARAMETER,
    errors.AccessError: NO_PERMISSION,
    errors.CredentialsMissing: NO_TOKEN,
    errors.CredentialsInvalid: BAD_TOKEN,
    errors.TokenExpired: BAD_TOKEN,
    errors.TokenNotYetValid: BAD_TOKEN,
    UnknownApiKey: NO_ACCOUNT,
    errors.AccountBlocked: BLOCKED,
    errors.PlanRequired: SUBSCRIBERS_ONLY,
    errors.LimitError: FREQUENT,
    errors.InsufficientCredits: CREDIT_LOW,
    errors.UploadTooLarge: PARAMETER,
    errors.NotFoundError: CONTENT_MISSING,
    errors.ArtifactNotFound: RESOURCE_MISSING,
    errors.UploadNotFound: RESOURCE_MISSING,
    errors.StateError: WRONG_STATE,
    errors.InputError: IMAGE_PROCESSING,
    errors.UrlForbidden: PARAMETER,
    errors.AudioUnreadable: AUDIO_PROCESSING,
    errors.RenderError: VIDEO_CREATION,
    errors.PhotoplayError: VIDEO_PROCESSING,
}


def code_for(error: type[errors.PhotoplayError], overrides: Mapping[str, int]) -> int:
    """AKOOL's code for an error class: the operator's, ours, or that of the nearest ancestor."""
    for cls in error.__mro__:
        if not issubclass(cls, errors.PhotoplayError):
            break
        if cls.code in overrides:
            return overrides[cls.code]
        if cls in TABLE:
            return TABLE[cls]
    return VIDEO_PROCESSING


FIELDS = {
    "images": "image_url",
    "image": "image_url",
    "last_image": "last_image_url",
    "audio": "audio_url",
    "duration_s": "video_length",
    "effect": "effect_code",
    "model": "model_name",
    "quality": "is_premium_model",
}
"""What AKOOL's callers know our fields as."""


def message_of(error: errors.PhotoplayError) -> str:
    """The error's message, with the field called what the caller called it."""
    wire_name = FIELDS.get(error.field or "")
    if wire_name is None or error.field is None or not error.message.startswith(f"{error.field} "):
        return error.message
    return wire_name + error.message[len(error.field) :]


def is_server_fault(error: errors.PhotoplayError) -> bool:
    """Whether the caller could do nothing about it: answered with HTTP 500."""
    return isinstance(error, errors.StorageError | errors.SettingsError) or type(error) is errors.PhotoplayError
