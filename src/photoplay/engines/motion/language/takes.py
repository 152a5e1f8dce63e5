"""Other takes of the same shot: what a director who asks for several would be given.

The first take is the shot as it was asked for. In each further one the moves keep their kind, direction and time, but
are a little larger or smaller, and the camera drifts gently on an axis that the shot leaves alone. A camera that must
hold still does so in every take.
"""

from __future__ import annotations

from collections.abc import Sequence

from photoplay.engines.motion.language.intents import Refusal
from photoplay.engines.motion.language.timeline import MAX_AMOUNT, NORMAL_S, move_name
from photoplay.shot import Move, MoveKind, Shot

_DRIFTS = (
    Move(kind=MoveKind.TRUCK, amount=0.6),
    Move(kind=MoveKind.TRUCK, amount=-0.6),
    Move(kind=MoveKind.PEDESTAL, amount=0.5),
    Move(kind=MoveKind.ORBIT, amount=0.6),
    Move(kind=MoveKind.ORBIT, amount=-0.6),
    Move(kind=MoveKind.PEDESTAL, amount=-0.4),
)
_SIZES = (0.85, 1.15, 0.75, 1.25, 0.95, 1.05, 0.7, 1.3, 0.9, 1.1, 0.8)
"""Their number shares no factor with any number of drifts, so many takes pass before two are alike."""

_AXES = (
    frozenset({MoveKind.TRUCK, MoveKind.PAN, MoveKind.ORBIT}),
    frozenset({MoveKind.PEDESTAL, MoveKind.TILT, MoveKind.CRANE}),
)
_UNSIZED = frozenset({MoveKind.STATIC, MoveKind.RACK_FOCUS})


def another_take(shot: Shot, take: int, *, refusals: Sequence[Refusal] = (), duration_s: float) -> tuple[Shot, str]:
    """The shot as it is in take number ``take`` (0 is the first), and a note that says how it differs; "" for none."""
    if take <= 0 or not shot.moves:
        return shot, ""
    if all(move.kind is MoveKind.STATIC for move in shot.moves):
        return shot, f"take {take + 1}: the camera holds still in every take"
    size = _SIZES[(take - 1) % len(_SIZES)]
    moves = tuple(move if move.kind in _UNSIZED else _sized(move, size) for move in shot.moves)
    note = f"take {take + 1}: moves at {size:.0%} of their size"
    drifts = _free(shot, refusals)
    if drifts:
        drift = drifts[(take - 1) % len(drifts)]
        share = min(1.4, max(0.5, duration_s / NORMAL_S))
        moves = (*moves, _sized(drift, share))
        note += f", with a slight {move_name(drift.kind, drift.amount)}"
    return Shot(moves=moves), note


def _sized(move: Move, size: float) -> Move:
    amount = min(MAX_AMOUNT, max(-MAX_AMOUNT, round(move.amount * size, 3)))
    return move.model_copy(update={"amount": amount})


def _free(shot: Shot, refusals: Sequence[Refusal]) -> list[Move]:
    """The drifts on axes that the shot does not use, without those that were refused."""
    used = {move.kind for move in shot.moves}
    taken = frozenset[MoveKind]().union(*(axis for axis in _AXES if used & axis))
    refused = {(each.kind, each.sign) for each in refusals}
    return [
        drift
        for drift in _DRIFTS
        if drift.kind not in taken
        and (drift.kind, 0) not in refused
        and (drift.kind, 1 if drift.amount > 0 else -1) not in refused
    ]
