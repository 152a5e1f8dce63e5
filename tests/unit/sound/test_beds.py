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


# what the real thing shows ------------------------------------------------------------------------------------------

STEADY = frozenset({"room_tone", "machine", "space", "waterfall", "rain", "crowd", "cafe", "stadium", "applause"})
"""Places whose level hardly changes from one half second to the next."""

SMOOTH = ("wind", "snow", "sea", "room_tone", "space", "crowd", "dread", "traffic", "underwater", "city")
"""Beds without blows, whose samples never leap."""


def spectrum(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.fft.rfftfreq(x.shape[1], 1 / RATE), np.abs(np.fft.rfft(x.mean(axis=0))) ** 2


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_stands_still(kind: str) -> None:
    sound = made(kind, seed=5, n=8 * RATE)
    halves = 20 * np.log10(envelope(sound, 0.5))
    assert halves.std() > (0.35 if kind in STEADY else 0.9)
    # No half second comes again.
    parts = sound[0].reshape(16, -1)
    alike = np.corrcoef(parts)[np.triu_indices(16, 1)]
    assert np.abs(alike).max() < 0.999


@pytest.mark.parametrize("kind", SMOOTH)
def test_there_are_no_clicks_where_the_place_has_none(kind: str) -> None:
    sound = made(kind, seed=3, n=8 * RATE)
    # Against the leaps of the same 20 ms: a seam stands out of its surroundings, a gust does not.
    leaps = np.abs(np.diff(sound, axis=1))[:, : 8 * RATE - 960].reshape(2, -1, 960)
    assert (leaps.max(axis=2) / leaps.std(axis=2)).max() < 9.0


def test_the_sea_swells_as_slowly_as_waves_come() -> None:
    level = envelope(made("sea", seed=4, n=40 * RATE), 0.25)
    power = np.abs(np.fft.rfft(level - level.mean())) ** 2
    hz = np.fft.rfftfreq(level.size, 0.25)
    assert 0.08 < hz[int(np.argmax(power))] < 0.3


def test_crickets_sing_between_four_and_five_kilohertz_in_pulses() -> None:
    hz, power = spectrum(made("crickets", n=6 * RATE))
    near = (hz > 3700) & (hz < 5100)
    assert power[near].sum() > 0.5 * power.sum()
    pulses = envelope(made("crickets", n=6 * RATE), 0.004)
    beat = np.abs(np.fft.rfft(pulses - pulses.mean()))
    rate = np.fft.rfftfreq(pulses.size, 0.004)
    wings = beat[(rate > 22) & (rate < 36)].max()
    assert wings > 3 * np.median(beat[(rate > 40) & (rate < 80)])


def test_rain_is_flat_where_it_hisses_and_its_drops_stand_out() -> None:
    sound = made("rain", n=6 * RATE)
    hz, power = spectrum(sound)
    octaves = [power[(hz > low) & (hz < 2 * low)].mean() for low in (2000, 4000, 8000)]
    assert 10 * np.log10(max(octaves) / min(octaves)) < 9
    assert np.abs(sound).max() > 8 * sound.std()


def test_water_covers_the_ears_of_a_diver_and_a_crowd_has_consonants() -> None:
    assert balance(made("underwater", n=4 * RATE), 2500) < 0.01
    assert balance(made("crowd", n=4 * RATE), 2000) > 0.01


def test_a_machine_keeps_time() -> None:
    strokes = envelope(made("machine", n=10 * RATE), 0.02)
    power = np.abs(np.fft.rfft(strokes - strokes.mean()))
    hz = np.fft.rfftfreq(strokes.size, 0.02)
    beat = hz[(hz > 1.5)][int(np.argmax(power[hz > 1.5]))]
    assert 1.8 < beat < 10.0
    assert power[hz > 1.5].max() > 8 * np.median(power[hz > 1.5])


def test_steady_noise_comes_round_without_a_seam() -> None:
    sound = made("room_tone", n=14 * RATE)
    leaps = np.diff(sound[0])
    assert np.abs(leaps).max() < 7 * leaps.std()
