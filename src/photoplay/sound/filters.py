"""Filters, resampling and moving windows, with NumPy alone.

SciPy has all of this, but loading its signal package takes several times as long as making most soundtracks, and a
soundtrack is made in a process of its own. Filters are applied in the frequency domain, in blocks that fit the
processor's cache: the sum of many small transforms costs less than one large one.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from photoplay.sound.dsp import F32, RATE, Floats, f32, fast_length

Kind = Literal["low", "high", "band"]
Response = NDArray[np.complex64]

_SMALLEST_BLOCK = 8192
_DECAY = 13.0  # nepers (113 dB) after which the ring of a filter is over
_REAL = (1.0, math.sqrt(0.5))  # decay of a Butterworth filter's slowest pole of order 1 and 2, in its own cutoff


def filtered(x: F32, kind: Kind, hz: float | tuple[float, float], order: int = 2) -> F32:
    """Butterworth filter of order 1 or 2 over the last axis; ``kind`` is ``low``, ``high`` or ``band``."""
    low, high = hz if isinstance(hz, tuple) else (hz, hz)
    width = high - low if kind == "band" else low
    # A band's poles: one pair decays with half the width, the pair at its lower edge with that edge.
    slowest = min(width / 2, low) if kind == "band" else width
    tail = math.ceil(_DECAY * RATE / (2 * math.pi * slowest * _REAL[order - 1]))
    return convolved(x, tail, lambda size: _butterworth(size, kind, low, high, order))


@lru_cache(maxsize=128)
def _butterworth(size: int, kind: Kind, low_hz: float, high_hz: float, order: int) -> Response:
    """The digital filter's response at the bins of a real transform of ``size`` (bilinear transform, prewarped).

    Every kind is the low-pass prototype with another ratio ``whole / top`` in place of the frequency.
    """
    s = 1j * _warped(np.fft.rfftfreq(size, 1 / RATE))
    low, high = _warped(low_hz), _warped(high_hz)
    top, whole = {"low": (low, s), "high": (s, low), "band": (s * (high - low), s * s + low * high)}[kind]
    if order == 1:
        return np.asarray(top / (whole + top), np.complex64)
    return np.asarray(top**2 / (whole**2 + math.sqrt(2) * whole * top + top**2), np.complex64)


def _warped(hz: Floats | float) -> Floats:
    """The analogue frequency that the bilinear transform puts at ``hz`` (twice the rate is 1)."""
    return np.tan(np.minimum(np.asarray(hz, np.float64) * (np.pi / RATE), np.pi / 2 - 1e-9))


def sections(size: int, sos: NDArray[np.float64]) -> Response:
    """The response of second-order sections ``(k, 6)`` at the bins of a real transform of ``size``."""
    z = np.exp(-2j * np.pi * np.fft.rfftfreq(size))
    out = np.ones(z.size, np.complex128)
    for b0, b1, b2, a0, a1, a2 in sos:
        out *= (b0 + b1 * z + b2 * z * z) / (a0 + a1 * z + a2 * z * z)
    return out.astype(np.complex64)


def convolved(x: F32, tail: int, response: Callable[[int], Response]) -> F32:
    """``x`` through a filter whose answer is over after ``tail`` samples; ``response`` gives it for a block size.

    Works on the last axis; the result is as long as ``x``.
    """
    n = x.shape[-1]
    block = max(_SMALLEST_BLOCK, 1 << (4 * tail - 1).bit_length())
    if n + tail <= block:
        size = fast_length(n + tail)
        return f32(np.fft.irfft(np.fft.rfft(x, size) * response(size), size)[..., :n])
    step = block - tail
    count = -(-n // step)
    padded = np.zeros((*x.shape[:-1], tail + count * step), np.float32)
    padded[..., tail : tail + n] = x
    gains = response(block)
    out = np.empty((*x.shape[:-1], count * step), np.float32)
    for at in range(0, count * step, step):
        spectrum = np.fft.rfft(padded[..., at : at + block])
        spectrum *= gains
        out[..., at : at + step] = np.fft.irfft(spectrum, block)[..., tail:]
    return out[..., :n]


def resampled(x: F32, from_hz: int, to_hz: int) -> F32:
    """``x`` ``(..., n)`` at another rate, without aliases: ``(..., round(n * to / from))``."""
    if from_hz == to_hz:
        return x
    common = math.gcd(from_hz, to_hz)
    unit, n = from_hz // common, x.shape[-1]
    # Some silence behind, so that the end does not ring into the start.
    size = unit * fast_length(-(-(n + from_hz // 50) // unit))
    length = size // unit * (to_hz // common)
    spectrum = np.fft.rfft(x, size)[..., : min(size, length) // 2 + 1]
    spectrum *= np.float32(length / size)
    return np.ascontiguousarray(np.fft.irfft(spectrum, length)[..., : round(n * to_hz / from_hz)], np.float32)


def moving_mean(x: F32, width: int) -> F32:
    """The mean of ``width`` values around each of ``x`` ``(n,)``; beyond its ends the last value goes on."""
    if width < 2:
        return x
    before = width // 2
    padded = np.concatenate([np.full(before + 1, x[0]), x, np.full(width - before, x[-1])])
    sums = np.cumsum(padded, dtype=np.float64)
    return f32((sums[width : width + x.size] - sums[: x.size]) / width)


def moving_max(x: F32, reach: int) -> F32:
    """The largest of the values up to ``reach`` before and after each of ``x`` ``(n,)``.

    Two running maxima over blocks of the window's length, one from each side, meet in every window (van Herk 1992).
    """
    width = 2 * reach + 1
    count = -(-(x.size + 2 * reach) // width)
    padded = np.full(count * width, -np.inf, np.float32)
    padded[reach : reach + x.size] = x
    blocks = padded.reshape(count, width)
    forward = np.maximum.accumulate(blocks, axis=1).reshape(-1)
    backward = np.maximum.accumulate(blocks[:, ::-1], axis=1)[:, ::-1].reshape(-1)
    return np.maximum(backward[: x.size], forward[2 * reach : 2 * reach + x.size])
