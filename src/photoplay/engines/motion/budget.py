"""Keeps a shot within what the photo can carry, and says so when it had to.

Two limits and a preference. **Margin**: the camera must not see past the stage's picture; a modest push-in that
grows with the move makes room first, then the moves are made smaller. **Gap**: where the subject moves against
what is behind it, filled-in picture comes to light; beyond a share of the frame's width the fill would be noticed.
And where a move goes to the side only, a small push-in keeps most of the margin that was made up beyond the photo
out of sight.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from photoplay.engines.motion.camera import F64, CameraPath, View, photo_to_frame, subject_layer
from photoplay.engines.motion.types import Stage
from photoplay.shot import Move, MoveKind, Shot

MAX_REFRAME = math.log(1.10)  # the push-in that may make room for a move
SOFT_REFRAME = math.log(1.06)  # the push-in that may keep made-up margin out of sight, in moves to the side
SOFT_SLACK = 0.015  # of the frame's width: made-up margin that nobody notices
MAX_GAP = 0.10  # of the frame's width: what the plate may have to show beside the subject
SAFETY_PX = 4.5  # working pixels kept from the edge: chroma is sampled linearly at half the size
SAMPLES = 33  # times at which a path is tried
LEAST_SHARE = 0.05  # a move that would have to be made smaller than this is left out
NOTED_SHARE = 0.98  # above this nobody sees the difference and no note is made

_GROWS_OUT = frozenset({MoveKind.ZOOM, MoveKind.DOLLY})  # with a negative amount a push-in would only undo them
_SIDEWAYS = frozenset(
    {
        MoveKind.STATIC,
        MoveKind.PAN,
        MoveKind.TILT,
        MoveKind.TRUCK,
        MoveKind.PEDESTAL,
        MoveKind.ORBIT,
        MoveKind.CRANE,
        MoveKind.ROLL,
        MoveKind.HANDHELD,
        MoveKind.RACK_FOCUS,
    }
)
_TRAVELS = frozenset(
    {
        MoveKind.DOLLY,
        MoveKind.DOLLY_ZOOM,
        MoveKind.TRUCK,
        MoveKind.PEDESTAL,
        MoveKind.ORBIT,
        MoveKind.CRANE,
        MoveKind.PUSH_THROUGH,
        MoveKind.HANDHELD,
    }
)


@dataclass(frozen=True, slots=True)
class Fitted:
    """A path within its budget, and what was changed for it, in plain words."""

    path: CameraPath
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Room:
    """What lies around the frame, in frame widths from its centre, and how near the plate is at its border."""

    left: float
    top: float
    right: float
    bottom: float
    plate_q: tuple[float, float]


def fit(path: CameraPath, stage: Stage) -> Fitted:
    """``path`` made to fit ``stage``."""
    notes: list[str] = []
    path = _fit_gap(path, stage, notes)
    path = _fit_margin(path, stage, notes)
    return Fitted(path, tuple(notes))


def _room(path: CameraPath, stage: Stage) -> _Room:
    plate = stage.layers[0]
    height, width = plate.rgb.shape[:2]
    x, y, frame_w, frame_h = stage.frame
    low, high = float(plate.inverse_depth.min()), float(plate.inverse_depth.max())
    pad = SAFETY_PX / frame_w
    return _Room(
        left=-(x + frame_w / 2) / frame_w + pad,
        top=-(y + frame_h / 2) / frame_w + pad,
        right=(width - x - frame_w / 2) / frame_w - pad,
        bottom=(height - y - frame_h / 2) / frame_w - pad,
        plate_q=(path.rig.nearness(low), path.rig.nearness(high)),
    )


def _real_room(path: CameraPath, stage: Stage, room: _Room) -> _Room:
    """The part of the room that is photo, with a little slack."""
    left, top = photo_to_frame(stage, 0.0, 0.0)
    right, bottom = photo_to_frame(stage, 1.0, 1.0)
    half = path.rig.aspect / 2
    return _Room(
        left=min(-0.5, max(room.left, left - SOFT_SLACK)),
        top=min(-half, max(room.top, top - SOFT_SLACK)),
        right=max(0.5, min(room.right, right + SOFT_SLACK)),
        bottom=max(half, min(room.bottom, bottom + SOFT_SLACK)),
        plate_q=room.plate_q,
    )


@lru_cache(maxsize=4)
def _border(aspect: float) -> F64:
    """(3, 17) points of the frame in homogeneous frame widths: its centre, then its border and thirds. Not to be
    written to."""
    half = aspect / 2
    points = [(0.0, 0.0, 1.0)]
    points += [(u, v, 1.0) for u in (-0.5, -0.17, 0.17, 0.5) for v in (-half, -half / 3, half / 3, half)]
    return np.array(points).T


def needed_push(view: View, room: _Room, aspect: float) -> float:
    """Logarithm of the push-in about the frame's centre that keeps everything this view shows within the room.

    A straight line from what the centre looks at to what a border point looks at leaves the room at some share
    of its length; the push-in is the inverse of the smallest share. Infinite when the centre itself is out.
    """
    return _needed_pushes([view], room, aspect)[0]


def _needed_pushes(views: Sequence[View], room: _Room, aspect: float) -> list[float]:
    """:func:`needed_push` of each of ``views``."""
    nearest = sorted(set(room.plate_q))
    seen = np.stack([view.homography(q) for view in views for q in nearest]) @ _border(aspect)
    at = seen[:, :2] / seen[:, 2:]  # (views * nearest, x and y, points)
    centre, least, most = at[..., 0], at.min(axis=2), at.max(axis=2)
    low, high = np.array([room.left, room.top]), np.array([room.right, room.bottom])
    share = np.ones_like(centre)
    np.divide(centre - low, centre - least, out=share, where=least < low)
    other = np.ones_like(centre)
    np.divide(high - centre, most - centre, out=other, where=most > high)
    share = np.where((low < centre) & (centre < high), np.minimum(share, other), 0.0)
    worst = share.reshape(len(views), -1).min(axis=1)
    return [-math.log(one) if one > 0.0 else math.inf for one in worst.tolist()]


def _reframe(path: CameraPath, room: _Room) -> float:
    """The push-in, reached with the end of the moves, that keeps the whole path within the room."""
    needed = 0.0
    bare = path.with_shot(path.shot, 0.0)
    times = [index / (SAMPLES - 1) for index in range(SAMPLES)]
    for t, push in zip(times, _needed_pushes([bare.at(t) for t in times], room, path.rig.aspect), strict=True):
        if push > 1e-9:
            engaged = bare.progress(1.0 - t if bare.backwards else t)
            needed = max(needed, push / engaged if engaged > 1e-6 else math.inf)
    return needed


def _scaled(shot: Shot, share: float, kinds: frozenset[MoveKind] | None = None) -> Shot:
    moves = tuple(
        move.model_copy(update={"amount": move.amount * share}) if kinds is None or move.kind in kinds else move
        for move in shot.moves
    )
    return Shot(moves=moves)


def _outward(shot: Shot) -> bool:
    return any(move.kind in _GROWS_OUT and move.amount < 0 for move in shot.moves)


def _fit_margin(path: CameraPath, stage: Stage, notes: list[str]) -> CameraPath:
    room = _room(path, stage)
    # Zooming out with a push-in on top would be no zoom; a dolly zoom with one would not hold its subject.
    held = any(move.kind is MoveKind.DOLLY_ZOOM for move in path.shot.moves)
    limit = 0.0 if _outward(path.shot) else 0.02 if held else MAX_REFRAME
    push = _reframe(path, room)
    if push <= limit:
        if all(move.kind in _SIDEWAYS for move in path.shot.moves):
            # A move to the side is as clear a little closer; what was made up beyond the photo is better not shown.
            push = max(push, min(SOFT_REFRAME, _reframe(path, _real_room(path, stage, room))))
        return path.with_shot(path.shot, push)
    kinds = frozenset(move.kind for move in path.shot.moves if _widens(path, move, room))
    low, high = 0.0, 1.0
    for _ in range(11):
        middle = (low + high) / 2
        if _reframe(path.with_shot(_scaled(path.shot, middle, kinds), 0.0), room) <= limit:
            low = middle
        else:
            high = middle
    shot = _scaled(path.shot, low, kinds)
    smaller = path.with_shot(shot, 0.0)
    _note(notes, path.shot, kinds, low, "so that nothing beyond the picture shows")
    return smaller.with_shot(shot, min(limit, _reframe(smaller, room)))


def _widens(path: CameraPath, move: Move, room: _Room) -> bool:
    """Whether a move by itself shows more than the room, or might together with others."""
    if move.kind in (MoveKind.STATIC, MoveKind.RACK_FOCUS):
        return False
    alone = path.with_shot(Shot(moves=(move,)), 0.0)
    times = (0.5 * (move.start + move.end), 1.0)
    middle, end = (alone.at(1.0 - t if alone.backwards else t) for t in times)
    snug = _Room(-0.5, -path.rig.aspect / 2, 0.5, path.rig.aspect / 2, room.plate_q)
    return max(needed_push(middle, snug, path.rig.aspect), needed_push(end, snug, path.rig.aspect)) > 1e-4


def _gap(path: CameraPath, stage: Stage) -> float:
    """Widest strip of plate, in frame widths, that comes to light beside the subject along the path."""
    index = subject_layer(stage)
    layer = stage.layers[index]
    if index == 0 or layer.alpha is None:
        return 0.0
    x, y, frame_w, frame_h = stage.frame
    solid = layer.alpha[::4, ::4] >= 128
    rows, columns = np.flatnonzero(solid.any(axis=1)), np.flatnonzero(solid.any(axis=0))
    if rows.size == 0:
        return 0.0
    left, right = (float(v) * 4 for v in (columns[0], columns[-1] + 1))
    top, bottom = (float(v) * 4 for v in (rows[0], rows[-1] + 1))
    behind = stage.layers[0].inverse_depth
    rows_q, columns_q = behind.shape
    height, width = layer.alpha.shape
    part = behind[
        int(top / height * rows_q) : max(int(top / height * rows_q) + 1, int(bottom / height * rows_q)),
        int(left / width * columns_q) : max(int(left / width * columns_q) + 1, int(right / width * columns_q)),
    ]
    near_q, far_q = path.rig.nearness(layer.anchor_depth), path.rig.nearness(float(part.mean()))
    # Sides of the subject that lie within the frame can uncover something; where it leaves the frame nothing does.
    sides: list[tuple[float, float, float, float]] = []
    mid_u, mid_v = ((left + right) / 2 - x - frame_w / 2) / frame_w, ((top + bottom) / 2 - y - frame_h / 2) / frame_w
    if left > x:
        sides.append(((left - x - frame_w / 2) / frame_w, mid_v, -1.0, 0.0))
    if right < x + frame_w:
        sides.append(((right - x - frame_w / 2) / frame_w, mid_v, 1.0, 0.0))
    if top > y:
        sides.append((mid_u, (top - y - frame_h / 2) / frame_w, 0.0, -1.0))
    if bottom < y + frame_h:
        sides.append((mid_u, (bottom - y - frame_h / 2) / frame_w, 0.0, 1.0))
    widest = 0.0
    for number in range(1, SAMPLES, 2):
        view = path.at(number / (SAMPLES - 1))
        for u, v, nx, ny in sides:
            # How far the plate seen at the subject's edge lies inside what the subject covered in the photo.
            near_u, near_v = view.look(u, v, near_q)
            far_u, far_v = view.look(u, v, far_q)
            widest = max(widest, (near_u - far_u) * nx + (near_v - far_v) * ny)
    return widest


def _fit_gap(path: CameraPath, stage: Stage, notes: list[str]) -> CameraPath:
    if _gap(path, stage) <= MAX_GAP:
        return path
    low, high = 0.0, 1.0
    for _ in range(11):
        middle = (low + high) / 2
        if _gap(path.with_shot(_scaled(path.shot, middle, _TRAVELS), 0.0), stage) <= MAX_GAP:
            low = middle
        else:
            high = middle
    _note(notes, path.shot, _TRAVELS, low, "so that little of what the subject hides has to be made up")
    return path.with_shot(_scaled(path.shot, low, _TRAVELS), 0.0)


def _note(notes: list[str], shot: Shot, kinds: frozenset[MoveKind], share: float, why: str) -> None:
    names = sorted({move.kind.value.replace("_", " ") for move in shot.moves if move.kind in kinds and move.amount})
    if not names or share >= NOTED_SHARE:
        return
    what = " and ".join(names)
    if share < LEAST_SHARE:
        notes.append(f"{what} left out {why}")
    else:
        notes.append(f"{what} reduced to {round(share * 100)} % {why}")
