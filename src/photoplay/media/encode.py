"""Frames to H.264 in MP4, as they come: one thread makes frames, another encodes them.

Memory is bounded by a fixed pool of frame buffers, whatever the clip's length. The bytes depend on the frames and
the settings only: the number of encoder threads is a constant (x264's output depends on it, not on the cores), and
neither a date nor a library version is written by the muxer.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import av
import numpy as np
from av.error import FFmpegError
from av.video.frame import VideoFrame
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc
from av.video.stream import VideoStream
from numpy.typing import NDArray

from photoplay.errors import RenderFailed
from photoplay.media.colour import rgb_to_yuv420
from photoplay.media.mux import MUXER_OPTIONS

U8 = NDArray[np.uint8]

ENCODER_THREADS: Final = 4  # as fast as 2 on two cores, faster on more; a constant, so bytes do not depend on cores
KEYFRAME_INTERVAL_S: Final = 1.0  # a browser decodes at most this much to seek
_POOL_FRAMES: Final = 4  # one being made, one being encoded, two waiting
MIN_SIDE: Final = 16
MAX_SIDE: Final = 8192


@dataclass(frozen=True, slots=True)
class FrameBuffer:
    """A frame of the encoder's own memory, to be drawn into.

    ``y`` (H, W), ``u`` and ``v`` (H/2, W/2) are uint8 views; rows may be padded, so they are not C-contiguous.
    What they hold at first is undefined: every sample must be written.
    """

    y: U8
    u: U8
    v: U8
    _frame: VideoFrame


def _plane_view(frame: VideoFrame, index: int) -> U8:
    plane = frame.planes[index]
    rows: U8 = np.frombuffer(memoryview(plane), dtype=np.uint8).reshape(plane.height, plane.line_size)
    return rows[:, : plane.width]


class VideoWriter:
    """Streams frames into an MP4 (H.264 High, 4:2:0, BT.709 limited range, faststart).

    Use as a context manager. Leaving it normally finishes the file; leaving it by an exception, or failing to
    encode, leaves no file behind. Not thread-safe: one thread feeds it.

    Three ways to give a frame, fastest first: :meth:`lease` a buffer, draw into it, :meth:`submit` it;
    :meth:`write_yuv` (one copy); :meth:`write_rgb` (conversion).
    """

    def __init__(
        self,
        path: Path,
        width: int,
        height: int,
        fps: int,
        *,
        crf: float = 19.0,
        preset: str = "superfast",
        metadata: Mapping[str, str] | None = None,
        threads: int = ENCODER_THREADS,
    ) -> None:
        """Opens the encoder.

        Args:
            path: the MP4 to make; replaced when the last frame is in, untouched until then.
            width: of the frames, in pixels, even.
            height: of the frames, in pixels, even.
            fps: frames a second, whole.
            crf: x264's constant rate factor; lower is better and larger. 18 to 20 looks transparent.
            preset: x264's speed preset.
            metadata: see :mod:`photoplay.media.provenance`.
            threads: encoder threads; changing it changes the bytes.

        Raises:
            ValueError: a side is odd or out of range, or ``fps`` is not positive.
            RenderFailed: the encoder cannot be opened.
        """
        if width % 2 or height % 2 or min(width, height) < MIN_SIDE or max(width, height) > MAX_SIDE:
            raise ValueError(f"sides must be even and between {MIN_SIDE} and {MAX_SIDE}, got {width}x{height}")
        if fps < 1:
            raise ValueError(f"fps must be positive, got {fps}")
        self.path = path
        self.width, self.height, self.fps = width, height, fps
        self.frames = 0  # submitted so far
        self._part = path.with_name(path.name + ".part")
        self._error: Exception | None = None
        self._closed = False
        try:
            self._container = av.open(str(self._part), "w", format="mp4", options=dict(MUXER_OPTIONS))
            self._stream = self._open_stream(crf, preset, threads)
            self._container.metadata.update(metadata or {})
            self._container.start_encoding()  # writes the header: a folder that is missing or full shows now
        except (FFmpegError, OSError) as error:
            self._part.unlink(missing_ok=True)
            raise RenderFailed("the video encoder could not be opened") from error
        self._free: queue.SimpleQueue[FrameBuffer] = queue.SimpleQueue()
        for _ in range(_POOL_FRAMES):
            self._free.put(self._new_buffer())
        self._filled: queue.SimpleQueue[FrameBuffer | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._encode_all, name="photoplay-encode", daemon=True)
        self._thread.start()

    def _open_stream(self, crf: float, preset: str, threads: int) -> VideoStream:
        keyint = max(1, round(self.fps * KEYFRAME_INTERVAL_S))
        options = {
            "preset": preset,
            "crf": f"{crf:g}",
            "profile": "high",
            "x264-params": f"threads={threads}:keyint={keyint}:sliced-threads=0:force-cfr=1",
            "flags": "+bitexact",
        }
        stream = self._container.add_stream("libx264", rate=self.fps, options=options)
        stream.width, stream.height, stream.pix_fmt = self.width, self.height, "yuv420p"
        context = stream.codec_context
        context.time_base = Fraction(1, self.fps)
        context.color_range = ColorRange.MPEG
        context.colorspace = Colorspace.ITU709
        context.color_primaries = ColorPrimaries.BT709
        context.color_trc = ColorTrc.BT709
        return stream

    def _new_buffer(self) -> FrameBuffer:
        frame = VideoFrame(self.width, self.height, "yuv420p")
        frame.color_range = ColorRange.MPEG
        frame.colorspace = Colorspace.ITU709
        frame.color_primaries = ColorPrimaries.BT709
        frame.color_trc = ColorTrc.BT709
        frame.time_base = Fraction(1, self.fps)
        return FrameBuffer(_plane_view(frame, 0), _plane_view(frame, 1), _plane_view(frame, 2), frame)

    def lease(self) -> FrameBuffer:
        """A buffer to draw the next frame into; waits while the encoder is behind. Give it back with :meth:`submit`.

        Raises:
            RenderFailed: the encoder has failed.
        """
        self._check()
        return self._free.get()

    def submit(self, buffer: FrameBuffer) -> None:
        """Hands a leased buffer to the encoder as the next frame; it must not be touched afterwards."""
        frame = buffer._frame  # noqa: SLF001 - the writer and its buffers are one thing
        frame.pts = self.frames
        frame.duration = 1
        self.frames += 1
        self._filled.put(buffer)

    def write_yuv(self, y: U8, u: U8, v: U8) -> None:
        """Adds a frame: ``y`` (H, W), ``u`` and ``v`` (H/2, W/2) uint8, BT.709 limited range. Copies them.

        Raises:
            ValueError: a plane has the wrong shape or type.
            RenderFailed: the encoder has failed.
        """
        half = (self.height // 2, self.width // 2)
        shapes = ((y, (self.height, self.width)), (u, half), (v, half))
        for plane, shape in shapes:
            if plane.shape != shape or plane.dtype != np.uint8:
                raise ValueError(f"expected a plane {shape} uint8, got {plane.shape} {plane.dtype}")
        buffer = self.lease()
        np.copyto(buffer.y, y)
        np.copyto(buffer.u, u)
        np.copyto(buffer.v, v)
        self.submit(buffer)

    def write_rgb(self, rgb: U8) -> None:
        """Adds a frame: (H, W, 3) uint8 RGB.

        Raises:
            ValueError: the picture has the wrong shape or type.
            RenderFailed: the encoder has failed.
        """
        self.write_yuv(*rgb_to_yuv420(rgb))

    def _encode_all(self) -> None:
        """The encode thread: everything that arrives, until None."""
        while (buffer := self._filled.get()) is not None:
            try:
                if self._error is None:
                    self._container.mux(self._stream.encode(buffer._frame))  # noqa: SLF001 - see submit
            except Exception as error:  # noqa: BLE001 - a thread's rim: kept, and raised in the feeding thread
                self._error = error
            finally:
                self._free.put(buffer)

    def _check(self) -> None:
        if self._closed:
            raise ValueError("the video is closed")
        if self._error is not None:
            raise RenderFailed("the video encoder failed") from self._error

    def close(self) -> None:
        """Encodes what is left and puts the finished file in place.

        Raises:
            RenderFailed: encoding or writing failed, or there was no frame; no file is left.
        """
        if self._closed:
            return
        self._stop_thread()
        try:
            self._check()
            if not self.frames:
                raise RenderFailed("the video has no frames")
            self._container.mux(self._stream.encode(None))
            self._container.close()
            self._part.replace(self.path)
        except (FFmpegError, OSError) as error:
            raise RenderFailed("the video could not be written") from error
        finally:
            self._discard()

    def abort(self) -> None:
        """Stops at once and leaves no file."""
        if not self._closed:
            self._stop_thread()
            self._discard()

    def _stop_thread(self) -> None:
        self._filled.put(None)
        self._thread.join()

    def _discard(self) -> None:
        self._closed = True
        # Closing a muxer that failed or wrote no header reports that again; the first report is the one raised.
        with contextlib.suppress(FFmpegError, OSError):
            self._container.close()
        self._part.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
        else:
            self.abort()
