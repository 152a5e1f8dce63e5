"""What the camera's moves sound like: fast ones whoosh."""

from __future__ import annotations

from collections.abc import Iterable

from photoplay.shot import Cue, Move, MoveKind, Shot

FAST = 0.5  # units a second (see photoplay.shot.UNITS) from which a move can be heard; 0.2 is an ordinary one
_SILENT = frozenset({MoveKind.STATIC, MoveKind.HANDHELD, MoveKind.RACK_FOCUS})
_SIDEWAYS = frozenset({MoveKind.PAN, MoveKind.TRUCK, MoveKind.ORBIT})


def camera_cues(shot: Shot, duration_s: float) -> tuple[Cue, ...]:
    """A whoosh at the middle of each fast move, panned the way it goes."""
    return merged(tuple(cue for move in shot.moves if (cue := _whoosh(move, duration_s)) is not None))


def merged(cues: Iterable[Cue]) -> tuple[Cue, ...]:
    """In order of time; of whooshes that overlap the stronger stays: two at once are no louder, only muddier."""
    kept: list[Cue] = []
    for cue in sorted(cues, key=lambda one: one.at_s):
        before = kept[-1] if kept else None
        if before is None or not _same_whoosh(before, cue):
            kept.append(cue)
        elif cue.strength > before.strength:
            kept[-1] = cue
    return tuple(kept)


def _same_whoosh(first: Cue, second: Cue) -> bool:
    return first.kind == second.kind == "whoosh" and second.at_s < first.at_s + 0.7 * first.duration_s


def _whoosh(move: Move, duration_s: float) -> Cue | None:
    length_s = (move.end - move.start) * duration_s
    if move.kind in _SILENT or length_s <= 0.0:
        return None
    speed = abs(move.amount) / length_s
    if speed < FAST:
        return None
    side = 0.0
    if move.kind in _SIDEWAYS:
        side = 0.6 if move.amount > 0 else -0.6
    sound_s = min(max(length_s, 0.3), 1.6)
    middle_s = (move.start + move.end) / 2 * duration_s
    return Cue(
        at_s=max(0.0, middle_s - sound_s / 2),
        kind="whoosh",
        strength=min(2.0, 0.5 + 0.5 * speed / FAST),
        pan=side,
        duration_s=sound_s,
    )
