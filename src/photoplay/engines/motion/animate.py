"""What may change from frame to frame besides the camera: the hook for effects and for life.

An :class:`Animator` is asked once per frame for its :class:`Changes`: how layers are bent, faded and coloured,
what is drawn between or over them, and how the camera is nudged. It is asked in any order and from several
threads, so it must be a pure function of the moment: precompute in ``prepare``, derive randomness from the
seed, keep no state. That is also what makes the same request give the same bytes.

Coordinates. **Working pixels** are pixels of the stage's layers (``Stage.frame`` says which rectangle the
first frame shows). **Frame pixels** are pixels of the video. **Frame widths** are fractions of the frame's
width from its centre (camera). x right, y down, always.

Layers are named by their index in ``Stage.layers`` (0 the plate, far to near), or by the name of an
:class:`ExtraLayer` that the animator brought along.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from photoplay.engines.motion.camera import Nudge, View
from photoplay.engines.motion.planes import RGB_TO_YUV
from photoplay.engines.motion.types import F32, U8, Layer
from photoplay.shot import Cue, Shot

F64 = NDArray[np.float64]
LayerKey = int | str


@dataclass(frozen=True, slots=True)
class Spec:
    """The clip to be made: frame size in pixels (even), frames a second, number of frames, seed of all chance."""

    width: int
    height: int
    fps: int
    frames: int
    seed: int = 0

    @property
    def duration_s(self) -> float:
        """Length of the clip."""
        return self.frames / self.fps

    def moment_t(self, index: int) -> float:
        """Time 0..1 of a frame; the last frame is at 1."""
        return index / (self.frames - 1) if self.frames > 1 else 0.0


@dataclass(frozen=True, slots=True)
class Moment:
    """One frame: its ``index``, clip time ``t`` 0..1, ``time_s``, and the camera's ``view`` before any nudge."""

    index: int
    t: float
    time_s: float
    view: View


@dataclass(frozen=True, slots=True)
class Grade:
    """A colour change that is linear in YUV codes, cheap enough for every frame.

    ``luma' = 16 + luma_gain * (luma - 16) + luma_offset``; ``chroma' = 128 + chroma_gain * (chroma - 128) + du|dv``.
    """

    luma_gain: float = 1.0
    luma_offset: float = 0.0  # codes, 0..219
    chroma_gain: float = 1.0
    du: float = 0.0
    dv: float = 0.0

    @classmethod
    def of(
        cls,
        *,
        exposure: float = 1.0,
        contrast: float = 1.0,
        saturation: float = 1.0,
        tint: tuple[float, float, float] = (0.0, 0.0, 0.0),
    ) -> Grade:
        """From words people use: exposure scales light, contrast turns about mid grey, ``tint`` adds RGB 0..255."""
        pivot = 0.45 * 219.0
        dy, du, dv = (RGB_TO_YUV[:, :3] @ np.array(tint, np.float32)).tolist()
        return cls(
            luma_gain=exposure * contrast,
            luma_offset=pivot * (1.0 - contrast) * exposure + dy,
            chroma_gain=saturation * exposure * contrast,
            du=du,
            dv=dv,
        )

    def then(self, after: Grade) -> Grade:
        """This grade followed by ``after``."""
        return Grade(
            luma_gain=self.luma_gain * after.luma_gain,
            luma_offset=self.luma_offset * after.luma_gain + after.luma_offset,
            chroma_gain=self.chroma_gain * after.chroma_gain,
            du=self.du * after.chroma_gain + after.du,
            dv=self.dv * after.chroma_gain + after.dv,
        )

    def toward(self, other: Grade, amount: float) -> Grade:
        """Between this grade (0) and ``other`` (1)."""
        mix = [a + (b - a) * amount for a, b in zip(self.values(), other.values(), strict=True)]
        return Grade(*mix)

    def values(self) -> tuple[float, float, float, float, float]:
        """The five numbers in the order of the fields."""
        return self.luma_gain, self.luma_offset, self.chroma_gain, self.du, self.dv

    @property
    def neutral(self) -> bool:
        """Whether it changes nothing."""
        return self.values() == (1.0, 0.0, 1.0, 0.0, 0.0)


NEUTRAL = Grade()


