"""The compiler: a prompt becomes a :class:`~photoplay.shot.Plan`.

Text → tokens → phrases of the word tables → clauses → what each asks for → a timeline. Clauses no table covers go to
the nearest meaning, if one was given. Pure: the same words, facts and seed give the same plan.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from photoplay.engines.motion.language import grammar
from photoplay.engines.motion.language.clause import fragment
from photoplay.engines.motion.language.defaults import default_shot
from photoplay.engines.motion.language.facts import PhotoFacts
from photoplay.engines.motion.language.intents import PLAIN, LifeIntent, MoveIntent, Reading, Refusal
from photoplay.engines.motion.language.interpret import Reader
from photoplay.engines.motion.language.lexicon import (
    Hit,
    language_of,
    latin_language,
    match,
    script_of,
    small_words,
    table,
)
from photoplay.engines.motion.language.manner import combined, manner_words
from photoplay.engines.motion.language.meaning import Meaning
from photoplay.engines.motion.language.mentions import sounds_in, speech_table, subjects_in
from photoplay.engines.motion.language.segments import Link, Segment, split
from photoplay.engines.motion.language.speech import take_speech
from photoplay.engines.motion.language.takes import another_take
from photoplay.engines.motion.language.timeline import build, order
from photoplay.engines.motion.language.tokens import Mark, Token, tokenize
from photoplay.shot import Life, LifeKind, Move, MoveKind, Plan, Shot

_WHOLE_CHARS = 60  # a clause up to this long is quoted whole in ``understood``
_ASKING = frozenset({"camera"}) | grammar.GENERIC | {"flow", "sway", "waft", "fall", "flicker", "alive"}
"""Concepts that smell of motion: a clause with one of them is worth asking for its meaning."""


@dataclass(slots=True)
class _Heard:
    """Everything one text asks for."""

    clauses: list[tuple[Segment, Reading]] = field(default_factory=list)
    tokens: list[Token] = field(default_factory=list)
    text: str = ""
    sounds: list[str] = field(default_factory=list)
    silenced: list[str] = field(default_factory=list)
    subjects: list[str] = field(default_factory=list)

    def readings(self) -> list[Reading]:
        return [reading for _, reading in self.clauses]


def plan_from_prompt(
    prompt: str,
    negative_prompt: str = "",
    *,
    facts: PhotoFacts | None = None,
    duration_s: float = 5.0,
    shot: Shot | None = None,
    effect: str | None = None,
    seed: int = 0,
    meaning: Meaning | None = None,
    still_by_default: bool = False,
    take: int = 0,
) -> Plan:
    """What a prompt asks for, as plain data.

    Args:
        prompt: Any text, in any of sixteen languages; empty is fine.
        negative_prompt: What must not happen: "camera shake, zoom, rain".
        facts: What the photo offers; chooses the default shot.
        duration_s: Length of the clip, which decides how large a move fits and what "for 2 seconds" is.
        shot: A camera given otherwise; the prompt's camera words are then not used.
        effect: The effect chosen by name, if any; it brings its own camera.
        seed: Decides the side of a default shot, nothing else.
        meaning: Understands clauses that no word table covers. Not loaded unless there is such a clause.
        still_by_default: A camera that nobody asked for stays still: what moves was painted.
        take: Which of several takes of the same request this is; 0 is the shot as asked for.
    """
    duration_s = max(0.1, duration_s)
    language = language_of(tokenize(prompt))
    masked, speech, speech_words = take_speech(prompt, speech_table(language))
    heard = _hear(masked, prompt)
    refused = _hear(negative_prompt, negative_prompt, negative=True)
    if meaning is not None:
        _ask_meaning(heard, meaning)
    refusals = [r for reading in heard.readings() + refused.readings() for r in reading.refusals]
    _take_hints(heard)
    placed = order(heard.clauses, heard.tokens)
    no_motion = any(reading.no_motion for reading in heard.readings() + refused.readings())
    some_motion = [reading for reading in heard.readings() if reading.some_motion]
    notes: list[str] = []
    if shot is not None:
        final = shot
        if placed:
            notes.append("the camera was set by the request: the prompt's camera words were not used")
    elif placed or no_motion:
        timeline = build(placed, refusals, no_motion=no_motion, duration_s=duration_s)
        final = timeline.shot
        notes.extend(timeline.notes)
    else:
        final = Shot()
    if shot is None and not final.moves:
        if effect is not None and not placed:
            notes.append(f"the effect {effect} brings its own camera")
        elif still_by_default and not placed:
            final = Shot(moves=(Move(kind=MoveKind.STATIC),))
            notes.append("the camera stays still: no camera move was asked for, and parts of the photo move")
        else:
            final, why = default_shot(facts, refusals, seed, lively=_liveliness(some_motion))
            notes.append(why)
    final, differs = another_take(final, take, refusals=refusals, duration_s=duration_s)
    if differs:
        notes.append(differs)
    life, life_notes = _life(heard, refused)
    effects_notes, effects_ignored = _effects(heard, effect)
    still = any(reading.still_subject for reading in heard.readings()) or _all_still(heard)
    return Plan(
        shot=final,
        life=life,
        life_by_default=not still,
        effect=effect,
        sounds=tuple(s for s in dict.fromkeys(heard.sounds) if s not in {*refused.sounds, *heard.silenced}),
        speech=speech,
        subject_words=tuple(dict.fromkeys(heard.subjects)),
        understood=tuple(dict.fromkeys([*_understood(heard), *speech_words, *_understood(refused, "not: ")])),
        ignored=tuple(dict.fromkeys([*_ignored(heard), *effects_ignored])),
        notes=tuple(dict.fromkeys([*notes, *life_notes, *effects_notes])),
    )


# -- reading a text


def _hear(text: str, original: str, *, negative: bool = False) -> _Heard:
    tokens = tokenize(text)
    heard = _Heard(tokens=tokens, text=original)
    latin = latin_language(tokens)
    for first, last, language in _blocks(tokens, latin):
        words = table(language)
        block = tokens[first:last]
        hits = [
            Hit(hit.concepts, hit.first + first, hit.last + first) for hit in _without_names(match(block, words), block)
        ]
        sentences = heard.clauses[-1][0].sentence + 1 if heard.clauses else 0
        segments = [s for s in split(tokens[:last], hits, first) if s.first >= first]
        for segment in segments:
            segment.sentence += sentences
        reader = Reader(original, tokens, words, english=language == "en", negative=negative)
        heard.clauses.extend(_read_all(segments, reader))
        sounds, silenced = sounds_in(block, language, negative=negative)
        heard.sounds.extend(sounds)
        heard.silenced.extend(silenced)
        heard.subjects.extend(subjects_in(hits, tokens, english=language == "en"))
    return heard


def _blocks(tokens: Sequence[Token], latin: str) -> list[tuple[int, int, str]]:
    """Runs of sentences in one language: (first token, last token, language)."""
    blocks: list[tuple[int, int, str]] = []
    first = 0
    for at in range(len(tokens) + 1):
        if at < len(tokens) and tokens[at].mark is not Mark.STOP:
            continue
        end = min(at + 1, len(tokens))
        if end > first:
            language = script_of(tokens[first:end]) or latin
            if blocks and blocks[-1][2] == language:
                blocks[-1] = (blocks[-1][0], end, language)
            else:
                blocks.append((first, end, language))
        first = end
    return blocks


def _read_all(segments: Sequence[Segment], reader: Reader) -> list[tuple[Segment, Reading]]:
    clauses: list[tuple[Segment, Reading]] = []
    families: set[str] = set()  # what the "no" that still holds has refused
    for segment in segments:
        own = any(item.concept == "neg" for item in segment.items)
        held = not own and bool(families) and _still_negated(segment, families)
        clauses.append((segment, reader.read(segment, negated=held)))
        families = {_family(item.concept) for item in segment.items} - {""} if own or held else set()
    return _spread_manner(clauses, reader)


def _family(concept: str) -> str:
    if concept.startswith(("life.", "n.")):
        return "life"
    known = (
        concept in grammar.VERBS
        or grammar.concept_move(concept) is not None
        or concept in {"camera", "somemove", "ken_burns"}
    )
    return "camera" if known and concept != "static" else ""


def _without_names(hits: Sequence[Hit], tokens: Sequence[Token]) -> list[Hit]:
    """Drops "move" right after a move's own name: a crane *move* is one word for the crane."""
    kept: list[Hit] = []
    for hit in hits:
        named = kept and kept[-1].last == hit.first and kept[-1].concepts[-1].rstrip("+-") in grammar.KIND_VERBS
        if not (named and hit.concepts == ("move",) and tokens[hit.first].text in small_words("names_of_moves")):
            kept.append(hit)
    return kept


