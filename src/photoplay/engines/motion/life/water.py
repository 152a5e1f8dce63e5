"""Water: small waves that are finer and lower in the distance, glints that come and go; what falls, falls.

Still and slow water is bent by a few trains of waves whose length shrinks towards the horizon as on a plane seen
at a slant. Where the water's texture runs steeply down (falls, fountains) it streams instead.
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from photoplay.engines.motion.animate import Animator, Changes, LayerChange, Moment, Spec, Sprite
from photoplay.engines.motion.life.base import LifeForm
from photoplay.engines.motion.life.flowing import Stream, curl
from photoplay.engines.motion.life.places import Place, find, frame_unit, mesh_size, onset
from photoplay.engines.motion.toolkit import nodes, rng_for
from photoplay.engines.motion.types import F32, U8, Stage
from photoplay.shot import LifeKind, Plan

LEAST = 0.03  # of the frame, when nobody asked
WAVE = 0.0034  # height of the near waves, of the frame's shorter side, at strength 1
FALL = 0.16  # of the shorter side a second
_NODES = 144  # along the longer side: waves need a finer mesh than wind
_STEEP = 0.3  # share of the water's texture, by strength, that must run down for it to fall


class Water(LifeForm):
    """Lakes, rivers, the sea, falls."""

    kinds = (LifeKind.WATER,)
    order = 13

    def by_default(self, kind: LifeKind, stage: Stage, plan: Plan) -> float:
        """Where the scene has water."""
        del kind, plan
        return 1.0 if find(stage, "water", least=LEAST) is not None else 0.0

    def prepare(self, kind: LifeKind, stage: Stage, spec: Spec, strength: float, *, asked: bool) -> Animator | None:
        """See :class:`LifeForm`."""
        del kind
        place = find(stage, "water", least=0.004, feather=0.006)
        if place is None:
            return _Dry() if asked else None
        if steepness(stage, place) > _STEEP:
            return _Falls(stage, place, spec, strength)
        return _Waves(stage, place, spec, strength)


class _Dry(Animator):
    notes = ("water left out: none was found in the photo",)

    def frame(self, moment: Moment) -> Changes:
        return Changes()


def steepness(stage: Stage, place: Place) -> float:
    """-1 .. 1: how much the texture of a place runs down (1) rather than across (-1), by the structure tensor."""
    height, width = place.mask.shape
    size = 320, max(16, round(320 * height / width))
    grey = np.asarray(
        cv2.cvtColor(cv2.resize(stage.layers[place.layer].rgb, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY),
        np.float32,
    )
    weight = np.asarray(cv2.resize(place.mask, size, interpolation=cv2.INTER_AREA), np.float32)
    weight = np.asarray(cv2.erode(weight, np.ones((5, 5), np.uint8)), np.float32)
    gx, gy = cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)
    across, down = float((weight * gx * gx).sum()), float((weight * gy * gy).sum())
    return (across - down) / max(across + down, 1e-6)


class _Falls(Animator):
    def __init__(self, stage: Stage, place: Place, spec: Spec, strength: float) -> None:
        rng = rng_for(spec, "falls")
        columns, rows = mesh_size(stage)
        unit = frame_unit(stage) * strength
        velocity = curl(rng, rows, columns, 9.0) * np.float32(0.02 * unit)
        velocity[..., 1] += np.float32(FALL * unit)
        self._stream = Stream(stage, place, velocity, spec, name="falls", period_s=0.8)
        self.extra_layers = self._stream.layers

    def frame(self, moment: Moment) -> Changes:
        return Changes(layers=self._stream.changes(moment))


class _Waves(Animator):
    fine_mesh = True

    def __init__(self, stage: Stage, place: Place, spec: Spec, strength: float) -> None:
        rng = rng_for(spec, "water")
        self._spec, self._key = spec, place.layer
        columns, rows = mesh_size(stage, _NODES)
        x, y = nodes(stage, rows, columns)
        unit = frame_unit(stage)
        _, top, _, bottom = place.box
        horizon = stage.scene.horizon
        far = top
        if horizon is not None:
            frame_top, frame_height = stage.frame[1], stage.frame[3]
            far = min(top, frame_top + horizon * frame_height)
        # Distance along a plane seen at a slant: near the horizon a row of pixels spans much of it.
        depth = np.clip((y - far) / max(1.0, bottom - far), 0.02, 1.0)
        along = (np.float32(1.0) / (depth + np.float32(0.12))).astype(np.float32)
        weight = np.asarray(cv2.resize(place.weight, (columns, rows)), np.float32)
        self._size: F32 = (weight * np.clip(depth, 0.0, 1.0) ** 0.8 * np.float32(WAVE * strength * unit)).astype(
            np.float32
        )
        self._trains: list[tuple[F32, float, float]] = []
        for length, hertz, size in ((1.9, 0.45, 1.0), (1.05, 0.75, 0.65), (0.62, 1.1, 0.4)):
            slant = float(rng.normal(0.0, 0.25))
            phase = (2 * math.pi / length) * along * np.float32(4.0)
            phase = phase + np.float32(slant * 9.0 / unit) * (x - x.mean()) * (np.float32(0.3) + depth)
            self._trains.append(
                (np.asarray(phase + rng.uniform(0, 2 * math.pi), np.float32), 2 * math.pi * hertz, size)
            )
        self._rest = self._field(0.0)
        self._glints = _Glints(stage, place, spec)

    def _field(self, time_s: float) -> F32:
        dx, dy = np.zeros_like(self._size), np.zeros_like(self._size)
        for phase, omega, size in self._trains:
            angle = phase + np.float32(omega * time_s)
            dy += np.float32(size) * np.sin(angle)
            dx += np.float32(0.55 * size) * np.cos(angle * np.float32(0.83))
        return np.stack([dx, dy], axis=-1)

    def frame(self, moment: Moment) -> Changes:
        begun = np.float32(onset(moment.time_s, self._spec))
        mesh = (self._field(moment.time_s) - self._rest) * (self._size * begun)[..., None]
        return Changes(layers={self._key: LayerChange(mesh=mesh)}, sprites=self._glints.at(moment.time_s))


class _Glints:
    """Bright points of the water that flash up and fade."""

    def __init__(self, stage: Stage, place: Place, spec: Spec) -> None:
        rng = rng_for(spec, "glints")
        rgb = stage.layers[place.layer].rgb
        height, width = place.mask.shape
        shrink = max(1, round(width / 720))
        size = width // shrink, height // shrink
        grey = np.asarray(
            cv2.cvtColor(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY), np.float32
        )
        mask = np.asarray(cv2.resize(place.mask, size, interpolation=cv2.INTER_AREA), np.float32) / np.float32(255.0)
        sparkle = np.clip(grey - cv2.GaussianBlur(grey, (0, 0), 5.0) - 10.0, 0.0, 60.0) * mask
        self._points: list[tuple[int, int, float, float, float]] = []
        strong = np.asarray(cv2.dilate(sparkle, np.ones((7, 7), np.uint8)), np.float32)
        ys, xs = np.nonzero((sparkle >= strong) & (sparkle > 6.0))
        if ys.size:
            chosen = rng.permutation(ys.size)[:160]
            for index in chosen.tolist():
                self._points.append(
                    (
                        int(xs[index]) * shrink,
                        int(ys[index]) * shrink,
                        float(sparkle[ys[index], xs[index]]) / 60.0,
                        float(rng.uniform(0.35, 1.1)),
                        float(rng.uniform(0.0, 1.0)),
                    )
                )
        side = max(3, round(0.011 * frame_unit(stage)) | 1)
        self._star = _star(side)
        self._depth, self._layer, self._spec = stage.layers[place.layer].anchor_depth, place.layer, spec

    def at(self, time_s: float) -> tuple[Sprite, ...]:
        begun = onset(time_s, self._spec)
        half = self._star.shape[0] / 2
        found = []
        for x, y, size, hertz, phase in self._points:
            wave = math.sin(2 * math.pi * (hertz * time_s + phase))
            light = begun * size * max(0.0, wave) ** 6
            if light > 0.04:
                found.append(
                    Sprite(
                        self._star, x - half, y - half, after=self._layer, depth=self._depth, light=True,
                        opacity=min(1.0, light * 1.3),
                    )
                )  # fmt: skip
        return tuple(found)


def _star(side: int) -> U8:
    axis = (np.arange(side) + 0.5) / side * 2 - 1
    distance = np.hypot(axis[:, None], axis[None, :] * 0.8)
    rays = np.exp(-np.abs(axis[:, None]) * 9) * np.exp(-(axis[None, :] ** 2) * 3)
    light = np.clip(np.exp(-((distance * 2.6) ** 2)) + 0.5 * rays, 0, 1) * np.clip((1 - distance) * 4, 0, 1)
    rgba = np.zeros((side, side, 4), np.uint8)
    rgba[..., :3] = np.rint(light[..., None] * np.array([230.0, 232.0, 240.0]))
    return rgba
