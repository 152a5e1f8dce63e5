"""How AKOOL's bodies (see :mod:`photoplay.dialects.akool.bodies`) map to and from the domain.

Not shown by the vendor, chosen here: ``video_duration`` of an unfinished item is the length asked for;
``deduction_credit`` of a failed or canceled item is 0, because the credits went back; a video whose file is no longer
kept stays at status 3 (it was made, and paid for), has no ``video_url`` any more and says why under ``error``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from photoplay.accounts import Account
from photoplay.catalog import Kind, Model, Prices
from photoplay.catalog.plans import includes
from photoplay.dialects.akool.bodies import (
    MAX_COUNT,
    AudioBody,
    AudioItem,
    BatchBody,
    BatchItem,
    ContentItem,
    CreateBody,
    CreatedItem,
    ModelItem,
    ModelResolution,
    ResultItem,
)
from photoplay.errors import InvalidField, MissingField
from photoplay.jobs.job import AudioMode, AudioRequest, Job, JobRequest, JobState, MediaRef

DIALECT = "akool"
SUB_TYPE_IMAGE_TO_VIDEO = 1501
CONTENT_TYPE_IMAGE_TO_VIDEO = 15
"""``type`` of such videos in the v3 reads."""
FILE_NAME_PROMPT_CHARS = 24
"""How much of the prompt the vendor's sample ``file_name`` keeps (trailing blank included)."""
MAX_IDS = 100
AUDIO_TYPE_FILE = 2
MODEL_KINDS: Mapping[int, Kind] = {1501: "image-to-video", 1502: "text-to-video"}
"""Our kind of model by the vendor's ``types``. Others (2101 is character swap) have no models here."""

STATUS_QUEUEING, STATUS_PROCESSING, STATUS_COMPLETED, STATUS_FAILED = 1, 2, 3, 4
EXPIRED = "The video resource has expired"
CANCELED = "The job was canceled."

_AUDIO_MODES: dict[int, AudioMode] = {1: "generate", AUDIO_TYPE_FILE: "file", 3: "none"}
_AUDIO_TYPES = {mode: number for number, mode in _AUDIO_MODES.items()}
_FIRST_SORT = 100
_PAID_PLAN = "starter"
_PRO_PLAN = "pro"


def wants_file(body: CreateBody | BatchBody | AudioBody) -> bool:
    """Whether ``audio_url`` counts: clients send whatever they have there for the other audio types too."""
    return body.audio_type == AUDIO_TYPE_FILE and body.audio_url != ""


