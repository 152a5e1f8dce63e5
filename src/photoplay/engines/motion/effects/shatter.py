"""Shatter: the subject freezes to glass, cracks from the point of impact, and its pieces fall out of the picture."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from photoplay.engines.motion import toolkit
from photoplay.engines.motion.animate import Animator, Changes, Grade, LayerChange, Moment, Spec, Sprite
from photoplay.engines.motion.camera import Nudge
from photoplay.engines.motion.easing import span
from photoplay.engines.motion.effects import craft
from photoplay.engines.motion.effects.base import Effect
from photoplay.engines.motion.effects.vacancy import emptied
from photoplay.engines.motion.types import F32, U8, Stage
from photoplay.shot import Cue, Move, MoveKind, Plan, Shot

CRACKS, BREAK = (0.14, 0.24, 0.32), 0.40  # fractions of the clip
PIECES = 44
LONG_SIDE = 1440  # pixels of the canvas the pieces are drawn on; flying glass is blurred by its speed anyway


class Shatter(Effect):
    """See the module."""

    slug = "shatter"
    name = "Shatter"
    logo_at = 0.46
    takes_away = (BREAK, BREAK + 0.12)
    description = "The subject cracks like glass and bursts into pieces that fall and spin; best with a clear subject."

    def prepare(self, stage: Stage, plan: Plan, spec: Spec) -> Animator:
        return _Shatter(stage, spec)


@dataclass(frozen=True, slots=True)
class _Piece:
    """One splinter: its picture (premultiplied, with a bright edge) and its back, where it lies, how it flies."""

    front: U8
    back: U8
    at: tuple[float, float]  # its middle, in canvas pixels
    start_s: float
    v: tuple[float, float]
    spin: float
    tumble: float
    phase: float
    nearer: float


class _Shatter(Animator):
    life = False
    shot = Shot(moves=(Move(kind=MoveKind.DOLLY, amount=0.3),))

    def __init__(self, stage: Stage, spec: Spec) -> None:
        focus = craft.focus_of(stage)
        self._focus, self._spec = focus, spec
        rng = toolkit.rng_for(spec, "shatter")
        layer = stage.layers[focus.key]
        height, width = layer.rgb.shape[:2]
        self._scale = max(1.0, max(height, width) / LONG_SIDE)
        size = round(width / self._scale), round(height / self._scale)
        alpha = craft.alpha_of(stage, focus)
        small = np.asarray(cv2.resize(layer.rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
        inside = np.asarray(cv2.resize(alpha, size, interpolation=cv2.INTER_AREA), np.uint8)
        k = 1.0 / self._scale
        face = focus.subject.face if focus.subject is not None else None
        hit = focus.centre if face is None else (focus.centre[0], focus.centre[1] + 0.1 * focus.height)
        self._hit = (hit[0] * k, hit[1] * k)
        if focus.subject is None:
            self.notes = ("shatter: no clear subject was found, so the whole picture breaks like a pane",)
        labels = _cells(size, focus, self._hit, k, rng)
        self._lines = _cracks(labels, inside, self._hit)
        self._pieces = _cut(small, inside, labels, self._hit, spec, focus.unit * k, rng)
        self._unit = focus.unit * k
        self._size = size
        empty = emptied(stage, focus, "shatter-empty")
        self.extra_layers = () if empty is None else (empty,)
        d = spec.duration_s
        pan = focus.pan(hit[0])
        self.cues = (
            *(
                Cue(at_s=at * d, kind="crack", strength=0.5 + 0.2 * n, pan=pan, duration_s=0.3)
                for n, at in enumerate(CRACKS)
            ),
            Cue(at_s=BREAK * d, kind="glass", strength=1.2, pan=pan, duration_s=1.4),
            Cue(at_s=(BREAK + 0.01) * d, kind="boom", strength=0.4, duration_s=0.6),
        )

    def frame(self, moment: Moment) -> Changes:
        focus, t = self._focus, moment.t
        if t < CRACKS[0]:
            return Changes(layers={extra.name: LayerChange(hidden=True) for extra in self.extra_layers})
        grown = sum(share * span(t, at, at + 0.03) for at, share in zip(CRACKS, (0.30, 0.30, 0.45), strict=True))
        shake = sum(
            size * craft.ring(moment.time_s - at * self._spec.duration_s, 9.0, 9.0)
            for at, size in zip((*CRACKS, BREAK), (0.0018, 0.0025, 0.0035, 0.010), strict=True)
        )
        nudge = Nudge(dx=0.6 * shake, dy=shake)
        layers: dict[int | str, LayerChange] = {}
        if t < BREAK:
            picture = self._cracked(grown)
            cold = Grade().toward(Grade.of(exposure=1.04, saturation=0.80, tint=(-4.0, 0.0, 8.0)), min(1.0, grown))
            layers[focus.key] = LayerChange(grade=cold)
            layers |= {extra.name: LayerChange(hidden=True) for extra in self.extra_layers}
        else:
            picture = self._flying(moment.time_s)
            if focus.subject is not None:
                layers[focus.key] = LayerChange(hidden=True)
            else:
                dark = span(t, BREAK - 0.001, BREAK + 0.02)
                layers[0] = LayerChange(grade=Grade().toward(Grade.of(exposure=0.16, saturation=0.4), dark), blur=0.02)
        sprite = Sprite(picture, 0.0, 0.0, scale=self._scale, depth=focus.depth)
        return Changes(layers=layers, sprites=(sprite,), nudge=nudge)

    def _cracked(self, grown: float) -> U8:
        distance, line = self._lines
        reach = grown * float(distance.max())
        seen = np.clip((reach - distance) / (0.04 * self._unit), 0, 1) * line
        alpha = np.asarray(np.clip(seen, 0, 255), np.uint8)
        return toolkit.painted((236, 244, 250), alpha)

    def _flying(self, time_s: float) -> U8:
        canvas = np.zeros((self._size[1], self._size[0], 4), np.uint8)
        for piece in self._pieces:
            age = max(0.0, time_s - piece.start_s)
            x = piece.at[0] + piece.v[0] * age
            y = piece.at[1] + piece.v[1] * age + 0.5 * 1.5 * self._unit * age * age
            scale = 1.0 + piece.nearer * age
            if y - 0.3 * self._unit * scale > self._size[1] or age > 4.0:
                continue
            turn = piece.spin * age
            lean = math.cos(piece.tumble * age)
            picture = piece.front if lean >= 0 else piece.back
            squeeze = math.copysign(max(abs(lean), 0.06), lean)
            _draw(canvas, picture, (x, y), turn, scale, squeeze, piece.phase)
        return canvas


def _cells(
    size: tuple[int, int], focus: craft.Focus, hit: tuple[float, float], k: float, rng: np.random.Generator
) -> F32:
    """Which splinter each pixel belongs to: nearest of seeds that crowd around the impact."""
    reach = 0.62 * max(focus.width, focus.height) * k
    angle = rng.uniform(0, 2 * math.pi, PIECES)
    radius = reach * rng.uniform(0.02, 1.0, PIECES) ** 0.9
    stretch = (
        min(1.0, 1.15 * focus.width / max(focus.width, focus.height)),
        min(1.0, 1.15 * focus.height / max(focus.width, focus.height)),
    )
    seeds = np.stack(
        [hit[0] + radius * np.cos(angle) * stretch[0], hit[1] + radius * np.sin(angle) * stretch[1]], axis=1
    )
    x, y = craft.grid(*size)
    jagged = 0.012 * focus.unit * k
    x = x + jagged * (toolkit.clouds(rng, size[0], size[1], 5 * jagged, 2) - 0.5)
    best, label = np.full(x.shape, np.inf, np.float32), np.zeros(x.shape, np.float32)
    for index, (sx, sy) in enumerate(seeds.tolist()):
        distance = (x - sx) ** 2 + (y - sy) ** 2
        closer = distance < best
        best[closer], label[closer] = distance[closer], index
    return label


def _cracks(labels: F32, inside: U8, hit: tuple[float, float]) -> tuple[F32, F32]:
    """How far each pixel is from the impact, and the cracks (0..255)."""
    edge = np.zeros(labels.shape, np.float32)
    edge[:, 1:] += labels[:, 1:] != labels[:, :-1]
    edge[1:] += labels[1:] != labels[:-1]
    line = cv2.GaussianBlur(np.clip(edge, 0, 1), (0, 0), max(0.6, min(labels.shape) / 900))
    line = np.clip(line * 2.2, 0, 1) * (np.asarray(inside, np.float32) / 255) * 215
    x, y = craft.grid(labels.shape[1], labels.shape[0])
    distance = np.hypot(x - hit[0], y - hit[1]).astype(np.float32)
    distance[inside < 10] = 0.0
    return distance, np.asarray(line, np.float32)


def _cut(
    rgb: U8, inside: U8, labels: F32, hit: tuple[float, float], spec: Spec, unit: float, rng: np.random.Generator
) -> list[_Piece]:
    pieces = []
    reach = float(np.hypot(rgb.shape[1], rgb.shape[0])) / 2
    for index in range(PIECES):
        chance = rng.uniform(0, 1, 7)
        mask = ((labels == index) * (inside > 8)).astype(np.uint8)
        x, y, w, h = cv2.boundingRect(mask)
        if w < 3 or h < 3:
            continue
        part = np.asarray(cv2.multiply(mask[y : y + h, x : x + w], inside[y : y + h, x : x + w]), np.uint8)
        colour = rgb[y : y + h, x : x + w].astype(np.float32)
        rim = np.clip(1.5 - toolkit.edge_distance(np.pad(part, 1))[1:-1, 1:-1] / max(1.0, unit / 300), 0, 1)[..., None]
        front = np.clip(colour + rim * 70, 0, 255).astype(np.uint8)
        dull = colour.mean(axis=2, keepdims=True)
        back = np.clip((dull * 0.35 + 52) * np.array([0.92, 0.98, 1.08], np.float32) + rim * 80, 0, 255).astype(
            np.uint8
        )
        mx, my = x + w / 2, y + h / 2
        dx, dy = mx - hit[0], my - hit[1]
        far = math.hypot(dx, dy) + 1e-3
        push = unit * (0.10 + 0.42 * math.exp(-far / (0.4 * reach))) * (0.5 + chance[0])
        pieces.append(
            _Piece(
                toolkit.premultiply(front, part),
                toolkit.premultiply(back, part),
                (mx, my),
                BREAK * spec.duration_s + 0.30 * far / reach + 0.06 * chance[1],
                (dx / far * push, dy / far * push - 0.20 * unit * chance[2]),
                (chance[3] - 0.5) * 5.0,
                (0.6 + 2.6 * chance[4]),
                math.pi * chance[5],
                0.10 + 0.45 * chance[6],
            )
        )
    return sorted(pieces, key=lambda piece: piece.nearer)


def _draw(
    canvas: U8, picture: U8, at: tuple[float, float], turn: float, scale: float, squeeze: float, axis: float
) -> None:
    """A splinter turned by ``turn``, squeezed across ``axis`` as it tumbles, over the canvas."""
    h, w = picture.shape[:2]
    c, s = math.cos(turn), math.sin(turn)
    a, b = math.cos(axis), math.sin(axis)
    tumble = np.array(
        [[a * a + squeeze * b * b, a * b * (1 - squeeze)], [a * b * (1 - squeeze), b * b + squeeze * a * a]]
    )
    linear = scale * np.array([[c, -s], [s, c]]) @ tumble
    corners = linear @ np.array([[-w / 2, w / 2, w / 2, -w / 2], [-h / 2, -h / 2, h / 2, h / 2]])
    x0, y0 = math.floor(at[0] + corners[0].min()) - 1, math.floor(at[1] + corners[1].min()) - 1
    x1, y1 = math.ceil(at[0] + corners[0].max()) + 2, math.ceil(at[1] + corners[1].max()) + 2
    if x1 <= 0 or y1 <= 0 or x0 >= canvas.shape[1] or y0 >= canvas.shape[0]:
        return
    shift = np.array([at[0] - x0, at[1] - y0]) - linear @ np.array([w / 2, h / 2])
    drawn = cv2.warpAffine(picture, np.column_stack([linear, shift]), (x1 - x0, y1 - y0), flags=cv2.INTER_LINEAR)
    toolkit.over(canvas, np.asarray(drawn, np.uint8), x0, y0)
