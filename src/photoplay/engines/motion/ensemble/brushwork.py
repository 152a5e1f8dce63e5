"""The strokes that painted places are made of: skies, seas, far ends, grounds, light. Pictures are float32, 0..1."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import cv2
import numpy as np

from photoplay.engines.motion import filters
from photoplay.engines.motion.types import F32, U8

Colour = tuple[float, float, float]

SUN: dict[str, tuple[float, float]] = {
    "day": (0.24, 0.10), "sunset": (0.70, 0.90), "night": (0.76, 0.22), "space": (0.20, 0.15), "spot": (0.50, 0.0),
}  # fmt: skip
"""Where the main light is: share of the width, and of the way from the top down to the horizon."""

TOWARDS_LIGHT: dict[str, tuple[float, float]] = {
    "day": (-0.55, -0.835), "sunset": (0.985, -0.17), "night": (0.60, -0.80), "space": (-0.70, -0.714),
    "spot": (0.0, -1.0),
}  # fmt: skip
"""Unit vectors towards it in the picture plane; low ones stand behind whatever is in the picture."""

_SKY: dict[str, tuple[Colour, Colour, Colour]] = {  # top, middle, at the horizon
    "day": ((0.25, 0.47, 0.76), (0.50, 0.69, 0.89), (0.83, 0.90, 0.95)),
    "sunset": ((0.22, 0.26, 0.46), (0.72, 0.47, 0.47), (0.99, 0.73, 0.42)),
    "night": ((0.015, 0.025, 0.075), (0.045, 0.075, 0.17), (0.12, 0.17, 0.29)),
    "space": ((0.004, 0.004, 0.010), (0.010, 0.009, 0.022), (0.030, 0.026, 0.050)),
    "spot": ((0.02, 0.02, 0.02), (0.02, 0.02, 0.02), (0.02, 0.02, 0.02)),
}  # fmt: skip
_GRADE: dict[str, Colour] = {  # what the light does to the colours of things
    "day": (1.0, 1.0, 1.0), "sunset": (0.92, 0.68, 0.55), "night": (0.22, 0.28, 0.43), "space": (0.62, 0.62, 0.66),
    "spot": (0.75, 0.70, 0.66),
}  # fmt: skip
_HAZE: dict[str, Colour] = {
    "day": (0.80, 0.87, 0.93), "sunset": (0.97, 0.71, 0.47), "night": (0.10, 0.14, 0.25), "space": (0.03, 0.03, 0.05),
    "spot": (0.03, 0.02, 0.02),
}  # fmt: skip


@dataclass(slots=True)
class Canvas:
    """What is painted on: size in pixels, the horizon as a share of the height, and all chance."""

    width: int
    height: int
    horizon: float
    rng: np.random.Generator
    x: F32 = field(init=False)  # (h, w) 0..1
    y: F32 = field(init=False)

    def __post_init__(self) -> None:
        across = (np.arange(self.width, dtype=np.float32) + 0.5) / self.width
        down = (np.arange(self.height, dtype=np.float32) + 0.5) / self.height
        self.x = np.ascontiguousarray(np.broadcast_to(across[None, :], (self.height, self.width)))
        self.y = np.ascontiguousarray(np.broadcast_to(down[:, None], (self.height, self.width)))

    @property
    def aspect(self) -> float:
        """Width over height."""
        return self.width / self.height

    def noise(self, cell: float, octaves: int = 4, stretch: float = 1.0) -> F32:
        """Fractal value noise (h, w) in 0..1; ``cell``: its largest blobs, as a share of the width; ``stretch``:
        times wider than tall."""
        total = np.zeros((self.height, self.width), np.float32)
        weight, size = 1.0, cell
        for _ in range(octaves):
            across, down = max(1.0, size * stretch * self.width), max(1.0, size * self.width)
            columns, rows = math.ceil(self.width / across) + 4, math.ceil(self.height / down) + 4
            values = self.rng.random((rows, columns), dtype=np.float32)
            # Node (1, 1) lies on the corner, and every octave is shifted, so that no lattice shows.
            x, y = self.rng.random(2) + 1.0
            matrix = np.array([[1.0 / across, 0.0, x], [0.0, 1.0 / down, y]])
            flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
            total += np.float32(weight) * cv2.warpAffine(values, matrix, (self.width, self.height), flags=flags)
            weight, size = weight * 0.5, size / 2
        low, high = float(total.min()), float(total.max())
        return np.asarray((total - low) / max(high - low, 1e-6), dtype=np.float32)

    def ridge(self, roughness: float, peaks: float, octaves: int = 6) -> F32:
        """(w,) float32 in 0..1: a skyline of hills, ``peaks`` across the width."""
        line = np.zeros(self.width, np.float32)
        weight, count = 1.0, peaks
        at = np.linspace(0.0, 1.0, self.width)
        for _ in range(octaves):
            knots = self.rng.random(max(3, round(count) + 2))
            line += np.float32(weight) * np.interp(at, np.linspace(0, 1, knots.size), knots).astype(np.float32)
            weight, count = weight * roughness, count * 2.0
        low, high = float(line.min()), float(line.max())
        return np.asarray((line - low) / max(high - low, 1e-6), dtype=np.float32)


def _mix(a: F32, b: F32, share: F32) -> F32:
    return np.asarray(a + (b - a) * share[..., None], dtype=np.float32)


def _flat(colour: Colour) -> F32:
    return filters.row(*colour)


def sky(canvas: Canvas, light: str) -> F32:
    """(h, w, 3): the sky down to the horizon, and its lowest colour below."""
    top, middle, low = (_flat(colour) for colour in _SKY[light])
    down = np.clip(canvas.y / canvas.horizon, 0.0, 1.0)
    picture = _mix(np.broadcast_to(top, (canvas.height, canvas.width, 3)), middle, filters.smoothstep(down, 0.0, 0.62))
    picture = _mix(picture, low, filters.smoothstep(down, 0.42, 1.0))
    sun_x, sun_y = SUN[light][0], SUN[light][1] * canvas.horizon
    distance = np.hypot((canvas.x - sun_x) * canvas.aspect, canvas.y - sun_y).astype(np.float32)
    if light in ("day", "sunset"):
        clouds = canvas.noise(0.17, 6, stretch=2.8)
        body = filters.smoothstep(clouds, 0.46, 0.84) * (1.0 - 0.72 * down) * (0.72 if light == "day" else 0.55)
        tone = _flat((0.985, 0.985, 0.99)) if light == "day" else _flat((0.99, 0.68, 0.56))
        picture = _mix(picture, tone, np.asarray(body, dtype=np.float32))
        glow = np.exp(-((distance / (0.16 if light == "day" else 0.30)) ** 1.2))
        warm = _flat((1.0, 0.98, 0.92)) if light == "day" else _flat((1.0, 0.86, 0.55))
        picture = _mix(picture, warm, np.asarray(glow * (0.35 if light == "day" else 0.85), dtype=np.float32))
        if light == "sunset":
            disc = 1.0 - filters.smoothstep(distance, 0.035, 0.045)
            picture = _mix(picture, _flat((1.0, 0.97, 0.84)), disc)
    elif light in ("night", "space"):
        picture = picture + _stars(canvas, 420 if light == "night" else 900)
        if light == "space":
            cloud = canvas.noise(0.5, 5, stretch=1.6)
            band = np.exp(-(((canvas.y - 0.14 - 0.30 * canvas.x) / 0.16) ** 2))
            nebula = (filters.smoothstep(cloud, 0.35, 0.95) * band)[..., None] * _flat((0.16, 0.11, 0.22))
            picture = picture + nebula
        else:
            moon = 1.0 - filters.smoothstep(distance, 0.030, 0.034)
            halo = np.exp(-(distance / 0.13)) * 0.20
            picture = _mix(picture, _flat((0.93, 0.94, 0.90)), moon)
            picture = picture + np.asarray(halo, np.float32)[..., None] * _flat((0.55, 0.62, 0.80))
    return np.asarray(picture, dtype=np.float32)


def _stars(canvas: Canvas, count: int) -> F32:
    field_ = np.zeros((canvas.height, canvas.width), np.float32)
    xs = canvas.rng.integers(0, canvas.width, count)
    ys = (canvas.rng.random(count) ** 1.3 * canvas.horizon * 0.97 * canvas.height).astype(int)
    field_[ys, xs] = 0.25 + 0.75 * canvas.rng.random(count, dtype=np.float32) ** 4
    bright = filters.blur(np.where(field_ > 0.8, field_, 0.0).astype(np.float32), 1.6) * 9.0
    return np.asarray(
        np.clip(filters.blur(field_, 0.7) * 2.4 + bright, 0.0, 1.0)[..., None] * _flat((0.92, 0.95, 1.0)),
        dtype=np.float32,
    )


def ground(
    canvas: Canvas, colours: tuple[Colour, Colour], texture: float, grain: float, light: str, *, hazy: bool = True
) -> F32:
    """(h, w, 3): a plane from the horizon to the lower edge, its texture in perspective. ``hazy``: air lies over it."""
    below = np.clip((canvas.y - canvas.horizon) / (1.0 - canvas.horizon), 1e-3, 1.0).astype(np.float32)
    share = filters.smoothstep(below, 0.0, 0.85)
    picture = _mix(np.broadcast_to(_flat(colours[0]), (*below.shape, 3)), _flat(colours[1]), share)
    if texture > 0.0:
        tile = _tile(canvas.rng)
        reach = np.float32(tile.shape[0])
        u = (canvas.x - 0.5) * canvas.aspect / below * grain * 14.0
        v = grain * 16.0 / below
        found = cv2.remap(
            tile, np.mod(u, reach).astype(np.float32), np.mod(v, reach).astype(np.float32), cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_WRAP,
        )  # fmt: skip
        wide = cv2.remap(
            tile, np.mod(u * 0.13, reach).astype(np.float32), np.mod(v * 0.13, reach).astype(np.float32),
            cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP,
        )  # fmt: skip
        # Detail far away is finer than a pixel: it fades instead of flickering.
        fade = filters.smoothstep(below, 0.10, 0.70)
        grit = (np.asarray(found, np.float32) - 0.5) * fade + (np.asarray(wide, np.float32) - 0.5) * 0.9
        picture = picture * (1.0 + np.float32(2.2 * texture) * grit)[..., None]
    graded = picture * _flat(_GRADE[light])
    if not hazy:
        return np.asarray(graded, dtype=np.float32)
    haze = (1.0 - filters.smoothstep(below, 0.0, 0.34)) * (0.42 if light != "space" else 0.15)
    return _mix(np.asarray(graded, dtype=np.float32), _flat(_HAZE[light]), np.asarray(haze, dtype=np.float32))


def _tile(rng: np.random.Generator, side: int = 512) -> F32:
    """(side, side) fractal noise that repeats without a seam."""
    total = np.zeros((side, side), np.float32)
    weight = 1.0
    for cells in (16, 32, 64, 128, 256):
        values = rng.random((cells, cells), dtype=np.float32)
        wrapped = np.pad(values, 2, mode="wrap")
        scale = side // cells
        large = cv2.resize(wrapped, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
        total += np.float32(weight) * large[2 * scale : 2 * scale + side, 2 * scale : 2 * scale + side]
        weight *= 0.72
    low, high = (float(v) for v in np.percentile(total, (1, 99)))
    return np.asarray(np.clip((total - low) / (high - low), 0.0, 1.0), dtype=np.float32)


def sea(canvas: Canvas, shore: float, light: str) -> tuple[F32, F32]:
    """The water from the horizon to a winding shore, with a line of foam: (h, w, 3), and its weight (h, w)."""
    line = shore + 0.010 * (canvas.ridge(0.55, 3.0, 4) - 0.5) * 2.0
    below = np.clip((canvas.y - canvas.horizon) / (shore - canvas.horizon), 0.0, 1.0)
    far, near = {
        "day": ((0.36, 0.58, 0.72), (0.30, 0.62, 0.66)), "sunset": ((0.86, 0.56, 0.42), (0.42, 0.36, 0.44)),
        "night": ((0.07, 0.10, 0.20), (0.04, 0.07, 0.13)),
    }.get(light, ((0.2, 0.2, 0.25), (0.15, 0.15, 0.2)))  # fmt: skip
    picture = _mix(np.broadcast_to(_flat(far), (*below.shape, 3)), _flat(near), filters.smoothstep(below, 0.0, 1.0))
    # Waves lie flat, and the flatter the farther: noise stretched across, squeezed towards the horizon.
    tile = _tile(canvas.rng)
    depth = np.maximum(below, 0.02)
    u = (canvas.x - 0.5) * canvas.aspect / (0.25 + depth) * 60.0
    v = 260.0 / (0.12 + depth)
    waves = cv2.remap(
        tile, np.mod(u, 512).astype(np.float32), np.mod(v, 512).astype(np.float32), cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_WRAP,
    )  # fmt: skip
    picture = picture * (1.0 + 0.16 * (np.asarray(waves, np.float32) - 0.5) * (0.3 + below))[..., None]
    if light in ("sunset", "night"):
        path = np.exp(-(((canvas.x - SUN[light][0]) * canvas.aspect / (0.05 + 0.16 * below)) ** 2))
        glint = path * filters.smoothstep(np.asarray(waves, np.float32), 0.35, 0.75)
        tone = _flat((1.0, 0.86, 0.58)) if light == "sunset" else _flat((0.55, 0.60, 0.70))
        picture = _mix(picture, tone, np.asarray(glint * 0.75, dtype=np.float32))
    foam = np.exp(-(((canvas.y - line[None, :] + 0.006) / 0.006) ** 2))
    second = np.exp(-(((canvas.y - line[None, :] + 0.030) / 0.004) ** 2)) * 0.5
    crest = np.asarray(np.clip(foam + second, 0, 1) * 0.85, dtype=np.float32)
    picture = _mix(picture, _flat((0.97, 0.97, 0.96)) * _flat(_GRADE[light]), crest)
    wet = 1.0 - filters.smoothstep(np.asarray(canvas.y - line[None, :], dtype=np.float32), -0.002, 0.004)
    above = filters.smoothstep(canvas.y, canvas.horizon - 0.001, canvas.horizon + 0.002)
    # Sand that the water has just left is darker.
    return np.asarray(picture, dtype=np.float32), np.asarray(wet * above, dtype=np.float32)


def far_end(canvas: Canvas, kind: str, colour: Colour, light: str) -> tuple[F32, F32]:
    """What stands at the horizon: (h, w, 3) and its weight (h, w)."""
    shape = (canvas.height, canvas.width)
    picture = np.zeros((*shape, 3), np.float32)
    cover = np.zeros(shape, np.float32)
    tone = _flat(colour) * _flat(_GRADE[light])
    haze = _flat(_HAZE[light])
    for number, (low, high, peaks, roughness, misty) in enumerate(_RANGES[kind]):
        line = _roofs(canvas, number) if kind == "skyline" else canvas.ridge(roughness, peaks)
        crest = canvas.horizon - (low + (high - low) * line)
        edge = 0.0022 if kind in ("mountains", "dunes", "hills", "skyline") else 0.006
        over = filters.smoothstep(np.asarray(canvas.y - crest[None, :], dtype=np.float32), -edge, edge)
        over = np.asarray(over * (canvas.y < canvas.horizon + 0.004), dtype=np.float32)
        shade = tone * (1.0 - misty) + haze * misty
        face = np.broadcast_to(shade, (*shape, 3))
        modelled = canvas.noise(0.10, 5) - 0.5
        if kind == "mountains":  # slopes away from the light are darker, most below the crest, where ribs run down
            slope = np.gradient(np.convolve(line, np.ones(9) / 9, mode="same")) * canvas.width
            fall = np.exp(-np.maximum(canvas.y - crest[None, :], 0.0) / 0.05)
            ribs = canvas.noise(0.045, 5, stretch=0.6) - 0.5
            modelled = modelled * 0.5 + ribs * 0.9 + np.clip(slope * 0.05, -0.35, 0.35)[None, :] * fall
            modelled = modelled.astype(np.float32)
        strength = {"mountains": 0.36, "skyline": 0.10, "dunes": 0.12}.get(kind, 0.62)
        face = face * (1.0 + strength * (1.0 - misty) * modelled)[..., None]
        if kind == "skyline" and light in ("night", "sunset"):
            face = face + _windows(canvas) * (0.75 if light == "night" else 0.35) * (1.0 - misty)
        # The foot of what is far lies in mist.
        foot = filters.smoothstep(np.asarray(canvas.y - crest[None, :], dtype=np.float32), 0.0, 0.16)
        face = _mix(np.asarray(face, dtype=np.float32), haze, foot * np.float32(0.35 if light != "space" else 0.0))
        picture = _mix(picture, np.asarray(face, dtype=np.float32), over)
        cover = np.maximum(cover, over)
    return picture, cover


_RANGES: dict[str, tuple[tuple[float, float, float, float, float], ...]] = {
    # lowest and highest above the horizon (shares of the height), peaks, roughness, mist; far to near
    "mountains": ((0.10, 0.34, 3.0, 0.50, 0.62), (0.05, 0.20, 4.0, 0.52, 0.34), (0.01, 0.07, 5.0, 0.45, 0.10)),
    "hills": ((0.02, 0.10, 3.0, 0.42, 0.30), (0.0, 0.04, 4.0, 0.4, 0.0)),
    "dunes": ((0.03, 0.13, 2.0, 0.30, 0.42), (0.0, 0.07, 2.6, 0.26, 0.12)),
    "trees": ((0.05, 0.11, 5.0, 0.62, 0.55), (0.012, 0.060, 9.0, 0.70, 0.22)),
    "forest": ((0.30, 0.50, 6.0, 0.74, 0.58), (0.18, 0.46, 8.0, 0.78, 0.32), (0.02, 0.12, 10.0, 0.74, 0.05)),
    "skyline": ((0.06, 0.34, 1.0, 1.0, 0.58), (0.02, 0.22, 1.0, 1.0, 0.25)),
}


def _roofs(canvas: Canvas, number: int) -> F32:
    """(w,) in 0..1: flat roofs of houses and towers."""
    line = np.zeros(canvas.width, np.float32)
    at = 0
    while at < canvas.width:
        wide = int(canvas.width * canvas.rng.uniform(0.018, 0.055) * (1.0 + 0.3 * number))
        line[at : at + wide] = canvas.rng.random() ** 1.8
        at += max(4, wide)
    return line


def _windows(canvas: Canvas) -> F32:
    """(h, w, 3): lit windows in a grid."""
    columns, rows = max(8, canvas.width // 9), max(8, canvas.height // 11)
    on = canvas.rng.random((rows, columns)) < 0.30
    level = (on * canvas.rng.uniform(0.3, 1.0, (rows, columns))).astype(np.float32)
    lit_ = cv2.resize(level, (canvas.width, canvas.height), interpolation=cv2.INTER_NEAREST)
    grid = ((np.arange(canvas.width) % 9) < 5)[None, :] & ((np.arange(canvas.height) % 11) < 6)[:, None]
    return np.asarray((lit_ * grid)[..., None] * _flat((1.0, 0.82, 0.52)), dtype=np.float32)


def street_lights(canvas: Canvas, picture: F32, count: int = 130) -> F32:
    """A city's lights out of focus: discs in warm and cold colours around the horizon, and their shine on the road."""
    colours = ((1.0, 0.72, 0.36), (1.0, 0.55, 0.30), (0.55, 0.75, 1.0), (1.0, 0.90, 0.75), (0.95, 0.30, 0.34))
    light = np.zeros_like(picture)
    for _ in range(count):
        tone = _flat(colours[int(canvas.rng.integers(len(colours)))])
        x = canvas.rng.random() * canvas.width
        y = (canvas.horizon - abs(canvas.rng.normal(0.0, 0.085)) + 0.015) * canvas.height
        radius = canvas.width * canvas.rng.uniform(0.004, 0.015)
        strength = float(canvas.rng.uniform(0.10, 0.50))
        disc = np.zeros(picture.shape[:2], np.float32)
        cv2.circle(disc, (round(x * 8), round(y * 8)), round(radius * 8), strength, -1, cv2.LINE_AA, 3)
        cv2.circle(disc, (round(x * 8), round(y * 8)), round(radius * 8), strength * 1.4, 1, cv2.LINE_AA, 3)
        light += disc[..., None] * tone
    light = filters.blur(light, 0.0009 * canvas.width)
    # The road mirrors them, drawn long.
    mirrored = light[::-1]
    shift = round((2 * canvas.horizon - 1.0) * canvas.height)
    mirrored = np.roll(mirrored, shift, axis=0)
    shine = np.asarray(cv2.GaussianBlur(mirrored, (0, 0), sigmaX=0.010 * canvas.width, sigmaY=0.05 * canvas.height))
    shine = shine * filters.smoothstep(canvas.y, canvas.horizon, canvas.horizon + 0.05)[..., None] * np.float32(0.75)
    return np.asarray(1.0 - (1.0 - np.clip(picture, 0, 1)) * (1.0 - np.clip(light + shine, 0, 1)), dtype=np.float32)


