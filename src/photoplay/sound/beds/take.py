"""What every bed is given: one object, so that a new bed needs no new plumbing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from photoplay.sound.dsp import F32, RATE, Rng


@dataclass(frozen=True, slots=True)
class Take:
    """One recording to make: ``n`` samples, with its own randomness.

    ``strength``: 1 is what the name promises; 0.5 gentle, 2 violent. It changes the character, not only the level:
    the mixer sets the level.
    """

    rng: Rng
    n: int
    strength: float = 1.0

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.n / RATE


Bed = Callable[[Take], F32]
"""Makes ``(2, n)`` float32."""
