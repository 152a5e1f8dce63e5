"""AKOOL's request and response bodies, and how they map to and from the domain.

Sources: the vendor's image2Video v4 page in its three editions (names, types, order and samples), and what the
vendor's own demo app sends and reads. Where that app is looser than the page (``audio_type`` as a string, an
empty ``audio_url``), the looser form is accepted. Unknown keys are ignored, as the vendor does.

Not shown by the vendor, chosen here: a failed item carries its reason under ``error``; ``video_duration`` of an
unfinished item is the length asked for; ``deduction_credit`` of a failed or canceled item is 0, because the
credits went back.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from photoplay.accounts import Account
from photoplay.errors import InvalidField, MissingField
from photoplay.jobs.job import AudioMode, AudioRequest, Job, JobRequest, JobState, MediaRef

DIALECT = "akool"
SUB_TYPE_IMAGE_TO_VIDEO = 1501
FILE_NAME_PROMPT_CHARS = 24
"""How much of the prompt the vendor's sample ``file_name`` keeps (trailing blank included)."""
MAX_IDS = 100
AUDIO_TYPE_FILE = 2

STATUS_QUEUEING, STATUS_PROCESSING, STATUS_COMPLETED, STATUS_FAILED = 1, 2, 3, 4

_AUDIO_MODES: dict[int, AudioMode] = {1: "generate", AUDIO_TYPE_FILE: "file", 3: "none"}
_AUDIO_TYPES = {mode: number for number, mode in _AUDIO_MODES.items()}


def _blank(value: Any) -> Any:
    return "" if value is None else value


def _off(value: Any) -> Any:
    return False if value is None or value == "" else value


Optional = Annotated[str, BeforeValidator(_blank)]
"""Text that may be absent, null or empty."""
Flag = Annotated[bool, BeforeValidator(_off)]


class _Body(BaseModel):
    # Numbers where text belongs, and text where numbers belong, are taken as meant.
    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True, frozen=True)


class CreateBody(_Body):
    """Body of ``createBySourcePrompt``."""

    image_url: str = Field(min_length=1, description="Image URL to be animated")
    prompt: str = Field(description="How to animate the image")
    negative_prompt: str = Field(description="What to avoid in the animation")
    extend_prompt: Flag = Field(default=False, description="Whether to extend the prompt")
    resolution: str = Field(description="720p, 1080p or 4k")
    audio_url: Optional = Field(default="", description="Audio URL, required when audio_type is 2")
    audio_type: int = Field(description="1 AI generated, 2 the file at audio_url, 3 no audio")
    video_length: int = Field(description="Seconds: 5 or 10 (10 needs the pro plan or above)")
    is_premium_model: Flag = Field(default=False, description="Use the premium model (pro plan or above)")
    effect_code: Optional = Field(default="", description="An effect; the prompt is ignored then")
    webhookurl: Optional = Field(default="", description="Callback URL")
    model_name: Optional = Field(default="", description="A model's `value`; the default model when empty")

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "image_url": "https://example.com/photo.jpg",
                    "prompt": "Animate this image with smooth camera movement and subtle object motion.",
                    "negative_prompt": "blurry, flickering",
                    "extend_prompt": True,
                    "resolution": "720p",
                    "audio_url": "",
                    "audio_type": 1,
                    "video_length": 5,
                }
            ]
        }
    )


class IdsBody(_Body):
    """Body of ``resultsByIds``: one comma-separated string. An array, or the key ``ids``, is refused."""

    ids: str = Field(alias="_ids", min_length=1, strict=True, description="Ids separated by commas")

    model_config = ConfigDict(
        coerce_numbers_to_str=False,
        json_schema_extra={"examples": [{"_ids": "68919a464b4dbdd4ab3d3034,6891a07f5d612f78c9204f1c"}]},
    )

    def split(self) -> tuple[str, ...]:
        """The ids, in order, each once."""
        return tuple(dict.fromkeys(part for part in (p.strip() for p in self.ids.split(",")) if part))


class TokenBody(_Body):
    """Body of ``getToken``."""

    client_id: str = Field(alias="clientId", min_length=1, description="`client_id` of the key")
    client_secret: str = Field(
        alias="clientSecret", min_length=1, description="`client_secret` of the key, which is its API key too"
    )


class CreatedItem(BaseModel):
    """``data`` of a create."""

    create_time: int
    uid: int
    team_id: str
    status: int
    webhook_url: str = Field(serialization_alias="webhookUrl")
    resolution: str
    file_name: str
    effect_name: str
    id: str = Field(serialization_alias="_id")
    image_url: str
    prompt: str
    negative_prompt: str
    extend_prompt: bool
    audio_type: int
    audio_url: str
    deduction_credit: int
    effect_code: str


class ResultItem(BaseModel):
    """An item of ``resultsByIds``. ``sub_type`` and ``video_url`` are there once it is finished."""

    id: str = Field(serialization_alias="_id")
    create_time: int
    uid: int
    team_id: str
    update_time: int
    sub_type: int | None = None
    video_duration: float
    webhook_url: str = Field(serialization_alias="webhookUrl")
    file_name: str
    effect_name: str
    image_url: str
    prompt: str
    resolution: str
    audio_type: int
    audio_url: str
    deduction_credit: int
    effect_code: str
    video_url: str | None = None
    status: int
    only_add_audio: bool
    error: str | None = None


class ResultData(BaseModel):
    """``data`` of ``resultsByIds``."""

    result: list[ResultItem]


class EffectItem(BaseModel):
    """An item of ``effects``."""

    id: str = Field(serialization_alias="_id")
    create_time: int
    logo: str
    name: str
    video_url: str
    effect_code: str


class EffectData(BaseModel):
    """``data`` of ``effects``."""

    result: list[EffectItem]
    count: int


