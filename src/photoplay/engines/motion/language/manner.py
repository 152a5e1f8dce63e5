"""How much, how fast, how long: adverbs, adjectives and numbers of a clause, and which move each belongs to."""

from __future__ import annotations

import math
from collections.abc import Sequence

from photoplay.engines.motion.language.intents import PLAIN, Manner, MoveIntent
from photoplay.engines.motion.language.lexicon import small_words
from photoplay.engines.motion.language.segments import Item, Segment
from photoplay.engines.motion.language.tokens import Mark, Token
from photoplay.shot import Ease, MoveKind

FACTORS: dict[str, Manner] = {
    "slight": Manner(factor=0.5),
    "gentle": Manner(factor=0.65),
    "strong": Manner(factor=1.5),
    "dramatic": Manner(factor=1.7),
    "extreme": Manner(factor=2.4),
    "slow": Manner(factor=0.7),
    "fast": Manner(factor=1.5),
    "sudden": Manner(factor=1.5, sudden=True),
    "smooth": Manner(ease=Ease.SMOOTH),
    "steady": Manner(ease=Ease.LINEAR),
    "accelerate": Manner(ease=Ease.IN),
    "decelerate": Manner(ease=Ease.OUT),
}
"""What each manner word does to a move."""

VERY_POWER = 1.6  # "very slow" is slow to this power

# Words that are as often said of a thing as of a move: they count only next to a move.
_ADJECTIVES = small_words("adjectives")
_MOTION_NOUNS = small_words("motion_nouns")

_WORD_NUMBERS = {
    "five": 5, "ten": 10, "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60,
    "ninety": 90, "two": 2, "three": 3,
}  # fmt: skip
_DEGREES = small_words("degrees")
_PERCENT = small_words("percent")
_TIMES = small_words("times")

# How many units of a move one degree makes: UNITS in shot.py, with a 50 degree field of view.
DEGREES_PER_UNIT: dict[MoveKind, float] = {
    MoveKind.ROLL: 4.0,
    MoveKind.PAN: 50 * 0.08,
    MoveKind.TILT: 50 * 0.08,
    MoveKind.ORBIT: 2.7,
    MoveKind.CRANE: 2.7,
}
PERCENT_PER_UNIT: dict[MoveKind, float] = {
    MoveKind.TRUCK: 5.0,
    MoveKind.PEDESTAL: 5.0,
    MoveKind.PAN: 8.0,
    MoveKind.TILT: 8.0,
    MoveKind.ORBIT: 5.0,
    MoveKind.CRANE: 5.0,
}
SCALE_PER_UNIT = 1.15  # zoom, dolly, dolly-zoom
_SCALING = frozenset({MoveKind.ZOOM, MoveKind.DOLLY, MoveKind.DOLLY_ZOOM})


def manner_words(segment: Segment, tokens: Sequence[Token]) -> list[tuple[Item, Manner]]:
    """The words of a clause that say how, with what each says. "very" is joined to the word after it."""
    found: list[tuple[Item, Manner]] = []
    boost = False
    for item in segment.items:
        if item.concept == "very":
            boost = True
            continue
        manner = FACTORS.get(item.concept)
        if manner is None:
            boost = False
            continue
        if boost:
            manner = Manner(manner.factor**VERY_POWER, None, manner.sudden, manner.ease)
            boost = False
        if not _describes_a_thing(item, segment, tokens):
            found.append((item, manner))
    return found


def _describes_a_thing(item: Item, segment: Segment, tokens: Sequence[Token]) -> bool:
    """Whether an adjective stands before a noun that is no motion: "a small village"."""
    if tokens[item.first].text not in _ADJECTIVES or item.last - item.first > 1:
        return False
    after = [other for other in segment.items if other.first >= item.last]
    if item.last >= segment.last:
        return False
    following = tokens[item.last]
    if following.mark is not Mark.WORD or following.text in _MOTION_NOUNS:
        return False
    if after and after[0].first == item.last:
        concept = after[0].concept
        return concept.startswith(("noun.", "plain", "style", "desc."))
    return following.text.isascii() and following.text not in small_words("after_adjectives")


def combined(manners: Sequence[Manner]) -> Manner:
    """All of them at once."""
    total = PLAIN
    for manner in manners:
        total = total.joined(manner)
    return total


def exact_amount(kind: MoveKind, segment: Segment, tokens: Sequence[Token], first: int, last: int) -> float | None:
    """The amount in units that numbers between tokens ``first`` and ``last`` say: "by 20 degrees", "2x", "30 %"."""
    for at in range(first, last):
        value = _value(tokens[at])
        if value is None:
            continue
        unit = tokens[at + 1].text if at + 1 < len(tokens) else ""
        before = tokens[at - 1].text if at > 0 else ""
        amount = _in_units(kind, value, unit, before)
        if amount is not None:
            return amount
    if kind in _SCALING and any(item.concept == "double" for item in segment.items if first <= item.first < last):
        return _log_scale(2.0)
    return None


def _value(token: Token) -> float | None:
    if token.mark is Mark.NUMBER:
        return token.value
    return _WORD_NUMBERS.get(token.text)


def _in_units(kind: MoveKind, value: float, unit: str, before: str) -> float | None:
    if unit in _DEGREES:
        per_unit = DEGREES_PER_UNIT.get(kind)
        return None if per_unit is None or value <= 0 else value / per_unit
    if unit in _PERCENT:
        if kind in _SCALING:
            whole = before in {"to", "auf", "a", "à"} or value >= 100
            return _log_scale(value / 100 if whole else 1 + value / 100)
        per_unit = PERCENT_PER_UNIT.get(kind)
        return None if per_unit is None or value <= 0 else value / per_unit
    if (unit in _TIMES or before in {"x", "×"}) and kind in _SCALING:
        return _log_scale(value)
    return None


def _log_scale(times: float) -> float | None:
    """How many units scale the frame ``times`` times."""
    return abs(math.log(times)) / math.log(SCALE_PER_UNIT) if 0.05 < times < 100 and times != 1 else None


def share_out(moves: Sequence[tuple[int, int, MoveIntent]], words: Sequence[tuple[Item, Manner]]) -> list[MoveIntent]:
    """Gives each manner word to the nearest move of its clause; ``moves`` are (first token, last token, move)."""
    given: list[list[Manner]] = [[] for _ in moves]
    for item, manner in words:
        nearest = min(range(len(moves)), key=lambda i: (_distance(item, moves[i][0], moves[i][1]), moves[i][0]))
        given[nearest].append(manner)
    return [move.with_manner(combined(manners)) for (_, _, move), manners in zip(moves, given, strict=True)]


def _distance(item: Item, first: int, last: int) -> int:
    if item.last <= first:
        return first - item.last
    return max(0, item.first - last)