def wall(canvas: Canvas, kind: str, colour: Colour, light: str) -> F32:
    """(h, w, 3): what closes a place without a sky: a painted wall with window light, or a curtain."""
    base = np.ones((canvas.height, canvas.width, 3), np.float32) * _flat(colour)
    if kind == "curtain":
        wave = canvas.ridge(0.5, 5.0, 3)
        folds = np.sin((canvas.x * 38.0 * min(1.0, canvas.aspect / 1.6) + 3.0 * wave[None, :]) * math.tau / 2.0)
        return np.asarray(base * (0.70 + 0.34 * folds + 0.10 * canvas.noise(0.05, 3))[..., None], dtype=np.float32)
    picture = base * (1.04 - 0.22 * np.hypot(canvas.x - 0.22, (canvas.y - 0.2) * 0.8))[..., None]
    # Light of a window that is out of the picture: two soft leaning panes.
    lean = canvas.x + 0.45 * canvas.y
    pane = filters.smoothstep(lean, 0.50, 0.54) * (1.0 - filters.smoothstep(lean, 0.66, 0.70))
    pane = pane + filters.smoothstep(lean, 0.72, 0.76) * (1.0 - filters.smoothstep(lean, 0.88, 0.92))
    pane = pane * filters.smoothstep(canvas.y, 0.06, 0.12) * (1.0 - filters.smoothstep(canvas.y, 0.50, 0.60))
    pane = filters.blur(np.asarray(pane, dtype=np.float32), 0.012 * canvas.width)
    glow = {"day": (1.0, 0.95, 0.86), "sunset": (1.0, 0.70, 0.42), "night": (0.55, 0.62, 0.85)}.get(light, (1, 1, 1))
    picture = picture * _flat(_GRADE[light]) + pane[..., None] * _flat(glow) * np.float32(0.16)
    skirting = (np.abs(canvas.y - (canvas.horizon - 0.012)) < 0.012).astype(np.float32)
    return _mix(
        np.asarray(picture, dtype=np.float32),
        _flat((0.92, 0.90, 0.86)) * _flat(_GRADE[light]),
        skirting * np.float32(0.8),
    )


