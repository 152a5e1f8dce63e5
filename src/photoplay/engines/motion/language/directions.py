"""Which directions of a clause belong to which verb."""

from __future__ import annotations

from collections.abc import Sequence

from photoplay.engines.motion.language import grammar
from photoplay.engines.motion.language.lexicon import small_words
from photoplay.engines.motion.language.segments import Item, Segment
from photoplay.engines.motion.language.tokens import Mark, Token

STIRS = frozenset({"flow", "sway", "waft", "fall", "flicker", "alive"})  # verbs of life
FAR_TOKENS = 12  # words between a verb and its direction, at most
_NEAR = frozenset({"in", "out", "up", "down", "back", "around", "through", "over"})  # little words: close to their verb
_NEAR_TOKENS = 3
_SIDES = frozenset({"left", "right", "up", "down"})
_WEAK = frozenset({"sideways", "over", "along"})  # say less than any other direction


def is_verb(item: Item) -> bool:
    """Whether a direction after this item belongs to it and not to a verb before."""
    return (
        item.concept in grammar.VERBS
        or grammar.concept_move(item.concept) is not None
        or item.concept in STIRS
        or item.concept in {"action", "state", "purpose"}
    )


def fits(concept: str, wanted: dict[str, grammar.Made]) -> bool:
    """Whether a verb can take that direction."""
    return concept in wanted or (concept in grammar.PAIRS and grammar.PAIRS[concept][0] in wanted)


class Directions:
    """Finds directions in one clause; ``used``: indexes of those that are spent already (shared, grows)."""

    def __init__(self, segment: Segment, tokens: Sequence[Token], used: set[int], *, english: bool) -> None:
        self.segment = segment
        self.items = segment.items
        self.tokens = tokens
        self.used = used
        self.english = english

    def around(self, index: int, item: Item, verb: str) -> list[tuple[int, str]]:
        """(index, direction) of the directions that belong to the verb at ``index``, nearest first."""
        wanted = grammar.VERBS.get(verb, {})
        after: list[tuple[int, str]] = []
        edge = item.last
        for at in range(index + 1, len(self.items)):
            other = self.items[at]
            if other.first < item.last:
                continue
            if is_verb(other):
                break
            if at in self.used or not fits(other.concept, wanted):
                continue
            reach = _NEAR_TOKENS if other.concept in _NEAR and self.english else FAR_TOKENS
            if other.first - edge > reach or self._is_preposition(other, verb):
                continue
            edge = other.last
            after.append((at, other.concept))
        if after:
            sided = [found for found in after if found[1] not in _WEAK]
            if any(direction in _SIDES for _, direction in sided):
                sided = [found for found in sided if found[1] != "through"]  # "to the right past the columns"
            return sided or after[:1]
        for at in range(index - 1, -1, -1):
            other = self.items[at]
            if is_verb(other):
                break
            if at not in self.used and fits(other.concept, wanted) and not self._is_preposition(other, verb):
                gap = item.first - other.last
                if not self.english or gap <= (1 if other.concept in _NEAR else 6):
                    return [(at, other.concept)]
        return []

    def _is_preposition(self, item: Item, verb: str) -> bool:
        """ "moves in the wind", "pans over the roofs": no direction but the beginning of a place."""
        if not self.english:  # Dutch and German end with it: "zoomt langzaam in", but "in het huis"
            return item.concept in {"in", "out"} and verb != "zoom" and item.last < self.segment.last
        if item.concept != "in" or item.last - item.first > 1 or verb == "zoom":
            return False
        if self.tokens[item.first].text != "in" or item.last >= len(self.tokens):
            return False
        following = self.tokens[item.last]
        return following.mark is Mark.WORD and following.text not in small_words("after_a_camera_in")
