"""What several effects share: whom they act on, soft bodies, drawn things with volume, shadows, particles, wipes.

Lengths are working pixels unless a name says otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

from photoplay.engines.motion import toolkit
from photoplay.engines.motion.animate import ExtraLayer, Spec, Sprite
from photoplay.engines.motion.types import F32, U8, Layer, Stage
from photoplay.shot import Move, MoveKind, Shot

Box = tuple[float, float, float, float]
Colour = tuple[float, float, float]
Points = list[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Focus:
    """Whom an effect acts on: the subject, or, without a clear one, the scene itself (``subject`` is None, key 0).

    ``box`` is cut to the frame. ``frame``: (x0, y0, x1, y1) of the frame. ``cut``: left, top, right, bottom: which
    sides of the subject the frame cuts off. ``unit``: the frame's shorter side, what sizes are measured by.
    """

    subject: toolkit.Subject | None
    key: int
    box: Box
    frame: Box
    cut: tuple[bool, bool, bool, bool]
    depth: float
    unit: float

    @property
    def width(self) -> float:
        """Width of the box."""
        return self.box[2] - self.box[0]

    @property
    def height(self) -> float:
        """Height of the box."""
        return self.box[3] - self.box[1]

    @property
    def centre(self) -> tuple[float, float]:
        """Middle of the box."""
        return (self.box[0] + self.box[2]) / 2, (self.box[1] + self.box[3]) / 2

    def pan(self, x: float) -> float:
        """Where x lies for the ear: -1 left .. 1 right."""
        share = (x - self.frame[0]) / (self.frame[2] - self.frame[0])
        return float(min(max(2.0 * share - 1.0, -1.0), 1.0)) * 0.7


def focus_of(stage: Stage) -> Focus:
    """Whom to act on."""
    x, y, width, height = stage.frame
    frame = (x, y, x + width, y + height)
    subject = toolkit.subject_of(stage)
    near = 0.012 * min(width, height)
    if subject is None:
        depth = float(np.median(stage.layers[0].inverse_depth))
        return Focus(None, 0, frame, frame, (True, True, True, True), depth, min(width, height))
    b = subject.box
    box = max(b[0], frame[0]), max(b[1], frame[1]), min(b[2], frame[2]), min(b[3], frame[3])
    cut = b[0] <= frame[0] + near, b[1] <= frame[1] + near, b[2] >= frame[2] - near, b[3] >= frame[3] - near
    return Focus(subject, subject.key, box, frame, cut, subject.depth, min(width, height))


def closer(focus: Focus, amount: float) -> Shot:
    """A dolly towards the subject: ``amount`` for one that fills the frame, early and far for a small one."""
    size = max(focus.width, focus.height) / focus.unit
    if size >= 0.5:
        return Shot(moves=(Move(kind=MoveKind.DOLLY, amount=amount),))
    return Shot(moves=(Move(kind=MoveKind.DOLLY, amount=min(2.6, amount + 3.2 * (0.5 - size) / 0.5), end=0.45),))


def alpha_of(stage: Stage, focus: Focus) -> U8:
    """(H, W) uint8: the alpha of whom the effect acts on; all opaque for the scene itself."""
    if focus.subject is not None:
        return focus.subject.alpha
    return np.full(stage.layers[0].rgb.shape[:2], 255, np.uint8)


# ------------------------------------------------------------------------------------------------ soft bodies


_BULGE, _WIDER = 0.34, 2.2  # of a squeeze: how much bulges beside the press, and how much wider than it


@dataclass(frozen=True, slots=True)
class Squeeze:
    """A squeeze that keeps every area: the flow of a velocity field without divergence.

    The field comes from the stream function ``X(x) * G(y)``: towards ``x_mid`` across, away from ``y_still`` along.
    X is linear around ``x_mid`` and dies out towards ``x_low`` and ``x_high`` when they are finite (an edge of the
    picture must not come away); G is the integral of a bell around ``y_press`` that is ``reach`` wide, 0 at
    ``y_still``.
    """

    x_mid: float
    y_press: float
    y_still: float
    reach: float
    x_low: float = -math.inf
    x_high: float = math.inf

    def _across(self, x: F32) -> tuple[F32, F32]:
        """X and its derivative."""
        d = x - np.float32(self.x_mid)
        value, slope = d, np.ones_like(d)
        for limit in (self.x_low, self.x_high):
            if math.isinf(limit) or abs(limit - self.x_mid) < 1.0:
                continue
            s = d / np.float32(limit - self.x_mid)
            inside = np.clip(s, 0.0, 1.0)
            keep = (1.0 - inside**3) ** 2
            fall = np.where((s > 0) & (s < 1), -6.0 * inside**2 * (1.0 - inside**3), 0.0) / np.float32(
                limit - self.x_mid
            )
            value, slope = value * keep, slope * keep + value * fall
        return value.astype(np.float32), slope.astype(np.float32)

    def _along(self, y: F32) -> tuple[F32, F32]:
        """G and its derivative g: a bell less a wider, lower one, so that what is pressed bulges above and below."""
        width = np.float32(self.reach)
        z = (y - np.float32(self.y_press)) / width
        near, wide = np.tanh(z), np.tanh(z / _WIDER)
        at_rest = (self.y_still - self.y_press) / self.reach
        rest = math.tanh(at_rest) - _BULGE * _WIDER * math.tanh(at_rest / _WIDER)
        value = (near - _BULGE * _WIDER * wide - rest) * width / (1.0 - _BULGE)
        slope = ((1.0 - near * near) - _BULGE * (1.0 - wide * wide)) / (1.0 - _BULGE)
        return value.astype(np.float32), slope.astype(np.float32)

    def moved(self, x: F32, y: F32, amount: float, steps: int = 10) -> tuple[F32, F32]:
        """Where the points are after squeezing by ``amount`` (0.7 halves the width at the press; < 0 widens)."""
        h = np.float32(amount / steps)
        for _ in range(steps):
            mx, my = self._step(x, y, h / 2)
            ax, sx = self._across(mx)
            gy, sg = self._along(my)
            x, y = (x - h * ax * sg).astype(np.float32), (y + h * sx * gy).astype(np.float32)
        return x, y

    def _step(self, x: F32, y: F32, h: np.float32) -> tuple[F32, F32]:
        ax, sx = self._across(x)
        gy, sg = self._along(y)
        return (x - h * ax * sg).astype(np.float32), (y + h * sx * gy).astype(np.float32)

    def mesh(self, stage: Stage, amount: float, rows: int = 40, columns: int = 64) -> F32:
        """The squeeze as ``LayerChange.mesh``: the flow run backwards, so it is the exact inverse."""
        x, y = toolkit.nodes(stage, rows, columns)
        bx, by = self.moved(x, y, -amount)
        return np.stack([bx - x, by - y], axis=-1).astype(np.float32)

    def point(self, x: float, y: float, amount: float) -> tuple[float, float]:
        """Where one point is after the squeeze."""
        px, py = self.moved(np.array([x], np.float32), np.array([y], np.float32), amount)
        return float(px[0]), float(py[0])


def ring(time_s: float, hz: float, decay: float) -> float:
    """A struck soft body: 1 at 0 s, swinging ``hz`` times a second, dying out; 0 before."""
    return 0.0 if time_s < 0.0 else math.exp(-decay * time_s) * math.cos(2.0 * math.pi * hz * time_s)


def keyed(t: float, *keys: tuple[float, float]) -> float:
    """A value that goes through (time, value) pairs with minimum jerk between; constant before and after."""
    if t <= keys[0][0]:
        return keys[0][1]
    for (t0, v0), (t1, v1) in pairwise(keys):
        if t < t1:
            x = (t - t0) / (t1 - t0)
            return v0 + (v1 - v0) * x * x * x * (10.0 + x * (-15.0 + 6.0 * x))
    return keys[-1][1]


# ------------------------------------------------------------------------------------------------ drawn things


def grid(width: int, height: int) -> tuple[F32, F32]:
    """(x, y) float32 of pixel centres."""
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    return x, y


def capsule(x: F32, y: F32, a: tuple[float, float], b: tuple[float, float], ra: float, rb: float) -> F32:
    """Signed distance to a limb from ``a`` (radius ra) to ``b`` (radius rb); negative inside."""
    dx, dy = b[0] - a[0], b[1] - a[1]
    length = max(dx * dx + dy * dy, 1e-6)
    h = np.clip(((x - a[0]) * dx + (y - a[1]) * dy) / length, 0.0, 1.0)
    distance = np.hypot(x - a[0] - h * dx, y - a[1] - h * dy) - (ra + h * (rb - ra))
    return np.asarray(distance, np.float32)


def merge(a: F32, b: F32, soft: float) -> F32:
    """Smooth union of two signed distances (polynomial; Quilez)."""
    h = np.clip(0.5 + 0.5 * (b - a) / np.float32(soft), 0.0, 1.0)
    return np.asarray(b + (a - b) * h - np.float32(soft) * h * (1.0 - h), np.float32)


def clay(height: F32, alpha: U8, colour: F32 | Colour, light: tuple[float, float] = (-0.45, -0.7)) -> U8:
    """A body of soft matter lit from the upper left: premultiplied RGBA from a height map in pixels.

    ``colour``: one colour or (h, w, 3) float32, 0..255.
    """
    gx = cv2.Sobel(height, cv2.CV_32F, 1, 0, ksize=3, scale=0.125)
    gy = cv2.Sobel(height, cv2.CV_32F, 0, 1, ksize=3, scale=0.125)
    length = np.sqrt(gx * gx + gy * gy + 1.0)
    nx, ny, nz = -gx / length, -gy / length, 1.0 / length
    lz = 0.75
    norm = math.sqrt(light[0] ** 2 + light[1] ** 2 + lz * lz)
    lambert = np.clip((nx * light[0] + ny * light[1] + nz * lz) / norm, 0.0, 1.0)
    shine = np.clip((nx * light[0] * 0.8 + ny * light[1] * 0.8 + nz * 1.4) / 1.75, 0.0, 1.0) ** 34
    base = np.asarray(colour, np.float32)
    lit = base * (0.42 + 0.66 * lambert)[..., None] + 70.0 * shine[..., None]
    lit += (np.array([26.0, 12.0, 20.0], np.float32) * ((1.0 - nz) ** 2 * (1.0 - lambert))[..., None]).astype(
        np.float32
    )
    return toolkit.premultiply(np.clip(lit, 0, 255).astype(np.uint8), alpha)


def coverage(distance: F32) -> U8:
    """A signed distance as an antialiased alpha."""
    return np.asarray(np.rint(np.clip(0.5 - distance, 0.0, 1.0) * 255.0), np.uint8)


def fill(alpha: U8, points: Points | F32, value: int = 255) -> None:
    """A filled, antialiased polygon drawn into an alpha, in place. Points in pixels."""
    corners = np.rint(np.asarray(points, np.float64) * 16.0).astype(np.int32).reshape(-1, 1, 2)
    cv2.fillPoly(alpha, [corners], value, lineType=cv2.LINE_AA, shift=4)


def stroke(alpha: U8, points: Points | F32, widths: tuple[float, ...], value: int = 255) -> None:
    """A brush stroke along points whose width runs through ``widths``, in place: tapered, as ink is drawn."""
    line = smooth_line(points, 48)
    along = np.linspace(0.0, len(widths) - 1.0, len(line))
    radius = np.interp(along, np.arange(len(widths)), np.array(widths)) / 2.0
    tangent = np.gradient(line, axis=0)
    tangent /= np.maximum(np.linalg.norm(tangent, axis=1, keepdims=True), 1e-6)
    normal = np.stack([-tangent[:, 1], tangent[:, 0]], axis=1)
    outline = np.concatenate([line + normal * radius[:, None], (line - normal * radius[:, None])[::-1]])
    fill(alpha, outline.astype(np.float32), value)


def smooth_line(points: Points | F32, count: int) -> F32:
    """(count, 2): a Catmull-Rom curve through the points."""
    p = np.asarray(points, np.float64).reshape(-1, 2)
    if len(p) == 2:
        return np.linspace(p[0], p[1], count).astype(np.float32)
    padded = np.concatenate([[2 * p[0] - p[1]], p, [2 * p[-1] - p[-2]]])
    at = np.linspace(0.0, len(p) - 1.0 - 1e-9, count)
    i = at.astype(int)
    u = (at - i)[:, None]
    a, b, c, d = padded[i], padded[i + 1], padded[i + 2], padded[i + 3]
    line = 0.5 * (2 * b + (c - a) * u + (2 * a - 5 * b + 4 * c - d) * u * u + (3 * b - a - 3 * c + d) * u**3)
    return np.asarray(line, np.float32)


def put(target: U8, alpha: U8, colour: Colour) -> None:
    """One colour in the shape of an alpha, over a premultiplied RGBA picture of the same size, in place."""
    toolkit.over(target, toolkit.painted(colour, alpha), 0, 0)


def shadow(width: float, height: float, darkness: float = 0.6) -> U8:
    """A soft ellipse of shadow, premultiplied RGBA."""
    w, h = max(4, round(width)), max(4, round(height))
    side = min(256, max(w, h))
    dot = toolkit.soft_dot(side, 0.05)
    alpha = cv2.resize(dot, (w, h), interpolation=cv2.INTER_AREA if side > max(w, h) else cv2.INTER_LINEAR)
    return toolkit.painted((8, 6, 10), np.asarray(alpha * darkness, np.uint8))


def placed(rgba: U8, centre: tuple[float, float], depth: float, after: int | None, **more: float) -> Sprite:
    """A sprite in working pixels whose middle is at ``centre``; ``more``: scale, opacity."""
    scale = more.get("scale", 1.0)
    return Sprite(
        rgba,
        x=centre[0] - rgba.shape[1] * scale / 2,
        y=centre[1] - rgba.shape[0] * scale / 2,
        scale=scale,
        after=after,
        depth=depth,
        opacity=more.get("opacity", 1.0),
    )


def like(layer: Layer, rgb: U8, alpha: U8 | None) -> Layer:
    """A layer at the depth of another one."""
    return Layer(rgb, alpha, layer.inverse_depth, layer.anchor_depth)


def plain(stage: Stage, after: int, name: str, colour: Colour, alpha: U8) -> ExtraLayer:
    """An extra layer of one colour at the depth of the stage layer it follows."""
    rgb = np.empty((*alpha.shape, 3), np.uint8)
    rgb[:] = np.array(colour, np.uint8)
    return ExtraLayer(name, like(stage.layers[after], rgb, alpha), after)


def rim_shade(alpha: U8, size: float, strength: float) -> U8:
    """An alpha that darkens a body towards its rim, as if it were round: ``size`` is how far the shade reaches in."""
    height, width = alpha.shape
    step = max(1, round(max(height, width) / 960))
    small = cv2.resize(alpha, (width // step, height // step), interpolation=cv2.INTER_AREA)
    inside = np.clip(toolkit.edge_distance(np.asarray(small, np.uint8)) * step / max(size, 1.0), 0.0, 1.0)
    shade = (1.0 - inside) ** 2 * (strength * 255.0)
    soft = cv2.GaussianBlur(shade.astype(np.float32), (0, 0), max(1.0, size / step / 10))
    full = np.asarray(np.clip(cv2.resize(soft, (width, height), interpolation=cv2.INTER_LINEAR), 0, 255), np.uint8)
    return np.asarray(cv2.multiply(full, alpha, scale=1.0 / 255.0), np.uint8)


# --------------------------------------------------------------------------------------------------- particles


@dataclass(frozen=True, slots=True)
class Fleck:
    """One particle: its picture, when and where it starts (frame pixels), how it flies (frame pixels a second)."""

    picture: int
    start_s: float
    life_s: float
    x: float
    y: float
    vx: float
    vy: float
    scale: float


def flying(pictures: list[U8], flecks: list[Fleck], time_s: float, gravity: float, drag: float = 0.0) -> list[Sprite]:
    """The flecks in the air at a time, as sprites on top of the picture; they fade at the end of their life."""
    sprites = []
    for fleck in flecks:
        age = time_s - fleck.start_s
        if not 0.0 <= age < fleck.life_s:
            continue
        glide = age if drag <= 0.0 else (1.0 - math.exp(-drag * age)) / drag
        picture = pictures[fleck.picture % len(pictures)]
        half = picture.shape[0] * fleck.scale / 2
        sprites.append(
            Sprite(
                picture,
                x=fleck.x + fleck.vx * glide - half,
                y=fleck.y + fleck.vy * glide + 0.5 * gravity * age * age - half,
                scale=fleck.scale,
                opacity=min(1.0, (fleck.life_s - age) / (0.3 * fleck.life_s)),
            )
        )
    return sprites


def crumbs(colours: list[tuple[int, int, int]], diameter: float, rng: np.random.Generator, count: int = 8) -> list[U8]:
    """Small irregular lumps, lit from above, premultiplied RGBA."""
    found = []
    side = max(5, round(diameter))
    x, y = grid(side, side)
    for index in range(count):
        angle = np.arctan2(y - side / 2 + 0.5, x - side / 2 + 0.5)
        p = rng.uniform(0, 2 * math.pi, 3)
        radius = side * 0.36 * (1 + 0.16 * np.sin(2 * angle + p[0]) + 0.12 * np.sin(3 * angle + p[1]))
        distance = np.hypot(x - side / 2 + 0.5, y - side / 2 + 0.5) - radius
        height = np.sqrt(np.clip(-distance, 0, None) * side * 0.3)
        found.append(
            clay(
                np.asarray(height, np.float32),
                coverage(np.asarray(distance, np.float32)),
                colours[index % len(colours)],
            )
        )
    return found


def petals(size: float, rng: np.random.Generator, count: int = 12) -> list[U8]:
    """Cherry petals as they tumble, premultiplied RGBA, ``size`` pixels long."""
    found = []
    side = max(8, round(size))
    x, y = grid(side, side)
    for _ in range(count):
        turn, tilt = rng.uniform(0, 2 * math.pi), rng.uniform(0.35, 1.0)
        c, s = math.cos(turn), math.sin(turn)
        u = ((x - side / 2 + 0.5) * c + (y - side / 2 + 0.5) * s) / (side * 0.44)
        v = (-(x - side / 2 + 0.5) * s + (y - side / 2 + 0.5) * c) / (side * 0.44 * tilt)
        # A drop shape with a notch at its broad end.
        width = 0.62 * np.sqrt(np.clip(1 - u * u, 0, 1)) * (1 + 0.35 * u)
        notch = np.clip((u - 0.68) * 1.5, 0, None)
        inside = np.minimum(width - np.abs(v), np.abs(v) - notch + 0.06)
        inside = np.where(np.abs(u) < 1, np.where(u > 0.6, inside, width - np.abs(v)), -1.0)
        alpha = np.asarray(np.clip(inside * side * 0.4 + 0.5, 0, 1) * 255 * 0.95, np.uint8)
        shade = np.clip(0.80 + 0.20 * u + 0.10 * v, 0, 1)[..., None]
        rgb = np.array([255, 214, 224], np.float32) * shade + np.array([206, 96, 128], np.float32) * (1 - shade)
        found.append(toolkit.premultiply(np.clip(rgb, 0, 255).astype(np.uint8), alpha))
    return found


@dataclass(frozen=True, slots=True)
class Drift:
    """Things that drift over the whole picture for the whole clip, in frame pixels: petals, snow, dust."""

    pictures: list[U8]
    where: F32  # (n, 6): x, y of the start as fractions, speed factor, sway, phase, scale
    size: tuple[int, int]
    wind: tuple[float, float]  # frame heights a second: right, down

    def sprites(self, time_s: float, opacity: float) -> list[Sprite]:
        """What is seen at a time. Things that leave on one side come back on the other, out of sight."""
        width, height = self.size
        found: list[Sprite] = []
        if opacity <= 0.0:
            return found
        for index, (x, y, speed, sway, phase, scale) in enumerate(self.where.tolist()):
            px = x * 1.3 * width + self.wind[0] * height * speed * time_s
            py = y * 1.2 * height + self.wind[1] * height * speed * time_s
            px += sway * height * math.sin(2.1 * speed * time_s + phase)
            px, py = px % (1.3 * width) - 0.15 * width, py % (1.2 * height) - 0.1 * height
            picture = self.pictures[(index + int(time_s * 7 * speed + phase * 3)) % len(self.pictures)]
            found.append(Sprite(picture, x=px, y=py, scale=scale, opacity=opacity))
        return found


def drift(
    pictures: list[U8], count: int, spec: Spec, rng: np.random.Generator, wind: tuple[float, float], sway: float = 0.02
) -> Drift:
    """``count`` drifting things for a clip."""
    where = rng.uniform(0, 1, (count, 6)).astype(np.float32)
    where[:, 2] = 0.6 + 0.8 * where[:, 2]
    where[:, 3] *= sway
    where[:, 4] *= 2 * math.pi
    where[:, 5] = 0.35 + 0.65 * where[:, 5] ** 2
    return Drift(pictures, where, (spec.width, spec.height), wind)


# ------------------------------------------------------------------------------------------------------- wipes


def small_field(stage: Stage, long_side: int = 480) -> tuple[F32, F32]:
    """(x, y) working positions on a small grid over the whole working area: for masks."""
    height, width = stage.layers[0].rgb.shape[:2]
    ratio = min(1.0, long_side / max(width, height))
    rows, columns = max(2, round(height * ratio)), max(2, round(width * ratio))
    x, y = grid(columns, rows)
    return (x + 0.5) * np.float32(width / columns) - 0.5, (y + 0.5) * np.float32(height / rows) - 0.5


def revealed(order: F32, progress: float, soft: float = 0.06) -> U8:
    """A mask that lets more of a layer be seen: where ``order`` (0 first .. 1 last) has been passed by ``progress``."""
    edge = (np.float32(progress * (1.0 + soft)) - order) / np.float32(soft)
    return np.asarray(np.clip(edge, 0.0, 1.0) * 255.0, np.uint8)


Curve = Callable[[float], float]
