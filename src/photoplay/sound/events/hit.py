"""What every event is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from photoplay.sound.dsp import F32, Rng


@dataclass(frozen=True, slots=True)
class Hit:
    """One event to make. ``duration_s`` stretches what has a length of its own (a whoosh, a rise)."""

    rng: Rng
    duration_s: float = 0.5
    strength: float = 1.0
    pan: float = 0.0


@dataclass(frozen=True, slots=True)
class Sounding:
    """A finished event: ``(2, m)`` float32, peaks near 1; sample ``anchor`` belongs on the moment of its cue."""

    sound: F32
    anchor: int = 0


Event = Callable[[Hit], Sounding]
