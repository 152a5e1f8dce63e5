"""Sound files: anything FFmpeg's libraries decode, to 48 kHz stereo and back to WAV."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Final

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.error import FFmpegError
from numpy.typing import NDArray

from photoplay.errors import AudioUnreadable

F32 = NDArray[np.float32]

RATE_HZ: Final = 48_000
# What may be opened. Named, so that a file cannot make FFmpeg open others (playlists, concat scripts, SDP).
_FORMATS: Final = "aac,aiff,amr,asf,avi,caf,flac,matroska,webm,mov,mp4,m4a,mp3,mpeg,mpegts,ogg,w64,wav,au,ac3,eac3"


_WAV_FLOAT: Final = 3  # the format tag of floating-point samples


def read_audio(path: Path, max_s: float) -> F32:
    """The first sound track of a file: (n, 2) float32 at 48 kHz, at most ``max_s`` seconds of it.

    Mono goes to both sides; more than two channels are mixed down with FFmpeg's standard matrix. Samples of a
    broken file up to the break are kept when there is at least a tenth of a second of them.

    Raises:
        AudioUnreadable: not a sound file, or no sound in it.
    """
    limit = round(max_s * RATE_HZ)
    pieces: list[F32] = []
    count = 0
    try:
        with av.open(str(path), options={"format_whitelist": _FORMATS, "protocol_whitelist": "file"}) as source:
            if not source.streams.audio:
                raise AudioUnreadable("The file has no sound.")
            resampler = AudioResampler(format="flt", layout="stereo", rate=RATE_HZ)
            for frame in source.decode(source.streams.audio[0]):
                for part in resampler.resample(frame):
                    pieces.append(_stereo(part))
                    count += len(pieces[-1])
                if count >= limit:
                    break
            else:
                pieces.extend(_stereo(part) for part in resampler.resample(None))
    except (FFmpegError, OSError, ValueError) as error:
        if count < RATE_HZ // 10:
            raise AudioUnreadable from error
    if not pieces:
        raise AudioUnreadable("The file has no sound.")
    samples: F32 = np.concatenate(pieces)[:limit]
    if not np.isfinite(samples).all():
        raise AudioUnreadable("The file's sound is broken.")
    if not len(samples):
        raise AudioUnreadable("The file has no sound.")
    return samples


def _stereo(frame: AudioFrame) -> F32:
    """An interleaved stereo frame as (n, 2)."""
    return np.asarray(frame.to_ndarray(), np.float32).reshape(-1, 2)


def write_wav(path: Path, samples: F32, *, rate_hz: int = RATE_HZ) -> None:
    """Writes (n, channels) float32 as WAV with 32-bit float samples: nothing is clipped or dithered."""
    # By hand: Python's own module knows whole numbers only, and SciPy's takes longer to load than to write.
    data = np.ascontiguousarray(samples, "<f4")
    count, channels = data.shape
    frame_bytes = 4 * channels
    head = struct.pack("<HHIIHHH", _WAV_FLOAT, channels, rate_hz, rate_hz * frame_bytes, frame_bytes, 32, 0)
    chunks = b"WAVE" + b"fmt " + struct.pack("<I", len(head)) + head + b"fact" + struct.pack("<II", 4, count)
    chunks += b"data" + struct.pack("<I", data.nbytes)
    with path.open("wb") as file:
        file.write(b"RIFF" + struct.pack("<I", len(chunks) + data.nbytes) + chunks)
        file.write(data.data)
