"""Time of day: a whole day passes over the picture: noon, a golden evening, blue night with stars, dawn."""

from __future__ import annotations

import math
from itertools import pairwise

import cv2
import numpy as np

from photoplay.engines.motion import toolkit
from photoplay.engines.motion.animate import Animator, Changes, Grade, LayerChange, Moment, Spec, Sprite
from photoplay.engines.motion.easing import smooth, span
from photoplay.engines.motion.effects import craft
from photoplay.engines.motion.effects.base import Effect
from photoplay.engines.motion.types import F32, U8, SceneMap, Stage
from photoplay.shot import Cue, Move, MoveKind, Plan, Shot

LIGHTS: tuple[tuple[float, Grade], ...] = (
    (0.05, Grade()),
    (0.24, Grade.of(exposure=1.02, contrast=1.06, saturation=1.22, tint=(26.0, 6.0, -22.0))),  # golden hour
    (0.36, Grade.of(exposure=0.74, contrast=1.0, saturation=1.05, tint=(24.0, -6.0, 8.0))),  # dusk
    (0.50, Grade.of(exposure=0.27, contrast=1.10, saturation=0.55, tint=(-8.0, -2.0, 20.0))),  # night
    (0.66, Grade.of(exposure=0.27, contrast=1.10, saturation=0.55, tint=(-8.0, -2.0, 20.0))),
    (0.80, Grade.of(exposure=0.70, contrast=0.92, saturation=0.85, tint=(22.0, 2.0, 12.0))),  # dawn
    (0.95, Grade()),
)


class TimeOfDay(Effect):
    """See the module."""

    slug = "time-of-day"
    name = "Time of day"
    logo_at = 0.26
    description = (
        "A whole day passes over the picture: golden evening, starry night, dawn; best outdoors, suits any photo."
    )

    def suits(self, scene: SceneMap) -> float:
        return 1.0 if _sky(scene) is not None else 0.6

    def prepare(self, stage: Stage, plan: Plan, spec: Spec) -> Animator:
        return _Day(stage, spec)


class _Day(Animator):
    shot = Shot(moves=(Move(kind=MoveKind.DOLLY, amount=0.7),))

    def __init__(self, stage: Stage, spec: Spec) -> None:
        self._spec = spec
        self._layers = len(stage.layers)
        focus = craft.focus_of(stage)
        rng = toolkit.rng_for(spec, "time-of-day")
        self._stars = _stars(stage, spec, rng)
        side = 160
        dot = toolkit.soft_dot(side, 0.0).astype(np.float32) / 255
        warm = np.array([255.0, 176.0, 84.0], np.float32)
        glow = np.clip((0.35 * dot**1.5 + 0.40 * dot**5)[..., None] * warm, 0, 255)
        self._sun = np.dstack([glow.astype(np.uint8), np.asarray(glow.max(axis=2), np.uint8)])
        self._behind = 0 if focus.subject is not None else None
        self._shine = 0.85
        if self._stars is None:
            self._shine = 0.4  # what falls in by a window
            self.notes = ("time-of-day: no sky was found, so only the light changes",)
        d = spec.duration_s
        self.cues = (
            Cue(at_s=0.20 * d, kind="swell", strength=0.35, duration_s=0.3 * d),
            Cue(at_s=0.52 * d, kind="sparkle", strength=0.35, duration_s=1.5),
            Cue(at_s=0.80 * d, kind="chime", strength=0.4, duration_s=1.2),
        )

    def frame(self, moment: Moment) -> Changes:
        t = moment.t
        if t <= LIGHTS[0][0]:
            return Changes()
        grade = LIGHTS[-1][1]
        for (t0, a), (t1, b) in pairwise(LIGHTS):
            if t < t1:
                grade = a.toward(b, smooth((t - t0) / (t1 - t0)))
                break
        sprites: list[Sprite] = []
        width, height = self._spec.width, self._spec.height
        for start, end, left in ((0.10, 0.44, 0.86), (0.70, 0.98, 0.10)):  # the sun goes down, and comes up elsewhere
            x = (t - start) / (end - start)
            if 0.0 < x < 1.0:
                low = x if left > 0.5 else 1.0 - x
                scale = 1.1 * height / 160
                at = (left * width - 80 * scale, (0.02 + 0.50 * low) * height - 80 * scale)
                sprites.append(
                    Sprite(
                        self._sun,
                        *at,
                        scale=scale,
                        light=True,
                        opacity=math.sin(math.pi * x) * self._shine,
                        after=self._behind,
                    )
                )
        night = span(t, 0.42, 0.52) * (1.0 - span(t, 0.66, 0.76))
        if night > 0.0 and self._stars is not None:
            picture, scale = self._stars
            sprites.append(Sprite(picture, 0.0, 0.0, scale=scale, depth=0.0, after=0, light=True, opacity=night))
        # Laid on the layers, not on the frame: sun and stars shine through.
        lit = LayerChange(grade=grade)
        return Changes(layers=dict.fromkeys(range(self._layers), lit), sprites=tuple(sprites))


