"""The written form of a shot: what ``--camera`` takes and what ``photoplay plan`` prints.

::

    shot  := step ("," "then"? | "then") step ...        one after the other
    step  := move ("+" | "and" | "with" | "while") move ... at the same time
    move  := name direction? amount? manner* span?
    manner:= slow | fast | gentle | strong | smooth | linear | ease-in | ease-out
    span  := "@" start "-" end                           fractions of the clip, 0..1

``dolly in 1.2, then pan left 0.5 slow`` is two halves; ``zoom in + handheld 0.4`` is one whole. Unlike a prompt, a
word that is not understood is an error.
"""

from __future__ import annotations

import re

from photoplay.engines.motion.language.timeline import move_name
from photoplay.errors import InvalidField
from photoplay.shot import Ease, Move, MoveKind, Shot

_TOKEN = re.compile(
    r"\s*(?:(@)|([+,&;])|(-?\d+(?:\.\d+)?(?:[eE]-?\d+)?)|([a-z]+(?:[-_][a-z]+)*)|(-)|(\S))", re.IGNORECASE
)
_FIELD = "camera"
_MAX_CHARS = 4000

_NAMES: dict[str, tuple[MoveKind, int]] = {
    "static": (MoveKind.STATIC, 1),
    "hold": (MoveKind.STATIC, 1),
    "dolly": (MoveKind.DOLLY, 1),
    "push": (MoveKind.DOLLY, 1),
    "pull": (MoveKind.DOLLY, -1),
    "zoom": (MoveKind.ZOOM, 1),
    "dolly-zoom": (MoveKind.DOLLY_ZOOM, 1),
    "vertigo": (MoveKind.DOLLY_ZOOM, 1),
    "truck": (MoveKind.TRUCK, 1),
    "slide": (MoveKind.TRUCK, 1),
    "pedestal": (MoveKind.PEDESTAL, 1),
    "pan": (MoveKind.PAN, 1),
    "tilt": (MoveKind.TILT, 1),
    "roll": (MoveKind.ROLL, 1),
    "orbit": (MoveKind.ORBIT, 1),
    "arc": (MoveKind.ORBIT, 1),
    "crane": (MoveKind.CRANE, 1),
    "handheld": (MoveKind.HANDHELD, 1),
    "push-through": (MoveKind.PUSH_THROUGH, 1),
    "rack-focus": (MoveKind.RACK_FOCUS, 1),
    "focus": (MoveKind.RACK_FOCUS, 1),
}
_DEPTH = {"in": 1, "forward": 1, "out": -1, "back": -1, "backward": -1}
_SIDE = {"right": 1, "left": -1}
_HEIGHT = {"up": 1, "down": -1}
_DIRECTIONS: dict[MoveKind, dict[str, int]] = {
    MoveKind.DOLLY: _DEPTH,
    MoveKind.ZOOM: _DEPTH,
    MoveKind.DOLLY_ZOOM: _DEPTH,
    MoveKind.PUSH_THROUGH: _DEPTH,
    MoveKind.TRUCK: _SIDE,
    MoveKind.PAN: _SIDE,
    MoveKind.ORBIT: _SIDE,
    MoveKind.PEDESTAL: _HEIGHT,
    MoveKind.TILT: _HEIGHT,
    MoveKind.CRANE: _HEIGHT,
    MoveKind.ROLL: {**_SIDE, "clockwise": 1, "cw": 1, "counter-clockwise": -1, "counterclockwise": -1, "ccw": -1},
    MoveKind.RACK_FOCUS: {"near": 1, "in": 1, "subject": 1, "far": -1, "out": -1},
}
_SCALES = {"slow": 0.7, "fast": 1.5, "gentle": 0.65, "slight": 0.5, "strong": 1.5, "extreme": 2.4}
_EASES = {"smooth": Ease.SMOOTH, "linear": Ease.LINEAR, "ease-in": Ease.IN, "ease-out": Ease.OUT}
_NEXT = frozenset({",", ";", "then"})
_TOGETHER = frozenset({"+", "&", "and", "with", "while"})
_WRITTEN = {
    (MoveKind.DOLLY_ZOOM, 1): "dolly-zoom in",
    (MoveKind.DOLLY_ZOOM, -1): "dolly-zoom out",
    (MoveKind.PUSH_THROUGH, 1): "push-through in",
    (MoveKind.PUSH_THROUGH, -1): "push-through out",
    (MoveKind.RACK_FOCUS, 1): "rack-focus near",
    (MoveKind.RACK_FOCUS, -1): "rack-focus far",
    (MoveKind.ROLL, 1): "roll clockwise",
    (MoveKind.ROLL, -1): "roll counter-clockwise",
}


def parse_shot(text: str) -> Shot:
    """The shot that ``text`` writes; empty text is a shot without moves.

    Raises:
        InvalidField: ``camera`` holds a word, number or span that has no meaning there; the message names it.
    """
    if len(text) > _MAX_CHARS:
        raise InvalidField(_FIELD, f"camera is longer than {_MAX_CHARS} characters")
    return _Parser(text).run()


