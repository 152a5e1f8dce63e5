"""Several photos in one clip: takes in a row, joined while the camera keeps travelling.

Over a join both takes are drawn. The new one comes in by depth: the far end of the old picture gives way first,
what stands near last, so that the join reads as moving past things rather than as a fade. The old camera gathers
speed into the join and the new one spends it.

Takes are made when the first of their frames is asked for and let go after the last, so that memory holds two
photos, whatever their number.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

from photoplay.engines.motion import planes as yuv
from photoplay.engines.motion.compositor import Compositor
from photoplay.engines.motion.easing import smooth
from photoplay.engines.motion.planes import Planes, u8
from photoplay.engines.motion.types import F32, U8
from photoplay.shot import Ease, Move, MoveKind, Shot

JOIN_S = 0.9  # a join's length, where the takes are long enough
JOIN_SHARE = 0.4  # of the shorter take
_SOFTNESS = 0.45  # of a join: over this part of it each point gives way
LEAVING, ARRIVING = 1.5, 1.2  # units of pushing through into a join, and of dolly out of it
BEFORE, AFTER = 2.2, 2.0  # times a join's length over which the camera gathers speed for it and spends it


@dataclass(frozen=True, slots=True)
class Span:
    """Frames [first, last) of the clip in which a take is seen, joins included."""

    first: int
    last: int

    @property
    def frames(self) -> int:
        """How many."""
        return self.last - self.first


def spans(frames: int, fps: int, count: int) -> tuple[Span, ...]:
    """Divides a clip among ``count`` takes; neighbours share the frames of their join."""
    if count == 1:
        return (Span(0, frames),)
    edges = [round(frames * index / count) for index in range(count + 1)]
    shortest = min(b - a for a, b in pairwise(edges))
    half = max(1, min(round(JOIN_S * fps), int(JOIN_SHARE * shortest)) // 2)
    return tuple(
        Span(max(0, edges[i] - (half if i else 0)), min(frames, edges[i + 1] + (half if i + 1 < count else 0)))
        for i in range(count)
    )


def travel_moves(index: int, all_spans: Sequence[Span]) -> tuple[Move, ...]:
    """The dolly that carries the camera out of one take and into the next, over each take's own time."""
    own = all_spans[index]
    moves: list[Move] = []
    if index + 1 < len(all_spans):
        share = (own.last - all_spans[index + 1].first) / own.frames
        begin = max(0.0, 1.0 - BEFORE * share)
        moves.append(Move(kind=MoveKind.PUSH_THROUGH, amount=LEAVING, start=begin, end=1.0, ease=Ease.IN))
    if index > 0:
        share = (all_spans[index - 1].last - own.first) / own.frames
        moves.append(Move(kind=MoveKind.DOLLY, amount=ARRIVING, start=0.0, end=min(1.0, AFTER * share), ease=Ease.OUT))
    return tuple(moves)


def share_of(shot: Shot, share: float) -> Shot:
    """A shot for a part of the clip: as fast as the whole would be, so smaller."""
    return Shot(
        moves=tuple(
            move
            if move.kind in (MoveKind.HANDHELD, MoveKind.RACK_FOCUS)
            else move.model_copy(update={"amount": move.amount * share})
            for move in shot.moves
        )
    )


class Joined:
    """Takes in a row as one source of frames."""

    def __init__(
        self,
        all_spans: Sequence[Span],
        make: Callable[[int], Compositor],
        width: int,
        height: int,
        *,
        by_depth: bool = True,
        order: Callable[[F32, F32], F32] = lambda old, new: old,
    ) -> None:
        """``make(i)`` gives the compositor of take ``i``, whose frame 0 is the first frame of its span.

        ``by_depth``: the far end gives way first; otherwise the whole picture is mixed at once. ``order``: from the
        nearness 0..1 of both takes, (h, w), when each place gives way: 0 first .. 1 last.
        """
        self._by_depth = by_depth
        self._order = order
        self._spans = tuple(all_spans)
        self._make = make
        self._size = (width, height)
        self._lock = threading.Lock()
        self._takes: dict[int, Compositor] = {}
        self._veils: dict[int, F32] = {}
        self._done: dict[int, int] = {}

    def draw_frame(self, index: int, out: Planes) -> None:
        """Draws frame ``index`` of the whole clip."""
        seen = [i for i, span in enumerate(self._spans) if span.first <= index < span.last]
        first = self._take(seen[0])
        first.draw_frame(index - self._spans[seen[0]].first, out)
        for number in seen[1:]:
            self._join(index, seen[0], number, out)
        self._count(seen)

    def _take(self, number: int) -> Compositor:
        with self._lock:
            if number not in self._takes:
                self._takes[number] = self._make(number)
            return self._takes[number]

    def _count(self, seen: Sequence[int]) -> None:
        """Lets go of takes all of whose frames have been drawn."""
        with self._lock:
            for number in seen:
                self._done[number] = self._done.get(number, 0) + 1
                if self._done[number] == self._spans[number].frames:
                    self._takes.pop(number, None)

    def _join(self, index: int, old: int, new: int, out: Planes) -> None:
        coming = self._take(new).frame(index - self._spans[new].first)
        begin, end = self._spans[new].first, self._spans[old].last
        progress = (index - begin + 1) / (end - begin + 1)
        if self._by_depth:
            mask = reveal(self._veil(old, new), progress, *self._size)
        else:
            mask = np.full(self._size[::-1], round(255 * smooth(progress)), np.uint8)
        mix(out, coming, mask)

    def _veil(self, old: int, new: int) -> F32:
        takes = self._take(old), self._take(new)
        with self._lock:
            if old not in self._veils:
                self._veils[old] = self._order(*(take.nearness() for take in takes))
            return self._veils[old]


def reveal(nearness: F32, progress: float, width: int, height: int) -> U8:
    """(height, width) uint8: how much of the new picture shows at ``progress`` 0..1 of a join.

    ``nearness`` (h, w) float32 0 far .. 1 near, of the old picture, at any size.
    """
    start = (1.0 - _SOFTNESS) * nearness
    x = np.clip((np.float32(progress) - start) / np.float32(_SOFTNESS), 0.0, 1.0)
    shown = x * x * (3.0 - 2.0 * x)
    small = np.rint(shown * 255.0).astype(np.uint8)
    return u8(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR))


def mix(out: Planes, coming: Planes, mask: U8) -> None:
    """``out`` becomes ``coming`` where ``mask`` (H, W) is 255, and a mix between."""
    half = yuv.halve(mask)
    for target, source, share in ((out.y, coming.y, mask), (out.u, coming.u, half), (out.v, coming.v, half)):
        rest = cv2.bitwise_not(share)
        cv2.multiply(target, rest, dst=target, scale=1.0 / 255.0)
        cv2.add(target, cv2.multiply(source, share, scale=1.0 / 255.0), dst=target)
