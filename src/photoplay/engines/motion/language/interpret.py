"""One clause to what it asks for: verb, doer and direction to a move, a noun and its motion to life.

The doer decides: "turns left" is the camera's pan after "the camera", and something a photo engine cannot do
after "the dog". A clause of its own without a doer is an order to the camera.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from photoplay.engines.motion.language import grammar
from photoplay.engines.motion.language.directions import FAR_TOKENS, STIRS, Directions, fits, is_verb
from photoplay.engines.motion.language.intents import PLAIN, LifeIntent, Manner, MoveIntent, Reading, Refusal
from photoplay.engines.motion.language.lexicon import Table, small_words
from photoplay.engines.motion.language.manner import FACTORS, combined, exact_amount, manner_words, share_out
from photoplay.engines.motion.language.owners import Owner, Owners
from photoplay.engines.motion.language.segments import Item, Link, Segment
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

_WEATHER = frozenset({"n.snow", "n.rain", "n.petals", "n.dust", "n.smoke"})  # asked for by their name alone
_CAMERA_NAMES = ("doll", "truck", "pedestal", "zoom")  # verbs nothing but a camera does
_CAMERA_KINDS = frozenset({"zoom", "pan", "rack_focus", "dolly_zoom"})
_FRAGMENT_CHARS = 100


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
    return words if len(words) <= _FRAGMENT_CHARS else words[: _FRAGMENT_CHARS - 1].rstrip() + "…"


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
        return _Clause(self, segment, negated=negated or self.negative).run()

    def _starts_with_pronoun(self, segment: Segment) -> bool:
        return bool(segment.items) and segment.items[0].concept == "noun.pronoun.it"


class _Clause:
    def __init__(self, reader: Reader, segment: Segment, *, negated: bool) -> None:
        self.reader = reader
        self.tokens = reader.tokens
        self.segment = segment
        self.items = segment.items
        self.context = reader.context
        self.owners = Owners(segment, reader.tokens, reader.words, english=reader.english, carried=self.context.owner)
        self.reading = Reading()
        self.used: set[int] = set()  # indexes of direction items already spent
        self.directions = Directions(segment, reader.tokens, self.used, english=reader.english)
        self.placed: list[tuple[int, int, MoveIntent]] = []
        negations = [] if reader.words.negation_anywhere else [i.first for i in self.items if i.concept == "neg"]
        self.negated_from = segment.first if negated else min(negations, default=segment.last + 1)
        # "without moving the camera let the curtains billow": the "no" ends where an order begins.
        orders = (at for at in range(self.negated_from, segment.last) if self.tokens[at].text in small_words("orders"))
        self.negated_to = segment.last if negated or not reader.english else next(orders, segment.last)
        self.negated_items = self._negated_before() if reader.words.negation_anywhere else set()
        purposes = [item.first for item in self.items if item.concept == "purpose"]
        self.described_from = min(purposes, default=segment.last + 1)
        # "Reveal the palace by pulling away": what follows "by" is asked for again.
        by = (at for at in range(self.described_from, segment.last) if reader.english and self.tokens[at].text == "by")
        self.described_to = next(by, segment.last)

    # -- the whole clause

    def run(self) -> Reading:
        self.manners = manner_words(self.segment, self.tokens)
        for index, item in enumerate(self.items):
            self._item(index, item)
        if not self.placed and not self.reading.refusals:
            self._ellipsis()
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

    def _words(self, first: int, last: int) -> str:
        return fragment(self.reader.text, self.tokens, first, last)

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

    # -- the camera

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
            owner is Owner.CAMERA or item.concept == "follow" or self._bare_order()
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
        else:
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
        return not self.reader.english or text.startswith(("rotat", "spin", "spun", "twist", "twirl", "whirl"))

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

    # -- life and actions

    def _stirring(self, index: int, item: Item) -> None:
        noun = self.owners.life_noun(index, after=True)
        if noun is not None:
            self._noun_moves(noun, item)
        elif self.owners.of_verb(index) in {Owner.ACTOR, Owner.THING} and not self._described(item):
            self._ignored(item)

    def _noun_moves(self, noun: str, item: Item) -> None:
        kind = LifeKind(noun[5:]) if noun.startswith("life.") else LIFE_NOUNS[noun]
        if noun == "n.sway" and item.concept == "fall":
            kind = LifeKind.PETALS
        if noun == "n.light" and item.concept in {"rise", "sink", "fall"}:
            self._ignored(item)  # sunrise and sunset
            return
        self._life(kind, item)

    def _life(self, kind: LifeKind, item: Item) -> None:
        if kind is LifeKind.SWAY and self._sways_camera(item):
            self._place(item, MoveIntent(MoveKind.HANDHELD, 1))
            return
        words = self._words(item.first, item.last) if item.last - item.first > 1 else self._whole()
        strength = 0.0 if self._negated(item) else self._strength(item)
        self.reading.life.append(LifeIntent(kind, strength, words))

    def _sways_camera(self, item: Item) -> bool:
        """ "handheld with natural sway": it is the camera that sways."""
        if not self.reader.english or not self.tokens[item.first].text.startswith("sway"):
            return False
        about_camera = {"camera", "handheld"} & {
            other.concept for other in self.items
        } or self.context.verb == "handheld"
        return bool(about_camera) and not any(other.concept in LIFE_NOUNS for other in self.items)

    def _strength(self, item: Item) -> float:
        """Manner words close to the life they belong to (a camera move of the clause may claim others)."""
        near = [
            manner
            for word, manner in self.manners
            if (-4 <= word.first - item.last <= 2 or 0 <= item.first - word.last <= 4)
            and not self._nearer_to_move(word, item)
        ]
        return round(min(4.0, max(0.3, combined(near).factor)), 2)

    def _nearer_to_move(self, word: Item, item: Item) -> bool:
        mine = min(abs(word.first - item.last), abs(item.first - word.last))
        return any(min(abs(word.first - last), abs(first - word.last)) < mine for first, last, _ in self.placed)

    def _action(self, index: int, item: Item) -> None:
        noun = self.owners.life_noun(index, after=False)
        if noun is not None and noun.startswith("n.") and noun not in {"n.sway", "n.light"}:
            self._noun_moves(noun, item)  # "rain drips", "the river runs"
            return
        if noun is not None and self.tokens[item.first].text.startswith(
            ("danc", "play", "run", "rac", "leap", "jump", "march")
        ):
            self._noun_moves(noun, item)
            return
        if noun is not None and noun.startswith("life."):
            return  # "the blizzard howls": said of what is asked for already
        if self.owners.of_verb(index) is Owner.CAMERA:
            if self._directed_inside(item) or self._directed(index, item, "move"):
                return
            if any(other.first == item.last and other.concept == "in" for other in self.items):
                self._place(item, MoveIntent(MoveKind.DOLLY, 1))  # "as if walking into the forest"
            elif self.tokens[item.first].text.startswith(("run", "walk", "jog", "stumbl", "rid")):
                self._place(item, MoveIntent(MoveKind.HANDHELD, 1))  # "as though the operator was running"
            elif not self._negated(item):
                self.reading.unclear.append(self._whole())
            return
        if not self._described(item) and not self.owners.is_adjective(index):
            self._ignored(item)

    def _directed_inside(self, item: Item) -> bool:
        """ "the camera looks up": the direction is part of the phrase that names the action."""
        words = [token.text for token in self.tokens[item.first : item.last]]
        verb = "look" if words[0].startswith(("look", "glanc", "turn", "tilt")) else "move"
        for word in words[1:]:
            made = grammar.VERBS[verb].get(word)
            if made is not None:
                self._place(item, MoveIntent(*made))
                return True
        return False

    def _ignored(self, item: Item) -> None:
        if not self._negated(item):
            self.reading.actions.append(self._whole())
        elif not self.reading.empty:
            return
        else:
            self.reading.manner_only = True  # "he does not run": nothing to do, and nothing left to ask

    def _hint(self, item: Item) -> None:
        """ "drone shot": names a way of filming more than a move; counts when no move is asked for."""
        made = grammar.concept_move(item.concept[len("hint.") :])
        if made is not None and not self._negated(item):
            manner = combined([manner for _, manner in self.manners])
            self.reading.hints.append(MoveIntent(*made, manner, words=self._words(item.first, item.last)))

    def _effect(self, item: Item) -> None:
        if not self._negated(item):
            self.reading.effects.append((item.concept[len("effect.") :], self._whole()))

    def _bare_nouns(self) -> None:
        """ "rain", "with falling fog", "add snow": weather is asked for by its name alone, other nouns with "add"."""
        if self.reading.life or self.reading.actions or self.segment.first >= self.described_from:
            return
        makes = any(item.concept == "make" for item in self.items)
        makes = makes or (self.segment.link is Link.BUT and self.context.stilled)
        makes = makes or any(item.concept == "only" for item in self.items)
        doer = any(item.concept.startswith("noun.") or item.concept in {"state", "action"} for item in self.items)
        for item in self.items:
            kind = LIFE_NOUNS.get(item.concept)
            if kind is None or self._described(item):
                continue
            if (
                self._negated(item)
                or makes
                or (item.concept in _WEATHER and not doer and self._unknown_count() <= 1 and not self.placed)
            ):
                self._life(kind, item)

    def _only(self) -> None:
        if any(item.concept == "only" for item in self.items) and self.reading.life:
            self.reading.still_subject = self._whole()

    # -- what is left

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

    def _claimed(self, word: Item) -> bool:
        """Whether a manner word is nearer to a camera move than to the clause's life."""
        lives = [
            item
            for item in self.items
            if item.concept.startswith("life.") or item.concept in STIRS or item.concept in LIFE_NOUNS
        ]
        to_life = min((min(abs(word.first - i.last), abs(i.first - word.last)) for i in lives), default=99)
        to_move = min(min(abs(word.first - last), abs(first - word.last)) for first, last, _ in self.placed)
        return to_move <= to_life

    def _remember(self) -> None:
        first = self.owners.subject()
        if first is not None:
            self.context.owner = first
        self.context.stilled = bool(self.reading.still_subject or self.reading.no_motion)

    def _unknown_count(self) -> int:
        return len(self.owners.unknown_words())

    def _has_unknown_words(self) -> bool:
        return self._unknown_count() > 0
