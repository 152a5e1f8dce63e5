"""What AAC makes of a soundtrack is known before, and its peaks are kept down."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from photoplay.media.audio import read_audio
from photoplay.media.video import VideoWriter, mux
from photoplay.sound.beds import record
from photoplay.sound.coding import PROMISED_DBTP, coded_safely, through_aac
from photoplay.sound.dsp import RATE
from photoplay.sound.events import strike
from photoplay.sound.loudness import mastered, true_peak


def clip(path: Path, duration_s: int) -> Path:
    with VideoWriter(path, 64, 64, 24) as writer:
        for number in range(24 * duration_s):
            writer.write_rgb(np.full((64, 64, 3), number, np.uint8))
    return path


def clicks() -> np.ndarray:
    """The worst case found: sharp, hissing clicks in a quiet place."""
    out = 0.002 * record("room_tone", np.random.default_rng(1), 3 * RATE)
    for k in range(6):
        shutter = strike("shutter", np.random.default_rng(k)).sound
        out[:, k * 20_000 : k * 20_000 + shutter.shape[1]] += shutter
    return out


def test_it_is_the_sound_of_the_finished_clip(tmp_path: Path) -> None:
    sound = mastered(record("rain", np.random.default_rng(1), 2 * RATE))
    mux(clip(tmp_path / "v.mp4", 2), np.ascontiguousarray(sound.T), tmp_path / "o.mp4")
    final = read_audio(tmp_path / "o.mp4", 2.0).T
    assert np.array_equal(through_aac(sound)[0], final)


@pytest.mark.parametrize("sound", [clicks(), record("fire", np.random.default_rng(1), 3 * RATE)])
def test_peaks_are_held_after_coding(sound: np.ndarray) -> None:
    safe = coded_safely(mastered(sound)).samples
    assert true_peak(through_aac(safe)[0]) <= PROMISED_DBTP
    assert true_peak(safe) <= PROMISED_DBTP


def test_most_sounds_pass_untouched() -> None:
    calm = mastered(record("sea", np.random.default_rng(1), 2 * RATE))
    assert coded_safely(calm).samples is calm


@pytest.mark.parametrize("n", [10, 1024, 5000])
def test_short_sounds(n: int) -> None:
    sound = record("rain", np.random.default_rng(1), n)
    assert coded_safely(sound).samples.shape == through_aac(sound)[0].shape == (2, n)
