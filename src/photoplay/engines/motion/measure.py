"""What the camera did, measured from finished frames: for tests and the bench, not for rendering.

Corners are followed from the first frame (pyramidal Lucas-Kanade, after undoing the motion found so far) and a
similarity (scale, rotation, shift) is fitted to them; half a thousand corners bring the error of the fit to a few
thousandths of a pixel.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from photoplay.engines.motion.planes import u8
from photoplay.engines.motion.types import F32, U8

F64 = NDArray[np.float64]

_WINDOW = 21
_CORNERS = 600
_SOFTEN = 1.0  # pixels
_LEAST = 12  # corners: fewer make no fit


@dataclass(frozen=True, slots=True)
class Fit:
    """A similarity from the first frame to a later one: ``p' = scale * Rot(angle) * (p - about) + about + shift``.

    ``angle_rad`` is clockwise on the screen; ``shift`` is in pixels, of the point ``about``.
    """

    scale: float
    angle_rad: float
    shift: tuple[float, float]
    about: tuple[float, float]
    corners: int

    def move(self, point: tuple[float, float]) -> tuple[float, float]:
        """Where a pixel of the first frame went."""
        x, y = point[0] - self.about[0], point[1] - self.about[1]
        c, s = self.scale * math.cos(self.angle_rad), self.scale * math.sin(self.angle_rad)
        return c * x - s * y + self.about[0] + self.shift[0], s * x + c * y + self.about[1] + self.shift[1]


def follow(frames: Iterable[U8], region: U8 | None = None) -> list[Fit]:
    """Fits from the first of ``frames``, (H, W) uint8 luma, to each of them, ending where too few corners are left.

    ``region``: (H, W) uint8, nonzero where corners may be taken. Every fit is made from the same corners: those
    that can be followed to the end and agree with the rest there.
    """
    # Fine grain is softened by sampling between pixels, more or less from frame to frame, which looks like motion.
    stream = (u8(cv2.GaussianBlur(frame, (0, 0), _SOFTEN)) for frame in frames)
    first = next(stream)
    # OpenCV gives None where it finds nothing, which its stubs do not say.
    found: Any = cv2.goodFeaturesToTrack(first, _CORNERS, 0.01, 7, mask=region)
    if found is None or len(found) < _LEAST:
        return []
    start: F32 = found.astype(np.float32)
    alive = np.ones(len(start), bool)
    tracks = [start.reshape(-1, 2)]
    guess = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    for frame in stream:
        lost = False
        for _ in range(2):  # the second time almost nothing is left to find, and its bias with it
            seen, good = _locate(first, frame, start, guess)
            if (alive & good).sum() < _LEAST:
                lost = True
                break
            matrix: Any = cv2.estimateAffinePartial2D(
                start[alive & good], seen[alive & good], ransacReprojThreshold=3.0
            )[0]
            if matrix is None:
                lost = True
                break
            guess = matrix
        if lost:
            break
        alive &= good
        tracks.append(seen)
    height, width = first.shape
    keep = alive & _agree(tracks[0], tracks[-1], alive, 0.02 * width)
    keep &= _steady(np.stack(tracks), keep)
    about = ((width - 1) / 2, (height - 1) / 2)
    return [_similarity(tracks[0][keep], track[keep], about) for track in tracks]


def _locate(first: U8, frame: U8, start: F32, guess: F64) -> tuple[F32, NDArray[np.bool_]]:
    """Where the corners are in ``frame``, and which were found: looked for after undoing the motion guessed so far."""
    height, width = frame.shape
    # Lanczos, since OpenCV's cubic kernel shifts what lies between pixels by up to 0.04 of one.
    undone = cv2.warpAffine(
        frame, guess, (width, height), flags=cv2.INTER_LANCZOS4 | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE
    )
    moved, status, _ = cv2.calcOpticalFlowPyrLK(
        first,
        undone,
        start,
        start.copy(),
        winSize=(_WINDOW, _WINDOW),
        maxLevel=3,
        criteria=(cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 40, 0.001),
    )
    seen = (moved.reshape(-1, 2) @ guess[:, :2].T + guess[:, 2]).astype(np.float32)
    edge = _WINDOW // 2
    inside = (seen > edge).all(axis=1) & (seen < np.array([width, height]) - edge).all(axis=1)
    return seen, (status.ravel() == 1) & inside


def _agree(start: F32, end: F32, alive: NDArray[np.bool_], within: float) -> NDArray[np.bool_]:
    matrix: Any = cv2.estimateAffine2D(start[alive], end[alive], ransacReprojThreshold=3.0)[0]
    if matrix is None:
        return alive
    expected = start @ matrix[:, :2].T + matrix[:, 2]
    near: NDArray[np.bool_] = np.linalg.norm(expected - end, axis=1) < within
    return near


def _steady(tracks: F32, keep: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Corners that never jump: a corner that is taken for its neighbour for a frame says nothing of the camera."""
    if len(tracks) < 3:
        return keep
    bend = np.diff(tracks, n=2, axis=0)  # (frames - 2, corners, 2)
    common = np.median(bend[:, keep], axis=1, keepdims=True)
    jump = np.linalg.norm(bend - common, axis=2).max(axis=0)
    steady: NDArray[np.bool_] = jump < max(0.5, 3.0 * float(np.median(jump[keep])))
    return steady


def _similarity(start: F32, end: F32, about: tuple[float, float]) -> Fit:
    """Least squares over complex numbers: end = (a + ib) * start + c."""
    z0 = (start[:, 0] - about[0]) + 1j * (start[:, 1] - about[1])
    z1 = (end[:, 0] - about[0]) + 1j * (end[:, 1] - about[1])
    centre0, centre1 = z0.mean(), z1.mean()
    turn = np.vdot(z0 - centre0, z1 - centre1) / np.vdot(z0 - centre0, z0 - centre0)
    shift = centre1 - turn * centre0
    return Fit(float(abs(turn)), float(np.angle(turn)), (float(shift.real), float(shift.imag)), about, len(start))


def jitter(fits: Sequence[Fit], size: tuple[int, int]) -> float:
    """Root mean square, over time and over the frame, of the second difference of the fitted motion, in pixels.

    A smooth path has almost none; whole-pixel steps have nearly a pixel.
    """
    if len(fits) < 3:
        return 0.0
    width, height = size
    points = [(0.2 * width, 0.2 * height), (0.8 * width, 0.2 * height), (0.5 * width, 0.5 * height)]
    points += [(0.2 * width, 0.8 * height), (0.8 * width, 0.8 * height)]
    paths = np.array([[fit.move(point) for point in points] for fit in fits])
    second = np.diff(paths, n=2, axis=0)
    return float(np.sqrt(np.mean(np.sum(second**2, axis=-1))))


def psnr(a: U8, b: U8) -> float:
    """Peak signal to noise ratio of two pictures, in decibels."""
    error = float(np.mean((a.astype(np.float64) - b.astype(np.float64)) ** 2))
    return math.inf if error == 0.0 else 10.0 * math.log10(255.0**2 / error)
