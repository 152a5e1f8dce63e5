"""OpenAI's request and answer bodies, and how they map to and from the domain.

Sources: the vendor's OpenAPI description of ``/videos`` and what its client libraries send and read. The extra fields
are those of vLLM-Omni's server of the same API that mean something here; every other key is ignored, as both do.

Chosen here: a canceled job is a failed video, since the vendor has no word for it. ``completed_at`` is set on every
video that has ended. ``expires_at`` of a video whose files are gone is when they went.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from photoplay.catalog import Model, Resolution
from photoplay.errors import InvalidField, JobCanceled, MissingField, UnsupportedValue
from photoplay.jobs.job import AudioRequest, Job, JobRequest, JobState
from photoplay.shot import AspectRatio

DIALECT = "openai"
ID_PREFIX = "video_"
FILE_PREFIX = "file-"
DEFAULT_SECONDS = 4.0
MAX_DATA_URL_CHARS = 20 * 1024 * 1024  # of ``image_url``, as the vendor's description says
MAX_PAGE = 100
_USUAL_SIDE = 720  # pixels: of the size that is meant when only a shape is asked for

Status = Literal["queued", "in_progress", "completed", "failed"]


def _absent(value: Any) -> Any:
    return None if value == "" else value  # forms have no null


Text = Annotated[str | None, BeforeValidator(_absent)]
Count = Annotated[Annotated[int, Field(gt=0)] | None, BeforeValidator(_absent)]


class _Body(BaseModel):
    # Forms carry text only, and some clients send numbers where text belongs.
    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True, frozen=True)


class RemixBody(_Body):
    """Body of a remix."""

    prompt: str = Field(min_length=1, description="What should happen this time")
    callback_url: Text = Field(default=None, description="photoplay: told when the video is completed or failed")

    model_config = ConfigDict(json_schema_extra={"examples": [{"prompt": "Slow zoom out instead."}]})


class CreateBody(_Body):
    """Body of a create."""

    prompt: str = Field(min_length=1, description="What should happen")
    model: Text = Field(default=None, description="sora-2, sora-2-pro, or any other model of this server")
    seconds: Text = Field(default=None, description="4, 8 or 12; 4 when absent")
    size: Text = Field(default=None, description="720x1280, 1280x720, 1024x1792 or 1792x1024; the first when absent")
    input_reference: Any = Field(
        default=None, description="The photo: a file, or an object with `image_url` (URL or data URL) or `file_id`"
    )
    image_reference: Any = Field(default=None, description="The same under vLLM-Omni's name")
    seed: Annotated[Annotated[int, Field(ge=0, lt=2**63)] | None, BeforeValidator(_absent)] = Field(
        default=None, description="The same seed, photo and words give the same video"
    )
    negative_prompt: Text = Field(default=None, description="What should not happen")
    width: Count = Field(default=None, description="With `height`: the size in pixels, before `size`")
    height: Count = Field(default=None, description="With `width`")
    fps: Count = Field(default=None, description="Frames a second")
    num_frames: Count = Field(default=None, description="Length in frames, before `seconds`")
    aspect_ratio: Text = Field(default=None, description="Shape such as 16:9, where no size is given")
    generate_sound: Annotated[bool | None, BeforeValidator(_absent)] = Field(
        default=None, description="false makes a silent video"
    )
    callback_url: Text = Field(default=None, description="photoplay: told when the video is completed or failed")

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "model": "sora-2",
                    "prompt": "Slow zoom in, gentle handheld sway.",
                    "seconds": "4",
                    "size": "1280x720",
                    "input_reference": {"image_url": "https://example.com/photo.jpg"},
                }
            ]
        }
    )


class VideoError(BaseModel):
    """Why a video failed."""

    code: str
    message: str


class Video(BaseModel):
    """A video. Every key is always there."""

    id: str
    object: Literal["video"] = "video"
    model: str
    status: Status
    progress: int = Field(ge=0, le=100)
    created_at: int
    completed_at: int | None
    expires_at: int | None
    prompt: str | None
    size: str
    seconds: str
    quality: str
    remixed_from_video_id: str | None
    error: VideoError | None


class VideoList(BaseModel):
    """Part of the list of videos."""

    object: Literal["list"] = "list"
    data: list[Video]
    first_id: str | None
    last_id: str | None
    has_more: bool


class VideoDeleted(BaseModel):
    """Answer of a delete."""

    id: str
    object: Literal["video.deleted"] = "video.deleted"
    deleted: Literal[True] = True


class FileObject(BaseModel):
    """A stored file. Its id can be given as ``file_id``."""

    id: str
    object: Literal["file"] = "file"
    bytes: int
    created_at: int
    expires_at: int
    filename: str
    purpose: str
    status: Literal["processed"] = "processed"


class ModelObject(BaseModel):
    """A model. The catalog does not know when a model came to be, so ``created`` is 0."""

    id: str
    object: Literal["model"] = "model"
    created: int = 0
    owned_by: str


class ModelList(BaseModel):
    """The models that this API lists."""

    object: Literal["list"] = "list"
    data: list[ModelObject]


class Fault(BaseModel):
    """What is wrong."""

    message: str
    type: str
    param: str | None
    code: str | None


class ErrorAnswer(BaseModel):
    """Any refusal."""

    error: Fault


@dataclass(frozen=True)
class Reference:
    """A photo that the request names rather than carries: by exactly one of the two."""

    image_url: str | None = None
    file_id: str | None = None


def video_id(job: Job) -> str:
    """What this API calls a job."""
    return ID_PREFIX + job.id


def job_ref(video: str) -> str:
    """The job's id in a video id. Ids of the other APIs are taken too."""
    return video.removeprefix(ID_PREFIX)


