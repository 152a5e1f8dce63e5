"""Reads SoundFont 2 and 3 files and plays single notes from them.

The players that are kept well need a compiler or a system library to install, or fail with the NumPy used here, and a
service that must install from wheels alone cannot have them. What music of a few seconds needs of the format is
small: key and velocity zones, loops, tuning, volume envelope, a fixed low-pass, pan. That is played here, vectorised;
modulators, LFOs and modulation envelopes are not.

Format: "SoundFont Technical Specification 2.04" (E-mu, 2006). SF3 differs in that samples are Ogg Vorbis streams
(sample type bit 4): ``start`` and ``end`` are bytes in the sample chunk, loop points count from the sample's start.
"""

from __future__ import annotations

import io
import mmap
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.error import FFmpegError
from numpy.typing import NDArray

from photoplay.errors import WeightsCorrupt
from photoplay.sound.dsp import F32, RATE, f32, faded, panned, samples
from photoplay.sound.filters import filtered

_COMPRESSED = 0x10
_NAME = "S20"
_PHDR = np.dtype(
    [("name", _NAME), ("preset", "<u2"), ("bank", "<u2"), ("bag", "<u2"), ("l", "<u4"), ("g", "<u4"), ("m", "<u4")]
)
_INST = np.dtype([("name", _NAME), ("bag", "<u2")])
_BAG = np.dtype([("gen", "<u2"), ("mod", "<u2")])
_GEN = np.dtype([("oper", "<u2"), ("amount", "<i2")])
_SHDR = np.dtype(
    [
        ("name", _NAME),
        ("start", "<u4"),
        ("end", "<u4"),
        ("loop_start", "<u4"),
        ("loop_end", "<u4"),
        ("rate", "<u4"),
        ("key", "u1"),
        ("correction", "i1"),
        ("link", "<u2"),
        ("type", "<u2"),
    ]
)

# Generators (section 8.1.2 of the specification).
_FILTER_HZ, _PAN, _DELAY, _ATTACK, _HOLD, _DECAY, _SUSTAIN, _RELEASE = 8, 17, 33, 34, 35, 36, 37, 38
_INSTRUMENT, _KEYS, _VELOCITIES, _ATTENUATION, _COARSE, _FINE, _SAMPLE = 41, 43, 44, 48, 51, 52, 53
_MODES, _SCALE, _ROOT = 54, 56, 58
_LOOP_START, _LOOP_END = 2, 3
_DEFAULTS: dict[int, int] = {
    _FILTER_HZ: 13500,
    _DELAY: -12000,
    _ATTACK: -12000,
    _HOLD: -12000,
    _DECAY: -12000,
    _RELEASE: -12000,
    _SCALE: 100,
    _ROOT: -1,
}
_ONLY_BELOW = frozenset({_KEYS, _VELOCITIES, _SAMPLE, _MODES, _ROOT, _LOOP_START, _LOOP_END, _INSTRUMENT})
"""Generators that a preset's zone does not add to an instrument's."""

_NEPERS_PER_DB = np.float32(-np.log(10.0) / 20.0)
_BITS = 20
_FRACTION = 1 << _BITS  # positions in a sample are whole numbers of this part of it
_LONGEST_RELEASE_S = 2.5
_OPEN_FILTER_HZ = 15_000.0
_EMU_ATTENUATION = 0.4
"""Sound fonts are written for hardware that applies attenuation at four tenths; every player follows it."""


@dataclass(frozen=True, slots=True)
class Zone:
    """One sample as played for a range of keys and velocities: its generators, summed up."""

    gens: dict[int, int]

    def get(self, generator: int) -> int:
        """The generator's value or its default."""
        return self.gens.get(generator, _DEFAULTS.get(generator, 0))

    def seconds(self, generator: int) -> float:
        """The value of a generator in timecents, in seconds."""
        value = self.get(generator)
        return 0.0 if value <= -12000 else float(2.0 ** (value / 1200.0))

    def spans(self, key: int, velocity: int) -> bool:
        """Whether a note falls into the zone."""
        return _within(self.gens.get(_KEYS), key) and _within(self.gens.get(_VELOCITIES), velocity)


def _within(span: int | None, value: int) -> bool:
    if span is None:
        return True
    low, high = struct.unpack("<BB", struct.pack("<h", span))
    return bool(low <= value <= high)


