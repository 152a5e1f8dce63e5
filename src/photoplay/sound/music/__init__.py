"""Short pieces of music that begin, grow and end with the clip."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from photoplay.sound.dsp import (
    F32,
    HOP,
    RATE,
    Rng,
    add_at,
    decibels,
    f32,
    faded,
    frames,
    panned,
    reverb,
    samples,
    stretched,
)
from photoplay.sound.filters import moving_mean
from photoplay.sound.music.form import NO_DEMANDS, Demands, form
from photoplay.sound.music.soundfont import SoundFont
from photoplay.sound.music.styles import DRUMS, styles
from photoplay.sound.music.synth import Synth
from photoplay.sound.music.writer import Note, Piece, write

_EVENING = 0.4
_MOST_LIFT_DB = 7.0
_LISTEN_S = 1.6
_THREADS = 2


class _Tone(NamedTuple):
    """How a note is played: velocities in steps of 4, lengths in steps of 20 ms."""

    line: int
    key: int
    velocity: int
    hold: int  # in fiftieths of a second

    @classmethod
    def of(cls, note: Note) -> _Tone:
        """The tone of a note of the piece."""
        velocity, hold_s = max(1, round(note.velocity / 4) * 4), round(note.hold_s * 50 + 0.5) / 50
        return cls(note.line, note.key, velocity, round(hold_s * 50))


class Player(Protocol):
    """Something that plays single notes of General MIDI programs (bank 128: drums)."""

    def has(self, bank: int, program: int) -> bool:
        """Whether there is such an instrument."""
        ...

    def note(self, bank: int, program: int, key: int, velocity: int, hold_s: float) -> F32:
        """One note with its release, ``(2, m)``."""
        ...


def player(soundfont: Path | None) -> Player:
    """A player of that sound font, or of our own instruments without one.

    Raises:
        WeightsCorrupt: the file is not a sound font.
    """
    return Synth() if soundfont is None else SoundFont.open(soundfont)


def piece(
    style: str,
    rng: Rng,
    duration_s: float,
    bright: float,
    energy: float,
    moments: Sequence[float],
    demands: Demands = NO_DEMANDS,
) -> Piece:
    """A piece of exactly ``duration_s``; its beats meet ``moments`` of the picture where they can.

    Raises:
        KeyError: there is no such style.
    """
    manner = styles()[style]
    return write(manner, form(manner, rng, duration_s, bright, energy, moments, demands), rng)


def _evened(out: F32, ending_s: float) -> F32:
    """A gain for each sample that brings a shy beginning closer to the height; the ending is left as it fades."""
    n = out.shape[1]
    count = frames(n)
    padded = np.zeros(count * HOP, np.float32)
    padded[:n] = np.square(out).mean(axis=0)
    power = moving_mean(padded.reshape(count, HOP).mean(axis=1), int(_LISTEN_S * RATE / HOP))
    last = min(count - 1, max(0, int((ending_s - _LISTEN_S / 2) * RATE / HOP)))
    power[last:] = power[last]
    highest = float(power.max())
    if highest <= 0:
        return np.ones(n, np.float32)
    lift_db = -_EVENING * 10 * np.log10(np.maximum(power / highest, 1e-4))
    return stretched(f32(10.0 ** (np.minimum(lift_db, _MOST_LIFT_DB) / 20)), n)


def played(music: Piece, by: Player, n: int) -> F32:
    """The piece as sound, ``(2, n)``."""
    places = [panned(np.ones(1, np.float32), line.pan) * np.float32(decibels(line.level_db)) for line in music.lines]
    out = np.zeros((2, n), np.float32)

    def sounding(what: _Tone) -> F32:
        line = music.lines[what.line]
        bank, program = (128, 0) if line.program == DRUMS else (0, line.program)
        if not by.has(bank, program):
            program = 0
        return by.note(bank, program, what.key, min(what.velocity, 127), what.hold / 50) * places[what.line]

    tones = [_Tone.of(note) for note in music.notes]
    alike = list(dict.fromkeys(tones))  # equal notes are played once
    with ThreadPoolExecutor(_THREADS, "photoplay-notes") as beside:
        kept = dict(zip(alike, beside.map(sounding, alike), strict=True))
    for note, tone in zip(music.notes, tones, strict=True):
        add_at(out, kept[tone], samples(note.at_s))
    out *= _evened(out, music.form.slots[-1].at_s)
    length_s, share = music.room
    wet = reverb(out, 101, length_s, share, 5000.0, 0.018)
    # The last chord dies away to the very end, whatever plays it.
    return faded(wet, 0.003, 0.8 * (n / RATE - music.form.slots[-1].at_s))
