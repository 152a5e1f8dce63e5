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
        "applause": -1.6, "birds": -4.3, "cafe": 0.8, "cave": -1.5, "chimes": 0.4, "cicadas": -2.8,
        "city": 0.1, "clock": -4.3, "crickets": -2.7, "crowd": 1.2, "dread": 3.2, "fire": 0.3,
        "forest": -2.9, "frogs": 0.4, "gulls": -2.1, "insects": -0.8, "jungle": -1.5, "lake": 0.5,
        "leaves": -3.0, "machine": 2.2, "magic": -0.2, "night": -1.3, "rain": -2.6, "river": -0.5,
        "room_tone": 1.3, "sea": -1.7, "snow": -0.8, "space": 2.1, "stadium": 0.2, "storm": -1.5,
        "traffic": -0.0, "train": 1.6, "underwater": 1.0, "waterfall": -1.7, "wind": -0.7,
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
