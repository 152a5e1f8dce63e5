"""Loudness and peaks, against a maintained meter and against what is known exactly."""

from __future__ import annotations

import numpy as np
import pyloudnorm
import pytest
from scipy import signal

from photoplay.sound import loudness
from photoplay.sound.beds import record
from photoplay.sound.dsp import RATE, decibels, tone

N = 3 * RATE


def meter(x: np.ndarray) -> float:
    """The reference: BS.1770 with the exact filters of its tables."""
    return float(pyloudnorm.Meter(RATE, filter_class="DeMan").integrated_loudness(np.asarray(x.T, np.float64)))


def exact_peak(x: np.ndarray) -> float:
    return 20 * float(np.log10(np.abs(signal.resample_poly(np.asarray(x, np.float64), 16, 1, axis=1)).max()))


@pytest.mark.parametrize("kind", ["rain", "clock", "space", "birds"])
def test_loudness_is_what_the_reference_meter_reads(kind: str) -> None:
    sound = record(kind, np.random.default_rng(3), N + 777)
    assert loudness.integrated(sound) == pytest.approx(meter(sound), abs=0.02)


def test_the_standards_own_example() -> None:
    # BS.1770: a 997 Hz sine at 0 dBFS in one channel reads -3.01.
    sine = np.stack([tone(997.0, N), np.zeros(N, np.float32)])
    assert loudness.integrated(sine) == pytest.approx(-3.01, abs=0.03)


def test_quiet_parts_are_gated() -> None:
    half = np.stack([tone(997.0, N)] * 2) * np.float32(0.1)
    whole = np.concatenate([half, 0.001 * half], axis=1)
    assert loudness.integrated(whole) == pytest.approx(loudness.integrated(half), abs=0.4)


@pytest.mark.parametrize("n", [1, 100, 4801, 19200])
def test_sound_shorter_than_a_gating_block_can_be_measured(n: int) -> None:
    assert loudness.integrated(np.full((2, n), 0.0, np.float32)) == loudness.SILENCE_LUFS
    assert np.isfinite(loudness.integrated(record("rain", np.random.default_rng(1), n)))


def test_peaks_between_samples_are_found() -> None:
    # A quarter of the rate, 45 degrees off: the samples reach -3 dB, the wave 0 dB.
    t = np.arange(N)
    sine = np.stack([np.sin(np.pi / 2 * t + np.pi / 4)] * 2).astype(np.float32)
    assert np.abs(sine).max() == pytest.approx(0.7071, abs=1e-3)
    assert loudness.true_peak(sine) == pytest.approx(0.0, abs=0.15)


def test_true_peak_of_silence_and_of_nothing() -> None:
    assert loudness.true_peak(np.zeros((2, 100), np.float32)) == -120
    assert loudness.true_peak(np.zeros((2, 0), np.float32)) == -120


def test_the_limiter_holds_the_ceiling_and_leaves_quiet_sound_alone() -> None:
    rng = np.random.default_rng(2)
    hot = rng.standard_normal((2, N)).astype(np.float32) * np.float32(0.4)
    held = loudness.limited(hot, -3.0)
    assert loudness.true_peak(held) <= -3.0 + 0.02
    assert exact_peak(held) <= -3.0 + 0.5
    quiet = hot * np.float32(0.05)
    assert loudness.limited(quiet, -3.0) is quiet


def test_the_limiter_turns_both_sides_down_together() -> None:
    left = np.zeros((2, N), np.float32)
    left[0, 1000:1100] = 2.0
    left[1] = 0.1
    held = loudness.limited(left, -6.0)
    assert held[1, 1050] < 0.05
    assert held[1, 40_000] == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("kind", "gain"), [("rain", 1.0), ("wind", 0.01), ("clock", 1.0), ("fire", 3.0), ("birds", 0.2)]
)
def test_mastering_reaches_the_target_below_the_ceiling(kind: str, gain: float) -> None:
    final = loudness.mastered(record(kind, np.random.default_rng(5), N) * np.float32(gain))
    assert meter(final) == pytest.approx(-16.0, abs=0.5)
    assert exact_peak(final) <= -2.4


def test_single_clicks_come_as_close_as_the_ceiling_lets_them() -> None:
    clicks = np.zeros((2, N), np.float32)
    clicks[:, :: RATE // 2] = 0.5
    final = loudness.mastered(clicks)
    assert loudness.true_peak(final) <= loudness.CEILING_DBTP + 0.1
    assert loudness.integrated(final) > loudness.integrated(clicks)


def test_silence_stays_silence() -> None:
    silence = np.zeros((2, N), np.float32)
    assert not loudness.mastered(silence).any()
    assert loudness.measured(silence).integrated_lufs == loudness.SILENCE_LUFS


def test_excess_is_reported_in_decibels() -> None:
    sine = np.stack([tone(997.0, N)] * 2) * np.float32(decibels(-4.0))
    assert loudness.peaks_above(sine, -6.0).max() == pytest.approx(2.0, abs=0.05)
    assert not loudness.peaks_above(sine, -3.0).any()
