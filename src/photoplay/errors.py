"""Every error photoplay raises on purpose, in one tree.

::

    PhotoplayError
    ├── RequestError                what the caller asked for cannot be done as asked
    │   ├── MissingField
    │   ├── InvalidField
    │   ├── UnsupportedValue
    │   ├── PromptTooLong
    │   ├── TooManyImages
    │   ├── UnknownEffect
    │   ├── UnknownModel
    │   ├── ExternalIdTaken
    │   └── IdempotencyConflict
    ├── AccessError                 who asks is unknown or not allowed
    │   ├── CredentialsMissing
    │   ├── CredentialsInvalid
    │   │   └── SignatureInvalid
    │   ├── TokenExpired
    │   ├── TokenNotYetValid
    │   ├── AccountBlocked
    │   └── PlanRequired
    ├── LimitError                  allowed, but not now or not that much
    │   ├── InsufficientCredits
    │   ├── RateLimited
    │   ├── ConcurrencyExceeded
    │   ├── QueueFull
    │   ├── ServerBusy
    │   └── UploadTooLarge
    ├── NotFoundError
    │   ├── JobNotFound
    │   ├── ArtifactNotFound
    │   └── UploadNotFound
    ├── StateError                  the thing exists but is in the wrong state
    │   ├── JobNotFinished
    │   ├── JobFinished
    │   └── JobCanceled
    ├── InputError                  a file or URL the caller gave cannot be used
    │   ├── UrlForbidden
    │   ├── UrlUnreachable
    │   ├── FileTooLarge
    │   ├── ImageUnreadable
    │   ├── ImageFormatUnsupported
    │   ├── ImageTooLarge
    │   ├── ImageTooSmall
    │   ├── ImageShapeUnsupported
    │   └── AudioUnreadable
    ├── RenderError                 the engine could not finish
    │   ├── EngineUnavailable
    │   ├── RenderFailed
    │   ├── RenderCrashed
    │   ├── RenderTimeout
    │   └── ExtenderFailed
    ├── WeightsError                model weights are absent or not what they should be
    │   ├── WeightsMissing
    │   └── WeightsCorrupt
    ├── StorageError
    └── SettingsError

An error knows nothing of HTTP. A dialect maps ``type(error)`` (or its nearest ancestor) to its own
status and code in one table. ``code`` is stable: it is stored with failed jobs and shown to callers.
``message`` is safe to show to the caller; what only an operator may see goes to the log.
"""

from __future__ import annotations

from typing import ClassVar


class PhotoplayError(Exception):
    """photoplay could not do what was asked."""

    code: ClassVar[str] = "error"

    def __init__(self, message: str | None = None, *, field: str | None = None) -> None:
        doc = (type(self).__doc__ or "").strip().splitlines()
        self.message: str = message or (doc[0] if doc else "Error.")
        self.field: str | None = field
        super().__init__(self.message)


class RequestError(PhotoplayError):
    """The request cannot be done as asked."""

    code = "request_invalid"


class MissingField(RequestError):
    """A required field is missing."""

    code = "missing_field"

    def __init__(self, field: str, message: str | None = None) -> None:
        super().__init__(message or f"{field} is required", field=field)


class InvalidField(RequestError):
    """A field has a value of the wrong type or shape."""

    code = "invalid_field"

    def __init__(self, field: str, message: str | None = None) -> None:
        super().__init__(message or f"{field} is invalid", field=field)


class UnsupportedValue(RequestError):
    """A field has a value that this model does not offer."""

    code = "unsupported_value"

    def __init__(self, field: str, message: str | None = None) -> None:
        super().__init__(message or f"{field} is not supported", field=field)


class PromptTooLong(RequestError):
    """The prompt is longer than this model takes."""

    code = "prompt_too_long"


class TooManyImages(RequestError):
    """More images were given than this model takes."""

    code = "too_many_images"


class UnknownEffect(RequestError):
    """There is no effect of that name."""

    code = "unknown_effect"


class UnknownModel(RequestError):
    """There is no model of that name."""

    code = "unknown_model"


class ExternalIdTaken(RequestError):
    """Another job of this account already has that external id."""

    code = "external_id_taken"


class IdempotencyConflict(RequestError):
    """The idempotency key was used before with a different request."""

    code = "idempotency_conflict"


class AccessError(PhotoplayError):
    """Access denied."""

    code = "access_denied"


class CredentialsMissing(AccessError):
    """No credentials were given."""

    code = "credentials_missing"


class CredentialsInvalid(AccessError):
    """The credentials are not valid."""

    code = "credentials_invalid"


class SignatureInvalid(CredentialsInvalid):
    """The signature of the token is not valid."""

    code = "signature_invalid"


