"""One clause to what it asks for: verb, doer and direction to a move, a noun and its motion to life.

The doer decides: "turns left" is the camera's pan after "the camera", and something a photo engine cannot do
after "the dog". A clause of its own without a doer is an order to the camera.
"""

from __future__ import annotations

from collections.abc import Sequence

from photoplay.engines.motion.language import grammar
from photoplay.engines.motion.language.clause import LIFE_NOUNS, Context
from photoplay.engines.motion.language.directions import STIRS, fits, is_verb
from photoplay.engines.motion.language.inner import InnerMotion
from photoplay.engines.motion.language.intents import PLAIN, LifeIntent, Manner, MoveIntent, Reading, Refusal
from photoplay.engines.motion.language.lexicon import Table, small_words
from photoplay.engines.motion.language.manner import FACTORS, combined, share_out
from photoplay.engines.motion.language.owners import Owner
from photoplay.engines.motion.language.segments import Item, Link, Segment
from photoplay.engines.motion.language.tokens import Token
from photoplay.shot import LifeKind, MoveKind

_CAMERA_NAMES = ("doll", "truck", "pedestal", "zoom")  # verbs nothing but a camera does
_CAMERA_KINDS = frozenset({"zoom", "pan", "rack_focus", "dolly_zoom"})


class Reader:
    """Reads the clauses of one prompt in order, keeping what each inherits."""

    def __init__(
        self, text: str, tokens: Sequence[Token], words: Table, *, english: bool, negative: bool = False
    ) -> None:
        self.text = text
        self.tokens = tokens
        self.words = words
        self.english = english
        self.negative = negative  # every clause is a refusal (the negative prompt)
        self.context = Context()

    def read(self, segment: Segment, *, negated: bool = False) -> Reading:
        """What one clause asks for. ``negated``: a "no" of the clause before still holds."""
        if segment.sentence != self.context.sentence:
            self.context = Context(sentence=segment.sentence, owner=self.context.owner, verb=self.context.verb)
            if self.context.owner is not None and not self._starts_with_pronoun(segment):
                self.context.owner = None
        return _Clause(
            self.text,
            self.tokens,
            self.words,
            segment,
            self.context,
            english=self.english,
            negated=negated or self.negative,
        ).run()

    def _starts_with_pronoun(self, segment: Segment) -> bool:
        return bool(segment.items) and segment.items[0].concept == "noun.pronoun.it"


