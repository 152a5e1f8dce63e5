"""Paints one layer into a frame's planes, band by band, doing as little as its alpha allows.

In each band of rows a layer has a span and maybe a core (``extents.py``). Behind a core nothing needs painting; in a
core nothing needs blending; only the edges between span and core are sampled with their alpha and blended.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from photoplay.engines.motion.animate import NEUTRAL, Grade, LayerChange
from photoplay.engines.motion.extents import Extents, Run, bands, common, without
from photoplay.engines.motion.planes import Planes, u8
from photoplay.engines.motion.scratch import Scratch
from photoplay.engines.motion.sheet import QUAD_STEP, Pixels, Sheet, times
from photoplay.engines.motion.types import F32, U8
from photoplay.engines.motion.warp import Lattice, Room, Window, corner, spread

_scratch = Scratch()

WINDOW_ROWS = 810  # of what is painted at once at most: the maps of more rows do not stay in the processor's cache
_BORDER = cv2.BORDER_REPLICATE  # a plate's edge is carried on for ever, lest a view from too far out ever show nothing
QUAD_LEVELS = (-3, 4)  # of quads that are used: more, and a pixel seen large would show how sharp its neighbours are
QUAD_ERROR = 0.10  # working pixels by which a pixel may look beside its place: 53 dB and more against looking there


@dataclass(frozen=True, slots=True)
class Pose:
    """One layer in one frame: where every node of the lattice looks (``colour_at``, ``alpha_at``), and its change.

    Both are (2, rows, columns) float32, x and y in working pixels. ``colour_way`` and ``alpha_way``: their
    :func:`~photoplay.engines.motion.warp.ways`. ``extents``: where it shows.
    """

    sheet: Sheet
    change: LayerChange
    pixels: Pixels
    colour_at: F32
    colour_way: tuple[F32, F32]
    alpha_at: F32
    alpha_way: tuple[F32, F32]
    extents: Extents


def paint(out: Planes, pose: Pose, lattice: Lattice, hidden: tuple[Run | None, ...]) -> None:
    """Paints a layer over what is there already; ``hidden``: per band, columns that nearer layers cover anyway."""
    box = pose.sheet.box
    colours = alphas = _Places(lattice, pose.colour_at, pose.colour_way[0], box)
    if pose.sheet.hold_alpha:
        alphas = _Places(lattice, pose.alpha_at, pose.alpha_way[0], box)
    tables = _tables(pose.change.grade)
    regular = _regular(lattice, pose)
    edges, cores = _windows(lattice, pose, hidden)
    for window in edges:
        if regular is not None and not pose.sheet.large and regular.fits(lattice, window):
            _paint_regular_edge(out, pose, lattice, regular, colours, window)
            continue
        maps = colours.spread(window, "colour")
        _paint_edge(out, pose, lattice, maps, maps if alphas is colours else alphas.spread(window, "alpha"))
    for window in cores:
        if regular is not None and regular.fits(lattice, window):
            _paint_regular(out, pose, lattice, regular, colours, window)
        else:
            _paint_core(out, pose, colours.spread(window, "colour"))
        if tables is not None:
            for plane, table in zip(cut(out, window), tables, strict=True):
                cv2.LUT(plane, table, dst=plane)


def _windows(lattice: Lattice, pose: Pose, hidden: tuple[Run | None, ...]) -> tuple[list[Window], list[Window]]:
    """(to be blended, to be sampled only). What goes on unchanged from band to band is one window: fewer calls."""
    edges: list[Window] = []
    cores: list[Window] = []
    top, bottom = pose.extents.rows
    for number, (y0, y1) in enumerate(bands(lattice)):
        y0, y1 = max(y0, top), min(y1, bottom)
        if y1 <= y0:
            continue
        for run in without(pose.extents.spans[number], hidden[number]):
            if pose.sheet.opaque:
                _extend(cores, Window(run[0], y0, run[1], y1))
                continue
            core = common(run, pose.extents.cores[number]) if not pose.sheet.hold_alpha else None
            for edge in without(run, core):
                _extend(edges, Window(edge[0], y0, edge[1], y1))
            if core is not None:
                _extend(cores, Window(core[0], y0, core[1], y1))
    return edges, cores


def _extend(windows: list[Window], window: Window) -> None:
    """Adds a window, to the one that it goes on from if there is one."""
    for index, above in enumerate(windows):
        if (above.x0, above.x1, above.y1) == (window.x0, window.x1, window.y0) and (
            window.y1 - above.y0 <= WINDOW_ROWS
        ):
            windows[index] = Window(above.x0, above.y0, above.x1, window.y1)
            return
    windows.append(window)


@dataclass(frozen=True, slots=True)
class _Regular:
    """A layer that is seen at an even spacing, so that several pixels of a frame can be had from one sample.

    ``levels``: of the sheet's quads and pairs. ``at``: (2, rows, columns), where the first pixel of the four looks if
    their middle is to be in its place, at the nodes of the lattice, in the sheet's pixels. ``ahead``: the sheet's
    pixels between two pixels side by side. ``error``: per cell of the lattice, the square of the working pixels by
    which a corner misses its place.
    """

    levels: tuple[int, int]
    at: F32
    ahead: np.float32
    error: F32

    def fits(self, lattice: Lattice, window: Window) -> bool:
        """Whether nobody would see a difference in the window."""
        top, left = window.y0 // lattice.step, window.x0 // lattice.step
        bottom, right = -(-window.y1 // lattice.step) + 1, -(-window.x1 // lattice.step) + 1
        return math.sqrt(self.error[top:bottom, left:right].max()) <= QUAD_ERROR


def _regular(lattice: Lattice, pose: Pose) -> _Regular | None:
    """How a layer can be sampled four pixels at a time; None where its colours are not its own, or far from regular."""
    if pose.sheet.hold_alpha or pose.pixels is not pose.sheet.pixels:
        return None
    grid, step = pose.colour_at, lattice.step
    rows, columns = lattice.shape
    # From node to node, over the whole of the lattice.
    mean_x = float((grid[0, :, -1] - grid[0, :, 0]).sum()) / (rows * (columns - 1))
    mean_y = float((grid[1, -1] - grid[1, 0]).sum()) / (columns * (rows - 1))
    levels = round((mean_x / step - 1.0) / QUAD_STEP), round((mean_y / step - 1.0) / QUAD_STEP)
    if min(levels) < QUAD_LEVELS[0] or max(levels) > QUAD_LEVELS[1]:
        return None
    even = [np.float32(1.0 + level * QUAD_STEP) for level in levels]
    # A corner of four pixels is half a pixel from their middle both ways.
    across, down = pose.colour_way
    apart = np.array([[even[0], 0.0], [0.0, even[1]]], np.float32) * np.float32(step)
    error = np.abs(across[:, :-1] - apart[0].reshape(2, 1, 1))
    error += np.abs(down[:, :, :-1] - apart[1].reshape(2, 1, 1))
    error *= np.float32(0.5 / step)
    error *= error
    first = corner(pose.sheet.box) + np.float32(0.5) * np.array(even, np.float32).reshape(2, 1, 1)
    return _Regular(levels, grid - first, even[0], error[0] + error[1])


def cut(planes: Planes, window: Window) -> tuple[U8, U8, U8]:
    """The window's part of a frame's planes."""
    full = (slice(window.y0, window.y1), slice(window.x0, window.x1))
    half = (slice(window.y0 // 2, window.y1 // 2), slice(window.x0 // 2, window.x1 // 2))
    return planes.y[full], planes.u[half], planes.v[half]


@dataclass(frozen=True, slots=True)
class _Maps:
    """Source coordinates (x, y) for the pixels of a window, of its luma and of its chroma."""

    window: Window
    luma: tuple[F32, F32]
    chroma: tuple[F32, F32]


class _Places:
    """Where the nodes of a lattice look in a sheet's planes, worked out when first asked for.

    ``grid``: (2, rows, columns) in working pixels; ``across``: from node to node in its rows. ``box``: the sheet's.
    """

    def __init__(self, lattice: Lattice, grid: F32, across: F32, box: tuple[int, int, int, int]) -> None:
        self._lattice, self._grid, self._across, self._box = lattice, grid, across, box

    @cached_property
    def luma(self) -> F32:
        """(2, rows, columns), in its pixels."""
        return self._grid - corner(self._box)

    @cached_property
    def chroma(self) -> F32:
        """(2, rows, columns), in its samples."""
        # A frame's chroma sample sits half a luma pixel left of the middle of its four; a sheet's in the middle.
        at = (self._grid - (corner(self._box) + np.float32(0.5))) * np.float32(0.5)
        left = self._across * np.float32(0.25 / self._lattice.step)  # half a pixel's way, in samples
        at[:, :, :-1] -= left
        at[:, :, -1] -= left[:, :, -1]  # the last column's way is not known
        return at

    def spread(self, window: Window, name: str) -> _Maps:
        """At every pixel of a window. Overwritten when the name is used again."""
        return _Maps(
            window,
            spread(self._lattice, self.luma, window, (1, 1), _room(name)),
            spread(self._lattice, self.chroma, window, (2, 2), _room(name + "_half")),
        )


def _room(name: str) -> Room:
    return lambda rows, columns: _scratch.floats(name, 2, rows, columns)


def _sample(plane: U8, x: F32, y: F32, target: U8, border: int = cv2.BORDER_CONSTANT) -> U8:
    cv2.remap(plane, x, y, cv2.INTER_LINEAR, dst=target, borderMode=border)
    return target


def _sample_chroma(packed: U8, x: F32, y: F32, names: tuple[str, str, str]) -> list[U8]:
    """The first three channels of a four-channel picture, sampled, each in a buffer of its own."""
    rows, columns = x.shape
    mixed = _sample(packed, x, y, _scratch.bytes_of("four", rows, columns, 4))
    # All four are taken apart: splitting is several times faster than picking channels.
    apart = [_scratch.bytes_of(name, rows, columns) for name in (*names, "fourth")]
    cv2.split(mixed, apart)
    return apart[:3]


def _paint_core(out: Planes, pose: Pose, maps: _Maps) -> None:
    """Opaque: sampled straight into the frame."""
    y, u, v = cut(out, maps.window)
    _sample(pose.pixels.y, *maps.luma, y, _BORDER)
    _paint_chroma(pose, *maps.chroma, u, v)


def _paint_regular(
    out: Planes, pose: Pose, lattice: Lattice, regular: _Regular, places: _Places, window: Window
) -> None:
    """As :func:`_paint_core`, with luma sampled four pixels at a time, and chroma two where there are pairs of it."""
    y, u, v = cut(out, window)
    half = _room("half")
    _fours(pose.sheet.quads(regular.levels), *spread(lattice, regular.at, window, (2, 2), half), y, _BORDER)
    if pose.sheet.large or window.x0 % 4 or window.x1 % 4:
        _paint_chroma(pose, *spread(lattice, places.chroma, window, (2, 2), half), u, v)
        return
    # The middle of two samples is in its place; in samples they are as far apart as luma is in pixels.
    first = places.chroma - np.array([0.5 * regular.ahead, 0.0], np.float32).reshape(2, 1, 1)
    pair_x, pair_y = spread(lattice, first, window, (4, 2), half)
    room = _scratch.bytes_of("four", *pair_x.shape, 4)
    pairs = _sample(pose.sheet.chroma_pairs(regular.levels[0]), pair_x, pair_y, room, _BORDER)
    cv2.split(pairs.view(np.uint16), [u.view(np.uint16), v.view(np.uint16)])


def _fours(quads: U8, x: F32, y: F32, target: U8, border: int) -> None:
    """Fills a plane of full size from a picture that has four of its pixels in each place."""
    four = _sample(quads, x, y, _scratch.bytes_of("quad", *x.shape, 4), border)
    # Two bytes side by side go to a row together.
    pairs = target.view(np.uint16)
    cv2.split(four.view(np.uint16), [pairs[0::2], pairs[1::2]])


def _paint_chroma(pose: Pose, x: F32, y: F32, u: U8, v: U8) -> None:
    mixed = _sample(pose.pixels.chroma, x, y, _scratch.bytes_of("four", *x.shape, 4), _BORDER)
    rest = [_scratch.bytes_of(name, *x.shape) for name in ("third", "fourth")]
    cv2.split(mixed, [u, v, *rest])


def _paint_edge(out: Planes, pose: Pose, lattice: Lattice, maps: _Maps, alpha_maps: _Maps) -> None:
    """Sampled with its alpha and blended."""
    pixels = pose.pixels
    assert pixels.alpha is not None  # noqa: S101 - opaque layers have no edges
    shape = maps.luma[0].shape
    ink_y = _sample(pixels.y, *maps.luma, _scratch.bytes_of("y", *shape))
    cover = _sample(pixels.alpha, *alpha_maps.luma, _scratch.bytes_of("cover", *shape))
    ink_u, ink_v, half = _sample_chroma(pixels.chroma, *maps.chroma, ("u", "v", "half"))
    if pose.sheet.hold_alpha:
        half = _sample_chroma(pixels.chroma, *alpha_maps.chroma, ("unused", "unused2", "half"))[2]
    _blend(out, pose, lattice, maps.window, (ink_y, ink_u, ink_v), (cover, half))


def _paint_regular_edge(
    out: Planes, pose: Pose, lattice: Lattice, regular: _Regular, places: _Places, window: Window
) -> None:
    """As :func:`_paint_edge`, with luma and its alpha sampled four pixels at a time."""
    shape = window.y1 - window.y0, window.x1 - window.x0
    ink_y, cover = (_scratch.bytes_of(name, *shape) for name in ("y", "cover"))
    at = spread(lattice, regular.at, window, (2, 2), _room("half"))
    for target, quads in (
        (ink_y, pose.sheet.quads(regular.levels)),
        (cover, pose.sheet.alpha_quads(regular.levels)),
    ):
        _fours(quads, *at, target, cv2.BORDER_CONSTANT)
    chroma = spread(lattice, places.chroma, window, (2, 2), _room("half"))
    inks = _sample_chroma(pose.pixels.chroma, *chroma, ("u", "v", "half"))
    _blend(out, pose, lattice, window, (ink_y, inks[0], inks[1]), (cover, inks[2]))


def _blend(
    out: Planes, pose: Pose, lattice: Lattice, window: Window, inks: tuple[U8, U8, U8], covers: tuple[U8, U8]
) -> None:
    """A window under a layer's ``inks`` (y, u, v) of alpha ``covers`` (full size, half)."""
    change = pose.change
    cover, half = covers
    veil = veil_half = None
    if change.mask is not None:
        veil, veil_half = _veil(lattice, pose, change.mask, window)
    for number, (target, ink, alpha, fade) in enumerate(
        zip(cut(out, window), inks, (cover, half, half), (veil, veil_half, veil_half), strict=True)
    ):
        shown, covered = ink, alpha
        if pose.sheet.hold_alpha:
            if change.grade != NEUTRAL:
                shown = _grade_ink(shown, np.full_like(shown, 255), change.grade, number)
            shown = times(shown, covered)
        elif change.grade != NEUTRAL:
            shown = _grade_ink(shown, covered, change.grade, number)
        if fade is not None:
            shown, covered = times(shown, fade), times(covered, fade)
        if change.opacity < 1.0:
            shown, covered = (u8(cv2.convertScaleAbs(plane, alpha=change.opacity)) for plane in (shown, covered))
        over(target, shown, covered, _scratch.bytes_of("rest", *target.shape))