def _sky(scene: SceneMap) -> U8 | None:
    """Where the photo has sky; None where it has hardly any."""
    sky = scene.regions.get("sky")
    return None if sky is None or float((sky > 128).mean()) < 0.04 else sky


def _stars(stage: Stage, spec: Spec, rng: np.random.Generator) -> tuple[U8, float] | None:
    """Stars where the photo has sky, as light over the working area, and their scale; None without sky."""
    sky = _sky(stage.scene)
    if sky is None:
        return None
    height, width = stage.layers[0].rgb.shape[:2]
    scale = max(1.0, max(height, width) / 1600)
    size = round(width / scale), round(height / scale)
    x0, y0 = toolkit.from_photo(stage, 0.0, 0.0)
    x1, y1 = toolkit.from_photo(stage, 1.0, 1.0)
    fx, fy = sky.shape[1] / (x1 - x0) * scale, sky.shape[0] / (y1 - y0) * scale
    matrix = np.array([[fx, 0.0, -x0 / scale * fx], [0.0, fy, -y0 / scale * fy]])
    weight = cv2.warpAffine(
        sky, matrix, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE
    )
    light = np.zeros((size[1], size[0]), np.float32)
    radius = max(1.0, min(size) / 640)
    for _ in range(560):
        at = float(rng.uniform(0, size[0])), float(rng.uniform(0, size[1]))
        bright = float(rng.uniform(0.25, 1.0)) ** 2
        cv2.circle(
            light,
            (round(at[0] * 16), round(at[1] * 16)),
            round(radius * (0.5 + bright) * 16),
            255.0 * (0.3 + 0.7 * bright),
            -1,
            cv2.LINE_AA,
            4,
        )
    light += 1.6 * cv2.GaussianBlur(light, (0, 0), 2.5 * radius)
    _moon(light, np.asarray(weight, np.uint8), [value / scale for value in stage.frame])
    light = np.clip(light, 0, 255) * (np.asarray(weight, np.float32) / 255)
    rgba = np.dstack([np.asarray(light * share, np.uint8) for share in (0.92, 0.96, 1.0, 1.0)])
    return np.ascontiguousarray(rgba), scale


def _moon(light: F32, sky: U8, frame: list[float]) -> None:
    """A full moon with a wide halo, in place, where the frame shows the most open sky; none where it is too narrow."""
    x, y, width, height = (round(value) for value in frame)
    clear = np.zeros_like(sky)
    clear[y : y + height, x : x + width] = sky[y : y + height, x : x + width] > 220
    # Off the middle, where it would look hung up.
    middle = x + width / 2
    clear[:, round(middle - 0.16 * width) : round(middle + 0.16 * width)] = 0
    room = cv2.distanceTransform(clear, cv2.DIST_L2, 3)
    _, free, _, at = cv2.minMaxLoc(room)
    radius = 0.034 * min(width, height)
    if free < 2.0 * radius:
        return
    across, down = craft.grid(light.shape[1], light.shape[0])
    away = np.hypot(across - at[0], down - at[1]) / np.float32(radius)
    light *= np.clip((away - 1.0) / 1.6, 0.0, 1.0)  # it outshines the stars beside it
    light += 160.0 * np.clip((1.0 - away) * radius + 0.5, 0.0, 1.0) + 52.0 * np.exp(-away / 2.4)