def sweep(canvas: Canvas, key: Colour | None) -> F32:
    """(h, w, 3): a studio's paper sweep, light behind the subjects, of a quiet tone that they stand out from."""
    dark = key is not None and float(np.dot(key, (0.2126, 0.7152, 0.0722))) > 0.62
    tint = np.ones(3, np.float32)
    if key is not None:  # a breath of the colour opposite to theirs
        mean = float(np.mean(key))
        tint = np.asarray(1.0 - 0.16 * (np.array(key) - mean), dtype=np.float32)
    base, bright = (0.17, 0.34) if dark else (0.66, 0.93)
    glow = np.exp(-(((canvas.x - 0.5) / 0.46) ** 2 + ((canvas.y - 0.42) / 0.42) ** 2))
    floor = filters.smoothstep(canvas.y, canvas.horizon - 0.06, canvas.horizon + 0.16)
    level = base + (bright - base) * glow
    level = level * (1.0 - 0.10 * floor) + 0.05 * floor * np.exp(-(((canvas.y - 0.86) / 0.16) ** 2))
    return np.asarray(np.clip(level[..., None] * tint, 0, 1), dtype=np.float32)


def softened(canvas: Canvas, picture: F32, share: float) -> F32:
    """The far end out of focus, the ground sharper towards the camera."""
    sigma = max(0.7, share * canvas.width)
    soft = filters.blur(picture, sigma)
    sharp = filters.smoothstep(canvas.y, canvas.horizon + 0.04, 0.86)
    return _mix(soft, picture, sharp)


