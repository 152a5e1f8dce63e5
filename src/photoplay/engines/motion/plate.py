"""Fills the places of a layer that nothing shows: behind nearer layers, and beyond the photo's border.

Example-based filling in the line of Wexler, Shechtman and Irani 2007: every patch of the hole is matched with a
patch of what is known, the matches vote for the colours, and this is repeated from coarse to fine. The search is
exhaustive at coarse sizes (one matrix product over a few DCT coefficients per patch) and local at the finest, so no
randomised search is involved. The fill is worked out at about 170 pixels; it says *where* each place comes from, so
the finished layer takes its colours from the low frequencies of the fill and its grain from the photo's own pixels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from photoplay.engines.motion import filters
from photoplay.engines.motion.types import F32, U8

FILL_SIDE = 160  # pixels of the long side at which the finest matches are made
LEVELS = (32, 52, 84, FILL_SIDE)
ROUNDS = (4, 3, 2, 1)  # match-and-vote rounds at each level
REACH = 3  # a patch is 2 * REACH + 1 pixels wide
MAX_SOURCES = 1500  # patches searched at most; more are thinned out evenly
PULL_X, PULL_Y = 0.03, 0.15  # how much a match far to the side, or far up or down, costs against its colours
EASE = 0.7  # what a neighbour's match may cost more and still be taken, as a factor on its cost
HOLE_RIM = 0.03  # of the long side: how far around the hole the fill has its grain
_DISTANCES = (1, 4, 2, 8)  # pixels to the neighbours whose matches are tried, round by round
MIN_SOURCES = 24  # fewer known patches than this cannot show what the place looks like

Bool = NDArray[np.bool_]
I32 = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Fill:
    """A fill at small size: ``colour`` (h, w, 3) float32 0..1 everywhere; ``rows``, ``columns`` (h, w) int32: where
    each place's grain comes from (its own place where it was known)."""

    colour: F32
    rows: I32
    columns: I32


@lru_cache(maxsize=1)
def _basis() -> tuple[tuple[int, F32, F32], ...]:
    """(channel, column kernel, row kernel): low DCT-II coefficients of a patch under a soft window."""
    side = 2 * REACH + 1
    n = np.arange(side)
    window = np.exp(-0.5 * ((n - REACH) / (0.75 * REACH)) ** 2)
    window /= window.sum()
    waves = [np.cos(np.pi * (n + 0.5) * k / side) * (1.0 if k == 0 else np.sqrt(2.0)) for k in range(4)]
    kernels = [np.asarray(wave * window, dtype=np.float32) for wave in waves]
    luma = [(i, j) for i in range(4) for j in range(4) if i + j <= 3]
    chroma = [(0, 0), (0, 1), (1, 0)]
    return tuple(
        (channel, kernels[i], kernels[j]) for channel in range(3) for i, j in (luma if channel == 0 else chroma)
    )


def _features(image: F32, pull: tuple[float, float]) -> F32:
    """(h, w, F) float32: what each pixel's patch looks like, and where it is, weighed by ``pull``."""
    height, width = image.shape[:2]
    opponent = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2YCrCb), dtype=np.float32)
    planes = [
        np.asarray(
            cv2.sepFilter2D(opponent[..., channel], cv2.CV_32F, across, down, borderType=cv2.BORDER_REPLICATE),
            dtype=np.float32,
        )
        for channel, down, across in _basis()
    ]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    unit = max(height, width)
    return np.dstack([*planes, x * (pull[0] / unit), y * (pull[1] / unit)])


