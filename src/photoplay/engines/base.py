"""The promise every engine keeps: a :class:`RenderRequest` becomes a silent video file and what it tells of itself.

Engines know no account, no job, no HTTP. They run in a child process, so they may crash, be killed at any
moment, and must leave nothing behind but the files under ``work_dir``.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from pydantic import BaseModel, ConfigDict, Field

from photoplay.shot import AspectRatio, Brush, Cue, Plan, Shot

ProgressSink = Callable[[float, str], None]
"""Called with progress 0..1 (never falling) and a short word for what is being done ("scene", "frames")."""


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ChatAccess(_Value):
    """Where an OpenAI-compatible chat API is that writes the fuller prompt. ``url`` is its base (``https://host/v1``)."""

    url: str
    key: str | None = Field(default=None, repr=False)
    model: str
    timeout_s: float = Field(default=20.0, gt=0)


class RenderRequest(_Value):
    """What to render. Files are local, of unknown content, and may be hostile."""

    images: tuple[Path, ...] = Field(min_length=1, max_length=7)
    last_image: Path | None = None
    prompt: str = ""
    negative_prompt: str = ""
    extend_prompt: bool = False
    extender: ChatAccess | None = None  # writes the fuller prompt; None: the engine does it by itself
    effect: str | None = None  # the effect's slug
    shot: Shot | None = None  # overrides the prompt's camera
    brushes: tuple[Brush, ...] = ()  # Brush.mask is a path here
    duration_s: float = Field(default=5.0, gt=0, le=60)
    short_side: int = Field(default=720, ge=240, le=2160)  # pixels of the video's short side
    aspect_ratio: AspectRatio = "auto"
    size: tuple[int, int] | None = None  # exact width, height in pixels; overrides the two above
    fps: int = Field(default=24, ge=8, le=60)
    seed: int = 0
    take: int = Field(default=0, ge=0)  # which of several clips of the same request: they should differ visibly
    quality: str = "std"  # std, pro, premium: the engine documents what each means
    watermark: bool = False  # also write a watermarked copy
    max_pixels: int = 120_000_000  # an image larger than this is refused before it is decoded
    min_side: int | None = None  # pixels: images with a shorter side are refused; None: the engine's own least
    max_shape: float | None = None  # images whose sides differ more than so many times are refused; None: any shape


class RenderResult(_Value):
    """What was rendered: H.264 in MP4, no sound."""

    video: Path
    watermarked: Path | None = None
    width: int
    height: int
    fps: int
    frames: int
    plan: Plan
    cues: tuple[Cue, ...] = ()
    scene: dict[str, float] = Field(default_factory=dict)  # what was seen in the photo, for whoever makes its sound
    soundtrack: Path | None = None  # when the engine made sound of its own (WAV)
    notes: tuple[str, ...] = ()  # plain words for the user: degraded steps, missing weights

    @property
    def duration_s(self) -> float:
        """Exact length of the video."""
        return self.frames / self.fps


class Capability(_Value):
    """Whether an engine can work here, and if not, what it needs in plain words."""

    name: str
    available: bool
    detail: str = ""


class Engine(Protocol):
    """One way to make clips."""

    name: str

    def capability(self) -> Capability:
        """Whether this engine can render on this machine. Cheap; loads no weights."""
        ...

    def render(self, request: RenderRequest, work_dir: Path, progress: ProgressSink) -> RenderResult:
        """Renders into ``work_dir``.

        Raises:
            InputError: an image cannot be used.
            RequestError: the request asks for what this engine does not offer.
            RenderError: rendering failed.
        """
        ...
