"""The tools of sound: spectra are what was painted, envelopes end in silence, nothing depends on anything but the seed."""

from __future__ import annotations

import numpy as np
import pytest

from photoplay.sound import dsp
from photoplay.sound.filters import filtered

N = 2 * dsp.RATE


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def spectrum(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.fft.rfftfreq(x.size, 1 / dsp.RATE), np.abs(np.fft.rfft(x)) ** 2


def share(x: np.ndarray, low: float, high: float) -> float:
    hz, power = spectrum(x)
    return float(power[(hz >= low) & (hz < high)].sum() / power.sum())


def test_painted_noise_has_the_painted_spectrum_and_unit_power() -> None:
    flat = np.ones((dsp.frames(N), dsp.BINS_HZ.size), np.float32)
    assert dsp.rms(dsp.painted(rng(), flat, N)) == pytest.approx(1.0, abs=0.02)
    narrow = np.tile(dsp.bell(2000.0, 0.1), (dsp.frames(N), 1))
    assert share(dsp.painted(rng(), narrow, N), 1500, 2600) > 0.97


def test_painted_noise_follows_the_surface_in_time() -> None:
    surface = np.ones((dsp.frames(N), dsp.BINS_HZ.size), np.float32)
    surface[: dsp.frames(N) // 2] = 0
    sound = dsp.painted(rng(), surface, N)
    assert dsp.rms(sound[: N // 2 - 2 * dsp.BLOCK]) == 0
    assert dsp.rms(sound[N // 2 + dsp.BLOCK :]) == pytest.approx(1.0, abs=0.05)


def test_wide_noise_differs_between_sides_but_not_in_the_bass() -> None:
    flat = np.ones((dsp.frames(N), dsp.BINS_HZ.size), np.float32)
    wide = dsp.painted_wide(rng(), flat, N, width=1.0)
    assert abs(np.corrcoef(wide)[0, 1]) < 0.1
    low = filtered(filtered(wide, "low", 60.0), "low", 60.0)
    assert np.corrcoef(low)[0, 1] > 0.9
    assert np.allclose(*dsp.painted_wide(rng(), flat, N, width=0.0))


def test_panning_moves_the_power_and_keeps_it() -> None:
    voice = dsp.tone(440.0, N)
    left, middle, right = (dsp.panned(voice, pan) for pan in (-1.0, 0.0, 1.0))
    assert dsp.rms(left[1]) < 1e-6 < dsp.rms(left[0])
    assert dsp.rms(right[0]) < 1e-6 < dsp.rms(right[1])
    for placed in (left, right):
        assert np.square(placed).sum() == pytest.approx(np.square(middle).sum(), rel=1e-4)


@pytest.mark.parametrize("per_s", [0.3, 2.0, 15.0])
def test_wandering_curves_stay_in_range_and_move(per_s: float) -> None:
    curve = dsp.wander(rng(), 10 * dsp.RATE, per_s, 0.2, 0.8)
    assert curve.size == dsp.frames(10 * dsp.RATE)
    assert curve.min() >= 0.2 - 1e-6
    assert curve.max() <= 0.8 + 1e-6
    assert np.ptp(curve) > 0.2


def test_stretched_curves_meet_their_points() -> None:
    curve = np.array([0, 1, 0.5, 0.5], np.float32)
    line = dsp.stretched(curve, 3 * dsp.HOP)
    assert line.size == 3 * dsp.HOP
    assert line[[0, dsp.HOP, 2 * dsp.HOP]].tolist() == [0, 1, 0.5]


@pytest.mark.parametrize("hz", [55.0, 440.0, 9000.0])
def test_tones_have_their_frequency(hz: float) -> None:
    frequencies, power = spectrum(dsp.tone(hz, N))
    assert frequencies[np.argmax(power)] == pytest.approx(hz, abs=0.6)
    moving = dsp.tone(np.full(N, hz, np.float32), N)
    assert frequencies[np.argmax(spectrum(moving)[1])] == pytest.approx(hz, abs=0.6)


def test_fades_begin_and_end_in_silence_and_leave_the_middle_alone() -> None:
    faded = dsp.faded(np.ones((2, N), np.float32), 0.1, 0.2)
    assert faded[0, 0] == 0
    assert abs(faded[0, -1]) < 1e-6
    assert np.all(faded[:, dsp.samples(0.11) : -dsp.samples(0.21)] == 1)
    short = dsp.faded(np.ones(10, np.float32), 1.0, 1.0)
    assert short.size == 10
    assert short.max() <= 1


def test_adding_beyond_the_ends_is_cut() -> None:
    out = np.zeros((2, 100), np.float32)
    piece = np.ones((2, 40), np.float32)
    for at in (-20, 90, 500, -500):
        dsp.add_at(out, piece, at)
    assert out[0].sum() == 20 + 10


def test_grains_start_where_they_are_put() -> None:
    grain = np.ones(5, np.float32)
    out = dsp.scatter(rng(), 100, [grain], np.array([10, 98]), np.ones(2), np.zeros(2))
    assert np.flatnonzero(out[0]).tolist() == [10, 11, 12, 13, 14, 98, 99]


def test_arrivals_come_at_the_rate_asked_for_and_thin_out() -> None:
    at = dsp.arrivals(rng(), 10 * dsp.RATE, 50.0)
    assert 400 < at.size < 600
    assert np.all(np.diff(at) >= 0)
    none = dsp.arrivals(rng(), N, 50.0, np.zeros(dsp.frames(N), np.float32))
    assert none.size == 0


def test_a_room_adds_a_tail_that_dies() -> None:
    click = np.zeros((2, N), np.float32)
    click[:, 100] = 1
    room = dsp.reverb(click, 1, 0.8, 0.5)
    assert room.shape == click.shape
    assert room[0, 100] == pytest.approx(1.0, abs=0.01)
    assert np.all(room[:, :100] == pytest.approx(0, abs=1e-6))
    early, late = (dsp.rms(room[:, dsp.samples(a) : dsp.samples(a + 0.1)]) for a in (0.05, 0.7))
    assert early > 20 * late > 0


def test_the_same_seed_gives_the_same_samples() -> None:
    surface = np.ones((dsp.frames(N), dsp.BINS_HZ.size), np.float32)
    assert np.array_equal(dsp.painted_wide(rng(4), surface, N), dsp.painted_wide(rng(4), surface, N))
    assert not np.array_equal(dsp.painted(rng(4), surface, N), dsp.painted(rng(5), surface, N))