def _nearest(targets: F32, sources: F32) -> I32:
    """For each row of ``targets`` (n, F) the index of the nearest row of ``sources`` (m, F)."""
    minus_norm = -0.5 * (sources * sources).sum(axis=1)
    best = np.empty(len(targets), np.int32)
    block = max(1, min(len(targets), 1_000_000 // max(1, len(sources))))
    bias = np.repeat(minus_norm[None], block, axis=0)
    room = np.empty_like(bias)  # one for all blocks: new memory costs as much as the product
    for start in range(0, len(targets), block):
        part = targets[start : start + block]
        count = len(part)
        # OpenCV's product, not NumPy's: at this size the latter's threads cost more than they bring.
        score = cv2.gemm(part, sources, 1.0, bias[:count], 1.0, dst=room[:count], flags=cv2.GEMM_2_T)
        best[start : start + block] = np.asarray(score, dtype=np.float32).argmax(axis=1)
    return best


def _padded(array: NDArray[Any], rim: int) -> NDArray[Any]:
    """(h + 2 rim, w + 2 rim, ...) ``array`` with its outermost row and columns repeated around it."""
    return np.asarray(cv2.copyMakeBorder(array, rim, rim, rim, rim, cv2.BORDER_REPLICATE))


def _vote(image: F32, rows: I32, columns: I32, targets: Bool, hole: Bool, weight: F32) -> F32:
    """The hole's pixels as the weighted mean of what all matched patches over them say."""
    # With a rim around everything a step aside is one number, and nothing has to be held within the picture.
    across = hole.shape[1] + 2 * REACH
    says = _padded(weight * targets, REACH).ravel()
    matches = _padded((rows + REACH) * across + (columns + REACH), REACH).ravel()
    colours = _padded(image, REACH).reshape(-1, image.shape[2])
    py, px = (np.asarray(axis, dtype=np.int32) for axis in np.nonzero(hole))
    places = (py + REACH) * across + (px + REACH)
    total = np.zeros((len(py), 3), np.float32)
    amount = np.zeros(len(py), np.float32)
    for dy in range(-REACH, REACH + 1, 2):  # every other patch over a pixel is enough to average
        for dx in range(-REACH, REACH + 1, 2):
            step = dy * across + dx
            at = places - step
            share = says.take(at) * np.float32(np.exp(-(dy * dy + dx * dx) / (REACH * REACH)))
            total += colours.take(matches.take(at) + step, axis=0) * share[:, None]
            amount += share
    out = image.copy()
    out[py, px] = total / np.maximum(amount, 1e-6)[:, None]
    return out


def _cohere(features: F32, sources: Bool, targets: Bool, rows: I32, columns: I32, rounds: int) -> None:
    """Lets matches spread in place: a target takes a neighbour's match, moved along, if that is nearly as good.

    Matches that agree with their neighbours copy whole pieces of the photo (Ashikhmin 2001); those that do not
    average into mush.
    """
    height, width = targets.shape
    rim = max(_DISTANCES)  # a match moved along may leave the picture by as much; no source is out there
    across = width + 2 * rim
    places = _padded(np.arange(height * width, dtype=np.int32).reshape(height, width), rim).ravel()
    allowed = cv2.copyMakeBorder(sources.astype(np.uint8), rim, rim, rim, rim, cv2.BORDER_CONSTANT).ravel()
    looks = features.reshape(-1, features.shape[2])
    ty, tx = (np.asarray(axis, dtype=np.int32) for axis in np.nonzero(targets))
    here = ty * width + tx
    wanted = looks.take(here, axis=0)
    matches = ((rows + rim) * across + (columns + rim)).ravel()
    best = matches.take(here)
    gap = wanted - looks.take(places.take(best), axis=0)
    cost = np.einsum("nf,nf->n", gap, gap)
    for number in range(rounds):
        # Neighbours at distances that change from round to round carry a match across a hole quickly.
        reach = _DISTANCES[number % len(_DISTANCES)]
        for dy, dx in ((0, reach), (0, -reach), (reach, 0), (-reach, 0)):
            ny = np.minimum(np.maximum(ty + dy, 0), height - 1)
            nx = np.minimum(np.maximum(tx + dx, 0), width - 1)
            moved = matches.take(ny * width + nx) + ((ty - ny) * across + (tx - nx))
            # A known neighbour stands for itself: moved along, that is the target's own place, which is no source.
            able = np.flatnonzero(allowed.take(moved))
            trial = moved.take(able)
            gap = wanted.take(able, axis=0) - looks.take(places.take(trial), axis=0)
            found = np.einsum("nf,nf->n", gap, gap)
            better = found * EASE < cost.take(able)
            able, found, trial = able[better], found[better], trial[better]
            cost[able], best[able] = found, trial
        matches[here] = best
    rows[ty, tx], columns[ty, tx] = best // across - rim, best % across - rim


def _sources(known: Bool) -> Bool:
    """Centres of patches that lie wholly in what is known."""
    padded = cv2.erode(
        known.astype(np.uint8),
        np.ones((2 * REACH + 1, 2 * REACH + 1), np.uint8),
        borderType=cv2.BORDER_CONSTANT,
        borderValue=0,
    )
    return np.asarray(padded, dtype=np.bool_)


def reduced(picture: U8, known: U8, size: tuple[int, int]) -> tuple[F32, Bool]:
    """What is known of a picture at another size, as :func:`synthesize` wants it: colours of known pixels only.

    Args:
        picture: (H, W, 3) uint8; read only where ``known``.
        known: (H, W) uint8, 255 where the picture shows this layer.
        size: (width, height).

    Returns:
        (h, w, 3) float32 0..1, and (h, w) bool: where it is known.
    """
    share = filters.to_f32(filters.shrunk(known, size))
    only = np.asarray(cv2.bitwise_and(picture, picture, mask=known), dtype=np.uint8)
    colour = filters.to_f32(filters.shrunk(only, size)) / np.maximum(share, 1e-3)[..., None]
    return np.clip(colour, 0, 1).astype(np.float32), np.asarray(share > 0.98, dtype=np.bool_)


def synthesize(image: F32, known: Bool, pull: tuple[float, float] = (PULL_X, PULL_Y)) -> Fill:
    """Fills ``image`` where it is not ``known``.

    Args:
        image: (h, w, 3) float32 0..1, long side about :data:`FILL_SIDE`; its unknown places are not read.
        known: (h, w) bool.
        pull: what a match far to the side, or far up or down, costs against its colours.
    """
    height, width = known.shape
    full = (width, height)
    own_rows, own_columns = (np.asarray(grid, dtype=np.int32) for grid in np.mgrid[0:height, 0:width])
    weight = known.astype(np.float32)
    smooth = np.clip(filters.push_pull(image, weight), 0, 1).astype(np.float32)
    if bool(known.all()) or int(_sources(known).sum()) < MIN_SOURCES:
        return Fill(smooth, own_rows, own_columns)
    sizes = [filters.fit_size(full, side) for side in LEVELS if side < max(full)] + [full]
    current: F32 | None = None
    rows = columns = np.zeros((1, 1), np.int32)
    for level, size in enumerate(sizes):
        here = filters.resize_f32(weight, size, cv2.INTER_AREA)
        seen = np.asarray(here > 0.999, dtype=np.bool_)
        sources = _sources(seen)
        if int(sources.sum()) < MIN_SOURCES:
            continue
        base = filters.resize_f32(smooth, size, cv2.INTER_AREA)
        hole = ~seen
        if current is None:
            picture = base
        else:
            grown = filters.resize_f32(current, size, cv2.INTER_LINEAR)
            picture = np.where(hole[..., None], grown, base).astype(np.float32)
        targets = np.asarray(
            cv2.dilate(hole.astype(np.uint8), np.ones((2 * REACH + 1, 2 * REACH + 1), np.uint8)), dtype=np.bool_
        )
        # What lies deeper in the hole is less sure, and says less.
        depth = np.asarray(cv2.distanceTransform(hole.astype(np.uint8), cv2.DIST_L2, 3), dtype=np.float32)
        trust = np.asarray(1.25 ** -np.minimum(depth, 40.0), dtype=np.float32)
        local = max(size) > LEVELS[-2] and current is not None
        if local:
            rows, columns = _upsample_matches(rows, columns, size, sources)
        rounds = ROUNDS[min(level, len(ROUNDS) - 1)]
        for _ in range(rounds):
            features = _features(picture, pull)
            if local:
                _cohere(features, sources, targets, rows, columns, 4)
            else:
                rows, columns = _search(features, sources, targets)
                _cohere(features, sources, targets, rows, columns, 2)
            picture = _vote(picture, rows, columns, targets, hole, trust)
        current = picture
    if current is None or current.shape[:2] != (height, width):
        return Fill(smooth, own_rows, own_columns)
    colour = _level(np.asarray(image, dtype=np.float32), known, current, rows, columns)
    return Fill(colour, np.where(known, own_rows, rows), np.where(known, own_columns, columns))


def _level(image: F32, known: Bool, filled: F32, rows: I32, columns: I32) -> F32:
    """The fill with its tone drawn smoothly to what surrounds it (a membrane, as in Poisson editing, Pérez 2003).

    Around the hole the matches also say what known pixels should look like; where they are off, so is the fill.
    """
    height, width = known.shape
    ring = known & np.asarray(cv2.dilate((~known).astype(np.uint8), filters.disc(REACH)), dtype=np.bool_)
    if not bool(ring.any()):
        return np.where(known[..., None], image, filled).astype(np.float32)
    said = image.reshape(-1, 3)[(rows * width + columns)[ring]]
    off = np.zeros_like(image)
    off[ring] = np.clip(image[ring] - said, -0.12, 0.12)
    correction = filters.push_pull(filters.weighted_blur(off, ring.astype(np.float32), 2.0), ring.astype(np.float32))
    distance = np.asarray(cv2.distanceTransform((~known).astype(np.uint8), cv2.DIST_L2, 3), dtype=np.float32)
    fade = np.exp(-distance / (0.25 * max(height, width)))[..., None]
    corrected = np.clip(filled + correction * fade, 0, 1)
    return np.where(known[..., None], image, corrected).astype(np.float32)


def _search(features: F32, sources: Bool, targets: Bool) -> tuple[I32, I32]:
    height, width = targets.shape
    there, here = np.flatnonzero(sources), np.flatnonzero(targets)
    if there.size > MAX_SOURCES:
        there = there[np.linspace(0, there.size - 1, MAX_SOURCES).astype(np.int64)]
    looks = features.reshape(-1, features.shape[2])
    places = np.arange(height * width, dtype=np.int32)
    places[here] = there.take(_nearest(looks.take(here, axis=0), looks.take(there, axis=0)))
    rows, columns = np.divmod(places.reshape(height, width), np.int32(width))
    return rows, columns


def _upsample_matches(rows: I32, columns: I32, size: tuple[int, int], sources: Bool) -> tuple[I32, I32]:
    """Matches of a coarser level as offsets at ``size``; any that miss the sources go to the nearest source."""
    height, width = rows.shape
    w, h = size
    own_y, own_x = np.mgrid[0:height, 0:width].astype(np.float32)
    shift_y = filters.resize_f32(np.asarray(rows - own_y, dtype=np.float32), size, cv2.INTER_NEAREST) * (h / height)
    shift_x = filters.resize_f32(np.asarray(columns - own_x, dtype=np.float32), size, cv2.INTER_NEAREST) * (w / width)
    y, x = np.mgrid[0:h, 0:w].astype(np.float32)
    new_y = np.clip(np.rint(y + shift_y), 0, h - 1).astype(np.int32)
    new_x = np.clip(np.rint(x + shift_x), 0, w - 1).astype(np.int32)
    missed = ~sources[new_y, new_x]
    if bool(missed.any()):
        _, labels = cv2.distanceTransformWithLabels(
            (~sources).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
        )
        sy, sx = np.nonzero(sources)
        table_y, table_x = np.zeros(int(labels.max()) + 1, np.int32), np.zeros(int(labels.max()) + 1, np.int32)
        table_y[labels[sy, sx]], table_x[labels[sy, sx]] = sy, sx
        where = labels[new_y[missed], new_x[missed]]
        new_y[missed], new_x[missed] = table_y[where], table_x[where]
    return new_y, new_x


def _nearest_places(length: int, enlarged: int) -> NDArray[np.intp]:
    """(enlarged,): of ``length`` pixels, the one that each comes from when they are enlarged without interpolation."""
    own = np.arange(length, dtype=np.float32)[None]
    return np.asarray(cv2.resize(own, (enlarged, 1), interpolation=cv2.INTER_NEAREST)[0], dtype=np.intp)


def _enlarged(field: F32, size: tuple[int, int], rows: slice, columns: slice) -> F32:
    """``field`` (h, w) at ``size`` (width, height), smoothly: the part ``rows``, ``columns`` of it."""
    x, y = field.shape[1] / size[0], field.shape[0] / size[1]
    part = np.array([[x, 0.0, (columns.start + 0.5) * x - 0.5], [0.0, y, (rows.start + 0.5) * y - 0.5]])
    window = columns.stop - columns.start, rows.stop - rows.start
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(field, part, window, flags=how, borderMode=cv2.BORDER_REPLICATE), np.float32)


def _whole(shift: F32) -> F32:
    """``shift`` without specks, so that grain comes in whole pieces."""
    return np.asarray(cv2.medianBlur(np.asarray(shift, dtype=np.float32), 5), dtype=np.float32)


def render(fill: Fill, canvas: U8, known: U8) -> U8:
    """The fill at full size: its low frequencies, and the grain of the places it comes from.

    Args:
        fill: at small size.
        canvas: (H, W, 3) uint8; read only where ``known``.
        known: (H, W) uint8, 255 where the canvas shows this layer.

    Returns:
        (H, W, 3) uint8: the fill everywhere, without its grain far from the hole; the caller lays the canvas over it.
    """
    height, width = known.shape
    h, w = fill.rows.shape
    size = (width, height)
    base = filters.resize_u8(filters.to_u8(fill.colour), size, cv2.INTER_CUBIC)
    unknown = filters.bounds(known < 255, round(HOLE_RIM * max(size)))
    if unknown is None:
        return base
    own_y, own_x = np.mgrid[0:h, 0:w].astype(np.float32)
    shift_x = _whole(np.asarray(fill.columns - own_x, dtype=np.float32))
    shift_y = _whole(np.asarray(fill.rows - own_y, dtype=np.float32))
    rows, columns = unknown
    from_rows, from_columns = _nearest_places(h, height)[rows], _nearest_places(w, width)[columns]
    map_x = shift_x.take(from_columns, axis=1) * np.float32(width / w)
    map_x += np.arange(columns.start, columns.stop, dtype=np.float32)[None, :]
    map_y = (shift_y * np.float32(height / h)).take(from_columns, axis=1)
    map_x, map_y = map_x.take(from_rows, axis=0), map_y.take(from_rows, axis=0)
    map_y += np.arange(rows.start, rows.stop, dtype=np.float32)[:, None]
    # Grain: what the canvas has over its own low frequencies, at the same cut as the fill's; none where unknown. About
    # mid grey and in four channels, which are sampled far sooner than three of 16 bits. Only where some is taken from.
    left, top = max(0, math.floor(float(map_x.min())) - 1), max(0, math.floor(float(map_y.min())) - 1)
    source = slice(top, math.ceil(float(map_y.max())) + 2), slice(left, math.ceil(float(map_x.max())) + 2)
    grain = np.asarray(cv2.addWeighted(canvas[source], 1.0, base[source], -1.0, 128.0), dtype=np.uint8)
    four = np.asarray(cv2.cvtColor(grain, cv2.COLOR_RGB2RGBA), dtype=np.uint8)
    np.copyto(four.view(np.uint32)[..., 0], np.uint32(0x80808080), where=known[source] == 0)
    map_x -= np.float32(left)
    map_y -= np.float32(top)
    moved = cv2.remap(four, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    share = _enlarged(_wholeness(shift_x, shift_y), size, rows, columns)
    still = np.full_like(moved, 128)
    blended = cv2.cvtColor(cv2.blendLinear(moved, still, share, np.float32(1.0) - share), cv2.COLOR_RGBA2RGB)
    base[rows, columns] = cv2.addWeighted(np.ascontiguousarray(base[rows, columns]), 1.0, blended, 1.0, -128.0)
    return base


def _wholeness(shift_x: F32, shift_y: F32) -> F32:
    """(h, w) float32: 1 inside pieces that come from one place, 0 where two pieces meet and grain would show a seam."""
    meets = np.zeros(shift_x.shape, np.uint8)
    for shift in (shift_x, shift_y):
        high = np.asarray(cv2.dilate(shift, np.ones((3, 3), np.uint8)), dtype=np.float32)
        low = np.asarray(cv2.erode(shift, np.ones((3, 3), np.uint8)), dtype=np.float32)
        meets |= (high - low > 1.5).astype(np.uint8)
    return filters.box(1.0 - meets.astype(np.float32), 1)
