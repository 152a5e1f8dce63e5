"""What the AAC coder will make of a soundtrack, and how to keep its peaks down.

A lossy coder does not keep peaks. Measured over the sounds of this room, those that carry hiss (a shutter, a blade,
thunder over rain) grew by up to 3 dB, all others by less than 1 dB; what is mostly treble loses up to 1.5 LU. So a
soundtrack with high, hissing peaks or much treble is coded and decoded here with the very settings the final file
gets, and where the result stands too high the sound is turned down for some milliseconds, until it fits.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame
from av.codec import CodecContext
from av.packet import Packet

from photoplay.media.mux import AAC_BITS_PER_S, AAC_OPTIONS
from photoplay.sound.dsp import F32, RATE, decibels, f32
from photoplay.sound.filters import moving_max, moving_mean
from photoplay.sound.loudness import TARGET_LUFS, integrated, peaks_above

PROMISED_DBTP = -1.0
_AIM_DBTP = -1.3
_HARMLESS_DBTP = -5.0  # peaks below this stay below the promise whatever the coder does
_HISS_DB = -7.0  # power of the differences of samples against that of the samples
_SHRILL_DB = -2.5  # the same over the whole sound, from which coding takes away more than half a decibel
_BLOCK = 128
_FRAME = 1024
_DIP_S = 0.012  # half of the shortest dip
_ROUNDS = 4
_UNHEARD_LU = 0.25  # a loss below this stays
_MOST_LU = 3.0  # more is a sound that cannot be as loud as asked


@dataclass(frozen=True)
class Coded:
    """A soundtrack ``(2, n)`` that stays below the promise, and its AAC packets where it was coded as it is."""

    samples: F32
    packets: tuple[Packet[Any], ...] | None = None


def through_aac(x: F32) -> tuple[F32, list[Packet[Any]]]:
    """``x`` ``(2, n)`` coded and decoded, in time with ``x``: the coder's first frame is what it puts in front.

    And the packets, as :func:`photoplay.media.mux.mux` would make them.
    """
    encoder = _context("w")
    encoder.time_base = Fraction(1, RATE)
    encoder.options = dict(AAC_OPTIONS)
    encoder.bit_rate = AAC_BITS_PER_S
    encoder.open()
    decoder = _context("r")
    packets: list[Packet[Any]] = []
    for start in range(0, x.shape[1], _FRAME):
        frame = AudioFrame.from_ndarray(np.ascontiguousarray(x[:, start : start + _FRAME]), "fltp", "stereo")
        frame.sample_rate, frame.pts, frame.time_base = RATE, start, Fraction(1, RATE)
        packets += encoder.encode(frame)
    packets += encoder.encode(None)
    decoder.extradata = encoder.extradata
    parts = [frame.to_ndarray() for packet in packets for frame in decoder.decode(packet)]
    parts += [frame.to_ndarray() for frame in decoder.decode(None)]
    heard = np.concatenate(parts, axis=1)[:, _FRAME : _FRAME + x.shape[1]]
    out = np.zeros_like(x)
    out[:, : heard.shape[1]] = heard
    return out, packets


def _context(mode: Literal["r", "w"]) -> AudioCodecContext:
    made = CodecContext.create("aac", mode)
    if not isinstance(made, AudioCodecContext):
        raise TypeError("AAC is not an audio codec here")
    made.sample_rate = RATE
    made.layout = "stereo"
    made.format = "fltp"
    return made


def _delicate(x: F32) -> bool:
    """Whether coding may change it for the worse: much treble in blocks with high peaks, or in all of it."""
    blocks = x.shape[1] // _BLOCK
    if blocks == 0:
        return True
    cut = x[:, : blocks * _BLOCK].reshape(2, blocks, _BLOCK)
    power = np.square(cut).sum(axis=(0, 2))
    treble = np.square(np.diff(cut, axis=2)).sum(axis=(0, 2))
    if treble.sum() > power.sum() * 10.0 ** (_SHRILL_DB / 10.0):
        return True
    high = np.abs(cut).max(axis=(0, 2)) > decibels(_HARMLESS_DBTP)
    return bool(np.any(treble[high] > power[high] * 10.0 ** (_HISS_DB / 10.0)))


def coded_safely(x: F32, target_lufs: float = TARGET_LUFS) -> Coded:
    """``x`` turned down where its coded form would rise above :data:`PROMISED_DBTP`; mostly ``x`` itself.

    Coding also takes away some of what is loud in hiss and rain. Half of that is made up for, so that the WAV and
    the finished clip are both close to the target.
    """
    if not _delicate(x):
        return Coded(x)
    out = x
    for turn in range(_ROUNDS):
        coded, packets = through_aac(out)
        gain_db = 0.0
        if turn == 0:
            lost_db = target_lufs - integrated(coded)
            gain_db = 0.5 * lost_db if _UNHEARD_LU < lost_db < _MOST_LU else 0.0
        over_db = peaks_above(coded, _AIM_DBTP - gain_db)
        if gain_db == 0.0 and not over_db.any():
            return Coded(out, tuple(packets))
        reach = int(_DIP_S * RATE)
        held = moving_max(f32(over_db * 1.15 + 0.25 * (over_db > 0)), 2 * reach)
        dip = moving_mean(moving_mean(held, reach), reach)
        out = f32(out * 10.0 ** ((gain_db - dip) / 20.0))
    return Coded(out)
