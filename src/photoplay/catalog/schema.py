"""What the catalog's TOML may say. Unknown keys are errors, so a typo is noticed when the server starts."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from photoplay.catalog.plans import MAX_CLIP_S
from photoplay.shot import AspectRatio

Kind = Literal["image-to-video", "multi-image-to-video", "text-to-video"]

MIN_SIDE = 240  # pixels: the smallest and largest short side that engines render
MAX_SIDE = 2160
MAX_SHAPE = 2.5  # longest side over shortest
MIN_FPS, MAX_FPS = 8, 60
MAX_IMAGES = 7

PlanName = Literal["free", "starter", "pro", "pro-max", "business", "enterprise"]
Name = Annotated[str, Field(min_length=1, max_length=128)]


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Resolution(_Entry):
    """A size that a model offers."""

    name: Name  # what clients send, in lower case
    short_side: int = Field(ge=MIN_SIDE, le=MAX_SIDE)  # pixels of the video's short side
    width: int = Field(ge=MIN_SIDE)  # pixels in the usual shape: shown to clients; binding when exact
    height: int = Field(ge=MIN_SIDE)
    exact: bool = False  # the video has exactly this width and height; otherwise the photo's shape decides
    unit_credit: int | None = None  # shown by a dialect that lists prices per unit; not used for charging

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.name != self.name.lower():
            raise ValueError("name must be in lower case")
        if min(self.width, self.height) != self.short_side:
            raise ValueError("short_side must be the smaller of width and height")
        if self.width % 2 or self.height % 2:
            raise ValueError("width and height must be even")
        if max(self.width, self.height) > MAX_SHAPE * self.short_side:
            raise ValueError(f"no side may be longer than {MAX_SHAPE} times the other")
        return self


class Quality(_Entry):
    """A quality that a model offers under a name."""

    engine_quality: str  # what the engine calls it
    premium: bool = False  # for plans with premium only
    resolution: Name | None = None  # the size that is meant by it in a dialect whose requests name no size
    last_frame: bool = True  # False: takes no photo to end on, though the model does


class ImageRules(_Entry):
    """What images a model takes. ``None`` and empty: no rule but the server's own."""

    formats: tuple[str, ...] = ()  # media types; masks of brushes too
    max_bytes: int | None = Field(default=None, ge=1)  # of the file; masks of brushes too
    min_side: int | None = Field(default=None, ge=1)  # pixels of the shorter side
    max_shape: float | None = Field(default=None, ge=1)  # longest side over shortest


class LongClip(_Entry):
    """Clips longer than ``over_s`` need ``plan`` or a larger one."""

    over_s: float = Field(gt=0)
    plan: PlanName


class Row(_Entry):
    """What a clip of at most ``up_to_s`` seconds costs."""

    up_to_s: float = Field(gt=0)
    credits: int = Field(ge=0)


Rows = Annotated[tuple[Row, ...], Field(min_length=1)]


class Prices(_Entry):
    """A price table: for each resolution name the rows by length, and the rows for sound alone."""

    video: dict[str, Rows]
    audio: Rows

    @model_validator(mode="after")
    def _rising(self) -> Self:
        for name, rows in {**self.video, "audio": self.audio}.items():
            lengths = [row.up_to_s for row in rows]
            if lengths != sorted(set(lengths)):
                raise ValueError(f"{name}: rows must go from short to long")
        return self


