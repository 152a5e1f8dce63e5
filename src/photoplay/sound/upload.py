"""A caller's own sound, fitted to a clip: trimmed, or looped where nobody hears it, faded, never clipped."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from photoplay.errors import AudioUnreadable
from photoplay.media.audio import read_audio
from photoplay.sound.dsp import F32, RATE, f32, faded, samples
from photoplay.sound.filters import filtered
from photoplay.sound.loudness import SILENCE_LUFS, integrated

_READ_MORE_S = 30.0  # beyond the clip: to find the first sound of a file that starts silent
_RUMBLE_HZ = 8.0
_SILENT_PEAK = 1e-4  # -80 dBFS
_FADE_IN_S = 0.015
_FADE_OUT_S = 0.45
_CROSS_S = 0.12  # cross-fade of a loop
_WINDOW = 960  # 20 ms, for finding quiet points
_AUDIBLE_DB = -60.0  # against the loudest window


def fitted(path: Path, n: int) -> F32:
    """The file's sound as ``(2, n)``, not yet at the final loudness.

    Raises:
        AudioUnreadable: there is no sound in the file, or nothing to hear in it.
    """
    read = np.ascontiguousarray(read_audio(path, n / RATE + _READ_MORE_S).T)
    return shaped(read, n)


def shaped(sound: F32, n: int) -> F32:
    """``sound`` ``(2, m)`` trimmed or looped to ``(2, n)``, without offset or rumble, with soft ends.

    Raises:
        AudioUnreadable: it is silent.
    """
    clean = filtered(sound, "high", _RUMBLE_HZ)
    highest = float(np.abs(clean).max(initial=0.0))
    if sound.shape[1] < RATE // 50 or highest < _SILENT_PEAK:
        raise AudioUnreadable("The sound file is silent.")
    clean *= np.float32(0.5 / highest)  # before the gate of the loudness meter, which takes a whisper for silence
    if integrated(clean) <= SILENCE_LUFS:
        raise AudioUnreadable("The sound file is silent.")
    levels = _levels(clean)
    start = _first_sound(levels) if not _heard(levels[: max(1, n // _WINDOW)], levels) else 0
    clean = clean[:, start:]
    full = clean[:, :n] if clean.shape[1] >= n else _looped(clean, n)
    return faded(full, _FADE_IN_S, min(_FADE_OUT_S, 0.15 * n / RATE))


def _levels(sound: F32) -> F32:
    """Root mean square of each 20 ms."""
    count = max(1, sound.shape[1] // _WINDOW)
    cut = sound[:, : count * _WINDOW] if sound.shape[1] >= _WINDOW else sound
    power = np.square(cut).mean(axis=0)
    return f32(np.sqrt(power.reshape(count, -1).mean(axis=1)))


def _heard(part: F32, whole: F32) -> bool:
    return bool(part.max() > whole.max() * 10 ** (_AUDIBLE_DB / 20))


def _first_sound(levels: F32) -> int:
    """Sample at which something is heard first, less a breath."""
    first = int(np.argmax(levels > levels.max() * 10 ** (_AUDIBLE_DB / 20)))
    return max(0, first - 2) * _WINDOW


def _looped(sound: F32, n: int) -> F32:
    """Repeats ``sound`` until ``n`` samples are full; the seam is cross-faded at quiet points near its two ends."""
    first, last = _quiet_ends(sound)
    body = sound[:, first:last]
    cross = min(samples(_CROSS_S), body.shape[1] // 4)
    if cross < 2:
        return np.tile(sound, (1, -(-n // sound.shape[1])))[:, :n]
    up = np.sin(np.linspace(0, np.pi / 2, cross, dtype=np.float32))
    seam = body[:, -cross:] * up[::-1] + body[:, :cross] * up
    # The first pass keeps the file's own beginning; later ones start after the seam.
    turn = np.concatenate([body[:, cross:-cross], seam], axis=1)
    head = np.concatenate([sound[:, : first + cross], turn], axis=1)
    rounds = -(-max(0, n - head.shape[1]) // turn.shape[1])
    return np.concatenate([head, np.tile(turn, (1, rounds))], axis=1)[:, :n]


def _quiet_ends(sound: F32) -> tuple[int, int]:
    """The quietest points in the first and the last quarter of a sound (at most 1.5 s of each)."""
    levels = _levels(sound)
    reach = max(1, min(levels.size // 4, int(1.5 * RATE / _WINDOW)))
    first = int(np.argmin(levels[:reach]))
    tail = levels[levels.size - reach :]
    last = levels.size - reach + int(tail.size - 1 - np.argmin(tail[::-1])) + 1
    return (first * _WINDOW, min(last * _WINDOW, sound.shape[1])) if last - first >= 4 else (0, sound.shape[1])