# Requests --------------------------------------------------------------------------------------------------------


def references(body: CreateBody) -> list[Reference]:
    """The photos that ``input_reference`` or, where that is absent, ``image_reference`` names.

    Raises:
        InvalidField: it is neither an object with one of the two keys nor a URL.
    """
    field, value = "input_reference", body.input_reference
    if value in (None, ""):
        field, value = "image_reference", body.image_reference
    if value in (None, ""):
        return []
    return [_reference(item, field) for item in (value if isinstance(value, list) else [value])]


def _reference(value: Any, field: str) -> Reference:
    if isinstance(value, str) and value.lstrip().startswith("{"):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError) as error:
            raise InvalidField(field, f"{field} is not valid JSON") from error
    if isinstance(value, str):
        return Reference(image_url=value)
    if isinstance(value, Mapping):
        given = {name: value[name] for name in ("image_url", "file_id") if value.get(name) not in (None, "")}
        if len(given) == 1 and all(isinstance(item, str) for item in given.values()):
            return Reference(**given)
    raise InvalidField(field, f"{field} must be a file, or an object with either image_url or file_id")


def no_photo() -> MissingField:
    """The refusal of a create without a photo."""
    return MissingField(
        "input_reference",
        "input_reference is required: this service animates images. Send the photo to animate as a file, or as "
        "an object with image_url (a URL or a base64 data URL) or file_id.",
    )


def to_request(body: CreateBody, *, model: Model, client_id: str, base_url: str) -> JobRequest:
    """The domain's request for a create body, still without its photos.

    ``client_id`` is that of the key the request came with: it signs the webhooks.

    Raises:
        MissingField: there is a width without a height, or the other way round.
        InvalidField, UnsupportedValue: ``seconds``, ``size`` or ``aspect_ratio`` is not what the API knows.
    """
    resolution, aspect_ratio = _frame(body, model)
    return JobRequest(
        prompt=body.prompt,
        negative_prompt=body.negative_prompt or "",
        duration_s=_length_s(body, model),
        resolution=resolution,
        aspect_ratio=aspect_ratio,
        fps=body.fps,
        audio=AudioRequest(mode="none" if body.generate_sound is False else "generate"),
        seed=body.seed,
        model=model.name,
        callback_url=body.callback_url,
        dialect=DIALECT,
        face={"client_id": client_id, "base_url": base_url},
    )


def to_remix(source: Job, body: RemixBody, *, origin: JobRequest, client_id: str, base_url: str) -> JobRequest:
    """The request of ``origin`` once more with another prompt. ``origin`` is the source's own request, or that of the
    job whose picture the source has."""
    return origin.model_copy(
        update={
            "prompt": body.prompt,
            "external_id": None,
            # Another dialect's receiver would not understand this dialect's message.
            "callback_url": body.callback_url or (origin.callback_url if origin.dialect == DIALECT else None),
            "dialect": DIALECT,
            "face": {"client_id": client_id, "base_url": base_url, "remixed_from": source.id},
        }
    )


