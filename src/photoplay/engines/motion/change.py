"""First and last frame of photos that show unlike things: one changes into the other while the camera moves.

What film makers call a match dissolve. Over the change both photos are framed so that what each is about stands at
the same place and about as large, both are filmed with the same travel, and the light and colours of both are drawn
together. Focus goes soft while one gives way to the other, so that no two drawings lie over each other, and what is
far changes before what is near. Then the camera settles on the last image.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from photoplay.engines.motion import filters
from photoplay.engines.motion.animate import NEUTRAL, Animator, Changes, Grade, LayerChange, LayerKey, Moment, Spec
from photoplay.engines.motion.camera import Nudge
from photoplay.engines.motion.director import fitted_small
from photoplay.engines.motion.easing import span
from photoplay.engines.motion.interest import LOOK_SIDE, Anchor, anchor_of
from photoplay.engines.motion.planes import RGB_TO_YUV
from photoplay.engines.motion.sequence import Span
from photoplay.engines.motion.types import F32, U8, Photo, SceneMap, Stage
from photoplay.shot import Ease, Move, MoveKind

CHANGE_S, CHANGE_SHARE = 1.3, 0.36  # the change's length, and at most this share of the clip
SETTLE = 1.5  # times the change's length over which the camera gathers itself for it, and settles after it
TRAVEL = 1.1  # units of dolly in towards the change, and out of it
CLOSE_OLD, CLOSE_NEW = 1.06, 1.4  # how much closer the change sees the photos, at least: the new one steps back from it
CLOSEST = 1.9  # how much closer than the whole photo a framing may go
SOFT = 0.028  # blur disc in frame widths in the middle of the change
SOFTEST = 0.6  # of the change: when focus is softest, which is when what is near changes
GAINS = (0.72, 1.4)  # how much a photo's contrast may be changed to meet the other's
NEAR_OLD, NEAR_NEW, UNEVEN = 0.42, 0.42, 0.16  # what says when a place changes: depth in either photo, and chance


@dataclass(frozen=True, slots=True)
class Framing:
    """A closer look at a photo: it grows by ``scale``, and its point ``centre`` is shown at ``at`` (frame widths)."""

    scale: float
    centre: tuple[float, float]
    at: tuple[float, float]

    def nudge(self, share: float) -> Nudge:
        """The framing by ``share`` 0 (the whole photo) .. 1. On the way too it stays within the photo's frame."""
        scale = self.scale**share
        way = (scale - 1.0) / (self.scale - 1.0)
        dx, dy = (way * (to - here) for to, here in zip(self.at, self.centre, strict=True))
        return Nudge(dx=dx, dy=dy, scale=scale, about=self.centre)


def framings(first: Anchor, last: Anchor, aspect: float) -> tuple[Framing, Framing]:
    """How both photos are framed in the change: at one place and of one size, as far as neither shows its border."""
    scales = [CLOSE_OLD, CLOSE_NEW]
    if first.size is not None and last.size is not None:
        ratio = last.size / first.size
        scales = [CLOSE_OLD * max(1.0, ratio), CLOSE_NEW * max(1.0, 1.0 / ratio)]
    scales = [min(scale, CLOSEST) for scale in scales]
    at: list[list[float]] = [[], []]
    for axis, half in ((0, 0.5), (1, aspect / 2)):
        spots = (first.centre[axis], last.centre[axis])
        reach = [(half - k * (half - spot), k * (spot + half) - half) for k, spot in zip(scales, spots, strict=True)]
        # The place that both can show their anchor at and that is nearest to between; else each as near as it can.
        want = sum(spots) / 2
        low, high = max(one[0] for one in reach), min(one[1] for one in reach)
        want = min(max(want, low), high) if low <= high else (low + high) / 2
        for found, (least, most) in zip(at, reach, strict=True):
            found.append(min(max(want, least), most))
    return (
        Framing(scales[0], first.centre, (at[0][0], at[0][1])),
        Framing(scales[1], last.centre, (at[1][0], at[1][1])),
    )


def meeting_grades(first: U8, last: U8) -> tuple[Grade, Grade]:
    """Grades that bring two pictures, (h, w, 3) uint8 RGB, to the same light, contrast and colour, half way each."""
    seen = []
    for picture in (first, last):
        small = cv2.resize(picture, (64, 64), interpolation=cv2.INTER_AREA).reshape(-1, 3).astype(np.float32)
        codes = small @ RGB_TO_YUV[:, :3].T + RGB_TO_YUV[:, 3]
        mean, spread = codes.mean(axis=0), np.maximum(codes.std(axis=0), 2.0)
        seen.append((mean - np.array([16.0, 128.0, 128.0]), float(spread[0]), float(np.hypot(spread[1], spread[2]))))
    middle = (seen[0][0] + seen[1][0]) / 2
    contrast, colour = (math.sqrt(seen[0][i] * seen[1][i]) for i in (1, 2))
    grades = []
    for mean, own_contrast, own_colour in seen:
        luma = min(max(contrast / own_contrast, GAINS[0]), GAINS[1])
        chroma = min(max(colour / own_colour, GAINS[0]), GAINS[1])
        offset = middle - np.array([luma, chroma, chroma]) * mean
        grades.append(Grade(luma, float(offset[0]), chroma, float(offset[1]), float(offset[2])))
    return grades[0], grades[1]


