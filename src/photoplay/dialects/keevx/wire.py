"""Keevx's request and answer bodies, and how they map to and from the domain.

Sources: the vendor's page of ``POST /v1/image_to_video`` (names, types, samples and the rules by model) and its skill
(query and upload). What each model takes stands in the catalog: the kinds of a model say whether it starts from one
photo, is made of several, or either. Unknown keys are ignored; null, empty text and an empty list count as absent.

Chosen here, because the vendor says nothing of it: a request with both kinds of images is refused; so is a field that
the model does not use (the setting ``keevx_unused``); numbers as text are refused. Every key of an answer is always
there, empty where there is nothing to say. ``last_image_url``, a photo to end on, is photoplay's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, model_validator

from photoplay.catalog import Kind, Model, check_duration
from photoplay.errors import InvalidField, MissingField, PromptTooLong, TooManyImages, UnsupportedValue
from photoplay.jobs.job import AudioRequest, Job, JobRequest, JobState, MediaRef
from photoplay.shot import AspectRatio

DIALECT = "keevx"
ID_PREFIX = "i2v-"
TASK_TYPE = "image_to_video"
MAX_COUNT = 4
START: Kind = "image-to-video"
SEVERAL: Kind = "multi-image-to-video"

Status = Literal["PENDING", "PROCESSING", "SUCCEEDED", "FAILED"]
Unused = Literal["refuse", "ignore"]

_TASK_ID = "i2v-d6b6472bcf724d0399e06d1390cb964e"


class CreateBody(BaseModel):
    """Body of a create."""

    model: str = Field(description="V, KL or S")
    prompt: str = Field(description="What should happen, in at most 1000 characters")
    aspect_ratio: str = Field(description="16:9 or 9:16")
    aspect_resolution: str = Field(description="720p (all models), 1080p (V, KL) or 4k (V)")
    duration: Annotated[int, Field(ge=1, le=3600)] = Field(
        description="Seconds. V: 4, 6 or 8 with image_url, 8 with reference_images. KL: 5 or 10. S: 6, 8 or 12"
    )
    image_url: str | None = Field(
        default=None, description="The photo to start from. For S, and for V instead of several"
    )
    reference_images: list[str] | None = Field(
        default=None,
        description="Several photos. For KL (at most 7), and for V (at most 3) instead of `image_url`",
    )
    last_image_url: str | None = Field(
        default=None, description="photoplay: the photo to end on. For V and S with image_url"
    )
    generate_audio: bool = Field(default=False, description="Whether the video has sound. For V only")
    generate_count: Annotated[int, Field(ge=1, le=MAX_COUNT)] = Field(
        default=1, description="How many different videos to make, each a task of its own: 1 to 4"
    )
    callback_url: str | None = Field(default=None, description="Told when each task has ended")

    model_config = ConfigDict(
        extra="ignore",
        frozen=True,
        strict=True,
        json_schema_extra={
            "examples": [
                {
                    "model": "V",
                    "prompt": "A running golden retriever, sunny meadow, high quality, cinematic feel",
                    "image_url": "https://example.com/start_frame.jpg",
                    "aspect_ratio": "16:9",
                    "aspect_resolution": "1080p",
                    "duration": 6,
                    "generate_audio": True,
                    "generate_count": 1,
                    "callback_url": "https://your-server.com/callback",
                },
                {
                    "model": "KL",
                    "prompt": "A golden retriever running in the grass, sunny day, cinematic lighting",
                    "reference_images": ["https://example.com/ref1.jpg", "https://example.com/ref2.jpg"],
                    "aspect_ratio": "9:16",
                    "aspect_resolution": "720p",
                    "duration": 5,
                    "generate_count": 2,
                },
                {
                    "model": "S",
                    "prompt": "Slow zoom in, gentle wind in the trees",
                    "image_url": "https://example.com/start_frame.jpg",
                    "aspect_ratio": "16:9",
                    "aspect_resolution": "720p",
                    "duration": 8,
                },
            ]
        },
    )

    @model_validator(mode="before")
    @classmethod
    def _without_nothing(cls, value: Any) -> Any:
        return {k: v for k, v in value.items() if v not in (None, "", [])} if isinstance(value, dict) else value


class Created(BaseModel):
    """``data`` of a create."""

    task_ids: list[str] = Field(description="One for each of `generate_count`")


class CreateAnswer(BaseModel):
    """Answer of a create."""

    code: int = 0
    msg: str = "ok"
    data: Created

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"code": 0, "msg": "ok", "data": {"task_ids": [_TASK_ID]}}]}
    )


class Task(BaseModel):
    """A task."""

    task_id: str
    status: Status
    video_url: str = Field(description="A signed link to the MP4; empty until the task has succeeded")
    thumbnail_url: str = Field(description="A signed link to a WebP; empty until the task has succeeded")
    error_message: str = Field(description="Why the task failed; empty otherwise")
    duration: int = Field(description="Seconds")
    width: int = Field(description="Pixels; 0 while not known")
    height: int = Field(description="Pixels; 0 while not known")


class TaskAnswer(BaseModel):
    """Answer of a query."""

    code: int = 0
    msg: str = "ok"
    data: Task

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "code": 0,
                    "msg": "ok",
                    "data": {
                        "task_id": _TASK_ID,
                        "status": "SUCCEEDED",
                        "video_url": f"https://example.com/artifacts/…/{_TASK_ID}.mp4",
                        "thumbnail_url": f"https://example.com/artifacts/…/{_TASK_ID}-thumbnail.webp",
                        "error_message": "",
                        "duration": 8,
                        "width": 720,
                        "height": 1280,
                    },
                }
            ]
        }
    )


class Told(BaseModel):
    """``data`` of a callback."""

    task_id: str
    status: Status
    video_url: str
    thumbnail_url: str
    error_message: str


class CallbackBody(BaseModel):
    """Body of a callback: one for each task. ``code`` says that it was sent, not that the task succeeded."""

    code: int = 0
    msg: str = "ok"
    task_type: str = TASK_TYPE
    data: Told


class GlobalMessage(BaseModel):
    """``message`` of an upload."""

    everywhere: str = Field(default="success", serialization_alias="global")


class Uploaded(BaseModel):
    """``result`` of an upload."""

    url: str = Field(description="Can be named wherever a create takes an image")
    file_id: str = Field(serialization_alias="fileId")
    file_name: str = Field(serialization_alias="fileName")


class UploadAnswer(BaseModel):
    """Answer of an upload."""

    code: int = 0
    success: bool = True
    message: GlobalMessage = GlobalMessage()
    result: Uploaded


class ErrorAnswer(BaseModel):
    """Any refusal."""

    code: int
    msg: str


def task_id(job: Job) -> str:
    """What this API calls a job."""
    return ID_PREFIX + job.id


def job_ref(task: str) -> str:
    """The job's id in a task id. Ids of the other APIs are taken too."""
    return task.removeprefix(ID_PREFIX)


