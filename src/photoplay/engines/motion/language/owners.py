"""Who does it: the doer of each verb in a clause, and the noun that a motion belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from photoplay.engines.motion.language.directions import is_verb
from photoplay.engines.motion.language.grammar import DIRECTIONS
from photoplay.engines.motion.language.lexicon import Table, small_words
from photoplay.engines.motion.language.manner import FACTORS
from photoplay.engines.motion.language.segments import Item, Link, Segment
from photoplay.engines.motion.language.tokens import Mark, Token


class Owner(Enum):
    """Who moves."""

    CAMERA = "camera"
    ACTOR = "actor"  # a person, an animal, a vehicle, a part of a body
    THING = "thing"  # anything else that has a name, known to the tables or not
    NATURE = "nature"  # what the engine can bring to life: hair, water, clouds, ...


_ACTORS = ("noun.person", "noun.pronoun", "noun.animal", "noun.vehicle", "noun.body")
_DETERMINERS = small_words("determiners")
_PREPOSITIONS = small_words("prepositions")
_AMBIGUOUS = small_words("ambiguous")
_TRAVEL_PREPOSITIONS = small_words("travel_prepositions")
_NAMES_OF_MOVES = small_words("names_of_moves")
_ADVERBS = frozenset(FACTORS) | {"very", "neg", "make", "only", "order"}
_UNITS = small_words("degrees") | small_words("percent") | small_words("times")


class Owners:
    """Answers who does what in one clause."""

    def __init__(
        self, segment: Segment, tokens: Sequence[Token], words: Table, *, english: bool, carried: Owner | None
    ) -> None:
        self.segment = segment
        self.items = segment.items
        self.tokens = tokens
        self.words = words
        self.english = english
        self.carried = carried

    def _role(self, item: Item) -> Owner | None:
        concept = item.concept
        if concept == "camera" or concept.startswith("hint.") or self._names_camera(item):
            return Owner.CAMERA
        if concept == "noun.pronoun.it":
            return self.carried or Owner.THING
        if concept.startswith(_ACTORS):
            return Owner.ACTOR
        if concept.startswith(("n.", "life.")):
            return Owner.NATURE
        return Owner.THING if concept.startswith("noun.") else None

    def _names_camera(self, item: Item) -> bool:
        """ "handheld camera", "static shot": the camera inside a phrase."""
        inside = item.concept in {"handheld", "static"} and item.last - item.first > 1
        return inside and self.tokens[item.last - 1].text in {"camera", "shot", "cam"}

    def of_verb(self, index: int, *, strict: bool = False) -> Owner | None:
        """Who does the verb at ``index``; None when nobody is named, so that it is an order.

        ``strict``: for words that are camera terms: a doer must fit the verb's form and not be far fetched.
        """
        verb = self.items[index]
        if self.english and self.tokens[verb.last - 1].text in {"shot", "shots"}:
            return Owner.CAMERA  # "tracking shot"
        candidates = [item for item in self.items[:index] if item.last <= verb.first and self._role(item) is not None]
        subjects = [item for item in candidates if not self._is_object(item)] or candidates
        ending = self.words.object_before
        if (
            ending
            and self.tokens[verb.last - 1].text.endswith(ending)
            and not any(item.concept == "camera" for item in subjects)
        ):
            return None  # German: "an das Auge heranfahren"
        if subjects:
            role = self._role(self._best(subjects))
            # Where the verb comes last, what stands before it is as often its object.
            ordered = self._is_order(verb) and not self._is_plural(self._best(subjects))
            if strict and role is not Owner.CAMERA and (ordered or self.words.negation_anywhere):
                return None
            return role
        ordered = not any(item.concept not in _ADVERBS for item in self.items[:index])
        if ordered and any(i.concept == "camera" and i.first - verb.last <= 2 for i in self.items[index + 1 :]):
            return Owner.CAMERA  # "move the camera", "moving camera"
        if self.english and verb.last < self.segment.last and self.tokens[verb.last].text in {"shot", "view", "shots"}:
            return Owner.CAMERA  # "descending shot"
        if self.english and self._unknown_subject(verb) and not (strict and self._is_order(verb)):
            return Owner.THING
        if self.carried is None or self.segment.link is Link.SENTENCE:
            return None
        if strict and self.carried is not Owner.CAMERA and self.segment.link not in {Link.AND, Link.THEN}:
            return None
        if strict and self._is_order(verb):
            return None
        return self.carried

    def _best(self, subjects: list[Item]) -> Item:
        cameras = [item for item in subjects if item.concept == "camera"]
        return cameras[-1] if cameras and not self._later_subject(cameras[-1], subjects) else subjects[-1]

    def _later_subject(self, camera: Item, subjects: list[Item]) -> bool:
        return any(item.first > camera.first and item.concept.startswith("noun.pronoun") for item in subjects)

    def _is_object(self, item: Item) -> bool:
        """Whether a preposition stands before the noun (with its article and adjectives): "around *the old tree*"."""
        if not self.english:
            return False
        at = item.first - 1
        while at >= self.segment.first and item.first - at <= 4:
            text = self.tokens[at].text
            if text in _PREPOSITIONS:
                return True
            if self._starts_phrase(at) or self.tokens[at].mark is not Mark.WORD:
                return False
            at -= 1
        return False

    def _starts_phrase(self, at: int) -> bool:
        return any(
            item.first <= at < item.last and (self._role(item) is not None or item.concept in {"action", "state"})
            for item in self.items
        )

    def _is_order(self, verb: Item) -> bool:
        """English orders have the bare form: "push in", not "pushes in"."""
        if not self.english:
            return False
        text = self.tokens[verb.first].text
        return not text.endswith(("s", "ing", "ed"))

    def _is_plural(self, item: Item) -> bool:
        """The bare form goes with plurals: "dust motes float"."""
        text = self.tokens[item.last - 1].text
        return text in {"they", "people", "children", "men", "women"} or (text.endswith("s") and len(text) > 3)

    def _unknown_subject(self, verb: Item) -> bool:
        """ "the zeppelin moves": an article and a word that no table knows, right before the verb."""
        before = range(self.segment.first, verb.first)
        unknown = self.unknown_words()
        nearest = verb.first - 1
        while nearest >= self.segment.first and self.tokens[nearest].text.endswith("ly"):
            nearest -= 1
        if nearest in unknown and self.tokens[verb.first].text.endswith("s"):
            return True  # "lava moves"
        if not any(self.tokens[at].text in _DETERMINERS for at in before):
            return False
        return any(at in unknown and not self.tokens[at].text.endswith("ly") for at in before)

    def life_noun(self, index: int, *, after: bool) -> str | None:
        """The noun of nature that moves by the verb at ``index``: the nearest before it, else right after it."""
        verb = self.items[index]
        for item in reversed(self.items[:index]):
            if item.last > verb.first:
                continue
            if item.concept.startswith(("n.", "life.")):
                return item.concept
            if self._is_second_of_compound(item):
                continue
            if self._role(item) is not None and not self._is_object(item):
                return None
            if item.concept in {"action", "state"} and self._role(item) is None:
                return None
        if not after:
            return None
        for item in self.items[index + 1 :]:
            if item.first < verb.last:
                continue
            if item.first - verb.last > 3 or self._preposition_between(verb.last, item.first):
                return None
            if item.concept.startswith("n."):
                return item.concept
            if self._role(item) is not None and not item.concept.startswith("noun.pronoun"):
                return None
        return None

    def _is_second_of_compound(self, item: Item) -> bool:
        """ "wheat fields": the place is named after what grows there."""
        return item.concept.startswith("noun.") and any(
            i.last == item.first and i.concept.startswith("n.") for i in self.items
        )

    def _preposition_between(self, first: int, last: int) -> bool:
        return self.english and any(self.tokens[at].text in _PREPOSITIONS - {"of"} for at in range(first, last))

    def is_noun(self, verb: Item) -> bool:
        """ "a combined move": an article before makes it a thing."""
        if not self.english or self.tokens[verb.first].text not in _NAMES_OF_MOVES:
            return False
        for at in range(verb.first - 1, max(self.segment.first, verb.first - 3) - 1, -1):
            if self.tokens[at].text in _DETERMINERS:
                return True
            if any(item.first <= at < item.last and self._role(item) is not None for item in self.items):
                return False
        return False

    def waves_hello(self, index: int) -> bool:
        """Whether "waves" is what a person does, not what the sea has: "she smiles and waves"."""
        item = self.items[index]
        if not self.english or self.tokens[item.first].text not in {"waves", "wave"} or item.last - item.first > 1:
            return False
        before = [self._role(other) for other in self.items[:index] if self._role(other) is not None]
        if before:
            return before[-1] is Owner.ACTOR and not self._is_object(item)
        alone = item.first == self.segment.first
        return alone and self.carried is Owner.ACTOR and self.segment.link in {Link.AND, Link.THEN}

    def is_adjective(self, index: int) -> bool:
        """Whether a participle describes what is seen: "a *laughing* woman"."""
        verb = self.items[index]
        if not self.english or not self.tokens[verb.last - 1].text.endswith(("ing", "ed")):
            return False
        before = self.tokens[verb.first - 1].text if verb.first > self.segment.first else ""
        follows = any(verb.last <= item.first <= verb.last + 1 and self._role(item) is not None for item in self.items)
        return before in _DETERMINERS and follows

    def has_object(self, index: int, *, body: bool = False) -> bool:
        """Whether an order has a thing to act upon: "move *the car* forward", not "move toward the car".

        ``body``: only a part of a body counts ("tilt *your head*").
        """
        verb = self.items[index]
        if not self.english or verb.concept == "follow":
            return False
        at = verb.last
        while at < self.segment.last and at - verb.last <= 4:
            if self.tokens[at].text in _PREPOSITIONS or self.tokens[at].mark is not Mark.WORD:
                return False
            for item in self.items:
                if item.first == at and item.concept in DIRECTIONS:
                    return False
                if item.first == at and (role := self._role(item)) is not None:
                    if body and item.concept.startswith("noun.pronoun"):
                        continue
                    return item.concept.startswith("noun.body") if body else role is not Owner.CAMERA
            at += 1
        return False

    def means_camera(self, index: int, verb: Item, directed: bool) -> bool:
        """Whether a word that also names a thing ("pan", "crane", "roll") is meant as a camera move here."""
        text = self.tokens[verb.first].text
        if not self.english or verb.last - verb.first > 1 or text not in _AMBIGUOUS or directed:
            return True
        if self.carried is Owner.CAMERA or any(item.concept == "camera" for item in self.items):
            return True
        after = verb.last
        while after < self.segment.last and any(i.first == after and i.concept in FACTORS for i in self.items):
            after += 1  # "circle slowly round"
        following = self.tokens[after].text if after < self.segment.last else ""
        if following in _NAMES_OF_MOVES or following in _TRAVEL_PREPOSITIONS:
            return True
        if verb.first == self.segment.first and following in _DETERMINERS and not text.endswith("s"):
            return True  # an order: "circle the bonfire"
        if verb.first == self.segment.first and verb.last < len(self.tokens) and self.tokens[verb.last].text == "with":
            return False  # "Pedestal with a statue"
        before = self.tokens[verb.first - 1].text if verb.first > self.segment.first else ""
        if before in _DETERMINERS:
            return False  # "the pan and the pot"
        others = [
            item
            for item in self.items
            if item is not verb and item.concept.startswith(("noun.", "n.", "action", "state", "plain"))
        ]
        return not others and len(self.unknown_words()) == 0

    def subject(self) -> Owner | None:
        """The first doer of the clause, which the next clause may inherit."""
        for item in self.items:
            if item.concept == "order":
                return Owner.CAMERA
            role = self._role(item)
            if role is not None and not self._is_object(item):
                return role
            if is_verb(item) and not item.concept.startswith("life."):
                return None  # what comes after the verb is its object
        return None

    def unknown_words(self) -> set[int]:
        """Tokens of the clause that no table knows."""
        known: set[int] = set()
        for item in self.items:
            known.update(range(item.first, item.last))
        return {
            at
            for at in range(self.segment.first, self.segment.last)
            if at not in known
            and self.tokens[at].mark in {Mark.WORD, Mark.CHAR}
            and self.tokens[at].text not in self.words.common
            and not (self.tokens[at].text in _UNITS and at > 0 and self.tokens[at - 1].mark is Mark.NUMBER)
            and len(self.tokens[at].text) > (1 if self.tokens[at].mark is Mark.WORD else 0)
        }
