"""Blinking: the lid comes down, drawn from the skin above the eye, lashes and all; the eye itself is never squeezed."""

from __future__ import annotations

import math

import cv2
import numpy as np

from photoplay.engines.motion.animate import Animator, Changes, Moment, Spec, Sprite
from photoplay.engines.motion.life.base import LifeForm
from photoplay.engines.motion.life.features import F64, Eye, Features, clear_faces
from photoplay.engines.motion.toolkit import premultiply, rng_for
from photoplay.engines.motion.types import F32, U8, Stage
from photoplay.shot import LifeKind, Plan

CLOSING_S, SHUT_S, OPENING_S = 0.09, 0.045, 0.15
_LEVELS = 6  # lids drawn beforehand between open and shut
_FIRST_S = (0.9, 1.7)
_NEXT_S = (2.3, 4.2)
LEAST_OPENING = 0.17  # of the eye's width: an eye that is narrower is as good as shut, or laughs


class Blink(LifeForm):
    """Eyes of clear faces."""

    kinds = (LifeKind.BLINK,)
    order = 30

    def by_default(self, kind: LifeKind, stage: Stage, plan: Plan) -> float:
        """Where a clear face has open eyes."""
        del kind, plan
        return 1.0 if any(_open(face) for face in clear_faces(stage)) else 0.0

    def prepare(self, kind: LifeKind, stage: Stage, spec: Spec, strength: float, *, asked: bool) -> Animator | None:
        """See :class:`LifeForm`."""
        del kind
        faces = [face for face in clear_faces(stage) if _open(face)]
        if not faces:
            return _NoEyes() if asked else None
        return _Lids(stage, faces[:4], spec, strength)


def _open(face: Features) -> bool:
    return all(eye.opening >= LEAST_OPENING * eye.width for eye in face.eyes)


class _NoEyes(Animator):
    notes = ("blinking left out: no clear, open eyes were found",)

    def frame(self, moment: Moment) -> Changes:
        return Changes()


class _Lids(Animator):
    def __init__(self, stage: Stage, faces: list[Features], spec: Spec, strength: float) -> None:
        self._faces = []
        for number, face in enumerate(faces):
            rng = rng_for(spec, f"blink{number}")
            times: list[float] = []
            at = float(rng.uniform(*_FIRST_S))
            while at < spec.duration_s - 0.3:
                times.append(at)
                at += float(rng.uniform(*_NEXT_S)) / max(0.5, strength)
            rgb = stage.layers[face.layer].rgb
            lids = [[lid(rgb, eye, (level + 1) / _LEVELS) for level in range(_LEVELS)] for eye in face.eyes]
            self._faces.append((face, times, lids))

    def frame(self, moment: Moment) -> Changes:
        sprites = []
        for face, times, lids in self._faces:
            shut = max((closing(moment.time_s - at) for at in times), default=0.0)
            level = round(shut * _LEVELS) - 1
            if level < 0:
                continue
            for eye in lids:
                rgba, x, y = eye[level]
                sprites.append(Sprite(rgba, x, y, after=face.layer, depth=face.depth, follows=face.layer))
        return Changes(sprites=tuple(sprites))


def closing(since_s: float) -> float:
    """How far a lid is down, 0..1, ``since_s`` after a blink began."""
    if since_s <= 0.0:
        return 0.0
    if since_s < CLOSING_S:
        return 0.5 - 0.5 * math.cos(math.pi * since_s / CLOSING_S)
    since_s -= CLOSING_S + SHUT_S
    if since_s <= 0.0:
        return 1.0
    return 0.5 + 0.5 * math.cos(math.pi * min(1.0, since_s / OPENING_S))


