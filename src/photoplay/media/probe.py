"""Reads finished videos: what is in them, their frames, a thumbnail, a sprite sheet."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import av
import cv2
import numpy as np
from av.error import FFmpegError
from numpy.typing import NDArray
from PIL import Image

from photoplay.errors import RenderFailed
from photoplay.media.colour import yuv420_to_rgb

U8 = NDArray[np.uint8]

THUMBNAIL_SIDE: Final = 640  # pixels of its long side
_WEBP_QUALITY: Final = 82


@dataclass(frozen=True)
class VideoInfo:
    """What a video file says of itself."""

    width: int
    height: int
    fps: float
    frames: int
    duration_s: float  # of the picture
    codec: str
    has_audio: bool
    audio_codec: str | None
    audio_duration_s: float | None
    metadata: dict[str, str]


def probe(path: Path) -> VideoInfo:
    """Reads a video's headers.

    Raises:
        RenderFailed: it is not a video file.
    """
    try:
        with av.open(str(path)) as source:
            picture = source.streams.video[0]
            sound = source.streams.audio[0] if source.streams.audio else None
            audio_s = None
            if sound is not None and sound.duration is not None and sound.time_base is not None:
                audio_s = float(sound.duration * sound.time_base)
            return VideoInfo(
                width=picture.width,
                height=picture.height,
                fps=float(picture.average_rate or 0),
                frames=picture.frames,
                duration_s=float((picture.duration or 0) * (picture.time_base or 0)),
                codec=picture.codec_context.name,
                has_audio=sound is not None,
                audio_codec=None if sound is None else sound.codec_context.name,
                audio_duration_s=audio_s,
                metadata=dict(source.metadata),
            )
    except (FFmpegError, OSError, IndexError) as error:
        raise RenderFailed(f"{path.name} is not a readable video") from error


def read_frames(path: Path) -> Iterator[U8]:
    """The frames of one of our videos, in order: (H, W, 3) uint8 RGB.

    Raises:
        RenderFailed: it cannot be decoded.
    """
    try:
        with av.open(str(path)) as source:
            for frame in source.decode(video=0):
                planes = np.asarray(frame.reformat(format="yuv420p").to_ndarray(), np.uint8)
                height, width = frame.height, frame.width
                half = (height // 2, width // 2)
                u, v = planes[height:].reshape(2, -1)
                yield yuv420_to_rgb(planes[:height], u.reshape(half), v.reshape(half))
    except (FFmpegError, OSError, IndexError) as error:
        raise RenderFailed(f"{path.name} cannot be decoded") from error


def thumbnail(video: Path, *, at: float = 0.0, max_side: int = THUMBNAIL_SIDE) -> bytes:
    """A frame of a video as WebP.

    Args:
        at: which: 0 the first, 1 the last.
        max_side: the longer side is at most so many pixels.

    Raises:
        RenderFailed: the video cannot be decoded.
    """
    wanted = round(at * (probe(video).frames - 1))
    for number, rgb in enumerate(read_frames(video)):
        if number == wanted:
            return _webp(_shrunk(rgb, max_side))
    raise RenderFailed(f"{video.name} has no frame {wanted}")


def spritesheet(video: Path, *, columns: int = 5, rows: int = 5, max_side: int = 256) -> bytes:
    """Frames spread evenly over a video, left to right and top to bottom, as one WebP.

    Raises:
        RenderFailed: the video cannot be decoded.
    """
    return _webp(contact_sheet(video, columns=columns, rows=rows, max_side=max_side))


def contact_sheet(video: Path, *, columns: int = 4, rows: int = 2, max_side: int = 400) -> U8:
    """Frames spread evenly over a video, the first and the last among them: (H, W, 3) uint8 RGB.

    Raises:
        RenderFailed: the video cannot be decoded.
    """
    cells = columns * rows
    picks = np.rint(np.linspace(0, max(0, probe(video).frames - 1), cells)).astype(int)
    shown: dict[int, U8] = {}
    for number, rgb in enumerate(read_frames(video)):
        if number in picks:
            shown[number] = _shrunk(rgb, max_side)
    if any(pick not in shown for pick in picks.tolist()):
        raise RenderFailed(f"{video.name} has fewer frames than it says")
    grid = [shown[pick] for pick in picks.tolist()]
    return np.vstack([np.hstack(grid[row * columns : (row + 1) * columns]) for row in range(rows)])


def _shrunk(rgb: U8, max_side: int) -> U8:
    height, width = rgb.shape[:2]
    scale = min(1.0, max_side / max(height, width))
    if scale == 1.0:
        return rgb
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)


def _webp(rgb: U8) -> bytes:
    out = io.BytesIO()
    Image.fromarray(rgb).save(out, "WEBP", quality=_WEBP_QUALITY, method=4)
    return out.getvalue()
