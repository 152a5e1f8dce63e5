"""Joins a picture and its sound: the picture's packets are copied untouched, the sound is encoded as AAC."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.error import FFmpegError
from av.packet import Packet
from numpy.typing import NDArray

from photoplay.errors import RenderFailed
from photoplay.media.audio import RATE_HZ, read_audio

F32 = NDArray[np.float32]

MUXER_OPTIONS: Final = {
    "movflags": "+faststart",
    "fflags": "+bitexact",  # no date, no library version
    "movie_timescale": "48000",  # whole for every common frame rate and for 48 kHz sound: durations are exact
}
AAC_BITS_PER_S: Final = 192_000
# FFmpeg's default coder is three times slower and, measured at this rate, no better on music and noise, and worse on
# sharp clicks in quiet places, which it overshoots by up to 6 dB.
AAC_OPTIONS: Final = {"flags": "+bitexact", "aac_coder": "fast"}
# Opening a file decodes some of it to look; a picture that is only copied need not be, and at 4k that takes longer than
# all the rest. One for each stream.
_UNDECODED: Final = [{"skip_frame": "all"}, {"skip_frame": "all"}]
_AAC_FRAME: Final = 1024  # samples in one AAC frame
_FRAMES_AT_ONCE: Final = 32  # that are encoded in one go


def mux(video: Path, audio: Path | F32 | None, out: Path, coded: Sequence[Packet[Any]] | None = None) -> None:
    """Writes ``out`` (MP4, faststart): the picture of ``video``, bit for bit, with ``audio`` or without sound.

    The sound starts with the picture: the samples that the AAC encoder puts in front are skipped by an edit list.
    It is cut to the picture's length, and filled with silence when shorter, so both end together.

    Args:
        video: an MP4; sound that it has is left out.
        audio: a file, or (n, 2) float32 at 48 kHz; None for no sound.
        coded: ``audio``'s samples as AAC, made with :data:`AAC_BITS_PER_S` and :data:`AAC_OPTIONS`, where there is
            that already. They are used up; and only where the sound is exactly as long as the picture.
        out: replaced when finished, untouched until then. May not be ``video``.

    Raises:
        AudioUnreadable: ``audio`` has no readable sound.
        RenderFailed: the video cannot be read or the file not written.
    """
    part = out.with_name(out.name + ".part")
    try:
        with (
            _one_thread() as beside,
            av.open(str(video), stream_options=_UNDECODED) as source,  # type: ignore[arg-type]  # dicts, not str
            av.open(str(part), "w", format="mp4", options=dict(MUXER_OPTIONS)) as sink,
        ):
            picture = source.streams.video[0]
            copied = sink.add_stream_from_template(picture)
            sink.metadata.update(source.metadata)
            sound: Iterator[Packet[Any]] = iter(())
            if audio is not None:
                length = _samples(picture.duration, picture.time_base)
                samples = read_audio(audio, max_s=length / RATE_HZ) if isinstance(audio, Path) else audio
                track = _new_track(sink)
                sink.start_encoding()  # opens the encoder, which from here on has a thread of its own
                if coded is not None and len(samples) == length:
                    sound = _taken(track, coded)
                else:
                    sound = _encoded(track, _fitted(samples, length), beside)
            waiting = next(sound, None)
            for packet in source.demux(picture):
                if packet.dts is None:  # the demuxer's end mark
                    continue
                while waiting is not None and _seconds(waiting) <= _seconds(packet):
                    sink.mux(waiting)
                    waiting = next(sound, None)
                packet.stream = copied
                sink.mux(packet)
            while waiting is not None:
                sink.mux(waiting)
                waiting = next(sound, None)
        part.replace(out)
    except (FFmpegError, OSError, IndexError) as error:
        raise RenderFailed("the video and its sound could not be joined") from error
    finally:
        part.unlink(missing_ok=True)


def _samples(duration: int | None, time_base: Fraction | None) -> int:
    if duration is None or time_base is None:
        raise RenderFailed("the video does not say how long it is")
    return round(duration * time_base * RATE_HZ)


def _seconds(packet: Packet[Any]) -> Fraction:
    return (packet.dts or 0) * (packet.time_base or Fraction(1))


def _new_track(sink: av.container.OutputContainer) -> AudioStream:
    track = sink.add_stream("aac", rate=RATE_HZ, options=dict(AAC_OPTIONS))
    track.bit_rate = AAC_BITS_PER_S
    track.layout = "stereo"
    track.codec_context.time_base = Fraction(1, RATE_HZ)
    return track


def _fitted(samples: F32, length: int) -> F32:
    """(length, 2): cut, or filled with silence; clipped to what AAC's input may hold."""
    fitted = np.zeros((length, 2), np.float32)
    kept = samples[:length]
    fitted[: len(kept)] = np.clip(kept, -1.0, 1.0)
    return fitted


@contextmanager
def _one_thread() -> Iterator[ThreadPoolExecutor]:
    """A thread; what it has not begun when the block ends is dropped."""
    pool = ThreadPoolExecutor(1, "photoplay-aac")
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _encoded(track: AudioStream, samples: F32, beside: ThreadPoolExecutor) -> Iterator[Packet[AudioStream]]:
    """The packets of the sound, encoded on that thread while the picture is copied."""

    def part(first: int) -> list[Packet[AudioStream]]:
        packets = []
        for start in range(first, min(first + _AAC_FRAME * _FRAMES_AT_ONCE, len(samples)), _AAC_FRAME):
            piece = np.ascontiguousarray(samples[start : start + _AAC_FRAME].T)
            frame = AudioFrame.from_ndarray(piece, format="fltp", layout="stereo")
            frame.sample_rate = RATE_HZ
            frame.pts = start
            frame.time_base = Fraction(1, RATE_HZ)
            packets += track.encode(frame)
        return packets

    parts = [beside.submit(part, first) for first in range(0, len(samples), _AAC_FRAME * _FRAMES_AT_ONCE)]
    parts.append(beside.submit(track.encode, None))
    for each in parts:
        yield from each.result()


def _taken(track: AudioStream, packets: Sequence[Packet[Any]]) -> Iterator[Packet[Any]]:
    for packet in packets:
        packet.stream = track
        yield packet
