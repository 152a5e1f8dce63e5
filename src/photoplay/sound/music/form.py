"""The shape of a piece: tempo, key, chords over time, and how it grows. It ends when the clip ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from photoplay.sound.dsp import Rng
from photoplay.sound.music.harmony import Chord, Key, chord
from photoplay.sound.music.styles import Style

_START_S = 0.06
_MEETING = 3.0  # what half a beat beside a moment costs, against a tempo at the wrong end of the style
_NEAR_BPM = 2
_MODE_ORDER = ("phrygian", "minor", "dorian", "mixolydian", "major", "lydian")
"""From sombre to bright."""


@dataclass(frozen=True, slots=True)
class Slot:
    """The span of one chord. ``force`` 0..1: how much of the ensemble plays, and how loud."""

    at_s: float
    beat_s: float
    beats: int
    chord: Chord
    force: float
    last: bool = False

    @property
    def end_s(self) -> float:
        """When the next slot begins."""
        return self.at_s + self.beats * self.beat_s


@dataclass(frozen=True, slots=True)
class Form:
    """Slots in order; the last is the final chord, which rings until ``end_s``."""

    key: Key
    bpm: float
    slots: tuple[Slot, ...]
    end_s: float


@dataclass(frozen=True, slots=True)
class Demands:
    """What is not left to the style: beats a minute, tonic (0 C .. 11 B), whether the mode is minor."""

    bpm: float | None = None
    tonic: int | None = None
    minor: bool | None = None

    def applied(self, style: Style) -> Style:
        """The style within these demands."""
        changes: dict[str, object] = {}
        if self.bpm is not None:
            changes["bpm"] = (round(self.bpm) - _NEAR_BPM, round(self.bpm) + _NEAR_BPM)
        if self.minor is not None:
            family: tuple[str, ...] = _MODE_ORDER[:3] if self.minor else _MODE_ORDER[3:]
            plain = "minor" if self.minor else "major"
            if self.tonic is not None:  # a key is named: it is that key and no church mode
                family = (plain,)
            changes["modes"] = tuple(mode for mode in style.modes if mode in family) or (plain,)
        return style.model_copy(update=changes) if changes else style


NO_DEMANDS = Demands()


def form(
    style: Style,
    rng: Rng,
    duration_s: float,
    bright: float,
    energy: float,
    moments: Sequence[float],
    demands: Demands = NO_DEMANDS,
) -> Form:
    """The form of a piece of exactly ``duration_s``.

    Of all tempos of the style that fill the clip with whole chords, it takes the one whose beats fall closest to
    ``moments`` (what happens in the picture), and among equals the one closest to ``energy``.
    """
    style = demands.applied(style)
    beat_s, beats, count, ring_s = _tempo(style, rng, duration_s, energy, moments)
    drawn = int(rng.integers(0, 12))
    key = Key(drawn if demands.tonic is None else demands.tonic, _mode(style, rng, bright))
    symbols = _symbols(style, rng, count)
    start_s = duration_s - ring_s - count * beats * beat_s
    slots = []
    for index, symbol in enumerate(symbols):
        share = index / max(count - 1, 1)
        force = 0.42 + 0.58 * min(1.0, share / 0.75) if count > 2 else 0.65 + 0.25 * share
        slots.append(Slot(start_s + index * beats * beat_s, beat_s, beats, chord(key, symbol), force))
    final = Slot(duration_s - ring_s, beat_s, max(1, round(ring_s / beat_s)), chord(key, "1"), 0.9, last=True)
    return Form(key, 60.0 / beat_s, (*slots, final), duration_s)


def _tempo(
    style: Style, rng: Rng, duration_s: float, energy: float, moments: Sequence[float]
) -> tuple[float, int, int, float]:
    """(seconds a beat, beats a chord, chords, seconds the last one rings)."""
    low, high = style.bpm
    wanted = low + (high - low) * min(1.0, max(0.0, energy + rng.uniform(-0.2, 0.2)))
    ring_from, ring_to = max(0.7, 0.14 * duration_s), max(1.0, min(3.0, 0.26 * duration_s))
    # With something to meet, it may also begin a little later, as musicians wait for a sign.
    starts = np.linspace(0.0, min(0.45, 0.09 * duration_s), 6) if moments else np.zeros(1)
    best: tuple[float, tuple[float, int, int, float]] | None = None
    for beats in _slot_sizes(style.slot):
        fewest = int(0.7 * low * (duration_s - ring_to) / 60.0 / beats)
        most = int(1.3 * high * duration_s / 60.0 / beats) + 1
        for count in range(max(1, fewest), most + 1):
            for ring_s in np.linspace(ring_from, ring_to, 19):
                for wait_s in starts:
                    beat_s = (duration_s - _START_S - wait_s - ring_s) / (count * beats)
                    if beat_s <= 0.1:
                        continue
                    bpm = 60.0 / beat_s
                    off = max(0.0, low * 0.94 - bpm, bpm - high * 1.06) / (high - low)
                    cost = 8.0 * off + 0.6 * abs(bpm - wanted) / (high - low) + 0.5 * (beats != style.slot)
                    cost += 1.0 * max(0, 3 - count) + 0.3 * (count % 2) + wait_s
                    for moment in moments[:4]:
                        phase = (moment - (duration_s - ring_s)) / beat_s
                        cost += _MEETING * abs(phase - round(phase)) * min(1.0, beat_s / 0.5)
                    if best is None or cost < best[0]:
                        best = (cost, (beat_s, beats, count, float(ring_s)))
    if best is None:  # a clip too short for one chord and a last one: only the last
        return duration_s, 1, 0, max(0.1, duration_s - _START_S)
    return best[1]


def _slot_sizes(beats: int) -> tuple[int, ...]:
    return (beats, beats // 2) if beats % 2 == 0 else (beats,)


def _mode(style: Style, rng: Rng, bright: float) -> str:
    modes = sorted(style.modes, key=_MODE_ORDER.index)
    at = bright * len(modes) + rng.uniform(-0.35, 0.35)
    return modes[int(min(max(at, 0), len(modes) - 1))]


def _symbols(style: Style, rng: Rng, count: int) -> list[str]:
    """Chord symbols of ``count`` slots: a progression that comes round, and a cadence into the last chord."""
    cycle = str(rng.choice(style.prog)).split()
    cadence = str(rng.choice(style.end)).split()
    cadence = cadence[-max(0, min(len(cadence), count - 1)) :] if count > 1 else []
    body = [cycle[i % len(cycle)] for i in range(count - len(cadence))]
    return body + cadence
