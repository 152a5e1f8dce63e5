"""Fills a large place with large pieces of the picture: shifted copies of it, cut along the least visible seams.

Averaging small patches (:mod:`photoplay.engines.motion.plate`) is right in tone but soft, which a place that is seen
whole cannot be. Here the picture itself is moved by one offset at a time, chosen by how much of the place it covers and
how well it fits what is there already, and a minimum cut decides which pixels it gives (Kwatra et al. 2003).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from photoplay.engines.motion import filters
from photoplay.engines.motion.types import F32

LOOK_SIDE = 40  # pixels of the long side at which offsets are tried
PIECES = 12
LIKE = 1.5  # what it counts that a piece is another thing than the guide says, 0..1 per channel
RIM = 2  # pixels at that size around a new piece over which it is compared
BAND = 0.028  # of the long side: how far beside a new piece the seam may lie in what is there already
LEAST = 0.004  # of the place: a piece that would cover less is not worth its seam
RISE, RUN = 0.9, 0.12  # what a copy from another height, or from far to the side, costs against its misfit
GAIN = 0.4  # what covering the whole place at once is worth against its misfit
COVERS = (0.16, 0.05, 0.01)  # of what is left: what a piece covers at least, tried in turn
NEAREST = 3  # pixels at that size: nearer copies are mere smears
FAR_UP = 0.4  # of the height: how far up or down a copy may come from
SHARP = 3.0  # how much worse than a perfect fit the colours' difference counts, 0..1 per channel

Bool = NDArray[np.bool_]
I32 = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Patchwork:
    """Where each pixel comes from: ``rows``, ``columns`` (h, w) int32; ``known`` (h, w) bool: where that is itself;
    ``missing`` (h, w) bool: where no piece could be found, and it means nothing."""

    rows: I32
    columns: I32
    known: Bool
    missing: Bool


def patchwork(image: F32, known: Bool, guide: F32) -> Patchwork:
    """Fills ``image`` where it is not ``known``.

    Args:
        image: (h, w, 3) float32 0..1; what is not known is not read.
        known: (h, w) bool.
        guide: (h, w, 3) float32 0..1: a soft fill, which says what kind of thing lies where.

    Returns:
        A patchwork whose ``known`` may be a little smaller than the given: seams lie beside the place, not on its rim.
    """
    height, width = known.shape
    rows, columns = (np.asarray(grid, np.int32) for grid in np.mgrid[0:height, 0:width])
    rows, columns = rows.copy(), columns.copy()
    have = known.copy()
    original = known.copy()
    picture = np.where(known[..., None], image, 0.0).astype(np.float32)
    band = max(2, round(BAND * max(height, width)))
    whole = int((~known).sum())
    tried: set[tuple[int, int]] = set()
    for _ in range(PIECES):
        left = int((~have).sum())
        if left == 0:
            break
        offset = _offset(picture, have, known, guide, tried)
        if offset is None:
            break
        dx, dy = offset
        moved, there = _moved(image, known, dx, dy)
        new = there & ~have
        if int(new.sum()) < LEAST * whole:
            continue
        around = np.asarray(cv2.dilate(new.astype(np.uint8), filters.disc(band)), np.bool_)
        given = _cut(picture, moved, have, there & around)
        picture[given] = moved[given]
        y, x = np.nonzero(given)
        rows[y, x], columns[y, x] = y + dy, x + dx
        have |= given
        original &= ~given
    return Patchwork(rows, columns, original, ~have)


def _moved(image: F32, known: Bool, dx: int, dy: int) -> tuple[F32, Bool]:
    """The picture such that each place shows what lies (dx, dy) from it, and where that is known."""
    height, width = known.shape
    out, there = np.zeros_like(image), np.zeros_like(known)
    y0, y1 = max(0, -dy), min(height, height - dy)
    x0, x1 = max(0, -dx), min(width, width - dx)
    if y1 > y0 and x1 > x0:
        out[y0:y1, x0:x1] = image[y0 + dy : y1 + dy, x0 + dx : x1 + dx]
        there[y0:y1, x0:x1] = known[y0 + dy : y1 + dy, x0 + dx : x1 + dx]
    return out, there


def _offset(picture: F32, have: Bool, known: Bool, guide: F32, tried: set[tuple[int, int]]) -> tuple[int, int] | None:
    """The offset (dx, dy), pixels, whose copy covers much of what is left and fits what is there."""
    height, width = have.shape
    small = filters.fit_size((width, height), LOOK_SIDE)
    w, h = small
    share = filters.resize_f32(have.astype(np.float32), small, cv2.INTER_AREA)
    shown = filters.resize_f32(picture, small, cv2.INTER_AREA) / np.maximum(share, 1e-3)[..., None]
    colour = np.asarray(shown, np.float32)
    soft = filters.resize_f32(guide, small, cv2.INTER_AREA)
    full = share > 0.5
    source = filters.resize_f32(known.astype(np.float32), small, cv2.INTER_AREA) > 0.98
    left = ~full if not bool(full.all()) else share < 0.999
    amount = float(np.count_nonzero(left))
    # How much every offset covers, in one correlation; then the cheapest are looked at until no other can be better.
    up = round(FAR_UP * h)
    padded = cv2.copyMakeBorder(source.astype(np.float32), up, up, w, w, cv2.BORDER_CONSTANT, value=0.0)
    # Counts are whole: rounded, they do not hang on how the correlation was worked out.
    covers = np.rint(cv2.matchTemplate(padded, left.astype(np.float32), cv2.TM_CCORR)) / amount
    offset_y, offset_x = (np.asarray(axis) - far for axis, far in zip(np.indices(covers.shape), (up, w), strict=True))
    costs = RISE * np.abs(offset_y) / h + RUN * np.abs(offset_x) / w + GAIN * (1.0 - covers)
    apart = np.abs(offset_y) + np.abs(offset_x) >= NEAREST
    disc = filters.disc(RIM)
    for least in COVERS:
        best, found = np.inf, None
        usable = np.flatnonzero((covers >= least) & apart)
        order = usable[np.argsort(costs.ravel()[usable], kind="stable")]
        for at in order.tolist():
            cost = float(costs.flat[at])
            if cost >= best:
                break
            dx, dy = int(offset_x.flat[at]), int(offset_y.flat[at])
            y0, y1, x0, x1 = max(0, -dy), min(h, h - dy), max(0, -dx), min(w, w - dx)
            there = source[y0 + dy : y1 + dy, x0 + dx : x1 + dx]
            new = there & left[y0:y1, x0:x1]
            rim = np.asarray(cv2.dilate(new.view(np.uint8), disc), np.bool_) & there & full[y0:y1, x0:x1]
            if (dx, dy) in tried or np.count_nonzero(rim) < 3:
                continue
            ours, theirs = colour[y0:y1, x0:x1], colour[y0 + dy : y1 + dy, x0 + dx : x1 + dx]
            cost += SHARP * _apart(ours[rim], theirs[rim])
            if cost < best:
                cost += LIKE * _apart(soft[y0:y1, x0:x1][new], theirs[new])
            if cost < best:
                best, found = cost, (dx, dy)
        if found is not None:
            tried.add(found)
            return _refined(
                picture, have, known, (round(found[0] * width / w), round(found[1] * height / h)), width / w
            )
    return None


def _apart(a: F32, b: F32) -> float:
    """Root mean square difference of two lists of colours."""
    gap = (a - b).ravel()
    return math.sqrt(float(np.dot(gap, gap)) / max(1, gap.size))


def _refined(picture: F32, have: Bool, known: Bool, offset: tuple[int, int], reach: float) -> tuple[int, int]:
    """The offset near ``offset`` that fits best at full fineness; looked for within half of ``reach`` either way."""
    far = max(1, int(reach / 2))
    ring = np.asarray(cv2.dilate((~have).astype(np.uint8), filters.disc(3)), np.bool_) & have
    y, x = (np.asarray(axis, np.int32) for axis in np.nonzero(ring))
    best, found = np.inf, offset
    height, width = have.shape
    for dy in range(offset[1] - far, offset[1] + far + 1):
        for dx in range(offset[0] - far, offset[0] + far + 1):
            sy, sx = y + dy, x + dx
            inside = (sy >= 0) & (sy < height) & (sx >= 0) & (sx < width)
            inside[inside] = known[sy[inside], sx[inside]]
            if np.count_nonzero(inside) < 4:
                continue
            gap = float(np.abs(picture[y[inside], x[inside]] - picture[sy[inside], sx[inside]]).mean())
            if gap < best:
                best, found = gap, (dx, dy)
    return found


def _cut(picture: F32, moved: F32, have: Bool, there: Bool) -> Bool:
    """Which pixels the new piece gives: all that only it has, and its side of the least visible seam elsewhere."""
    y, x = np.nonzero(there)
    y0, y1, x0, x1 = int(y.min()), int(y.max()) + 1, int(x.min()), int(x.max()) + 1
    part = np.s_[max(0, y0 - 2) : y1 + 2, max(0, x0 - 2) : x1 + 2]
    old, new = have[part], there[part]
    given = np.zeros_like(have)
    if not bool((old & new).any()) or not bool((old & ~new).any()):
        given[part] = new & ~old
        return given
    seam = cv2.detail_GraphCutSeamFinder("COST_COLOR_GRAD")  # type: ignore[attr-defined]  # missing from the stub
    masks = [np.ascontiguousarray(one.astype(np.uint8) * np.uint8(255)) for one in (old, new)]
    images = [np.ascontiguousarray(one[part] * np.float32(255.0)) for one in (picture, moved)]
    found = seam.find(images, [(0, 0), (0, 0)], masks)
    second = found[1]
    kept = np.asarray(second.get() if isinstance(second, cv2.UMat) else second, np.uint8)
    given[part] = (kept > 0) & new
    given |= there & ~have
    return given