def change_spans(frames: int, fps: int) -> tuple[Span, Span]:
    """The frames of the two photos: they overlap while one changes into the other."""
    half = max(1, round(min(CHANGE_S * fps, CHANGE_SHARE * frames) / 2))
    middle = frames // 2
    return Span(0, min(frames, middle + half)), Span(max(0, middle - half), frames)


def veil(old: F32, new: F32, seed: int) -> F32:
    """(h, w) float32 0 first .. 1 last: when each place changes, from nearness 0 .. 1 of either photo, and a seed."""
    rows, columns = old.shape
    rng = np.random.default_rng([0xC4A6, seed & 0xFFFFFFFF])
    cloud = np.zeros_like(old)
    for cells, weight in ((5, 1.0), (11, 0.5), (23, 0.25)):
        grid = rng.random((max(2, round(cells * rows / columns)), cells), np.float32)
        cloud += np.float32(weight) * cv2.resize(grid, (columns, rows), interpolation=cv2.INTER_CUBIC)
    cloud = (cloud - cloud.min()) / max(float(np.ptp(cloud)), 1e-6)
    mixed = NEAR_OLD * old + NEAR_NEW * new + UNEVEN * cloud
    # By rank, so that the picture changes evenly: else most of a near subject would go at once, at the very end.
    ranks = np.empty(mixed.size, np.float32)
    ranks[np.argsort(mixed, axis=None, kind="stable")] = np.linspace(0.0, 1.0, mixed.size, dtype=np.float32)
    return filters.blur(ranks.reshape(old.shape), 1.5)


@dataclass(frozen=True)
class Change:
    """All that the two takes of a change have in common."""

    spans: tuple[Span, Span]
    framed: tuple[Framing, Framing]
    grades: tuple[Grade, Grade]

    def moves(self, number: int) -> tuple[Move, ...]:
        """The dolly towards the change, or out of it, over the take's own time."""
        own, (begin, end) = self.spans[number], self._reach()
        if number == 0:
            start = min(max(0.0, (begin - own.first) / own.frames), 0.99)
            return (Move(kind=MoveKind.DOLLY, amount=TRAVEL, start=start, end=1.0, ease=Ease.SMOOTH),)
        stop = max(min(1.0, (end - own.first) / own.frames), 0.01)
        return (Move(kind=MoveKind.DOLLY, amount=-TRAVEL, start=0.0, end=stop, ease=Ease.SMOOTH),)

    def _reach(self) -> tuple[float, float]:
        """The frames between which the camera is under way."""
        begin, end = self.spans[1].first, self.spans[0].last
        way = SETTLE * (end - begin)
        return max(0.0, begin - way), min(float(self.spans[1].last - 1), end + way)

    def at(self, number: int, index: int) -> tuple[float, float]:
        """(framing, softness) 0..1 of a take at frame ``index`` of the clip."""
        begin, end = float(self.spans[1].first), float(self.spans[0].last - 1)
        start, stop = self._reach()
        third = (end - begin) / 3
        framed = span(index, start, begin + third) if number == 0 else 1.0 - span(index, end - third, stop)
        peak = begin + SOFTEST * (end - begin)
        soft = span(index, begin - third / 2, peak) * (1.0 - span(index, peak, end + third / 2))
        return framed, soft


class Through(Animator):
    """One take's part in a change: its framing, light and focus. ``number``: 0 the first photo, 1 the last."""

    def __init__(self, stage: Stage, change: Change, number: int) -> None:
        self._change, self._number = change, number
        self._keys: tuple[LayerKey, ...] = tuple(range(len(stage.layers)))

    def frame(self, moment: Moment) -> Changes:
        """See :class:`Animator`."""
        change, number = self._change, self._number
        framed, soft = change.at(number, change.spans[number].first + moment.index)
        if framed <= 0.0 and soft <= 0.0:
            return Changes()
        blur = SOFT * soft
        layers: dict[LayerKey, LayerChange] = {}
        if blur > 1e-4:
            layers = dict.fromkeys(self._keys, LayerChange(blur=blur))
        return Changes(
            layers=layers,
            nudge=change.framed[number].nudge(framed),
            grade=NEUTRAL.toward(change.grades[number], framed),
        )


def make_change(first: tuple[Photo, SceneMap], last: tuple[Photo, SceneMap], spec: Spec) -> Change:
    """The change from one photo, with what is seen in it, to another."""
    output = (spec.width, spec.height)
    both = (first, last)
    pictures = [fitted_small(photo.rgb, photo.size, scene, output, LOOK_SIDE) for photo, scene in both]
    mattes = [fitted_small(scene.matte, photo.size, scene, output, LOOK_SIDE) for photo, scene in both]
    anchors = [anchor_of(picture, matte) for picture, matte in zip(pictures, mattes, strict=True)]
    return Change(
        change_spans(spec.frames, spec.fps),
        framings(anchors[0], anchors[1], spec.height / spec.width),
        meeting_grades(pictures[0], pictures[1]),
    )
