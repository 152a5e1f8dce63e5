"""Patterns that roles play within one slot. Beats count from 0; what lies beyond a slot's beats is not played."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Stroke:
    """One chord: when, how long, how hard (0..1), how far its tones are apart, and from the top or the bottom."""

    beat: float
    beats: float
    accent: float = 0.5
    spread_s: float = 0.0
    down: bool = False


@dataclass(frozen=True, slots=True)
class BassStroke:
    """One bass note: ``interval`` above the root in semitones; ``lead`` steps into the next root."""

    beat: float
    beats: float
    interval: int = 0
    accent: float = 0.5
    lead: bool = False


@dataclass(frozen=True, slots=True)
class Figure:
    """Tones of the chord by index, upwards over octaves; -1 rests."""

    per_beat: float
    steps: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Kit:
    """Drums by General MIDI key, as (beat, accent); ``fill`` comes before the end, ``final`` on the last chord."""

    groove: dict[int, tuple[tuple[float, float], ...]]
    final: tuple[int, ...] = ()
    fill: dict[int, tuple[tuple[float, float], ...]] = field(default_factory=dict)


def _each(
    step: float, accents: tuple[float, ...], first: float = 0.0, beats: float = 4.0
) -> tuple[tuple[float, float], ...]:
    count = int((beats - first) / step + 1e-6)
    return tuple((first + i * step, accents[i % len(accents)]) for i in range(count))


CHORDS: dict[str, tuple[Stroke, ...]] = {
    "hold": (Stroke(0, 4, 0.45),),
    "roll": (Stroke(0, 4, 0.5, 0.045),),
    "pulse": tuple(Stroke(b, 1, 0.7 if b == 0 else 0.45) for b in range(4)),
    "strum": (
        Stroke(0, 1, 0.7, 0.014),
        Stroke(1, 0.5, 0.5, 0.012),
        Stroke(1.5, 0.5, 0.35, 0.010, down=True),
        Stroke(2.5, 0.5, 0.4, 0.010, down=True),
        Stroke(3, 0.5, 0.6, 0.012),
        Stroke(3.5, 0.5, 0.35, 0.010, down=True),
    ),
    "lazy": (Stroke(0, 1.6, 0.55, 0.02), Stroke(2.5, 1.4, 0.4, 0.015)),
    "comp": (Stroke(0, 0.6, 0.45), Stroke(1.5, 0.4, 0.6), Stroke(3.5, 0.5, 0.5)),
    "power": (Stroke(0, 1.5, 0.7), Stroke(1.5, 1, 0.6), Stroke(2.5, 0.5, 0.5), Stroke(3, 1, 0.6)),
    "oompah": tuple(Stroke(b, 0.5, 0.45) for b in (1, 3)),
}

BASSES: dict[str, tuple[BassStroke, ...]] = {
    "hold": (BassStroke(0, 4, 0, 0.5),),
    "pulse": tuple(BassStroke(b, 1, 0, 0.65 if b == 0 else 0.45) for b in range(4)),
    "eighths": tuple(BassStroke(b / 2, 0.5, 0, 0.7 if b % 2 == 0 else 0.5) for b in range(8)),
    "root5": (BassStroke(0, 1, 0, 0.65), BassStroke(2, 1, 7, 0.5)),
    "walk": (
        BassStroke(0, 1, 0, 0.6),
        BassStroke(1, 1, 4, 0.5),
        BassStroke(2, 1, 7, 0.55),
        BassStroke(3, 1, 9, 0.5, lead=True),
    ),
    "lazybass": (BassStroke(0, 1.4, 0, 0.65), BassStroke(1.5, 0.5, 7, 0.4), BassStroke(2.5, 1.3, 0, 0.55)),
}

ARPS: dict[str, Figure] = {
    "broken": Figure(2, (0, 2, 4, 2, 5, 4, 2, 1)),
    "up": Figure(2, (0, 1, 2, 3, 4, 5)),
    "waltz": Figure(1, (0, 2, 4)),
    "travis": Figure(2, (0, 3, 2, 4, 0, 3, 2, 5)),
    "pulse8": Figure(2, (0, 0, 1, 0, 2, 0, 1, 0)),
    "gallop": Figure(4, (0, -1, 0, 0, 2, -1, 0, 0, 0, -1, 1, 1, 2, -1, 1, 0)),
    "run8": Figure(2, (0, 2, 3, 5, 4, 3, 2, 4)),
    "run16": Figure(4, (0, 2, 3, 5, 4, 3, 2, 1)),
}

Rhythm = tuple[tuple[float, float], ...]

MELODIES: dict[str, tuple[Rhythm, ...]] = {
    "sing": (
        ((0, 1.5), (1.5, 0.5), (2, 1), (3, 1)),
        ((0, 1), (1, 1), (2, 2)),
        ((0.5, 0.5), (1, 1), (2, 1.5), (3.5, 0.5)),
        ((0, 2), (2, 0.5), (2.5, 0.5), (3, 1)),
    ),
    "sparse": (((0, 2), (2, 2)), ((0, 3), (3, 1)), ((1, 1), (2, 2)), ((0, 4),)),
    "bouncy": (
        ((0, 0.5), (0.5, 0.5), (1, 0.5), (2, 0.5), (2.5, 0.5), (3, 1)),
        ((0, 0.5), (1, 0.5), (1.5, 0.5), (2, 0.5), (3, 0.5)),
        ((0.5, 0.5), (1, 0.5), (2, 0.5), (2.5, 0.5), (3, 0.5), (3.5, 0.5)),
    ),
    "bop": (
        ((0, 0.5), (0.5, 0.5), (1, 0.5), (1.5, 1), (3, 0.5), (3.5, 0.5)),
        ((0.5, 0.5), (1, 1), (2.5, 0.5), (3, 0.5), (3.5, 0.5)),
        ((0, 1.5), (1.5, 0.5), (2, 0.5), (2.5, 1)),
    ),
}

KICK, SNARE, RIM, CLAP, CLOSED, OPEN, CRASH, RIDE = 36, 38, 37, 39, 42, 46, 49, 51
SHAKER, TAMBOURINE, LOW_TOM, MID_TOM, HIGH_TOM, BRUSH = 70, 54, 41, 45, 48, 40
_TIMPANI = 47  # low-mid tom, played softly in a large room

DRUM_KITS: dict[str, Kit] = {
    "shaker": Kit({SHAKER: _each(0.5, (0.6, 0.3)), TAMBOURINE: ((1, 0.4), (3, 0.45))}),
    "timpani": Kit(
        {LOW_TOM: ((0, 0.7), (2, 0.4)), KICK: ((0, 0.5),)},
        (LOW_TOM, KICK),
        {LOW_TOM: ((0, 0.5), (1, 0.5), (2, 0.6), (2.5, 0.6), (3, 0.7), (3.25, 0.75), (3.5, 0.85), (3.75, 0.95))},
    ),
    "taiko": Kit(
        {
            LOW_TOM: ((0, 0.95), (1.5, 0.6), (2, 0.8), (3.5, 0.6)),
            MID_TOM: ((0.75, 0.5), (1, 0.55), (2.75, 0.5), (3, 0.6)),
            KICK: ((0, 0.8), (2, 0.6)),
        },
        (LOW_TOM, KICK, CRASH),
        {LOW_TOM: _each(0.5, (0.8, 0.6)), MID_TOM: _each(0.5, (0.5, 0.8), 0.25), KICK: ((0, 0.8), (2, 0.8))},
    ),
    "house": Kit(
        {
            KICK: _each(1, (0.9,)),
            CLAP: ((1, 0.6), (3, 0.6)),
            OPEN: _each(1, (0.35,), 0.5),
            CLOSED: _each(0.25, (0.3, 0.15)),
        },
        (KICK, CRASH),
        {KICK: _each(1, (0.9,)), SNARE: _each(0.25, (0.35, 0.4, 0.5, 0.55), 2.0), CLOSED: _each(0.5, (0.3,))},
    ),
    "boombap": Kit(
        {KICK: ((0, 0.8), (1.75, 0.5), (2.5, 0.65)), SNARE: ((1, 0.6), (3, 0.65)), CLOSED: _each(0.5, (0.35, 0.2))},
        (KICK,),
    ),
    "swing": Kit(
        {RIDE: ((0, 0.5), (1, 0.6), (1.5, 0.35), (2, 0.5), (3, 0.6), (3.5, 0.35)), 44: ((1, 0.4), (3, 0.4))},
        (RIDE, KICK),
    ),
    "rock": Kit(
        {KICK: ((0, 0.9), (2, 0.75), (2.5, 0.7)), SNARE: ((1, 0.85), (3, 0.9)), CLOSED: _each(0.5, (0.5, 0.35))},
        (KICK, CRASH),
        {
            KICK: ((0, 0.9), (1, 0.6), (2, 0.8)),
            SNARE: ((0, 0.5), (1, 0.7), (1.5, 0.6)),
            HIGH_TOM: ((2, 0.8), (2.25, 0.7)),
            MID_TOM: ((2.5, 0.8), (2.75, 0.7)),
            LOW_TOM: ((3, 0.85), (3.5, 0.9)),
        },
    ),
    "light": Kit({TAMBOURINE: ((1, 0.4), (3, 0.4)), SHAKER: _each(0.5, (0.4, 0.2)), RIM: ((2.5, 0.3),)}),
    "pop": Kit(
        {KICK: ((0, 0.8), (2, 0.7), (2.5, 0.45)), CLAP: ((1, 0.5), (3, 0.55)), SHAKER: _each(0.5, (0.45, 0.25))},
        (KICK, CRASH),
        {KICK: _each(1, (0.8,)), SNARE: ((2, 0.4), (2.5, 0.45), (3, 0.55), (3.25, 0.5), (3.5, 0.6), (3.75, 0.65))},
    ),
}