# Requests --------------------------------------------------------------------------------------------------------


def kind_of(body: CreateBody, model: Model, unused: Unused) -> Kind:
    """Whether one photo is started from, or several are made into one video.

    ``unused`` says what comes of images that the model does not use; "ignore" prefers the photo to start from where
    the model could use either.

    Raises:
        MissingField: the images that the model needs are not there.
        InvalidField: there are images that it does not use, or of both kinds.
        TooManyImages: there are more than it takes.
    """
    takes = {"image_url": START in model.kinds, "reference_images": SEVERAL in model.kinds}
    given = {"image_url": body.image_url is not None, "reference_images": body.reference_images is not None}
    usable = [field for field in takes if takes[field] and given[field]]
    if unused == "refuse":
        for field in takes:
            if given[field] and not takes[field]:
                raise _not_used(field, model)
        if len(usable) > 1:
            raise InvalidField("image_url", "image_url and reference_images cannot be given together")
    if not usable:
        raise MissingField(" or ".join(field for field in takes if takes[field]))
    if usable[0] == "image_url":
        return START
    count = len(body.reference_images or ())
    if count > model.max_images:
        raise TooManyImages(
            f"reference_images has {count} images; the model {model.name} takes {model.max_images}.",
            field="reference_images",
        )
    return SEVERAL


def photos(body: CreateBody, kind: Kind) -> list[tuple[str, str]]:
    """(field, URL) of every photo that counts."""
    if kind == START:
        return [("image_url", body.image_url or "")]
    return [(f"reference_images[{number}]", url) for number, url in enumerate(body.reference_images or ())]