class _Clause(InnerMotion):
    """Reads one clause from left to right."""

    def run(self) -> Reading:
        for index, item in enumerate(self.items):
            self._item(index, item)
        if not self.placed and not self.reading.refusals:
            self._ellipsis()
        if self.reading.empty and not self.placed:
            self._unknown_verb()
        self._bare_nouns()
        self._only()
        self._spend_manner()
        self._remember()
        reading = self.reading
        if reading.empty and not reading.manner_only:
            reading.uncovered = self._has_unknown_words()
        return reading

    def _item(self, index: int, item: Item) -> None:
        concept = item.concept
        made = grammar.concept_move(concept)
        if made is not None:
            self._camera_move(index, item, made, concept[:-1])
        elif concept in grammar.VERBS and concept not in grammar.GENERIC:
            self._camera_verb(index, item)
        elif concept in grammar.GENERIC:
            self._generic_verb(index, item)
        elif concept in STIRS:
            self._stirring(index, item)
        elif concept.startswith("life."):
            self._life(LifeKind(concept[5:]), item)
        elif concept == "action":
            self._action(index, item)
        elif concept == "ken_burns":
            self._place(item, MoveIntent(MoveKind.ZOOM, 1, Manner(factor=0.8)))
            self._place(item, MoveIntent(MoveKind.PAN, 1, Manner(factor=0.5)))
        elif concept == "somemove":
            self._some_move(index, item)
        elif concept in {"still", "onlycamera"}:
            self.reading.still_subject = self._words(item.first, item.last)
        elif concept.startswith("effect."):
            self._effect(item)
        elif concept.startswith("hint."):
            self._hint(item)
        elif concept == "n.water" and self.owners.waves_hello(index):
            self._ignored(item)

    def _camera_move(self, index: int, item: Item, made: grammar.Made, verb: str) -> None:
        if self._is_anothers(index, item):
            return
        kind, sign = made
        self.context.verb = verb
        extra: list[grammar.Made] = []
        for at, direction in self.directions.around(index, item, verb):
            other = grammar.VERBS.get(verb, {}).get(direction)
            if other is not None and other[0] in {MoveKind.TRUCK, MoveKind.PAN} and other[0] is not kind:
                self.used.add(at)
                extra.append(other)
        self._place(item, MoveIntent(kind, sign))
        for other_kind, other_sign in extra:
            self._place(item, MoveIntent(other_kind, other_sign))

    def _camera_verb(self, index: int, item: Item) -> None:
        verb = item.concept
        if verb == "static":
            self._static(index, item)
            return
        if self._is_anothers(index, item) or not self.owners.means_camera(
            index, item, bool(self.directions.around(index, item, verb))
        ):
            return
        self.context.verb = verb
        if not self._directed(index, item, verb):
            kind, sign = grammar.ALONE[verb]
            self._place(item, MoveIntent(kind, sign), any_sign=True)

    def _generic_verb(self, index: int, item: Item) -> None:
        if self.owners.is_noun(item) and not self.directions.around(index, item, item.concept):
            return
        if item.concept == "follow" and self.context.verb and self.tokens[item.first].text.endswith("ing"):
            return  # "pan right, following the coast": tells what the pan is for
        owner = self.owners.of_verb(index)
        if self._described(item) and owner is not Owner.CAMERA:
            return
        noun = self.owners.life_noun(index, after=item.concept != "follow")
        if noun is not None and owner is not Owner.CAMERA:
            self._noun_moves(noun, item)
            return
        if owner in {Owner.ACTOR, Owner.THING} or (owner is None and self.owners.has_object(index)):
            self._ignored(item)
            return
        self.context.verb = item.concept
        if self._directed(index, item, item.concept):
            return
        if item.concept == "look" and owner is None:
            return
        if self._negated(item):
            self._no_generic_verb(item)
        elif item.concept in grammar.ALONE and (
            item.last - item.first > 2 or owner is Owner.CAMERA or item.concept == "follow" or self._bare_order()
        ):
            kind, sign = grammar.ALONE[item.concept]
            self._place(item, MoveIntent(kind, sign), any_sign=True)
        elif item.concept == "turn" and self._says_rotation(item):
            # A camera that "rotates" goes round its subject; a picture that does is turned.
            kind = MoveKind.ORBIT if self._rotates_camera(item) else MoveKind.ROLL
            self._place(item, MoveIntent(kind, 1), any_sign=True)
        elif item.concept == "turn" and owner is Owner.CAMERA:
            self._place(item, MoveIntent(MoveKind.PAN, 1))
        elif self._plain_request(item, owner):
            self.reading.some_motion = self._whole()
        elif self.tokens[item.first].text not in small_words("said_as_nouns"):
            self.reading.unclear.append(self._whole())

    def _bare_order(self) -> bool:
        """ "Rise, then ...": a verb of the camera with nothing beside it but its manner."""
        return self._unknown_count() == 0 and all(
            i.concept in FACTORS or i.concept in grammar.VERBS for i in self.items
        )

    def _no_generic_verb(self, item: Item) -> None:
        if self._slows(item):
            return
        if item.concept == "turn":
            self.reading.refusals.extend(Refusal(kind, 0, self._whole()) for kind in (MoveKind.ROLL, MoveKind.ORBIT))
        elif item.concept == "follow":
            self.reading.refusals.append(Refusal(MoveKind.TRUCK, 0, self._whole()))
        else:
            self.reading.no_motion = self._whole()

    def _rotates_camera(self, item: Item) -> bool:
        rotates = self.tokens[item.first].text.startswith("rotat")
        cameras = [self.tokens[i.last - 1].text for i in self.items if i.concept == "camera"]
        return rotates and bool(cameras) and not set(cameras) & small_words("pictures")

    def _plain_request(self, item: Item, owner: Owner | None) -> bool:
        """ "the camera moves", "add motion": motion of no kind in particular."""
        return item.concept == "move" and (owner is Owner.CAMERA or not self._has_unknown_words())

    def _says_rotation(self, item: Item) -> bool:
        text = self.tokens[item.first].text
        return not self.english or text.startswith(("rotat", "spin", "spun", "twist", "twirl", "whirl"))

    def _is_anothers(self, index: int, item: Item) -> bool:
        """Whether a camera word is said of someone else: "she tilts", "cars roll past". Then it is ignored or life."""
        if item.concept.rstrip("+-") in _CAMERA_KINDS or self.tokens[item.first].text.startswith(_CAMERA_NAMES):
            return False
        owner = self.owners.of_verb(index, strict=True)
        if owner is None and item.last - item.first == 1 and self.owners.has_object(index, body=True):
            self._ignored(item)  # "tilt your head"
            return True
        if owner is None or owner is Owner.CAMERA:
            return False
        noun = self.owners.life_noun(index, after=False)
        if noun is not None:
            self._noun_moves(noun, item)
        elif not self._described(item):
            self._ignored(item)
        return True

    def _static(self, index: int, item: Item) -> None:
        if item.last - item.first == 1 and not self.owners.means_camera(index, item, directed=False):
            return
        owner = self.owners.of_verb(index)
        noun = self.owners.life_noun(index, after=False)
        if any(other.concept == "everything" for other in self.items) and owner is not Owner.CAMERA:
            self.reading.still_subject = self._whole()
        elif noun is not None and self.tokens[item.first].text.startswith("linger"):
            self._noun_moves(noun, item)
        elif noun is not None and owner is not Owner.CAMERA:
            if not self._negated(item):
                kind = LifeKind(noun[5:]) if noun.startswith("life.") else LIFE_NOUNS[noun]
                self.reading.life.append(LifeIntent(kind, 0.0, self._whole()))
        elif owner in {Owner.ACTOR, Owner.THING}:
            self.reading.still_subject = self._whole()
        else:
            self.context.verb = None
            self._place(item, MoveIntent(MoveKind.STATIC, 1), any_sign=True)

    def _some_move(self, index: int, item: Item) -> None:
        if self._directed(index, item, "move"):
            return
        if not self._negated(item):
            self.reading.some_motion = self._words(item.first, item.last)
            self.reading.manner = combined([manner for _, manner in self.manners])
        elif not self._slows(item):
            self.reading.no_motion = self._whole()

    def _slows(self, item: Item) -> bool:
        """ "no fast movement" does not forbid movement."""
        return any(word.concept in {"fast", "sudden", "strong", "extreme", "dramatic"} for word, _ in self.manners)

    def _unknown_verb(self) -> None:
        """ "the camera wheels around the car": a direction after the camera is enough, whatever the verb."""
        for index, item in enumerate(self.items):
            if item.concept == "camera" and self.owners.subject() is Owner.CAMERA:
                around = any(other.concept == "around" for other in self.items[index:])
                self._directed(index, item, "turn" if around else "move")
                return

    def _ellipsis(self) -> None:
        """ "... and then back out": a direction alone takes the verb before it."""
        verb = self.context.verb
        if verb is None or self.segment.link is Link.SENTENCE or self._unknown_count() > 1:
            return
        wanted = grammar.VERBS.get(verb, {})
        for at, item in enumerate(self.items):
            if is_verb(item) or item.concept.startswith(("noun.person", "noun.animal", "n.", "life.")):
                return
            if at in self.used or not fits(item.concept, wanted):
                continue
            both = item.concept in grammar.PAIRS
            made = wanted[grammar.PAIRS[item.concept][0] if both else item.concept]
            self.used.add(at)
            self._place(item, MoveIntent(*made, both=both))

    def _spend_manner(self) -> None:
        if self.reading.no_motion and any(r.kind is MoveKind.HANDHELD for r in self.reading.refusals):
            self.reading.no_motion = None  # "no shaky camera movement" refuses the shake only
        if self.placed:
            claimed = self.manners if not self.reading.life else [m for m in self.manners if self._claimed(m[0])]
            self.reading.moves.extend(share_out(self.placed, claimed))
            return
        if self.manners and self.reading.empty and self._unknown_count() == 0:
            total = combined([manner for _, manner in self.manners])
            if self._negated(self.manners[0][0]):
                total = Manner(factor=0.7) if total.factor > 1 else PLAIN
            self.reading.manner = total
            self.reading.manner_only = True

    def _remember(self) -> None:
        first = self.owners.subject()
        named_only = not any(is_verb(item) for item in self.items)
        if first is not None and not (named_only and self.context.owner is Owner.CAMERA):
            self.context.owner = first
        self.context.stilled = bool(self.reading.still_subject or self.reading.no_motion)
