"""Squish: two soft gloves squeeze the subject like dough. See ``craft.Squeeze`` for why its area stays."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from photoplay.engines.motion import toolkit
from photoplay.engines.motion.animate import Animator, Changes, ExtraLayer, LayerChange, Moment, Spec, Sprite
from photoplay.engines.motion.camera import Nudge
from photoplay.engines.motion.effects import craft
from photoplay.engines.motion.effects.base import Effect
from photoplay.engines.motion.types import F32, U8, Stage
from photoplay.shot import Cue, Plan

GLOVE = (244.0, 236.0, 224.0)
# When, as fractions of the clip: the gloves arrive, squeeze, ease off, squeeze harder, let go.
ARRIVE, FIRST, EASED, HARD, LET_GO = 0.25, 0.36, 0.53, 0.65, 0.79
DEEP, SOFT = 0.66, 0.40  # log of how much the waist narrows


class Squish(Effect):
    """See the module."""

    slug = "squish"
    name = "Squish"
    description = "Two soft gloves squeeze the subject like dough and let it wobble back; best with one clear subject."
    logo_at = 0.36

    def prepare(self, stage: Stage, plan: Plan, spec: Spec) -> Animator:
        return _Squish(stage, spec)


@dataclass(frozen=True, slots=True)
class _Glove:
    """``rgba``: the picture; ``grip``: the pixel of it that touches; ``side``: -1 comes from the left, 1 the right."""

    rgba: U8
    shade: U8
    grip: tuple[float, float]
    side: int
    at: tuple[float, float]  # where it touches, before any squeeze


class _Squish(Animator):
    life = False
    fine_mesh = True

    def __init__(self, stage: Stage, spec: Spec) -> None:
        focus = craft.focus_of(stage)
        self.shot = craft.closer(focus, 0.35)
        self._focus, self._stage, self._duration_s = focus, stage, spec.duration_s
        alpha = craft.alpha_of(stage, focus)
        y0 = focus.box[1]
        size = 0.52 * min(focus.height, 1.2 * focus.width, 0.8 * focus.unit)
        self._size = max(size, 0.16 * focus.unit)
        press_y = y0 + (0.5 if focus.subject is None else 0.46) * focus.height
        self._squeeze = self._field(focus, press_y)
        left, right = _edges(alpha, focus, press_y, self._size)
        gloves = []
        for side, x, is_cut in ((-1, left, focus.cut[0]), (1, right, focus.cut[2])):
            if focus.subject is None:
                x = focus.centre[0] + side * 0.27 * focus.width
            elif is_cut and not (focus.cut[0] and focus.cut[2]):
                continue
            elif is_cut:
                x = focus.centre[0] + side * 0.36 * focus.width
            rgba, grip = glove(self._size, 1.15 * (focus.frame[2] - focus.frame[0]), side)
            soft = toolkit.blurred(np.ascontiguousarray(rgba[..., 3]), 0.10 * self._size)
            shade = toolkit.painted((20, 8, 10), np.asarray(soft * 0.42, np.uint8))
            gloves.append(_Glove(rgba, shade, grip, side, (x, press_y + 0.03 * self._size * side)))
        self._gloves = tuple(gloves)
        extra: list[ExtraLayer] = []
        if focus.subject is not None:
            reach = 0.22 * min(focus.width, focus.height)
            extra.append(
                craft.plain(stage, focus.key, "squish-shade", (22, 10, 14), craft.rim_shade(alpha, reach, 0.62))
            )
        else:
            self.notes = ("squish: no clear subject was found, so the gloves squeeze the picture itself",)
        self.extra_layers = tuple(extra)
        self._shadow = craft.shadow(1.25 * focus.width, max(0.10 * focus.width, 6.0))
        d = spec.duration_s
        self.cues = (
            Cue(at_s=0.14 * d, kind="whoosh", strength=0.5, duration_s=0.5),
            Cue(at_s=(ARRIVE - 0.005) * d, kind="squish", strength=0.7, duration_s=0.6),
            Cue(at_s=EASED * d, kind="squish", strength=1.0, duration_s=0.8),
            Cue(at_s=LET_GO * d, kind="pop", strength=0.9, duration_s=0.3),
        )

    def _field(self, focus: craft.Focus, press_y: float) -> craft.Squeeze:
        x0, _, x1, y1 = focus.box
        left_cut, _, right_cut, bottom_cut = focus.cut
        mid = focus.centre[0]
        low, high = -math.inf, math.inf
        if left_cut and right_cut:
            low, high = x0 - 0.04 * focus.width, x1 + 0.04 * focus.width
        elif left_cut:
            mid = focus.frame[0] - 0.05 * focus.width  # what the frame cuts off stays put
        elif right_cut:
            mid = focus.frame[2] + 0.05 * focus.width
        still = press_y if focus.subject is None or bottom_cut else y1
        return craft.Squeeze(
            mid, press_y, still, reach=max(0.27 * focus.height, 0.3 * self._size),
            x_low=low, x_high=high,
        )  # fmt: skip

    def _amount(self, t: float, time_s: float) -> float:
        """How far the waist is squeezed: held by the gloves, then ringing freely."""
        deep = DEEP if self._focus.subject is not None else 0.45
        if t <= LET_GO:
            held = craft.keyed(
                t,
                (ARRIVE, 0.0),
                (FIRST, SOFT),
                (FIRST + 0.07, SOFT),
                (EASED, 0.12),
                (HARD, deep),
                (LET_GO, deep * 1.04),
            )
            tremble = 0.018 * math.sin(2 * math.pi * 7.0 * time_s) * toolkit.pulse(t, 0.72, 0.09)
            return held + tremble
        since = time_s - LET_GO * self._duration_s
        rest = (1.0 - LET_GO) * self._duration_s
        fade = math.sqrt(max(0.0, 1.0 - since / rest))
        return deep * 1.04 * craft.ring(since, 2.7, 3.4) * fade

    def _approach(self, t: float) -> float:
        """How far the gloves are in: 0 out of the picture, 1 touching; they hesitate before, and fly off after."""
        if t <= LET_GO:
            return craft.keyed(t, (0.05, 0.0), (0.15, 0.80), (0.19, 0.76), (ARRIVE, 1.0))
        return 1.0 - toolkit.anticipate(t, LET_GO, LET_GO + 0.12, 0.02)

    def frame(self, moment: Moment) -> Changes:
        focus, t = self._focus, moment.t
        amount = self._amount(t, moment.time_s)
        layers: dict[int | str, LayerChange] = {}
        sprites: list[Sprite] = []
        if abs(amount) > 1e-3:
            mesh = self._squeeze.mesh(self._stage, amount)
            layers[focus.key] = LayerChange(mesh=mesh)
        if focus.subject is not None:
            pressed = min(max(abs(amount) / DEEP, 0.0), 1.0)
            layers["squish-shade"] = LayerChange(
                mesh=layers[focus.key].mesh if focus.key in layers else None, opacity=pressed, hidden=pressed < 0.01
            )
            if not focus.cut[3] and pressed > 0.01:
                spot = craft.placed(
                    self._shadow, (focus.subject.foot[0], focus.box[3] - 0.01 * focus.height), focus.depth,
                    focus.key - 1, opacity=0.85 * pressed,
                )  # fmt: skip
                sprites.append(spot)
        near = self._approach(t)
        if near > 0.0:
            for one in self._gloves:
                sprites.extend(self._draw(one, near, amount))
        kick = 0.006 * craft.ring(moment.time_s - LET_GO * self._duration_s, 4.0, 5.0)
        return Changes(layers=layers, sprites=tuple(sprites), nudge=Nudge(dy=-kick if t > LET_GO else 0.0))

    def _draw(self, one: _Glove, near: float, amount: float) -> list[Sprite]:
        focus = self._focus
        x, y = self._squeeze.point(*one.at, amount) if amount > 0 else one.at
        out = (focus.frame[0] - x if one.side < 0 else focus.frame[2] - x) + one.side * 1.1 * self._size
        x += out * (1.0 - near)
        y += 0.20 * focus.unit * (1.0 - near) ** 2
        left, top = x - one.grip[0], y - one.grip[1]
        drop = 0.05 * self._size
        return [
            Sprite(
                one.shade, left + drop * 0.4, top + drop, depth=focus.depth, opacity=min(1.0, max(0.0, 4 * near - 3))
            ),
            Sprite(one.rgba, left, top, depth=focus.depth),
        ]


def _edges(alpha: U8, focus: craft.Focus, y: float, size: float) -> tuple[float, float]:
    """The subject's left and right side around a height: where the gloves touch."""
    rows = alpha[max(0, int(y - 0.3 * size)) : int(y + 0.3 * size) + 1] >= 128
    columns = np.flatnonzero(rows.mean(axis=0) > 0.3)
    if columns.size == 0:
        return focus.box[0], focus.box[2]
    return float(columns[0]), float(columns[-1])


