"""Dissolve: the subject turns to dust from one side, and the wind carries its colours away."""

from __future__ import annotations

import math

import cv2
import numpy as np

from photoplay.engines.motion import toolkit
from photoplay.engines.motion.animate import Animator, Changes, Grade, LayerChange, Moment, Spec, Sprite
from photoplay.engines.motion.effects import craft
from photoplay.engines.motion.effects.base import Effect
from photoplay.engines.motion.types import F32, U8, Stage
from photoplay.shot import Cue, Plan

START, END = 0.14, 0.80  # fractions of the clip
GRAINS = 2600
LONG_SIDE = 1280  # pixels of the canvas the dust is drawn on
LIFE_S = 1.5


class Dissolve(Effect):
    """See the module."""

    slug = "dissolve"
    name = "Dissolve"
    logo_at = 0.42
    takes_away = (START, END)
    description = "The subject turns to dust that the wind carries away; best with a clear subject."

    def prepare(self, stage: Stage, plan: Plan, spec: Spec) -> Animator:
        return _Dust(stage, spec)


class _Dust(Animator):
    life = False

    def __init__(self, stage: Stage, spec: Spec) -> None:
        focus = craft.focus_of(stage)
        self._focus, self._spec = focus, spec
        self.shot = craft.closer(focus, 0.35)
        rng = toolkit.rng_for(spec, "dissolve")
        if focus.subject is None:
            self.notes = ("dissolve: no clear subject was found, so the colours of the whole picture are carried away",)
        layer = stage.layers[focus.key]
        alpha = craft.alpha_of(stage, focus)
        x, y = craft.small_field(stage, 900)
        u = (x - focus.box[0]) / max(focus.width, 1.0)
        v = (y - focus.box[1]) / max(focus.height, 1.0)
        wind = 1.0 if focus.frame[2] - focus.box[2] >= focus.box[0] - focus.frame[0] else -1.0
        self._wind = wind
        along = u if wind < 0 else 1.0 - u
        coarse = toolkit.clouds(rng, x.shape[1], x.shape[0], x.shape[1] / 8, 5)
        fine = rng.random(x.shape, dtype=np.float32)
        order = 0.52 * along + 0.12 * v + 0.30 * coarse + 0.06 * fine
        inside = cv2.resize(alpha, (x.shape[1], x.shape[0]), interpolation=cv2.INTER_AREA) > 60
        low, high = np.quantile(order[inside], [0.0, 1.0]) if inside.any() else (0.0, 1.0)
        self._order: F32 = np.asarray((order - low) / max(float(high - low), 1e-6), np.float32)
        height, width = layer.rgb.shape[:2]
        self._scale = max(1.0, max(height, width) / LONG_SIDE)
        self._size = round(width / self._scale), round(height / self._scale)
        self._grains = self._seed(layer.rgb, inside, rng)
        d = spec.duration_s
        self.cues = (
            Cue(at_s=START * d, kind="gust", strength=0.7, pan=-0.4 * wind, duration_s=(END - START) * d),
            Cue(at_s=(START + 0.04) * d, kind="sparkle", strength=0.5, duration_s=1.5),
            Cue(at_s=0.5 * d, kind="whoosh", strength=0.4, pan=0.4 * wind, duration_s=1.0),
        )

    def _seed(self, rgb: U8, inside: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], rng: np.random.Generator) -> F32:
        """(n, 9): canvas x, y, when it leaves (s), speed, lift, phase, size, and its colour as three more columns."""
        rows, columns = np.nonzero(inside)
        if rows.size == 0:
            return np.zeros((0, 10), np.float32)
        picked = rng.integers(0, rows.size, GRAINS)
        r, c = rows[picked], columns[picked]
        small = cv2.resize(rgb, (inside.shape[1], inside.shape[0]), interpolation=cv2.INTER_AREA)
        ratio = self._size[0] / inside.shape[1]
        leave = (START + (END - START) * self._order[r, c]) * self._spec.duration_s
        unit = self._focus.unit / self._scale
        size = unit * 0.0042 * np.exp(rng.normal(0, 0.45, GRAINS))
        columns_of = [
            c * ratio, r * ratio, leave, rng.uniform(0.5, 1.5, GRAINS), rng.uniform(-0.2, 1.0, GRAINS),
            rng.uniform(0, 2 * math.pi, GRAINS), size, *(small[r, c, k] for k in range(3)),
        ]  # fmt: skip
        return np.stack([np.asarray(one, np.float32) for one in columns_of], axis=1)

    def frame(self, moment: Moment) -> Changes:
        focus, t = self._focus, moment.t
        if t <= START:
            return Changes()
        gone = (t - START) / (END - START)
        keep = 255 - craft.revealed(self._order, min(gone, 1.0), 0.035)
        layers: dict[int | str, LayerChange] = {}
        if focus.subject is None:
            # The plate is always there: it loses its colour instead, as the dust leaves it.
            amount = min(1.0, max(0.0, gone))
            layers[0] = LayerChange(
                grade=Grade().toward(Grade.of(exposure=0.82, saturation=0.05, contrast=1.05), amount)
            )
        elif gone >= 1.0:
            layers[focus.key] = LayerChange(hidden=True)
        else:
            layers[focus.key] = LayerChange(mask=np.asarray(keep, np.uint8))
        dust = self._draw(moment.time_s)
        return Changes(layers=layers, sprites=(Sprite(dust, 0.0, 0.0, scale=self._scale, depth=focus.depth),))

    def _draw(self, time_s: float) -> U8:
        """The grains in the air, on a canvas over the working area."""
        canvas = np.zeros((self._size[1], self._size[0], 4), np.uint8)
        g = self._grains
        age = time_s - g[:, 2]
        live = np.flatnonzero((age > 0) & (age < LIFE_S))
        unit = self._focus.unit / self._scale
        if live.size == 0:
            return canvas
        a, p = age[live], g[live]
        flown = a + 0.55 * a * a
        x = p[:, 0] + self._wind * unit * 0.26 * p[:, 3] * flown + 0.030 * unit * np.sin(3.0 * a + p[:, 5]) * a
        y = p[:, 1] - unit * 0.16 * p[:, 4] * flown + 0.028 * unit * np.cos(4.2 * a + p[:, 5]) * a
        left = 1.0 - a / LIFE_S
        radius = p[:, 6] * (0.45 + 0.55 * left)
        opacity = np.minimum(1.0, 2.2 * left) * np.minimum(1.0, a / 0.05)
        for k in range(live.size):
            o = float(opacity[k])
            colour = (float(p[k, 7]) * o, float(p[k, 8]) * o, float(p[k, 9]) * o, 255.0 * o)
            centre = round(float(x[k]) * 16), round(float(y[k]) * 16)
            cv2.circle(canvas, centre, max(8, round(float(radius[k]) * 16)), colour, -1, cv2.LINE_8, 4)
        return canvas
