"""Samurai: a sword stroke cuts the photo open, and behind it is an ink painting with a red sun.

Whoever has a clear face wears helmet and mask, drawn to the face; without one the scene itself turns to ink and gold.
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from photoplay.engines.motion import toolkit
from photoplay.engines.motion.animate import Animator, Changes, ExtraLayer, Grade, LayerChange, Moment, Spec, Sprite
from photoplay.engines.motion.camera import Nudge
from photoplay.engines.motion.easing import span
from photoplay.engines.motion.effects import armour, craft, ink
from photoplay.engines.motion.effects.base import Effect
from photoplay.engines.motion.types import F32, U8, Face, SceneMap, Stage
from photoplay.shot import Cue, Move, MoveKind, Plan, Shot

DRAW, SLASH, OPEN = 0.12, 0.33, 0.47  # fractions of the clip: tension begins, the stroke, the picture is open
SECOND = 0.62  # a last glint along the blade's path
ANGLE = math.radians(-27.0)
MIN_FACE = 0.10  # of the frame's shorter side: a smaller face cannot carry armour


class Samurai(Effect):
    """See the module."""

    slug = "samurai"
    name = "Samurai"
    logo_at = 0.70
    description = "A sword stroke reveals the subject in a samurai's armour under a red sun; best with a clear face."

    def suits(self, scene: SceneMap) -> float:
        return 1.0 if any(face.mesh is not None for face in scene.faces) else 0.6

    def prepare(self, stage: Stage, plan: Plan, spec: Spec) -> Animator:
        return _Samurai(stage, spec)


class _Samurai(Animator):
    shot = Shot(moves=(Move(kind=MoveKind.DOLLY, amount=0.55),))
    life = False

    def __init__(self, stage: Stage, spec: Spec) -> None:
        focus = craft.focus_of(stage)
        self._focus, self._stage, self._spec = focus, stage, spec
        rng = toolkit.rng_for(spec, "samurai")
        fit = _fit(stage, focus)
        plate = stage.layers[0]
        painted = ink.painting(plate.rgb, rng, gold=0.0 if fit is not None else 0.7, colour=0.10)
        centre, radius = self._sun(fit)
        ink.sun(painted, centre, radius, rng)
        extra = [
            ExtraLayer("samurai-ground", craft.like(plate, painted, np.full(plate.rgb.shape[:2], 255, np.uint8)), 0)
        ]
        self._inked: list[str] = ["samurai-ground"]
        self._covered: list[int] = []
        for index, layer in enumerate(stage.layers[1:], start=1):
            if layer.alpha is None:
                continue
            keep_photo = fit is not None and index == focus.key
            rgb = _portrait(layer.rgb) if keep_photo else ink.painting(layer.rgb, rng, gold=0.55, colour=0.16)
            name = f"samurai-ink-{index}"
            extra.append(ExtraLayer(name, craft.like(layer, rgb, layer.alpha), index))
            self._inked.append(name)
            self._covered.append(index)
        if fit is not None:
            drawn = armour.draw((plate.rgb.shape[0], plate.rgb.shape[1]), fit)
            alpha = np.ascontiguousarray(drawn[..., 3])
            straight = np.clip(drawn[..., :3] / (np.maximum(alpha, 1)[..., None] / 255.0), 0, 255).astype(np.uint8)
            cast = np.asarray(toolkit.blurred(alpha, 0.22 * fit.size) * 0.45, np.uint8)
            cast = np.roll(cast, round(0.10 * fit.size), axis=0)
            top = stage.layers[focus.key]
            if focus.subject is not None and top.alpha is not None:
                cast = np.asarray(cv2.multiply(cast, top.alpha, scale=1 / 255.0), np.uint8)
            extra.append(ExtraLayer("samurai-cast", craft.like(top, np.zeros_like(plate.rgb), cast), focus.key))
            extra.append(ExtraLayer("samurai-armour", craft.like(top, straight, alpha), focus.key))
            self._inked += ["samurai-cast", "samurai-armour"]
        else:
            self.notes = ("samurai: no clear face was found, so the scene itself turns to ink and gold",)
        self.extra_layers = tuple(extra)
        self._order = self._wipe(rng, fit)
        scale = toolkit.frame_scale(stage, spec)
        self._through = ((self._pivot[0] - focus.frame[0]) * scale, (self._pivot[1] - focus.frame[1]) * scale)
        self._stroke = _turned(ink.slash(1.5 * math.hypot(spec.width, spec.height) * 0.7, 0.055 * spec.height))
        self._petals = craft.drift(craft.petals(0.042 * spec.height, rng), 30, spec, rng, (0.16, 0.13), 0.05)
        d, pan = spec.duration_s, focus.pan(self._pivot[0])
        self.cues = (
            Cue(at_s=0.10 * d, kind="gust", strength=0.35, duration_s=min(2.0, 0.25 * d)),
            Cue(at_s=(SLASH - 0.035) * d, kind="whoosh", strength=0.7, pan=-0.4, duration_s=0.35),
            Cue(at_s=SLASH * d, kind="slash", strength=1.2, pan=pan, duration_s=0.5),
            Cue(at_s=(SLASH + 0.02) * d, kind="drum", strength=0.9, duration_s=1.0),
            Cue(at_s=SECOND * d, kind="chime", strength=0.5, pan=pan, duration_s=1.2),
        )

    def _sun(self, fit: armour.Fit | None) -> tuple[tuple[float, float], float]:
        focus = self._focus
        if fit is not None:
            up = (fit.origin[0] - 0.55 * fit.down[0], fit.origin[1] - 0.55 * fit.down[1])
            self._pivot = fit.origin
            return (up[0] + 0.35 * fit.size, up[1]), min(max(2.3 * fit.size, 0.30 * focus.unit), 0.46 * focus.unit)
        width, height = focus.frame[2] - focus.frame[0], focus.frame[3] - focus.frame[1]
        self._pivot = (
            focus.centre if focus.subject is not None else (focus.frame[0] + width / 2, focus.frame[1] + height / 2)
        )
        if focus.subject is None:
            return (focus.frame[0] + 0.64 * width, focus.frame[1] + 0.34 * height), 0.21 * focus.unit
        # Beside the subject's top, on the side with more room.
        right = focus.frame[2] - focus.box[2] >= focus.box[0] - focus.frame[0]
        x = focus.box[2] if right else focus.box[0]
        radius = 0.30 * focus.unit
        inside = min(max(x, focus.frame[0] + 0.8 * radius), focus.frame[2] - 0.8 * radius)
        return (inside, max(focus.frame[1] + 0.85 * radius, focus.box[1] + 0.10 * focus.height)), radius

    def _wipe(self, rng: np.random.Generator, fit: armour.Fit | None) -> F32:
        """How late each place is opened: by its distance from the stroke, torn by noise, running along the stroke."""
        x, y = craft.small_field(self._stage)
        dx, dy = x - np.float32(self._pivot[0]), y - np.float32(self._pivot[1])
        c, s = math.cos(ANGLE), math.sin(ANGLE)
        along, across = dx * c + dy * s, -dx * s + dy * c
        size = math.hypot(self._focus.frame[2] - self._focus.frame[0], self._focus.frame[3] - self._focus.frame[1])
        torn = toolkit.clouds(rng, x.shape[1], x.shape[0], x.shape[1] / 9, 5) - 0.5
        order = (
            np.abs(across) / size
            + 0.10 * (along / size + 0.5)
            + 0.16 * torn * np.clip(np.abs(across) / (0.06 * size), 0, 1)
        )
        order -= float(order.min())
        return np.asarray(order / max(float(order.max()), 1e-6), np.float32)

    def frame(self, moment: Moment) -> Changes:
        t, spec = moment.t, self._spec
        since = moment.time_s - SLASH * spec.duration_s
        tense = span(t, DRAW, SLASH)
        opened = span(t, SLASH + 0.005, OPEN) ** 0.8
        layers: dict[int | str, LayerChange] = {}
        hidden = LayerChange(hidden=True)
        if opened <= 0.0:
            for name in self._inked:
                layers[name] = hidden
        elif opened < 1.0:
            mask = craft.revealed(self._order, opened, 0.05)
            for name in self._inked:
                layers[name] = LayerChange(mask=mask)
        else:  # soft edges of the photo would peek out from under the paint
            for index in self._covered:
                layers[index] = hidden
        dark = tense * (1.0 - span(t, SLASH, SLASH + 0.02))
        grade = Grade().toward(Grade.of(exposure=0.62, contrast=1.1, saturation=0.45), dark)
        flash = toolkit.pulse(t, SLASH + 0.008, 0.020)
        if flash > 0.0:
            grade = grade.then(Grade(luma_offset=70.0 * flash))
        sprites: list[Sprite] = []
        drawn = self._slash(t)
        if drawn is not None:
            sprites.append(drawn)
        glint = toolkit.pulse(t, SECOND, 0.05)
        if glint > 0.0:
            sprites.append(self._stroke_at(0.55 * glint))
        sprites += self._petals.sprites(moment.time_s, span(t, 0.06, 0.22))
        shake = 0.010 * craft.ring(since, 7.0, 7.5) if since > 0 else 0.0
        nudge = Nudge(dx=shake, dy=-0.6 * shake, scale=1.0 + 0.5 * abs(shake)) if abs(shake) > 1e-5 else Nudge()
        return Changes(layers=layers, sprites=tuple(sprites), grade=grade, nudge=nudge)

    def _slash(self, t: float) -> Sprite | None:
        start, end = SLASH - 0.012, SLASH + 0.075
        if not start <= t <= end:
            return None
        x = (t - start) / (end - start)
        strength = min(1.0, x / 0.15) * (1.0 - max(0.0, (x - 0.35) / 0.65)) ** 1.5
        return self._stroke_at(strength)

    def _stroke_at(self, opacity: float) -> Sprite:
        rgba = self._stroke
        return Sprite(
            rgba,
            self._through[0] - rgba.shape[1] / 2,
            self._through[1] - rgba.shape[0] / 2,
            light=True,
            opacity=opacity,
        )


def _fit(stage: Stage, focus: craft.Focus) -> armour.Fit | None:
    """The largest clear face, as what armour is fitted to."""
    faces = sorted(stage.scene.faces, key=lambda face: face.box.x0 - face.box.x1)
    face: Face | None = faces[0] if faces else None
    if face is None:
        return None
    left, right = (
        toolkit.from_photo(stage, face.box.x0, face.box.y0),
        toolkit.from_photo(stage, face.box.x1, face.box.y1),
    )
    if right[0] - left[0] < MIN_FACE * focus.unit or face.score < 0.75:
        return None
    if face.mesh is None:
        return armour.fit_box((left[0] + right[0]) / 2, (left[1] + right[1]) / 2, right[0] - left[0])
    zero, one = toolkit.from_photo(stage, 0.0, 0.0), toolkit.from_photo(stage, 1.0, 1.0)
    span_xy = np.array([one[0] - zero[0], one[1] - zero[1]], np.float32)
    points = face.mesh[:, :2] * span_xy + np.array(zero, np.float32)
    return armour.fit_mesh(points.astype(np.float32))


def _portrait(rgb: U8) -> U8:
    """The photo of whoever wears the armour, printed in few strong colours with ink lines."""
    small_side = min(rgb.shape[:2])
    drawn = ink.lines(rgb, max(0.8, small_side / 420.0))[..., None]
    grey = rgb.astype(np.float32).mean(axis=2, keepdims=True)
    muted = grey + (rgb.astype(np.float32) - grey) * 0.55
    toned = (muted - 118.0) * 1.18 + 112.0
    toned = toned * np.array([1.04, 0.99, 0.90], np.float32)
    line = np.clip((drawn - 0.3) * 1.2, 0, 1) * 0.55
    return np.asarray(np.clip(toned * (1 - line) + ink.INK * line, 0, 255), np.uint8)


def _turned(rgba: U8) -> U8:
    """The stroke of light, turned to its angle."""
    height, width = rgba.shape[:2]
    c, s = abs(math.cos(ANGLE)), abs(math.sin(ANGLE))
    size = round(width * c + height * s), round(width * s + height * c)
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), -math.degrees(ANGLE), 1.0)
    matrix[0, 2] += (size[0] - width) / 2
    matrix[1, 2] += (size[1] - height) / 2
    return np.asarray(cv2.warpAffine(rgba, matrix, size, flags=cv2.INTER_LINEAR), np.uint8)
