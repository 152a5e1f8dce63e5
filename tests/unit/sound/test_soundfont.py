"""Sound fonts, from files written here field by field: pitch, loops, envelopes, zones, compressed samples, bad files."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import av
import numpy as np
import pytest

from photoplay.errors import WeightsCorrupt
from photoplay.sound.dsp import RATE
from photoplay.sound.music.soundfont import SoundFont

HZ = 441.0  # 100 samples at 44.1 kHz: loops join without a seam
LENGTH = 8820
LOOP = (2000, 8000)

Gens = list[tuple[int, int]]


def sine(hz: float = HZ, n: int = LENGTH) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * hz * np.arange(n) / 44_100)).astype(np.float32)


def keys(low: int, high: int) -> tuple[int, int]:
    return 43, struct.unpack("<h", bytes([low, high]))[0]


def vorbis(samples: np.ndarray) -> bytes:
    out = io.BytesIO()
    with av.open(out, "w", format="ogg") as sink:
        track = sink.add_stream("vorbis", rate=44_100, options={"strict": "-2"})
        track.layout = "stereo"  # what the built-in encoder can do
        packets = []
        for at in range(0, samples.size, 64):  # the encoder's own frame
            part = samples[at : at + 64]
            frame = av.AudioFrame.from_ndarray(np.stack([part, part]), "fltp", "stereo")
            frame.sample_rate = 44_100
            frame.pts = at
            packets += track.encode(frame)
        for packet in [*packets, *track.encode(None)]:
            sink.mux(packet)
    return out.getvalue()


def font(
    path: Path, zones: list[Gens], *, shared: Gens | None = None, outer: Gens | None = None, packed: bool = False
) -> Path:
    """One sample, one instrument with ``zones``, one preset (bank 0, program 5)."""
    samples = sine()
    data = vorbis(samples) if packed else (samples * 32767).astype("<i2").tobytes()
    end = len(data) if packed else samples.size

    def chunk(name: bytes, body: bytes) -> bytes:
        return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) & 1)

    def bags(groups: list[Gens], first: int) -> tuple[bytes, bytes]:
        bag, gen, at = b"", b"", first
        for group in groups:
            bag += struct.pack("<HH", at, 0)
            gen += b"".join(struct.pack("<Hh", *one) for one in group)
            at += len(group)
        return bag + struct.pack("<HH", at, 0), gen + struct.pack("<Hh", 0, 0)

    head = struct.pack("<20sIIIIIBbHH", b"sine", 0, end, *LOOP, 44_100, 69, 0, 0, 0x11 if packed else 1)
    inner = ([shared] if shared else []) + [[*zone, (53, 0)] for zone in zones]
    ibag, igen = bags(inner, 0)
    pbag, pgen = bags([[*(outer or []), (41, 0)]], 0)
    tables = (
        chunk(
            b"phdr",
            struct.pack("<20sHHHIII", b"one", 5, 0, 0, 0, 0, 0) + struct.pack("<20sHHHIII", b"EOP", 0, 0, 1, 0, 0, 0),
        )
        + chunk(b"pbag", pbag)
        + chunk(b"pmod", b"\0" * 10)
        + chunk(b"pgen", pgen)
        + chunk(b"inst", struct.pack("<20sH", b"one", 0) + struct.pack("<20sH", b"EOI", len(inner)))
        + chunk(b"ibag", ibag)
        + chunk(b"imod", b"\0" * 10)
        + chunk(b"igen", igen)
        + chunk(b"shdr", head + struct.pack("<20sIIIIIBbHH", b"EOS", 0, 0, 0, 0, 0, 0, 0, 0, 0))
    )
    body = b"sfbk" + chunk(b"LIST", b"INFO" + chunk(b"ifil", struct.pack("<HH", 2, 4)))
    body += chunk(b"LIST", b"sdta" + chunk(b"smpl", data)) + chunk(b"LIST", b"pdta" + tables)
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    return path


def pitch(sound: np.ndarray) -> float:
    part = sound.mean(axis=0)[1000:] * np.hanning(sound.shape[1] - 1000)
    power = np.abs(np.fft.rfft(part, 1 << 19))
    return float(np.fft.rfftfreq(1 << 19, 1 / RATE)[np.argmax(power)])


LOOPED: Gens = [(54, 1)]


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(("key", "hz"), [(69, HZ), (57, HZ / 2), (76, HZ * 2 ** (7 / 12))])
def test_notes_sound_at_their_pitch_for_as_long_as_they_are_held(
    tmp_path: Path, packed: bool, key: int, hz: float
) -> None:
    sf = SoundFont.open(font(tmp_path / "a.sf2", [LOOPED], packed=packed))
    note = sf.note(0, 5, key, 100, 0.8)
    assert pitch(note) == pytest.approx(hz, abs=0.6)
    assert note.shape[1] >= 0.8 * RATE  # longer than the sample: it loops
    held = note[:, int(0.6 * RATE) : int(0.75 * RATE)]
    assert np.abs(held).max() > 0.05
    assert np.abs(note[:, -1]).max() < 1e-3


def test_compressed_samples_loop_where_plain_ones_do(tmp_path: Path) -> None:
    plain, packed = (
        SoundFont.open(font(tmp_path / f"{p}.sf2", [LOOPED], packed=p)).note(0, 5, 69, 100, 0.7) for p in (False, True)
    )
    assert plain.shape == packed.shape
    assert np.corrcoef(plain[0, 2000:30_000], packed[0, 2000:30_000])[0, 1] > 0.999


def test_a_sample_without_a_loop_ends(tmp_path: Path) -> None:
    note = SoundFont.open(font(tmp_path / "a.sf2", [[]])).note(0, 5, 69, 100, 2.0)
    assert note.shape[1] == pytest.approx(LENGTH * RATE / 44_100, abs=3)


def test_velocity_and_attenuation_set_the_level(tmp_path: Path) -> None:
    sf = SoundFont.open(font(tmp_path / "a.sf2", [LOOPED]))
    loud, soft = (np.abs(sf.note(0, 5, 69, v, 0.3)).max() for v in (127, 64))
    assert soft / loud == pytest.approx((64 / 127) ** 2, rel=0.1)
    down = SoundFont.open(font(tmp_path / "b.sf2", [[*LOOPED, (48, 500)]]))  # 50 dB, of which players apply 20
    assert np.abs(down.note(0, 5, 69, 127, 0.3)).max() / loud == pytest.approx(0.1, rel=0.1)


def test_zones_split_the_keyboard_and_a_first_zone_is_shared(tmp_path: Path) -> None:
    low = [keys(0, 59), *LOOPED, (52, 0)]
    high = [keys(60, 127), *LOOPED, (51, 12)]
    sf = SoundFont.open(font(tmp_path / "a.sf2", [low, high], shared=[(58, 69)]))
    assert pitch(sf.note(0, 5, 57, 100, 0.5)) == pytest.approx(HZ / 2, abs=0.6)
    assert pitch(sf.note(0, 5, 69, 100, 0.5)) == pytest.approx(HZ * 2, abs=0.6)


def test_a_presets_values_are_added(tmp_path: Path) -> None:
    sf = SoundFont.open(font(tmp_path / "a.sf2", [[*LOOPED, (52, 30)]], outer=[(52, 20)]))
    assert pitch(sf.note(0, 5, 69, 100, 0.8)) == pytest.approx(HZ * 2 ** (50 / 1200), abs=0.4)


def test_envelope_pan_and_filter(tmp_path: Path) -> None:
    slow = SoundFont.open(font(tmp_path / "a.sf2", [[*LOOPED, (34, 0), (17, -500)]]))  # a second of attack, left
    note = slow.note(0, 5, 69, 100, 1.2)
    early, late = (np.abs(note[0, int(a * RATE) : int((a + 0.05) * RATE)]).max() for a in (0.2, 1.0))
    assert early < 0.4 * late
    assert np.abs(note[1]).max() < 1e-6
    dull = SoundFont.open(font(tmp_path / "b.sf2", [[*LOOPED, (8, 4500)]]))  # 110 Hz
    open_ = SoundFont.open(font(tmp_path / "c.sf2", [LOOPED]))
    assert np.abs(dull.note(0, 5, 69, 127, 0.4)).max() < 0.3 * np.abs(open_.note(0, 5, 69, 127, 0.4)).max()


def test_decay_falls_to_the_sustain(tmp_path: Path) -> None:
    zone = [*LOOPED, (36, -1200), (37, 200)]  # half a second for 100 dB, to -20 dB
    note = SoundFont.open(font(tmp_path / "a.sf2", [zone])).note(0, 5, 69, 127, 1.0)
    first, later = (np.abs(note[0, int(a * RATE) : int((a + 0.02) * RATE)]).max() for a in (0.0, 0.5))
    assert later / first == pytest.approx(0.1, rel=0.25)


def test_what_it_has_and_what_it_has_not(tmp_path: Path) -> None:
    sf = SoundFont.open(font(tmp_path / "a.sf2", [[keys(60, 72), *LOOPED]]))
    assert sf.has(0, 5)
    assert not sf.has(128, 0)
    assert sf.note(0, 5, 30, 100, 0.5).shape == (2, 0)


@pytest.mark.parametrize("data", [b"", b"RIFF", b"RIFF\x10\0\0\0WAVEfmt \0\0\0\0", b"x" * 5000])
def test_other_files_are_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "bad.sf2"
    path.write_bytes(data)
    with pytest.raises(WeightsCorrupt):
        SoundFont.open(path)


def test_a_broken_sample_is_refused(tmp_path: Path) -> None:
    path = font(tmp_path / "a.sf3", [LOOPED], packed=True)
    data = bytearray(path.read_bytes())
    at = data.index(b"OggS")
    data[at : at + 400] = b"\0" * 400
    path.write_bytes(data)
    with pytest.raises(WeightsCorrupt):
        SoundFont.open(path).note(0, 5, 69, 100, 0.3)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsCorrupt):
        SoundFont.open(tmp_path / "none.sf2")
