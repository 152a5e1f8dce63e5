"""The real sound font and voice, as ``photoplay models pull soundfont voice voice_config`` installs them.

Where they are not installed there is nothing to test.
"""

from __future__ import annotations

import shutil
import stat
from pathlib import Path

import numpy as np
import pytest

from photoplay.media.audio import read_audio
from photoplay.models.weights import entry, find, verify
from photoplay.settings import Settings
from photoplay.shot import Plan
from photoplay.sound import SoundRequest, render_soundtrack
from photoplay.sound.coding import through_aac
from photoplay.sound.dsp import RATE
from photoplay.sound.loudness import integrated, true_peak
from photoplay.sound.music import piece, played, player
from photoplay.sound.music.styles import DRUMS, styles
from photoplay.sound.speech import PHONEMIZER, narrated

BELLS = range(8, 16)
MODELS = Settings.load().resolved_models_dir


def asset(name: str) -> Path:
    path = find(name, MODELS)
    if path is None:
        pytest.skip(f"{name} is not installed (photoplay models pull {name})")
    verify(entry(name), path)
    return path


@pytest.fixture
def phonemes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The phonemizer's answer to the one sentence that is spoken here, so that the program is not needed."""
    program = tmp_path / "bin" / PHONEMIZER
    program.parent.mkdir()
    program.write_text("#!/bin/sh\ncat > /dev/null\nprintf 'həlˈoʊ ðˈɛɹ maɪ fɹˈɛnd\\n'\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")


def test_every_instrument_of_every_style_is_there_and_in_tune() -> None:
    by = player(asset("soundfont"))
    programs = {
        (p, role.octave) for style in styles().values() for role in style.roles for p in role.programs if p != DRUMS
    }
    for program, octave in sorted(programs):
        assert by.has(0, program)
        key = 12 * (octave + 1) + 9
        note = by.note(0, program, key, 90, 0.8)
        assert np.abs(note).max() > 0.01
        if program in BELLS:  # their partials are no multiples
            continue
        # What repeats does so with the key's period, or twice that (some sound an octave lower).
        voice = note.mean(axis=0)[int(0.1 * RATE) : int(0.7 * RATE)]
        power = np.abs(np.fft.rfft(voice, 1 << 16)) ** 2
        again = np.fft.irfft(power)[:4000]
        period = RATE / (440 * 2 ** ((key - 69) / 12))
        near = [again[int(k * period / 1.024) : int(k * period * 1.024) + 2].max() / again[0] for k in (1, 2)]
        assert max(near) > 0.5, (program, key, near)
    assert by.has(128, 0)


def test_music_is_played_with_it(tmp_path: Path) -> None:
    asset("soundfont")
    with_font, without = (
        render_soundtrack(SoundRequest(prompt="sad piano music", duration_s=3, models_dir=folder), tmp_path)
        for folder in (MODELS, None)
    )
    assert with_font.loudness is not None
    assert with_font.loudness.integrated_lufs == pytest.approx(-16, abs=1)
    assert with_font.heard == without.heard


def test_it_plays_the_same_bytes_again() -> None:
    font = asset("soundfont")
    music = piece("strings", np.random.default_rng(1), 3.0, 0.5, 0.5, ())
    assert np.array_equal(played(music, player(font), 3 * RATE), played(music, player(font), 3 * RATE))


@pytest.mark.usefixtures("phonemes")
def test_the_voice_speaks_in_time_and_repeats_itself() -> None:
    asset("voice")
    asset("voice_config")
    first, again = (narrated("Hello there my friend", 3 * RATE, MODELS, 7) for _ in range(2))
    assert first.notes == ()
    assert first.sound is not None
    assert again.sound is not None
    assert np.array_equal(first.sound, again.sound)
    loud = np.flatnonzero(np.abs(first.sound) > 0.02)
    assert 0.25 < loud[0] / RATE < 0.6
    assert 0.6 < (loud[-1] - loud[0]) / RATE < 2.2
    # A voice has its power between 100 Hz and 4 kHz.
    power = np.abs(np.fft.rfft(first.sound)) ** 2
    hz = np.fft.rfftfreq(first.sound.size, 1 / RATE)
    assert power[(hz > 90) & (hz < 4000)].sum() > 0.9 * power.sum()


@pytest.mark.usefixtures("phonemes")
def test_everything_else_makes_way_for_the_voice(tmp_path: Path) -> None:
    asset("voice")
    asset("voice_config")
    plan = Plan(speech="Hello there my friend", sounds=("rain",))
    made = render_soundtrack(SoundRequest(prompt="rain", plan=plan, duration_s=4, models_dir=MODELS), tmp_path)
    assert "speech" in made.heard
    assert made.loudness is not None
    assert made.loudness.integrated_lufs == pytest.approx(-16, abs=1)
    from scipy.io import wavfile

    _, samples = wavfile.read(made.path)
    # Rain has treble that a voice has not: it is quieter under the words than after them.
    power = np.abs(np.fft.rfft(samples[:, 0].reshape(-1, 4800), axis=1)) ** 2
    treble = power[:, 1200:].sum(axis=1)
    assert np.median(treble[6:14]) < 0.25 * np.median(treble[28:36])


def test_the_real_phonemizer_and_voice_speak_with_nothing_in_between() -> None:
    asset("voice")
    asset("voice_config")
    if shutil.which(PHONEMIZER) is None:
        pytest.skip(f"{PHONEMIZER} is not installed")
    narration = narrated("Hello there, my friend. The sea is calm today.", 6 * RATE, MODELS, 7)
    assert narration.notes == ()
    assert narration.sound is not None
    level = np.sqrt(np.square(narration.sound).reshape(-1, 480).mean(axis=1))
    talking = level > 0.02
    assert 1.2 < talking.sum() / 100 < 5.0
    # Two sentences, and a comma: there are pauses between the words.
    inside = talking[int(np.argmax(talking)) : talking.size - int(np.argmax(talking[::-1]))]
    assert (~inside).sum() > 20


@pytest.mark.usefixtures("phonemes")
def test_a_talking_clip_is_as_loud_as_all_others_after_coding(tmp_path: Path) -> None:
    asset("voice")
    asset("voice_config")
    plan = Plan(speech="Hello there my friend")
    made = render_soundtrack(SoundRequest(prompt="epic music", plan=plan, duration_s=3, models_dir=MODELS), tmp_path)
    samples = read_audio(made.path, 3.0) if made.path else np.zeros((0, 2), np.float32)
    coded, _ = through_aac(np.ascontiguousarray(samples.T))
    assert integrated(coded) == pytest.approx(-16, abs=1)
    assert true_peak(coded) <= -1