class Model(_Entry):
    """A public model: the engine behind a name, and what may be asked of it."""

    name: Name
    kinds: Annotated[tuple[Kind, ...], Field(min_length=1)]
    dialects: tuple[str, ...] = ()  # wire APIs that list it; any may name it
    label: str
    provider: str
    description: str = ""
    engine: str
    pool: Name | None = None  # which workers make its clips; None: those that serve its engine
    prices: str  # name of a price table
    resolutions: Annotated[tuple[Resolution, ...], Field(min_length=1)]
    any_size: bool = False  # also takes "WIDTHxHEIGHT"
    durations_s: Annotated[tuple[Annotated[float, Field(gt=0, le=MAX_CLIP_S)], ...], Field(min_length=1)]
    any_duration: bool = False  # also takes what lies between the first and the last
    shortest_s: float | None = Field(default=None, gt=0)  # with any_duration: also takes what is this short
    multi_durations_s: tuple[Annotated[float, Field(gt=0, le=MAX_CLIP_S)], ...] = ()  # of clips of several photos
    fps: Annotated[tuple[Annotated[int, Field(ge=MIN_FPS, le=MAX_FPS)], ...], Field(min_length=1)]
    any_fps: bool = False  # also takes what lies between the first and the last
    default_fps: int
    aspect_ratios: Annotated[tuple[AspectRatio, ...], Field(min_length=1)] = ("auto",)
    max_images: int = Field(default=1, ge=1, le=MAX_IMAGES)
    last_frame: bool = False  # takes a photo to end on
    effects: bool = False
    sound: bool = True  # False: its clips are silent
    prompt_limit: int = Field(ge=1)  # characters, of the prompt and of the negative prompt each
    qualities: Annotated[dict[str, Quality], Field(min_length=1)]
    brushes: bool = True  # takes motion brushes
    camera: bool = True  # takes a camera that is written down, not only said in the prompt
    image_rules: ImageRules = ImageRules()
    retention_s: int | None = Field(default=None, ge=3600)  # how long its clips are kept; None: the server's setting
    plan: PlanName = "free"  # the least plan that may use the model
    long_clip: LongClip | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        rising = {"durations_s": self.durations_s, "multi_durations_s": self.multi_durations_s, "fps": self.fps}
        for key, values in rising.items():
            if list(values) != sorted(set(values)):
                raise ValueError(f"{key} must rise")
        if self.default_fps not in self.fps:
            raise ValueError("default_fps must be one of fps")
        if self.shortest_s is not None and not (self.any_duration and self.shortest_s <= self.durations_s[0]):
            raise ValueError("shortest_s needs any_duration, and cannot be beyond the first of durations_s")
        names = [resolution.name for resolution in self.resolutions]
        if len(set(names)) != len(names):
            raise ValueError("resolutions must have different names")
        for name, quality in self.qualities.items():
            if quality.resolution is not None and quality.resolution not in names:
                raise ValueError(f"qualities.{name}: there is no resolution {quality.resolution!r}")
        return self

    def takes_duration(self, duration_s: float, kind: Kind = "image-to-video") -> bool:
        """Whether the model makes clips of that length, of that kind."""
        if kind == "multi-image-to-video" and self.multi_durations_s:
            return duration_s in self.multi_durations_s
        inside = (self.shortest_s or self.durations_s[0]) <= duration_s <= self.durations_s[-1]
        return duration_s in self.durations_s or (self.any_duration and inside)

    def takes_fps(self, fps: int) -> bool:
        """Whether the model makes clips of that many frames a second."""
        return fps in self.fps or (self.any_fps and self.fps[0] <= fps <= self.fps[-1])


class Effect(_Entry):
    """A named animation."""

    slug: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")]
    code: Name  # what one dialect calls it; unique
    name: Name
    object_id: Annotated[str, Field(pattern=r"^[0-9a-f]{24}$")]
    created_ms: int = Field(ge=0)
    engine: str = "motion"


class Quote(_Entry):
    """What a request comes to: what it costs and what the engine is asked for."""

    model: str
    engine: str
    pool: str  # which workers make it
    quality: str  # the engine's name for it
    credits: int
    duration_s: float
    short_side: int  # pixels
    size: tuple[int, int] | None = None  # exact width and height in pixels, when the request fixes them
    fps: int
    effect: str | None = None  # slug
    image_rules: ImageRules = ImageRules()
    retention_s: int | None = None  # seconds for which the clip is kept; None: the server's setting