def _still_negated(segment: Segment, families: set[str]) -> bool:
    """Whether a "no" of the clause before reaches into this one: "no zoom, pan or tilt", not "no zoom, pan left"."""
    if segment.link is Link.OR:
        return True
    alone = len(segment.items) == 1 and segment.last - segment.first <= 2
    return alone and segment.link in {Link.AND, Link.COMMA} and _family(segment.items[0].concept) in families


def _spread_manner(clauses: list[tuple[Segment, Reading]], reader: Reader) -> list[tuple[Segment, Reading]]:
    """A clause of nothing but manner ("slowly, ...", "..., very gently") speaks of its neighbour's move.

    An adverb that leads the first of two moves joined by "and" holds for both: "slowly zoom in and pan left".
    """
    for i, (segment, reading) in enumerate(clauses):
        if not reading.manner_only or reading.manner == PLAIN:
            continue
        before = [r for s, r in clauses[:i] if s.sentence == segment.sentence and r.moves]
        after = [r for s, r in clauses[i + 1 :] if s.sentence == segment.sentence and r.moves]
        target = before[-1] if before else (after[0] if after else None)
        if target is not None:
            target.moves = [move.with_manner(reading.manner) for move in target.moves]
    for (segment, reading), (following, second) in pairwise(clauses):
        if following.link is not Link.AND or not reading.moves or not second.moves:
            continue
        words = manner_words(segment, reader.tokens)
        leads = [
            manner for item, manner in words if item.first <= segment.first + 2 and _before_moves(item.first, segment)
        ]
        if leads and not manner_words(following, reader.tokens):
            second.moves = [move.with_manner(combined(leads)) for move in second.moves]
    return clauses


