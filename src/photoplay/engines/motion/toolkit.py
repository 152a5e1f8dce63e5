"""Tools for those who animate (effects, life): the subject, maps, projections, brushes, noise, colours.

All lengths are working pixels unless a name says otherwise; see ``animate`` for the coordinate systems.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from photoplay.engines.motion.animate import F64, Spec
from photoplay.engines.motion.camera import Rig, View, build_rig, photo_to_frame, subject_layer
from photoplay.engines.motion.planes import u8
from photoplay.engines.motion.types import F32, U8, Layer, Stage
from photoplay.engines.motion.warp import Lattice, grid_step

# ---------------------------------------------------------------------------------------------- the subject


@dataclass(frozen=True, slots=True)
class Subject:
    """The subject as it stands on the stage, in working pixels.

    ``key``: its layer's index. ``box``: (x0, y0, x1, y1) of what is at least half opaque. ``centre``: centre of
    mass. ``foot``: the middle of its lowest part: where it meets the ground, or the picture's edge when ``cut``
    (it goes on below the frame). ``depth``: inverse depth. ``face``: (x, y, width) of the largest face, if any.
    """

    key: int
    layer: Layer
    box: tuple[float, float, float, float]
    centre: tuple[float, float]
    foot: tuple[float, float]
    cut: bool
    depth: float
    face: tuple[float, float, float] | None

    @property
    def width(self) -> float:
        """Width of its box."""
        return self.box[2] - self.box[0]

    @property
    def height(self) -> float:
        """Height of its box."""
        return self.box[3] - self.box[1]

    @property
    def alpha(self) -> U8:
        """(H, W) uint8 over the whole working area."""
        assert self.layer.alpha is not None  # noqa: S101 - subject_of only returns layers that have one
        return self.layer.alpha


def subject_of(stage: Stage) -> Subject | None:
    """The subject of a stage, or None when the photo has no clear one."""
    index = subject_layer(stage)
    layer = stage.layers[index]
    if index == 0 or layer.alpha is None:
        return None
    solid = layer.alpha >= 128
    rows, columns = np.flatnonzero(solid.any(axis=1)), np.flatnonzero(solid.any(axis=0))
    if rows.size == 0:
        return None
    box = float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)
    small = layer.alpha[::4, ::4].astype(np.float32)
    total = float(small.sum())
    centre = (
        float((small.sum(axis=0) * np.arange(small.shape[1])).sum() / total * 4 + 1.5),
        float((small.sum(axis=1) * np.arange(small.shape[0])).sum() / total * 4 + 1.5),
    )
    lowest = solid[max(0, int(box[3] - max(2.0, 0.06 * (box[3] - box[1])))) : int(box[3])].any(axis=0)
    footing = np.flatnonzero(lowest)
    frame_bottom = stage.frame[1] + stage.frame[3]
    face = None
    if stage.scene.faces:
        largest = max(stage.scene.faces, key=lambda f: f.box.x1 - f.box.x0)
        x, y = from_photo(stage, *largest.box.centre)
        face = (x, y, from_photo(stage, largest.box.x1, 0.0)[0] - from_photo(stage, largest.box.x0, 0.0)[0])
    return Subject(
        key=index,
        layer=layer,
        box=box,
        centre=centre,
        foot=(float(footing[0] + footing[-1]) / 2, box[3]),
        cut=box[3] >= frame_bottom - 0.02 * stage.frame[3],
        depth=layer.anchor_depth,
        face=face,
    )


def cut_out(layer: Layer, box: tuple[float, float, float, float] | None = None) -> tuple[U8, int, int]:
    """A layer as a premultiplied RGBA picture, with the working position (x, y) of its corner.

    ``box`` limits it; the layer's own content does otherwise.
    """
    height, width = layer.rgb.shape[:2]
    alpha = np.full((height, width), 255, np.uint8) if layer.alpha is None else layer.alpha
    if box is None:
        rows, columns = np.flatnonzero(alpha.any(axis=1)), np.flatnonzero(alpha.any(axis=0))
        if rows.size == 0:
            return np.zeros((2, 2, 4), np.uint8), 0, 0
        x0, y0, x1, y1 = int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
    else:
        x0, y0 = max(0, int(box[0])), max(0, int(box[1]))
        x1, y1 = min(width, math.ceil(box[2])), min(height, math.ceil(box[3]))
    return premultiply(layer.rgb[y0:y1, x0:x1], alpha[y0:y1, x0:x1]), x0, y0


# ------------------------------------------------------------------------------------------------ projections


def rig_of(stage: Stage) -> Rig:
    """The camera's rig for this stage (lens, aim, subject depth)."""
    return build_rig(stage)


