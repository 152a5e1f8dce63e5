"""Things a prompt mentions besides motion: sounds, and nouns that say what the photo shows."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from photoplay.engines.motion.language.lexicon import Hit, Table, data, match, phrases, table
from photoplay.engines.motion.language.tokens import Mark, Token

MAX_SUBJECTS = 16

SOUND_WORDS = (
    "rain", "thunder", "storm", "wind", "sea", "river", "waterfall", "birds", "crickets", "forest", "city",
    "traffic", "crowd", "cafe", "train", "fire", "footsteps", "heartbeat", "bells", "clock", "dog", "cat",
    "horse", "piano", "guitar", "strings", "violin", "drums", "flute", "choir", "orchestra", "electronic",
    "jazz", "music", "laughter", "applause",
)  # fmt: skip
"""Every word that ``Plan.sounds`` can hold."""

_NATURE_LEMMAS = {
    "n.water": "water", "n.clouds": "sky", "n.smoke": "smoke", "n.fire": "fire", "n.snow": "snow", "n.rain": "rain",
    "n.petals": "petals", "n.dust": "dust", "n.sway": "plants",
}  # fmt: skip


@cache
def speech_table(language: str) -> Table:
    """Words of speech ("say") and of writing ("sign", "text"): apart, for "speak" is an action too."""
    built = Table(fold_chars=table(language).fold_chars, prefixes=table(language).prefixes)
    for name in ("say", "written"):
        for phrase in phrases(data(language)["concepts"].get(name, "")):
            built.add(phrase, (name,))
    return built


@cache
def _sound_table(language: str) -> Table:
    built = Table(fold_chars=table(language).fold_chars, prefixes=table(language).prefixes)
    sources = [data(language).get("sounds", {})]
    if language != "en":
        sources.append(data("film").get("sounds", {}))
    for source in sources:
        for name, text in source.items():
            for phrase in phrases(text):
                built.add(phrase, (name,))
    return built


def sounds_in(tokens: Sequence[Token], language: str, *, negative: bool) -> tuple[list[str], list[str]]:
    """(sounds heard, sounds refused) in order. A "no" refuses what follows it up to the next comma."""
    heard: list[str] = []
    refused: list[str] = []
    negations = {
        at for hit in match(tokens, table(language)) if "neg" in hit.concepts for at in range(hit.first, hit.last)
    }
    for hit in match(tokens, _sound_table(language)):
        said_no = not negative and _negated(tokens, hit.first, negations, anywhere=table(language).negation_anywhere)
        for name in hit.concepts:
            if name != "plain":
                (refused if said_no else heard).append(name)
    return heard, refused


def _negated(tokens: Sequence[Token], at: int, negations: set[int], *, anywhere: bool) -> bool:
    back = at
    while back > 0 and tokens[back - 1].mark not in {Mark.COMMA, Mark.STOP}:
        back -= 1
        if back in negations:
            return True
    while anywhere and at + 1 < len(tokens) and tokens[at + 1].mark not in {Mark.COMMA, Mark.STOP}:
        at += 1
        if at in negations:
            return True
    return False


def subjects_in(hits: Sequence[Hit], tokens: Sequence[Token], *, english: bool) -> list[str]:
    """English nouns for what the prompt says is in the photo, in order."""
    found: list[str] = []
    for hit in hits:
        for concept in hit.concepts:
            if concept.startswith("noun.") and not concept.startswith(("noun.pronoun", "noun.body")):
                found.append(concept.split(".", 2)[2])
            elif concept in _NATURE_LEMMAS:
                word = tokens[hit.first].text if english and hit.last - hit.first == 1 else _NATURE_LEMMAS[concept]
                found.append(word)
    return list(dict.fromkeys(found))[:MAX_SUBJECTS]