def _before_moves(at: int, segment: Segment) -> bool:
    verbs = [
        i.first for i in segment.items if i.concept in grammar.VERBS or grammar.concept_move(i.concept) is not None
    ]
    return bool(verbs) and at < min(verbs)


def _take_hints(heard: _Heard) -> None:
    """Makes moves of the hints when nothing else takes the camera anywhere."""
    if any(move.kind is not MoveKind.HANDHELD for reading in heard.readings() for move in reading.moves):
        return
    for reading in heard.readings():
        if reading.hints and not reading.no_motion:
            reading.moves.append(reading.hints[0])
            return


# -- meaning


def _ask_meaning(heard: _Heard, meaning: Meaning) -> None:
    """Gives the clauses that keywords do not cover to the nearest meaning, all at once."""
    silent = not any(
        r.moves or r.life or r.no_motion or r.some_motion or r.refusals or r.still_subject for r in heard.readings()
    )
    runs: list[list[int]] = []
    for i, (segment, reading) in enumerate(heard.clauses):
        asks = any(
            item.concept in _ASKING and heard.tokens[item.first].text not in small_words("said_as_nouns")
            for item in segment.items
        )
        doubtful = reading.doubtful and not reading.moves and not reading.life
        if not (reading.unclear or doubtful or (reading.uncovered and (silent or asks))):
            continue
        joined = bool(runs) and runs[-1][-1] == i - 1 and segment.link in {Link.AND, Link.OR}
        if joined and segment.sentence == heard.clauses[i - 1][0].sentence:
            runs[-1].append(i)
        else:
            runs.append([i])
    if not runs:
        return
    texts = [
        fragment(heard.text, heard.tokens, heard.clauses[run[0]][0].first, heard.clauses[run[-1]][0].last)
        for run in runs
    ]
    for run, text, label in zip(runs, texts, meaning.labels(texts), strict=True):
        if label is not None:
            _take_label(heard, run, text, label)


