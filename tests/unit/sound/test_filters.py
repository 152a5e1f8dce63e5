"""Filters, resampling and moving windows against SciPy's, which are slower to load but right."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import ndimage, signal

from photoplay.sound.dsp import RATE, fast_length
from photoplay.sound.filters import filtered, moving_max, moving_mean, resampled

RNG = np.random.default_rng(5)


def noise(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape).astype(np.float32)


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize(
    ("kind", "hz"),
    [
        ("low", 60.0),
        ("low", 1900.0),
        ("low", 15_000.0),
        ("high", 8.0),
        ("high", 25.0),
        ("high", 6000.0),
        ("band", (260.0, 1300.0)),
        ("band", (60.0, 420.0)),
        ("band", (900.0, 20_000.0)),
        ("band", (990.0, 1010.0)),
    ],
)
@pytest.mark.parametrize("n", [1, 700, 60_000])
def test_filters_are_butterworths(kind: Any, hz: Any, order: int, n: int) -> None:
    x = noise(2, n)
    expected = signal.sosfilt(signal.butter(order, hz, kind, output="sos", fs=RATE), x.astype(np.float64))
    found = filtered(x, kind, hz, order)
    assert found.shape == x.shape
    assert found.dtype == np.float32
    assert np.abs(found - expected).max() < 2e-4 * max(1.0, np.abs(expected).max())


def test_one_voice_is_filtered_as_two_are() -> None:
    x = noise(50_000)
    assert np.allclose(filtered(x, "low", 900.0), filtered(np.stack([x, x]), "low", 900.0)[1], atol=1e-6)


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 22_050, 44_100, 48_000, 96_000, 23_456])
def test_resampling_keeps_tones_and_makes_none(rate: int) -> None:
    n = rate // 2
    t = np.arange(n) / rate
    tone = np.sin(2 * np.pi * 1000 * t) * np.hanning(n)
    found = resampled(np.stack([tone, -tone]).astype(np.float32), rate, RATE)
    assert found.shape == (2, round(n * RATE / rate))
    u = np.arange(found.shape[1]) / RATE
    expected = np.sin(2 * np.pi * 1000 * u) * np.interp(u, t, np.hanning(n))
    assert np.abs(found - np.stack([expected, -expected])).max() < 2e-3


def test_what_the_lower_rate_cannot_hold_is_gone() -> None:
    t = np.arange(48_000) / 48_000
    tone = (np.sin(2 * np.pi * 9000 * t) * np.hanning(t.size)).astype(np.float32)
    assert np.abs(resampled(tone, 48_000, 16_000)).max() < 1e-3


@pytest.mark.parametrize("n", [1, 2, 7, 500, 1001])
@pytest.mark.parametrize("width", [1, 2, 3, 20, 143])
def test_moving_windows(n: int, width: int) -> None:
    x = noise(n)
    assert np.allclose(moving_mean(x, width), ndimage.uniform_filter1d(x, width, mode="nearest"), atol=1e-5)
    assert np.array_equal(moving_max(x, width), ndimage.maximum_filter1d(x, 2 * width + 1))


def test_fast_lengths_are_the_next_ones_without_large_factors() -> None:
    def smooth(value: int) -> bool:
        for factor in (2, 3, 5):
            while value % factor == 0:
                value //= factor
        return value == 1

    fast = [value for value in range(1, 5000) if smooth(value)]
    for n in range(1, 4800, 7):
        assert fast_length(n) == next(value for value in fast if value >= n)
    assert smooth(fast_length(486_001))
