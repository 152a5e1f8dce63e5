"""Shots by the axes and presets that video APIs offer for a camera without words.

Six axes in [-10, 10] and four presets, as the camera control of Kling's image-to-video API names them: an axis
moves by its sign, 0 is nothing, 10 is the most. Here 5 is one unit of the move (see ``UNITS`` in ``shot.py``), so
that the middle of the scale is a clearly visible, tasteful move and the end is twice that.

=============  =================  =========================================
axis           move               positive
=============  =================  =========================================
``horizontal``  truck             the camera moves right
``vertical``    pedestal          the camera moves up
``pan``         tilt              the camera turns up (about the x axis)
``tilt``        pan               the camera turns right (about the y axis)
``roll``        roll              the camera rolls clockwise
``zoom``        zoom              the field of view widens: zoom out
=============  =================  =========================================

The vendor defines ``pan`` as a turn in the vertical plane and ``tilt`` as one in the horizontal plane, the reverse of
film's usage, and counts a wider field of view as positive zoom. ``film_terms=True`` takes the names as film does:
pan turns right, tilt turns up, positive zoom goes in.
"""

from __future__ import annotations

from typing import Literal

from photoplay.errors import InvalidField
from photoplay.shot import Move, MoveKind, Shot

AXIS_LIMIT = 10.0  # an axis runs from -10 to 10
UNIT_PER_AXIS = 1 / 5.0  # units of a move that one step of an axis makes

Preset = Literal["down_back", "forward_up", "right_turn_forward", "left_turn_forward"]

PRESETS: dict[Preset, Shot] = {
    # The camera descends and moves back.
    "down_back": Shot(moves=(Move(kind=MoveKind.PEDESTAL, amount=-1.2), Move(kind=MoveKind.DOLLY, amount=-1.2))),
    # The camera moves forward and turns up.
    "forward_up": Shot(moves=(Move(kind=MoveKind.DOLLY, amount=1.2), Move(kind=MoveKind.TILT, amount=0.9))),
    # The camera turns right while it moves forward.
    "right_turn_forward": Shot(moves=(Move(kind=MoveKind.PAN, amount=1.0), Move(kind=MoveKind.DOLLY, amount=1.2))),
    # The camera turns left while it moves forward.
    "left_turn_forward": Shot(moves=(Move(kind=MoveKind.PAN, amount=-1.0), Move(kind=MoveKind.DOLLY, amount=1.2))),
}
"""What each preset does over the whole clip."""


def simple_axes(
    *,
    horizontal: float = 0.0,
    vertical: float = 0.0,
    pan: float = 0.0,
    tilt: float = 0.0,
    roll: float = 0.0,
    zoom: float = 0.0,
    film_terms: bool = False,
) -> Shot:
    """The shot of six axes, each in [-10, 10]; axes that are 0 make no move, several add up.

    Raises:
        InvalidField: an axis is outside its range or no number; the error's field names it.
    """
    axes = {"horizontal": horizontal, "vertical": vertical, "pan": pan, "tilt": tilt, "roll": roll, "zoom": zoom}
    for name, value in axes.items():
        if not -AXIS_LIMIT <= value <= AXIS_LIMIT:  # also catches NaN
            raise InvalidField(name, f"{name} must be between -{AXIS_LIMIT:g} and {AXIS_LIMIT:g}")
    turn_right, turn_up, scale = (pan, tilt, zoom) if film_terms else (tilt, pan, -zoom)
    wanted = (
        (MoveKind.TRUCK, horizontal),
        (MoveKind.PEDESTAL, vertical),
        (MoveKind.PAN, turn_right),
        (MoveKind.TILT, turn_up),
        (MoveKind.ROLL, roll),
        (MoveKind.ZOOM, scale),
    )
    return Shot(moves=tuple(Move(kind=kind, amount=value * UNIT_PER_AXIS) for kind, value in wanted if value != 0))


def preset(name: str) -> Shot:
    """The shot of a preset.

    Raises:
        InvalidField: there is no preset of that name.
    """
    for known, shot in PRESETS.items():
        if known == name:
            return shot
    raise InvalidField("type", f"type must be one of {', '.join(PRESETS)}")
