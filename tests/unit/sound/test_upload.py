"""A caller's own sound: trimmed, looped, faded; silence is refused."""

from __future__ import annotations

import numpy as np
import pytest

from photoplay.errors import AudioUnreadable
from photoplay.sound.dsp import RATE, noise, tone
from photoplay.sound.upload import shaped


def melody(length_s: float, pause_s: float = 0.1) -> np.ndarray:
    """Notes with a pause after each: quiet points to loop at."""
    n = int(length_s * RATE)
    t = np.arange(n) / RATE
    on = (t % 0.5) < 0.5 - pause_s
    return (np.stack([tone(330.0, n)] * 2) * on * 0.5).astype(np.float32)


def jump(x: np.ndarray) -> float:
    """The hardest step between two samples."""
    return float(np.abs(np.diff(x, axis=1)).max())


@pytest.mark.parametrize("length_s", [0.2, 1.3, 4.9, 5.0, 5.1, 12.0])
def test_any_length_becomes_the_length_of_the_clip(length_s: float) -> None:
    n = 5 * RATE
    fitted = shaped(melody(length_s), n)
    assert fitted.shape == (2, n)
    assert np.abs(fitted[:, 0]).max() < 1e-6
    assert np.abs(fitted[:, -1]).max() < 1e-3
    # It plays to the end, but for the fade.
    assert np.abs(fitted[:, int(4.0 * RATE) : int(4.4 * RATE)]).max() > 0.1


def test_the_beginning_is_the_callers_own() -> None:
    sound = melody(8.0)
    fitted = shaped(sound, 3 * RATE)
    part = slice(RATE // 2, 2 * RATE)
    assert np.corrcoef(fitted[0, part], sound[0, part])[0, 1] > 0.99


@pytest.mark.parametrize("length_s", [0.8, 1.7, 2.3])
def test_loops_have_no_seam(length_s: float) -> None:
    steady = np.stack([tone(200.0, int(length_s * RATE)), tone(203.0, int(length_s * RATE))]) * np.float32(0.5)
    fitted = shaped(steady, 6 * RATE)
    assert jump(fitted) < 1.5 * jump(steady)
    levels = np.sqrt(np.square(fitted[:, RATE // 4 : 5 * RATE]).mean(axis=0).reshape(-1, RATE // 20).mean(axis=1))
    assert levels.min() > 0.5 * np.median(levels)


def test_a_silent_beginning_longer_than_the_clip_is_skipped() -> None:
    late = np.concatenate([np.zeros((2, 6 * RATE), np.float32), melody(3.0)], axis=1)
    assert np.abs(shaped(late, 4 * RATE)[:, : RATE // 2]).max() > 0.1


def test_a_short_silence_is_kept_for_it_may_be_meant() -> None:
    late = np.concatenate([np.zeros((2, RATE), np.float32), melody(6.0)], axis=1)
    assert np.abs(shaped(late, 4 * RATE)[:, : int(0.9 * RATE)]).max() < 1e-3


def test_an_offset_is_taken_away() -> None:
    leaning = noise(np.random.default_rng(1), 4 * RATE, lambda hz: (hz > 100).astype(np.float32)) * np.float32(0.1)
    fitted = shaped(np.stack([leaning, leaning]) + np.float32(0.3), 4 * RATE)
    assert np.abs(fitted[:, RATE:].mean(axis=1)).max() < 1e-3


@pytest.mark.parametrize("sound", [np.zeros((2, RATE)), np.full((2, RATE), 1e-6), np.ones((2, 10))])
def test_silence_is_refused(sound: np.ndarray) -> None:
    with pytest.raises(AudioUnreadable, match="silent"):
        shaped(sound.astype(np.float32), 5 * RATE)
