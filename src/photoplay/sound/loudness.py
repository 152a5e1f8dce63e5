"""Loudness and peaks: every soundtrack leaves this room equally loud and never clips.

Loudness is ITU-R BS.1770-4; -16 LUFS is what phones and web players expect. It is measured here because it is
measured several times for every soundtrack: in single precision and without loops it costs a fifth of what the
library does that the tests compare it with. True peak is read at four times the rate, as annex 2 of the same
recommendation has it. The ceiling leaves room for what lossy coding adds (see :mod:`photoplay.sound.coding`), so
that the decoded AAC stays at or below -1 dBTP.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from photoplay.sound.dsp import F32, RATE, decibels, f32
from photoplay.sound.filters import Response, convolved, moving_max, moving_mean, sections
from photoplay.sound.request import Loudness

TARGET_LUFS = -16.0
CEILING_DBTP = -3.0
SILENCE_LUFS = -70.0
"""Below this the recommendation's gate hears nothing."""

_OVERSAMPLING = 4
_BLOCK = 32  # samples judged together
_EDGE = 12  # samples of context that the interpolation needs on each side
_NEAR = 0.6  # a true peak does not stand higher above the samples around it than 1/0.6 (4.4 dB)
_LOOK_S = 0.0015  # the limiter sees this far ahead, and smooths over twice that
_RELEASE_DB_PER_S = 90.0
_GENTLE_PASSES = 2  # with the limiter alone
_PASSES = 7
_MOST_PUSH_DB = 14.0

# Tables 1 and 2 of the recommendation, for 48 kHz: a shelf for the head, then a high-pass.
_K_WEIGHTING = np.array(
    [
        [1.53512485958697, -2.69169618940638, 1.19839281085285, 1.0, -1.69065929318241, 0.73248077421585],
        [1.0, -2.0, 1.0, 1.0, -1.99004745483398, 0.99007225036621],
    ]
)
_K_TAIL = 3072  # samples after which its answer is 100 dB down
_STEP = RATE // 10  # gating blocks of 400 ms start every 100 ms
_STEPS = 4
_GATE_LU = -10.0
_OFFSET_LU = -0.691