def glove(size: float, arm: float, side: int) -> tuple[U8, tuple[float, float]]:
    """A soft white glove with a forearm that reaches out of the picture, and the pixel of it that touches.

    Drawn as limbs grown together (signed distances), given a height and lit. ``size``: wrist to finger tips.
    """
    pad = 0.06 * size
    width, height = round(arm + size * 1.1 + 2 * pad), round(1.3 * size + 2 * pad)
    # Drawn for the glove that comes from the left (fingers to the right), mirrored for the other.
    wrist = (width - pad - size * 1.02, pad + 0.80 * size)
    x, y = craft.grid(width, height)

    def scaled(dx: float, dy: float) -> tuple[float, float]:
        return wrist[0] + dx * size, wrist[1] + dy * size

    palm = craft.capsule(x, y, scaled(0.18, 0.02), scaled(0.40, -0.05), 0.21 * size, 0.25 * size)
    body = craft.merge(
        palm, craft.capsule(x, y, scaled(-0.10, 0.04), scaled(0.14, 0.03), 0.15 * size, 0.18 * size), 0.1 * size
    )
    hills = [body]
    fingers = (
        ((0.42, -0.22), (0.68, -0.33), (0.88, -0.27), 0.085),
        ((0.47, -0.09), (0.77, -0.14), (0.985, -0.07), 0.092),
        ((0.46, 0.05), (0.75, 0.06), (0.94, 0.12), 0.088),
        ((0.40, 0.17), (0.62, 0.23), (0.79, 0.29), 0.078),
    )
    for root, knuckle, tip, radius in fingers:
        bent = craft.merge(
            craft.capsule(x, y, scaled(*root), scaled(*knuckle), radius * size * 1.05, radius * size),
            craft.capsule(x, y, scaled(*knuckle), scaled(*tip), radius * size, radius * size * 0.92),
            0.05 * size,
        )
        hills.append(bent)
    thumb = craft.merge(
        craft.capsule(x, y, scaled(0.15, -0.14), scaled(0.26, -0.44), 0.13 * size, 0.105 * size),
        craft.capsule(x, y, scaled(0.26, -0.44), scaled(0.42, -0.60), 0.105 * size, 0.085 * size),
        0.05 * size,
    )
    hills.append(thumb)
    hand = hills[0]
    for one in hills[1:]:
        hand = craft.merge(hand, one, 0.035 * size)
    rise = np.zeros_like(hand)
    for one, thick in zip(hills, (0.24, 0.1, 0.1, 0.1, 0.1, 0.12), strict=True):
        inside = np.clip(-one / np.float32(thick * size), 0.0, 1.0)
        rise = np.maximum(rise, np.sqrt(1.0 - (1.0 - inside) ** 2) * np.float32(thick * size * 1.25))
    soft = max(0.8, 0.012 * size)
    rise = _smoothed(rise, soft)
    # The sleeve: a tube in a warm red with a rolled cuff over the wrist.
    sleeve = craft.capsule(
        x,
        y,
        (-size, wrist[1] + 0.2 * size),
        scaled(-0.13, 0.05),
        max(0.22, min(0.4, 0.06 * arm / size)) * size,
        0.185 * size,
    )
    cuff = craft.capsule(x, y, scaled(-0.105, -0.135), scaled(-0.045, 0.21), 0.075 * size, 0.075 * size)
    tube = np.sqrt(1.0 - (1.0 - np.clip(-sleeve / np.float32(0.2 * size), 0, 1)) ** 2) * np.float32(0.22 * size)
    roll = np.sqrt(1.0 - (1.0 - np.clip(-cuff / np.float32(0.075 * size), 0, 1)) ** 2) * np.float32(0.09 * size)
    picture = craft.clay(rise, craft.coverage(hand), _tinted(rise, size), _light(side))
    toolkit.over(
        picture, craft.clay(_smoothed(tube, soft), craft.coverage(sleeve), (176.0, 52.0, 48.0), _light(side)), 0, 0
    )
    toolkit.over(picture, craft.clay(_smoothed(roll, soft), craft.coverage(cuff), GLOVE, _light(side)), 0, 0)
    # Three seams on the back of the hand.
    seams = np.zeros(hand.shape, np.uint8)
    for offset in (-0.13, 0.0, 0.13):
        line = [scaled(0.20, offset * 0.8), scaled(0.30, offset * 0.95 - 0.01), scaled(0.385, offset - 0.02)]
        craft.stroke(seams, line, (0.004 * size, 0.022 * size, 0.004 * size), 120)
    craft.put(picture, seams, (120, 92, 84))
    grip = (wrist[0] + 0.60 * size, wrist[1] - 0.02 * size)
    if side > 0:
        return np.ascontiguousarray(picture[:, ::-1]), (width - 1 - grip[0], grip[1])
    return picture, grip


def _light(side: int) -> tuple[float, float]:
    # The picture of the right glove is mirrored after it is lit.
    return (-0.45, -0.7) if side < 0 else (0.45, -0.7)


def _smoothed(height: F32, sigma: float) -> F32:
    return np.asarray(cv2.GaussianBlur(height, (0, 0), sigma), np.float32)


def _tinted(rise: F32, size: float) -> F32:
    """The glove's cloth: a little warmer and darker where fingers meet."""
    low = np.clip(1.0 - rise / np.float32(0.10 * size), 0.0, 1.0)[..., None]
    cloth = np.array(GLOVE, np.float32) * (1.0 - 0.16 * low) - np.array([0, 10, 16], np.float32) * low
    return np.asarray(cloth, np.float32)
