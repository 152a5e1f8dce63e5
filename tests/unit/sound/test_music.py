"""Music: it begins, grows, ends in its key with the clip, and its beats meet the picture."""

from __future__ import annotations

import numpy as np
import pytest

from photoplay.sound.dsp import RATE
from photoplay.sound.music import piece, played, player
from photoplay.sound.music.form import Demands, form
from photoplay.sound.music.harmony import MODES, Chord, Key, chord, nearest, scale_classes, voiced
from photoplay.sound.music.styles import DRUMS, styles
from photoplay.sound.music.writer import Piece

STYLES = sorted(styles())


def made(style: str, duration_s: float = 5.0, seed: int = 1, moments: tuple[float, ...] = ()) -> Piece:
    return piece(style, np.random.default_rng(seed), duration_s, 0.5, 0.5, moments)


# harmony ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", sorted(MODES))
@pytest.mark.parametrize("degree", ["1", "2", "3", "4", "5", "6", "7", "17", "27", "47", "57", "b7"])
def test_chords_are_stacks_of_thirds_in_key(mode: str, degree: str) -> None:
    key = Key(2, mode)
    found = chord(key, degree)
    assert found.classes[0] == found.root
    assert len(set(found.classes)) == len(found.classes) == (4 if degree in ("17", "27", "47", "57") else 3)
    third = (found.classes[1] - found.root) % 12
    fifth = (found.classes[2] - found.root) % 12
    assert third in (3, 4)
    assert fifth in (7, 8, 6) if len(found.classes) == 4 else fifth == 7


def test_the_dominant_of_minor_has_its_leading_tone() -> None:
    assert chord(Key(9, "minor"), "5").classes == (4, 8, 11)  # E G sharp B in A minor


def test_voices_move_little() -> None:
    key = Key(0, "major")
    before = voiced(chord(key, "1"), 60, None)
    for degree in ("4", "5", "6", "2"):
        after = voiced(chord(key, degree), 60, before)
        assert sum(abs(a - b) for a, b in zip(before, after, strict=True)) <= 9
        assert {k % 12 for k in after} == set(chord(key, degree).classes)
        before = after


def test_nearest_tones() -> None:
    assert nearest((0, 4, 7), 61) == 60
    assert nearest((11,), 60) == 59
    assert scale_classes(Key(2, "major")) == (2, 4, 6, 7, 9, 11, 1)


# form -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("duration_s", [3.0, 5.0, 10.0, 15.0])
@pytest.mark.parametrize("style", STYLES)
def test_whole_chords_fill_the_clip_in_the_style_of_its_tempo(style: str, duration_s: float) -> None:
    low, high = styles()[style].bpm
    shape = form(styles()[style], np.random.default_rng(2), duration_s, 0.5, 0.5, ())
    assert 0.85 * low <= shape.bpm <= 1.15 * high
    assert shape.slots[0].at_s == pytest.approx(0.06, abs=0.01)
    for slot, following in zip(shape.slots, shape.slots[1:], strict=False):
        assert slot.end_s == pytest.approx(following.at_s)
    last = shape.slots[-1]
    assert last.last
    assert last.chord.root == shape.key.tonic
    assert 0.6 < duration_s - last.at_s < 0.45 * duration_s
    assert len(shape.slots) >= 2


def test_beats_meet_what_happens() -> None:
    hits = 0
    for seed in range(12):
        moment = float(np.random.default_rng(seed).uniform(1.0, 3.5))
        shape = form(styles()["epic"], np.random.default_rng(seed), 5.0, 0.5, 0.5, (moment,))
        beat_s = 60.0 / shape.bpm
        phase = (moment - shape.slots[0].at_s) / beat_s
        hits += abs(phase - round(phase)) * beat_s < 0.042
    assert hits >= 10


def test_sombre_pictures_get_sombre_modes() -> None:
    order = ["phrygian", "minor", "dorian", "mixolydian", "major", "lydian"]

    def brightness(bright: float) -> float:
        shapes = [form(styles()["cinematic"], np.random.default_rng(s), 5.0, bright, 0.5, ()) for s in range(20)]
        return float(np.mean([order.index(shape.key.mode) for shape in shapes]))

    assert brightness(0.05) < brightness(0.95)


