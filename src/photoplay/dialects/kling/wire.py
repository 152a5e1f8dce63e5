"""What goes over the wire: bodies in, answers out, and between them the domain.

Sources: the vendor's page of multi-image to video, and for the sibling image2video its fields as of 2026. Unknown keys
are ignored, as clients send keys of one call to another; ``model``, the old name of ``model_name``, is one of them, as
the vendor says. A null or an empty text stands for an absent field.

Chosen here, since the vendor leaves it open: one image is enough for multi-image to video; a key that a task does not
have (an external id, a result before the end) is an empty text or an empty list, which strict and lax clients take
alike; a canceled job is a failed task.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from photoplay.dialects.kling.errors import FAILURES
from photoplay.errors import JobCanceled
from photoplay.jobs.job import Job, JobState

DIALECT = "kling"
Endpoint = Literal["multi-image2video", "image2video"]
MULTI_IMAGE: Final = "multi-image2video"
IMAGE: Final = "image2video"

MAX_IMAGES = 4
MAX_MASKS = 6
MAX_SHOTS = 6
MAX_SHOT_PROMPT_CHARS = 512
MIN_POINTS, MAX_POINTS = 2, 77
MAX_PAGE_NUMBER, MAX_PAGE_SIZE, PAGE_SIZE = 1000, 500, 30
MAX_EXTERNAL_ID_CHARS = 200

Status = Literal["submitted", "processing", "succeed", "failed"]
STATUS_OF: Mapping[JobState, Status] = {
    JobState.QUEUED: "submitted",
    JobState.RUNNING: "processing",
    JobState.SUCCEEDED: "succeed",
    JobState.FAILED: "failed",
    JobState.CANCELED: "failed",
    JobState.EXPIRED: "succeed",
}


def _or(default: Any) -> BeforeValidator:
    """Takes null and an empty text for ``default``."""
    return BeforeValidator(lambda value: default if value is None or value == "" else value)


def _none(value: Any) -> Any:
    return None if value in ("", {}, []) else value


Text = Annotated[str, _or("")]


class _Body(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)


# Requests --------------------------------------------------------------------------------------------------------


class Watermark(_Body):
    """Whether a watermarked copy is made too."""

    enabled: Annotated[bool, _or(False)] = Field(default=False, description="true also makes a watermarked copy")


class _Common(_Body):
    model_name: Text = Field(default="", description="Name of the model")
    negative_prompt: Text = Field(default="", description="What should not happen; up to 2500 characters")
    duration: Annotated[str | int | float, _or("5")] = Field(default="5", description="Seconds, as text")
    watermark_info: Annotated[Watermark | None, BeforeValidator(_none)] = Field(
        default=None, description="With `enabled` true the result has a second file, with a mark on it"
    )
    callback_url: Text = Field(default="", description="Told of every change of the task's status")
    external_task_id: Text = Field(
        default="",
        max_length=MAX_EXTERNAL_ID_CHARS,
        description="Your own id for the task, unique in your account; the same request with it again is the same task",
    )


class ImageItem(_Body):
    """One image."""

    image: str = Field(min_length=1, description="URL, or base64 without a `data:` prefix; JPEG or PNG")


class MultiImageBody(_Common):
    """Body of a multi-image create."""

    image_list: list[ImageItem] = Field(min_length=1, max_length=MAX_IMAGES, description="One to four images")
    prompt: str = Field(min_length=1, description="What should happen; up to 2500 characters")
    mode: Annotated[Literal["std", "pro"], _or("std")] = Field(default="std", description="std (720p) or pro (1080p)")
    aspect_ratio: Annotated[Literal["16:9", "9:16", "1:1"], _or("16:9")] = Field(
        default="16:9", description="Shape of the video"
    )

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "model_name": "kling-v1-6",
                    "image_list": [
                        {"image": "https://example.com/one.jpg"},
                        {"image": "https://example.com/two.jpg"},
                    ],
                    "prompt": "The camera moves slowly from one picture to the next.",
                    "negative_prompt": "",
                    "mode": "std",
                    "duration": "5",
                    "aspect_ratio": "16:9",
                    "watermark_info": {"enabled": True},
                    "callback_url": "",
                    "external_task_id": "",
                }
            ]
        }
    )


class TrajectoryPoint(_Body):
    """A point of a trajectory, in pixels of the image."""

    x: float = Field(allow_inf_nan=False, description="Pixels from the left")
    y: float = Field(allow_inf_nan=False, description="Pixels from the bottom")


class DynamicMask(_Body):
    """A part of the image that moves."""

    mask: str = Field(min_length=1, description="URL or base64 of an image that is bright where the part is")
    trajectories: list[TrajectoryPoint] = Field(
        min_length=MIN_POINTS, max_length=MAX_POINTS, description="Where the part goes"
    )


Axis = Annotated[Annotated[float, Field(ge=-10, le=10, allow_inf_nan=False)], _or(0.0)]


class CameraConfig(_Body):
    """Six axes, of which exactly one is not 0."""

    horizontal: Axis = Field(default=0.0, description="Moves left (negative) or right")
    vertical: Axis = Field(default=0.0, description="Moves down (negative) or up")
    pan: Axis = Field(default=0.0, description="Turns down (negative) or up, as this API has it")
    tilt: Axis = Field(default=0.0, description="Turns left (negative) or right, as this API has it")
    roll: Axis = Field(default=0.0, description="Rolls counter-clockwise (negative) or clockwise")
    zoom: Axis = Field(default=0.0, description="Narrows (negative) or widens the view")


class CameraControl(_Body):
    """A camera by numbers or by name."""

    type: Annotated[
        Literal["simple", "down_back", "forward_up", "right_turn_forward", "left_turn_forward"], _or("simple")
    ] = Field(default="simple", description="A preset, or `simple` with `config`")
    config: Annotated[CameraConfig | None, BeforeValidator(_none)] = Field(
        default=None, description="For `simple` only: exactly one axis that is not 0"
    )


class ShotItem(_Body):
    """One shot of several."""

    index: int = Field(description="Place in the order")
    prompt: str = Field(min_length=1, max_length=MAX_SHOT_PROMPT_CHARS, description="What should happen in this shot")
    duration: str | int | float = Field(description="Seconds, as text")


Shots = Annotated[list[ShotItem], Field(max_length=MAX_SHOTS)]
Masks = Annotated[list[DynamicMask], Field(max_length=MAX_MASKS)]


class ImageBody(_Common):
    """Body of an image2video create."""

    image: Text = Field(default="", description="URL, or base64 without a `data:` prefix; JPEG or PNG")
    image_tail: Text = Field(default="", description="The image that the video ends on; alone, or with `image`")
    prompt: Text = Field(default="", description="What should happen; up to 2500 characters")
    sound: Annotated[Literal["on", "off"], _or("off")] = Field(default="off", description="on makes sound too")
    cfg_scale: Annotated[Annotated[float, Field(ge=0, le=1)], _or(0.5)] = Field(
        default=0.5, description="Has no effect here"
    )
    mode: Annotated[Literal["std", "pro", "4k"], _or("std")] = Field(
        default="std", description="std (720p), pro (1080p) or 4k"
    )
    static_mask: Text = Field(default="", description="Image that is bright where nothing should move by itself")
    dynamic_masks: Annotated[Masks | None, BeforeValidator(_none)] = Field(
        default=None, description="Up to six parts that move"
    )
    camera_control: Annotated[CameraControl | None, BeforeValidator(_none)] = Field(
        default=None, description="A camera by numbers or by name"
    )
    multi_shot: Annotated[bool, _or(False)] = Field(
        default=False, description="true takes `multi_prompt` in place of `prompt`"
    )
    multi_prompt: Annotated[Shots | None, BeforeValidator(_none)] = Field(
        default=None, description="What should happen one after the other; the durations add up to `duration`"
    )
    element_list: Annotated[list[Any] | None, BeforeValidator(_none)] = Field(default=None, description="Not offered")
    voice_list: Annotated[list[Any] | None, BeforeValidator(_none)] = Field(default=None, description="Not offered")

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "model_name": "kling-v1-6",
                    "image": "https://example.com/photo.jpg",
                    "prompt": "Wind in her hair.",
                    "mode": "std",
                    "duration": "5",
                    "camera_control": {"type": "simple", "config": {"horizontal": 5}},
                },
                {
                    "model_name": "kling-v1",
                    "mode": "pro",
                    "duration": "5",
                    "image": "https://example.com/photo.jpg",
                    "prompt": "The astronaut stands up.",
                    "cfg_scale": 0.5,
                    "static_mask": "https://example.com/still.png",
                    "dynamic_masks": [
                        {
                            "mask": "https://example.com/moves.png",
                            "trajectories": [{"x": 279, "y": 219}, {"x": 417, "y": 65}],
                        }
                    ],
                },
                {
                    "model_name": "kling-v1-6",
                    "mode": "pro",
                    "image": "https://example.com/first.jpg",
                    "image_tail": "https://example.com/last.jpg",
                },
            ]
        }
    )


# Answers ---------------------------------------------------------------------------------------------------------


class TaskInfo(BaseModel):
    """What the caller said of the task."""

    external_task_id: str


class CreatedTask(BaseModel):
    """A task that was just taken in. Times are milliseconds since the epoch."""

    task_id: str
    task_info: TaskInfo
    task_status: Status
    created_at: int
    updated_at: int


class Video(BaseModel):
    """A finished video. ``duration`` is in seconds; ``watermark_url`` is there when a marked copy was asked for."""

    id: str
    url: str
    watermark_url: str | None = Field(default=None, exclude_if=lambda url: url is None)
    duration: str


class TaskResult(BaseModel):
    """What a task has made."""

    videos: list[Video]


class Task(BaseModel):
    """A task."""

    task_id: str
    task_status: Status
    task_status_msg: str
    task_info: TaskInfo
    task_result: TaskResult
    watermark_info: Watermark
    final_unit_deduction: str | None
    created_at: int
    updated_at: int


class _Answer(BaseModel):
    code: int = 0
    message: str = "SUCCEED"
    request_id: str


class CreateAnswer(_Answer):
    """Answer of a create."""

    data: CreatedTask


class TaskAnswer(_Answer):
    """Answer of a query."""

    data: Task


class TaskListAnswer(_Answer):
    """Answer of a list."""

    data: list[Task]


class ResourcePack(BaseModel):
    """What an account has bought and has left, in units. Times are milliseconds since the epoch."""

    resource_pack_name: str
    resource_pack_id: str
    resource_pack_type: Literal["decreasing_total", "constant_period"]
    total_quantity: float
    remaining_quantity: float
    purchase_time: int
    effective_time: int
    invalid_time: int
    status: Literal["toBeOnline", "online", "expired", "runOut"]


class Costs(BaseModel):
    """The packs of an account."""

    code: int = 0
    msg: str = "success"
    resource_pack_subscribe_infos: list[ResourcePack]


class CostsAnswer(_Answer):
    """Answer of the question for packs."""

    data: Costs


class ErrorAnswer(BaseModel):
    """Any refusal."""

    code: int
    message: str
    request_id: str


def info_of(job: Job) -> TaskInfo:
    """What the caller said of the task."""
    return TaskInfo(external_task_id=job.request.external_id or "")


def created(job: Job) -> CreatedTask:
    """A job as its create is answered."""
    return CreatedTask(
        task_id=job.number,
        task_info=info_of(job),
        task_status=STATUS_OF[job.state],
        created_at=job.created_ms,
        updated_at=job.updated_ms,
    )


def task_of(job: Job, *, url: str | None, watermark_url: str | None) -> Task:
    """A job as a task. ``url``: a link to its video, if it has one; ``watermark_url``: to the marked copy."""
    return Task(
        task_id=job.number,
        task_status=STATUS_OF[job.state],
        task_status_msg=status_message(job),
        task_info=info_of(job),
        task_result=TaskResult(videos=videos_of(job, url=url, watermark_url=watermark_url)),
        watermark_info=Watermark(enabled=job.request.watermark),
        final_unit_deduction=units_of(job),
        created_at=job.created_ms,
        updated_at=job.updated_ms,
    )


def videos_of(job: Job, *, url: str | None, watermark_url: str | None) -> list[Video]:
    """The finished video, if there is one."""
    if url is None:
        return []
    length = f"{round(job.duration_s or 0.0, 3):g}"
    return [Video(id=str(uuid.UUID(job.id)), url=url, watermark_url=watermark_url, duration=length)]


def status_message(job: Job) -> str:
    """Why a task failed; empty when it did not."""
    if job.state is JobState.CANCELED:
        return JobCanceled().message
    if job.state is not JobState.FAILED:
        return ""
    return FAILURES.get(job.error_code or "", job.error_message or "The video could not be made.")


def units_of(job: Job) -> str | None:
    """The units a finished task came to; None while that is open."""
    if job.state.live:
        return None
    return "0" if STATUS_OF[job.state] == "failed" else str(job.credits)
