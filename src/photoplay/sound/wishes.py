"""What a prompt says about its music beyond the style: tempo, key, mood.

Only words beside a word of music count: in "slow zoom in, upbeat music" the camera is slow and the music is not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from photoplay.sound.lexicon import mentions, words_of

_CLAUSE = re.compile(r"[,.;:!?()]|\b(?:while|as|then)\b")
_BPM = re.compile(r"\b(\d{2,3})\s*(?:bpm|beats per minute|beats a minute)\b", re.IGNORECASE)
_KEY = re.compile(r"\b([A-G])(?:\s*(sharp|flat|♯|♭|#))?[\s-]+(major|minor)\b")  # "a minor change" names no key
_MODE = re.compile(r"\b(major|minor)\s+(?:key|mode|chords)\b|\b(?:major|minor)\b(?=\s*$)", re.IGNORECASE)
_SLOWEST_BPM, _FASTEST_BPM = 40.0, 200.0
_PITCH = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_ALTERED = {"sharp": 1, "♯": 1, "#": 1, "flat": -1, "♭": -1}
_GLOOM, _SUN = 0.08, 0.92

GLOOMY = frozenset({"music:sad", "music:tense", "music:dark"})
SUNNY = frozenset({"music:playful", "music:uplifting"})


@dataclass(frozen=True, slots=True)
class MusicWish:
    """What was asked for; None where nothing was.

    ``energy``: 0 slow .. 1 fast, within what the style allows. ``bpm`` replaces the style's tempo. ``tonic``: 0 C ..
    11 B. ``minor``: whether the key is minor. ``bright``: 0 sombre .. 1 sunny, in place of what the photo says.
    """

    energy: float | None = None
    bpm: float | None = None
    tonic: int | None = None
    minor: bool | None = None
    bright: float | None = None


def wished(text: str) -> MusicWish:
    """The wishes in a text."""
    energy = bpm = tonic = minor = bright = None
    for clause in _CLAUSE.split(text):
        meanings = {mention.meaning for mention in mentions(clause) if mention.meaning.startswith("music")}
        pace = _BPM.search(clause)
        if pace is not None:  # says by itself that it is about music
            bpm = min(_FASTEST_BPM, max(_SLOWEST_BPM, float(pace[1])))
        if not meanings:
            continue
        for name, value in (("slow", 0.0), ("fast", 1.0)):
            if any(re.search(rf"\b{re.escape(word)}\b", clause.lower()) for word in words_of("tempo", name)):
                energy = value
        key = _KEY.search(clause)
        mode = _MODE.search(clause)
        if key is not None:
            tonic = (_PITCH[key[1]] + _ALTERED.get(key[2] or "", 0)) % 12
            minor = key[3] == "minor"
        elif mode is not None:
            minor = "minor" in mode[0].lower()
        if meanings & GLOOMY:
            bright = _GLOOM
        elif meanings & SUNNY:
            bright = _SUN
    return MusicWish(energy, bpm, tonic, minor, bright)