def integrated(x: F32) -> float:
    """Integrated loudness of ``(2, n)`` in LUFS; :data:`SILENCE_LUFS` where there is nothing to hear."""
    shortest = _STEP * _STEPS
    if x.shape[1] < shortest:  # less than one gating block: what it would be if it went on
        x = np.tile(x, (1, -(-shortest // max(x.shape[1], 1))))
    weighted = np.square(convolved(x, _K_TAIL, _k_weighting))
    steps = x.shape[1] // _STEP
    power = weighted[:, : steps * _STEP].reshape(2, steps, _STEP).mean(axis=2, dtype=np.float64).sum(axis=0)
    blocks = np.convolve(power, np.full(_STEPS, 1.0 / _STEPS), "valid")
    heard = blocks[blocks >= _power(SILENCE_LUFS)]
    if heard.size == 0:
        return SILENCE_LUFS
    kept = heard[heard >= heard.mean() * 10.0 ** (_GATE_LU / 10.0)]
    return float(_OFFSET_LU + 10.0 * np.log10(kept.mean()))


@lru_cache(maxsize=4)
def _k_weighting(size: int) -> Response:
    return sections(size, _K_WEIGHTING)


def _power(lufs: float) -> float:
    return float(10.0 ** ((lufs - _OFFSET_LU) / 10.0))


def _peaks(x: F32, above: float) -> F32:
    """The largest true-peak magnitude of either side around each sample, exact wherever it may exceed ``above``.

    Interpolating everything is the dearest step of a soundtrack, so it is done only in blocks with a sample of at
    least :data:`_NEAR` of that level; elsewhere the samples themselves stand. Returns ``(n,)``.
    """
    n = x.shape[1]
    peaks: F32 = np.abs(x).max(axis=0)
    blocks = -(-n // _BLOCK)
    padded = np.zeros(blocks * _BLOCK, np.float32)
    padded[:n] = peaks
    loud = np.flatnonzero(padded.reshape(blocks, _BLOCK).max(axis=1) > above * _NEAR)
    if loud.size == 0:
        return peaks
    edged = np.zeros((2, blocks * _BLOCK + 2 * _EDGE), np.float32)
    edged[:, _EDGE : _EDGE + n] = x
    windows = np.lib.stride_tricks.sliding_window_view(edged, _BLOCK + 2 * _EDGE, axis=1)
    found = padded.reshape(blocks, _BLOCK)
    for side in windows:
        around = np.ascontiguousarray(side[loud * _BLOCK])
        for phase in _between():
            # Tap by tap, not as a product of matrices: how that adds up depends on how many threads it is given.
            between = np.zeros((loud.size, _BLOCK), np.float32)
            for k, tap in enumerate(phase):
                between += tap * around[:, k : k + _BLOCK]
            found[loud] = np.maximum(found[loud], np.abs(between))
    return padded[:n]


@lru_cache(maxsize=1)
def _between() -> F32:
    """Filters ``(3, 25)`` that give the values a quarter, a half and three quarters of the way to the next sample.

    Tap 0 belongs to the sample :data:`_EDGE` before.
    """
    count = 2 * _EDGE * _OVERSAMPLING + 1
    kernel = np.sinc((np.arange(count) - count // 2) / _OVERSAMPLING) * np.kaiser(count, 6.0)
    kernel *= _OVERSAMPLING / kernel.sum()
    # The value some quarters after sample i is the sum over k of x[i + k] * kernel[quarters - 4 k + its middle].
    reach = np.arange(-_EDGE, _EDGE + 1)
    at = np.arange(1, _OVERSAMPLING)[:, None] - _OVERSAMPLING * reach + count // 2
    inside = (at >= 0) & (at < count)
    return f32(np.where(inside, kernel[np.clip(at, 0, count - 1)], 0.0))


def true_peak(x: F32) -> float:
    """True peak of ``(2, n)`` in dBTP; -120 for silence."""
    highest = float(np.abs(x).max(initial=0.0))
    return 20 * float(np.log10(max(float(_peaks(x, highest).max(initial=0.0)), 1e-6)))


def measured(x: F32) -> Loudness:
    """Loudness and true peak of ``(2, n)``."""
    return Loudness(integrated_lufs=round(integrated(x), 2), true_peak_dbtp=round(true_peak(x), 2))


def peaks_above(x: F32, level_dbtp: float) -> F32:
    """By how many dB the true peak around each sample exceeds a level; 0 where it does not. Returns ``(n,)``."""
    level = decibels(level_dbtp)
    peaks = _peaks(x, level)
    over_db = np.zeros(peaks.size, np.float32)
    above = np.flatnonzero(peaks > level)
    over_db[above] = 20 * np.log10(peaks[above] / level)
    return over_db


def limited(x: F32, ceiling_dbtp: float = CEILING_DBTP) -> F32:
    """``x`` with peaks held at the ceiling: a look-ahead limiter, no delay, the same gain on both sides."""
    over_db = peaks_above(x, ceiling_dbtp)
    if not over_db.any():
        return x
    look = int(_LOOK_S * RATE)
    # Held over the smoothing window on both sides, so that the smoothed curve is low enough at the peak itself.
    held = moving_max(over_db, look)
    slope = _RELEASE_DB_PER_S / RATE
    ramp = np.arange(held.size) * slope
    released = np.maximum.accumulate(held + ramp) - ramp
    smooth = moving_mean(moving_mean(f32(released), look), look)
    return f32(x * (10.0 ** (-smooth / 20.0)).astype(np.float32))


def mastered(x: F32, target_lufs: float = TARGET_LUFS, ceiling_dbtp: float = CEILING_DBTP) -> F32:
    """``x`` at the target loudness with its peaks limited. Silence stays silence.

    Limiting costs loudness, so gain and limiter take turns until the target is met within 0.2 LU. Where sharp peaks
    (a clock in a quiet room) keep them from meeting, the peaks are rounded off before the limiter.
    """
    loudness = integrated(x)
    if loudness <= SILENCE_LUFS:
        return x
    gain_db = target_lufs - loudness
    out = x
    for turn in range(_PASSES):
        louder = x * np.float32(decibels(gain_db))
        out = limited(_rounded(louder, ceiling_dbtp) if turn >= _GENTLE_PASSES else louder, ceiling_dbtp)
        loudness = integrated(out)
        if abs(target_lufs - loudness) < 0.2:
            break
        gain_db = min(gain_db + target_lufs - loudness, target_lufs - integrated(x) + _MOST_PUSH_DB)
    return out


def _rounded(x: F32, ceiling_dbtp: float) -> F32:
    """Peaks bent towards the ceiling instead of turned down: what a limiter does to everything around them."""
    knee = np.float32(decibels(ceiling_dbtp) * 1.05)
    return f32(knee * np.tanh(x / knee))
