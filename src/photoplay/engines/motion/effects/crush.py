"""Crush: a steel press comes down twice and flattens the subject, which spreads sideways and keeps its area.

A subject that the frame cuts off above has no upper outline of its own: under the press it gets one, uneven and, when
the press lets go, rounded, or the picture's straight edge would lie on the ground.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from photoplay.engines.motion import toolkit
from photoplay.engines.motion.animate import Animator, Changes, LayerChange, Moment, Spec, Sprite
from photoplay.engines.motion.camera import Nudge
from photoplay.engines.motion.easing import span
from photoplay.engines.motion.effects import craft
from photoplay.engines.motion.effects.base import Effect
from photoplay.engines.motion.effects.vacancy import emptied
from photoplay.engines.motion.types import F32, U8, Stage
from photoplay.shot import Cue, Plan

TOUCH, FIRST, SECOND, FLAT, AWAY = 0.24, 0.34, 0.50, 0.60, 0.78  # fractions of the clip
HALF, LOW = 0.62, 0.24  # heights that are left
ROUND, ROUGH = 0.55, 0.05  # of the subject's height: how much lower its new outline is at the sides; how uneven it is


class Crush(Effect):
    """See the module."""

    slug = "crush"
    name = "Crush"
    description = "A steel press comes down and flattens the subject; best with one clear subject."
    logo_at = 0.44

    def prepare(self, stage: Stage, plan: Plan, spec: Spec) -> Animator:
        return _Crush(stage, spec)


class _Crush(Animator):
    life = False
    fine_mesh = True

    def __init__(self, stage: Stage, spec: Spec) -> None:
        focus = craft.focus_of(stage)
        self._focus, self._stage, self._duration_s = focus, stage, spec.duration_s
        self.shot = craft.closer(focus, 0.3)
        rng = toolkit.rng_for(spec, "crush")
        f = focus.frame
        if focus.subject is None:
            self.notes = ("crush: no clear subject was found, so the press squeezes the picture's lower half",)
        self._bottom = f[3] if focus.cut[3] else focus.box[3]
        self._top = (
            max(focus.box[1], f[1] + 0.04 * focus.unit) if focus.subject is not None else f[1] + 0.35 * (f[3] - f[1])
        )
        self._low = LOW if not focus.cut[3] else 0.42
        width = min(1.35 * focus.width, 1.5 * (f[2] - f[0]))
        self._press = press(round(width), round(1.25 * (f[3] - f[1])), round(0.16 * focus.unit))
        self._shadow = craft.shadow(1.5 * focus.width, max(6.0, 0.12 * focus.width))
        if focus.subject is not None:
            alpha = craft.alpha_of(stage, focus)
            reach = 0.25 * min(focus.width, focus.height)
            empty = emptied(stage, focus, "crush-empty")
            self._outline = Outline.of(stage, focus, self._top, rng) if focus.cut[1] else None
            self.extra_layers = (
                *(() if empty is None else (empty,)),
                craft.plain(stage, focus.key, "crush-shade", (10, 8, 12), craft.rim_shade(alpha, reach, 0.7)),
            )
        tints = toolkit.palette(stage.layers[focus.key].rgb, craft.alpha_of(stage, focus), 4, spec.seed)
        self._bits = craft.crumbs(tints, 0.024 * spec.height, rng)
        scale = toolkit.frame_scale(stage, spec)
        self._flecks = [
            craft.Fleck(
                index,
                (FIRST if index < 14 else FLAT) * spec.duration_s - 0.05 * float(rng.random()),
                float(rng.uniform(0.5, 1.1)),
                (focus.centre[0] + side * 0.5 * focus.width - f[0]) * scale,
                (self._bottom - float(rng.uniform(0.05, 0.4)) * focus.height - f[1]) * scale,
                side * float(rng.uniform(0.2, 0.9)) * spec.height,
                -float(rng.uniform(0.1, 0.8)) * spec.height,
                float(rng.uniform(0.3, 1.0)),
            )
            for index in range(36)
            for side in ((-1, 1)[index % 2],)
        ]  # fmt: skip
        self._gravity = 1.3 * spec.height
        d = spec.duration_s
        self.cues = (
            Cue(at_s=0.06 * d, kind="whoosh", strength=0.4, duration_s=0.7),
            Cue(at_s=TOUCH * d, kind="thud", strength=0.8, duration_s=0.4),
            Cue(at_s=(TOUCH + 0.02) * d, kind="crunch", strength=0.8, duration_s=0.6),
            Cue(at_s=SECOND * d, kind="crunch", strength=1.2, duration_s=0.8),
            Cue(at_s=FLAT * d, kind="boom", strength=0.6, duration_s=0.8),
            Cue(at_s=AWAY * d, kind="hiss", strength=0.4, duration_s=0.8),
        )

    def _left(self, t: float, time_s: float) -> float:
        """Share of the height that is left; it springs back a little when the press lets go."""
        left = craft.keyed(
            t,
            (TOUCH, 1.0),
            (FIRST, HALF),
            (FIRST + 0.08, HALF + 0.06),
            (SECOND, HALF + 0.08),
            (FLAT, self._low),
            (AWAY, self._low),
        )
        if t > AWAY:
            since = time_s - AWAY * self._duration_s
            left += 0.16 * (1.0 - self._low) * (1.0 - craft.ring(since, 2.2, 4.0))
        return left

    def frame(self, moment: Moment) -> Changes:
        focus, t = self._focus, moment.t
        left = self._left(t, moment.time_s)
        layers: dict[int | str, LayerChange] = {}
        sprites: list[Sprite] = []
        pressed = (1.0 - left) / (1.0 - self._low)
        if focus.subject is not None:
            wide = 1.0 / left**0.5 if left < 1 else 1.0
            affine = toolkit.stretch((focus.centre[0], self._bottom), wide, left)
            shape = None
            if left < 1.0:
                if self._outline is not None:
                    # Flat under the press; free of it, its sides sag.
                    loose = span(t, AWAY, AWAY + 0.06)
                    shape = self._outline.mask(loose)
                layers[focus.key] = LayerChange(affine=affine, mask=shape)
            layers["crush-shade"] = LayerChange(
                affine=affine, opacity=min(1.0, max(0.0, pressed)), mask=shape, hidden=left >= 1.0
            )
            layers["crush-empty"] = LayerChange(opacity=min(1.0, 4.0 * max(0.0, pressed)), hidden=left >= 1.0)
            if not focus.cut[3] and left < 1.0:
                at = (focus.centre[0], self._bottom)
                sprites.append(craft.placed(self._shadow, at, focus.depth, focus.key - 1, opacity=0.85 * pressed))
        elif left < 1.0:
            x, y = toolkit.nodes(self._stage, 50, 12)
            height = self._bottom - self._top
            up = np.clip((self._bottom - y) / np.float32(height), 0.0, None)
            keep = 0.55 + 0.45 * (left - self._low) / (1.0 - self._low)
            source = np.where(up < keep, up / keep, 1.0 + (up - keep) * 0.6 / (1.6 - keep))
            del x
            mesh = np.zeros((*y.shape, 2), np.float32)
            mesh[..., 1] = self._bottom - source * height - y
            layers[0] = LayerChange(mesh=mesh)
            left = keep
        face = self._bottom - left * (self._bottom - self._top)
        if t <= TOUCH or t >= AWAY:
            away = focus.frame[1] - 0.12 * focus.unit
            hover = away + 0.55 * (self._top - away)
            arrive = (
                craft.keyed(t, (0.04, away), (0.14, hover), (0.18, hover - 0.03 * focus.unit), (TOUCH, self._top))
                if t <= TOUCH
                else 0.0
            )
            start = (
                self._bottom - self._low * (self._bottom - self._top)
                if focus.subject is not None
                else self._bottom - 0.55 * (self._bottom - self._top)
            )
            face = arrive if t <= TOUCH else craft.keyed(t, (AWAY, start), (0.95, away))
        if 0.04 < t < 0.95:
            rgba = self._press
            sprites.append(Sprite(rgba, focus.centre[0] - rgba.shape[1] / 2, face - rgba.shape[0], depth=focus.depth))
        sprites += craft.flying(self._bits, self._flecks, moment.time_s, self._gravity, 1.0)
        shake = sum(
            size * craft.ring(moment.time_s - at * self._duration_s, 8.0, 7.0)
            for at, size in ((TOUCH, 0.004), (FLAT, 0.010))
        )
        return Changes(layers=layers, sprites=tuple(sprites), nudge=Nudge(dy=shake) if abs(shake) > 1e-5 else Nudge())


@dataclass(frozen=True, slots=True)
class Outline:
    """An upper outline for a subject that has none: a dome with tufts.

    Of each place of a small field over the working area: ``below`` the picture's cut, in working pixels; how much lower
    the dome is there, ``sag``; and how the outline is uneven, ``tufts``. ``soft``: width of its edge.
    """

    below: F32
    sag: F32
    tufts: F32
    soft: float

    @classmethod
    def of(cls, stage: Stage, focus: craft.Focus, top: float, rng: np.random.Generator) -> Outline:
        """The outline of the subject below ``top`` (working pixels)."""
        x, y = craft.small_field(stage, 640)
        u = (x - focus.centre[0]) / max(1.0, 0.5 * focus.width)
        fine = toolkit.clouds(rng, x.shape[1], 8, 14.0, 3)[:1] - 0.5
        broad = toolkit.clouds(rng, x.shape[1], 8, 90.0, 2)[:1] - 0.5
        tufts = ROUGH * focus.height * (1.0 + fine + 1.2 * broad)
        sag = ROUND * focus.height * np.clip(u * u, 0.0, 1.5)
        soft = max(1.0, 0.02 * focus.height)
        return cls(y - np.float32(top), sag.astype(np.float32), tufts.astype(np.float32), soft)

    def mask(self, loose: float) -> U8:
        """As ``LayerChange.mask``: ``loose`` 0 flat .. 1 a dome."""
        depth = self.below - np.float32(loose) * (self.sag + self.tufts)
        return np.asarray(np.clip(depth / np.float32(self.soft) + 0.5, 0.0, 1.0) * 255.0, np.uint8)


def press(width: int, height: int, thick: int) -> U8:
    """A hydraulic press seen from the front: a piston and a plate with a hazard stripe, premultiplied RGBA."""
    x, y = craft.grid(width, height)
    u = x / width
    steel = 120 + 70 * np.exp(-(((u - 0.3) / 0.16) ** 2)) - 46 * np.abs(2 * u - 1) ** 3
    plate = np.maximum(np.maximum(np.abs(x - width / 2) - width / 2 + 1.5, (height - thick) - y), y - height + 1.5)
    v = np.clip((y - (height - thick)) / thick, 0, 1)
    shade = (
        steel * (1.12 - 0.35 * v) + 46 * np.exp(-(((v - 0.04) / 0.03) ** 2)) - 40 * np.exp(-(((v - 0.98) / 0.05) ** 2))
    )
    rgb = np.stack([shade * 0.97, shade, shade * 1.05], axis=-1)
    band = (v > 0.30) & (v < 0.66)
    stripe = np.clip(np.sin((x + y) * 2 * math.pi / (0.8 * thick)) * 0.12 * thick + 0.5, 0, 1)[..., None]
    warn = (np.array([232, 176, 32]) * stripe + np.array([36, 34, 36]) * (1 - stripe)) * (
        0.62 + 0.5 * np.exp(-(((u - 0.3) / 0.25) ** 2))
    )[..., None]
    rgb = np.where(band[..., None], warn, rgb)
    piston_half = 0.13 * width
    w = (x - width / 2) / piston_half
    piston = np.maximum(np.abs(x - width / 2) - piston_half, y - (height - thick))
    chrome = (
        96 + 130 * np.exp(-(((w + 0.35) / 0.22) ** 2)) + 50 * np.exp(-(((w - 0.6) / 0.12) ** 2)) - 30 * np.abs(w) ** 4
    )
    tube = np.stack([chrome, chrome * 1.01, chrome * 1.04], axis=-1)
    picture = toolkit.premultiply(
        np.clip(tube, 0, 255).astype(np.uint8), craft.coverage(np.asarray(piston, np.float32))
    )
    toolkit.over(
        picture,
        toolkit.premultiply(np.clip(rgb, 0, 255).astype(np.uint8), craft.coverage(np.asarray(plate, np.float32))),
        0,
        0,
    )
    return picture
