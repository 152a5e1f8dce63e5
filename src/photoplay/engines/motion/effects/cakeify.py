"""Cakeify: a knife comes in, cuts, and the piece that slides away shows that it was cake all along.

The subject is split along a slanting line into two pieces of the same picture. The knife goes in between them.
When the piece slides off, the cut face opens like a door seen from the side: bands of sponge and cream within a
skin of fondant that carries the subject's own colours along the cut.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from photoplay.engines.motion import toolkit
from photoplay.engines.motion.animate import Animator, Changes, ExtraLayer, Grade, LayerChange, Moment, Spec, Sprite
from photoplay.engines.motion.camera import Nudge
from photoplay.engines.motion.easing import span
from photoplay.engines.motion.effects import craft
from photoplay.engines.motion.effects.base import Effect
from photoplay.engines.motion.types import F32, U8, Stage
from photoplay.shot import Cue, Plan

# Fractions of the clip.
COME, TOUCH, THROUGH, LIFTED, APART = 0.05, 0.20, 0.42, 0.50, 0.66
LEAN = 0.13  # how far the cut leans: across per down
SPONGES = ((240.0, 206.0, 140.0), (118.0, 72.0, 46.0), (236.0, 150.0, 150.0))  # vanilla, chocolate, strawberry


class Cakeify(Effect):
    """See the module."""

    slug = "cakeify"
    name = "Cakeify"
    description = "A knife cuts the subject, and inside it is layer cake; best with one clear subject."
    logo_at = 0.62

    def prepare(self, stage: Stage, plan: Plan, spec: Spec) -> Animator:
        return _Cake(stage, spec)


@dataclass(frozen=True, slots=True)
class _Cut:
    """The line: it goes through (x, top) and (x - LEAN * (bottom - top), bottom). ``side``: the piece, 1 right."""

    x: float
    top: float
    bottom: float
    side: int

    def at(self, y: F32 | float) -> F32 | float:
        """x of the line at a height."""
        return self.x - self.side * LEAN * (y - self.top)

    @property
    def length(self) -> float:
        """Height of what is cut."""
        return self.bottom - self.top


class _Cake(Animator):
    life = False

    def __init__(self, stage: Stage, spec: Spec) -> None:
        focus = craft.focus_of(stage)
        self.shot = craft.closer(focus, 0.45)
        self._focus, self._spec = focus, spec
        rng = toolkit.rng_for(spec, "cakeify")
        layer = stage.layers[focus.key]
        alpha = craft.alpha_of(stage, focus)
        if focus.subject is None:
            alpha = _slab(alpha.shape, focus)
            self.notes = ("cakeify: no clear subject was found, so the picture itself is the cake",)
        cut = _choose(focus, alpha)
        self._cut = cut
        x, y = craft.grid(alpha.shape[1], alpha.shape[0])
        beyond = (x - np.asarray(cut.at(y), np.float32)) * np.float32(cut.side)
        piece = cv2.multiply(alpha, craft.coverage(-beyond), scale=1 / 255.0)
        rest = cv2.multiply(alpha, craft.coverage(beyond), scale=1 / 255.0)
        face = _face(
            layer.rgb,
            alpha,
            cut,
            rng,
            max(min(0.15 * focus.unit, focus.width), min(0.32 * focus.width, 0.34 * cut.length)),
            focus.cut,
        )
        self._face, self._face_at = face
        face_layer, self._hinge = _as_layer(self._face, self._face_at, cut, alpha.shape)
        self.extra_layers = (
            ExtraLayer("cake-rest", craft.like(layer, layer.rgb, np.asarray(rest, np.uint8)), focus.key),
            ExtraLayer("cake-face", craft.like(layer, *face_layer), focus.key),
            ExtraLayer(
                "cake-shade", craft.like(layer, np.zeros_like(layer.rgb), np.asarray(piece, np.uint8)), focus.key
            ),
            ExtraLayer("cake-piece", craft.like(layer, layer.rgb, np.asarray(piece, np.uint8)), focus.key),
        )
        length = max(1.25 * cut.length, 0.55 * focus.unit)
        self._knife = knife(length)
        self._knife_length = length
        seen = toolkit.palette(layer.rgb, alpha, 3, spec.seed)
        tints = [SPONGES[0], (252.0, 244.0, 230.0), SPONGES[0], tuple(float(c) for c in seen[0])]
        scale = toolkit.frame_scale(stage, spec)
        self._crumbs = craft.crumbs([(round(a), round(b), round(c)) for a, b, c in tints], 0.020 * spec.height, rng)
        self._flecks = _scatter(stage, spec, cut, rng, scale)
        self._gravity = 1.1 * spec.height
        self._far = self._face.shape[1] * 1.02 + 0.02 * focus.unit
        self._shadow = craft.shadow(0.9 * focus.width, max(6.0, 0.11 * focus.width), 0.7)
        d, pan = spec.duration_s, focus.pan(cut.x)
        self.cues = (
            Cue(at_s=0.06 * d, kind="whoosh", strength=0.5, pan=pan, duration_s=0.5),
            Cue(at_s=TOUCH * d, kind="slash", strength=0.9, pan=pan, duration_s=0.4),
            Cue(at_s=(TOUCH + 0.06) * d, kind="crunch", strength=0.5, pan=pan, duration_s=0.6),
            Cue(at_s=(THROUGH + 0.03) * d, kind="squish", strength=0.6, pan=pan, duration_s=0.7),
            Cue(at_s=APART * d, kind="thud", strength=0.35, pan=pan, duration_s=0.3),
            Cue(at_s=(APART + 0.02) * d, kind="chime", strength=0.6, pan=pan, duration_s=1.0),
        )

    def frame(self, moment: Moment) -> Changes:
        focus, cut, t = self._focus, self._cut, moment.t
        layers: dict[int | str, LayerChange] = {}
        hidden = LayerChange(hidden=True)
        apart = toolkit.anticipate(t, THROUGH - 0.01, APART, 0.02)
        settle = craft.ring(moment.time_s - APART * self._spec.duration_s, 2.4, 4.5) if t > APART else 0.0
        touched = t > TOUCH
        opened = apart > 0.004
        press = 0.012 * math.sin(math.pi * span(t, TOUCH, THROUGH)) if t < THROUGH else 0.0
        base = (focus.centre[0], focus.box[3])
        body = toolkit.stretch(base, 1.0 + press, 1.0 - press) if press > 0 else None
        sprites: list[Sprite] = []
        if not opened:
            layers["cake-rest"] = layers["cake-face"] = layers["cake-shade"] = hidden
            if focus.subject is not None:
                layers[focus.key] = LayerChange(affine=body)
            layers["cake-piece"] = LayerChange(affine=body) if touched else hidden
        else:
            distance = apart * self._far + 0.012 * focus.unit * settle
            tilt = cut.side * (0.075 * apart + 0.014 * settle)
            corner = (float(cut.at(cut.bottom)), cut.bottom)
            move = toolkit.chain(
                toolkit.rotate(corner, tilt), toolkit.shift(cut.side * distance, 0.014 * focus.unit * apart)
            )
            layers["cake-piece"] = LayerChange(affine=move)
            cast = toolkit.chain(
                move, toolkit.shift(-cut.side * 0.020 * focus.unit * apart, 0.016 * focus.unit * apart)
            )
            layers["cake-shade"] = LayerChange(affine=cast, opacity=0.5 * min(1.0, 2 * apart), blur=0.012)
            opening = min(1.0, distance / self._far)
            layers["cake-face"] = LayerChange(
                affine=self._hinged(opening), grade=Grade.of(exposure=0.80 + 0.20 * opening)
            )
            if focus.subject is not None:
                layers[focus.key] = hidden
            else:
                layers[0] = LayerChange(
                    grade=Grade().toward(Grade.of(exposure=0.42, saturation=0.7), apart), blur=0.03 * apart
                )
            if not focus.cut[3]:
                at = (corner[0] + cut.side * (distance + 0.16 * focus.width), cut.bottom)
                sprites.append(craft.placed(self._shadow, at, focus.depth, max(0, focus.key - 1), opacity=0.8 * apart))
        blade = self._blade(t, moment.time_s)
        if blade is not None:
            # Half of the blade is inside: the piece, drawn again after it, hides that half.
            sprites.append(blade)
        sprites += craft.flying(self._crumbs, self._flecks, moment.time_s, self._gravity, 0.6)
        jolt = 0.004 * craft.ring(moment.time_s - (THROUGH - 0.02) * self._spec.duration_s, 6.0, 7.0)
        return Changes(layers=layers, sprites=tuple(sprites), nudge=Nudge(dy=jolt) if jolt else Nudge())

    def _hinged(self, opening: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        """The cut face seen under a growing angle: squeezed towards the line of the cut, which leans."""
        squeeze = max(opening, 0.02)
        lean = -self._cut.side * LEAN
        # In coordinates across from the line: u' = u * squeeze; backward: u = u' / squeeze.
        inverse = 1.0 / squeeze
        x0 = self._cut.x - lean * self._cut.top
        return np.array([[inverse, (1.0 - inverse) * lean, (1.0 - inverse) * x0], [0.0, 1.0, 0.0]])

    def _blade(self, t: float, time_s: float) -> Sprite | None:
        cut, unit = self._cut, self._focus.unit
        if t <= COME or t >= LIFTED + 0.08:
            return None
        above = cut.top - 0.06 * unit
        away = cut.top - 1.25 * self._knife_length - (cut.top - self._focus.frame[1])
        saw = (
            0.020 * unit * math.sin(2 * math.pi * 3.0 * (t - TOUCH) / (THROUGH - TOUCH)) * toolkit.pulse(t, 0.31, 0.11)
        )
        tip = craft.keyed(
            t, (COME, away), (0.14, above - 0.02 * unit), (0.175, above - 0.07 * unit), (TOUCH, cut.top),
            (THROUGH, cut.bottom), (LIFTED + 0.08, away),
        )  # fmt: skip
        tip += saw
        x = float(cut.at(tip))
        rgba = self._knife if cut.side > 0 else self._knife[:, ::-1]
        left = x - rgba.shape[1] / 2
        return Sprite(
            np.ascontiguousarray(rgba), left, tip - rgba.shape[0], after=self._focus.key, depth=self._focus.depth
        )


def _slab(shape: tuple[int, ...], focus: craft.Focus) -> U8:
    """The frame as a slab: everything, so that the first frame is the photo."""
    return np.full(shape[:2], 255, np.uint8)


def _choose(focus: craft.Focus, alpha: U8) -> _Cut:
    """Where to cut: off the middle on the side that has room, beside a face rather than through it."""
    x0, y0, x1, y1 = focus.box
    side = -1 if (focus.cut[2] and not focus.cut[0]) else 1
    room_right, room_left = focus.frame[2] - x1, x0 - focus.frame[0]
    if not focus.cut[0] and not focus.cut[2] and room_left > 1.3 * room_right:
        side = -1
    x = focus.centre[0] + side * 0.10 * focus.width
    top, bottom = y0, y1
    face = focus.subject.face if focus.subject is not None else None
    if face is not None and abs(x - face[0]) < 0.62 * face[2]:
        beside = face[0] + side * 0.66 * face[2]
        if x0 + 0.15 * focus.width < beside < x1 - 0.15 * focus.width:
            x = beside
    x += side * LEAN * (bottom - top) / 2
    for _ in range(2):  # the line's own ends, where it enters and leaves the subject
        ys = np.arange(int(focus.box[1]), int(focus.box[3]))
        xs = np.clip((x - side * LEAN * (ys - top)).astype(int), 0, alpha.shape[1] - 1)
        on = np.flatnonzero(alpha[np.clip(ys, 0, alpha.shape[0] - 1), xs] > 100)
        if on.size > 4:
            first, last = float(ys[on[0]]), float(ys[on[-1]]) + 1
            x, top, bottom = x - side * LEAN * (first - top), first, last
    return _Cut(x, top, bottom, side)


def _face(
    rgb: U8, alpha: U8, cut: _Cut, rng: np.random.Generator, depth: float, sides: tuple[bool, bool, bool, bool]
) -> tuple[U8, tuple[int, int]]:
    """The cut face, straight (not leaning), premultiplied RGBA with the line at its left, and its corner (0, top)."""
    height, width = max(8, round(cut.length)), max(8, round(depth))
    across, down = craft.grid(width, height)
    u, v = (across + 0.5) / width, (down + 0.5) / height
    # Its outline: as deep as a round body is, square enough to be cake.
    end = 2 * v - 1
    end = np.where(((end < 0) & sides[1]) | ((end > 0) & sides[3]), 0.0, end)  # what the frame cuts off goes on
    round_ = np.clip(1.0 - np.abs(end) ** 3.2, 0, 1) ** 0.45
    bound = np.maximum(0.35 + 0.65 * round_, 0.02)
    waver = 0.02 * np.sin(9 * v + rng.uniform(0, 6)) + 0.012 * np.sin(23 * v + rng.uniform(0, 6))
    edge = (u - bound - waver) * width
    ys = np.clip(np.linspace(cut.top, cut.bottom - 1, height).astype(int), 0, alpha.shape[0] - 1)
    xs = np.clip(np.asarray(cut.at(ys.astype(np.float32))).astype(int), 0, alpha.shape[1] - 1)
    solid = (alpha[ys, xs] > 100).astype(np.float32)[:, None]
    # Small gaps along the line are the matte's, not the subject's.
    solid = cv2.morphologyEx(solid, cv2.MORPH_CLOSE, np.ones((2 * (height // 10) + 1, 1), np.uint8))
    solid = cv2.GaussianBlur(solid, (1, 9), 0).reshape(height) if height > 16 else solid.reshape(height)
    shape = np.clip(0.5 - edge, 0, 1) * np.clip(solid * 2 - 0.5, 0, 1)[:, None]
    inside = toolkit.edge_distance(np.asarray(shape * 255, np.uint8))
    # The line itself is where the face meets the body: the skin there is the body's own surface.
    skin = 0.06 * depth + 0.016 * height
    # Sponge and cream, a little wavy.
    count = 4 if height > 0.6 * depth else 3
    wave = 0.012 * np.sin(7 * u + rng.uniform(0, 6)) + 0.008 * np.sin(17 * u + rng.uniform(0, 6))
    phase = (v + wave) * count
    layer = np.clip(phase.astype(int), 0, count - 1)
    within = phase - np.floor(phase)
    grain = toolkit.clouds(rng, width, height, max(3.0, 0.035 * height), 3)
    holes = toolkit.clouds(rng, width, height, max(3.0, 0.018 * height), 2)
    picked = [SPONGES[i] for i in ((0, 1, 0, 2) if rng.random() < 0.5 else (0, 2, 0, 1))]
    sponge = np.array(picked, np.float32)[layer]
    sponge = sponge * (0.84 + 0.30 * grain)[..., None]
    sponge = sponge * (1.0 - 0.30 * np.clip((holes - 0.66) * 5, 0, 1))[..., None]
    crust = np.clip(1 - np.abs(within - 0.86) / 0.06, 0, 1)[..., None] * 0.16
    sponge = sponge * (1 - crust)
    cream = np.array([255, 247, 234], np.float32) * (0.93 + 0.07 * grain)[..., None]
    band = np.clip((0.115 - np.abs(within - 0.0)) / 0.02, 0, 1) + np.clip((within - 0.885) / 0.02, 0, 1)
    band = np.clip(band, 0, 1) * ((phase > 0.4) & (phase < count - 0.4))
    colour = sponge * (1 - band[..., None]) + cream * band[..., None]
    # A thin line of shadow under each band of cream: it stands out a little.
    under = np.clip(1 - np.abs(within - 0.15) / 0.04, 0, 1) * (phase > 0.9)
    colour *= (1 - 0.18 * under)[..., None]
    # Fondant in the subject's own colours, read a little inside the line, with butter cream beneath it.
    near = np.clip(xs - cut.side * max(2, round(0.02 * height)), 0, rgb.shape[1] - 1)
    own = rgb[ys, near].astype(np.float32)
    own = cv2.GaussianBlur(own[:, None, :], (1, max(3, (height // 30) | 1)), 0)[:, 0] * 0.92 + 14
    coat = np.clip((skin - inside) / 1.5 + 0.5, 0, 1)[..., None]
    butter = np.clip((1.6 * skin - inside) / 1.5 + 0.5, 0, 1)[..., None]
    colour = colour * (1 - butter) + np.array([255, 246, 226], np.float32) * butter
    lit = (0.86 + 0.22 * np.clip(inside / max(skin, 1.0), 0, 1))[..., None]
    colour = colour * (1 - coat) + own[:, None, :] * lit * coat
    # Light from the opening: darker towards the back and towards the foot, and at the hinge.
    shade = (1.04 - 0.26 * u) * (1.0 - 0.10 * v) * (0.80 + 0.20 * np.clip(u / 0.06, 0, 1))
    colour = np.clip(colour * shade[..., None], 0, 255)
    return toolkit.premultiply(colour.astype(np.uint8), np.asarray(shape * 255, np.uint8)), (0, round(cut.top))


def _as_layer(face: U8, at: tuple[int, int], cut: _Cut, shape: tuple[int, ...]) -> tuple[tuple[U8, U8], float]:
    """The face as a layer of the working size: leaning along the cut, opening to the side of the piece."""
    height, width = shape[:2]
    lean = -cut.side * LEAN
    # Layer (x, y) shows face ((x - line(y)) * side, y - top).
    matrix = np.array(
        [
            [cut.side, -cut.side * lean, -cut.side * (cut.x - lean * cut.top)],
            [0.0, 1.0, -float(at[1])],
        ]
    )
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    drawn = np.asarray(cv2.warpAffine(face, matrix, (width, height), flags=flags), np.uint8)
    alpha = np.ascontiguousarray(drawn[..., 3])
    weight = np.maximum(alpha, 1).astype(np.float32)[..., None] / 255.0
    rgb = np.clip(drawn[..., :3] / weight, 0, 255).astype(np.uint8)
    return (rgb, alpha), cut.x


def knife(length: float) -> U8:
    """A cook's knife pointing down, its edge to the left, premultiplied RGBA: tip at the bottom middle."""
    height, width = round(length * 1.62), round(length * 0.30)
    x, y = craft.grid(width, height)
    tip, heel = height - 1.0, height - length
    s = np.clip((y - heel) / (tip - heel), 0, 1)  # 0 heel .. 1 tip
    spine = width / 2 + 0.055 * length * (1 - s**6)
    edge = width / 2 - 0.085 * length * np.sqrt(np.clip(1 - s**2.6, 0, 1))
    distance = np.maximum(np.maximum(edge - x, x - spine), np.maximum(heel - y, y - tip))
    across = np.clip((x - edge) / np.maximum(spine - edge, 1.0), 0, 1)
    bevel = across < 0.30
    steel = np.where(bevel, 236 - 40 * across / 0.3, 150 + 55 * across + 26 * np.sin(9 * across + 2.2 * s))
    gleam = (
        np.exp(-(((s - 0.42 + 0.25 * across) / 0.05) ** 2)) * 60
        + np.exp(-(((s - 0.60 + 0.25 * across) / 0.02) ** 2)) * 40
    )
    steel = np.clip(steel + gleam, 0, 255)
    blade = np.stack([steel * 0.97, steel * 0.99, np.minimum(steel * 1.03, 255)], axis=-1)
    picture = toolkit.premultiply(blade.astype(np.uint8), craft.coverage(np.asarray(distance, np.float32)))
    top = heel - 0.03 * length
    middle = (width / 2 - 0.012 * length, width / 2 + 0.015 * length)
    handle = craft.capsule(x, y, (middle[0], top), (middle[1], 0.055 * length), 0.044 * length, 0.050 * length)
    rise = np.sqrt(np.clip(-handle, 0, None) * 0.09 * length)
    wood = (
        np.array([58, 36, 26], np.float32)
        * (0.9 + 0.2 * np.sin(x * 0.9 * 60 / length + 0.2 * np.sin(y * 20 / length)))[..., None]
    )
    bolster = craft.capsule(
        x, y, (middle[0] - 0.022 * length, heel), (middle[0] + 0.045 * length, heel), 0.030 * length, 0.034 * length
    )
    swell = np.sqrt(np.clip(-bolster, 0, None) * 0.05 * length)
    toolkit.over(
        picture, craft.clay(np.asarray(rise, np.float32), craft.coverage(handle), np.asarray(wood, np.float32)), 0, 0
    )
    toolkit.over(
        picture, craft.clay(np.asarray(swell, np.float32), craft.coverage(bolster), (196.0, 198.0, 204.0)), 0, 0
    )
    for share in (0.18, 0.5, 0.82):
        cy = top + (0.055 * length - top) * share
        cx = middle[0] + (middle[1] - middle[0]) * share
        rivet = np.asarray(np.hypot(x - cx, y - cy) - 0.013 * length, np.float32)
        toolkit.over(picture, toolkit.painted((206, 196, 176), craft.coverage(rivet)), 0, 0)
    return picture


def _scatter(stage: Stage, spec: Spec, cut: _Cut, rng: np.random.Generator, scale: float) -> list[craft.Fleck]:
    """Crumbs that jump where the knife is, and a shower when the piece comes away."""
    flecks = []
    d = spec.duration_s
    for index in range(46):
        share = rng.random()
        cutting = index < 22
        start = (TOUCH + (THROUGH - TOUCH) * share if cutting else THROUGH + 0.12 * share) * d
        y = cut.top + cut.length * (share if cutting else rng.random())
        x = float(cut.at(y))
        fast = spec.height * (0.30 if cutting else 0.22)
        flecks.append(
            craft.Fleck(
                picture=index,
                start_s=start,
                life_s=float(rng.uniform(0.7, 1.3)),
                x=(x - stage.frame[0]) * scale,
                y=(y - stage.frame[1]) * scale,
                vx=float(rng.normal(0.25 * cut.side, 0.6)) * fast,
                vy=-float(rng.uniform(0.2, 1.3)) * fast,
                scale=float(rng.uniform(0.35, 1.0)),
            )
        )
    return flecks