class _Parser:
    def __init__(self, text: str) -> None:
        self.spanned: list[Move] = []  # moves whose span was written, even if it is the whole clip
        self.words = [match.group().strip().lower() for match in _TOKEN.finditer(text) if match.group().strip()]
        self.at = 0

    def run(self) -> Shot:
        steps: list[list[Move]] = []
        if not self.words:
            return Shot()
        while True:
            steps.append(self._step())
            if not self._separated():
                break
        if self.at < len(self.words):
            raise self._wrong("is not understood")
        count = len(steps)
        moves: list[Move] = []
        for number, step in enumerate(steps):
            for move in step:
                spanned = any(move is written for written in self.spanned)
                moves.append(
                    move if spanned else move.model_copy(update={"start": number / count, "end": (number + 1) / count})
                )
        return Shot(moves=tuple(moves))

    def _separated(self) -> bool:
        found = False
        while self.at < len(self.words) and self.words[self.at] in _NEXT:
            self.at += 1
            found = True
        return found and self.at < len(self.words)

    def _step(self) -> list[Move]:
        moves = [self._move()]
        while self.at < len(self.words) and self.words[self.at] in _TOGETHER:
            self.at += 1
            moves.append(self._move())
        return moves

    def _move(self) -> Move:
        if self.at >= len(self.words):
            raise InvalidField(_FIELD, "camera ends where a move is expected")
        kind, sign = self._name()
        direction = _DIRECTIONS.get(kind, {}).get(self._peek())
        if direction is not None:
            # "pull back" is one thing said twice, "push out" another way to say "pull".
            sign = direction if kind is not MoveKind.DOLLY or sign > 0 else -abs(direction)
            self.at += 1
        amount = 1.0
        ease = Ease.SMOOTH
        start, end = 0.0, 1.0
        spanned = False
        while self.at < len(self.words):
            word = self._peek()
            if _is_number(word):
                amount *= float(word)
            elif word in _SCALES:
                amount *= _SCALES[word]
            elif word in _EASES:
                ease = _EASES[word]
            elif word == "@":
                start, end = self._span()
                spanned = True
                continue
            else:
                break
            self.at += 1
        if abs(amount) > 4.0:
            raise InvalidField(_FIELD, f"camera: {move_name(kind, sign)} {amount:g} is more than 4")
        move = Move(
            kind=kind, amount=1.0 if kind is MoveKind.STATIC else amount * sign, start=start, end=end, ease=ease
        )
        if spanned:
            self.spanned.append(move)
        return move

    def _name(self) -> tuple[MoveKind, int]:
        word = self._peek().replace("_", "-")
        following = self.words[self.at + 1] if self.at + 1 < len(self.words) else ""
        if f"{word}-{following}" in _NAMES:  # "dolly zoom", "rack focus", "push through"
            self.at += 2
            return _NAMES[f"{word}-{following}"]
        if word not in _NAMES:
            raise self._wrong("is no camera move")
        self.at += 1
        return _NAMES[word]

    def _span(self) -> tuple[float, float]:
        self.at += 1
        start = self._fraction()
        if self._peek() == "-":
            self.at += 1
        end = abs(self._fraction())  # "0-0.5" reads as 0 and -0.5
        if not 0.0 <= start < end <= 1.0:
            raise InvalidField(_FIELD, f"camera: the span {start:g}-{end:g} must rise within 0 to 1")
        return start, end

    def _fraction(self) -> float:
        word = self._peek()
        if not _is_number(word):
            raise self._wrong("is no number") if word else InvalidField(_FIELD, "camera ends within a span")
        self.at += 1
        return float(word)

    def _peek(self) -> str:
        return self.words[self.at] if self.at < len(self.words) else ""

    def _wrong(self, why: str) -> InvalidField:
        return InvalidField(_FIELD, f"camera: {self._peek()[:40]!r} {why}")


def _is_number(word: str) -> bool:
    return bool(re.fullmatch(r"-?\d+(?:\.\d+)?(?:e-?\d+)?", word))


def format_shot(shot: Shot) -> str:
    """The written form of a shot; ``parse_shot`` reads back the very same shot."""
    if not shot.moves:
        return ""
    together = " + ".join(_written(move, spanned=False) for move in shot.moves)
    steps = ", then ".join(_written(move, spanned=False) for move in shot.moves)
    for short in (together, steps):
        if parse_shot(short) == shot:
            return short
    return " + ".join(_written(move, spanned=True) for move in shot.moves)


def _written(move: Move, *, spanned: bool) -> str:
    if move.kind is MoveKind.STATIC:
        words = "static"
    else:
        sign = -1 if move.amount < 0 else 1
        words = _WRITTEN.get((move.kind, sign), move_name(move.kind, move.amount))
        if move.kind is MoveKind.HANDHELD:
            words = f"handheld {move.amount!r}"  # has no direction: the sign stays with the number
        elif abs(move.amount) != 1.0:
            words += f" {abs(move.amount)!r}"
    if move.ease is not Ease.SMOOTH:
        words += {Ease.LINEAR: " linear", Ease.IN: " ease-in", Ease.OUT: " ease-out"}[move.ease]
    return f"{words} @{move.start!r}-{move.end!r}" if spanned else words