@dataclass(slots=True)
class SoundFont:
    """An open sound font. Samples are decoded when first played; close it by letting go of it."""

    tables: dict[str, NDArray[Any]]
    data: memoryview  # the sample chunk
    presets: dict[tuple[int, int], int]  # (bank, program) to row of phdr
    decoded: dict[int, F32] = field(default_factory=dict)
    zones: dict[tuple[int, int], list[tuple[Zone, list[Zone]]]] = field(default_factory=dict)

    @classmethod
    def open(cls, path: Path) -> SoundFont:
        """Maps the file and reads its tables.

        Raises:
            WeightsCorrupt: it is not a sound font.
        """
        try:
            with path.open("rb") as file:
                mapped = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
            chunks = _chunks(mapped)
            dtypes = {
                "phdr": _PHDR, "pbag": _BAG, "pgen": _GEN, "inst": _INST, "ibag": _BAG, "igen": _GEN, "shdr": _SHDR,
            }  # fmt: skip
            tables = {name: np.frombuffer(chunks[name], dtype) for name, dtype in dtypes.items()}
            data = chunks["smpl"]
        except (OSError, KeyError, ValueError, struct.error) as error:
            raise WeightsCorrupt(f"{path.name} is not a sound font") from error
        heads = tables["phdr"][:-1]
        presets = {(int(row["bank"]), int(row["preset"])): at for at, row in enumerate(heads)}
        return cls(tables, data, presets)

    def has(self, bank: int, program: int) -> bool:
        """Whether there is such an instrument."""
        return (bank, program) in self.presets

    def note(self, bank: int, program: int, key: int, velocity: int, hold_s: float) -> F32:
        """One note held for ``hold_s``, with its release after it. Returns ``(2, m)``; empty where nothing sounds."""
        parts = [self._voice(zone, key, velocity, hold_s) for zone in self._playing(bank, program, key, velocity)]
        out = np.zeros((2, max((part.shape[1] for part in parts), default=0)), np.float32)
        for part in parts:
            out[:, : part.shape[1]] += part
        return out

    # which samples ------------------------------------------------------------------------------------------------

    def _playing(self, bank: int, program: int, key: int, velocity: int) -> list[Zone]:
        out = []
        for outer, inner in self._preset(bank, program):
            if not outer.spans(key, velocity):
                continue
            for zone in inner:
                if zone.spans(key, velocity):
                    added = {k: v for k, v in outer.gens.items() if k not in _ONLY_BELOW}
                    gens = dict(zone.gens)
                    for generator, value in added.items():
                        gens[generator] = zone.get(generator) + value
                    out.append(Zone(gens))
        return out

    def _preset(self, bank: int, program: int) -> list[tuple[Zone, list[Zone]]]:
        known = self.zones.get((bank, program))
        if known is None:
            row = self.presets[(bank, program)]
            heads = self.tables["phdr"]
            outer = self._zones("pbag", "pgen", int(heads[row]["bag"]), int(heads[row + 1]["bag"]), _INSTRUMENT)
            known = [(zone, self._instrument(zone.gens[_INSTRUMENT])) for zone in outer]
            self.zones[(bank, program)] = known
        return known

    def _instrument(self, at: int) -> list[Zone]:
        heads = self.tables["inst"]
        return self._zones("ibag", "igen", int(heads[at]["bag"]), int(heads[at + 1]["bag"]), _SAMPLE)

    def _zones(self, bags: str, gens: str, first: int, last: int, end: int) -> list[Zone]:
        """Zones of a preset or an instrument; a first zone without ``end`` holds what all others start from."""
        shared: dict[int, int] = {}
        out = []
        bag, gen = self.tables[bags], self.tables[gens]
        for at in range(first, last):
            rows = gen[int(bag[at]["gen"]) : int(bag[at + 1]["gen"])]
            found = {int(row["oper"]): int(row["amount"]) for row in rows}
            if end in found:
                out.append(Zone({**shared, **found}))
            elif at == first:
                shared = found
        return out

    # how they sound -------------------------------------------------------------------------------------------------

    def _sample(self, at: int) -> F32:
        """The sample, mono float32, decoded once."""
        known = self.decoded.get(at)
        if known is None:
            head = self.tables["shdr"][at]
            start, end = int(head["start"]), int(head["end"])
            if int(head["type"]) & _COMPRESSED:
                known = _vorbis(bytes(self.data[start:end]))
            else:
                known = f32(np.frombuffer(self.data[2 * start : 2 * end], "<i2")) / np.float32(32768)
            self.decoded[at] = known
        return known

    def _voice(self, zone: Zone, key: int, velocity: int, hold_s: float) -> F32:
        at = zone.gens[_SAMPLE]
        head = self.tables["shdr"][at]
        sample = self._sample(at)
        root = zone.get(_ROOT) if zone.get(_ROOT) >= 0 else int(head["key"])
        cents = (key - root) * zone.get(_SCALE) + 100 * zone.get(_COARSE) + zone.get(_FINE) + int(head["correction"])
        ratio = 2.0 ** (cents / 1200.0) * int(head["rate"]) / RATE
        shape = _envelope(zone, hold_s)
        base = 0 if int(head["type"]) & _COMPRESSED else int(head["start"])
        first = int(head["loop_start"]) - base + zone.get(_LOOP_START)
        last = int(head["loop_end"]) - base + zone.get(_LOOP_END)
        if not (zone.get(_MODES) & 1) or last - first < 8 or last > sample.size:
            first = last = -1
        body = _pitched(sample, ratio, shape.size, first, last)
        body *= shape[: body.size]
        cutoff = 8.176 * 2.0 ** ((zone.get(_FILTER_HZ) - 1200.0 * (1 - velocity / 127)) / 1200.0)
        if cutoff < _OPEN_FILTER_HZ:
            body = filtered(body, "low", round(cutoff / 50.0) * 50.0 + 50.0)  # rounded: few filters, each designed once
        attenuation_db = _EMU_ATTENUATION * zone.get(_ATTENUATION) / 10.0
        gain = (velocity / 127.0) ** 2 * 10.0 ** (-attenuation_db / 20.0)
        return panned(faded(body, 0.0, 0.01) * np.float32(gain), 2 * zone.get(_PAN) / 1000.0)


