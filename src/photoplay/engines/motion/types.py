"""What the motion engine's stages hand to each other. Arrays: rows first, RGB, C-contiguous."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Box:
    """A box in fractions of the photo: x right, y down, 0..1."""

    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def centre(self) -> tuple[float, float]:
        """Centre (x, y)."""
        return (self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2


@dataclass(frozen=True, slots=True)
class Face:
    """A face: its box, how sure we are, and mesh points (N, 3) float32 in photo fractions (z relative), if found."""

    box: Box
    score: float
    mesh: F32 | None = None


class Photo:
    """A photo, upright. Its pixels, opacity and notes may be decoded when they are first asked for."""

    def __init__(
        self,
        rgb: U8,
        digest: str,
        *,
        focal_mm: float | None = None,
        alpha: U8 | None = None,
        notes: tuple[str, ...] = (),
    ) -> None:
        """Arguments: see the properties."""
        self._rgb, self._alpha, self._notes = rgb, alpha, notes
        self._digest, self._focal_mm = digest, focal_mm

    @property
    def digest(self) -> str:
        """SHA-256 of the file's bytes, hex."""
        return self._digest

    @property
    def focal_mm(self) -> float | None:
        """35 mm equivalent of the lens, from EXIF."""
        return self._focal_mm

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        return self.rgb.shape[1], self.rgb.shape[0]

    @property
    def rgb(self) -> U8:
        """(H, W, 3) uint8 sRGB."""
        return self._rgb

    @property
    def alpha(self) -> U8 | None:
        """(H, W) uint8: the opacity the file had; None when opaque."""
        return self._alpha

    @property
    def notes(self) -> tuple[str, ...]:
        """What was assumed while decoding."""
        return self._notes


@dataclass(frozen=True, slots=True)
class SceneMap:
    """What the engine sees in a photo, at analysis size (long side <= 1024), independent of the output size.

    ``inverse_depth`` (h, w) float32: 0 far .. 1 near, smooth along surfaces, sharp at the matte's edge.
    ``matte`` (h, w) uint8: the subject's opacity; all 0 when there is no clear subject.
    ``regions``: name ("sky", "water", "foliage", "fire", "smoke", "ground", "hair", "skin", "lamps",
    "mist") to (h, w) uint8 weight.
    ``layers``: depth bands, far to near: each a (h, w) uint8 opacity over the ones before; layers[0] is all 255.
    ``layer_depths``: inverse depth of each layer's anchor (its ground contact or median), rising.
    """

    digest: str
    size: tuple[int, int]  # analysis (width, height)
    inverse_depth: F32
    matte: U8
    layers: tuple[U8, ...]
    layer_depths: tuple[float, ...]
    subject: Box | None
    faces: tuple[Face, ...] = ()
    horizon: float | None = None  # fraction of the height
    regions: dict[str, U8] = field(default_factory=dict)
    light: tuple[float, float] = (0.0, -1.0)  # unit vector towards the main light in the image plane
    stats: dict[str, Any] = field(default_factory=dict)  # luminance, colourfulness, sharpness, ... plain numbers
    notes: tuple[str, ...] = ()  # degraded steps: which weights were missing


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer at working size, ready to be warped and composited over the layers before it.

    ``rgb`` (H, W, 3) uint8: colour, foreground-estimated at soft edges, filled where nearer layers hid it.
    ``alpha`` (H, W) uint8 or None: None means opaque everywhere (the plate).
    ``inverse_depth`` (h, w) float32 at a quarter of the working size: 0 far .. 1 near, smooth inside the layer.
    """

    rgb: U8
    alpha: U8 | None
    inverse_depth: F32
    anchor_depth: float


@dataclass(frozen=True, slots=True)
class Stage:
    """The photo fitted to an output: layers far to near, all of working size, which exceeds the frame by a margin.

    ``frame``: (x, y, width, height) in working pixels: the rectangle that frame 0 shows, 1:1 or slightly larger
    than the output. Outside it lies picture content where the crop left some, outpainted content elsewhere.
    """

    scene: SceneMap
    layers: tuple[Layer, ...]
    frame: tuple[float, float, float, float]
    output: tuple[int, int]  # video (width, height), both even
    photo_to_working: tuple[float, float, float]  # scale, dx, dy: working = photo_px * scale + (dx, dy)
    photo_size: tuple[int, int] | None = None  # (width, height) in pixels, when known