def lattice_of(stage: Stage, spec: Spec) -> Lattice:
    """The grid that maps are solved on; also knows the frame's centre in working pixels."""
    output = (spec.width, spec.height)
    return Lattice(output, stage.frame, grid_step(*output))


def from_photo(stage: Stage, x: float, y: float) -> tuple[float, float]:
    """A point of the photo (fractions of its sides) in working pixels."""
    u, v = photo_to_frame(stage, x, y)
    left, top, width, height = stage.frame
    return left + width / 2 + u * width, top + height / 2 + v * width


def to_frame(stage: Stage, spec: Spec, view: View, rig: Rig, x: float, y: float, depth: float) -> tuple[float, float]:
    """Where a working point at an inverse depth is seen, in frame pixels."""
    left, top, width, height = stage.frame
    u, v = (x + 0.5 - left - width / 2) / width, (y + 0.5 - top - height / 2) / width
    seen = np.linalg.solve(view.homography(rig.nearness(depth)), np.array([u, v, 1.0]))
    return (
        float(seen[0] / seen[2] * spec.width + spec.width / 2 - 0.5),
        float(seen[1] / seen[2] * spec.width + spec.height / 2 - 0.5),
    )


def frame_scale(stage: Stage, spec: Spec) -> float:
    """Frame pixels per working pixel when the camera is at rest."""
    return spec.width / stage.frame[2]


# ------------------------------------------------------------------------------------- maps that move a layer
# All are backward (LayerChange.affine): they take a point of the picture to the point it is looked up at.


def shift(dx: float, dy: float) -> F64:
    """The layer moves by (dx, dy): right and down."""
    return np.array([[1.0, 0.0, -dx], [0.0, 1.0, -dy]])


def stretch(about: tuple[float, float], sx: float, sy: float) -> F64:
    """The layer grows by ``sx`` across and ``sy`` down about a point. ``sx = 1 / sy`` keeps its area."""
    x, y = about
    return np.array([[1.0 / sx, 0.0, x - x / sx], [0.0, 1.0 / sy, y - y / sy]])


def rotate(about: tuple[float, float], angle_rad: float) -> F64:
    """The layer turns clockwise about a point."""
    x, y = about
    c, s = math.cos(angle_rad), math.sin(angle_rad)
    return np.array([[c, s, x - c * x - s * y], [-s, c, y + s * x - c * y]])


def shear(about_y: float, amount: float) -> F64:
    """The layer leans: what is one pixel above ``about_y`` moves right by ``amount``."""
    return np.array([[1.0, amount, -amount * about_y], [0.0, 1.0, 0.0]])


def chain(*maps: F64) -> F64:
    """Several moves in one: the first named happens first."""
    total = np.eye(3)
    for one in maps:
        total = total @ np.vstack([one, [0.0, 0.0, 1.0]])
    found: F64 = total[:2]
    return found