def _chunks(mapped: memoryview) -> dict[str, memoryview]:
    """All leaf chunks of the file by name."""
    if bytes(mapped[:4]) != b"RIFF" or bytes(mapped[8:12]) != b"sfbk":
        raise ValueError("no sound font")
    out: dict[str, memoryview] = {}
    at = 12
    while at + 8 <= len(mapped):
        name = bytes(mapped[at : at + 4])
        size = int(struct.unpack_from("<I", mapped, at + 4)[0])
        if name == b"LIST":
            at += 12  # into the list
            continue
        out[name.decode("latin-1")] = mapped[at + 8 : at + 8 + size]
        at += 8 + size + (size & 1)
    return out


def _vorbis(data: bytes) -> F32:
    """An Ogg Vorbis stream as mono float32, every sample where its encoder had it.

    FFmpeg's own trimming is a block off for streams of one page, which would break the loops; so it is switched off,
    and the first block (there is nothing before it to overlap with) and what follows the last page's position are
    cut here.
    """
    try:
        with av.open(io.BytesIO(data), "r", format="ogg") as source:
            stream = source.streams.audio[0]
            stream.codec_context.options = {"flags2": "+skip_manual"}
            parts = [frame.to_ndarray() for frame in source.decode(stream)]
        last_page = data.rindex(b"OggS")
        length = int(struct.unpack_from("<q", data, last_page + 6)[0])
    except (FFmpegError, IndexError, ValueError, struct.error) as error:
        raise WeightsCorrupt("a sample of the sound font cannot be read") from error
    if len(parts) < 2 or length < 1:
        raise WeightsCorrupt("a sample of the sound font is empty")
    return f32(np.concatenate(parts[1:], axis=1)[0][:length])


def _envelope(zone: Zone, hold_s: float) -> F32:
    """The volume envelope over hold and release: amplitude of each sample."""
    release_s = min(max(zone.seconds(_RELEASE), 0.06), _LONGEST_RELEASE_S)
    held, let = max(1, samples(hold_s)), samples(release_s)
    delay, attack, hold, decay = (zone.seconds(g) for g in (_DELAY, _ATTACK, _HOLD, _DECAY))
    sustain_db = min(max(zone.get(_SUSTAIN), 0) / 10.0, 100.0)
    out = np.empty(held + let, np.float32)
    body = out[:held]
    t = np.arange(held, dtype=np.float32) / np.float32(RATE)
    if sustain_db > 0:
        # Decay is a straight line in dB whose time is that of a fall by 100 dB.
        down = np.clip((t - (delay + attack + hold)) * np.float32(100.0 / max(decay, 0.001)), 0.0, sustain_db)
        np.exp(down * _NEPERS_PER_DB, out=body)
    else:
        body[:] = 1.0
    rising = samples(delay + attack)
    if rising > 0:
        body[:rising] *= np.clip((t[:rising] - delay) / max(attack, 0.001), 0.0, 1.0)
    np.exp(np.linspace(0.0, 80.0, let, dtype=np.float32) * _NEPERS_PER_DB, out=out[held:])
    out[held:] *= body[-1]
    return out


def _pitched(sample: F32, ratio: float, n: int, first: int, last: int) -> F32:
    """``sample`` at another speed, looping between ``first`` and ``last`` (-1: played once). Straight lines between."""
    step = round(ratio * _FRACTION)
    if first >= 0:
        turns = max(0, -(-((n * step >> _BITS) + 2 - last) // (last - first)))
        sample = np.concatenate([sample[:last], np.tile(sample[first:last], turns), sample[first : first + 1]])
    n = min(n, ((sample.size - 1) * _FRACTION - 1) // step + 1)
    at = np.arange(n, dtype=np.int64) * step
    index = at >> _BITS
    share = (at & (_FRACTION - 1)).astype(np.float32)
    share *= np.float32(1 / _FRACTION)
    here = sample[index]
    index += 1
    there: F32 = sample[index]
    there -= here
    there *= share
    there += here
    return there
