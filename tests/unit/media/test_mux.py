"""Joining picture and sound: bit-exact picture, sound in step, the same bytes each time."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from photoplay.errors import AudioUnreadable, RenderFailed
from photoplay.media.audio import RATE_HZ, read_audio, write_wav
from photoplay.media.video import VideoWriter, contact_sheet, mux, probe, read_frames, spritesheet, thumbnail
from photoplay.sound.coding import through_aac

FPS = 24


@pytest.fixture(scope="module")
def silent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds in which a white bar walks over grey that brightens."""
    path = tmp_path_factory.mktemp("video") / "silent.mp4"
    with VideoWriter(path, 160, 96, FPS, metadata={"title": "a walk"}) as writer:
        for number in range(2 * FPS):
            frame = np.full((96, 160, 3), 40 + 2 * number, np.uint8)
            frame[:, number * 3 : number * 3 + 8] = 255
            writer.write_rgb(frame)
    return path


def packets(path: Path) -> list[tuple[bytes, int | None, int | None]]:
    with av.open(str(path)) as source:
        return [(bytes(packet), packet.pts, packet.dts) for packet in source.demux(video=0) if packet.size]


def click(at_s: float, length_s: float) -> np.ndarray:
    samples = np.zeros((round(length_s * RATE_HZ), 2), np.float32)
    start = round(at_s * RATE_HZ)
    samples[start : start + 4] = 0.9
    return samples


def test_the_picture_is_copied_bit_for_bit(silent: Path, tmp_path: Path) -> None:
    mux(silent, click(1.0, 2.0), tmp_path / "a.mp4")
    assert packets(tmp_path / "a.mp4") == packets(silent)
    assert probe(tmp_path / "a.mp4").metadata["title"] == "a walk"


def test_the_same_input_gives_the_same_bytes(silent: Path, tmp_path: Path) -> None:
    mux(silent, click(1.0, 2.0), tmp_path / "a.mp4")
    mux(silent, click(1.0, 2.0), tmp_path / "b.mp4")
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


def test_sound_that_is_coded_already_gives_the_same_bytes(silent: Path, tmp_path: Path) -> None:
    sound = click(1.0, 2.0)
    mux(silent, sound, tmp_path / "a.mp4")
    _, coded = through_aac(np.ascontiguousarray(sound.T))
    mux(silent, sound, tmp_path / "b.mp4", coded)
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


def test_coded_sound_of_another_length_is_coded_anew(silent: Path, tmp_path: Path) -> None:
    sound = click(1.0, 3.0)
    mux(silent, sound, tmp_path / "a.mp4")
    _, coded = through_aac(np.ascontiguousarray(sound.T))
    mux(silent, sound, tmp_path / "b.mp4", coded)
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


def test_sound_is_in_step_with_the_picture(silent: Path, tmp_path: Path) -> None:
    mux(silent, click(1.0, 2.0), tmp_path / "a.mp4")
    heard = read_audio(tmp_path / "a.mp4", max_s=10)
    peak = int(np.argmax(np.abs(heard[:, 0])))
    assert abs(peak - RATE_HZ) < RATE_HZ / 1000  # within a millisecond


@pytest.mark.parametrize("length_s", [0.5, 2.0, 3.0])
def test_sound_and_picture_end_together(silent: Path, tmp_path: Path, length_s: float) -> None:
    mux(silent, click(0.2, length_s), tmp_path / "a.mp4")
    info = probe(tmp_path / "a.mp4")
    assert info.duration_s == 2.0
    assert info.audio_duration_s is not None
    assert abs(info.audio_duration_s - 2.0) < 1 / FPS
    assert info.audio_codec == "aac"


def test_without_sound_there_is_no_track(silent: Path, tmp_path: Path) -> None:
    mux(silent, None, tmp_path / "a.mp4")
    assert not probe(tmp_path / "a.mp4").has_audio


