"""One clause being read: its words, what is negated or only described, and the moves placed so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from photoplay.engines.motion.language import grammar
from photoplay.engines.motion.language.directions import FAR_TOKENS, Directions, is_verb
from photoplay.engines.motion.language.intents import Manner, MoveIntent, Reading, Refusal
from photoplay.engines.motion.language.lexicon import Table, small_words
from photoplay.engines.motion.language.manner import exact_amount, manner_words
from photoplay.engines.motion.language.owners import Owner, Owners
from photoplay.engines.motion.language.segments import Item, Segment
from photoplay.engines.motion.language.tokens import Token
from photoplay.shot import LifeKind, MoveKind

LIFE_NOUNS: dict[str, LifeKind] = {
    "n.sway": LifeKind.SWAY,
    "n.water": LifeKind.WATER,
    "n.clouds": LifeKind.CLOUDS,
    "n.smoke": LifeKind.SMOKE,
    "n.fire": LifeKind.FIRE,
    "n.snow": LifeKind.SNOW,
    "n.rain": LifeKind.RAIN,
    "n.petals": LifeKind.PETALS,
    "n.dust": LifeKind.DUST,
    "n.light": LifeKind.LIGHT_LEAK,
}
"""What moves when a noun is said to move."""

FRAGMENT_CHARS = 100


@dataclass(slots=True)
class Context:
    """What a clause inherits from the one before it in the same sentence."""

    owner: Owner | None = None
    verb: str | None = None  # the last camera verb, for "and then back out"
    sentence: int = -1
    stilled: bool = False  # "nothing moves", which "except her hair" may follow


def fragment(text: str, tokens: Sequence[Token], first: int, last: int) -> str:
    """The prompt's own words of the tokens ``first:last``, on one line, shortened when long."""
    if last <= first:
        return ""
    words = " ".join(text[tokens[first].start : tokens[last - 1].end].split())
    return words if len(words) <= FRAGMENT_CHARS else words[: FRAGMENT_CHARS - 1].rstrip() + "…"


class Clause:
    """What every part of the reading of a clause shares."""

    def __init__(
        self,
        text: str,
        tokens: Sequence[Token],
        words: Table,
        segment: Segment,
        context: Context,
        *,
        english: bool,
        negated: bool,
    ) -> None:
        self.text = text
        self.tokens = tokens
        self.segment = segment
        self.items = segment.items
        self.context = context
        self.english = english
        self.owners = Owners(segment, tokens, words, english=english, carried=context.owner)
        self.reading = Reading()
        self.manners = manner_words(segment, tokens)
        self.used: set[int] = set()  # indexes of direction items already spent
        self.directions = Directions(segment, tokens, self.used, english=english)
        self.placed: list[tuple[int, int, MoveIntent]] = []
        negations = [] if words.negation_anywhere else [i.first for i in self.items if i.concept == "neg"]
        self.negated_from = segment.first if negated else min(negations, default=segment.last + 1)
        # "without moving the camera let the curtains billow": the "no" ends where an order begins.
        orders = (at for at in range(self.negated_from, segment.last) if tokens[at].text in small_words("orders"))
        self.negated_to = segment.last if negated or not english else next(orders, segment.last)
        self.negated_items = self._negated_before() if words.negation_anywhere else set()
        purposes = [item.first for item in self.items if item.concept == "purpose"]
        self.described_from = min(purposes, default=segment.last + 1)
        # "Reveal the palace by pulling away": what follows "by" is asked for again.
        by = (at for at in range(self.described_from, segment.last) if english and tokens[at].text == "by")
        self.described_to = next(by, segment.last)

    def _words(self, first: int, last: int) -> str:
        return fragment(self.text, self.tokens, first, last)

    def _whole(self) -> str:
        return self._words(self.segment.first, self.segment.last)

    def _negated(self, item: Item) -> bool:
        return self.negated_from <= item.first < self.negated_to or any(
            item.first <= at < item.last for at in self.negated_items
        )

    def _described(self, item: Item) -> bool:
        """Whether it is told what comes into view rather than what shall move."""
        return self.described_from <= item.first < self.described_to

    def _negated_before(self) -> set[int]:
        """Tokens that a "no" after its verb refuses: the motion right before it, and one joined to that."""
        found: set[int] = set()
        for at, item in enumerate(self.items):
            if item.concept != "neg":
                continue
            edge = None
            for other in reversed(self.items[:at]):
                if other.concept == "neg" or (edge is not None and edge - other.last > 2):
                    break
                if (
                    is_verb(other)
                    or other.concept.startswith(("life.", "n."))
                    or other.concept in {"somemove", "ken_burns"}
                ):
                    found.update(range(other.first, other.last))
                    edge = other.first
        return found

    def _directed(self, index: int, item: Item, verb: str) -> bool:
        """Places the moves that ``verb`` makes with the directions around it; False when there are none."""
        found = False
        kinds: set[MoveKind] = set()
        directions = self.directions.around(index, item, verb)
        said = {direction for _, direction in directions}
        if "around" in said and said & {"left", "right"} and grammar.VERBS[verb].get("around") is not None:
            verb = "orbit"  # "rotating left around her"
        for at, direction in directions:
            both = direction in grammar.PAIRS
            made = grammar.VERBS[verb].get(grammar.PAIRS[direction][0] if both else direction)
            if made is None or made[0] in kinds:
                continue
            if found and self.items[at].first - item.last > FAR_TOKENS:
                continue
            if made[0] is MoveKind.DOLLY and any(word == "through" for _, word in directions):
                continue  # "forward through the trees" is one move
            found = True
            kinds.add(made[0])
            self.used.add(at)
            last = max(item.last, self.items[at].last)
            first = min(item.first, self.items[at].first)
            if made[0] is MoveKind.ORBIT:
                self.context.verb = "orbit"
            self._place(Item(item.concept, first, last), MoveIntent(*made, both=both), any_sign=direction == "around")
        return found

    def _place(self, item: Item, move: MoveIntent, *, any_sign: bool = False) -> None:
        words = self._words(item.first, item.last)
        if self._negated(item):
            self.reading.refusals.append(Refusal(move.kind, 0 if any_sign or move.both else move.sign, self._whole()))
            return
        exact = None
        if move.kind not in {MoveKind.STATIC, MoveKind.HANDHELD}:
            later = [first for first, _, _ in self.placed if first > item.first]
            exact = exact_amount(
                move.kind, self.segment, self.tokens, self.segment.first, min(later, default=self.segment.last)
            )
        manner = move.manner if exact is None else move.manner.joined(Manner(exact=exact))
        self.placed.append((item.first, item.last, replace(move, manner=manner, words=words, loose=any_sign)))

    def _unknown_count(self) -> int:
        return len(self.owners.unknown_words())

    def _has_unknown_words(self) -> bool:
        return self._unknown_count() > 0
