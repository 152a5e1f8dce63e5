"""Which words mean which sounds.

The prompt's language has been understood before: ``Plan.sounds`` holds English sound words whatever the prompt was
written in. ``words.toml`` adds what the sound room can do beyond those, from the English words of the
prompt, and places and moods that imply a sound without naming one.

A meaning is ``bed:NAME``, ``event:NAME``, ``music:STYLE`` or ``music`` (any style). Its weight says how surely the
word asks for the sound: 1 it names it, 0.7 it names a place or thing that sounds so, 0.4 a mood that suits it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

NAMED, PLACE, MOOD = 1.0, 0.7, 0.4

_WEIGHTS = {"named": NAMED, "place": PLACE, "mood": MOOD}

_NEGATION = re.compile(r"\b(?:no|without|not|never|mute|muted|silent|dont|don't|doesn't|remove|less)\b[^,.;:!?]{0,28}$")
_QUOTED = re.compile(r"[\"“”«»„「」『』][^\"“”«»„「」『』]*[\"“”«»„「」『』]")


@dataclass(frozen=True, slots=True)
class Mention:
    """A meaning found in text."""

    meaning: str
    weight: float
    at: int  # where in the text, so that what is said first counts first


@lru_cache(maxsize=1)
def _words() -> dict[str, dict[str, str]]:
    text = resources.files("photoplay.sound").joinpath("words.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@lru_cache(maxsize=1)
def table() -> tuple[tuple[tuple[str, ...], float, tuple[str, ...]], ...]:
    """Every row of the word table: its words, its weight, its meanings."""
    return tuple(
        (tuple(word.strip() for word in words.split(",")), weight, tuple(meanings.split()))
        for section, weight in _WEIGHTS.items()
        for meanings, words in _words()[section].items()
    )


def _found(low: str) -> Iterator[tuple[list[int], float, tuple[str, ...]]]:
    """The rows that have words in a text: where these begin, in order, their weight and their meanings.

    Whether the letters are there at all is asked first: a pattern for each word would take longer than the rest of
    reading a prompt.
    """
    for words, weight, meanings in table():
        starts = [hit.start() for word in words if word in low for hit in re.finditer(rf"\b{re.escape(word)}\b", low)]
        if starts:
            yield sorted(starts), weight, meanings


def words_of(section: str, name: str) -> tuple[str, ...]:
    """The words of one row of a section of the table."""
    return tuple(word.strip() for word in _words()[section][name].split(","))


def meanings_of(sound_word: str) -> tuple[str, ...]:
    """What a word of ``Plan.sounds`` means; nothing for a word this room does not know."""
    return tuple(_words()["sounds"].get(sound_word, "").split())


def spoken_away(prompt: str, speech: str | None) -> str:
    """The prompt without the words that are to be spoken: they are heard as they are, not as what they mean."""
    text = _QUOTED.sub(" ", prompt)
    return text.replace(speech, " ") if speech else text


def mentions(text: str) -> list[Mention]:
    """What a text asks to hear, first mention first. A sound that is refused ("no music") is left out."""
    low = text.lower()
    found: dict[str, Mention] = {}
    for starts, weight, meanings in _found(low):
        if _NEGATION.search(low[: starts[0]]):
            continue
        for meaning in meanings:
            known = found.get(meaning)
            if known is None or weight > known.weight:
                found[meaning] = Mention(meaning, weight, starts[0])
    return sorted(found.values(), key=lambda m: (-m.weight, m.at, m.meaning))


def refused(text: str) -> frozenset[str]:
    """Meanings that the text says it does not want."""
    low = text.lower()
    return frozenset(
        meaning
        for starts, _, meanings in _found(low)
        for start in starts
        if _NEGATION.search(low[:start])
        for meaning in meanings
    )
