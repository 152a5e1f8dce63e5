"""Writes the notes: every role of a style plays its pattern over the slots of a form."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from photoplay.sound.dsp import Rng
from photoplay.sound.music.form import Form, Slot
from photoplay.sound.music.harmony import Key, nearest, scale_classes, voiced
from photoplay.sound.music.rhythm import ARPS, BASSES, CHORDS, DRUM_KITS, MELODIES
from photoplay.sound.music.styles import DRUMS, Role, Style


@dataclass(frozen=True, slots=True)
class Note:
    """One note. ``line`` is the index of the instrument that plays it."""

    at_s: float
    hold_s: float
    key: int
    velocity: int
    line: int


@dataclass(frozen=True, slots=True)
class Line:
    """One instrument of the piece. ``program`` is :data:`DRUMS` for the kit."""

    program: int
    level_db: float
    pan: float


@dataclass(frozen=True, slots=True)
class Piece:
    """A whole piece, ready to be played."""

    form: Form
    lines: tuple[Line, ...]
    notes: tuple[Note, ...]
    room: tuple[float, float]


def write(style: Style, form: Form, rng: Rng) -> Piece:
    """All the notes of a piece."""
    lines: list[Line] = []
    notes: list[Note] = []
    for role in style.roles:
        line = len(lines)
        lines.append(Line(int(rng.choice(role.programs)), role.level_db, role.pan))
        writer = {"chords": _chords, "arp": _arp, "bass": _bass, "melody": _melody, "drums": _drums}[role.part]
        written = writer(role, form, rng, line)
        notes += [_human(note, style, form, rng, drums=role.part == "drums") for note in written]
    notes.sort(key=lambda note: (note.at_s, note.line, note.key))
    return Piece(form, tuple(lines), tuple(notes), style.room)


def _playing(role: Role, form: Form) -> list[tuple[Slot, float]]:
    """The slots a role plays in, with its force there. A role that joins at a force fades in over what lies above."""
    inner = form.slots[:-1]
    strongest = max((slot.force for slot in inner), default=1.0)
    out = []
    for slot in form.slots:
        reach = strongest if slot.last else slot.force
        # The last slots before the end always have the whole ensemble.
        if role.joins == 0 or slot.last or reach >= min(0.43 + 0.57 * role.joins, strongest):
            out.append((slot, slot.force))
    return out


def _velocity(force: float, accent: float) -> int:
    return int(min(124, max(18, 46 + 52 * force + 18 * (accent - 0.5))))


def _human(note: Note, style: Style, form: Form, rng: Rng, *, drums: bool) -> Note:
    """Nobody plays like a clock: a few milliseconds and a little force, and swing where the style has it."""
    at_s = note.at_s
    if style.swing > 0:
        beat_s = form.slots[0].beat_s
        phase = ((at_s - form.slots[0].at_s) / beat_s) % 1.0
        if 0.4 < phase < 0.6:
            at_s += style.swing * beat_s
    at_s += float(np.clip(rng.normal(0, 0.0025 if drums else 0.006), -0.015, 0.015))
    velocity = int(np.clip(note.velocity + rng.normal(0, 3.5), 12, 126))
    return Note(max(0.0, at_s), note.hold_s, note.key, velocity, note.line)


def _chords(role: Role, form: Form, rng: Rng, line: int) -> list[Note]:
    notes: list[Note] = []
    before: tuple[int, ...] | None = None
    for slot, force in _playing(role, form):
        keys = voiced(slot.chord, 12 * (role.octave + 1), before)
        before = keys
        if role.pattern == "power":
            root = keys[0] - (keys[0] - slot.chord.root) % 12
            keys = (root, root + 7, root + 12)
        if slot.last:
            ring_s = form.end_s - slot.at_s
            spread = 0.035 if role.pattern in ("roll", "strum", "lazy") else 0.0
            notes += [
                Note(slot.at_s + i * spread, ring_s, key, _velocity(0.55, 0.6), line) for i, key in enumerate(keys)
            ]
            continue
        for stroke in CHORDS[role.pattern]:
            if stroke.beat >= slot.beats:
                continue
            hold_s = min(stroke.beats, slot.beats - stroke.beat) * slot.beat_s * role.legato
            at_s = slot.at_s + stroke.beat * slot.beat_s
            order = keys[::-1] if stroke.down else keys
            notes += [
                Note(at_s + i * stroke.spread_s, hold_s, key, _velocity(force, stroke.accent), line)
                for i, key in enumerate(order)
            ]
    return notes


def _arp(role: Role, form: Form, rng: Rng, line: int) -> list[Note]:
    notes: list[Note] = []
    before: tuple[int, ...] | None = None
    figure = ARPS[role.pattern]
    for slot, force in _playing(role, form):
        keys = voiced(slot.chord, 12 * (role.octave + 1), before)
        before = keys
        ladder = [key + 12 * octave for octave in range(3) for key in keys]
        if slot.last:
            for i, index in enumerate((0, 2, 4)):
                at_s = slot.at_s + 0.06 * i
                notes.append(Note(at_s, form.end_s - at_s, ladder[index], _velocity(0.5, 0.6 - 0.1 * i), line))
            continue
        count = int(slot.beats * figure.per_beat)
        for i in range(count):
            index = figure.steps[i % len(figure.steps)]
            if index < 0:
                continue
            at_s = slot.at_s + i / figure.per_beat * slot.beat_s
            hold_s = slot.beat_s / figure.per_beat * role.legato
            accent = 0.7 if i % max(1, int(figure.per_beat)) == 0 else 0.4
            notes.append(Note(at_s, hold_s, ladder[index % len(ladder)], _velocity(force, accent), line))
    return notes


def _bass(role: Role, form: Form, rng: Rng, line: int) -> list[Note]:
    notes: list[Note] = []
    slots = _playing(role, form)
    for at, (slot, force) in enumerate(slots):
        root = 12 * (role.octave + 1) + slot.chord.root
        root -= 12 if slot.chord.root > 7 else 0
        if slot.last:
            notes.append(Note(slot.at_s, form.end_s - slot.at_s, root, _velocity(0.7, 0.7), line))
            continue
        following = slots[at + 1][0].chord.root if at + 1 < len(slots) else slot.chord.root
        for stroke in BASSES[role.pattern]:
            if stroke.beat >= slot.beats:
                continue
            key = root + stroke.interval
            if stroke.lead and slot.beats - stroke.beat <= 1:  # a step into the next root
                key = nearest((following,), root) + (-1 if rng.random() < 0.5 else 1)
            hold_s = min(stroke.beats, slot.beats - stroke.beat) * slot.beat_s * role.legato
            at_s = slot.at_s + stroke.beat * slot.beat_s
            notes.append(Note(at_s, hold_s, key, _velocity(force, stroke.accent), line))
    return notes


def _melody(role: Role, form: Form, rng: Rng, line: int) -> list[Note]:
    """A motive of one slot, repeated, varied and answered; it moves by step and rests on tones of the chord."""
    centre = 12 * (role.octave + 1) + 4
    rhythms = MELODIES[role.pattern]
    motive, answer = (rhythms[int(i)] for i in rng.choice(len(rhythms), 2, replace=len(rhythms) < 2))
    contour = rng.choice((-2, -1, -1, 1, 1, 2), 12)
    scale = scale_classes(form.key)
    notes: list[Note] = []
    key = nearest(form.slots[0].chord.classes, centre)
    for at, (slot, force) in enumerate(_playing(role, form)):
        if slot.last:
            key = nearest((form.key.tonic,), key)
            notes.append(Note(slot.at_s, form.end_s - slot.at_s, key, _velocity(0.6, 0.6), line))
            continue
        rhythm = answer if at % 4 == 3 else motive
        for i, (beat, beats) in enumerate(rhythm):
            if beat >= slot.beats:
                continue
            strong = beat == int(beat) and int(beat) % 2 == 0
            wanted = key + int(contour[(i + (at // 4)) % contour.size]) * (1 if at % 2 == 0 else -1)
            wanted += -2 if wanted > centre + 9 else 2 if wanted < centre - 7 else 0
            key = nearest(slot.chord.classes if strong else scale, wanted)
            hold_s = min(beats, slot.beats - beat) * slot.beat_s * role.legato
            at_s = slot.at_s + beat * slot.beat_s
            notes.append(Note(at_s, hold_s, key, _velocity(force, 0.75 if strong else 0.5), line))
    return notes


def _drums(role: Role, form: Form, rng: Rng, line: int) -> list[Note]:
    notes: list[Note] = []
    kit = DRUM_KITS[role.pattern]
    playing = _playing(role, form)
    for slot, force in playing:
        if slot.last:
            notes += [Note(slot.at_s, 0.4, key, _velocity(0.9, 0.8), line) for key in kit.final]
            continue
        fill = slot.end_s > form.slots[-1].at_s - 0.01 and kit.fill
        for key, beats in (kit.fill if fill else kit.groove).items():
            for beat, accent in beats:
                if beat < slot.beats:
                    at_s = slot.at_s + beat * slot.beat_s
                    notes.append(Note(at_s, 0.3, key, _velocity(force, accent), line))
    return notes


__all__ = ["DRUMS", "Key", "Line", "Note", "Piece", "write"]