def nodes(stage: Stage, rows: int = 34, columns: int = 60) -> tuple[F32, F32]:
    """(x, y), each (rows, columns) float32: the working positions of a mesh's nodes (``LayerChange.mesh``)."""
    height, width = stage.layers[0].rgb.shape[:2]
    x, y = np.meshgrid(
        np.linspace(0.0, width - 1.0, columns, dtype=np.float32),
        np.linspace(0.0, height - 1.0, rows, dtype=np.float32),
    )
    return x, y


def mesh_from(stage: Stage, rows: int, columns: int, moved: Callable[[F32, F32], tuple[F32, F32]]) -> F32:
    """A mesh from a **forward** motion: ``moved(x, y)`` says by how much (dx, dy) the layer's point (x, y) moves.

    The motion is turned round by fixed-point steps, which needs it to be smooth: neighbouring points must not
    overtake each other.
    """
    x, y = nodes(stage, rows, columns)
    at_x, at_y = x, y
    for _ in range(6):
        dx, dy = moved(at_x, at_y)
        at_x, at_y = x - dx, y - dy
    return np.stack([at_x - x, at_y - y], axis=-1).astype(np.float32)


# ------------------------------------------------------------------------------------------------- time curves


def pulse(t: float, at: float, width: float) -> float:
    """0..1..0: a smooth bump around ``at`` that is nothing beyond ``width`` either way."""
    x = abs(t - at) / width
    return 0.0 if x >= 1.0 else 0.5 + 0.5 * math.cos(math.pi * x)


def spring(t: float, start: float, period: float, damping: float = 5.0) -> float:
    """0 before ``start``, then towards 1 with overshoot and settling: follow-through."""
    if t <= start:
        return 0.0
    x = (t - start) / period
    return 1.0 - math.exp(-damping * x) * math.cos(2.0 * math.pi * x)


def anticipate(t: float, start: float, end: float, back: float = 0.12) -> float:
    """0..1 over [start, end], going a little the other way first (``back`` of the whole) and settling gently."""
    if t <= start:
        return 0.0
    if t >= end:
        return 1.0
    x = (t - start) / (end - start)
    rise = x * x * x * (10.0 + x * (-15.0 + 6.0 * x))
    return rise - back * math.sin(math.pi * min(1.0, x / 0.45)) ** 2 * (1.0 - rise)


# -------------------------------------------------------------------------------------------- noise and chance


def rng_for(spec: Spec, name: str) -> np.random.Generator:
    """A generator that belongs to this clip's seed and ``name``: two effects never share their chance."""
    return np.random.default_rng([spec.seed & 0xFFFFFFFF, *name.encode()])


def wander(rng: np.random.Generator, low_hz: float, high_hz: float, terms: int = 4) -> Callable[[float], float]:
    """A smooth random function of seconds, about -1..1, of the given frequencies; 0 at 0 s."""
    omega = 2.0 * np.pi * np.exp(rng.uniform(math.log(low_hz), math.log(high_hz), terms))
    phase = rng.uniform(0.0, 2.0 * np.pi, terms)
    rest = float(np.sin(phase).sum())
    scale = 1.0 / math.sqrt(terms)
    return lambda time_s: (float(np.sin(omega * time_s + phase).sum()) - rest) * scale


def clouds(rng: np.random.Generator, width: int, height: int, cell: float, octaves: int = 4) -> F32:
    """Fractal value noise (height, width) float32 in 0..1 whose largest blobs are ``cell`` pixels wide."""
    total = np.zeros((height, width), np.float32)
    weight, reach, size = 1.0, 0.0, cell
    for _ in range(octaves):
        columns, rows = max(2, math.ceil(width / size) + 1), max(2, math.ceil(height / size) + 1)
        values = rng.random((rows, columns), dtype=np.float32)
        total += np.float32(weight) * cv2.resize(values, (width, height), interpolation=cv2.INTER_CUBIC)
        reach, weight, size = reach + weight, weight * 0.5, max(1.0, size / 2)
    low, high = float(total.min()), float(total.max())
    return ((total - low) / max(high - low, 1e-6)).astype(np.float32)


