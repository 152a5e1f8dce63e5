"""Neon: night falls, and the picture's outlines light up one after the other as flickering neon tubes."""

from __future__ import annotations

import cv2
import numpy as np

from photoplay.engines.motion import toolkit
from photoplay.engines.motion.animate import Animator, Changes, Grade, LayerChange, Moment, Spec, Sprite
from photoplay.engines.motion.easing import span
from photoplay.engines.motion.effects import craft
from photoplay.engines.motion.effects.base import Effect
from photoplay.engines.motion.types import U8, SceneMap, Stage
from photoplay.shot import Cue, Move, MoveKind, Plan, Shot

COLOURS = ((255.0, 56.0, 168.0), (40.0, 224.0, 255.0), (255.0, 170.0, 40.0))
LIT = (0.28, 0.40, 0.52)  # fractions of the clip at which each tube catches


class Neon(Effect):
    """See the module."""

    slug = "neon"
    name = "Neon"
    logo_at = 0.62
    description = "Night falls and the outlines light up as flickering neon tubes; suits any photo with clear shapes."

    def suits(self, scene: SceneMap) -> float:
        return 1.0

    def prepare(self, stage: Stage, plan: Plan, spec: Spec) -> Animator:
        return _Neon(stage, spec)


class _Neon(Animator):
    shot = Shot(moves=(Move(kind=MoveKind.DOLLY, amount=0.8),))

    def __init__(self, stage: Stage, spec: Spec) -> None:
        focus = craft.focus_of(stage)
        self._focus, self._spec = focus, spec
        self._layers = len(stage.layers)
        rng = toolkit.rng_for(spec, "neon")
        self._flicker = [rng.random(400) for _ in COLOURS]
        self._tubes = _tubes(stage, focus)
        d = spec.duration_s
        self.cues = (
            Cue(at_s=0.10 * d, kind="swell", strength=0.3, duration_s=0.3 * d),
            *(
                Cue(at_s=at * d, kind="spark", strength=0.6, pan=pan, duration_s=0.4)
                for at, pan in zip(LIT, (0.0, -0.4, 0.4), strict=True)
            ),
        )

    def frame(self, moment: Moment) -> Changes:
        t = moment.t
        night = span(t, 0.06, 0.36)
        if night <= 0.0:
            return Changes()
        grade = Grade().toward(Grade.of(exposure=0.30, saturation=0.55, tint=(-2.0, -1.0, 9.0)), night)
        sprites = []
        for (picture, scale), at, chance in zip(self._tubes, LIT, self._flicker, strict=True):
            if t < at:
                continue
            since = (t - at) * self._spec.duration_s
            step = chance[int(since * 16) % 400]
            catching = since < 0.7 and step < 0.55 * (1.0 - since / 0.7)
            level = 0.12 if catching else 0.94 + 0.06 * step
            if not catching and step < 0.008:
                level = 0.45
            sprites.append(
                Sprite(picture, 0.0, 0.0, scale=scale, depth=self._focus.depth, light=True, opacity=min(1.0, level))
            )
        # The night is laid on the layers, not on the frame, so that the tubes shine.
        dark = LayerChange(grade=grade)
        return Changes(layers=dict.fromkeys(range(self._layers), dark), sprites=tuple(sprites))


def _tubes(stage: Stage, focus: craft.Focus) -> list[tuple[U8, float]]:
    """A picture of light for each colour: the subject's outline, its inner lines, the scene's lines."""
    top = stage.layers[focus.key]
    height, width = top.rgb.shape[:2]
    scale = max(1.0, max(height, width) / 1600)
    size = round(width / scale), round(height / scale)
    unit = focus.unit / scale
    whole = stage.layers[0].rgb.copy()
    for layer in stage.layers[1:]:
        if layer.alpha is not None:
            share = layer.alpha[..., None].astype(np.float32) / 255
            whole = (whole * (1 - share) + layer.rgb * share).astype(np.uint8)
    small = np.asarray(cv2.resize(whole, size, interpolation=cv2.INTER_AREA), np.uint8)
    calm = cv2.GaussianBlur(cv2.bilateralFilter(small, 9, 60, 9), (0, 0), max(1.0, unit / 260))
    grey = np.asarray(cv2.cvtColor(calm, cv2.COLOR_RGB2GRAY), np.uint8)
    strong = float(np.quantile(np.hypot(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)), 0.93))
    edges = cv2.Canny(grey, 0.5 * strong, max(30.0, strong))
    edges = _without_specks(np.asarray(edges, np.uint8), 0.10 * unit)
    inside = np.zeros(grey.shape, np.uint8)
    outline = np.zeros(grey.shape, np.uint8)
    if focus.subject is not None:
        inside = np.asarray(
            (cv2.resize(focus.subject.alpha, size, interpolation=cv2.INTER_AREA) >= 128).astype(np.uint8), np.uint8
        )
        found, _ = cv2.findContours(inside, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        for one in found:
            if len(one) > 0.3 * unit:
                line = one[:, 0].astype(np.float32)
                window = max(3, round(0.02 * unit)) | 1
                kernel = np.ones(window) / window
                line = np.stack(
                    [np.convolve(np.pad(line[:, k], window // 2, mode="wrap"), kernel, "valid") for k in (0, 1)], axis=1
                )
                cv2.polylines(
                    outline,
                    [np.rint(line * 16).astype(np.int32)],
                    True,
                    255,
                    max(1, round(0.005 * unit)),
                    cv2.LINE_AA,
                    4,
                )
        core = cv2.erode(inside, np.ones((3, 3), np.uint8), iterations=max(1, round(0.015 * unit)))
        around = cv2.dilate(inside, np.ones((3, 3), np.uint8), iterations=max(1, round(0.02 * unit)))
        groups = [outline, np.where(core > 0, edges, 0), np.where(around > 0, 0, edges)]
    else:
        middle = np.quantile(np.flatnonzero(edges.any(axis=1)), [0.4, 0.7]) if edges.any() else (0, 0)
        rows = np.arange(grey.shape[0])[:, None]
        groups = [
            np.where(rows > middle[1], edges, 0), np.where(rows < middle[0], edges, 0),
            np.where((rows >= middle[0]) & (rows <= middle[1]), edges, 0),
        ]  # fmt: skip
    return [
        (_glow(np.asarray(one, np.uint8), colour, unit), scale) for one, colour in zip(groups, COLOURS, strict=True)
    ]


def _without_specks(edges: U8, length: float) -> U8:
    """Only lines that are long enough to be a tube."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(edges, connectivity=8)
    keep = stats[:, cv2.CC_STAT_AREA] >= length
    keep[0] = False
    return np.asarray(np.where(keep[labels], 255, 0), np.uint8) if count > 1 else edges


def _glow(lines: U8, colour: craft.Colour, unit: float) -> U8:
    """Tubes with a white core and a glow in their colour, as light: RGBA, alpha unused."""
    tube = cv2.GaussianBlur(cv2.dilate(lines, np.ones((2, 2), np.uint8)), (0, 0), max(0.7, 0.0022 * unit)).astype(
        np.float32
    )
    near = cv2.GaussianBlur(lines, (0, 0), 0.012 * unit).astype(np.float32)
    far = cv2.GaussianBlur(lines, (0, 0), 0.045 * unit).astype(np.float32)
    tone = np.array(colour, np.float32) / 255.0
    light = tone * (1.1 * tube + 2.4 * near + 2.6 * far)[..., None] + (0.75 * tube * (tube > 90))[..., None]
    rgb = np.clip(light, 0, 255)
    return np.dstack([rgb.astype(np.uint8), np.asarray(rgb.max(axis=2), np.uint8)])
