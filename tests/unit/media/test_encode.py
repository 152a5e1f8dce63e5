"""The writer: exact counts and lengths, the right tags, the same bytes again, no file after a failure."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc

from photoplay.errors import RenderFailed
from photoplay.media.encode import ENCODER_THREADS, VideoWriter


def planes(number: int, width: int = 64, height: int = 48) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A flat frame whose luma tells its number."""
    half = (height // 2, width // 2)
    y = np.full((height, width), 20 + number * 2, np.uint8)
    return y, np.full(half, 128, np.uint8), np.full(half, 128, np.uint8)


def write(path: Path, frames: int, *, fps: int = 24, **options) -> Path:
    with VideoWriter(path, 64, 48, fps, **options) as writer:
        for number in range(frames):
            writer.write_yuv(*planes(number))
    return path


def lumas(path: Path) -> list[int]:
    with av.open(str(path)) as source:
        return [round(float(frame.to_ndarray()[:48].mean())) for frame in source.decode(video=0)]


@pytest.mark.parametrize(("fps", "frames"), [(24, 1), (24, 2), (24, 49), (25, 51), (30, 100), (60, 61)])
def test_frames_and_duration_are_exact(tmp_path, fps, frames):
    path = write(tmp_path / "clip.mp4", frames, fps=fps)
    with av.open(str(path)) as source:
        stream = source.streams.video[0]
        assert stream.frames == frames
        assert stream.duration * stream.time_base * fps == frames
        assert stream.start_time == 0
        assert stream.average_rate == fps
        decoded = list(source.decode(stream))
    assert [frame.pts * frame.time_base * fps for frame in decoded] == list(range(frames))


def test_every_frame_arrives_in_order_although_buffers_are_reused(tmp_path):
    path = write(tmp_path / "clip.mp4", 90, crf=4)
    assert all(abs(luma - (20 + number * 2)) <= 1 for number, luma in enumerate(lumas(path)))


def test_tags_and_profile(tmp_path):
    with av.open(str(write(tmp_path / "clip.mp4", 5))) as source:
        context = source.streams.video[0].codec_context
        assert context.name == "h264"
        assert context.profile == "High"
        assert context.pix_fmt == "yuv420p"
        assert context.color_range == ColorRange.MPEG
        assert context.colorspace == Colorspace.ITU709
        assert context.color_primaries == ColorPrimaries.BT709
        assert context.color_trc == ColorTrc.BT709


def test_index_comes_first_and_keyframes_every_second(tmp_path):
    path = write(tmp_path / "clip.mp4", 80)
    data = path.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    with av.open(str(path)) as source:
        keys = [number for number, frame in enumerate(source.decode(video=0)) if frame.key_frame]
    assert keys[0] == 0
    assert max(np.diff([*keys, 80])) <= 24


def test_same_frames_same_bytes(tmp_path):
    rng = np.random.default_rng(7)
    noise = [rng.integers(16, 235, (48, 64), np.uint8) for _ in range(30)]
    digests = set()
    for name in ("a.mp4", "b.mp4"):
        with VideoWriter(tmp_path / name, 64, 48, 24, metadata={"comment": "made here"}) as writer:
            for y in noise:
                writer.write_yuv(y, *planes(0)[1:])
        digests.add(hashlib.sha256((tmp_path / name).read_bytes()).hexdigest())
    assert len(digests) == 1
    assert f"threads={ENCODER_THREADS} ".encode() in (tmp_path / "a.mp4").read_bytes()  # x264 says what it ran with


def test_no_date_and_no_library_version_in_the_container(tmp_path):
    path = write(tmp_path / "clip.mp4", 3)
    with av.open(str(path)) as source:
        assert "creation_time" not in source.metadata
        assert "encoder" not in source.metadata
    assert b"Lavf" not in path.read_bytes()


def test_leased_buffers_are_drawn_into_directly(tmp_path):
    path = tmp_path / "clip.mp4"
    with VideoWriter(path, 64, 48, 24, crf=4) as writer:
        for number in range(20):
            buffer = writer.lease()
            assert buffer.y.shape == (48, 64)
            assert buffer.u.shape == buffer.v.shape == (24, 32)
            for view, plane in zip((buffer.y, buffer.u, buffer.v), planes(number), strict=True):
                view[:] = plane
            writer.submit(buffer)
        assert writer.frames == 20
    assert all(abs(luma - (20 + number * 2)) <= 1 for number, luma in enumerate(lumas(path)))


def test_odd_strides_do_not_shear(tmp_path):
    # 66 and 33 are no multiples of any alignment: rows are padded inside the encoder's frames.
    path = tmp_path / "clip.mp4"
    y = np.tile(np.linspace(30, 220, 66).astype(np.uint8), (50, 1))
    with VideoWriter(path, 66, 50, 24, crf=1) as writer:
        writer.write_yuv(y, *(np.full((25, 33), value, np.uint8) for value in (90, 160)))
    with av.open(str(path)) as source:
        frame = next(source.decode(video=0)).to_ndarray()
    assert np.abs(frame[:50].astype(int) - y).max() <= 4
    assert abs(float(frame[50:].ravel()[: 25 * 33].mean()) - 90) < 2


def test_rgb_frames(tmp_path):
    path = tmp_path / "clip.mp4"
    with VideoWriter(path, 64, 48, 24, crf=4) as writer:
        writer.write_rgb(np.full((48, 64, 3), (255, 0, 0), np.uint8))
    with av.open(str(path)) as source:
        pixel = next(source.decode(video=0)).to_ndarray(format="rgb24")[20, 20]
    assert np.abs(pixel.astype(int) - (255, 0, 0)).max() <= 4


@pytest.mark.parametrize(
    ("width", "height", "fps"), [(63, 48, 24), (64, 49, 24), (0, 0, 24), (64, 48, 0), (9000, 64, 24)]
)
def test_impossible_sizes_are_refused(tmp_path, width, height, fps):
    with pytest.raises(ValueError, match=r"even|fps"):
        VideoWriter(tmp_path / "clip.mp4", width, height, fps)
    assert list(tmp_path.iterdir()) == []


def test_wrong_planes_are_refused_and_nothing_is_left(tmp_path):
    def write_wrong() -> None:
        y, u, v = planes(0)
        with VideoWriter(tmp_path / "clip.mp4", 64, 48, 24) as writer:
            writer.write_yuv(y, u, v)
            writer.write_yuv(y[:-2], u, v)

    with pytest.raises(ValueError, match="expected a plane"):
        write_wrong()
    assert list(tmp_path.iterdir()) == []


def break_off(path: Path) -> None:
    """Leaves a writer by an exception."""
    with VideoWriter(path, 64, 48, 24) as writer:
        writer.write_yuv(*planes(0))
        raise KeyError


def test_an_exception_leaves_the_old_file_alone(tmp_path):
    path = write(tmp_path / "clip.mp4", 3)
    before = path.read_bytes()
    with pytest.raises(KeyError):
        break_off(path)
    assert path.read_bytes() == before
    assert [item.name for item in tmp_path.iterdir()] == ["clip.mp4"]


def test_no_frames_is_a_failure(tmp_path):
    with pytest.raises(RenderFailed, match="no frames"), VideoWriter(tmp_path / "clip.mp4", 64, 48, 24):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(RenderFailed, match="opened"):
        VideoWriter(tmp_path / "none" / "clip.mp4", 64, 48, 24)


def test_a_failing_encoder_is_reported_to_the_feeding_thread(tmp_path, monkeypatch):
    writer = VideoWriter(tmp_path / "clip.mp4", 64, 48, 24)

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    def write_all() -> None:
        with writer:
            for number in range(200):
                writer.write_yuv(*planes(number % 100))

    monkeypatch.setattr(writer, "_container", FailingSink(writer._container, fail))
    with pytest.raises(RenderFailed, match="encoder failed"):
        write_all()
    assert list(tmp_path.iterdir()) == []


class FailingSink:
    """A container whose disk is full."""

    def __init__(self, real, fail) -> None:
        self._real = real
        self.mux = fail

    def close(self) -> None:
        self._real.close()


def test_threads_end_with_the_writer(tmp_path):
    write(tmp_path / "clip.mp4", 3)
    with pytest.raises(KeyError):
        break_off(tmp_path / "other.mp4")
    assert not [thread for thread in threading.enumerate() if thread.name == "photoplay-encode"]


def test_a_closed_writer_takes_nothing(tmp_path):
    writer = VideoWriter(tmp_path / "clip.mp4", 64, 48, 24)
    writer.write_yuv(*planes(0))
    writer.close()
    writer.close()
    with pytest.raises(ValueError, match="closed"):
        writer.write_yuv(*planes(1))