def to_request(
    body: CreateBody | BatchBody,
    *,
    image: MediaRef,
    last_image: MediaRef | None = None,
    audio: MediaRef | None,
    effect: str | None,
    model: str,
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
    return JobRequest(
        images=(image,),
        last_image=last_image,
        prompt="" if effect else body.prompt,  # "if specified, prompt content will be ignored"
        negative_prompt=body.negative_prompt,
        extend_prompt=body.extend_prompt,
        effect=effect,
        duration_s=float(body.video_length),
        resolution=body.resolution.strip().lower(),
        audio=_audio(body, audio, (1, 2, 3)),
        model=model,
        quality="premium" if body.is_premium_model else "std",
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


def to_audio_request(
    body: AudioBody, *, source: Job, audio: MediaRef | None, model: Model, client_id: str, base_url: str
) -> JobRequest:
    """The domain's request for new sound on a finished video, whichever API that was made through.

    What the new item tells of the picture is what the old one tells, as in the vendor's sample; its webhook too,
    when that came through this API (the receivers of other APIs would not understand it).

    Raises:
        MissingField: ``audio_type`` is 2 and ``audio_url`` is empty.
        InvalidField: ``audio_type`` is neither 1 nor 2.
    """
    request = source.request
    told = request.callback_url if request.dialect == DIALECT else None
    return JobRequest(
        audio_of=source.id,
        prompt=request.prompt[: model.prompt_limit],  # of another model, perhaps with a higher limit
        duration_s=source.duration_s if source.duration_s is not None else request.duration_s,
        resolution=request.resolution,
        audio=_audio(body, audio, (1, 2)),
        model=model.name,
        callback_url=told,
        dialect=DIALECT,
        face={
            "image_url": _image_url(source),
            "prompt": _face(source, "prompt", request.prompt),
            "audio_url": body.audio_url,
            "webhook_url": told or "",
            "resolution": _face(source, "resolution", request.resolution),
            "effect": effect_slug(source),
            "pre_video_id": source.object_id,
            "client_id": client_id,
            "base_url": base_url,
        },
    )


def as_asked(body: AudioBody, audio: MediaRef | None) -> JobRequest:
    """What of a request for new sound is the same on every try, whatever has become of the old video meanwhile.

    Raises:
        MissingField, InvalidField: as :func:`to_audio_request`.
    """
    return JobRequest(audio_of=body.pre_video_id, audio=_audio(body, audio, (1, 2)), dialect=DIALECT)


def _audio(body: CreateBody | BatchBody | AudioBody, file: MediaRef | None, offered: tuple[int, ...]) -> AudioRequest:
    mode = _AUDIO_MODES.get(body.audio_type)
    if mode is None or body.audio_type not in offered:
        *most, last = map(str, offered)
        raise InvalidField("audio_type", f"audio_type must be {', '.join(most)} or {last}")
    if mode == "file" and file is None:
        raise MissingField("audio_url", "audio_url is required when audio_type is 2")
    return AudioRequest(mode=mode, file=file if mode == "file" else None)


def status_of(job: Job) -> int:
    """AKOOL's status number for a job: 1 queueing, 2 processing, 3 completed, 4 failed."""
    if job.state is JobState.QUEUED:
        return STATUS_QUEUEING
    if job.state is JobState.RUNNING:
        return STATUS_PROCESSING
    if job.state is JobState.SUCCEEDED or (job.state is JobState.EXPIRED and job.error_code is None):
        return STATUS_COMPLETED
    return STATUS_FAILED


def reason_of(job: Job) -> str | None:
    """Why there is no video, or none any more; None while there is one or may come one."""
    if job.state is JobState.EXPIRED and job.error_code is None:
        return EXPIRED
    if job.state is JobState.CANCELED:
        return job.error_message or CANCELED
    return job.error_message if status_of(job) == STATUS_FAILED else None


def file_name_of(job: Job) -> str:
    """``Image2Video_`` and the first 24 characters of the prompt, as in the vendor's samples."""
    return f"Image2Video_{_face(job, 'prompt', job.request.prompt)[:FILE_NAME_PROMPT_CHARS]}.mp4"


def effect_slug(job: Job) -> str | None:
    """The effect that the job's picture has: its own, or that of the video whose sound it changes."""
    return job.request.effect or _face(job, "effect", "") or None


def _face(job: Job, name: str, otherwise: str) -> str:
    """What the caller sent, when this dialect made the job; what the domain knows, when another did."""
    value = job.request.face.get(name) if job.request.dialect == DIALECT else None
    return value if isinstance(value, str) else otherwise


def _image_url(job: Job) -> str:
    images = job.request.images
    return _face(job, "image_url", images[0].url or "" if images else "")


def _deduction(job: Job) -> int:
    settled_without_charge = job.error_code is not None or job.state in (JobState.FAILED, JobState.CANCELED)
    return 0 if settled_without_charge else job.credits


def _duration_s(job: Job) -> float:
    return round(job.duration_s if job.duration_s is not None else job.request.duration_s, 3)


def _common(job: Job, account: Account, *, effect: tuple[str, str] | None) -> dict[str, Any]:
    request = job.request
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
        "image_url": _image_url(job),
        "prompt": _face(job, "prompt", request.prompt),
        "audio_type": _AUDIO_TYPES[request.audio.mode],
        "audio_url": _face(job, "audio_url", (request.audio.file.url or "") if request.audio.file else ""),
        "deduction_credit": _deduction(job),
        "effect_code": effect[1] if effect else "",
    }


def created_item(job: Job, account: Account, *, effect: tuple[str, str] | None) -> CreatedItem:
    """``data`` of a create. ``effect`` is the (name, code) of the job's effect."""
    return CreatedItem(
        **_common(job, account, effect=effect),
        negative_prompt=job.request.negative_prompt,
        extend_prompt=job.request.extend_prompt,
    )


def batch_items(jobs: Sequence[Job], account: Account, *, last_image_url: str) -> list[BatchItem]:
    """The items of a batch create. The batch's id is the time of its first item and the user id."""
    batch_id = f"{jobs[0].created_ms}_{account.number}"
    return [
        BatchItem(
            **_common(job, account, effect=None),
            negative_prompt=job.request.negative_prompt,
            extend_prompt=job.request.extend_prompt,
            model_name=job.request.model,
            batch_id=batch_id,
            batch_count=len(jobs),
            last_image_url=last_image_url or None,
        )
        for job in jobs
    ]


def audio_item(job: Job, account: Account, *, effect: tuple[str, str] | None) -> AudioItem:
    """``data`` of ``updateVideoAudio``."""
    return AudioItem(
        **_common(job, account, effect=effect),
        update_time=job.updated_ms,
        video_duration=_duration_s(job),
        pre_video_id=_face(job, "pre_video_id", ""),
        negative_prompt=job.request.negative_prompt,
        extend_prompt=job.request.extend_prompt,
        only_add_audio=True,
    )


def result_item(job: Job, account: Account, *, effect: tuple[str, str] | None, video_url: str | None) -> ResultItem:
    """One item of ``resultsByIds``."""
    done = status_of(job) == STATUS_COMPLETED
    return ResultItem(
        **_common(job, account, effect=effect),
        update_time=job.updated_ms,
        sub_type=SUB_TYPE_IMAGE_TO_VIDEO if done else None,
        video_duration=_duration_s(job),
        video_url=video_url if done else None,
        only_add_audio=job.request.audio_of is not None,
        error=reason_of(job),
    )


def content_item(job: Job, account: Account, *, video_url: str | None) -> ContentItem:
    """A video in the v3 reads. ``credentialId`` is the client id of the key that made it, where this API did."""
    url = video_url if video_url is not None and status_of(job) == STATUS_COMPLETED else ""
    return ContentItem(
        id=job.object_id,
        create_time=job.created_ms,
        uid=account.number,
        team_id=account.object_id,
        update_time=job.updated_ms,
        type=CONTENT_TYPE_IMAGE_TO_VIDEO,
        credential_id=_face(job, "client_id", ""),
        video_duration=_duration_s(job),
        deduction_credit=_deduction(job),
        video_status=status_of(job),
        video=url,
        external_video=url,
        error=reason_of(job),
    )


def model_items(models: Sequence[Model], prices: Mapping[str, Prices], *, type_number: int) -> list[ModelItem]:
    """The items of ``aigModel/list`` of one type, in the order of the catalog."""
    return [
        ModelItem(
            sort=_FIRST_SORT + number,
            group=model.provider,
            provider=model.provider,
            type=type_number,
            label=model.label,
            value=model.name,
            description=model.description,
            resolutions=[
                ModelResolution(
                    label=size.name,
                    value=size.name,
                    width=size.width,
                    height=size.height,
                    unit_credit=prices[model.prices].video[size.name][0].credits
                    if size.unit_credit is None
                    else size.unit_credit,
                )
                for size in model.resolutions
            ],
            is_pro=includes(model.plan, _PRO_PLAN),
            durations=[int(length) if length == int(length) else length for length in model.durations_s],
            requires_pay=includes(model.plan, _PAID_PLAN),
            supported_last_frame=model.last_frame,
            supported_extend_prompt=True,  # what it does is the server's work, for every model
            max_image_count=model.max_images,
            max_count=MAX_COUNT,
        )
        for number, model in enumerate(models)
    ]