class TokenExpired(AccessError):
    """The token has expired."""

    code = "token_expired"


class TokenNotYetValid(AccessError):
    """The token is not valid yet."""

    code = "token_not_yet_valid"


class AccountBlocked(AccessError):
    """The account is blocked."""

    code = "account_blocked"


class PlanRequired(AccessError):
    """The account's plan does not include this."""

    code = "plan_required"


class LimitError(PhotoplayError):
    """A limit was reached."""

    code = "limit_reached"

    def __init__(
        self, message: str | None = None, *, field: str | None = None, retry_after_s: float | None = None
    ) -> None:
        super().__init__(message, field=field)
        self.retry_after_s = retry_after_s


class InsufficientCredits(LimitError):
    """The account has too few credits."""

    code = "insufficient_credits"


class RateLimited(LimitError):
    """Too many requests."""

    code = "rate_limited"


class ConcurrencyExceeded(LimitError):
    """Too many jobs at once for this account."""

    code = "concurrency_exceeded"


class QueueFull(LimitError):
    """The queue is full."""

    code = "queue_full"


class ServerBusy(LimitError):
    """The server has as many jobs as it takes; try again later."""

    code = "server_busy"


class UploadTooLarge(LimitError):
    """The uploaded file is too large."""

    code = "upload_too_large"


class NotFoundError(PhotoplayError):
    """Not found."""

    code = "not_found"


class JobNotFound(NotFoundError):
    """There is no such job."""

    code = "job_not_found"


class ArtifactNotFound(NotFoundError):
    """There is no such file."""

    code = "artifact_not_found"


class UploadNotFound(NotFoundError):
    """There is no such upload."""

    code = "upload_not_found"


class StateError(PhotoplayError):
    """The job is in the wrong state for this."""

    code = "wrong_state"


class JobNotFinished(StateError):
    """The job is still queued or running."""

    code = "job_not_finished"


class JobFinished(StateError):
    """The job has already finished."""

    code = "job_finished"


class JobCanceled(StateError):
    """The job was canceled."""

    code = "job_canceled"


class InputError(PhotoplayError):
    """An input file cannot be used."""

    code = "input_unusable"


class UrlForbidden(InputError):
    """The URL points to an address this server does not fetch from."""

    code = "url_forbidden"


class UrlUnreachable(InputError):
    """The URL could not be fetched."""

    code = "url_unreachable"


class FileTooLarge(InputError):
    """The file is too large."""

    code = "file_too_large"


class ImageUnreadable(InputError):
    """The file is not a readable image."""

    code = "image_unreadable"


class ImageFormatUnsupported(InputError):
    """Images of this format are not supported."""

    code = "image_format_unsupported"


class ImageTooLarge(InputError):
    """The image has too many pixels."""

    code = "image_too_large"


class ImageTooSmall(InputError):
    """The image has too few pixels."""

    code = "image_too_small"


class ImageShapeUnsupported(InputError):
    """The image is too long or too tall for this model."""

    code = "image_shape_unsupported"


class AudioUnreadable(InputError):
    """The file has no readable sound."""

    code = "audio_unreadable"


class RenderError(PhotoplayError):
    """The clip could not be rendered."""

    code = "render_error"


class EngineUnavailable(RenderError):
    """The engine this model needs is not available on this server."""

    code = "engine_unavailable"


class RenderFailed(RenderError):
    """The engine failed while rendering."""

    code = "render_failed"


class RenderCrashed(RenderError):
    """The render process ended unexpectedly."""

    code = "render_crashed"


class RenderTimeout(RenderError):
    """Rendering took longer than allowed."""

    code = "render_timeout"


class ExtenderFailed(RenderError):
    """The service that extends prompts gave no usable answer."""

    code = "extender_failed"


class WeightsError(PhotoplayError):
    """Model weights cannot be used."""

    code = "weights_error"


class WeightsMissing(WeightsError):
    """Model weights are not installed."""

    code = "weights_missing"


class WeightsCorrupt(WeightsError):
    """Model weights do not match their checksum."""

    code = "weights_corrupt"


class StorageError(PhotoplayError):
    """The artifact store failed."""

    code = "storage_error"


class SettingsError(PhotoplayError):
    """A setting is wrong."""

    code = "settings_invalid"


def _tree(cls: type[PhotoplayError]) -> list[type[PhotoplayError]]:
    found = [cls]
    for sub in cls.__subclasses__():
        found.extend(_tree(sub))
    return found


def by_code(code: str) -> type[PhotoplayError]:
    """The error class with that stable code; :class:`PhotoplayError` when there is none."""
    for cls in _tree(PhotoplayError):
        if cls.code == code:
            return cls
    return PhotoplayError
