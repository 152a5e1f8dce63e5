"""Where everybody stands: heights, rows and places in the frame, in frame heights. Pure geometry.

Who has feet stands on the ground between the horizon and the frame's lower edge; who is cut off below (a bust) goes on
below the frame's lower edge and is near. Sizes follow what is said and known of the things, drawn together so that a
cup beside a person can still be seen. Rows are made until everybody fits with little overlap; rows behind stand higher
and smaller, as on any ground seen from eye height.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from photoplay.engines.motion.ensemble.words import Wish

PERSON_M = 1.7
EVEN = 0.42  # exponent that draws real sizes together: 0 all alike, 1 true to life
FRONT_Y, BACK_Y = 0.945, 0.80  # of the frame's height: the ground line of the first row and the last
LOWEST_GROUND = 0.16  # of the frame's height that a ground line keeps from the horizon
CUT_BELOW = 0.03  # of its height by which a bust's cut lies under the frame's lower edge
OVERLAP = 0.14  # of their widths that neighbours may share
SIDE_ROOM = 0.035  # of the frame's width left free on either side
TALLEST = 0.74  # of the frame's height
STANDING, BUST = 0.56, 0.66  # natural heights of somebody with feet and of somebody without, alone in a wide frame
SMALLEST_ROW = 0.62  # of its natural size that a row may be shrunk to before another row is made
WIDEST = 0.62  # of the frame's width for one subject
BUST_FACE = (0.13, 0.30)  # of the frame's height: faces of busts stay between
FREE_SIDE = 0.34  # of the frame's width beside a backdrop's own subject that is enough to stand in


@dataclass(frozen=True, slots=True)
class Shape:
    """What the layout knows of a subject. ``aspect``: width over height of what is solid."""

    number: int  # of its image, 1-based
    aspect: float
    cut_below: bool = False
    cut_left: bool = False
    cut_right: bool = False
    face_height: float = 0.0  # of its own height
    person: bool = False
    wish: Wish = field(default_factory=Wish)


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a subject is: ``x`` of its middle in frame heights from the left, ``foot`` and ``height`` in frame
    heights, ``row`` 0 in front. What is drawn later stands nearer."""

    number: int
    x: float
    foot: float
    height: float
    row: int
    grounded: bool  # has feet on the ground; else it goes on below the frame

    def place(self, aspect: float) -> str:
        """In words, for the plan."""
        share = self.x / aspect
        side = "on the left" if share < 0.4 else "on the right" if share > 0.6 else "in the middle"
        return side if self.row == 0 else f"{side}, behind"


def natural_height(shape: Shape) -> float:
    """Height in frame heights that a subject would have alone in a wide frame."""
    if shape.cut_below:
        tall = BUST * min(1.0, max(0.72, shape.aspect**-0.25))
        if shape.face_height > 0.0:
            low, high = BUST_FACE
            tall = min(max(tall, low / shape.face_height), high / shape.face_height)
    elif shape.person:
        tall = STANDING * 1.08
    else:
        # Alike in area rather than in height: a motorcycle is wide, a lamp is tall.
        tall = STANDING * max(shape.aspect, 0.2) ** -0.38
    if shape.wish.stature_m is not None and not (shape.person or shape.cut_below):
        known = STANDING * 1.08 * (shape.wish.stature_m / PERSON_M) ** EVEN
        tall = 0.35 * tall + 0.65 * known
    return float(min(tall * shape.wish.size, TALLEST if shape.wish.size <= 1.0 else 0.86))


def arrange(
    shapes: Sequence[Shape],
    aspect: float,
    *,
    horizon: float = 0.45,
    taken: tuple[float, float] | None = None,
) -> tuple[Spot, ...]:
    """Where everybody stands, farthest first.

    Args:
        shapes: the subjects in the order of their images.
        aspect: the frame's width over its height.
        horizon: of the frame's height.
        taken: (left, right) in shares of the frame's width, where a subject of the backdrop's own stands.
    """
    span = _span(aspect, taken)
    heights = {shape.number: min(natural_height(shape), WIDEST * aspect / shape.aspect) for shape in shapes}
    rows = _rows(shapes, heights, span)
    spots: list[Spot] = []
    for depth in range(len(rows) - 1, -1, -1):
        spots += _stand(rows[depth], depth, len(rows), heights, span, aspect, horizon)
    # Far to near: rows from the back; within a row who stands higher first, busts last.
    spots.sort(key=lambda spot: (-spot.row, not spot.grounded, spot.foot, -spot.height))
    return tuple(spots)


def _span(aspect: float, taken: tuple[float, float] | None) -> tuple[float, float]:
    """The stretch of the frame that is free, in frame heights."""
    left, right = SIDE_ROOM * aspect, (1.0 - SIDE_ROOM) * aspect
    if taken is None:
        return left, right
    before, after = taken[0], 1.0 - taken[1]
    if max(before, after) < FREE_SIDE:
        return left, right
    if before >= after:
        return left, (taken[0] + 0.04) * aspect
    return (taken[1] - 0.04) * aspect, right


