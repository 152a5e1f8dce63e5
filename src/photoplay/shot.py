"""The language in which a clip's motion is said: shots, moves, brushes, cues.

Plain data, shared by whoever asks for motion (prompts, wire APIs, the command line, the studio) and
whoever makes it (engines, sound). Everything is immutable and survives JSON.

A **shot** is a timeline of **moves**. A move has a kind, a direction sign folded into ``amount``, a span of
the clip and an easing. Amounts are relative to what is normal for the move (1.0 = a clearly visible,
tasteful move over 5 s), so the same shot fits any photo and size; :data:`UNITS` says what 1.0 means.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class MoveKind(StrEnum):
    """What a camera can do. Signs: positive as named first."""

    STATIC = "static"  # nothing; amount ignored
    DOLLY = "dolly"  # camera travels: + in, - out (parallax)
    ZOOM = "zoom"  # focal length changes: + in, - out (no parallax)
    DOLLY_ZOOM = "dolly_zoom"  # + in while zooming out, subject keeps its size
    TRUCK = "truck"  # camera slides: + right, - left (parallax)
    PEDESTAL = "pedestal"  # camera slides: + up, - down (parallax)
    PAN = "pan"  # camera turns: + right, - left
    TILT = "tilt"  # camera turns: + up, - down
    ROLL = "roll"  # camera rolls: + clockwise, - counter-clockwise, as seen through it
    ORBIT = "orbit"  # camera circles the subject: + to the right, - to the left
    CRANE = "crane"  # pedestal with a tilt that keeps the subject: + up, - down
    HANDHELD = "handheld"  # band-limited sway; amount is its size
    PUSH_THROUGH = "push_through"  # travels past the near layer towards the far one
    RACK_FOCUS = "rack_focus"  # focus: + far to near (onto the subject), - near to far


UNITS: dict[MoveKind, str] = {
    MoveKind.STATIC: "none",
    MoveKind.DOLLY: "scale of the subject plane 1.15 times",
    MoveKind.ZOOM: "scale of the whole frame 1.15 times",
    MoveKind.DOLLY_ZOOM: "scale of the far plane 1.15 times against the subject",
    MoveKind.TRUCK: "subject plane moves by 5 % of the frame's width",
    MoveKind.PEDESTAL: "subject plane moves by 5 % of the frame's height",
    MoveKind.PAN: "frame moves by 8 % of its width",
    MoveKind.TILT: "frame moves by 8 % of its height",
    MoveKind.ROLL: "4 degrees",
    MoveKind.ORBIT: "far plane moves by 5 % of the frame's width against the subject",
    MoveKind.CRANE: "far plane moves by 5 % of the frame's height against the subject",
    MoveKind.HANDHELD: "sway of 0.4 % of the frame's width (rms)",
    MoveKind.PUSH_THROUGH: "near layer scales 1.4 times, far plane 1.1 times",
    MoveKind.RACK_FOCUS: "blur disc of 1.2 % of the frame's width",
}


class Ease(StrEnum):
    """How a move's speed runs over its span."""

    SMOOTH = "smooth"  # minimum jerk: starts and ends at rest
    LINEAR = "linear"
    IN = "in"  # starts at rest
    OUT = "out"  # ends at rest


class Move(_Value):
    """One move of the camera over ``[start, end]`` of the clip (0..1). See :data:`UNITS` for ``amount``."""

    kind: MoveKind
    amount: float = Field(default=1.0, ge=-4.0, le=4.0)
    start: float = Field(default=0.0, ge=0.0, le=1.0)
    end: float = Field(default=1.0, ge=0.0, le=1.0)
    ease: Ease = Ease.SMOOTH


class Shot(_Value):
    """What the camera does over the whole clip. Moves that overlap add up."""

    moves: tuple[Move, ...] = ()


class LifeKind(StrEnum):
    """Motion inside the photo, or before it."""

    BREATHING = "breathing"
    SWAY = "sway"  # hair, cloth, foliage in wind
    WATER = "water"
    CLOUDS = "clouds"
    SMOKE = "smoke"
    FIRE = "fire"
    BLINK = "blink"
    SMILE = "smile"
    LIGHT_LEAK = "light_leak"
    SNOW = "snow"
    RAIN = "rain"
    PETALS = "petals"
    DUST = "dust"
    SPARKS = "sparks"
    BUBBLES = "bubbles"
    CONFETTI = "confetti"


class Life(_Value):
    """One kind of life with its strength (1.0 = subtle default; 0 = asked to be absent)."""

    kind: LifeKind
    strength: float = Field(default=1.0, ge=0.0, le=4.0)


class ImageUse(_Value):
    """What one of several images is used as. ``number`` counts from 1; None: a place painted for the others."""

    number: int | None
    role: Literal["subject", "backdrop", "scene", "last_frame", "painted"]
    shows: str | None = None  # a noun: what it was taken for, or the place that was painted
    where: str | None = None  # where a subject is in the picture
    why: str = ""  # what decided


class Plan(_Value):
    """What was understood of a request, before any pixel: printed by ``photoplay plan`` and kept with the job."""

    shot: Shot = Shot()
    life: tuple[Life, ...] = ()
    life_by_default: bool = True  # the engine may add what it sees fits the photo
    effect: str | None = None
    sounds: tuple[str, ...] = ()  # sound words found in the prompt (rain, wind, piano, ...)
    speech: str | None = None  # words to be spoken
    subject_words: tuple[str, ...] = ()  # nouns that say what the photo shows
    extended_prompt: str | None = None
    understood: tuple[str, ...] = ()  # fragments of the prompt that were used
    ignored: tuple[str, ...] = ()  # fragments that asked for motion but could not be understood or done
    heard: tuple[str, ...] = ()  # fragments that no motion answers but the sound does
    notes: tuple[str, ...] = ()  # what was changed and why (reduced for the photo, conflicts resolved)
    images: tuple[ImageUse, ...] = ()  # of several images: what each is used as


class Point(_Value):
    """A point in the image, x right and y down, both 0..1 of its sides."""

    x: float
    y: float


PointUnit = Literal["share", "pixels", "pixels_up"]
"""What a trajectory's numbers are: shares of the photo's sides (see :class:`Point`), pixels of the upright photo with
y down from its top, or pixels with y up from its bottom."""


class Brush(_Value):
    """A motion brush: the masked part of the photo moves along the trajectory. ``mask`` names an input file."""

    mask: str
    trajectory: tuple[Point, ...] = ()  # empty: the part stays still
    unit: PointUnit = "share"  # of the trajectory

    def shares(self, width: int, height: int) -> tuple[Point, ...]:
        """The trajectory in shares of the sides of a photo of that size in pixels."""
        if self.unit == "share":
            return self.trajectory
        down = self.unit == "pixels"
        return tuple(
            Point(x=point.x / width, y=point.y / height if down else 1.0 - point.y / height)
            for point in self.trajectory
        )


class Cue(_Value):
    """A moment of the picture that can be heard: made by the engine, played by the sound room."""

    at_s: Annotated[float, Field(ge=0.0)]
    kind: str  # whoosh, squish, crack, splash, thunder, heartbeat, shutter, pop, chime, ...
    strength: float = Field(default=1.0, ge=0.0, le=2.0)
    pan: float = Field(default=0.0, ge=-1.0, le=1.0)  # -1 left .. +1 right
    duration_s: float = Field(default=0.5, gt=0.0)


AspectRatio = Literal["auto", "16:9", "9:16", "1:1", "4:3", "3:4", "3:2", "2:3", "21:9"]
