"""Makes what a :class:`~photoplay.sound.score.Score` asks for, and mixes it."""

from __future__ import annotations

import numpy as np

from photoplay.sound.beds import record
from photoplay.sound.dsp import F32, RATE, add_at, decibels, faded, filtered, samples
from photoplay.sound.events import strike
from photoplay.sound.request import SoundRequest
from photoplay.sound.score import EventPart, Score, read
from photoplay.sound.seeds import Chance

_EVENT_RMS = 0.22
"""Root mean square of the loudest 100 ms of an event at strength 1; beds have 0.1."""

_EVENT_PEAK = 1.4
"""Highest peak an event may have in the mix: sharp clicks are lifted no further."""

_EVENT_DB: dict[str, float] = {
    "boom": 3.0,
    "breath": -6.0,
    "click": -5.0,
    "explosion": 4.0,
    "fall": -4.0,
    "footsteps": -4.0,
    "gust": -3.0,
    "hiss": -4.0,
    "purr": -3.0,
    "shutter": -2.0,
    "sparkle": -5.0,
    "swell": -3.0,
    "swish": -5.0,
    "thud": 1.0,
    "thunder": 4.0,
    "wings": -4.0,
}
"""Art: what should stand out, and what should not."""


def composed(request: SoundRequest, n: int) -> tuple[F32, tuple[str, ...], tuple[str, ...]]:
    """The mix ``(2, n)`` before mastering, what can be heard in it, and notes for the user."""
    score = read(request)
    chance = Chance(request)
    notes = list(score.notes)
    heard: list[str] = []
    ambience = _ambience(score, chance, n, heard)
    out = ambience + _events(score, chance, n, heard)
    return _ended(out), tuple(heard), tuple(notes)


def _ambience(score: Score, chance: Chance, n: int, heard: list[str]) -> F32:
    out = np.zeros((2, n), np.float32)
    for bed in score.beds:
        sound = record(bed.kind, chance.rng(f"bed {bed.kind}"), n, bed.strength)
        out += sound * np.float32(decibels(bed.level_db))
        heard.append(f"bed {bed.kind}")
    duration_s = n / RATE
    return faded(out, min(0.12, 0.05 * duration_s), min(0.6, 0.15 * duration_s))


def _events(score: Score, chance: Chance, n: int, heard: list[str]) -> F32:
    out = np.zeros((2, n), np.float32)
    for index, event in enumerate(score.events):
        sounding = strike(
            event.kind, chance.rng(f"event {index} {event.kind}"), event.duration_s, event.strength, event.pan
        )
        add_at(out, sounding.sound, samples(event.at_s) - sounding.anchor, _gain(event, sounding.sound))
        heard.append(f"event {event.kind} at {event.at_s:.2f} s")
    return out


def _gain(event: EventPart, sound: F32) -> float:
    window = min(4800, sound.shape[1])
    power = np.square(sound).mean(axis=0)
    running = np.cumsum(np.concatenate([[0.0], power], dtype=np.float64))
    loudest = float(np.sqrt(max((running[window:] - running[:-window]).max() / window, 1e-12)))
    level = decibels(_EVENT_DB.get(event.kind, 0.0)) * (0.35 + 0.65 * event.strength)
    return min(_EVENT_RMS * level / loudest, _EVENT_PEAK * max(level, 1e-3) / max(float(np.abs(sound).max()), 1e-6))


def _ended(out: F32) -> F32:
    """No rumble, no offset, silence at both ends."""
    duration_s = out.shape[1] / RATE
    return faded(filtered(out, "high", 25.0), 0.004, min(0.25, 0.1 * duration_s))
