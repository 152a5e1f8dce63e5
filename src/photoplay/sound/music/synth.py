"""Instruments of our own for installations without a sound font: fewer colours, the same notes.

Wave tables: one cycle of each colour, limited to what the rate can carry, read at the note's speed. Plucked tones
fade from a bright table to a dull one; sung tones are a few players slightly out of tune.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from photoplay.sound.dsp import F32, RATE, attack_decay, f32, faded, panned, samples, seconds, tone
from photoplay.sound.filters import filtered

_TABLE = 4096
_TOP_HZ = 11_000.0


@dataclass(frozen=True, slots=True)
class _Colour:
    """``slope``: how fast partials fall (level of partial h is h**-slope); ``odd``: share of the even ones kept.

    ``mouth``: resonances (Hz, width as a share) that shape the partials. ``decay_s``: of plucked tones at middle C,
    0 for sung ones, which have ``attack_s``, ``release_s`` and ``players``.
    """

    slope: float
    odd: float = 1.0
    mouth: tuple[tuple[float, float], ...] = ()
    decay_s: float = 0.0
    attack_s: float = 0.004
    release_s: float = 0.12
    players: int = 1
    level: float = 0.3


_KEYS = _Colour(1.5, decay_s=1.3)
_EPIANO = _Colour(2.4, 0.5, decay_s=1.2)
_PLUCK = _Colour(1.2, decay_s=0.7)
_SHORT = _Colour(1.1, decay_s=0.22)
_HARP = _Colour(1.7, decay_s=1.1)
_BASS = _Colour(1.9, decay_s=0.9, level=0.42)
_DRIVEN = _Colour(0.75, decay_s=2.5, level=0.2)
_STRINGS = _Colour(1.35, attack_s=0.14, release_s=0.35, players=3)
_SOLO = _Colour(1.25, attack_s=0.07, release_s=0.22, players=1, level=0.26)
_CHOIR = _Colour(
    1.0, mouth=((650, 0.25), (1150, 0.2), (2700, 0.2)), attack_s=0.18, release_s=0.45, players=3, level=0.4
)
_BRASS = _Colour(1.0, mouth=((700, 0.9),), attack_s=0.06, release_s=0.2, players=2, level=0.34)
_REED = _Colour(1.3, 0.35, attack_s=0.04, release_s=0.15)
_FLUTE = _Colour(2.6, attack_s=0.06, release_s=0.16, level=0.34)
_ORGAN = _Colour(1.6, attack_s=0.03, release_s=0.25)
_LEAD = _Colour(1.0, attack_s=0.01, release_s=0.12, players=2, level=0.24)
_PAD = _Colour(1.7, attack_s=0.3, release_s=0.7, players=3)

_FAMILIES: tuple[tuple[int, _Colour], ...] = (
    (4, _KEYS), (8, _EPIANO), (16, _PLUCK), (24, _ORGAN), (29, _PLUCK), (32, _DRIVEN), (40, _BASS), (44, _SOLO),
    (45, _STRINGS), (46, _SHORT), (47, _HARP), (48, _BASS), (52, _STRINGS), (56, _CHOIR), (64, _BRASS), (72, _REED),
    (80, _FLUTE), (88, _LEAD), (104, _PAD), (128, _PLUCK),
)  # fmt: skip
"""First General MIDI program after each family."""

_BELL_PARTIALS = ((1.0, 1.0, 1.0), (2.76, 0.45, 0.5), (5.4, 0.22, 0.25), (8.93, 0.1, 0.12))
"""Of a struck bar (ratio, level, share of the decay)."""


class Synth:
    """Plays General MIDI programs. Same calls as a sound font."""

    def has(self, bank: int, program: int) -> bool:
        """Every program has a stand-in."""
        return True

    def note(self, bank: int, program: int, key: int, velocity: int, hold_s: float) -> F32:
        """One note held for ``hold_s``, with its release. Returns ``(2, m)``."""
        gain = np.float32((velocity / 127.0) ** 1.6)
        if bank == 128:
            return panned(_drum(key) * gain, 0.0)
        if 8 <= program <= 15:
            return _bell(key, hold_s) * gain
        colour = next(colour for end, colour in _FAMILIES if program < end)
        return (_plucked(colour, key, hold_s) if colour.decay_s > 0 else _sung(colour, key, hold_s)) * gain


def _hz(key: int) -> float:
    return float(440.0 * 2.0 ** ((key - 69) / 12.0))


@lru_cache(maxsize=256)
def _cycle(colour: _Colour, octave: int, dull: float) -> F32:
    """One cycle for the keys of an octave; ``dull`` steepens the fall of the partials."""
    top = 440.0 * 2.0 ** ((12 * octave + 11 - 69) / 12.0)
    count = int(min(40, max(1, _TOP_HZ / top)))
    h = np.arange(1, count + 1)
    levels = h ** -(colour.slope + dull)
    levels[1::2] *= colour.odd
    if colour.mouth:
        middle = top / 1.4 * h
        levels *= 0.12 + sum(np.exp(-0.5 * ((middle - hz) / (width * hz)) ** 2) for hz, width in colour.mouth)
    spectrum = np.zeros(_TABLE // 2 + 1, np.complex128)
    spectrum[1 : count + 1] = levels * np.exp(1j * (0.7 * h * h))  # spread phases: a low crest
    wave = np.fft.irfft(spectrum, _TABLE)
    return f32(wave / np.sqrt(np.mean(wave**2)))


def _read(table: F32, hz: float, n: int, start: float = 0.0) -> F32:
    at = ((np.arange(n, dtype=np.float64) * (hz / RATE) + start) * _TABLE).astype(np.int64)
    return f32(table[at & (_TABLE - 1)])


def _plucked(colour: _Colour, key: int, hold_s: float) -> F32:
    decay_s = colour.decay_s * 2.0 ** ((60 - key) / 24.0)
    n = samples(min(hold_s + colour.release_s, 5.0 * decay_s))
    t = seconds(n)
    octave = key // 12
    bright = np.exp(-t / (0.22 * decay_s))
    wave = bright * _read(_cycle(colour, octave, -0.25), _hz(key), n)
    wave += (1 - bright) * _read(_cycle(colour, octave, 0.9), _hz(key), n)
    out = colour.level * wave * attack_decay(n, colour.attack_s, decay_s)
    return panned(faded(f32(out), 0.0, colour.release_s), 0.0)


def _sung(colour: _Colour, key: int, hold_s: float) -> F32:
    n = samples(hold_s + colour.release_s)
    t = seconds(n)
    attack_s = min(colour.attack_s, 0.4 * hold_s)
    end_s = hold_s + colour.release_s
    shape = np.minimum(1.0, t / attack_s) * np.clip((end_s - t) / colour.release_s, 0, 1)
    table = _cycle(colour, key // 12, 0.0)
    if colour.players == 1:
        vibrato = 1 + 0.0035 * np.sin(2 * np.pi * 5.4 * t) * np.clip((t - 0.25) / 0.3, 0, 1)
        at = (np.cumsum(vibrato, dtype=np.float64) * (_hz(key) / RATE * _TABLE)).astype(np.int64)
        return panned(f32(colour.level * table[at & (_TABLE - 1)] * shape), 0.0)
    players = [
        _read(table, _hz(key) * (1 + 0.0016 * (i - (colour.players - 1) / 2)), n, 0.31 * i)
        for i in range(colour.players)
    ]
    left = players[0] + 0.6 * sum(players[1:-1], start=np.zeros(n, np.float32))
    right = players[-1] + 0.6 * sum(players[1:-1], start=np.zeros(n, np.float32))
    scale = colour.level / np.sqrt(1 + 0.36 * (colour.players - 2))
    return f32(np.stack([left, right]) * (scale * shape))


def _bell(key: int, hold_s: float) -> F32:
    decay_s = 1.1 * 2.0 ** ((72 - key) / 24.0)
    n = samples(min(hold_s + 0.6, 4.0 * decay_s))
    t = seconds(n)
    out = np.zeros(n, np.float32)
    for ratio, level, share in _BELL_PARTIALS:
        if _hz(key) * ratio < 0.4 * RATE:
            out += level * tone(_hz(key) * ratio, n) * np.exp(-t / (share * decay_s))
    return panned(faded(f32(0.32 * out * attack_decay(n, 0.002, 1e3)), 0.0, 0.15), 0.0)


@lru_cache(maxsize=32)
def _drum(key: int) -> F32:
    """Drums by General MIDI key: skins, snares, metal and shakers."""
    rng = np.random.default_rng(key)
    if key in (35, 36):
        n = samples(0.35)
        hz = f32(48 + 90 * np.exp(-seconds(n) / 0.025))
        return f32(0.9 * np.tanh(1.6 * tone(hz, n) * attack_decay(n, 0.001, 0.11)))
    if key in (41, 43, 45, 47, 48, 50):
        n = samples(0.7)
        base = 70 * 2 ** ((key - 41) / 10)
        hz = f32(base * (1 + 0.8 * np.exp(-seconds(n) / 0.04)))
        skin = tone(hz, n) * attack_decay(n, 0.001, 0.2)
        return f32(0.8 * skin + 0.15 * rng.standard_normal(n) * attack_decay(n, 0.0005, 0.012))
    if key in (37, 38, 39, 40):
        n = samples(0.25)
        rattle = filtered(f32(rng.standard_normal(n)) * attack_decay(n, 0.0006, 0.07), "band", (900.0, 8000.0), 1)
        return f32(0.6 * rattle + 0.35 * tone(190.0, n) * attack_decay(n, 0.001, 0.05))
    length_s, decay_s = (1.4, 0.4) if key in (49, 51, 57, 46) else (0.12, 0.03)
    n = samples(length_s)
    metal = filtered(f32(rng.standard_normal(n)) * attack_decay(n, 0.0006, decay_s), "high", 6000.0)
    return f32(0.3 * metal)
