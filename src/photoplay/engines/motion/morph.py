"""First and last frame: when two photos show much the same, one becomes the other by flow.

Dense flow (DIS, Kroeger et al. 2016) is worked out both ways between the two fitted photos. Where following it
there and back leads home it is trusted; from there it is spread smoothly over the rest. Each photo is bent along
the flow towards the other while one is mixed into the other, so that what corresponds stays together instead of
ghosting (Beier & Neely 1992 did it with lines drawn by hand). When too little corresponds there is no morph, and
one photo dissolves into the other on the move instead (``change.py``).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from photoplay.engines.motion.animate import Animator, Changes, LayerChange, Moment
from photoplay.engines.motion.camera import Nudge
from photoplay.engines.motion.easing import span
from photoplay.engines.motion.planes import u8
from photoplay.engines.motion.sequence import Span
from photoplay.engines.motion.types import F32, U8, Stage

FLOW_SIDE = 448  # pixels of the longer side at which flow is worked out
NODES = 80  # of the mesh, along the longer side
HOME_PX = 1.5  # flow is trusted where the way there and back ends within this
LEAST_TRUSTED = 0.5  # of the picture, or there is no morph
LEAST_GAIN = 0.25  # by which following the flow must reduce the difference between the pictures
# Shares of the clip between which things move, one pair a take: evenly, early, late, briskly, and between those.
PACES = ((0.1, 0.9), (0.02, 0.7), (0.3, 0.98), (0.25, 0.75), (0.05, 0.95), (0.02, 0.6), (0.4, 0.98), (0.15, 0.8))
_MIX_FIRST, _MIX_LAST = 0.3, 0.7  # of that time: when one picture is mixed into the other
_PUSH = 0.05  # both pictures grow by this and back, so that the camera is not dead


@dataclass(frozen=True, slots=True)
class Correspondence:
    """Flow between two fitted photos, each (h, w, 2) float32 in fractions of the frame's width.

    ``there``: from a point of the first to the same thing in the second; ``back``: the other way.
    """

    there: F32
    back: F32
    trusted: float  # share of the picture


def correspond(first: U8, second: U8) -> Correspondence | None:
    """What corresponds in two pictures of the same shape, (H, W) uint8 luma; None when too little does."""
    scale = FLOW_SIDE / max(first.shape)
    size = max(16, round(first.shape[1] * scale)), max(16, round(first.shape[0] * scale))
    a, b = (_even_light(u8(cv2.resize(luma, size, interpolation=cv2.INTER_AREA))) for luma in (first, second))
    finder = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    # OpenCV's stubs want a flow to begin with; None begins at rest.
    there = np.asarray(finder.calc(a, b, None), np.float32)  # type: ignore[call-overload]  # see above
    back = np.asarray(finder.calc(b, a, None), np.float32)  # type: ignore[call-overload]  # see above
    home_a, home_b = _returns(there, back), _returns(back, there)
    trusted = float(min(home_a.mean(), home_b.mean()))
    if trusted < LEAST_TRUSTED:
        return None
    before = float(np.mean(cv2.absdiff(a, b)))
    after = float(np.mean(cv2.absdiff(a, _look(b, there))))
    travelled = float((np.linalg.norm(there, axis=-1) * home_a).sum() / max(float(home_a.sum()), 1.0))
    if travelled > HOME_PX and after > (1.0 - LEAST_GAIN) * before:
        return None
    width = np.float32(size[0])
    return Correspondence(_spread(there, home_a) / width, _spread(back, home_b) / width, trusted)


def _even_light(luma: U8) -> U8:
    """Local contrast only: a change of light between the photos is not motion."""
    return u8(cv2.createCLAHE(2.0, (4, 4)).apply(luma))


def _grid(shape: tuple[int, ...]) -> tuple[F32, F32]:
    x, y = np.meshgrid(np.arange(shape[1], dtype=np.float32), np.arange(shape[0], dtype=np.float32))
    return x, y


def _look(picture: U8, flow: F32) -> U8:
    x, y = _grid(picture.shape)
    return u8(cv2.remap(picture, x + flow[..., 0], y + flow[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))


def _returns(flow: F32, other: F32) -> F32:
    """(h, w) float32: 1 where following ``flow`` and then ``other`` leads home, falling to 0."""
    x, y = _grid(flow.shape)
    at_x, at_y = x + flow[..., 0], y + flow[..., 1]
    nowhere = (1e4, 1e4)
    way = cv2.remap(other, at_x, at_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=nowhere)
    error = np.linalg.norm(flow + way, axis=-1)
    return np.asarray(np.clip(2.0 - error / HOME_PX, 0.0, 1.0), np.float32)


def _spread(flow: F32, trust: F32) -> F32:
    """Flow smoothed where it is trusted and carried on from there elsewhere: means at ever larger scales."""
    rows, columns = flow.shape[:2]
    total = np.zeros_like(flow)
    weight = np.zeros((rows, columns, 1), np.float32)
    sure = trust[..., None]
    for sigma in (3.0, 8.0, 20.0, 50.0, 130.0):
        top = cv2.GaussianBlur(flow * sure, (0, 0), sigma)
        bottom = cv2.GaussianBlur(trust, (0, 0), sigma)[..., None]
        need = (1.0 - weight) * np.clip(bottom * 2.0, 0.0, 1.0)
        total += need * (top / np.maximum(bottom, 1e-6))
        weight += need
    return np.asarray(total / np.maximum(weight, 1e-6), np.float32)


class Bend(Animator):
    """Bends every layer of one photo along the flow. ``arriving``: it comes out of the flow instead of going in."""

    life = False
    fine_mesh = True

    def __init__(self, stage: Stage, flow: F32, own: Span, frames: int, *, arriving: bool, take: int = 0) -> None:
        """``flow``: to the other photo, in frame widths. ``own``: this photo's frames; ``frames``: the whole clip's."""
        self._keys = tuple(range(len(stage.layers)))
        self._mesh = backward_mesh(stage, flow)
        self._own, self._frames, self._arriving = own, frames, arriving
        self._pace = PACES[take % len(PACES)]

    def frame(self, moment: Moment) -> Changes:
        """See :class:`Animator`."""
        t = (self._own.first + moment.index) / max(1, self._frames - 1)
        done = span(t, *self._pace)
        share = 1.0 - done if self._arriving else done
        push = Nudge(scale=1.0 + _PUSH * math.sin(math.pi * t) ** 2)
        if share <= 0.0:
            return Changes(nudge=push)
        change = LayerChange(mesh=self._mesh * np.float32(share))
        return Changes(layers=dict.fromkeys(self._keys, change), nudge=push)


def backward_mesh(stage: Stage, flow: F32) -> F32:
    """A mesh (see ``LayerChange``) that moves each point of a stage all the way along a flow given over the frame.

    The flow says where points go; a mesh says where they come from: turned round by fixed-point steps.
    """
    height, width = stage.layers[0].rgb.shape[:2]
    columns = NODES if width >= height else max(4, round(NODES * width / height))
    rows = max(4, round(columns * height / width))
    x, y = np.meshgrid(
        np.linspace(0.0, width - 1.0, columns, dtype=np.float32), np.linspace(0.0, height - 1.0, rows, dtype=np.float32)
    )
    left, top, frame_w, frame_h = stage.frame
    to_x, to_y = np.float32(flow.shape[1] / frame_w), np.float32(flow.shape[0] / frame_h)
    at_x, at_y = x, y
    for _ in range(5):
        moved = cv2.remap(
            flow,
            (at_x - np.float32(left)) * to_x,
            (at_y - np.float32(top)) * to_y,
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        at_x, at_y = x - moved[..., 0] * np.float32(frame_w), y - moved[..., 1] * np.float32(frame_w)
    return np.stack([at_x - x, at_y - y], axis=-1).astype(np.float32)


def morph_spans(frames: int, take: int = 0) -> tuple[Span, Span]:
    """The frames of the two photos: they overlap while one is mixed into the other."""
    begin, end = PACES[take % len(PACES)]
    first, last = (round((begin + share * (end - begin)) * frames) for share in (_MIX_FIRST, _MIX_LAST))
    return Span(0, max(first + 1, last)), Span(first, frames)
