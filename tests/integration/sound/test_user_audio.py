"""Callers' own files of every kind become a soundtrack, or fail with a reason."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pyloudnorm
import pytest
from PIL import Image
from scipy import signal
from scipy.io import wavfile

from photoplay.errors import AudioUnreadable
from photoplay.media.video import VideoWriter, mux
from photoplay.sound import SoundRequest, render_soundtrack

RATE = 48_000
CLIP_S = 3.0


def melody(rate: int, length_s: float, channels: int = 2) -> np.ndarray:
    """(n, channels) float32: a walk through a scale."""
    t = np.arange(int(length_s * rate)) / rate
    hz = 220 * 2 ** (np.floor(t * 4) % 8 / 12)
    wave = 0.4 * np.sin(2 * np.pi * np.cumsum(hz) / rate) * (0.6 + 0.4 * np.cos(2 * np.pi * 4 * t))
    return np.repeat(wave.astype(np.float32)[:, None], channels, axis=1)


def encode(
    path: Path, codec: str, rate: int, layout: str, length_s: float = 4.0, sample_format: str | None = None
) -> Path:
    channels = {"mono": 1, "stereo": 2, "5.1": 6}[layout]
    with av.open(str(path), "w") as sink:
        track = sink.add_stream(codec, rate=rate, options={"strict": "experimental"})
        track.layout = layout
        if sample_format:
            track.format = sample_format
        samples = melody(rate, length_s, channels)
        fifo = av.AudioFifo()
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples.T), "fltp", layout)
        frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
        resampler = av.AudioResampler(format=track.format, layout=layout, rate=rate)
        for part in resampler.resample(frame):
            fifo.write(part)
        size = track.codec_context.frame_size or 1024
        while (piece := fifo.read(size, partial=True)) is not None:
            for packet in track.encode(piece):
                sink.mux(packet)
        for packet in track.encode(None):
            sink.mux(packet)
    return path


def fitted(path: Path, tmp_path: Path, duration_s: float = CLIP_S) -> np.ndarray:
    result = render_soundtrack(SoundRequest(mode="file", file=path, duration_s=duration_s), tmp_path)
    assert result.path is not None
    _, samples = wavfile.read(result.path)
    return np.asarray(samples)


def check(samples: np.ndarray, duration_s: float = CLIP_S) -> None:
    assert samples.shape == (round(duration_s * RATE), 2)
    assert float(pyloudnorm.Meter(RATE).integrated_loudness(samples.astype(np.float64))) == pytest.approx(-16, abs=1)
    assert 20 * np.log10(np.abs(signal.resample_poly(samples, 4, 1, axis=0)).max()) <= -1
    assert np.abs(samples[0]).max() < 1e-3
    assert np.abs(samples[-1]).max() < 1e-3


@pytest.mark.parametrize(
    ("name", "codec", "rate", "layout", "sample_format"),
    [
        ("a.mp3", "libmp3lame", 44_100, "stereo", None),
        ("b.m4a", "aac", 44_100, "stereo", None),
        ("c.flac", "flac", 96_000, "stereo", "s32"),
        ("d.opus", "libopus", 48_000, "stereo", None),
        ("e.ogg", "libopus", 48_000, "mono", None),
        ("f.wav", "pcm_s16le", 8_000, "mono", None),
        ("g.wav", "pcm_s24le", 22_050, "stereo", None),
        ("h.wav", "pcm_u8", 11_025, "mono", None),
        ("i.m4a", "aac", 48_000, "5.1", None),
        ("j.flac", "flac", 44_100, "5.1", "s16"),
        ("k.mp4", "aac", 32_000, "stereo", None),
        ("l.mkv", "flac", 48_000, "stereo", "s16"),
        ("m.ogg", "vorbis", 44_100, "stereo", None),
        ("n.opus", "libopus", 48_000, "5.1", None),
        ("o.m4a", "alac", 44_100, "stereo", None),
        ("p.webm", "libopus", 24_000, "mono", None),
        ("q.mov", "pcm_s16le", 44_100, "stereo", None),
        ("r.mp3", "libmp3lame", 22_050, "mono", None),
        ("s.wav", "pcm_f32le", 192_000, "stereo", None),
    ],
)
def test_formats_rates_and_layouts(
    tmp_path: Path, name: str, codec: str, rate: int, layout: str, sample_format: str | None
) -> None:
    path = encode(tmp_path / name, codec, rate, layout, sample_format=sample_format)
    check(fitted(path, tmp_path))


@pytest.mark.parametrize(("length_s", "duration_s"), [(0.3, 5.0), (1.7, 4.0), (3.0, 3.0), (20.0, 2.0)])
def test_files_shorter_and_longer_than_the_clip(tmp_path: Path, length_s: float, duration_s: float) -> None:
    path = encode(tmp_path / "a.flac", "flac", 44_100, "stereo", length_s, "s16")
    check(fitted(path, tmp_path, duration_s), duration_s)


@pytest.mark.parametrize("gain", [0.001, 0.2, 40.0])
def test_whisper_and_clipping_are_brought_to_one_level(tmp_path: Path, gain: float) -> None:
    wavfile.write(tmp_path / "a.wav", 44_100, melody(44_100, 4.0) * np.float32(gain))
    check(fitted(tmp_path / "a.wav", tmp_path))


def test_a_video_gives_its_sound(tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "v.mp4", 64, 64, 24) as writer:
        for _ in range(72):
            writer.write_rgb(np.zeros((64, 64, 3), np.uint8))
    mux(tmp_path / "v.mp4", melody(RATE, 3.0), tmp_path / "sounding.mp4")
    check(fitted(tmp_path / "sounding.mp4", tmp_path))
    with pytest.raises(AudioUnreadable):
        fitted(tmp_path / "v.mp4", tmp_path)


def test_the_end_of_a_broken_file_is_missing_but_the_rest_is_played(tmp_path: Path) -> None:
    path = encode(tmp_path / "a.mp3", "libmp3lame", 44_100, "stereo", 6.0)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 3])
    check(fitted(path, tmp_path))


def test_unusable_files_fail_with_a_reason(tmp_path: Path) -> None:
    bad = {
        "empty.mp3": b"",
        "text.wav": b"this is not sound" * 100,
        "zeros.flac": bytes(10_000),
        "playlist.m3u8": b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n",
    }
    for name, data in bad.items():
        (tmp_path / name).write_bytes(data)
    Image.new("RGB", (64, 64)).save(tmp_path / "image.png")
    wavfile.write(tmp_path / "silent.wav", RATE, np.zeros((RATE, 2), np.float32))
    wavfile.write(tmp_path / "nothing.wav", RATE, np.zeros((0, 2), np.float32))
    for name in (*bad, "image.png", "silent.wav", "nothing.wav", "missing.wav"):
        with pytest.raises(AudioUnreadable) as caught:
            fitted(tmp_path / name, tmp_path)
        assert caught.value.message
        assert str(tmp_path) not in caught.value.message


def test_a_file_must_be_given(tmp_path: Path) -> None:
    with pytest.raises(AudioUnreadable):
        render_soundtrack(SoundRequest(mode="file", duration_s=3), tmp_path)


def test_the_same_file_gives_the_same_bytes(tmp_path: Path) -> None:
    path = encode(tmp_path / "a.mp3", "libmp3lame", 44_100, "stereo")
    assert fitted(path, tmp_path).tobytes() == fitted(path, tmp_path).tobytes()