class QuotaData(BaseModel):
    """``data`` of ``quota/info``."""

    credit: int


class CreateAnswer(BaseModel):
    """Answer of a create."""

    code: int = 1000
    msg: str = "OK"
    data: CreatedItem


class ResultAnswer(BaseModel):
    """Answer of ``resultsByIds``."""

    code: int = 1000
    msg: str = "OK"
    data: ResultData


class EffectAnswer(BaseModel):
    """Answer of ``effects``; its ``msg`` is "Success" where the others say "OK"."""

    code: int = 1000
    msg: str = "Success"
    data: EffectData


class QuotaAnswer(BaseModel):
    """Answer of ``quota/info``."""

    code: int = 1000
    msg: str = "OK"
    data: QuotaData


class TokenAnswer(BaseModel):
    """Answer of ``getToken``: the token is at the top level, and there is no ``msg``."""

    code: int = 1000
    token: str


class ErrorAnswer(BaseModel):
    """Any refusal, with HTTP status 200."""

    code: int
    msg: str


def to_request(
    body: CreateBody,
    *,
    image: MediaRef,
    audio: MediaRef | None,
    effect: str | None,
    model: str,
    quality: str,
    client_id: str,
    base_url: str,
) -> JobRequest:
    """The domain's request for a create body.

    ``client_id`` is that of the key the request came with: its pair encrypts the webhooks. ``base_url`` is where
    this client reaches the server: the links in webhooks start with it.

    Raises:
        MissingField: ``audio_type`` is 2 and ``audio_url`` is empty.
        InvalidField: ``audio_type`` is none of the three.
    """
    mode = _AUDIO_MODES.get(body.audio_type)
    if mode is None:
        raise InvalidField("audio_type", "audio_type must be 1, 2 or 3")
    if mode == "file" and audio is None:
        raise MissingField("audio_url", "audio_url is required when audio_type is 2")
    return JobRequest(
        images=(image,),
        prompt="" if effect else body.prompt,  # "if specified, prompt content will be ignored"
        negative_prompt=body.negative_prompt,
        extend_prompt=body.extend_prompt,
        effect=effect,
        duration_s=float(body.video_length),
        resolution=body.resolution.strip().lower(),
        audio=AudioRequest(mode=mode, file=audio if mode == "file" else None),
        model=model,
        quality=quality,
        callback_url=body.webhookurl or None,
        dialect=DIALECT,
        face={
            "image_url": body.image_url,
            "prompt": body.prompt,
            "audio_url": body.audio_url,
            "webhook_url": body.webhookurl,
            "resolution": body.resolution,
            "effect_code": body.effect_code,
            "client_id": client_id,
            "base_url": base_url,
        },
    )


def status_of(job: Job) -> int:
    """AKOOL's status number for a job: 1 queueing, 2 processing, 3 completed, 4 failed."""
    if job.state is JobState.QUEUED:
        return STATUS_QUEUEING
    if job.state is JobState.RUNNING:
        return STATUS_PROCESSING
    if job.state is JobState.SUCCEEDED or (job.state is JobState.EXPIRED and job.error_code is None):
        return STATUS_COMPLETED
    return STATUS_FAILED


def file_name_of(job: Job) -> str:
    """``Image2Video_`` and the first 24 characters of the prompt, as in the vendor's samples."""
    return f"Image2Video_{_face(job, 'prompt', job.request.prompt)[:FILE_NAME_PROMPT_CHARS]}.mp4"


def _face(job: Job, name: str, otherwise: str) -> str:
    """What the caller sent, when this dialect made the job; what the domain knows, when another did."""
    value = job.request.face.get(name) if job.request.dialect == DIALECT else None
    return value if isinstance(value, str) else otherwise


def _common(job: Job, account: Account, *, effect: tuple[str, str] | None) -> dict[str, Any]:
    request = job.request
    settled_without_charge = job.error_code is not None or job.state in (JobState.FAILED, JobState.CANCELED)
    return {
        "create_time": job.created_ms,
        "uid": account.number,
        "team_id": account.object_id,
        "status": status_of(job),
        "webhook_url": _face(job, "webhook_url", request.callback_url or ""),
        "resolution": _face(job, "resolution", request.resolution),
        "file_name": file_name_of(job),
        "effect_name": effect[0] if effect else "",
        "id": job.object_id,
        "image_url": _face(job, "image_url", request.images[0].url or "" if request.images else ""),
        "prompt": _face(job, "prompt", request.prompt),
        "audio_type": _AUDIO_TYPES[request.audio.mode],
        "audio_url": _face(job, "audio_url", (request.audio.file.url or "") if request.audio.file else ""),
        "deduction_credit": 0 if settled_without_charge else job.credits,
        "effect_code": effect[1] if effect else "",
    }


def created_item(job: Job, account: Account, *, effect: tuple[str, str] | None) -> CreatedItem:
    """``data`` of a create. ``effect`` is the (name, code) of the job's effect."""
    return CreatedItem(
        **_common(job, account, effect=effect),
        negative_prompt=job.request.negative_prompt,
        extend_prompt=job.request.extend_prompt,
    )


def result_item(job: Job, account: Account, *, effect: tuple[str, str] | None, video_url: str | None) -> ResultItem:
    """One item of ``resultsByIds``."""
    done = status_of(job) == STATUS_COMPLETED
    return ResultItem(
        **_common(job, account, effect=effect),
        update_time=job.updated_ms,
        sub_type=SUB_TYPE_IMAGE_TO_VIDEO if done else None,
        video_duration=round(job.duration_s if job.duration_s is not None else job.request.duration_s, 3),
        video_url=video_url if done else None,
        only_add_audio=job.request.audio_of is not None,
        error=job.error_message if status_of(job) == STATUS_FAILED else None,
    )
