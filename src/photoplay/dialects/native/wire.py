"""Bodies of photoplay's own API. Times are ISO 8601 in UTC; unknown fields are refused, so a typo is noticed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from photoplay.clock import iso
from photoplay.errors import InvalidField, MissingField
from photoplay.jobs.job import AudioRequest, BrushRequest, Job, JobRequest, MediaRef, Point
from photoplay.shot import AspectRatio, Plan, PointUnit, Shot

DIALECT = "native"

ToMedia = Callable[["Source", str], MediaRef]
"""(source, field name) -> what it stands for."""


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(_Body):
    """A file: by URL, or a part of the same form."""

    url: str | None = Field(
        default=None, min_length=1, description="http or https URL, `url` of an upload, or a base64 data URL"
    )
    part: str | None = Field(default=None, min_length=1, description="In a form: name of the part that is the file")

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.url is None) == (self.part is None):
            raise ValueError("give either url or part")
        return self


def _source(value: Any) -> Any:
    return {"url": value} if isinstance(value, str) else value


SourceField = Annotated[Source, BeforeValidator(_source)]


class BrushBody(_Body):
    """A motion brush."""

    mask: SourceField = Field(description="An image: white moves, black does not")
    trajectory: tuple[Point, ...] = Field(default=(), description="Path that the part takes; empty holds it still")
    unit: PointUnit = Field(
        default="share",
        description="What the path's numbers are: `share` of the photo's sides, `pixels` from its top left, or "
        "`pixels_up` from its bottom left",
    )


class AudioBody(_Body):
    """What the clip should sound like."""

    mode: Literal["none", "generate", "file"] = "none"
    file: SourceField | None = Field(default=None, description="The sound, when `mode` is `file`")


def _audio(value: Any) -> Any:
    return {"mode": value} if value in ("none", "generate") else value


class JobBody(_Body):
    """Body of ``POST /v1/jobs``."""

    images: tuple[SourceField, ...] = Field(default=(), max_length=7, description="One photo, or up to seven")
    last_image: SourceField | None = Field(default=None, description="A photo to end on")
    prompt: str = Field(default="", description="What should happen, in plain words")
    negative_prompt: str = Field(default="", description="What should not happen")
    extend_prompt: bool = Field(default=False, description="Add what suits the photo to the prompt")
    effect: str | None = Field(default=None, description="Name of an effect")
    shot: Shot | None = Field(default=None, description="A camera timeline; overrides the prompt's camera")
    brushes: tuple[BrushBody, ...] = Field(default=(), description="Parts of the photo that move along a path, or stay")
    duration_s: float = Field(default=5.0, gt=0, le=60, description="Length in seconds")
    resolution: str = Field(default="720p", description="720p, 1080p, 4k (short side), or WIDTHxHEIGHT")
    aspect_ratio: AspectRatio = Field(default="auto", description="`auto` keeps the photo's shape")
    fps: int | None = Field(default=None, ge=8, le=60, description="Frames a second; the model's own when absent")
    audio: Annotated[AudioBody, BeforeValidator(_audio)] = Field(
        default=AudioBody(), description='"none", "generate", or {"mode": "file", "file": URL}'
    )
    seed: int | None = Field(
        default=None, ge=0, lt=2**63, description="Same photo, request and seed: same video. Drawn when absent"
    )
    model: str | None = Field(default=None, description="A model's name; the default model when absent")
    quality: str = Field(default="std", description="A quality that the model offers: std, pro, premium")
    watermark: bool = Field(default=False, description="Also make a watermarked copy")
    callback_url: str | None = Field(default=None, description="Told when the job starts and when it ends")
    external_id: str | None = Field(default=None, min_length=1, max_length=200, description="Your own id, unique")
    audio_of: str | None = Field(default=None, description="Id of a finished job: same picture, new sound")

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "images": ["https://example.com/photo.jpg"],
                    "prompt": "Slow zoom in, gentle handheld sway.",
                    "duration_s": 5,
                    "resolution": "720p",
                    "audio": "generate",
                },
                {
                    "images": ["https://example.com/photo.jpg"],
                    "shot": {
                        "moves": [
                            {"kind": "dolly", "amount": 1.2, "start": 0, "end": 0.6},
                            {"kind": "pan", "amount": -0.5, "start": 0.5, "end": 1, "ease": "out"},
                        ]
                    },
                    "brushes": [
                        {
                            "mask": "https://example.com/mask.png",
                            "trajectory": [{"x": 0.3, "y": 0.5}, {"x": 0.4, "y": 0.45}],
                        }
                    ],
                    "seed": 7,
                    "audio": {"mode": "file", "file": "https://example.com/music.mp3"},
                },
                {
                    "images": ["https://example.com/photo.jpg"],
                    "last_image": "https://example.com/other.jpg",
                    "negative_prompt": "blurry, flickering",
                    "callback_url": "https://example.com/hook",
                    "audio": "none",
                },
                {"images": ["https://example.com/photo.jpg"], "effect": "squish", "watermark": True},
            ]
        }
    )

    def to_request(self, to_media: ToMedia, *, default_model: str, face: dict[str, Any]) -> JobRequest:
        """The domain's request.

        Raises:
            MissingField: there is no image and no ``audio_of``, or no sound file where one is announced.
            InvalidField: a URL is not one, or there is a sound file that nothing uses.
        """
        if not self.images and self.audio_of is None:
            raise MissingField("images")
        if self.audio.mode == "file" and self.audio.file is None:
            raise MissingField("audio.file", "audio.file is required when audio.mode is file")
        if self.audio.mode != "file" and self.audio.file is not None:
            raise InvalidField("audio.file", "audio.file is used only when audio.mode is file")
        return JobRequest(
            images=tuple(to_media(source, f"images.{index}") for index, source in enumerate(self.images)),
            last_image=to_media(self.last_image, "last_image") if self.last_image else None,
            brushes=tuple(
                BrushRequest(
                    mask=to_media(brush.mask, f"brushes.{index}.mask"), trajectory=brush.trajectory, unit=brush.unit
                )
                for index, brush in enumerate(self.brushes)
            ),
            audio=AudioRequest(
                mode=self.audio.mode, file=to_media(self.audio.file, "audio.file") if self.audio.file else None
            ),
            model=self.model or default_model,
            dialect=DIALECT,
            face=face,
            **self.model_dump(
                include={
                    "prompt", "negative_prompt", "extend_prompt", "effect", "duration_s", "resolution", "aspect_ratio",
                    "fps", "seed", "quality", "watermark", "callback_url", "external_id", "audio_of",
                }
            ),
            shot=self.shot,
        )  # fmt: skip


class FileOut(BaseModel):
    """A file of a finished job."""

    kind: str
    url: str = Field(description="Signed link; expires. Read the job again for a fresh one.")
    content_type: str
    size_bytes: int
    sha256: str
    width: int | None = None
    height: int | None = None
    duration_s: float | None = None


class ErrorOut(BaseModel):
    """Why a job failed."""

    code: str
    message: str


class SourceOut(BaseModel):
    """A file the caller gave."""

    url: str | None
    name: str


class BrushOut(BaseModel):
    """A motion brush, as it was asked for."""

    mask: SourceOut
    trajectory: list[Point]
    unit: PointUnit


class RequestOut(BaseModel):
    """What was asked for."""

    images: list[SourceOut]
    last_image: SourceOut | None
    brushes: list[BrushOut]
    prompt: str
    negative_prompt: str
    extend_prompt: bool
    effect: str | None
    shot: Shot | None
    duration_s: float
    resolution: str
    aspect_ratio: str
    fps: int | None
    audio: str
    audio_file: SourceOut | None
    seed: int | None
    model: str
    quality: str
    watermark: bool
    callback_url: str | None
    audio_of: str | None


class JobOut(BaseModel):
    """A job."""

    object: Literal["job"] = "job"
    id: str
    object_id: str
    number: str
    external_id: str | None
    dialect: str
    state: str
    phase: str | None
    progress: float
    queue_position: int | None = Field(description="Jobs served before this one; null when it is not waiting")
    eta_s: float | None = Field(description="Estimated seconds until it is done; null when unknown or ended")
    credits: int
    width: int | None
    height: int | None
    fps: int | None
    duration_s: float | None
    video_url: str | None
    files: list[FileOut]
    plan: Plan | None
    notes: list[str]
    error: ErrorOut | None
    created_at: str
    updated_at: str
    started_at: str | None
    finished_at: str | None
    expires_at: str | None
    request: RequestOut


class FileList(BaseModel):
    """The files of a job; none before it is finished, and none after they have expired."""

    files: list[FileOut]


class JobPage(BaseModel):
    """Part of the list of jobs, newest first."""

    jobs: list[JobOut]
    next_cursor: str | None = Field(description="Give it as `cursor` to get the jobs after these; null at the end")


class UploadOut(BaseModel):
    """A stored upload."""

    object: Literal["upload"] = "upload"
    id: str
    url: str = Field(description="Signed link, usable wherever a request takes the URL of an image or a sound")
    name: str
    content_type: str
    size_bytes: int
    sha256: str
    expires_at: str


class Problem(BaseModel):
    """A refusal, as problem details (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    field: str | None = None


def _source_out(file: MediaRef) -> SourceOut:
    return SourceOut(url=file.url, name=file.name)


def _when(ms: int | None) -> str | None:
    return None if ms is None else iso(ms)


def files_out(job: Job, *, link: Callable[[str], str | None]) -> list[FileOut]:
    """The files of a job. ``link`` gives the URL of an artifact by its kind."""
    files = []
    for artifact in job.artifacts:
        url = link(artifact.kind)
        if url is not None:
            files.append(FileOut(url=url, **artifact.model_dump(exclude={"key"})))
    return files


def job_out(job: Job, *, link: Callable[[str], str | None], queue_position: int | None, eta_s: float | None) -> JobOut:
    """A job as this API shows it. ``link`` gives the URL of an artifact by its kind."""
    request = job.request
    files = files_out(job, link=link)
    return JobOut(
        id=job.id,
        object_id=job.object_id,
        number=job.number,
        external_id=request.external_id,
        dialect=request.dialect,
        state=job.state.value,
        phase=job.phase.value if job.phase and job.state.live else None,
        progress=job.progress,
        queue_position=queue_position,
        eta_s=None if eta_s is None else round(eta_s, 1),
        credits=job.credits,
        width=job.width,
        height=job.height,
        fps=job.fps,
        duration_s=job.duration_s,
        video_url=next((file.url for file in files if file.kind == "video"), None),
        files=files,
        plan=job.plan,
        notes=list(job.notes),
        error=None if job.error_code is None else ErrorOut(code=job.error_code, message=job.error_message or ""),
        created_at=iso(job.created_ms),
        updated_at=iso(job.updated_ms),
        started_at=_when(job.started_ms),
        finished_at=_when(job.finished_ms),
        expires_at=_when(job.expires_ms),
        request=RequestOut(
            images=[_source_out(image) for image in request.images],
            last_image=_source_out(request.last_image) if request.last_image else None,
            brushes=[
                BrushOut(mask=_source_out(brush.mask), trajectory=list(brush.trajectory), unit=brush.unit)
                for brush in request.brushes
            ],
            audio=request.audio.mode,
            audio_file=_source_out(request.audio.file) if request.audio.file else None,
            shot=request.shot,
            **request.model_dump(
                include=set(RequestOut.model_fields)
                - {"images", "last_image", "brushes", "audio", "audio_file", "shot"},
            ),
        ),
    )