def _take_label(heard: _Heard, run: list[int], text: str, label: str) -> None:
    reading = heard.clauses[run[0]][1]
    negated = any(item.concept == "neg" for i in run for item in heard.clauses[i][0].items)
    manner = combined([manner for i in run for _, manner in manner_words(heard.clauses[i][0], heard.tokens)])
    made = grammar.concept_move(label) or grammar.ALONE.get(label)
    about_camera = any(item.concept == "camera" for i in run for item in heard.clauses[i][0].items)
    if made is None and (about_camera or any(heard.clauses[i][1].doubtful for i in run)):
        return  # it stays as the keywords have it
    for i in run:
        heard.clauses[i][1].unclear = []
        heard.clauses[i][1].actions = []
        heard.clauses[i][1].uncovered = False
    if made is not None:
        kind, sign = made
        if negated and kind is not MoveKind.STATIC:  # "the view never changes" means static as it stands
            reading.refusals.append(Refusal(kind, 0, text))
        else:
            reading.moves.append(MoveIntent(kind, sign, manner, words=text))
    elif label.startswith("life."):
        strength = 0.0 if negated else round(min(4.0, max(0.3, manner.factor)), 2)
        reading.life.append(LifeIntent(LifeKind(label[5:]), strength, text))
    elif label == "action" and not negated:
        reading.actions.append(text)


# -- what comes of it


def _liveliness(asking: Sequence[Reading]) -> float | None:
    """How much motion of no kind in particular was asked for; None when none was."""
    return max((1.4 * reading.manner.factor for reading in asking), default=None)


def _life(heard: _Heard, refused: _Heard) -> tuple[tuple[Life, ...], list[str]]:
    found: dict[LifeKind, float] = {}
    notes: list[str] = []
    for reading in heard.readings():
        for intent in reading.life:
            before = found.get(intent.kind)
            if before == 0.0 or intent.strength == 0.0:
                found[intent.kind] = 0.0
            else:
                found[intent.kind] = max(before or 0.0, intent.strength)
            if (
                intent.kind is LifeKind.PETALS
                and "lea" in intent.words.lower()
                and "falling leaves are drawn as petals" not in notes
            ):
                notes.append("falling leaves are drawn as petals")
    for reading in refused.readings():
        for intent in reading.life:
            found[intent.kind] = 0.0
    return tuple(Life(kind=kind, strength=strength) for kind, strength in found.items()), notes


def _all_still(heard: _Heard) -> bool:
    """ "no motion at all" (not: no *camera* motion) also stills what is in the photo."""
    return any(
        reading.no_motion and not any(item.concept in {"camera", "somemove"} for item in segment.items)
        for segment, reading in heard.clauses
    )


def _effects(heard: _Heard, chosen: str | None) -> tuple[list[str], list[str]]:
    notes: list[str] = []
    ignored: list[str] = []
    for reading in heard.readings():
        for name, words in reading.effects:
            if name.replace("_", "-") == (chosen or "").replace("_", "-"):
                continue
            notes.append(f"“{words}” sounds like the effect {name}: choose it as the effect to get it")
            ignored.append(words)
    return notes, ignored


def _understood(heard: _Heard, prefix: str = "") -> list[str]:
    words: list[str] = []
    for segment, reading in heard.clauses:
        parts = [m.words for m in reading.moves] + [x.words for x in reading.life] + [r.words for r in reading.refusals]
        parts.extend(said for said in (reading.no_motion, reading.some_motion, reading.still_subject) if said)
        if not parts:
            continue
        whole = fragment(heard.text, heard.tokens, segment.first, segment.last)
        words.extend([whole] if len(whole) <= _WHOLE_CHARS and not reading.actions else parts)
    return [prefix + word for word in dict.fromkeys(words) if word]


def _ignored(heard: _Heard) -> list[str]:
    found: list[str] = []
    for segment, reading in heard.clauses:
        found.extend(reading.actions)
        found.extend(reading.unclear)
        if reading.uncovered and any(item.concept == "camera" for item in segment.items) and _verbal(segment):
            found.append(fragment(heard.text, heard.tokens, segment.first, segment.last))
    return found


def _verbal(segment: Segment) -> bool:
    """Whether a clause about the camera asks for something (rather than naming a picture or a view)."""
    return any(item.concept in grammar.GENERIC for item in segment.items)