@pytest.mark.parametrize("bpm", [60.0, 128.0])
@pytest.mark.parametrize("minor", [True, False])
def test_demands_are_met(bpm: float, minor: bool) -> None:
    shape = form(styles()["piano"], np.random.default_rng(1), 8.0, 0.5, 0.5, (), Demands(bpm, 3, minor))
    assert shape.key.name == ("E flat minor" if minor else "E flat major")
    assert shape.bpm == pytest.approx(bpm, rel=0.05)
    loose = form(styles()["jazz"], np.random.default_rng(1), 8.0, 0.1, 0.5, (), Demands(minor=minor))
    assert loose.key.mode == ("dorian" if minor else "major")


@pytest.mark.parametrize("duration_s", [0.3, 0.8, 1.5])
def test_a_moment_is_long_enough_for_a_chord(duration_s: float) -> None:
    found = made("piano", duration_s)
    assert found.notes
    assert played(found, player(None), round(duration_s * RATE)).shape == (2, round(duration_s * RATE))


# notes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("style", STYLES)
def test_notes_lie_inside_the_clip_and_in_key(style: str) -> None:
    for seed in range(4):
        found = made(style, 8.0, seed)
        drums = {i for i, line in enumerate(found.lines) if line.program == DRUMS}
        tuned = [note for note in found.notes if note.line not in drums]
        assert len(tuned) > 8
        assert all(0 <= note.at_s < 8.0 and note.hold_s > 0 for note in found.notes)
        assert all(12 <= note.key <= 108 and 1 <= note.velocity <= 127 for note in found.notes)
        allowed = set(scale_classes(found.form.key)).union(*(slot.chord.classes for slot in found.form.slots))
        inside = [note.key % 12 in allowed for note in tuned]
        assert np.mean(inside) > 0.9  # a walking bass steps outside on purpose
        final = [note for note in tuned if note.at_s >= found.form.slots[-1].at_s - 0.02]
        assert {note.key % 12 for note in final} <= set(found.form.slots[-1].chord.classes)


@pytest.mark.parametrize("style", STYLES)
def test_pieces_grow(style: str) -> None:
    found = made(style, 10.0)
    slots = found.form.slots
    lines = [{note.line for note in found.notes if slot.at_s - 0.02 <= note.at_s < slot.end_s} for slot in slots[:-1]]
    assert len(lines[-1]) >= len(lines[0])
    assert len({note.line for note in found.notes}) == len(found.lines)


def test_seeds_make_different_pieces_and_the_same_seed_the_same() -> None:
    assert made("piano") == made("piano")
    assert made("piano").notes != made("piano", seed=2).notes


# playing ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("style", STYLES)
def test_our_own_instruments_play_every_style(style: str) -> None:
    n = 3 * RATE
    sound = played(made(style, 3.0), player(None), n)
    assert sound.shape == (2, n)
    assert np.isfinite(sound).all()
    assert np.square(sound).mean() > 1e-4
    assert np.abs(sound[:, -1]).max() < 1e-3
    assert np.array_equal(sound, played(made(style, 3.0), player(None), n))


def test_notes_sound_at_their_pitch() -> None:
    synth = player(None)
    for program in (0, 24, 40, 48, 73, 11, 89):
        sound = synth.note(0, program, 69, 100, 1.0).mean(axis=0)[2400:40_000]
        power = np.abs(np.fft.rfft(sound * np.hanning(sound.size), 1 << 18)) ** 2
        hz = np.fft.rfftfreq(1 << 18, 1 / RATE)
        near = (hz > 400) & (hz < 480)
        assert hz[near][np.argmax(power[near])] == pytest.approx(440.0, abs=3.0)


def test_softer_is_quieter_and_drums_differ() -> None:
    synth = player(None)
    loud, soft = (synth.note(0, 0, 60, velocity, 0.5) for velocity in (110, 40))
    assert np.square(loud).sum() > 4 * np.square(soft).sum()
    drums = [synth.note(128, 0, key, 100, 0.2) for key in (36, 38, 42, 49, 45)]
    assert len({drum.shape[1] for drum in drums}) >= 4


def test_chord_is_a_value() -> None:
    assert chord(Key(0, "major"), "1") == Chord(0, (0, 4, 7), 0)