def ends_on(body: CreateBody, model: Model, kind: Kind, unused: Unused) -> str | None:
    """URL of the photo to end on, if there is one.

    Raises:
        InvalidField: there is one, but the model or the kind does not use it.
    """
    if body.last_image_url is None or (model.last_frame and kind == START):
        return body.last_image_url
    if unused == "refuse":
        raise _not_used("last_image_url", model)
    return None


def to_request(
    body: CreateBody,
    *,
    model: Model,
    kind: Kind,
    images: Sequence[MediaRef],
    last_image: MediaRef | None,
    unused: Unused,
    client_id: str,
    base_url: str,
) -> JobRequest:
    """The domain's request for one task of a create.

    ``client_id`` is that of the key the request came with: it signs the callbacks. ``base_url`` is where this client
    reaches the server: the links in callbacks start with it.

    Raises:
        MissingField: the prompt is blank.
        PromptTooLong: it has more characters than the model takes.
        UnsupportedValue: a value is not what the model offers.
        InvalidField: sound is asked for, which the model does not make.
    """
    if not body.prompt.strip():
        raise MissingField("prompt")
    if len(body.prompt) > model.prompt_limit:
        raise PromptTooLong(
            f"prompt has {len(body.prompt)} characters; the model {model.name} takes {model.prompt_limit}",
            field="prompt",
        )
    _check_offered("aspect_ratio", body.aspect_ratio, model.aspect_ratios)
    _check_offered("aspect_resolution", body.aspect_resolution, (each.name for each in model.resolutions))
    check_duration(model, float(body.duration), kind)
    if body.generate_audio and not model.sound and unused == "refuse":
        raise _not_used("generate_audio", model)
    return JobRequest(
        images=tuple(images),
        last_image=last_image,
        prompt=body.prompt,
        duration_s=float(body.duration),
        resolution=body.aspect_resolution,
        aspect_ratio=cast(AspectRatio, body.aspect_ratio),  # it is one of the model's
        audio=AudioRequest(mode="generate" if body.generate_audio and model.sound else "none"),
        model=model.name,
        callback_url=body.callback_url,
        dialect=DIALECT,
        face={"client_id": client_id, "base_url": base_url},
    )


def _check_offered(field: str, value: str, offered: Iterable[str]) -> None:
    names = list(offered)
    if value not in names:
        raise UnsupportedValue(field, f"{field} {value[:40]!r} is not offered; it can be {', '.join(names)}")


def _not_used(field: str, model: Model) -> InvalidField:
    return InvalidField(field, f"{field} is not used by the model {model.name} in this mode")


# Answers ---------------------------------------------------------------------------------------------------------


def status_of(job: Job) -> Status:
    """This API's status for a job. It has no word for a canceled one but FAILED."""
    if job.state is JobState.QUEUED:
        return "PENDING"
    if job.state is JobState.RUNNING:
        return "PROCESSING"
    return "SUCCEEDED" if job.state is JobState.SUCCEEDED else "FAILED"


def reason_of(job: Job) -> str:
    """Why a job failed; empty when it did not."""
    if job.state is JobState.CANCELED:
        return "The task was canceled."
    return job.error_message or "The video could not be made." if status_of(job) == "FAILED" else ""


def task_of(job: Job, model: Model | None, *, video_url: str | None, thumbnail_url: str | None) -> Task:
    """A job as this API shows it. ``model`` is its model, if the catalog still has it."""
    length_s = job.duration_s if job.duration_s is not None else job.request.duration_s
    width, height = _size_of(job, model)
    return Task(
        task_id=task_id(job),
        status=status_of(job),
        video_url=video_url or "",
        thumbnail_url=thumbnail_url or "",
        error_message=reason_of(job),
        duration=round(length_s),
        width=width,
        height=height,
    )


def _size_of(job: Job, model: Model | None) -> tuple[int, int]:
    """Of the picture, once it is rendered; before that what will be, where the request says the shape."""
    if job.width and job.height:
        return job.width, job.height
    named = next((each for each in (model.resolutions if model else ()) if each.name == job.request.resolution), None)
    if named is None or job.request.aspect_ratio not in ("16:9", "9:16"):
        return 0, 0
    long, short = max(named.width, named.height), min(named.width, named.height)
    return (long, short) if job.request.aspect_ratio == "16:9" else (short, long)
