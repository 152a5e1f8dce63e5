"""Dissolve: light creeps over the subject from its lee side, it crumbles to fine dust, and the wind takes its colours.

The dust flies in streams, not each grain for itself: grains that leave near each other at about the same time share
their gusts. What is left where the subject stood is the scene, filled afresh (:mod:`vacancy`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from photoplay.engines.motion import toolkit
from photoplay.engines.motion.animate import Animator, Changes, Grade, LayerChange, Moment, Spec, Sprite
from photoplay.engines.motion.easing import span
from photoplay.engines.motion.effects import craft
from photoplay.engines.motion.effects.base import Effect
from photoplay.engines.motion.effects.vacancy import emptied
from photoplay.engines.motion.types import F32, U8, Stage
from photoplay.shot import Cue, Plan

STIR, START, END = 0.07, 0.15, 0.76  # fractions of the clip: the first grains, the crumbling begins, nothing is left
GRAINS = 7000
EARLY = 260  # grains that are blown off before anything crumbles
LONG_SIDE = 1120  # pixels of the canvas the dust is drawn on
FIELD_SIDE = 640  # pixels of the field that says when which place goes
LIFE_S = 1.7
EDGE = 0.05  # width of the glowing edge, as a share of the crumbling
GLOW = (255.0, 206.0, 140.0)
SIZES = (1.2, 2.0, 3.0)  # thousandths of the frame's shorter side: radii of dust, grains and flakes
SHARES = (0.55, 0.37, 0.08)
LEVELS: F32 = np.linspace(0.0, 1.0, 256, dtype=np.float32)
"""What the levels of the field mean: the share of the crumbling that has passed when a place goes."""


class Dissolve(Effect):
    """See the module."""

    slug = "dissolve"
    name = "Dissolve"
    logo_at = 0.42
    takes_away = (START, END)
    description = "The subject turns to dust that the wind carries away; best with a clear subject."

    def prepare(self, stage: Stage, plan: Plan, spec: Spec) -> Animator:
        return _Dust(stage, spec)


@dataclass(frozen=True, slots=True)
class _Grains:
    """The dust, each (n,) float32: canvas place, second it leaves, speed, lift, phase of its gusts, radius (canvas
    pixels); ``colour`` (n, 3), 0..255."""

    x: F32
    y: F32
    leave: F32
    speed: F32
    lift: F32
    phase: F32
    radius: F32
    colour: F32


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
        x, y = craft.small_field(stage, FIELD_SIDE)
        self._wind = 1.0 if focus.frame[2] - focus.box[2] >= focus.box[0] - focus.frame[0] else -1.0
        self._inside: U8 = np.asarray(
            cv2.resize(craft.alpha_of(stage, focus), (x.shape[1], x.shape[0]), interpolation=cv2.INTER_AREA), np.uint8
        )
        self._order = self._when(x, y, rng)
        height, width = layer.rgb.shape[:2]
        self._scale = max(1.0, max(height, width) / LONG_SIDE)
        self._size = round(width / self._scale), round(height / self._scale)
        self._field_scale = width / x.shape[1]
        self._grains = self._seed(layer.rgb, rng)
        empty = emptied(stage, focus, "dissolve-empty")
        self.extra_layers = () if empty is None else (empty,)
        d = spec.duration_s
        self.cues = (
            Cue(at_s=STIR * d, kind="gust", strength=0.7, pan=-0.4 * self._wind, duration_s=(END - STIR) * d),
            Cue(at_s=(START + 0.02) * d, kind="sparkle", strength=0.5, duration_s=1.5),
            Cue(at_s=0.48 * d, kind="whoosh", strength=0.4, pan=0.4 * self._wind, duration_s=1.0),
        )

    def _when(self, x: F32, y: F32, rng: np.random.Generator) -> U8:
        """When each place of the field goes: 0 first .. 255 last, over what belongs to the subject."""
        focus = self._focus
        u = (x - focus.box[0]) / max(focus.width, 1.0)
        v = (y - focus.box[1]) / max(focus.height, 1.0)
        along = u if self._wind < 0 else 1.0 - u
        rows, columns = x.shape
        coarse = toolkit.clouds(rng, columns, rows, columns / 9, 3)
        flakes = toolkit.clouds(rng, columns, rows, columns / 70, 3)
        fine = rng.random(x.shape, dtype=np.float32)
        order = 0.56 * along + 0.16 * v + 0.26 * coarse + 0.13 * flakes + 0.04 * fine
        inside = self._inside > 60
        low, high = np.quantile(order[inside], [0.0, 1.0]) if inside.any() else (0.0, 1.0)
        share = (order - low) / max(float(high - low), 1e-6)
        return np.asarray(np.rint(np.clip(share, 0.0, 1.0) * 255.0), np.uint8)

    def _seed(self, rgb: U8, rng: np.random.Generator) -> _Grains:
        rows, columns = np.nonzero(self._inside > 60)
        if rows.size == 0:
            none = np.zeros(0, np.float32)
            return _Grains(none, none, none, none, none, none, none, np.zeros((0, 3), np.float32))
        picked = rng.integers(0, rows.size, GRAINS)
        r, c = rows[picked], columns[picked]
        ratio = self._size[0] / self._inside.shape[1]
        duration = self._spec.duration_s
        leave = (START + (END - START) * LEVELS[self._order[r, c]]) * duration
        # The wind tries the lee side first.
        early = np.argsort(leave, kind="stable")[: 4 * EARLY][rng.permutation(min(GRAINS, 4 * EARLY))[:EARLY]]
        leave[early] = rng.uniform(STIR, START + 0.04, len(early)) * duration
        leave += rng.normal(0.0, 0.02, GRAINS)
        unit = self._focus.unit / self._scale
        kind = rng.choice(len(SIZES), GRAINS, p=SHARES)
        radius = 0.001 * unit * np.array(SIZES)[kind] * np.exp(rng.normal(0.0, 0.22, GRAINS))
        small = cv2.resize(rgb, (self._inside.shape[1], self._inside.shape[0]), interpolation=cv2.INTER_AREA)
        # Dust in the light is paler and brighter than what it was.
        colour = np.minimum(small[r, c].astype(np.float32) * 1.12 + 8.0, 255.0)
        px, py = c * ratio + rng.uniform(0, ratio, GRAINS), r * ratio + rng.uniform(0, ratio, GRAINS)
        # Light dust flies farther than flakes; neighbours share the phase of their gusts.
        speed = rng.uniform(0.6, 1.3, GRAINS) * np.array([1.25, 1.0, 0.7])[kind]
        lift = rng.uniform(-0.1, 1.0, GRAINS) * np.array([1.2, 1.0, 0.55])[kind]
        phase = 5.0 * px / unit + 7.0 * py / unit + rng.normal(0.0, 0.35, GRAINS)
        one = [np.asarray(value, np.float32) for value in (px, py, leave, speed, lift, phase, radius, colour)]
        return _Grains(*one)

    def frame(self, moment: Moment) -> Changes:
        focus, t = self._focus, moment.t
        if t <= STIR:
            return Changes(layers={extra.name: LayerChange(hidden=True) for extra in self.extra_layers})
        gone = (t - START) / (END - START)
        layers: dict[int | str, LayerChange] = {}
        sprites: list[Sprite] = []
        if focus.subject is None:
            # The plate is always there: it loses its colour instead, as the dust leaves it.
            faded = Grade.of(exposure=0.82, saturation=0.05, contrast=1.05)
            layers[0] = LayerChange(grade=Grade().toward(faded, min(1.0, max(0.0, gone))))
        else:
            layers |= self._subject(gone)
        if 0.0 < gone < 1.0 + EDGE:
            sprites += self._placed(self._edge(gone), self._field_scale, light=True)
        sprites += self._placed(self._draw(moment.time_s), self._scale)
        return Changes(layers=layers, sprites=tuple(sprites))

    def _placed(self, drawn: tuple[U8, int, int] | None, scale: float, *, light: bool = False) -> list[Sprite]:
        if drawn is None:
            return []
        picture, x, y = drawn
        return [Sprite(picture, x * scale, y * scale, scale=scale, depth=self._focus.depth, light=light)]

    def _subject(self, gone: float) -> dict[int | str, LayerChange]:
        key, empty = self._focus.key, self.extra_layers[0].name
        if gone >= 1.0:
            return {key: LayerChange(hidden=True)}
        if gone <= 0.0:
            return {empty: LayerChange(hidden=True)}
        left = cv2.LUT(self._order, 255 - craft.revealed(LEVELS, gone, 0.03))
        # The place behind comes a little after the crumbling edge, softly, where nothing hides it any more; at the
        # end all of it, the outline's surroundings too.
        bare = np.maximum(craft.revealed(LEVELS, gone, 0.10), np.uint8(255.0 * span(gone, 0.75, 1.0)))
        mask = cv2.blur(cv2.LUT(self._order, bare), (9, 9))
        return {key: LayerChange(mask=np.asarray(left, np.uint8)), empty: LayerChange(mask=np.asarray(mask, np.uint8))}

    def _edge(self, gone: float) -> tuple[U8, int, int] | None:
        """The edge at which it crumbles, as light: premultiplied RGBA and the field place of its corner."""
        ahead = LEVELS - np.float32(gone * 1.03)
        near = np.clip(1.0 - np.abs(ahead - np.float32(0.4 * EDGE)) / np.float32(EDGE), 0.0, 1.0)
        fade = min(1.0, 8.0 * gone) * min(1.0, max(0.0, (1.0 + EDGE - gone) / 0.12))
        strength = 0.62 if self._focus.subject is not None else 0.3
        shine = np.where(ahead > 0.0, near * near * (255.0 * strength * fade), 0.0)
        seen = cv2.multiply(cv2.LUT(self._order, shine.astype(np.uint8)), self._inside, scale=1.0 / 255.0)
        x, y, width, height = cv2.boundingRect(seen)
        if width == 0:
            return None
        x, y = max(0, x - 1), max(0, y - 1)
        part = cv2.blur(seen[y : y + height + 2, x : x + width + 2], (3, 3))
        planes = [cv2.convertScaleAbs(part, alpha=channel / 255.0) for channel in GLOW]
        return np.asarray(cv2.merge([*planes, part]), np.uint8), x, y

    def _draw(self, time_s: float) -> tuple[U8, int, int] | None:
        """The grains in the air: premultiplied RGBA and the canvas place of its corner; None when there are none."""
        g = self._grains
        age = time_s - g.leave
        live = np.flatnonzero((age > 0) & (age < LIFE_S))
        if live.size == 0:
            return None
        a = age[live]
        unit = self._focus.unit / self._scale
        # A grain comes loose slowly, then the wind has it; the gusts are waves that run down wind.
        flown = a * a * (1.15 - 0.18 * a)
        gust = g.phase[live] + np.float32(2.4 * time_s)
        x = g.x[live] + self._wind * unit * (0.34 * g.speed[live] * flown + 0.020 * a * np.sin(1.7 * gust))
        y = g.y[live] - unit * (0.15 * g.lift[live] * flown + 0.045 * a * np.sin(gust) + 0.012 * a * np.sin(2.9 * gust))
        left = 1.0 - a / LIFE_S
        opacity = np.minimum(1.0, 1.9 * left) * np.minimum(1.0, a / 0.06)
        glint = 1.0 + 0.5 * np.maximum(0.0, np.sin(9.0 * a + 3.0 * g.phase[live])) ** 8
        colour = np.minimum(g.colour[live] * glint[:, None], 255.0)
        radius = np.maximum(g.radius[live] * (0.5 + 0.5 * left), 0.55)
        return _splat(self._size, x, y, radius, opacity, colour)


def _splat(size: tuple[int, int], x: F32, y: F32, radius: F32, opacity: F32, colour: F32) -> tuple[U8, int, int] | None:
    """Small round grains on a canvas: premultiplied RGBA of the part they fill, and the place of its corner."""
    reach = math.ceil(float(radius.max()) + 0.5)
    width, height = size
    inside = (x > -reach) & (y > -reach) & (x < width + reach) & (y < height + reach)
    if not bool(inside.any()):
        return None
    x, y, radius, opacity, colour = x[inside], y[inside], radius[inside], opacity[inside], colour[inside]
    x0, y0 = math.floor(float(x.min())) - reach - 1, math.floor(float(y.min())) - reach - 1
    columns = math.ceil(float(x.max())) + reach + 2 - x0
    rows = math.ceil(float(y.max())) + reach + 2 - y0
    canvas = np.zeros(rows * columns, np.uint32)
    ink = np.column_stack([colour, np.full(len(x), 255.0, np.float32)]) * opacity[:, None]
    ix, iy = np.rint(x).astype(np.intp), np.rint(y).astype(np.intp)
    off_x, off_y = (ix - x).astype(np.float32), (iy - y).astype(np.float32)
    at = (iy - y0) * columns + ix - x0
    span_of = range(-reach, reach + 1)
    # Rims first, cores last: where grains meet, a core is not rubbed out by another's rim.
    for dx, dy in sorted(((dx, dy) for dy in span_of for dx in span_of), key=lambda step: -math.hypot(*step)):
        hit = np.flatnonzero(radius > math.hypot(dx, dy) - 1.2)
        cover = np.clip(radius[hit] + 0.5 - np.hypot(off_x[hit] + dx, off_y[hit] + dy), 0.0, 1.0)
        seen = cover > 0.02
        hit, cover = hit[seen], cover[seen]
        inks = np.ascontiguousarray((ink[hit] * cover[:, None]).astype(np.uint8)).view(np.uint32).ravel()
        canvas[at[hit] + (dy * columns + dx)] = inks
    return np.asarray(canvas.view(np.uint8), np.uint8).reshape(rows, columns, 4), x0, y0
