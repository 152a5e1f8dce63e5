"""Beds: sounds that last as long as the clip. One function each; :data:`BEDS` names them all."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from photoplay.sound.beds import air, nature, other, people, water
from photoplay.sound.beds.take import Bed as Bed
from photoplay.sound.beds.take import Take as Take
from photoplay.sound.dsp import F32, Rng, decibels, levelled

BEDS: Mapping[str, Bed] = MappingProxyType(
    {
        "applause": people.applause,
        "birds": nature.birds,
        "cafe": people.cafe,
        "cave": air.cave,
        "chimes": nature.chimes,
        "cicadas": nature.cicadas,
        "city": people.city,
        "clock": people.clock,
        "crickets": nature.crickets,
        "crowd": people.crowd,
        "dread": other.dread,
        "fire": other.fire,
        "forest": nature.forest,
        "frogs": nature.frogs,
        "gulls": nature.gulls,
        "insects": nature.insects,
        "jungle": nature.jungle,
        "lake": water.lake,
        "leaves": nature.leaves,
        "machine": people.machine,
        "magic": other.magic,
        "night": nature.night,
        "rain": water.rain,
        "river": water.river,
        "room_tone": air.room_tone,
        "sea": water.sea,
        "snow": air.snow,
        "space": air.space,
        "stadium": people.stadium,
        "storm": water.storm,
        "traffic": people.traffic,
        "train": people.train,
        "underwater": air.underwater,
        "waterfall": water.waterfall,
        "wind": air.wind,
    }
)

_LEVEL = 0.1
"""Root mean square of every bed at 0 dB, before :data:`_TRIM_DB`."""

_TRIM_DB: Mapping[str, float] = MappingProxyType(
    {
        "applause": -1.6, "birds": -4.1, "cafe": 0.7, "cave": -1.6, "chimes": 0.2, "cicadas": -2.8,
        "city": 0.1, "clock": -1.2, "crickets": -2.8, "crowd": 1.1, "dread": 3.1, "fire": 0.1,
        "forest": -2.7, "frogs": 0.3, "gulls": -2.2, "insects": -0.9, "jungle": -1.5, "lake": 0.6,
        "leaves": -2.9, "machine": 2.2, "magic": -0.1, "night": -1.3, "rain": -2.6, "river": -0.3,
        "room_tone": 1.3, "sea": -1.7, "snow": -0.9, "space": 2.0, "stadium": 0.1, "storm": -1.5,
        "traffic": -0.1, "train": 1.5, "underwater": 1.0, "waterfall": -1.8, "wind": -0.9,
    }
)  # fmt: skip
"""What brings all beds to -16.5 LUFS: hearing weighs frequencies differently. Measured over seeds; a test holds it."""


def record(kind: str, rng: Rng, n: int, strength: float = 1.0) -> F32:
    """The bed of that name, ``(2, n)``, at the common level.

    Raises:
        KeyError: there is no such bed.
    """
    take = Take(rng, n, min(2.0, max(0.2, strength)))
    return levelled(BEDS[kind](take), _LEVEL * decibels(_TRIM_DB[kind]))
