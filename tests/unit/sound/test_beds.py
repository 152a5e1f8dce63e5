"""Every bed: the right shape at any length, repeatable, one loudness, fit for one loudspeaker; and it sounds like its name."""

from __future__ import annotations

import numpy as np
import pytest

from photoplay.sound.beds import BEDS, record
from photoplay.sound.dsp import RATE
from photoplay.sound.loudness import integrated

SHORT = RATE + 321
KINDS = sorted(BEDS)


def made(kind: str, seed: int = 1, n: int = SHORT, strength: float = 1.0) -> np.ndarray:
    return record(kind, np.random.default_rng(seed), n, strength)


def balance(x: np.ndarray, split_hz: float) -> float:
    """Share of the power above a frequency."""
    power = np.abs(np.fft.rfft(x.mean(axis=0))) ** 2
    hz = np.fft.rfftfreq(x.shape[1], 1 / RATE)
    return float(power[hz > split_hz].sum() / power.sum())


def envelope(x: np.ndarray, window_s: float = 0.05) -> np.ndarray:
    size = int(window_s * RATE)
    count = x.shape[1] // size
    return np.sqrt(np.square(x[:, : count * size]).mean(axis=0).reshape(count, size).mean(axis=1))


@pytest.mark.parametrize("kind", KINDS)
def test_shape_seed_and_mono(kind: str) -> None:
    sound = made(kind)
    assert sound.shape == (2, SHORT)
    assert sound.dtype == np.float32
    assert np.isfinite(sound).all()
    assert np.array_equal(sound, made(kind))
    assert not np.array_equal(sound, made(kind, seed=2))
    assert not np.array_equal(sound[0], sound[1])
    assert np.abs(sound.mean(axis=1)).max() < 0.02
    # On one loudspeaker no bed loses more than 6 dB.
    assert np.square(sound.mean(axis=0)).mean() > 0.25 * np.square(sound).mean()


@pytest.mark.parametrize("n", [1200, RATE // 3])
@pytest.mark.parametrize("kind", KINDS)
def test_very_short_clips(kind: str, n: int) -> None:
    sound = made(kind, n=n)
    assert sound.shape == (2, n)
    assert np.isfinite(sound).all()


@pytest.mark.parametrize("kind", KINDS)
def test_all_beds_are_equally_loud(kind: str) -> None:
    assert integrated(made(kind, seed=7, n=4 * RATE)) == pytest.approx(-16.5, abs=2.5)


@pytest.mark.parametrize(
    ("darker", "brighter"), [("underwater", "rain"), ("space", "wind"), ("traffic", "forest"), ("machine", "crickets")]
)
def test_colours(darker: str, brighter: str) -> None:
    assert balance(made(darker), 1500) < 0.5 * balance(made(brighter), 1500)


def test_waves_come_and_go_and_the_first_breaks_inside_a_short_clip() -> None:
    swell = envelope(made("sea", n=5 * RATE), 0.2)
    assert swell.max() > 3 * swell.min()
    assert 0.4 < (int(np.argmax(swell)) + 0.5) * 0.2 < 4.0


def test_rain_is_steady_and_crickets_pulse() -> None:
    rain, crickets = (envelope(made(kind, n=3 * RATE), 0.02) for kind in ("rain", "crickets"))
    assert rain.std() / rain.mean() < 0.5 < crickets.std() / crickets.mean() + 0.2


def test_a_clock_ticks_once_a_second() -> None:
    ticks = envelope(made("clock", n=5 * RATE), 0.01)
    peaks = [int(np.argmax(ticks[k * 100 : (k + 1) * 100])) for k in range(5)]
    assert np.ptp(peaks) <= 2


def test_violent_wind_is_not_just_louder() -> None:
    gentle, violent = (made("wind", n=3 * RATE, strength=s) for s in (0.4, 2.0))
    assert balance(violent, 400) > balance(gentle, 400)


def test_unknown_beds_are_refused() -> None:
    with pytest.raises(KeyError):
        made("volcano")
