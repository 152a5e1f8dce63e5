"""Paper pop-up: the subject is cut from paper like in a pop-up card: it folds down flat and stands up again."""

from __future__ import annotations

import math

import cv2
import numpy as np

from photoplay.engines.motion import toolkit
from photoplay.engines.motion.animate import Animator, Changes, ExtraLayer, Grade, LayerChange, Moment, Spec
from photoplay.engines.motion.camera import Nudge
from photoplay.engines.motion.easing import span
from photoplay.engines.motion.effects import craft
from photoplay.engines.motion.effects.base import Effect
from photoplay.engines.motion.effects.vacancy import emptied
from photoplay.engines.motion.types import U8, Stage
from photoplay.shot import Cue, Move, MoveKind, Plan, Shot

FLAT, RISE, UP = 0.20, 0.36, 0.62  # fractions of the clip: it lies down, starts to rise, stands


class PaperPopUp(Effect):
    """See the module."""

    slug = "paper-pop-up"
    name = "Paper pop-up"
    logo_at = 0.68
    description = (
        "The subject is cut from paper, folds down and pops up again like in a card; best with a clear subject."
    )

    def prepare(self, stage: Stage, plan: Plan, spec: Spec) -> Animator:
        return _Card(stage, spec)


class _Card(Animator):
    life = False
    shot = Shot(moves=(Move(kind=MoveKind.ORBIT, amount=0.8, start=0.6), Move(kind=MoveKind.DOLLY, amount=0.4)))

    def __init__(self, stage: Stage, spec: Spec) -> None:
        focus = craft.focus_of(stage)
        self._focus, self._duration_s = focus, spec.duration_s
        d = spec.duration_s
        self._bottom = focus.frame[3] + 0.02 * focus.unit if focus.cut[3] else focus.box[3]
        alpha = craft.alpha_of(stage, focus)
        layer = stage.layers[focus.key]
        if focus.subject is None:
            # A panel of the picture itself stands up out of it.
            f = focus.frame
            w, h = f[2] - f[0], f[3] - f[1]
            panel = np.zeros(alpha.shape, np.uint8)
            low, high = (f[0] + 0.2 * w, f[1] + 0.16 * h), (f[0] + 0.8 * w, f[1] + 0.84 * h)
            panel[round(low[1]) : round(high[1]), round(low[0]) : round(high[0])] = 255
            alpha = panel
            self._bottom = f[1] + 0.84 * h
            self.notes = ("paper-pop-up: no clear subject was found, so a panel of the picture pops up",)
        self._margin = max(2, round(0.011 * focus.unit))
        paper = _card(layer.rgb, alpha, self._margin, toolkit.rng_for(spec, "paper-pop-up"))
        shade = np.asarray(toolkit.blurred(paper[1], 0.03 * focus.unit) * 0.55, np.uint8)
        empty = emptied(stage, focus, "paper-empty")
        self.extra_layers = (
            *(() if empty is None else (empty,)),
            ExtraLayer("paper-shadow", craft.like(layer, np.zeros_like(layer.rgb), shade), max(0, focus.key - 1)),
            ExtraLayer("paper-cut", craft.like(layer, *paper), focus.key),
        )
        self.cues = (
            Cue(at_s=0.06 * d, kind="swish", strength=0.5, duration_s=0.4),
            Cue(at_s=FLAT * d, kind="thud", strength=0.3, duration_s=0.3),
            Cue(at_s=RISE * d, kind="swish", strength=0.8, duration_s=0.5),
            Cue(at_s=UP * d, kind="pop", strength=0.8, duration_s=0.3),
        )

    def frame(self, moment: Moment) -> Changes:
        focus, t = self._focus, moment.t
        cut = span(t, 0.03, 0.10)
        if cut <= 0.0:
            return Changes(layers={extra.name: LayerChange(hidden=True) for extra in self.extra_layers})
        down = span(t, 0.10, FLAT)
        since = moment.time_s - UP * self._duration_s
        up = toolkit.anticipate(t, RISE, UP, 0.05)
        stands = (1.0 - down) + down * up
        if t > UP:
            stands = 1.0 - 0.16 * math.exp(-3.6 * since) * math.sin(2 * math.pi * 1.9 * since)
        angle = 0.5 * math.pi * stands  # 0 lies on the ground, pi/2 stands
        # Seen a little from above, what lies is not quite a line; fallen towards us it reaches below its fold.
        tall = max(math.sin(angle), 0.0) + 0.02
        lean = math.cos(angle)
        tall = math.copysign(max(abs(tall - 0.16 * lean), 0.03), tall - 0.16 * lean)
        fold = (focus.centre[0], self._bottom)
        fall = toolkit.chain(toolkit.stretch(fold, 1.0 + 0.10 * max(0.0, lean), tall))
        light = Grade.of(
            exposure=0.70 + 0.30 * math.sin(min(max(angle, 0.0), math.pi / 2)) + 0.06 * max(0.0, stands - 1.0)
        )
        cast = toolkit.chain(
            toolkit.stretch(fold, 1.02, max(0.05, 0.55 * abs(tall))),
            toolkit.shear(self._bottom, 0.45 * max(0.15, stands)),
            toolkit.shift(0.004 * focus.unit, 0.006 * focus.unit),
        )
        layers: dict[int | str, LayerChange] = {
            "paper-shadow": LayerChange(affine=cast, opacity=0.75 * cut),
            "paper-cut": LayerChange(affine=fall, opacity=cut if down <= 0.0 else 1.0, grade=light),
        }
        dimmed = Grade().toward(Grade.of(exposure=0.94, contrast=0.96, saturation=0.9), cut)
        if focus.subject is not None:
            layers[focus.key] = LayerChange(hidden=down > 0.0)
            layers["paper-empty"] = LayerChange(grade=dimmed, hidden=down <= 0.0)
        layers[0] = LayerChange(grade=dimmed)
        kick = 0.003 * craft.ring(since, 6.0, 7.0) if since > 0 else 0.0
        return Changes(layers=layers, nudge=Nudge(dy=kick) if kick else Nudge())


def _card(rgb: U8, alpha: U8, margin: int, rng: np.random.Generator) -> tuple[U8, U8]:
    """A cut-out on paper: colours and alpha, with a white margin that the scissors left and a paper's grain."""
    height, width = alpha.shape
    solid = (alpha >= 96).astype(np.uint8) * 255
    closed = cv2.morphologyEx(
        solid, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * margin + 1,) * 2)
    )
    wide = cv2.dilate(closed, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * margin + 1,) * 2))
    outline = np.asarray(cv2.GaussianBlur(wide, (0, 0), max(0.8, margin * 0.25)), np.uint8)
    outline = np.asarray(np.clip((outline.astype(np.float32) - 96) * 4, 0, 255), np.uint8)
    share = cv2.GaussianBlur(alpha, (0, 0), 0.8).astype(np.float32)[..., None] / 255
    grain = toolkit.clouds(rng, width // 2, height // 2, 3.0, 2) - 0.5
    tooth = cv2.resize(grain, (width, height), interpolation=cv2.INTER_LINEAR)[..., None]
    paper = np.array([246, 243, 236], np.float32) + 16 * tooth
    printed = rgb.astype(np.float32) * (1.0 + 0.10 * tooth)
    inner = np.clip(toolkit.edge_distance(outline) / max(1.0, 0.4 * margin), 0, 1)[..., None]
    mixed = (paper * (1 - share) + printed * share) * (0.86 + 0.14 * inner)
    return np.asarray(np.clip(mixed, 0, 255), np.uint8), outline
