"""A samurai's helmet and half mask, drawn with ink and lacquer to fit a face.

Drawn in face coordinates: the origin between the eyes, x to the face's left side with 1 at the cheek, y down with
1 at the chin; mapped to the picture by the points of the face mesh, so it turns and leans with the head.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from photoplay.engines.motion import toolkit
from photoplay.engines.motion.effects import craft
from photoplay.engines.motion.types import F32, U8

# MediaPipe face mesh: https://github.com/google-ai-edge/mediapipe (canonical_face_model_uv_visualization).
BETWEEN, CHIN, RIGHT_CHEEK, LEFT_CHEEK, NOSE, TOP = 168, 152, 234, 454, 1, 10

LACQUER, LACQUER_LIT = (30.0, 28.0, 36.0), (58.0, 54.0, 66.0)
LACE, LACE_DARK = (178.0, 36.0, 30.0), (112.0, 20.0, 20.0)
GOLD, GOLD_DARK = (222.0, 172.0, 70.0), (138.0, 92.0, 28.0)
INK = (14.0, 11.0, 14.0)
Pair = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Fit:
    """Where a face is, in picture pixels: ``origin`` between the eyes, ``across`` to a cheek, ``down`` to the chin.

    ``turn``: -1..1, how far the head is turned (to the picture's right: positive).
    """

    origin: Pair
    across: Pair
    down: Pair
    turn: float = 0.0

    @property
    def size(self) -> float:
        """Half the face's width in pixels."""
        return math.hypot(*self.across)


def fit_mesh(points: F32) -> Fit:
    """From mesh points (468, 2+) in picture pixels."""
    p = points[:, :2].astype(np.float64)
    cheeks = (p[LEFT_CHEEK] - p[RIGHT_CHEEK]) / 2
    middle = (p[LEFT_CHEEK] + p[RIGHT_CHEEK]) / 2
    down = p[CHIN] - p[BETWEEN]
    # The middle of the outline, at the height of the eyes: what the helmet sits on even if the head is turned.
    unit = cheeks / max(float(np.linalg.norm(cheeks)), 1e-6)
    offset = float((p[BETWEEN] - middle) @ unit)
    origin = p[BETWEEN] - unit * offset * 0.45
    turn = float(np.clip(offset / max(float(np.linalg.norm(cheeks)), 1e-6), -0.7, 0.7))
    return Fit(
        (float(origin[0]), float(origin[1])),
        (float(cheeks[0]), float(cheeks[1])),
        (float(down[0]), float(down[1])),
        turn,
    )


def fit_box(x: float, y: float, width: float) -> Fit:
    """From a face's box alone: its middle and width."""
    return Fit((x, y - 0.12 * width), (0.52 * width, 0.0), (0.0, 0.66 * width))


class _Bench:
    """Draws in face coordinates onto a premultiplied picture."""

    def __init__(self, shape: tuple[int, int], fit: Fit) -> None:
        self.picture = np.zeros((*shape, 4), np.uint8)
        self.fit = fit
        self.pen = 0.030 * fit.size

    def at(self, x: float, y: float) -> Pair:
        """Picture pixels of a face point. What lies in the middle of the head shifts more when it is turned."""
        f = self.fit
        x = x + 0.30 * f.turn * max(0.0, 1.0 - x * x * 0.8)
        return f.origin[0] + f.across[0] * x + f.down[0] * y, f.origin[1] + f.across[1] * x + f.down[1] * y

    def line(self, points: list[Pair], closed: bool = False, count: int = 60) -> F32:
        """A smooth line through face points, in pixels."""
        mapped = [self.at(*p) for p in points]
        return craft.smooth_line([*mapped, mapped[0]] if closed else mapped, count)

    def area(self, outline: F32) -> U8:
        """The alpha of an area."""
        alpha = np.zeros(self.picture.shape[:2], np.uint8)
        craft.fill(alpha, outline)
        return alpha

    def body(self, outline: F32, colour: craft.Colour, lit: craft.Colour, bulge: float = 0.5) -> None:
        """A lacquered part: rounded, lit from the upper left, with an ink outline."""
        alpha = self.area(outline)
        x0, y0, x1, y1 = _bounds(alpha)
        if x1 <= x0:
            return
        part = np.ascontiguousarray(alpha[y0:y1, x0:x1])
        inside = cv2.copyMakeBorder(part, 1, 1, 1, 1, cv2.BORDER_CONSTANT)
        reach = bulge * self.fit.size
        depth = np.clip(toolkit.edge_distance(np.asarray(inside, np.uint8))[1:-1, 1:-1] / reach, 0, 1)
        height = cv2.GaussianBlur(np.sqrt(1 - (1 - depth) ** 2) * reach * 0.55, (0, 0), max(0.8, 0.03 * self.fit.size))
        down = np.linspace(1.0, 0.0, part.shape[0], dtype=np.float32)[:, None, None]
        base = np.array(colour, np.float32) + (np.array(lit, np.float32) - np.array(colour, np.float32)) * down
        shaded = craft.clay(
            np.asarray(height, np.float32), part, np.broadcast_to(base, (*part.shape, 3)).astype(np.float32)
        )
        toolkit.over(self.picture, shaded, x0, y0)
        self.ink(outline, (1.0, 1.5, 0.9, 1.4, 1.0))

    def ink(self, line: F32, widths: tuple[float, ...], colour: craft.Colour = INK, opacity: int = 255) -> None:
        """A stroke along a line of pixels; ``widths`` in pens."""
        alpha = np.zeros(self.picture.shape[:2], np.uint8)
        craft.stroke(alpha, line, tuple(max(1.1, w * self.pen) for w in widths), opacity)
        x0, y0, x1, y1 = _bounds(alpha)
        if x1 > x0:
            toolkit.over(self.picture, toolkit.painted(colour, np.ascontiguousarray(alpha[y0:y1, x0:x1])), x0, y0)

    def stroke(
        self, points: list[Pair], widths: tuple[float, ...], colour: craft.Colour = INK, opacity: int = 255
    ) -> None:
        """A brush stroke through face points."""
        self.ink(self.line(points), widths, colour, opacity)


def _bounds(alpha: U8) -> tuple[int, int, int, int]:
    rows, columns = np.flatnonzero(alpha.any(axis=1)), np.flatnonzero(alpha.any(axis=0))
    if rows.size == 0:
        return 0, 0, 0, 0
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def _mirror(points: list[Pair]) -> list[Pair]:
    return [(-x, y) for x, y in points]


def draw(shape: tuple[int, int], fit: Fit) -> U8:
    """Helmet, crest, neck guard and half mask for a face, (H, W, 4) uint8 premultiplied RGBA; the eyes stay free."""
    bench = _Bench(shape, fit)
    _neck_guard(bench)
    _bowl(bench)
    _crest(bench)
    _badge(bench)
    _mask(bench)
    _cords(bench)
    return bench.picture


def _neck_guard(b: _Bench) -> None:
    """Shikoro: four lames on each side, laced in red, spreading like a skirt."""
    for side in (-1.0, 1.0):
        for row in range(4, 0, -1):
            top, low = -0.42 + 0.26 * (row - 1), -0.10 + 0.27 * row
            inner, outer = 0.93 - 0.02 * row, 1.34 + 0.145 * row
            part = [
                (side * inner, top), (side * (inner + 0.24), top - 0.03), (side * (outer - 0.10), top + 0.02),
                (side * outer, low), (side * (outer - 0.3), low + 0.07), (side * inner, low + 0.02),
            ]  # fmt: skip
            outline = np.array([b.at(*p) for p in part], np.float32)
            b.body(outline, LACQUER, LACQUER_LIT, 0.16)
            for k in range(7):
                share = (k + 0.5) / 7
                x = inner + 0.03 + (outer - inner - 0.10) * share
                b.stroke(
                    [(side * x, top + 0.05), (side * (x + 0.035), low - 0.03)],
                    (1.5, 1.9, 1.5),
                    LACE if k % 2 else LACE_DARK,
                )
            b.stroke(
                [(side * inner, low), (side * (outer - 0.28), low + 0.05), (side * (outer - 0.01), low - 0.02)],
                (1.1, 1.5, 1.1),
                GOLD,
            )


def _crest(b: _Bench) -> None:
    """Kuwagata: two golden horns, and a disc between them."""
    for side in (-1.0, 1.0):
        horn = [
            (0.09, -0.70), (0.38, -0.92), (0.92, -1.16), (1.36, -1.46), (1.62, -2.02),
            (1.66, -1.44), (1.30, -0.98), (0.80, -0.78), (0.20, -0.58),
        ]  # fmt: skip
        points = [(side * x, y) for x, y in horn]
        outer, inner = b.line(points[:5], count=40), b.line(points[4:], count=40)
        b.body(np.concatenate([outer, inner]), GOLD_DARK, GOLD, 0.10)
        b.stroke(
            [(side * 0.24, -0.74), (side * 0.84, -0.96), (side * 1.34, -1.24), (side * 1.60, -1.72)],
            (0.3, 0.9, 0.7, 0.2),
            (255.0, 236.0, 170.0),
            190,
        )


def _bowl(b: _Bench) -> None:
    """Hachi with its ribs, the visor below, and the turned-back wings at the temples."""
    dome = [
        (-1.16, -0.42), (-1.20, -0.80), (-1.00, -1.16), (-0.55, -1.44), (0.0, -1.53),
        (0.55, -1.44), (1.00, -1.16), (1.20, -0.80), (1.16, -0.42),
    ]  # fmt: skip
    brow = [(1.16, -0.42), (0.62, -0.60), (0.0, -0.66), (-0.62, -0.60), (-1.16, -0.42)]
    b.body(np.concatenate([b.line(dome, count=80), b.line(brow, count=40)]), LACQUER, LACQUER_LIT, 0.75)
    for share in (-0.86, -0.58, -0.29, 0.0, 0.29, 0.58, 0.86):
        foot = (1.13 * share, -0.60 + 0.16 * share * share)
        middle = (1.05 * share, -1.06 + 0.10 * share * share)
        b.stroke([foot, middle, (0.60 * share, -1.40), (0.10 * share, -1.51)], (1.0, 1.1, 0.8, 0.5), INK)
        shine = [(foot[0] - 0.03, foot[1]), (middle[0] - 0.03, middle[1]), (0.60 * share - 0.02, -1.37)]
        b.stroke(shine, (0.3, 0.7, 0.2), (150.0, 140.0, 150.0), 150)
        for k in range(3):
            spot = b.at(1.1 * share * (1 - 0.07 * k), -0.74 - 0.21 * k + 0.12 * share * share)
            _rivet(b, spot, 0.026)
    knob = np.array(
        [b.at(0.13 * math.cos(a), -1.52 + 0.08 * math.sin(a)) for a in np.linspace(0, 2 * math.pi, 30)], np.float32
    )
    b.body(knob, GOLD_DARK, GOLD, 0.08)
    visor = [(-1.24, -0.30), (-0.72, -0.56), (0.0, -0.64), (0.72, -0.56), (1.24, -0.30)]
    lip = [(1.30, -0.16), (0.76, -0.38), (0.0, -0.45), (-0.76, -0.38), (-1.30, -0.16)]
    b.body(np.concatenate([b.line(visor), b.line(lip)]), (22.0, 20.0, 26.0), LACQUER_LIT, 0.12)
    b.stroke(
        [(-1.27, -0.20), (-0.74, -0.41), (0.0, -0.475), (0.74, -0.41), (1.27, -0.20)], (0.5, 1.1, 1.3, 1.1, 0.5), GOLD
    )
    for side in (-1.0, 1.0):
        wing = [(1.08, -0.50), (1.30, -0.86), (1.58, -0.94), (1.66, -0.60), (1.50, -0.22), (1.20, -0.16)]
        outline = b.line([(side * x, y) for x, y in wing], closed=True, count=70)
        b.body(outline, (96.0, 20.0, 22.0), LACE, 0.16)
        inner = b.line(
            [(side * (1.32 + (x - 1.32) * 0.74), -0.52 + (y + 0.52) * 0.74) for x, y in wing], closed=True, count=70
        )
        b.ink(inner, (0.6, 0.8, 0.6), GOLD)
        _rivet(b, b.at(side * 1.38, -0.52), 0.075)


def _badge(b: _Bench) -> None:
    """The disc between the horns, with three commas turning round its middle."""
    disc = np.array(
        [b.at(0.24 * math.cos(a), -0.80 + 0.20 * math.sin(a)) for a in np.linspace(0, 2 * math.pi, 48)], np.float32
    )
    b.body(disc, GOLD_DARK, GOLD, 0.16)
    for k in range(3):  # three commas turning round the middle
        a = 2 * math.pi * k / 3 + 0.4
        turn = [(0.115 * math.cos(a + s), -0.80 + 0.096 * math.sin(a + s)) for s in (0.0, 0.5, 1.1, 1.6)]
        b.stroke(turn, (2.6, 2.0, 1.1, 0.4), (110.0, 20.0, 18.0))


def _mask(b: _Bench) -> None:
    """Menpo: the half mask from the nose down, with a fierce mouth, a moustache and wrinkles like flames."""
    upper = [
        (-1.02, 0.06),
        (-0.86, 0.22),
        (-0.52, 0.22),
        (-0.22, 0.10),
        (0.0, -0.02),
        (0.22, 0.10),
        (0.52, 0.22),
        (0.86, 0.22),
        (1.02, 0.06),
    ]
    lower = [
        (1.02, 0.06),
        (1.05, 0.50),
        (0.90, 0.88),
        (0.52, 1.18),
        (0.0, 1.28),
        (-0.52, 1.18),
        (-0.90, 0.88),
        (-1.05, 0.50),
        (-1.02, 0.06),
    ]
    b.body(
        np.concatenate([b.line(upper, count=70), b.line(lower, count=90)]),
        (88.0, 18.0, 20.0),
        (150.0, 34.0, 30.0),
        0.55,
    )
    nose = [
        (0.0, 0.0),
        (0.12, 0.22),
        (0.26, 0.42),
        (0.14, 0.52),
        (0.0, 0.50),
        (-0.14, 0.52),
        (-0.26, 0.42),
        (-0.12, 0.22),
    ]
    b.body(b.line(nose, closed=True, count=80), (110.0, 22.0, 22.0), (176.0, 48.0, 40.0), 0.20)
    for side in (-1.0, 1.0):
        b.stroke([(side * 0.20, 0.47), (side * 0.13, 0.44), (side * 0.07, 0.48)], (0.6, 1.8, 0.6))
        for start, middle, end in (
            ((0.30, 0.22), (0.46, 0.42), (0.62, 0.72)), ((0.48, 0.27), (0.66, 0.44), (0.78, 0.74)),
            ((0.68, 0.28), (0.84, 0.44), (0.90, 0.66)),
        ):  # fmt: skip
            b.stroke(
                [(side * start[0], start[1]), (side * middle[0], middle[1]), (side * end[0], end[1])], (0.3, 1.5, 0.4)
            )
            lit = [(side * (x - 0.05), y + 0.01) for x, y in (start, middle, end)]
            b.stroke(lit, (0.2, 0.7, 0.2), (214.0, 96.0, 80.0), 130)
    mouth_top = [(-0.50, 0.70), (-0.24, 0.64), (0.0, 0.68), (0.24, 0.64), (0.50, 0.70)]
    mouth_low = [(0.50, 0.70), (0.34, 0.92), (0.0, 0.98), (-0.34, 0.92), (-0.50, 0.70)]
    outline = np.concatenate([b.line(mouth_top), b.line(mouth_low)])
    hole = b.area(outline)
    craft.put(b.picture, hole, (20, 6, 8))
    for k in range(7):  # teeth, gold at the corners
        x = -0.36 + 0.12 * k
        for top, y0, y1 in ((True, 0.68, 0.765), (False, 0.935 - 0.35 * x * x, 0.86 - 0.2 * x * x)):
            tooth = np.array(
                [b.at(x - 0.055, y0), b.at(x + 0.055, y0), b.at(x + 0.04, y1), b.at(x - 0.04, y1)], np.float32
            )
            alpha = cv2.multiply(b.area(tooth), hole, scale=1 / 255.0)
            craft.put(
                b.picture,
                np.asarray(alpha, np.uint8),
                GOLD if k in (0, 6) or (top and k in (1, 5)) else (232, 222, 200),
            )
    b.ink(outline, (1.3, 1.8, 1.2, 1.8, 1.3))
    for side in (-1.0, 1.0):
        for k in range(9):  # the moustache and the beard are single hairs, thick at the root
            share = k / 8
            root = (side * (0.06 + 0.34 * share), 0.585 + 0.03 * share)
            tip = (side * (0.42 + 0.52 * share), 0.70 + 0.16 * math.sin(2.2 * share) + 0.05 * (k % 2))
            bend = (side * (0.26 + 0.44 * share), 0.57 + 0.05 * share)
            b.stroke([root, bend, tip], (1.3, 0.9, 0.2), (232.0, 226.0, 214.0) if k % 2 else (190.0, 184.0, 176.0))
    for k in range(9):
        x = -0.20 + 0.05 * k
        b.stroke(
            [(x, 1.10), (x * 1.25, 1.26), (x * 0.9, 1.46 - abs(x))],
            (1.2, 0.9, 0.2),
            (232.0, 226.0, 214.0) if k % 2 else (190.0, 184.0, 176.0),
        )
    for side in (-1.0, 1.0):
        b.stroke(
            [(side * 1.0, 0.09), (side * 0.86, 0.235), (side * 0.52, 0.235), (side * 0.22, 0.115), (0.0, 0.0)],
            (0.4, 0.8, 0.8, 0.7, 0.4),
            GOLD,
        )


def _cords(b: _Bench) -> None:
    """The cords that hold helmet and mask, tied under the chin."""
    for side in (-1.0, 1.0):
        cord = [
            (side * 1.10, -0.22),
            (side * 1.06, 0.30),
            (side * 0.86, 0.92),
            (side * 0.36, 1.30),
            (side * 0.02, 1.36),
        ]
        b.stroke(cord, (2.4, 2.6, 2.6, 2.4, 2.2), INK)
        b.stroke(cord, (1.5, 1.7, 1.7, 1.5, 1.4), LACE)
        tail = [(side * 0.04, 1.38), (side * 0.16, 1.58), (side * 0.12, 1.80)]
        b.stroke(tail, (2.4, 2.8, 3.6), INK)
        b.stroke(tail, (1.5, 1.9, 2.7), LACE)
    knot = np.array(
        [b.at(0.09 * math.cos(a), 1.37 + 0.06 * math.sin(a)) for a in np.linspace(0, 2 * math.pi, 24)], np.float32
    )
    b.body(knot, LACE_DARK, LACE, 0.06)


def _rivet(b: _Bench, at: Pair, radius: float) -> None:
    size = radius * b.fit.size
    ring = np.array(
        [(at[0] + size * math.cos(a), at[1] + size * math.sin(a)) for a in np.linspace(0, 2 * math.pi, 20)], np.float32
    )
    alpha = np.zeros(b.picture.shape[:2], np.uint8)
    craft.fill(alpha, ring)
    x0, y0, x1, y1 = _bounds(alpha)
    if x1 > x0:
        toolkit.over(b.picture, toolkit.painted(GOLD, np.ascontiguousarray(alpha[y0:y1, x0:x1])), x0, y0)
