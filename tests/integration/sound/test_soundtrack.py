"""Whole soundtracks: exact length, loudness and peaks before and after AAC, repeatable, in time with the picture."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import av
import numpy as np
import pyloudnorm
import pytest
from scipy import signal
from scipy.io import wavfile

from photoplay.media.audio import read_audio
from photoplay.media.video import VideoWriter, mux, probe
from photoplay.shot import Cue, Ease, Move, MoveKind, Plan, Shot
from photoplay.sound import SoundRequest, SoundResult, render_soundtrack

RATE = 48_000
FPS = 24
CLIP_S = 3

PROMPTS = (
    "a storm over the sea, lightning",
    "birds in a forest",
    "a clock ticking in the library",
    "fire crackles",
    "camera shutter clicks",
    "sad piano music",
    "epic orchestra, drums",
    "a heartbeat in the dark",
    "a street in the city",
    "slow zoom in",
)


def made(tmp_path: Path, prompt: str = "", duration_s: float = CLIP_S, **more: Any) -> tuple[np.ndarray, SoundResult]:
    result = render_soundtrack(SoundRequest(prompt=prompt, duration_s=duration_s, **more), tmp_path)
    assert result.path is not None
    rate, samples = wavfile.read(result.path)
    assert rate == RATE
    return samples, result


def loudness(samples: np.ndarray) -> float:
    return float(pyloudnorm.Meter(RATE).integrated_loudness(samples.astype(np.float64)))


def peak_db(samples: np.ndarray) -> float:
    return 20 * float(np.log10(np.abs(signal.resample_poly(samples.astype(np.float64), 8, 1, axis=0)).max()))


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("picture") / "silent.mp4"
    with VideoWriter(path, 64, 64, FPS) as writer:
        for number in range(CLIP_S * FPS):
            writer.write_rgb(np.full((64, 64, 3), 2 * number, np.uint8))
    return path


@pytest.mark.parametrize("prompt", PROMPTS)
def test_loudness_and_peaks_of_the_file_and_of_the_clip(tmp_path: Path, picture: Path, prompt: str) -> None:
    samples, result = made(tmp_path, prompt)
    assert samples.shape == (CLIP_S * RATE, 2)
    assert samples.dtype == np.float32
    assert loudness(samples) == pytest.approx(-16, abs=1)
    assert peak_db(samples) <= -1
    assert result.loudness is not None
    assert result.loudness.integrated_lufs == pytest.approx(loudness(samples), abs=0.1)
    mux(picture, result.path, tmp_path / "clip.mp4")
    coded = read_audio(tmp_path / "clip.mp4", CLIP_S)
    assert loudness(coded) == pytest.approx(-16, abs=1)
    assert peak_db(coded) <= -1
    info = probe(tmp_path / "clip.mp4")
    with av.open(str(tmp_path / "clip.mp4")) as source:
        track = source.streams.audio[0].codec_context
        assert (track.name, track.sample_rate, track.layout.name) == ("aac", RATE, "stereo")
    assert info.audio_duration_s == pytest.approx(CLIP_S, abs=1 / FPS)


@pytest.mark.parametrize("prompt", PROMPTS[:4])
def test_ends_are_silent_and_there_is_no_offset(tmp_path: Path, prompt: str) -> None:
    samples, _ = made(tmp_path, prompt)
    assert np.abs(samples[0]).max() < 1e-3
    assert np.abs(samples[-1]).max() < 1e-3
    assert np.abs(samples.mean(axis=0)).max() < 1e-3
    assert np.abs(samples[-480:]).max() < 0.2 * np.abs(samples).max()


@pytest.mark.parametrize("duration_s", [0.25, 1 / 3, 2.04, 5.0 + 1 / 24, 10.0])
def test_the_length_is_exact(tmp_path: Path, duration_s: float) -> None:
    samples, _ = made(tmp_path, "rain", duration_s)
    assert samples.shape == (round(duration_s * RATE), 2)


def test_the_same_request_gives_the_same_bytes(tmp_path: Path) -> None:
    files = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        _, result = made(tmp_path / name, "epic music by the sea", cues=(Cue(at_s=1.0, kind="whoosh"),))
        assert result.path is not None
        files.append(result.path.read_bytes())
    assert files[0] == files[1]


def test_other_processes_and_thread_counts_give_the_same_bytes(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from photoplay.sound import SoundRequest, render_soundtrack;"
        "render_soundtrack(SoundRequest(prompt='thunder in a city, epic music', duration_s=2), Path(sys.argv[1]))"
    )
    files = []
    for threads, seed in (("1", "1"), ("4", "7")):
        folder = tmp_path / threads
        folder.mkdir()
        environment = {
            **os.environ,
            "OPENBLAS_NUM_THREADS": threads,
            "OMP_NUM_THREADS": threads,
            "PYTHONHASHSEED": seed,
        }
        subprocess.run([sys.executable, "-c", script, str(folder)], env=environment, check=True)
        files.append((folder / "soundtrack.wav").read_bytes())
    assert files[0] == files[1]


def test_no_two_prompts_seeds_or_plans_give_the_same_sound(tmp_path: Path) -> None:
    variants: list[dict[str, Any]] = [
        {"prompt": "slow zoom in"},
        {"prompt": "slow zoom in "},
        {"prompt": "slow zoom out"},
        {"prompt": "slow zoom in", "seed": 1},
        {"prompt": "slow zoom in", "plan": Plan(subject_words=("cup",))},
        {"prompt": "slow zoom in", "scene": {"luminance": 0.2}},
        {"prompt": ""},
    ]
    sounds = [made(tmp_path, duration_s=1.0, **variant)[0].tobytes() for variant in variants]
    assert len(set(sounds)) == len(variants)


def test_no_sound_is_no_file(tmp_path: Path) -> None:
    result = render_soundtrack(SoundRequest(mode="none", duration_s=3), tmp_path)
    assert result == SoundResult()
    assert list(tmp_path.iterdir()) == []


# in time ----------------------------------------------------------------------------------------------------------


def onset_s(samples: np.ndarray, after_s: float, above_hz: float) -> float:
    """When the sound above a frequency first rises to a quarter of its greatest power after a moment."""
    treble = signal.sosfilt(signal.butter(4, above_hz, "high", fs=RATE, output="sos"), samples, axis=0)
    power = np.convolve(np.square(treble).mean(axis=1), np.ones(96) / 96, "full")[: len(samples)]
    start = int(after_s * RATE)
    return (start + int(np.argmax(power[start:] > 0.25 * power[start:].max()))) / RATE


@pytest.mark.parametrize("kind", ["pop", "crack", "shutter", "squish", "splash", "heartbeat", "thunder", "drum"])
def test_events_meet_their_frame_in_the_finished_clip(tmp_path: Path, picture: Path, kind: str) -> None:
    at_s = 31 / FPS
    _, result = made(tmp_path, "no music", cues=(Cue(at_s=at_s, kind=kind),))
    mux(picture, result.path, tmp_path / "clip.mp4")
    coded = read_audio(tmp_path / "clip.mp4", CLIP_S)
    # Quiet rooms have their power below 400 Hz, as hearts have.
    assert onset_s(coded, 0.3, 40 if kind == "heartbeat" else 400) == pytest.approx(at_s, abs=1 / FPS)


def test_a_whoosh_peaks_with_the_camera(tmp_path: Path) -> None:
    fast = Move(kind=MoveKind.ZOOM, amount=2.0, start=0.5, end=0.75, ease=Ease.SMOOTH)
    samples, result = made(tmp_path, "no music", duration_s=4.0, plan=Plan(shot=Shot(moves=(fast,))))
    assert any(line.startswith("event whoosh") for line in result.heard)
    power = np.convolve(np.square(samples).mean(axis=1), np.hanning(int(0.2 * RATE)), "same")
    assert int(np.argmax(power)) / RATE == pytest.approx(2.5, abs=0.1)


def test_sound_and_picture_start_together(tmp_path: Path, picture: Path) -> None:
    _, result = made(tmp_path, "no music", cues=(Cue(at_s=1.0, kind="click", strength=2.0),))
    plain = read_audio(result.path, CLIP_S) if result.path else np.zeros((0, 2))
    mux(picture, result.path, tmp_path / "clip.mp4")
    coded = read_audio(tmp_path / "clip.mp4", CLIP_S)
    near = slice(int(0.9 * RATE), int(1.2 * RATE))
    shift = np.argmax(signal.correlate(coded[near, 0], plain[near, 0])) - (near.stop - near.start - 1)
    assert abs(int(shift)) < RATE / 1000


@pytest.mark.parametrize(
    ("fps", "duration_s"), [(16, 1.0), (24, 2.04), (25, 5.0), (30, 3.7), (24, 15.0), (60, 10.0), (50, 1.5)]
)
def test_any_length_at_any_frame_rate(tmp_path: Path, fps: int, duration_s: float) -> None:
    frames = round(duration_s * fps)
    with VideoWriter(tmp_path / "silent.mp4", 32, 32, fps) as writer:
        for _ in range(frames):
            writer.write_rgb(np.zeros((32, 32, 3), np.uint8))
    at_s = 0.4
    cues = (Cue(at_s=at_s, kind="pop"),)
    plain, result = made(tmp_path, "wind in the trees, no music", duration_s=frames / fps, cues=cues)
    mux(tmp_path / "silent.mp4", result.path, tmp_path / "clip.mp4")
    with av.open(str(tmp_path / "clip.mp4")) as clip:
        video, audio = clip.streams.video[0], clip.streams.audio[0]
        assert abs(float((video.start_time or 0) * video.time_base)) < 1e-9
        pieces = []
        for frame in clip.decode(audio):
            if not pieces:
                starts_s = float(frame.pts * frame.time_base)
            pieces.append(frame.to_ndarray())
        picture_s = float(video.duration * video.time_base)
        sound_s = float(audio.duration * audio.time_base)
    heard = np.concatenate(pieces, axis=1)
    # What the player shows first is sample `starts_s` of the sound that was made.
    near = slice(int(0.3 * RATE), int(0.6 * RATE))
    first = round(starts_s * RATE)
    coded = heard[0, near.start - first : near.stop - first]
    shift = int(np.argmax(signal.correlate(coded, plain[near, 0]))) - (near.stop - near.start - 1)
    assert abs(shift) < RATE / 1000
    assert picture_s == pytest.approx(frames / fps, abs=1e-3)
    assert sound_s == pytest.approx(picture_s, abs=1 / fps)
    assert heard.shape[1] / RATE == pytest.approx(picture_s, abs=1 / fps + 1024 / RATE)
    final = read_audio(tmp_path / "clip.mp4", duration_s)
    assert loudness(final) == pytest.approx(-16, abs=1)
    assert peak_db(final) <= -1


# the engine's own sound ---------------------------------------------------------------------------------------------


def test_an_engines_own_sound_is_preferred(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    own, _ = made(tmp_path / "own", "techno music")
    wavfile.write(tmp_path / "engine.wav", RATE, own)
    samples, result = made(tmp_path, "rain", engine_soundtrack=tmp_path / "engine.wav")
    assert result.heard == ("the engine's own sound",)
    assert np.corrcoef(samples[RATE : 2 * RATE, 0], own[RATE : 2 * RATE, 0])[0, 1] > 0.98


def test_an_engines_broken_sound_is_replaced_and_it_is_said(tmp_path: Path) -> None:
    (tmp_path / "engine.wav").write_bytes(b"nothing")
    _, result = made(tmp_path, "rain", engine_soundtrack=tmp_path / "engine.wav")
    assert result.heard == ("bed rain",)
    assert any("composed instead" in note for note in result.notes)


def test_progress_never_falls_and_ends_at_one(tmp_path: Path) -> None:
    told: list[float] = []
    render_soundtrack(SoundRequest(prompt="rain", duration_s=1), tmp_path, lambda share, word: told.append(share))
    assert told == sorted(told)
    assert told[-1] == 1.0
