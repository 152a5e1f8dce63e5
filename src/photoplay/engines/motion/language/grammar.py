"""Which move a verb and a direction make together.

The rules of camera sense live here: *pan* and *turn* turn the camera about its own place, *move*, *slide* and
*track* carry it; "left" is the camera's own left, so the picture runs to the right.
"""

from __future__ import annotations

from photoplay.shot import MoveKind

Made = tuple[MoveKind, int]

_K = MoveKind
_DOLLY_IN, _DOLLY_OUT = (_K.DOLLY, 1), (_K.DOLLY, -1)
_TURNS: dict[str, Made] = {
    "left": (_K.PAN, -1),
    "right": (_K.PAN, 1),
    "up": (_K.TILT, 1),
    "down": (_K.TILT, -1),
}
_SLIDES: dict[str, Made] = {
    "left": (_K.TRUCK, -1),
    "right": (_K.TRUCK, 1),
    "sideways": (_K.TRUCK, 1),
    "up": (_K.PEDESTAL, 1),
    "down": (_K.PEDESTAL, -1),
}
_DEPTH: dict[str, Made] = {
    "in": _DOLLY_IN,
    "forward": _DOLLY_IN,
    "out": _DOLLY_OUT,
    "back": _DOLLY_OUT,
}
_SPIN: dict[str, Made] = {"cw": (_K.ROLL, 1), "ccw": (_K.ROLL, -1)}
_AROUND: dict[str, Made] = {"around": (_K.ORBIT, 1)}
_THROUGH: dict[str, Made] = {"through": (_K.PUSH_THROUGH, 1)}

PAIRS: dict[str, tuple[str, str]] = {"both": ("right", "left"), "updown": ("up", "down"), "inout": ("in", "out")}
"""Directions that go there and back, and the first way each goes."""

VERBS: dict[str, dict[str, Made]] = {
    "zoom": {
        "in": (_K.ZOOM, 1),
        "forward": (_K.ZOOM, 1),
        "out": (_K.ZOOM, -1),
        "back": (_K.ZOOM, -1),
        "through": (_K.PUSH_THROUGH, 1),
    },
    "pan": {**_TURNS, **_SPIN, **_AROUND, "in": (_K.ZOOM, 1), "out": (_K.ZOOM, -1), "sideways": (_K.PAN, 1)},
    "tilt": {
        "up": (_K.TILT, 1),
        "down": (_K.TILT, -1),
        "back": (_K.TILT, 1),
        "forward": (_K.TILT, -1),
        "left": (_K.ROLL, -1),
        "right": (_K.ROLL, 1),
        "sideways": (_K.ROLL, 1),
        **_SPIN,
    },
    "dolly": {**_DEPTH, **_SLIDES, **_AROUND, **_THROUGH},
    "truck": {**_SLIDES, **_DEPTH, **_AROUND},
    "pedestal": {"up": (_K.PEDESTAL, 1), "down": (_K.PEDESTAL, -1)},
    "crane": {"up": (_K.CRANE, 1), "down": (_K.CRANE, -1)},
    "orbit": {"left": (_K.ORBIT, -1), "right": (_K.ORBIT, 1), "cw": (_K.ORBIT, -1), "ccw": (_K.ORBIT, 1)},
    "roll": {"left": (_K.ROLL, -1), "right": (_K.ROLL, 1), **_SPIN},
    "rack_focus": {"near": (_K.RACK_FOCUS, 1), "far": (_K.RACK_FOCUS, -1)},
    "dolly_zoom": {"in": (_K.DOLLY_ZOOM, 1), "out": (_K.DOLLY_ZOOM, -1)},
    "push_through": {},
    "handheld": {},
    "static": {},
    "move": {**_DEPTH, **_SLIDES, **_SPIN, **_AROUND, **_THROUGH, "over": _DOLLY_IN, "along": (_K.TRUCK, 1)},
    "slide": {**_SLIDES, **_DEPTH, "along": (_K.TRUCK, 1), "over": (_K.TRUCK, 1)},
    "turn": {**_TURNS, **_SPIN, **_AROUND},
    "look": {**_TURNS},
    "rise": {"up": (_K.PEDESTAL, 1), "over": (_K.CRANE, 1)},
    "sink": {"down": (_K.PEDESTAL, -1)},
    "follow": {**_SLIDES, **_DEPTH, **_AROUND},
}
"""For each verb of the tables, the move each direction makes of it."""

DIRECTIONS = frozenset({direction for made in VERBS.values() for direction in made} | set(PAIRS))
"""Every direction there is."""

ALONE: dict[str, Made] = {
    "zoom": (_K.ZOOM, 1),
    "pan": (_K.PAN, 1),
    "tilt": (_K.TILT, 1),
    "dolly": _DOLLY_IN,
    "truck": (_K.TRUCK, 1),
    "pedestal": (_K.PEDESTAL, 1),
    "crane": (_K.CRANE, 1),
    "orbit": (_K.ORBIT, 1),
    "roll": (_K.ROLL, 1),
    "rack_focus": (_K.RACK_FOCUS, 1),
    "dolly_zoom": (_K.DOLLY_ZOOM, 1),
    "push_through": (_K.PUSH_THROUGH, 1),
    "handheld": (_K.HANDHELD, 1),
    "static": (_K.STATIC, 1),
    "rise": (_K.PEDESTAL, 1),
    "sink": (_K.PEDESTAL, -1),
    "follow": (_K.TRUCK, 1),
    "slide": (_K.TRUCK, 1),
}
"""What a verb means when no direction is said."""

KIND_VERBS = frozenset(kind.value for kind in MoveKind)
"""Verbs that are a move's own name."""

GENERIC = frozenset({"move", "slide", "turn", "look", "rise", "sink", "follow"})
"""Verbs anything can do: whose motion it is must be found out."""

BACKWARDS: dict[str, str] = {
    "left": "right",
    "right": "left",
    "up": "down",
    "down": "up",
    "in": "out",
    "out": "in",
    "forward": "back",
    "back": "forward",
    "cw": "ccw",
    "ccw": "cw",
}


def concept_move(concept: str) -> Made | None:
    """The move of a concept that needs no direction: ``zoom+``, ``dolly-``."""
    if concept[-1:] in "+-" and concept[:-1] in KIND_VERBS:
        return MoveKind(concept[:-1]), 1 if concept.endswith("+") else -1
    return None