def _length_s(body: CreateBody, model: Model) -> float:
    if body.num_frames is not None:
        return body.num_frames / (body.fps or model.default_fps)
    if body.seconds is None:
        return DEFAULT_SECONDS if model.takes_duration(DEFAULT_SECONDS) else model.durations_s[0]
    try:
        length_s = float(body.seconds)
    except ValueError:
        length_s = math.nan
    if not math.isfinite(length_s):
        raise InvalidField("seconds", f"seconds must be a number as text, not {body.seconds[:40]!r}")
    if DIALECT in model.dialects and length_s not in model.durations_s:
        raise _not_offered("seconds", body.seconds, [f"{each:g}" for each in model.durations_s])
    return length_s


def _frame(body: CreateBody, model: Model) -> tuple[str, AspectRatio]:
    """The domain's resolution and shape."""
    exact = [resolution.name for resolution in model.resolutions if resolution.exact]
    if body.width is not None or body.height is not None:
        if body.width is None or body.height is None:
            missing = "width" if body.width is None else "height"
            raise MissingField(missing, f"{missing} is required: width and height go together")
        return f"{body.width}x{body.height}", "auto"
    if body.size is not None:
        size = body.size.strip().lower()
        if DIALECT in model.dialects and size not in exact:
            raise _not_offered("size", size, exact)
        return size, "auto"
    if body.aspect_ratio is not None:
        shape = next((known for known in get_args(AspectRatio) if known == body.aspect_ratio), None)
        if shape is None:
            raise _not_offered("aspect_ratio", body.aspect_ratio, list(model.aspect_ratios))
        return _usual(model).name, shape
    return (exact[0] if exact else _usual(model).name), "auto"


def _usual(model: Model) -> Resolution:
    """The size of a model that leaves the shape open and is closest to 720p."""
    open_ones = [resolution for resolution in model.resolutions if not resolution.exact]
    if not open_ones:
        raise UnsupportedValue("aspect_ratio", f"The model {model.name} makes only the sizes it lists.")
    return min(open_ones, key=lambda resolution: abs(resolution.short_side - _USUAL_SIDE))


def _not_offered(field: str, value: str, offered: Sequence[str]) -> UnsupportedValue:
    return UnsupportedValue(
        field, f"Invalid value: {value[:40]!r}. Supported values are: {', '.join(map(repr, offered))}."
    )


# Answers ---------------------------------------------------------------------------------------------------------


def status_of(job: Job) -> Status:
    """This API's status for a job."""
    if job.state is JobState.QUEUED:
        return "queued"
    if job.state is JobState.RUNNING:
        return "in_progress"
    return "completed" if job.state in (JobState.SUCCEEDED, JobState.EXPIRED) else "failed"


def video_of(job: Job, model: Model | None) -> Video:
    """A job as this API shows it. ``model`` is its model, if the catalog still has it."""
    request = job.request
    status = status_of(job)
    remixed_from = request.face.get("remixed_from") if request.dialect == DIALECT else None
    length_s = job.duration_s if request.audio_of is not None and job.duration_s is not None else request.duration_s
    return Video(
        id=video_id(job),
        model=request.model,
        status=status,
        progress=100 if status == "completed" else min(99, int(job.progress * 100)),
        created_at=job.created_ms // 1000,
        completed_at=_seconds(job.finished_ms),
        expires_at=_seconds(job.updated_ms if job.state is JobState.EXPIRED else job.expires_ms),
        prompt=request.prompt or None,
        size=_size(job, model),
        seconds=f"{round(length_s, 3):g}",
        quality="standard" if request.quality == "std" else request.quality,
        remixed_from_video_id=ID_PREFIX + remixed_from if isinstance(remixed_from, str) else None,
        error=_error(job) if status == "failed" else None,
    )


def _seconds(ms: int | None) -> int | None:
    return None if ms is None else ms // 1000


def _size(job: Job, model: Model | None) -> str:
    """WIDTHxHEIGHT: of the picture, once it is rendered; before that what was asked for, in its usual shape."""
    if job.width and job.height:
        return f"{job.width}x{job.height}"
    asked = job.request.resolution.lower()
    named = next((each for each in (model.resolutions if model else ()) if each.name == asked), None)
    return asked if named is None else f"{named.width}x{named.height}"


def _error(job: Job) -> VideoError:
    if job.state is JobState.CANCELED:
        return VideoError(code=JobCanceled.code, message=JobCanceled().message)
    return VideoError(code=job.error_code or "error", message=job.error_message or "The video could not be made.")