def _width(shapes: Sequence[Shape], heights: dict[int, float]) -> float:
    """Of a row, with the overlap that is allowed."""
    total = sum(shape.aspect * heights[shape.number] for shape in shapes)
    return total * (1.0 - OVERLAP) + (OVERLAP * max(s.aspect * heights[s.number] for s in shapes) if shapes else 0.0)


def _rows(shapes: Sequence[Shape], heights: dict[int, float], span: tuple[float, float]) -> list[list[Shape]]:
    """Rows from front to back, as few as fit."""
    room = span[1] - span[0]
    front_first = sorted(shapes, key=lambda s: (_wished_depth(s), not s.cut_below, heights[s.number], s.number))
    for count in range(1, 4):
        per = -(-len(shapes) // count)
        rows = [front_first[start : start + per] for start in range(0, len(front_first), per)]
        rows = _heed(rows)
        worst = max(_width(row, heights) for row in rows)
        if worst * SMALLEST_ROW <= room or len(rows) == len(shapes) or count == 3:
            break
    order = {shape.number: index for index, shape in enumerate(shapes)}
    return [sorted(row, key=lambda s: (_wished_side(s), order[s.number])) for row in rows if row]


def _heed(rows: list[list[Shape]]) -> list[list[Shape]]:
    """A row of their own for those who are wished behind, where there is but one row."""
    if len(rows) > 1:
        return rows
    back = [shape for shape in rows[0] if shape.wish.depth == "back"]
    front = [shape for shape in rows[0] if shape.wish.depth != "back"]
    return [front, back] if back and front else rows


def _wished_depth(shape: Shape) -> int:
    return {"front": -1, "back": 1}.get(shape.wish.depth or "", 0)


def _wished_side(shape: Shape) -> int:
    if shape.wish.side is None:  # a border that cuts it wants to lie on the frame's border
        return -1 if shape.cut_left and not shape.cut_right else 1 if shape.cut_right and not shape.cut_left else 0
    return {"left": -1, "centre": 0, "right": 1}[shape.wish.side]


def _stand(
    row: Sequence[Shape],
    depth: int,
    rows: int,
    heights: dict[int, float],
    span: tuple[float, float],
    aspect: float,
    horizon: float,
) -> list[Spot]:
    lowest = max(horizon + LOWEST_GROUND, BACK_Y)
    ground = FRONT_Y if rows == 1 else FRONT_Y - (FRONT_Y - min(lowest, FRONT_Y)) * depth / (rows - 1)
    away = max(0.55, (ground - horizon) / (FRONT_Y - horizon)) if depth else 1.0
    room = span[1] - span[0]
    scaled = {}
    for shape in row:
        tall = heights[shape.number] * away
        if shape.cut_below and depth:
            # Behind others and going on below the frame: it must look over them.
            tall = heights[shape.number] * (1.0 + 0.16 * depth)
        scaled[shape.number] = tall
    wide = _width(row, scaled)
    if wide > room:
        scaled = {number: tall * room / wide for number, tall in scaled.items()}
        wide = room
    widths = [shape.aspect * scaled[shape.number] for shape in row]
    spare = max(0.0, room - wide)
    bare = sum(widths)
    gap = (wide - bare) / (len(row) - 1) if len(row) > 1 else 0.0
    if spare > 0.0 and len(row) > 1:
        # Those who have room do not touch: the overlap is opened first, then a little air is let in.
        opened = min(spare, -gap * (len(row) - 1) + 0.10 * aspect)
        gap += opened / (len(row) - 1)
    wide = bare + gap * (len(row) - 1)
    start = span[0] + (room - wide) / 2
    if row[0].cut_left and not row[0].cut_right:
        start = -0.01 * aspect
    elif row[-1].cut_right and not row[-1].cut_left:
        start = 1.01 * aspect - wide
    if len(row) == 1:
        start = _alone(row[0], widths[0], span, aspect, rows, depth)
    spots = []
    for index, shape in enumerate(row):
        tall = scaled[shape.number]
        x = start + widths[index] / 2
        start += widths[index] + gap
        # In a row of three or more every other one stands a step back, so that feet do not stand on one line.
        step = 0.025 * (index % 2) if len(row) > 2 and not shape.cut_below else 0.0
        foot = 1.0 + CUT_BELOW * tall if shape.cut_below else ground - step
        spots.append(Spot(shape.number, x, foot, tall, depth, grounded=not shape.cut_below))
    return spots


def _alone(shape: Shape, width: float, span: tuple[float, float], aspect: float, rows: int, depth: int) -> float:
    """The left end of somebody who has a row to himself."""
    room = span[1] - span[0]
    if shape.wish.side == "left":
        return span[0] + 0.06 * aspect
    if shape.wish.side == "right":
        return span[1] - width - 0.06 * aspect
    if shape.cut_left and not shape.cut_right:
        return -0.01 * aspect
    if shape.cut_right and not shape.cut_left:
        return aspect * 1.01 - width
    # A little off the middle: thirds look better than halves; behind others on the other side.
    lean = 0.0 if rows == 1 and width > 0.4 * aspect else (-0.10 if depth == 0 else 0.14) * room
    return min(max(span[0] + (room - width) / 2 + lean, span[0]), max(span[0], span[1] - width))
