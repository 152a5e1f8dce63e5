"""Earth zoom: the camera flies up from the photo, through clouds, until it is one spot on the turning Earth.

The Earth is drawn: oceans, continents out of noise, clouds, an atmosphere that glows at its rim, stars behind.
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from photoplay.engines.motion import toolkit
from photoplay.engines.motion.animate import Animator, Changes, Moment, Spec
from photoplay.engines.motion.easing import span
from photoplay.engines.motion.effects import craft
from photoplay.engines.motion.effects.base import Effect
from photoplay.engines.motion.types import F32, U8, SceneMap, Stage
from photoplay.shot import Cue, Plan, Shot

START, AWAY = 0.06, 0.86  # fractions of the clip
GLOBE = 900  # pixels of the drawn Earth's diameter, doubled from 1440 lines up
ROUND = 0.62  # diameter of the Earth in the last frame, in frame heights (or widths if fewer)
DEPTH_OF_ZOOM = 520.0  # how much smaller the photo is in the end


class EarthZoom(Effect):
    """See the module."""

    slug = "earth-zoom"
    name = "Earth zoom"
    logo_at = 0.78
    description = "The camera flies up through clouds until the photo is one spot on the Earth; suits any photo."

    def suits(self, scene: SceneMap) -> float:
        return 1.0

    def prepare(self, stage: Stage, plan: Plan, spec: Spec) -> Animator:
        return _Up(spec, stage)


class _Up(Animator):
    shot = Shot()

    def __init__(self, spec: Spec, stage: Stage) -> None:
        self._spec = spec
        rng = toolkit.rng_for(spec, "earth-zoom")
        short = min(spec.width, spec.height)
        size = GLOBE * (2 if short >= 1440 else 1)
        tints = toolkit.palette(stage.layers[0].rgb, None, 3, spec.seed)
        self._earth = _earth(size, rng)
        self._ground = _ground(size, rng, tints)
        self._sky = _stars(spec.width, spec.height, rng)
        self._veil = _cloud_sheets(512, rng)
        d = spec.duration_s
        self.cues = (
            Cue(at_s=START * d, kind="rise", strength=0.6, duration_s=0.7 * d),
            Cue(at_s=0.20 * d, kind="whoosh", strength=0.9, duration_s=1.0),
            Cue(at_s=0.46 * d, kind="whoosh", strength=0.7, duration_s=1.2),
            Cue(at_s=0.80 * d, kind="swell", strength=0.5, duration_s=1.5),
        )

    def frame(self, moment: Moment) -> Changes:
        progress = span(moment.t, START, AWAY)
        if progress <= 0.0:
            return Changes()
        return Changes(finish=lambda photo: self._seen(photo, progress))

    def _seen(self, photo: U8, progress: float) -> U8:
        """The frame from a height: sky, Earth, ground around the photo, the photo, clouds."""
        height, width = photo.shape[:2]
        small = DEPTH_OF_ZOOM**-progress  # the photo's size: every second the same share smaller
        turn = 0.35 * progress
        middle = width / 2, height / 2
        out = self._sky.copy() if progress > 0.55 else np.zeros_like(photo)
        # The Earth: as large as to be 0.62 of the frame when the photo is a spot.
        earth = self._earth
        span_px = ROUND * min(width, height) * DEPTH_OF_ZOOM * small
        if progress > 0.22:
            _paste(out, earth, middle, span_px / earth.shape[0], turn)
        # Country around the photo, seen until the globe's own picture is fine enough.
        ground = self._ground
        land = min(1.0, max(0.0, (0.74 - progress) / 0.16))
        for octave in (24.0, 4.0):  # the same country at two sizes, so that it stays sharp on the way up
            share = land if octave > 10 else land * min(1.0, max(0.0, (0.40 - progress) / 0.12))
            if share > 0:
                _paste(out, ground, middle, octave * max(width, height) / ground.shape[0] * small, turn, share)
        spot = min(1.0, max(0.0, (0.62 - progress) / 0.14))
        if spot > 0.0:
            _paste(out, _feathered(photo, min(1.0, 6.0 * progress)), middle, small, turn, spot)
        for start, end, index in ((0.14, 0.42, 0), (0.30, 0.62, 1)):
            x = (progress - start) / (end - start)
            if 0.0 < x < 1.0:
                sheet = self._veil[index]
                scale = max(width, height) / sheet.shape[0] * (6.0 * (1.05 - x) ** 1.6 + 0.9)
                _paste(out, sheet, middle, scale, turn + 0.5 * index, math.sin(math.pi * x) ** 1.3)
        return out


def _paste(out: U8, rgba: U8, centre: tuple[float, float], scale: float, turn: float, opacity: float = 1.0) -> None:
    """A premultiplied picture, scaled and turned about its middle, over the frame, in place."""
    height, width = out.shape[:2]
    h, w = rgba.shape[:2]
    picture = rgba
    while scale < 0.5 and min(h, w) > 8:  # shrink by area first, or it sparkles
        picture = np.asarray(cv2.resize(picture, (w // 2, h // 2), interpolation=cv2.INTER_AREA), np.uint8)
        scale *= w / (w // 2)
        h, w = picture.shape[:2]
    if max(h, w) * scale < 1.0:
        return
    c, s = math.cos(turn) * scale, math.sin(turn) * scale
    reach_x = (abs(c) * w + abs(s) * h) / 2 + 2
    reach_y = (abs(s) * w + abs(c) * h) / 2 + 2
    x0, y0 = max(0, math.floor(centre[0] - reach_x)), max(0, math.floor(centre[1] - reach_y))
    x1, y1 = min(width, math.ceil(centre[0] + reach_x)), min(height, math.ceil(centre[1] + reach_y))
    # Pixel centres: the middle of the picture lands on the middle of the frame.
    mx, my = (w - 1) / 2, (h - 1) / 2
    tx, ty = centre[0] - 0.5 - x0, centre[1] - 0.5 - y0
    matrix = np.array([[c, -s, tx - c * mx + s * my], [s, c, ty - s * mx - c * my]])
    drawn = np.asarray(cv2.warpAffine(picture, matrix, (x1 - x0, y1 - y0), flags=cv2.INTER_LINEAR), np.uint8)
    if opacity < 1.0:
        drawn = np.asarray(cv2.convertScaleAbs(drawn, alpha=opacity), np.uint8)
    under = out[y0:y1, x0:x1]
    rest = cv2.cvtColor(cv2.bitwise_not(cv2.extractChannel(drawn, 3)), cv2.COLOR_GRAY2RGB)
    cv2.multiply(under, rest, dst=under, scale=1 / 255.0)
    cv2.add(under, cv2.cvtColor(drawn, cv2.COLOR_RGBA2RGB), dst=under)


def _feathered(photo: U8, amount: float) -> U8:
    """The photo with soft edges, so that it lies in the country around it."""
    height, width = photo.shape[:2]
    columns, rows = 96, max(8, round(96 * height / width))
    x, y = craft.grid(columns, rows)
    u, v = np.abs((x + 0.5) / columns * 2 - 1), np.abs((y + 0.5) / rows * 2 - 1)
    edge = np.clip((1.0 - np.maximum(u, v)) / (0.22 * amount + 1e-3), 0, 1)
    alpha = cv2.resize(
        (edge * edge * (3 - 2 * edge) * 255).astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR
    )
    return toolkit.premultiply(photo, np.asarray(np.clip(alpha, 0, 255), np.uint8))


def _ground(size: int, rng: np.random.Generator, tints: list[tuple[int, int, int]]) -> U8:
    """Country from above: fields, woods and a river in colours near the photo's own, fading out at its rim."""
    base = np.mean(np.array(tints, np.float32), axis=0)
    rough = toolkit.clouds(rng, size, size, size / 5, 7)
    fine = toolkit.clouds(rng, size, size, size / 40, 5)
    woods = np.clip((rough - 0.52) / 0.08, 0, 1)[..., None]
    green, dry = np.array([84, 104, 62], np.float32), np.array([164, 148, 104], np.float32)
    colour = (0.35 * base + 0.65 * dry) * (1 - woods) + (0.25 * base + 0.75 * green) * woods
    colour = colour * (0.72 + 0.5 * fine)[..., None]
    bend = toolkit.clouds(rng, size, size, size / 3, 3)
    river = np.clip((0.012 - np.abs(bend - 0.5)) / 0.006, 0, 1)[..., None]
    colour = colour * (1 - river) + np.array([62, 92, 116], np.float32) * river
    x, y = craft.grid(size, size)
    r = np.hypot((x + 0.5) / size * 2 - 1, (y + 0.5) / size * 2 - 1)
    alpha = np.clip((1.0 - r) / 0.45, 0, 1)
    alpha = alpha * alpha * (3 - 2 * alpha)
    return toolkit.premultiply(np.clip(colour, 0, 255).astype(np.uint8), np.asarray(alpha * 255, np.uint8))