def test_a_sound_file_can_be_given_and_a_video_has_sound_too(silent: Path, tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", click(0.5, 2.0))
    mux(silent, tmp_path / "a.wav", tmp_path / "a.mp4")
    mux(tmp_path / "a.mp4", tmp_path / "a.mp4", tmp_path / "b.mp4")
    assert probe(tmp_path / "b.mp4").has_audio
    assert packets(tmp_path / "b.mp4") == packets(silent)


def test_faststart(silent: Path, tmp_path: Path) -> None:
    mux(silent, click(0.5, 2.0), tmp_path / "a.mp4")
    data = (tmp_path / "a.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_what_is_not_a_video_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "no.mp4").write_bytes(b"not a video")
    with pytest.raises(RenderFailed):
        mux(tmp_path / "no.mp4", None, tmp_path / "out.mp4")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["no.mp4"]
    with pytest.raises(RenderFailed):
        probe(tmp_path / "no.mp4")
    with pytest.raises(RenderFailed):
        list(read_frames(tmp_path / "no.mp4"))


def test_probe_and_frames(silent: Path) -> None:
    info = probe(silent)
    assert (info.width, info.height, info.fps, info.frames, info.codec) == (160, 96, 24.0, 48, "h264")
    shown = list(read_frames(silent))
    assert len(shown) == 48
    assert abs(int(shown[10][50, 150, 0]) - 60) <= 3
    assert shown[10][50, 34].min() > 240


def test_thumbnail_and_sheets(silent: Path) -> None:
    from io import BytesIO

    from PIL import Image

    first = Image.open(BytesIO(thumbnail(silent)))
    assert (first.format, first.size) == ("WEBP", (160, 96))
    last = np.asarray(Image.open(BytesIO(thumbnail(silent, at=1.0))))
    assert abs(int(last[50, 20, 1]) - 134) <= 6
    assert contact_sheet(silent, columns=3, rows=2, max_side=80).shape == (96, 240, 3)
    assert Image.open(BytesIO(spritesheet(silent))).size == (800, 480)


# Sound files -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("codec", "name", "rate", "layout"),
    [
        ("pcm_s16le", "a.wav", 44_100, "mono"),
        ("flac", "a.flac", 96_000, "stereo"),
        ("aac", "a.m4a", 32_000, "5.1"),
        ("libmp3lame", "a.mp3", 22_050, "stereo"),
        ("libopus", "a.ogg", 48_000, "stereo"),
    ],
)
def test_reads_any_rate_and_layout(tmp_path: Path, codec: str, name: str, rate: int, layout: str) -> None:
    with av.open(str(tmp_path / name), "w") as sink:
        track = sink.add_stream(codec, rate=rate, layout=layout)
        channels = len(track.layout.channels)
        wave = 0.5 * np.sin(2 * np.pi * 440 * np.arange(rate) / rate)
        frame_format = track.codec_context.format.name
        packed = np.tile(wave.astype(np.float32), (channels, 1))
        resampler = av.AudioResampler(format=frame_format, layout=layout, rate=rate)
        frame = av.AudioFrame.from_ndarray(packed, format="fltp", layout=layout)
        frame.sample_rate = rate
        size = track.codec_context.frame_size or rate
        fifo = av.AudioFifo()
        for piece in resampler.resample(frame):
            fifo.write(piece)
        while (block := fifo.read(size, partial=True)) is not None:
            sink.mux(track.encode(block))
        sink.mux(track.encode(None))
    samples = read_audio(tmp_path / name, max_s=5)
    assert samples.dtype == np.float32
    assert samples.shape[1] == 2
    assert abs(len(samples) - RATE_HZ) < RATE_HZ * 0.06
    middle = samples[RATE_HZ // 4 : RATE_HZ // 2, 0]
    crossings = np.count_nonzero(np.diff(np.signbit(middle)))
    assert abs(crossings - 220) <= 2  # 440 Hz for a quarter of a second


def test_no_more_is_read_than_asked(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", click(0.1, 3.0))
    assert len(read_audio(tmp_path / "a.wav", max_s=1.5)) == 72_000


@pytest.mark.parametrize(
    "data", [b"", b"RIFF", b"#EXTM3U\nfile:///etc/passwd\n", b"ffconcat version 1.0\nfile a.wav\n"]
)
def test_what_is_not_sound_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.wav").write_bytes(data)
    with pytest.raises(AudioUnreadable):
        read_audio(tmp_path / "a.wav", max_s=5)


def test_a_video_without_sound_is_refused(silent: Path) -> None:
    with pytest.raises(AudioUnreadable, match="no sound"):
        read_audio(silent, max_s=5)


def test_sound_with_broken_numbers_is_refused(tmp_path: Path) -> None:
    samples = click(0.1, 1.0)
    samples[100] = np.nan
    write_wav(tmp_path / "a.wav", samples)
    with pytest.raises(AudioUnreadable):
        read_audio(tmp_path / "a.wav", max_s=5)
