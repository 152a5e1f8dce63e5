"""Scales, chords, and how voices move from one chord to the next. Keys are MIDI numbers, 60 is middle C."""

from __future__ import annotations

from dataclasses import dataclass

MODES: dict[str, tuple[int, ...]] = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
}

NAMES = ("C", "D flat", "D", "E flat", "E", "F", "F sharp", "G", "A flat", "A", "B flat", "B")


@dataclass(frozen=True, slots=True)
class Key:
    """A tonic (0 C .. 11 B) and a mode."""

    tonic: int
    mode: str

    @property
    def name(self) -> str:
        """As musicians say it."""
        return f"{NAMES[self.tonic]} {self.mode}"

    def pitch(self, step: int) -> int:
        """Semitones above the tonic of a scale step (0 the tonic, 7 its octave; may be negative)."""
        octave, within = divmod(step, 7)
        return 12 * octave + MODES[self.mode][within]


@dataclass(frozen=True, slots=True)
class Chord:
    """Pitch classes, root first, and the scale step of the root."""

    root: int
    classes: tuple[int, ...]
    step: int


def chord(key: Key, symbol: str) -> Chord:
    """A chord by scale degree: ``1`` .. ``7``, with another ``7`` for a seventh chord; ``b7`` a major triad below.

    In minor the fifth degree is major before the tonic: its leading tone makes the end an end.
    """
    if symbol == "b7":
        root = key.tonic + 10
        return Chord(root % 12, tuple(p % 12 for p in (root, root + 4, root + 7)), 6)
    step = int(symbol[0]) - 1
    tones = (0, 2, 4, 6) if len(symbol) > 1 else (0, 2, 4)
    pitches = [key.pitch(step + t) for t in tones]
    if key.mode in ("minor", "phrygian") and step == 4:
        pitches[1] = pitches[0] + 4
    if pitches[2] - pitches[0] == 6:  # a diminished triad sounds like a mistake in a short piece: take its relative
        pitches[0] -= 3 if key.mode in ("minor", "phrygian", "dorian") else 4
        pitches[2] = pitches[0] + 7
        pitches[1] = pitches[0] + (4 if pitches[1] - pitches[0] >= 4 else 3)
    return Chord((key.tonic + pitches[0]) % 12, tuple((key.tonic + p) % 12 for p in pitches), step)


def voiced(target: Chord, around: int, before: tuple[int, ...] | None) -> tuple[int, ...]:
    """The chord as keys near ``around``, each voice moving as little as it can from ``before``."""
    options = []
    for turn in range(len(target.classes)):
        order = target.classes[turn:] + target.classes[:turn]
        for base in (around - 12, around):
            keys = [base + (order[0] - base) % 12]
            for pitch in order[1:]:
                keys.append(keys[-1] + ((pitch - keys[-1]) % 12 or 12))
            options.append(tuple(keys))
    if before is None:
        return min(options, key=lambda keys: abs(sum(keys) / len(keys) - around - 3))

    def motion(keys: tuple[int, ...]) -> float:
        shared = min(len(keys), len(before))
        moved = sum(abs(a - b) for a, b in zip(keys[:shared], before[:shared], strict=True))
        return moved + 0.5 * abs(sum(keys) / len(keys) - around - 3)

    return min(options, key=motion)


def nearest(classes: tuple[int, ...], key: int) -> int:
    """The key closest to ``key`` whose pitch class is one of ``classes``."""
    return min((key + d for d in range(-7, 8) if (key + d) % 12 in classes), key=lambda k: (abs(k - key), k))


def scale_classes(key: Key) -> tuple[int, ...]:
    """Pitch classes of the scale."""
    return tuple((key.tonic + p) % 12 for p in MODES[key.mode])