@dataclass(frozen=True, slots=True)
class LayerChange:
    """What happens to one layer in one frame.

    ``mesh``: (gh, gw, 2) float32, (x, y) in working pixels: a point p of the layer's picture plane now shows what
    the layer had at ``p + mesh(p)`` (backward, so nothing tears). Nodes are spread evenly over the whole working
    rectangle, the first and last on its outermost pixels. ``affine``: (2, 3) float64, the same as a matrix:
    p shows what was at ``affine @ (p, 1)``; applied before the mesh. ``opacity`` 0..1. ``mask``: (mh, mw) uint8
    over the working rectangle, moves with the layer and multiplies its alpha: dissolves. ``grade``: its colours.
    ``blur``: diameter of a blur disc in frame widths, besides the camera's focus. ``hidden``: not drawn at all.
    The plate (layer 0) takes mesh, affine, grade and blur, but stays opaque.
    """

    mesh: F32 | None = None
    affine: F64 | None = None
    opacity: float = 1.0
    mask: U8 | None = None
    grade: Grade = NEUTRAL
    blur: float = 0.0
    hidden: bool = False

    def plus(self, other: LayerChange) -> LayerChange:
        """Both changes. Meshes of the same shape add; the coarser one is refitted to the finer."""
        return LayerChange(
            mesh=_add_meshes(self.mesh, other.mesh),
            affine=_chain(self.affine, other.affine),
            opacity=self.opacity * other.opacity,
            mask=_multiply_masks(self.mask, other.mask),
            grade=self.grade.then(other.grade),
            blur=max(self.blur, other.blur),
            hidden=self.hidden or other.hidden,
        )


@dataclass(frozen=True, slots=True)
class Sprite:
    """A picture drawn into the frame: particles, a knife, a slash, a re-drawn subject.

    ``rgba``: (h, w, 4) uint8, colour already multiplied by alpha (premultiplied). ``light``: alpha is ignored and
    the colour is added as light (sparks, glows, leaks). ``after``: index of the stage layer it is drawn right
    after, -1 for before the plate's neighbours (on the plate only use 0), None for on top of everything.

    Where: with ``depth`` None, (x, y) is the top left corner in frame pixels and ``scale`` frame pixels per
    sprite pixel; fractions are kept. With ``depth`` (inverse depth 0..1), (x, y) and ``scale`` are in working
    pixels and the camera sees the sprite at that depth, like a layer. ``follows``: a layer whose affine and mesh
    carry the sprite along (by where its middle goes): an eyelid stays on a face that breathes.
    """

    rgba: U8
    x: float
    y: float
    scale: float = 1.0
    after: int | None = None
    depth: float | None = None
    light: bool = False
    opacity: float = 1.0
    follows: LayerKey | None = None


NO_NUDGE = Nudge()


@dataclass(frozen=True, slots=True)
class Changes:
    """Everything that one frame does differently. The empty value changes nothing.

    ``finish``: gets the finished frame, (H, W, 3) uint8 RGB, and returns it changed. It costs two colour
    conversions a frame, so prefer layers, sprites and grades.
    """

    layers: Mapping[LayerKey, LayerChange] = field(default_factory=dict)
    sprites: tuple[Sprite, ...] = ()
    nudge: Nudge = NO_NUDGE
    grade: Grade = NEUTRAL
    finish: Callable[[U8], U8] | None = None


NO_CHANGES = Changes()


@dataclass(frozen=True, slots=True)
class ExtraLayer:
    """A layer that an animator brings along, drawn right after stage layer ``after`` (0: on the plate).

    ``hold_alpha``: its mesh moves the colours only and the alpha stays where it is: water within its banks.
    """

    name: str
    layer: Layer
    after: int
    hold_alpha: bool = False


class Animator(ABC):
    """Something that animates the stage over one clip. See the module's docstring for the rules."""

    shot: Shot | None = None
    """The camera path it wants when the request names none of its own; None: whatever the plan says."""

    life: bool = True
    """Whether subtle life (breathing, water, ...) may go on underneath."""

    cues: tuple[Cue, ...] = ()
    """Moments that can be heard."""

    notes: tuple[str, ...] = ()
    """Plain words for the user: what was done differently on this photo, and why."""

    extra_layers: tuple[ExtraLayer, ...] = ()

    fine_mesh: bool = False
    """Whether it has meshes with detail finer than 16 frame pixels; it makes frames slower to solve."""

    @abstractmethod
    def frame(self, moment: Moment) -> Changes:
        """What this frame does differently. Pure; called from several threads, in any order."""


