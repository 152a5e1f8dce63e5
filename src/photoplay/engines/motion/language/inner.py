"""What moves inside the picture, and what a photo engine cannot do."""

from __future__ import annotations

from photoplay.engines.motion.language import grammar
from photoplay.engines.motion.language.clause import LIFE_NOUNS, Clause
from photoplay.engines.motion.language.directions import STIRS
from photoplay.engines.motion.language.intents import LifeIntent, MoveIntent
from photoplay.engines.motion.language.manner import combined
from photoplay.engines.motion.language.owners import Owner
from photoplay.engines.motion.language.segments import Item, Link
from photoplay.shot import LifeKind, MoveKind

_WEATHER = frozenset({"n.snow", "n.rain", "n.petals", "n.dust", "n.smoke"})  # asked for by their name alone


class InnerMotion(Clause):
    """Reads life, particles, actions and effects."""

    def _stirring(self, index: int, item: Item) -> None:
        noun = self.owners.life_noun(index, after=True)
        if noun is not None:
            self._noun_moves(noun, item)
        elif self.owners.of_verb(index) in {Owner.ACTOR, Owner.THING} and not self._described(item):
            self._ignored(item)

    def _noun_moves(self, noun: str, item: Item) -> None:
        kind = LifeKind(noun[5:]) if noun.startswith("life.") else LIFE_NOUNS[noun]
        if (noun == "n.sway" and item.concept == "fall") or (kind is LifeKind.SWAY and self._falls()):
            kind = LifeKind.PETALS
        if noun == "n.light" and item.concept in {"rise", "sink", "fall"}:
            self._ignored(item)  # sunrise and sunset
            return
        self._life(kind, item)

    def _falls(self) -> bool:
        """ "leaves spiral to the ground": what comes off a plant and goes down."""
        loose = {"leaf", "leaves", "blossom", "blossoms", "petals"}
        named = any(self.tokens[i.last - 1].text in loose for i in self.items if i.concept == "n.sway")
        return self.english and named and any(item.concept == "down" for item in self.items)

    def _life(self, kind: LifeKind, item: Item) -> None:
        if kind is LifeKind.SWAY and self._sways_camera(item):
            self._place(item, MoveIntent(MoveKind.HANDHELD, 1))
            return
        words = self._words(item.first, item.last) if item.last - item.first > 1 else self._whole()
        strength = 0.0 if self._negated(item) else self._strength(item)
        self.reading.life.append(LifeIntent(kind, strength, words))

    def _sways_camera(self, item: Item) -> bool:
        """ "handheld with natural sway": it is the camera that sways."""
        if not self.english or not self.tokens[item.first].text.startswith("sway"):
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
            doer = self.owners.of_verb(self.items.index(item))
            self.reading.doubtful = doer in {None, Owner.CAMERA} and self.context.owner is not Owner.ACTOR
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