# ----------------------------------------------------------------------------------------- pictures and colours


def premultiply(rgb: U8, alpha: U8) -> U8:
    """(h, w, 3) colour and (h, w) alpha to (h, w, 4) premultiplied RGBA, as sprites want it."""
    inked = cv2.multiply(rgb, cv2.cvtColor(alpha, cv2.COLOR_GRAY2RGB), scale=1.0 / 255.0)
    out = cv2.cvtColor(inked, cv2.COLOR_RGB2RGBA)
    cv2.insertChannel(alpha, out, 3)
    return u8(out)


def painted(rgb: tuple[float, float, float], alpha: U8) -> U8:
    """One colour (0..255) in the shape of an alpha, premultiplied RGBA."""
    out = np.empty((*alpha.shape, 4), np.uint8)
    for channel in range(3):
        out[..., channel] = np.rint(alpha * (rgb[channel] / 255.0))
    out[..., 3] = alpha
    return out


def over(target: U8, source: U8, x: int, y: int) -> None:
    """Draws premultiplied RGBA ``source`` over premultiplied RGBA ``target`` with its corner at (x, y), in place."""
    x0, y0 = max(0, x), max(0, y)
    x1, y1 = min(target.shape[1], x + source.shape[1]), min(target.shape[0], y + source.shape[0])
    if x1 <= x0 or y1 <= y0:
        return
    part = source[y0 - y : y1 - y, x0 - x : x1 - x]
    under = target[y0:y1, x0:x1]
    rest = 255 - part[..., 3:].astype(np.uint16)
    under[:] = np.minimum(part + (under * rest + 127) // 255, 255).astype(np.uint8)


def soft_dot(diameter: int, hardness: float = 0.3) -> U8:
    """A round brush: (d, d) uint8 alpha, opaque to ``hardness`` of its radius, then fading out smoothly."""
    axis = (np.arange(diameter) + 0.5) / diameter * 2.0 - 1.0
    distance = np.sqrt(axis[:, None] ** 2 + axis[None, :] ** 2)
    x = np.clip((1.0 - distance) / max(1e-6, 1.0 - hardness), 0.0, 1.0)
    return np.asarray(np.rint(255.0 * x * x * (3.0 - 2.0 * x)), np.uint8)


def blurred(alpha: U8, radius: float) -> U8:
    """``alpha`` softened by a Gaussian of that radius (2 sigma)."""
    if radius < 0.5:
        return alpha
    return np.asarray(cv2.GaussianBlur(alpha, (0, 0), radius / 2.0), np.uint8)


def edge_distance(alpha: U8) -> F32:
    """Pixels to the nearest transparent pixel, (H, W) float32; 0 outside."""
    return np.asarray(cv2.distanceTransform((alpha >= 128).astype(np.uint8), cv2.DIST_L2, 5), np.float32)


def palette(rgb: U8, alpha: U8 | None, count: int, seed: int = 0) -> list[tuple[int, int, int]]:
    """The ``count`` colours that say most of a picture (where ``alpha`` is opaque), most frequent first."""
    small = cv2.resize(rgb, (96, 96), interpolation=cv2.INTER_AREA).reshape(-1, 3).astype(np.float32)
    if alpha is not None:
        chosen = cv2.resize(alpha, (96, 96), interpolation=cv2.INTER_AREA).ravel() > 160
        small = small[chosen] if int(chosen.sum()) >= count else small
    cv2.setRNGSeed(seed & 0x7FFFFFFF)
    criteria = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 20, 0.5)
    _, labels, centres = cv2.kmeans(small, count, None, criteria, 2, cv2.KMEANS_PP_CENTERS)  # type: ignore[call-overload]  # None for "no first labels" is documented, missing from the stub
    order = np.argsort(-np.bincount(labels.ravel(), minlength=count), kind="stable")
    return [(round(float(r)), round(float(g)), round(float(b))) for r, g, b in centres[order]]