@dataclass(frozen=True, slots=True)
class Ensemble:
    """Several animators as one."""

    members: tuple[Animator, ...] = field(default=())
    still: F32 | None = None
    """(h, w) float32 0..1 over the working rectangle: how freely meshes may bend each part; None: everywhere."""

    @property
    def extra_layers(self) -> tuple[ExtraLayer, ...]:
        """The extra layers of all members."""
        return tuple(extra for member in self.members for extra in member.extra_layers)

    def frame(self, moment: Moment) -> Changes:
        """The members' changes, joined in order."""
        joined = NO_CHANGES
        for member in self.members:
            change = member.frame(moment)
            joined = change if joined is NO_CHANGES else join(joined, change)
        if self.still is None or not joined.layers:
            return joined
        return replace(joined, layers={key: _held(change, self.still) for key, change in joined.layers.items()})


def _held(change: LayerChange, still: F32) -> LayerChange:
    if change.mesh is None:
        return change
    # At the finer of the two, or what is held would be dragged along by its neighbours' nodes.
    mesh, free = change.mesh, still
    if mesh.shape[1] >= still.shape[1]:
        free = refit(still, mesh.shape[1], mesh.shape[0])
    else:
        mesh = refit(mesh, still.shape[1], still.shape[0])
    return replace(change, mesh=mesh * free[..., None])


def join(first: Changes, second: Changes) -> Changes:
    """Both changes in one."""
    layers = dict(first.layers)
    for key, change in second.layers.items():
        layers[key] = layers[key].plus(change) if key in layers else change
    return Changes(
        layers=layers,
        sprites=first.sprites + second.sprites,
        nudge=_add_nudges(first.nudge, second.nudge),
        grade=first.grade.then(second.grade),
        finish=_pipe(first.finish, second.finish),
    )


def _add_nudges(a: Nudge, b: Nudge) -> Nudge:
    if a == NO_NUDGE:
        return b
    if b == NO_NUDGE:
        return a
    return replace(
        a,
        dx=a.dx + b.dx,
        dy=a.dy + b.dy,
        roll_rad=a.roll_rad + b.roll_rad,
        scale=a.scale * b.scale,
        about=a.about if abs(a.scale - 1.0) >= abs(b.scale - 1.0) else b.about,
    )


def _pipe(a: Callable[[U8], U8] | None, b: Callable[[U8], U8] | None) -> Callable[[U8], U8] | None:
    if a is None or b is None:
        return a or b
    return lambda rgb: b(a(rgb))


def _chain(a: F64 | None, b: F64 | None) -> F64 | None:
    if a is None or b is None:
        return b if a is None else a
    bottom = np.array([[0.0, 0.0, 1.0]])
    chained: F64 = (np.vstack([a, bottom]) @ np.vstack([b, bottom]))[:2]
    return chained


def _add_meshes(a: F32 | None, b: F32 | None) -> F32 | None:
    if a is None or b is None:
        return b if a is None else a
    if a.shape == b.shape:
        return a + b
    big, small = (a, b) if a.size >= b.size else (b, a)
    added: F32 = big + refit(small, big.shape[1], big.shape[0])
    return added


def refit(grid: F32, width: int, height: int) -> F32:
    """A node grid (corners on corners) resampled to ``width`` x ``height`` nodes, linearly."""
    rows = np.linspace(0.0, grid.shape[0] - 1.0, height)
    columns = np.linspace(0.0, grid.shape[1] - 1.0, width)
    top = np.minimum(rows.astype(int), max(grid.shape[0] - 2, 0))
    left = np.minimum(columns.astype(int), max(grid.shape[1] - 2, 0))
    below, right = np.minimum(top + 1, grid.shape[0] - 1), np.minimum(left + 1, grid.shape[1] - 1)
    fy = (rows - top).astype(np.float32)[:, None, None]
    fx = (columns - left).astype(np.float32)[None, :, None]
    cells = grid if grid.ndim == 3 else grid[..., None]
    upper = cells[top][:, left] * (1 - fx) + cells[top][:, right] * fx
    lower = cells[below][:, left] * (1 - fx) + cells[below][:, right] * fx
    mixed: F32 = (upper * (1 - fy) + lower * fy).astype(np.float32)
    return mixed if grid.ndim == 3 else mixed[..., 0]


def _multiply_masks(a: U8 | None, b: U8 | None) -> U8 | None:
    if a is None or b is None:
        return b if a is None else a
    big, small = (a, b) if a.size >= b.size else (b, a)
    fitted = refit(small.astype(np.float32), big.shape[1], big.shape[0])
    return np.asarray(big * (fitted / 255.0), np.uint8)
