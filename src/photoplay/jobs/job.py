"""The job and its request: value objects of the domain. No HTTP, no vendor, no SQL."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from photoplay.shot import AspectRatio, Plan, PointUnit, Shot
from photoplay.shot import Point as Point


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class JobState(StrEnum):
    """Where a job stands. The first two are live, the rest final (``expired`` and ``deleted`` come after them)."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"
    EXPIRED = "expired"
    DELETED = "deleted"

    @property
    def live(self) -> bool:
        """Whether the job is still queued or running."""
        return self in (JobState.QUEUED, JobState.RUNNING)


class Phase(StrEnum):
    """The durable steps of a job, in order."""

    GATHER = "gather"
    RENDER = "render"
    SOUND = "sound"
    PUBLISH = "publish"
    NOTIFY = "notify"


PHASE_SPANS: dict[Phase, tuple[float, float]] = {
    Phase.GATHER: (0.0, 0.05),
    Phase.RENDER: (0.05, 0.85),
    Phase.SOUND: (0.85, 0.95),
    Phase.PUBLISH: (0.95, 1.0),
    Phase.NOTIFY: (1.0, 1.0),
}
"""Share of a job's progress that each phase covers. 1.0 is reached only when the video is stored."""


class MediaRef(_Value):
    """A file the caller gave: a URL to fetch (http, https), or bytes already stored under ``key``."""

    url: str | None = None
    key: str | None = None
    name: str = ""  # what the caller called it; shown, never used as a path


class BrushRequest(_Value):
    """A motion brush: ``mask`` moves along ``trajectory`` (points in ``unit``); an empty one holds it still."""

    mask: MediaRef
    trajectory: tuple[Point, ...] = ()
    unit: PointUnit = "share"


AudioMode = Literal["none", "generate", "file"]


class AudioRequest(_Value):
    """What the clip should sound like."""

    mode: AudioMode = "none"
    file: MediaRef | None = None


class JobRequest(_Value):
    """The immutable description of one clip. ``face`` is what a dialect needs to echo; nobody else reads it."""

    images: tuple[MediaRef, ...] = Field(default=(), max_length=7)
    last_image: MediaRef | None = None
    prompt: str = ""
    negative_prompt: str = ""
    extend_prompt: bool = False
    effect: str | None = None  # effect slug
    shot: Shot | None = None
    brushes: tuple[BrushRequest, ...] = ()
    duration_s: float = 5.0
    resolution: str = "720p"  # a name the catalog knows (short side), or "WIDTHxHEIGHT"
    aspect_ratio: AspectRatio = "auto"
    fps: int | None = None
    audio: AudioRequest = AudioRequest()
    seed: int | None = None
    take: int = Field(default=0, ge=0)  # which of several jobs of one create that ask for the same
    model: str = "motion"
    quality: str = "std"
    watermark: bool = False
    callback_url: str | None = None
    external_id: str | None = None
    audio_of: str | None = None  # id of a finished job: copy its picture, change only the sound
    dialect: str = "native"
    face: dict[str, Any] = Field(default_factory=dict)


class Artifact(_Value):
    """A stored file of a job."""

    kind: Literal["video", "watermarked", "thumbnail", "spritesheet"]
    key: str
    content_type: str
    size_bytes: int
    sha256: str
    width: int | None = None
    height: int | None = None
    duration_s: float | None = None


class Job(_Value):
    """One clip asked for, as stored. Times are milliseconds since the epoch."""

    id: str
    object_id: str
    number: str
    account_id: str
    state: JobState
    phase: Phase | None = None
    progress: float = 0.0  # 0..1, never falls
    request: JobRequest
    pool: str = ""  # of workers that may render it
    credits: int
    plan: Plan | None = None
    width: int | None = None
    height: int | None = None
    fps: int | None = None
    duration_s: float | None = None  # of the finished video
    notes: tuple[str, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    error_code: str | None = None
    error_message: str | None = None
    created_ms: int
    updated_ms: int
    started_ms: int | None = None
    finished_ms: int | None = None
    expires_ms: int | None = None  # when a finished job's files are to go

    def artifact(self, kind: str) -> Artifact | None:
        """The artifact of that kind, if the job has one."""
        return next((a for a in self.artifacts if a.kind == kind), None)
