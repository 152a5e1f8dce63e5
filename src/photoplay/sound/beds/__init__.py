"""Beds: sounds that last as long as the clip. One function each; :data:`BEDS` names them all."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from photoplay.sound.beds import air, nature, other, people, water
from photoplay.sound.beds.take import Bed as Bed
from photoplay.sound.beds.take import Take as Take
from photoplay.sound.dsp import F32, Rng, levelled

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

_TRIM_DB: Mapping[str, float] = MappingProxyType({})
"""What brings beds that hearing weighs differently to one loudness."""


def record(kind: str, rng: Rng, n: int, strength: float = 1.0) -> F32:
    """The bed of that name, ``(2, n)``, at the common level.

    Raises:
        KeyError: there is no such bed.
    """
    take = Take(rng, n, min(2.0, max(0.2, strength)))
    return levelled(BEDS[kind](take), _LEVEL)