def _veil(lattice: Lattice, pose: Pose, mask: U8, window: Window) -> tuple[U8, U8]:
    """A change's mask, which covers the working rectangle with fewer pixels, as seen in the window; full and half."""
    width, height = pose.sheet.working
    per_pixel = np.array([mask.shape[1] / width, mask.shape[0] / height], np.float32).reshape(2, 1, 1)
    at = (pose.colour_at + np.float32(0.5)) * per_pixel - np.float32(0.5)
    rows, columns = window.y1 - window.y0, window.x1 - window.x0
    full, half = (
        _sample(
            mask,
            *spread(lattice, at, window, (shrink, shrink)),
            np.empty((rows // shrink, columns // shrink), np.uint8),
            cv2.BORDER_REPLICATE,
        )
        for shrink in (1, 2)
    )
    return full, half


def over(target: U8, ink: U8, cover: U8, rest: U8) -> None:
    """``target`` under ``ink`` (premultiplied) of alpha ``cover``, in place; ``rest`` is room to work in."""
    cv2.bitwise_not(cover, dst=rest)
    cv2.multiply(target, rest, dst=target, scale=1.0 / 255.0)
    cv2.add(target, ink, dst=target)


def coefficients(grade: Grade, number: int) -> tuple[float, float]:
    """(gain, offset) of plane 0 y, 1 u, 2 v: codes in, codes out."""
    if number == 0:
        return grade.luma_gain, 16.0 - 16.0 * grade.luma_gain + grade.luma_offset
    return grade.chroma_gain, 128.0 - 128.0 * grade.chroma_gain + (grade.du if number == 1 else grade.dv)


def _tables(grade: Grade) -> tuple[U8, U8, U8] | None:
    if grade == NEUTRAL:
        return None
    codes = np.arange(256, dtype=np.float64)

    def table(number: int) -> U8:
        gain, offset = coefficients(grade, number)
        return np.clip(np.rint(codes * gain + offset), 0, 255).astype(np.uint8)

    return table(0), table(1), table(2)


def grade_planes(planes: Planes, grade: Grade) -> None:
    """Grades a finished picture in place."""
    tables = _tables(grade)
    if tables is not None:
        for plane, table in zip(planes, tables, strict=True):
            cv2.LUT(plane, table, dst=plane)


def _grade_ink(ink: U8, cover: U8, grade: Grade, number: int) -> U8:
    gain, offset = coefficients(grade, number)
    graded = cv2.addWeighted(ink, gain, cover, offset / 255.0, 0.0)
    # Premultiplied ink never exceeds its cover; a brightened soft edge would glow.
    return u8(cv2.min(graded, cover))