def lid(rgb: U8, eye: Eye, down: float) -> tuple[U8, float, float]:
    """An eye's lid as a premultiplied RGBA sprite with its corner (x, y): ``down`` 0..1 of the way.

    In the eye's own frame (x along its corners) the strip of skin between brow and upper lid is drawn down like a
    blind: its top stays, its bottom, with the lashes, goes to the lid's new edge.
    """
    outer, inner = eye.upper[0], eye.upper[-1]
    if outer[0] > inner[0]:
        outer, inner = inner, outer
    axis = (inner - outer) / max(eye.width, 1e-6)
    normal = np.array([-axis[1], axis[0]])  # down
    pad = 0.12 * eye.width
    strip = 0.8 * _lid_height(eye)
    corners = [outer - axis * pad, inner + axis * pad]
    below = max(float(np.dot(point - outer, normal)) for point in eye.lower) + 0.15 * eye.width
    above = min(float(np.dot(point - outer, normal)) for point in eye.upper) - strip - 2.0
    quad = np.array([corner + normal * side for corner in corners for side in (above, below)])
    height, width = rgb.shape[:2]
    x0, y0 = max(0, int(quad[:, 0].min()) - 1), max(0, int(quad[:, 1].min()) - 1)
    x1, y1 = min(width, int(quad[:, 0].max()) + 2), min(height, int(quad[:, 1].max()) + 2)
    if x1 - x0 < 4 or y1 - y0 < 4:
        return np.zeros((2, 2, 4), np.uint8), float(x0), float(y0)
    xx, yy = np.meshgrid(np.arange(x0, x1, dtype=np.float32), np.arange(y0, y1, dtype=np.float32))
    u = (xx - outer[0]) * axis[0] + (yy - outer[1]) * axis[1]
    v = (xx - outer[0]) * normal[0] + (yy - outer[1]) * normal[1]
    upper, lower = _curve(eye.upper, outer, axis, normal, u), _curve(eye.lower, outer, axis, normal, u)
    gap = np.maximum(lower - upper, 0.0)
    # Shut, the lids meet a little above the lower one, and the line is less bent than it.
    edge = upper + gap * np.float32(0.96 * down)
    top = upper - np.float32(strip)
    stretch = (upper - top) / np.maximum(edge - top, 1e-3)
    from_v = top + (v - top) * stretch
    map_x = (outer[0] + u * axis[0] + from_v * normal[0]).astype(np.float32)
    map_y = (outer[1] + u * axis[1] + from_v * normal[1]).astype(np.float32)
    skin = np.asarray(cv2.remap(rgb, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.uint8)
    ends = np.clip((u + 0.02 * eye.width) / (0.10 * eye.width), 0, 1) * np.clip(
        (eye.width * 1.02 - u) / (0.10 * eye.width), 0, 1
    )
    soft = max(1.0, 0.02 * eye.width)
    inside = np.clip((v - top) / (0.5 * strip), 0, 1) * np.clip((edge - v) / soft + 0.5, 0, 1)
    alpha = np.rint(255.0 * np.clip(inside * ends, 0.0, 1.0)).astype(np.uint8)
    # The lid turns away from the light as it comes down.
    shade = 1.0 - 0.10 * down * np.clip((v - upper) / np.maximum(gap, 1.0), 0.0, 1.0)
    skin = np.clip(skin * shade[..., None], 0, 255).astype(np.uint8)
    return premultiply(skin, alpha), float(x0), float(y0)


def _lid_height(eye: Eye) -> float:
    """How much skin there is above the eye: most of the way to the brow, within reason."""
    way = float(np.linalg.norm(eye.brow.mean(axis=0) - eye.upper[3:6].mean(axis=0)))
    return float(np.clip(0.55 * way, 0.12 * eye.width, 0.5 * eye.width))


def _curve(points: F64, outer: F64, axis: F64, normal: F64, u: F32) -> F32:
    """Height of a lid's line over positions along the eye: a smooth curve through its points."""
    along, across = (points - outer) @ axis, (points - outer) @ normal
    order = np.argsort(along)
    fitted = np.polyfit(along[order], across[order], 4)
    low, high = float(along.min()), float(along.max())
    inside = np.clip(u, low, high)
    return np.asarray(np.polyval(fitted, inside), np.float32)