def _earth(size: int, rng: np.random.Generator) -> U8:
    """The Earth from space with its lit side to the upper left, premultiplied RGBA; a continent in the middle."""
    whole = round(size * 1.12)
    x, y = craft.grid(whole, whole)
    u, v = ((x + 0.5) / whole * 2 - 1) * 1.12, ((y + 0.5) / whole * 2 - 1) * 1.12
    r2 = u * u + v * v
    r = np.sqrt(r2)
    z = np.sqrt(np.clip(1 - r2, 0, 1))
    # A sphere's surface crowds together at its rim: the flat maps are looked up through that.
    bulge = np.where(r < 1, np.arcsin(np.clip(r, 0, 1)) / np.maximum(r, 1e-4) / (math.pi / 2), 1.0)
    at_x = ((u * bulge * 0.5 + 0.5) * (whole - 1)).astype(np.float32)
    at_y = ((v * bulge * 0.5 + 0.5) * (whole - 1)).astype(np.float32)

    def wrapped(field: F32) -> F32:
        return np.asarray(cv2.remap(field, at_x, at_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT), np.float32)

    land_map = toolkit.clouds(rng, whole, whole, whole / 3.2, 7) + 0.34 * np.exp(-r2 / 0.10)
    land = wrapped(land_map.astype(np.float32))
    detail = wrapped(toolkit.clouds(rng, whole, whole, whole / 14, 5))
    shore = np.clip((land - 0.60) / 0.015, 0, 1)[..., None]
    sea = np.array([16, 52, 104], np.float32) * (0.75 + 0.5 * detail)[..., None]
    shallow = np.clip((land - 0.54) / 0.06, 0, 1)[..., None] * (1 - shore)
    sea = sea + shallow * np.array([14, 58, 52], np.float32)
    dry = np.clip((detail - 0.45) / 0.25 + 0.4 * (np.abs(v) < 0.35), 0, 1)[..., None]
    soil = np.array([58, 92, 48], np.float32) * (1 - dry) + np.array([158, 128, 84], np.float32) * dry
    soil = soil * (0.75 + 0.45 * detail)[..., None]
    ice = np.clip((np.abs(v) + 0.12 * (detail - 0.5) - 0.84) / 0.05, 0, 1)[..., None]
    colour = sea * (1 - shore) + soil * shore
    colour = colour * (1 - ice) + 236.0 * ice
    swirl = toolkit.clouds(rng, whole, whole, whole / 4, 7)
    veil = wrapped(np.asarray(np.roll(swirl, whole // 9, axis=1), np.float32))
    # Clear weather over the middle, where the flight began.
    cover = (np.clip((veil - 0.50) / 0.26, 0, 1) ** 1.2 * 0.9 * np.clip((r - 0.10) / 0.30, 0, 1))[..., None]
    colour = colour * (1 - cover) + np.array([246, 249, 252], np.float32) * cover
    light = np.clip(-0.52 * u - 0.46 * v + 0.80 * z, 0, 1)
    colour = colour * (0.05 + 1.08 * light**0.85)[..., None]
    haze = np.clip((r - 0.70) / 0.30, 0, 1) ** 2.5 * light
    colour = colour + np.array([70, 130, 220], np.float32) * haze[..., None]
    disc = np.clip((1.0 - r) * whole / 2.24 + 0.5, 0, 1)
    ring = np.exp(-np.clip(r - 1.0, 0, None) / 0.022) * np.clip(0.25 - 0.52 * u - 0.46 * v, 0, 1) * (r >= 1.0)
    ring = np.clip(ring, 0, 1) * np.clip((1.10 - r) / 0.05, 0, 1)
    rgb = (
        np.clip(colour, 0, 255) * disc[..., None]
        + np.array([96, 160, 255], np.float32) * (ring * (1 - disc))[..., None]
    )
    alpha = np.clip(disc + 0.35 * ring * (1 - disc), 0, 1) * 255
    return np.dstack([np.minimum(rgb, 255).astype(np.uint8), alpha.astype(np.uint8)])


def _stars(width: int, height: int, rng: np.random.Generator) -> U8:
    """Space: (H, W, 3) uint8."""
    sky = np.zeros((height, width, 3), np.uint8)
    sky[:] = (3, 4, 9)
    size = max(1.0, min(width, height) / 720)
    for _ in range(420):
        at = round(float(rng.uniform(0, width)) * 16), round(float(rng.uniform(0, height)) * 16)
        bright = 40 + 200 * float(rng.random()) ** 3
        cv2.circle(
            sky,
            at,
            round(size * float(rng.uniform(0.4, 1.1)) * 16),
            (bright, bright, min(255.0, bright * 1.06)),
            -1,
            cv2.LINE_AA,
            4,
        )
    return sky


def _cloud_sheets(size: int, rng: np.random.Generator) -> tuple[U8, U8]:
    """Two sheets of cloud to fly through, premultiplied RGBA."""
    sheets = []
    for _ in range(2):
        puff = toolkit.clouds(rng, size, size, size / 3, 6)
        x, y = craft.grid(size, size)
        r = np.hypot((x + 0.5) / size * 2 - 1, (y + 0.5) / size * 2 - 1)
        alpha = np.clip((puff - 0.42) / 0.30, 0, 1) * np.clip((1.0 - r) / 0.35, 0, 1)
        tone = (226 + 28 * puff).astype(np.uint8)
        sheets.append(
            toolkit.premultiply(np.dstack([tone, tone, np.minimum(tone, 252) + 3]), np.asarray(alpha * 235, np.uint8))
        )
    return sheets[0], sheets[1]
