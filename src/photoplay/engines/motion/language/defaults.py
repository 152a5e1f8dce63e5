"""The shot nobody asked for: one gentle move that suits what the photo offers."""

from __future__ import annotations

from collections.abc import Sequence

from photoplay.engines.motion.language.facts import PhotoFacts
from photoplay.engines.motion.language.intents import Refusal
from photoplay.engines.motion.language.timeline import move_name
from photoplay.shot import Move, MoveKind, Shot

_TALL = 0.7  # width over height under which a photo is a tall one
_WIDE = 1.9
_CLOSE_FACE = 0.45  # of the frame's height: no closer


def default_shot(
    facts: PhotoFacts | None, refusals: Sequence[Refusal], seed: int, *, lively: float | None = None
) -> tuple[Shot, str]:
    """A gentle shot and a note that says why. ``lively``: how much motion was asked for, in no particular way.

    A close face is not approached but circled a little; a subject is approached; a wide landscape is travelled
    along; a tall one is risen through; several subjects are circled, which sets them apart; a flat picture is zoomed,
    for it has no depth to travel in.
    """
    refused = {(r.kind, r.sign) for r in refusals}
    # Who refuses a zoom does not want the picture to grow by itself in another way.
    refused |= {(MoveKind.DOLLY, sign) for kind, sign in refused if kind is MoveKind.ZOOM}
    for moves, reason in _candidates(facts, seed):
        if not any((m.kind, 0) in refused or (m.kind, 1 if m.amount > 0 else -1) in refused for m in moves):
            scale = 1.0 if lively is None else min(2.0, max(0.5, lively))
            made = tuple(m.model_copy(update={"amount": round(m.amount * scale, 3)}) for m in moves)
            names = " with ".join(move_name(m.kind, m.amount) for m in made)
            if lively is not None:
                return Shot(moves=made), f"default shot: motion was asked for but none in particular; {names} {reason}"
            return Shot(moves=made), f"default shot: no camera move was asked for; a gentle {names} {reason}"
    return Shot(
        moves=(Move(kind=MoveKind.STATIC),)
    ), "default shot: every gentle move was refused; the camera stays still"


def _candidates(facts: PhotoFacts | None, seed: int) -> list[tuple[tuple[Move, ...], str]]:
    side = 1.0 if seed % 2 == 0 else -1.0
    dolly = Move(kind=MoveKind.DOLLY, amount=0.8)
    found: list[tuple[tuple[Move, ...], str]] = []
    if facts is None:
        found.append(((dolly,), "suits most photos"))
    elif facts.is_flat:
        found.append(((Move(kind=MoveKind.ZOOM, amount=0.7),), "suits a picture without depth"))
    elif facts.subjects > 1:
        moves = Move(kind=MoveKind.ORBIT, amount=0.9 * side), Move(kind=MoveKind.DOLLY, amount=0.3)
        found.append((moves, "shows that those in the picture stand at different depths"))
    elif facts.has_face and facts.face_height >= _CLOSE_FACE:
        away = -1.0 if facts.subject_x > 0.5 else 1.0
        found.append(((Move(kind=MoveKind.ORBIT, amount=0.7 * away),), "suits a face that is close already"))
    elif facts.has_face or (facts.has_subject and not facts.is_landscape):
        found.append(((dolly.model_copy(update={"amount": 0.9}),), "brings the subject closer"))
    elif facts.aspect is not None and facts.aspect <= _TALL:
        found.append(
            ((Move(kind=MoveKind.PEDESTAL, amount=0.8), Move(kind=MoveKind.DOLLY, amount=0.4)), "suits a tall view")
        )
    elif facts.is_landscape and facts.aspect is not None and facts.aspect >= _WIDE:
        found.append(
            ((Move(kind=MoveKind.TRUCK, amount=0.9 * side), Move(kind=MoveKind.DOLLY, amount=0.4)), "suits a wide view")
        )
    elif facts.is_landscape:
        found.append(((dolly, Move(kind=MoveKind.CRANE, amount=0.3)), "suits a landscape"))
    found.append(((dolly,), "suits most photos"))
    found.append(((Move(kind=MoveKind.TRUCK, amount=0.8 * side),), "avoids what was refused"))
    found.append(((Move(kind=MoveKind.TRUCK, amount=-0.8 * side),), "avoids what was refused"))
    found.append(((Move(kind=MoveKind.ORBIT, amount=0.6 * side),), "avoids what was refused"))
    found.append(((Move(kind=MoveKind.ZOOM, amount=0.6),), "avoids what was refused"))
    return found
