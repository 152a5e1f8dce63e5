"""The tools every sound is made with: painted noise, envelopes, placing, panning, reverb.

Sound inside this room is ``(2, n)`` float32, left and right, or ``(n,)`` for one voice, always at :data:`RATE`.
Nothing here loops over samples: a bed of 10 s costs tens of milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
Floats = NDArray[np.floating[Any]]
Rng = np.random.Generator

RATE = 48_000
"""Samples a second, everywhere."""

BLOCK = 1024
"""Samples in one analysis frame of painted noise."""

HOP = BLOCK // 2
"""Samples between two frames of painted noise (10.7 ms)."""

BINS_HZ: F32 = np.linspace(0, RATE / 2, BLOCK // 2 + 1).astype(np.float32)
"""Centre frequency of each row of a painted spectrum."""

_NOISE_S = (4.5, 7.0)

_PHASES: NDArray[np.complex64] = np.exp(2j * np.pi * np.arange(4096) / 4096).astype(np.complex64)


def f32(x: Any) -> F32:
    """Any array as float32, without a copy where it is one."""
    return np.asarray(x, np.float32)


def seconds(n: int) -> F32:
    """Time in seconds of each of ``n`` samples."""
    return np.arange(n, dtype=np.float32) / np.float32(RATE)


def samples(duration_s: float) -> int:
    """The nearest whole number of samples."""
    return round(duration_s * RATE)


def decibels(level_db: float) -> float:
    """Amplitude of a level in dB."""
    return float(10.0 ** (level_db / 20.0))


def fast_length(n: int) -> int:
    """The smallest length of at least ``n`` that transforms quickly: no prime factor above 5."""
    best = 1 << max(0, n - 1).bit_length()
    power5 = 1
    while power5 < best:
        power3 = power5
        while power3 < best:
            length = power3 << max(0, (-(-n // power3) - 1).bit_length())
            best = min(best, length)
            power3 *= 3
        power5 *= 5
    return best


def rms(x: F32) -> float:
    """Root mean square over everything in ``x``."""
    return float(np.sqrt(np.mean(np.square(x, dtype=np.float32), dtype=np.float64)))


def levelled(x: F32, level: float) -> F32:
    """``x`` scaled to the root mean square ``level``; silence stays silence."""
    found = rms(x)
    return x if found < 1e-9 else x * np.float32(level / found)


# slow movement --------------------------------------------------------------------------------------------


def frames(n: int) -> int:
    """Frames of painted noise that ``n`` samples need."""
    return -(-n // HOP) + 1


def wander(rng: Rng, n: int, per_s: float, low: float = 0.0, high: float = 1.0) -> F32:
    """A smooth random curve between ``low`` and ``high``, one value a frame, turning about ``per_s`` times a second."""
    count = frames(n)
    knots = max(4, int(np.ceil(n / RATE * per_s)) + 4)
    values = rng.random(knots)
    at = np.linspace(0.5, knots - 3.5, count) + rng.random() * 0.9
    index = at.astype(np.int64)
    u = at - index
    # Uniform cubic B-spline: never leaves the range of its knots.
    weights = ((1 - u) ** 3, 3 * u**3 - 6 * u**2 + 4, -3 * u**3 + 3 * u**2 + 3 * u + 1, u**3)
    curve = sum(w * values[np.clip(index + k, 0, knots - 1)] for k, w in enumerate(weights)) / 6
    # A B-spline of uniform values clusters at the middle; stretch it so that calm and strong both come.
    curve = np.clip(0.5 + (curve - 0.5) * 1.7, 0.0, 1.0)
    return f32(low + (high - low) * curve)


def stretched(curve: F32, n: int) -> F32:
    """A curve of one value a frame as one value a sample, by straight lines. Returns ``(n,)``."""
    steps = np.arange(HOP, dtype=np.float32) / HOP
    rise = np.diff(curve)[:, None] * steps + curve[:-1, None]
    return np.ascontiguousarray(rise.reshape(-1)[:n])


# noise ------------------------------------------------------------------------------------------------------


def _flat(rng: Rng, shape: tuple[int, ...]) -> NDArray[np.complex64]:
    """Unit spectra of random phase."""
    return _PHASES[rng.integers(0, 4096, size=shape, dtype=np.uint16)]


@lru_cache(maxsize=1)
def _window() -> F32:
    return np.sin(np.pi * np.arange(BLOCK) / BLOCK).astype(np.float32)  # the root of Hann's


def _overlap(spectra: NDArray[np.complex64], n: int) -> F32:
    """Sums frames of spectra ``(frames, bins)`` into ``(n,)`` samples."""
    grains = np.fft.irfft(spectra, BLOCK, axis=1).astype(np.float32, copy=False)
    grains *= _window()
    count = grains.shape[0]
    out = np.zeros((count + 1) * HOP, np.float32)
    view = out.reshape(count + 1, HOP)
    view[:-1] += grains[:, :HOP]
    view[1:] += grains[:, HOP:]
    return out[HOP : HOP + n]


def painted(rng: Rng, surface: F32, n: int) -> F32:
    """Noise whose spectrum follows ``surface`` ``(frames, bins)`` of amplitudes. Returns ``(n,)``."""
    spectra = _flat(rng, surface.shape)
    spectra *= surface * np.float32(np.sqrt(BLOCK))
    return _overlap(spectra, n)


def painted_wide(rng: Rng, surface: F32, n: int, width: float = 0.7, pan: Floats | None = None) -> F32:
    """Like :func:`painted` in stereo, ``(2, n)``.

    ``width``: 0 the same on both sides, 1 unrelated sides (low frequencies stay in the middle, so that a mono
    player loses nothing there). ``pan``: -1..1 for each frame, moves the whole.
    """
    scaled = surface * np.float32(np.sqrt(BLOCK))
    spread = (width * np.clip((BINS_HZ - 80.0) / 320.0, 0.0, 1.0)).astype(np.float32)
    middle = _flat(rng, surface.shape)
    middle *= scaled * np.sqrt(1 - spread**2 / 2)
    side = _flat(rng, surface.shape)
    side *= scaled * (spread / np.float32(np.sqrt(2)))
    left, right = middle + side, middle - side
    if pan is not None:
        angle = (np.clip(pan, -1, 1) + 1) * np.float32(np.pi / 4)
        left *= (np.cos(angle) * np.float32(np.sqrt(2)))[:, None]
        right *= (np.sin(angle) * np.float32(np.sqrt(2)))[:, None]
    return np.stack([_overlap(left, n), _overlap(right, n)])


def noise(rng: Rng, n: int, curve: Callable[[F32], F32]) -> F32:
    """Steady noise ``(n,)`` of unit power whose amplitude spectrum is ``curve(hz)``."""
    # It comes round after some seconds, without a seam, and each layer of a place after others: nobody hears that.
    size = fast_length(min(max(n, 16), samples(rng.uniform(*_NOISE_S))))
    hz = np.linspace(0, RATE / 2, size // 2 + 1).astype(np.float32)
    spectrum = _flat(rng, (hz.size,)) * curve(hz)
    spectrum[0] = 0
    power = float(np.sum(np.abs(spectrum) ** 2)) * 2 / size**2
    return np.resize(f32(np.fft.irfft(spectrum, size) / np.sqrt(max(power, 1e-20))), n)


def band(low_hz: float, high_hz: float, slope: float = 2.0) -> Callable[[F32], F32]:
    """An amplitude curve that is 1 between two frequencies and falls with ``slope`` (per frequency ratio) outside."""

    def curve(hz: F32) -> F32:
        safe = np.maximum(hz, 1.0)
        return f32(np.minimum(1.0, safe / low_hz) ** slope * np.minimum(1.0, high_hz / safe) ** slope)

    return curve


def bell(centre_hz: Floats | float, width: float = 0.5) -> F32:
    """Bells over :data:`BINS_HZ`, ``width`` in octaves: ``(frames, bins)`` for a curve, else ``(bins,)``."""
    log = np.log2(np.maximum(BINS_HZ, 20.0))
    centre = np.log2(np.asarray(centre_hz, np.float32))
    if centre.ndim:
        centre = centre[:, None]
    return np.exp(np.float32(-0.5) * np.square((log - centre) / np.float32(width))).astype(np.float32)


# tones --------------------------------------------------------------------------------------------------------


def tone(hz: Floats | float, n: int, start: float = 0.0) -> F32:
    """A sine of a fixed or moving frequency; ``start`` is its first phase in turns."""
    if isinstance(hz, np.ndarray):
        turns = start + np.cumsum(hz, dtype=np.float64) / RATE
    else:
        turns = start + np.arange(n, dtype=np.float64) * (hz / RATE)
    # The whole turns are dropped in double precision, so that the sine can be the fast one of single precision.
    turns -= np.floor(turns)
    return f32(np.sin(np.float32(2 * np.pi) * turns.astype(np.float32)))


def modes(rng: Rng, n: int, hz: Sequence[float], decay_s: Sequence[float], gains: Sequence[float]) -> F32:
    """A struck body: decaying sines with nearly equal phase. Returns ``(n,)``."""
    t = seconds(n)
    out = np.zeros(n, np.float32)
    for f, d, g in zip(hz, decay_s, gains, strict=True):
        out += np.float32(g) * np.exp(t * np.float32(-1 / d)) * tone(f, n, rng.uniform(-0.06, 0.06))
    return out


# envelopes ------------------------------------------------------------------------------------------------------


def attack_decay(n: int, attack_s: float, decay_s: float) -> F32:
    """Rises smoothly in ``attack_s``, then falls exponentially (to 1/e in ``decay_s``)."""
    t = seconds(n)
    rise = np.clip(t / max(attack_s, 1 / RATE), 0.0, 1.0)
    fall = np.exp(-np.maximum(t - attack_s, 0.0) / decay_s)
    return f32(np.sin(rise * np.float32(np.pi / 2)) ** 2 * fall)


def faded(x: F32, in_s: float, out_s: float) -> F32:
    """``x`` with a smooth start from, and end at, exact silence. Never longer than half of ``x`` each."""
    n = x.shape[-1]
    out = x.copy()
    head, tail = (min(samples(s), n // 2) for s in (in_s, out_s))
    if head > 0:
        out[..., :head] *= _half_cosine(head)
    if tail > 0:
        out[..., n - tail :] *= _half_cosine(tail)[::-1]
    return out


def _half_cosine(n: int) -> F32:
    return f32(0.5 - 0.5 * np.cos(np.pi * np.arange(n) / n))


# placing --------------------------------------------------------------------------------------------------------


def panned(x: F32, pan: float) -> F32:
    """One voice placed between left (-1) and right (+1) at constant power. Returns ``(2, n)``."""
    angle = (min(1.0, max(-1.0, pan)) + 1) * np.pi / 4
    return np.stack([x * np.float32(np.cos(angle)), x * np.float32(np.sin(angle))]) * np.float32(np.sqrt(2))


def add_at(out: F32, x: F32, at: int, gain: float = 1.0) -> None:
    """Adds ``x`` into ``out`` from sample ``at``; what falls outside is lost. Both end in the same number of axes."""
    start, stop = max(at, 0), min(at + x.shape[-1], out.shape[-1])
    if start < stop:
        out[..., start:stop] += x[..., start - at : stop - at] * np.float32(gain)


def scatter(rng: Rng, n: int, grains: Sequence[F32], at: NDArray[np.int64], gain: Floats, pan: Floats) -> F32:
    """Many short grains: each start gets one of ``grains`` by chance. Returns ``(2, n)``."""
    out = np.zeros((2, n), np.float32)
    angle = (np.clip(pan, -1, 1) + 1) * (np.pi / 4)
    gains = np.stack([np.cos(angle), np.sin(angle)]).astype(np.float32) * gain * np.float32(np.sqrt(2))
    which = rng.integers(0, len(grains), at.size)
    for i in range(at.size):
        start = int(at[i])
        grain = grains[which[i]][: n - start]
        out[:, start : start + grain.size] += gains[:, i, None] * grain
    return out


def arrivals(rng: Rng, n: int, per_s: float, density: F32 | None = None) -> NDArray[np.int64]:
    """Random starts, ``per_s`` a second on average; ``density`` (0..1, one a frame) thins them."""
    count = int(rng.poisson(per_s * n / RATE))
    at = np.sort(rng.integers(0, n, count)) if count else np.zeros(0, np.int64)
    if density is not None and count:
        at = at[rng.random(count) < density[np.minimum(at // HOP, density.size - 1)]]
    return at.astype(np.int64)


# rooms ----------------------------------------------------------------------------------------------------------


def reverb(x: F32, seed: int, decay_s: float, mix: float, bright_hz: float = 6000.0, gap_s: float = 0.012) -> F32:
    """``x`` ``(2, n)`` in a room: ``mix`` of a diffuse tail that falls by 60 dB in ``decay_s``. Same length.

    Rooms are dark: the tail is worked out at half the rate, and straight lines between its samples are enough.
    """
    n = x.shape[-1]
    even = np.zeros((2, n // 2 + 2), np.float32)
    half = (n + 1) // 2
    even[:, :half] = 0.5 * x[:, ::2]
    odd = 0.25 * x[:, 1::2]
    even[:, : n // 2] += odd
    even[:, 1 : n // 2 + 1] += odd
    tail = _tail(seed, round(decay_s, 2), round(bright_hz), round(gap_s, 3))
    size = fast_length(even.shape[1] + tail.shape[1])
    spectrum = np.fft.rfft(even, size, axis=1)
    spectrum *= np.fft.rfft(tail, size, axis=1)
    wet = np.fft.irfft(spectrum, size, axis=1)[:, : half + 1].astype(np.float32, copy=False)
    wet *= np.float32(mix)
    out = x.copy()
    out[:, ::2] += wet[:, :half]
    out[:, 1::2] += 0.5 * (wet[:, : n // 2] + wet[:, 1 : n // 2 + 1])
    return out


@lru_cache(maxsize=16)
def _tail(seed: int, decay_s: float, bright_hz: float, gap_s: float) -> F32:
    """A room's answer at half the rate, ``(2, m)``: noise that falls, highs first. Its energy is 1 a side."""
    rng = np.random.default_rng((seed, 0x7A11))
    # Painted as if at the full rate, with all times and frequencies twice as fast.
    n = samples(decay_s / 2)
    count = frames(n)
    t = np.arange(count, dtype=np.float32)[:, None] * np.float32(2 * HOP / RATE)
    hz = BINS_HZ / 2
    damping = 1 + np.square(hz / np.float32(bright_hz))
    surface = np.exp(-6.9 * t / decay_s * damping) * np.minimum(1, hz / 120.0) / np.sqrt(damping)
    tail = painted_wide(rng, surface.astype(np.float32), n, width=1.0)
    gap = samples(gap_s / 2)
    tail = np.concatenate([np.zeros((2, gap), np.float32), faded(tail, 0.002, 0.01)], axis=1)
    return f32(tail / np.sqrt(np.sum(np.square(tail), axis=1, keepdims=True)))
