"""Where everybody stands: heights, rows and places in the frame, in frame heights. Pure geometry.

Who has feet stands on the ground between the horizon and the frame's lower edge; who is cut off below (a bust) goes on
below the frame's lower edge and is near. Sizes follow what is said and known of the things, drawn together so that a
cup beside a person can still be seen. Rows are made until everybody fits with little overlap; rows behind stand higher
and smaller, as on any ground seen from eye height.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from photoplay.engines.motion.ensemble.words import Wish

PERSON_M = 1.7
EVEN = 0.42  # exponent that draws real sizes together: 0 all alike, 1 true to life
FRONT_Y, BACK_Y = 0.945, 0.80  # of the frame's height: the ground line of the first row and the last
LOWEST_GROUND = 0.16  # of the frame's height that a ground line keeps from the horizon
CUT_BELOW = 0.03  # of its height by which a bust's cut lies under the frame's lower edge
OVERLAP, OVERLAP_TALL = 0.14, 0.26  # of their widths that neighbours may share, in wide frames and in tall ones
SIDE_ROOM = 0.035  # of the frame's width left free on either side; none in tall frames
TALLEST = 0.74  # of the frame's height
STANDING, BUST = 0.56, 0.66  # natural heights of somebody with feet and of somebody without, alone in a wide frame
WIDEST = 0.62  # of the frame's width for one subject
BUST_FACE = (0.13, 0.30)  # of the frame's height: faces of busts stay between
FREE_SIDE = 0.40  # of the frame's width that is made free beside a backdrop's own subject, before which others step
APART = 0.016  # of the frame's width between neighbours who have room
CLOSER = 0.80  # of their size that a row shrinks to before its members overlap
BESIDE_PEOPLE = 0.84  # times smaller, for things that nobody named beside people
BESIDE_OWN = 0.86  # times smaller, for those who join a backdrop's own subject
LOPSIDED = 0.25  # worth that a row loses for every frame height its middle is off the frame's
ALONE = 1.16  # times larger, for who has the frame to himself


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
    alone = ALONE if len(shapes) == 1 and taken is None else 1.0
    heights = {shape.number: min(natural_height(shape) * alone, WIDEST * aspect / shape.aspect) for shape in shapes}
    if taken is not None:
        heights = {number: tall * BESIDE_OWN for number, tall in heights.items()}
    if any(shape.person for shape in shapes):  # things of unknown size are less than people
        for shape in shapes:
            if not (shape.person or shape.cut_below or shape.wish.stature_m is not None):
                heights[shape.number] *= BESIDE_PEOPLE
    tries = [_stood(rows, heights, span, aspect, horizon) for rows in _rows(shapes)]
    return max(tries, key=lambda spots: _worth(spots, shapes, aspect))


def _stood(
    rows: Sequence[Sequence[Shape]], heights: dict[int, float], span: tuple[float, float], aspect: float, horizon: float
) -> tuple[Spot, ...]:
    """Rows, given from front to back, at their best places; farthest first."""
    room = span[1] - span[0]
    lowest = min(FRONT_Y, max(horizon + LOWEST_GROUND, BACK_Y - 0.10 * (len(rows) - 1)))
    # One scale for all rows, or those behind would be giants where the front is crowded.
    scale = min(_shrink(row, heights, room, aspect) for row in rows)
    heights = {number: tall * scale for number, tall in heights.items()}
    shapes = [shape for row in rows for shape in row]
    stood: list[Spot] = _stand(rows[0], 0, len(rows), heights, span, aspect, FRONT_Y, horizon)
    for depth in range(1, len(rows)):
        best: tuple[float, list[Spot]] | None = None
        nearest = min(spot.foot for spot in stood if spot.row == depth - 1)
        for lift in (0.25, 0.5, 0.75, 1.0):
            ground = min(nearest, FRONT_Y) - (min(nearest, FRONT_Y) - lowest) * lift * depth / max(1, len(rows) - 1)
            row = _stand(rows[depth], depth, len(rows), heights, span, aspect, ground, horizon)
            for moved in _slid(row, rows[depth], span):
                aside = abs(sum(spot.x for spot in moved) / len(moved) - 0.5 * (span[0] + span[1]))
                worth = _worth([*moved, *stood], shapes, aspect) - LOPSIDED * aside
                if best is None or worth > best[0] + 1e-9:
                    best = worth, moved
        stood = [*(best[1] if best is not None else []), *stood]
    # Far to near: rows from the back; within a row who stands higher first, busts last.
    return tuple(sorted(stood, key=lambda spot: (-spot.row, not spot.grounded, spot.foot, -spot.height)))


def _slid(row: Sequence[Spot], shapes: Sequence[Shape], span: tuple[float, float]) -> list[list[Spot]]:
    """A row as it is, spread wider, and slid to either side, as far as there is room."""
    half = {shape.number: 0.5 * shape.aspect for shape in shapes}
    middle = sum(spot.x for spot in row) / len(row)
    found = []
    for spread in (1.0, 1.3, 1.6):
        wider = [replace(spot, x=middle + (spot.x - middle) * spread) for spot in row]
        left = min(spot.x - half[spot.number] * spot.height for spot in wider) - span[0]
        right = span[1] - max(spot.x + half[spot.number] * spot.height for spot in wider)
        if left + right < 0.0:
            continue
        found += [
            [replace(spot, x=spot.x - left + (left + right) * share) for spot in wider]
            for share in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
        ]
    return found or [list(row)]


def _worth(spots: Sequence[Spot], shapes: Sequence[Shape], aspect: float) -> float:
    """How much is seen of everybody: their sizes, less for who is hidden by those drawn later.

    In a tall frame, where there is height to spare, size counts for more.
    """
    size_counts = 0.5 if aspect >= 1.0 else 0.62
    half = {shape.number: 0.5 * shape.aspect for shape in shapes}
    drawn = sorted(spots, key=lambda spot: (-spot.row, not spot.grounded, spot.foot, -spot.height))
    total = 0.0
    for index, spot in enumerate(drawn):
        wide = half[spot.number] * spot.height
        seen = 0
        for step_x in range(6):
            for step_y in range(6):
                x = spot.x + wide * (step_x / 2.5 - 1.0) * 0.9
                y = spot.foot - spot.height * (step_y + 0.5) / 6
                seen += not any(
                    abs(x - other.x) < 0.86 * half[other.number] * other.height
                    and other.foot - 0.96 * other.height < y < other.foot
                    for other in drawn[index + 1 :]
                )
        clear = min(1.0, max(0.0, (seen / 36 - 0.40) / 0.50))
        total += (2.0 * wide * spot.height) ** size_counts * (2.0 * clear - 1.0)
    return total


def _span(aspect: float, taken: tuple[float, float] | None) -> tuple[float, float]:
    """The stretch of the frame that is free, in frame heights."""
    room = SIDE_ROOM * min(1.0, max(0.0, (aspect - 0.55) / 0.45))
    left, right = room * aspect, (1.0 - room) * aspect
    if taken is None:
        return left, right
    before, after = taken[0], 1.0 - taken[1]
    if before >= after:
        return left, min(right, max(taken[0] + 0.03, FREE_SIDE) * aspect)
    return max(left, min(taken[1] - 0.03, 1.0 - FREE_SIDE) * aspect), right


def _width(shapes: Sequence[Shape], heights: dict[int, float], aspect: float) -> float:
    """Of a row, with the overlap that is allowed in a frame of that shape."""
    shared = OVERLAP + (OVERLAP_TALL - OVERLAP) * min(1.0, max(0.0, (1.0 - aspect) / 0.4))
    widths = [shape.aspect * heights[shape.number] for shape in shapes]
    return sum(widths) * (1.0 - shared) + shared * max(widths)


def _rows(shapes: Sequence[Shape]) -> list[list[list[Shape]]]:
    """Ways to make one, two or three rows of them; each is given from front to back."""
    front_first = sorted(shapes, key=lambda s: (_wished_depth(s), not s.cut_below, natural_height(s), s.number))
    order = {shape.number: index for index, shape in enumerate(shapes)}
    found = []
    for count in range(1, min(3, len(shapes)) + 1):
        per = -(-len(shapes) // count)
        if count > 1 and per < 2:
            break
        rows = _heed([front_first[start : start + per] for start in range(0, len(front_first), per)])
        found.append([sorted(row, key=lambda s: (_wished_side(s), order[s.number])) for row in rows if row])
    return found


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


def _shrink(row: Sequence[Shape], heights: dict[int, float], room: float, aspect: float) -> float:
    """By how much a row must be made smaller: first so that its members do not touch, then so that it fits at all."""
    loose = sum(shape.aspect * heights[shape.number] for shape in row) + APART * aspect * (len(row) - 1)
    closer = CLOSER + (1.0 - CLOSER) * min(1.0, max(0.0, (1.0 - aspect) / 0.4))  # room is dear in tall frames
    share = max(closer, min(1.0, room / loose))
    return min(share, room / _width(row, heights, aspect))


def _stand(
    row: Sequence[Shape],
    depth: int,
    rows: int,
    heights: dict[int, float],
    span: tuple[float, float],
    aspect: float,
    ground: float,
    horizon: float,
) -> list[Spot]:
    """A row's places on a ground line. Who is farther is smaller; who goes on below the frame behind others must look
    over them."""
    away = max(0.55, (ground - horizon) / (FRONT_Y - horizon)) if depth else 1.0
    scaled = {s.number: heights[s.number] * (1.0 + 0.16 * depth if s.cut_below else away) for s in row}
    room = span[1] - span[0]
    wide = min(room, _width(row, scaled, aspect))
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
