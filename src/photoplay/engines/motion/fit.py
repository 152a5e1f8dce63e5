"""The size of the video, and which part of the photo it shows."""

from __future__ import annotations

from photoplay.engines.motion.types import Box, SceneMap
from photoplay.shot import AspectRatio

MAX_SHAPE = 2.5  # a longer or taller photo is cropped to this
FACE_ROOM = 0.55  # head room above and around a face, in face heights: hair and chin belong to it
MIN_SIDE = 2


def _even(value: float) -> int:
    return max(MIN_SIDE, 2 * round(value / 2))


def choose_output(
    photo_size: tuple[int, int],
    short_side: int,
    aspect_ratio: AspectRatio = "auto",
    size: tuple[int, int] | None = None,
) -> tuple[int, int]:
    """The video's (width, height), both even.

    Args:
        photo_size: (width, height) of the photo.
        short_side: pixels of the video's short side ("720p" is 720).
        aspect_ratio: "auto" follows the photo's shape, up to 2.5:1.
        size: an exact size asked for; it wins, made even.
    """
    if size is not None:
        return _even(size[0]), _even(size[1])
    if aspect_ratio == "auto":
        shape = photo_size[0] / photo_size[1]
        shape = min(max(shape, 1 / MAX_SHAPE), MAX_SHAPE)
    else:
        across, down = aspect_ratio.split(":")
        shape = int(across) / int(down)
    short = _even(short_side)
    return (_even(short * shape), short) if shape >= 1 else (short, _even(short / shape))


def _union(boxes: list[Box]) -> Box:
    return Box(
        min(b.x0 for b in boxes), min(b.y0 for b in boxes), max(b.x1 for b in boxes), max(b.y1 for b in boxes)
    )  # fmt: skip


def _head(box: Box) -> Box:
    """A face's box grown to the whole head."""
    w, h = box.x1 - box.x0, box.y1 - box.y0
    return Box(
        max(0.0, box.x0 - 0.3 * w), max(0.0, box.y0 - FACE_ROOM * h),
        min(1.0, box.x1 + 0.3 * w), min(1.0, box.y1 + 0.35 * h),
    )  # fmt: skip


def _place(length: float, must: tuple[float, float] | None, want: tuple[float, float] | None, centre: float) -> float:
    """Where a window of ``length`` (fraction) starts on one axis.

    ``want`` is held as far as it fits, ``must`` is held whole if it fits at all, else its beginning is (the top of a
    head); what is left free is drawn towards ``centre``.
    """
    start = centre - length / 2
    for span in (want, must):
        if span is None:
            continue
        low, high = span
        if high - low <= length:
            start = min(max(start, high - length), low)
        elif span is must:
            start = low
        else:  # the subject is longer than the window: its middle, without leaving it
            start = min(max(start, low), high - length)
    return min(max(start, 0.0), 1.0 - length)


def fit(
    photo_size: tuple[int, int], output: tuple[int, int], scene: SceneMap | None
) -> tuple[float, float, float, float]:
    """The crop (x, y, width, height) in photo pixels that fills the output: never stretched, never barred.

    It is the largest window of the output's shape. Heads stay inside it, then the subject as far as it fits;
    with neither it is the middle, a little above it for tall photos, where the eye expects the motif.
    """
    width, height = photo_size
    shape = output[0] / output[1]
    if width / height > shape:
        across, down = height * shape / width, 1.0
    else:
        across, down = 1.0, width / shape / height
    heads: Box | None = None
    subject: Box | None = None
    if scene is not None:
        chosen = [_head(face.box) for face in scene.faces]
        # With many faces that do not fit together the largest ones win (faces come largest first).
        while len(chosen) > 1 and (
            _union(chosen).x1 - _union(chosen).x0 > across or _union(chosen).y1 - _union(chosen).y0 > down
        ):
            chosen.pop()
        heads = _union(chosen) if chosen else None
        subject = scene.subject
    focus = subject or heads
    # A subject's upper part carries its head or top, a centre crop cuts it off: aim at its upper third.
    centre_x = focus.centre[0] if focus else 0.5
    centre_y = focus.y0 + 0.42 * (focus.y1 - focus.y0) if focus else (0.5 if down == 1.0 else 0.46)
    x = _place(across, (heads.x0, heads.x1) if heads else None, (subject.x0, subject.x1) if subject else None, centre_x)
    subject_y: tuple[float, float] | None = None
    if subject is not None:  # one that is too tall keeps its top and loses its foot
        subject_y = (subject.y0, min(subject.y1, subject.y0 + down))
    y = _place(down, (heads.y0, heads.y1) if heads else None, subject_y, centre_y)
    return x * width, y * height, across * width, down * height