def lit(canvas: Canvas, picture: F32, light: str) -> F32:
    """The light on the whole: a pool on a stage, a vignette elsewhere."""
    if light == "spot":
        pool = np.exp(-(((canvas.x - 0.5) / 0.30) ** 2 + ((canvas.y - 0.88) / 0.17) ** 2))
        beam = np.clip(1.0 - np.abs(canvas.x - 0.5) / (0.05 + 0.27 * canvas.y), 0.0, 1.0) * 0.10
        wash = 0.55 + 1.1 * np.exp(-(((canvas.x - 0.5) / 0.36) ** 2 + ((canvas.y - 0.5) / 0.5) ** 2))
        out = picture * wash[..., None] + (pool * 0.52)[..., None] * _flat((1.0, 0.88, 0.74)) + beam[..., None]
        return np.asarray(out, dtype=np.float32)
    corner = np.hypot(canvas.x - 0.5, (canvas.y - 0.5) * 0.85)
    return np.asarray(picture * (1.0 - 0.42 * np.clip(corner - 0.36, 0.0, 1.0))[..., None], dtype=np.float32)


def dithered(picture: F32, rng: np.random.Generator) -> U8:
    """To 8 bits with a little grain, which hides the steps of slow gradients."""
    grain = rng.normal(0.0, 1.1, picture.shape[:2]).astype(np.float32)
    return np.asarray(np.clip(picture * 255.0 + grain[..., None] + 0.5, 0, 255), dtype=np.uint8)
