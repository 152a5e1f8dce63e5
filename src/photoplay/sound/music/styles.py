"""The manners of music, read from ``styles.toml``."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from importlib import resources
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Part = Literal["chords", "arp", "melody", "bass", "drums"]

DRUMS = -1
"""Program that means the drum kit."""


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Role(_Value):
    """One player: ``joins`` 0 from the first bar .. 1 only at the height; ``legato`` stretches its notes."""

    part: Part
    programs: tuple[int, ...]
    pattern: str
    octave: int
    level_db: float
    pan: float
    joins: float
    legato: float


class Style(_Value):
    """One manner of music."""

    bpm: tuple[int, int]
    slot: int  # beats of one chord
    modes: tuple[str, ...]
    prog: tuple[str, ...]
    end: tuple[str, ...]
    room: tuple[float, float]  # seconds, share
    swing: float = Field(default=0.0, ge=0.0, le=0.4)  # delay of off-beats, in beats
    roles: tuple[Role, ...]


@lru_cache(maxsize=1)
def styles() -> dict[str, Style]:
    """All styles by name."""
    text = resources.files("photoplay.sound.music").joinpath("styles.toml").read_text(encoding="utf-8")
    return {name: Style.model_validate(table) for name, table in tomllib.loads(text).items()}
