"""Events: sounds that belong to one moment. One function each; :data:`EVENTS` names them all."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from photoplay.sound.dsp import Rng
from photoplay.sound.events import air, impacts, small, voices
from photoplay.sound.events.hit import Event as Event
from photoplay.sound.events.hit import Hit as Hit
from photoplay.sound.events.hit import Sounding as Sounding

EVENTS: Mapping[str, Event] = MappingProxyType(
    {
        "bark": voices.bark,
        "bell": small.bell,
        "boing": small.boing,
        "boom": impacts.boom,
        "breath": air.breath,
        "cheer": voices.cheer,
        "chime": small.chime,
        "click": small.click,
        "crack": impacts.crack,
        "crunch": impacts.crunch,
        "door": impacts.door,
        "drum": impacts.drum,
        "explosion": impacts.explosion,
        "fall": air.fall,
        "footsteps": impacts.footsteps,
        "glass": impacts.glass,
        "glitch": small.glitch,
        "gust": air.gust,
        "heartbeat": small.heartbeat,
        "hiss": air.hiss,
        "knock": impacts.knock,
        "laser": small.laser,
        "laugh": voices.laugh,
        "meow": voices.meow,
        "pop": impacts.pop,
        "punch": impacts.punch,
        "purr": voices.purr,
        "rise": air.rise,
        "roar": voices.roar,
        "shutter": small.shutter,
        "slash": air.slash,
        "spark": small.spark,
        "sparkle": small.sparkle,
        "splash": impacts.splash,
        "squish": impacts.squish,
        "swell": air.swell,
        "swish": air.swish,
        "thud": impacts.thud,
        "thunder": impacts.thunder,
        "whinny": voices.whinny,
        "whoosh": air.whoosh,
        "wings": air.wings,
    }
)

ALIASES: Mapping[str, str] = MappingProxyType(
    {
        "bang": "boom",
        "beat": "heartbeat",
        "bells": "bell",
        "bite": "crunch",
        "blast": "explosion",
        "bounce": "boing",
        "break": "crack",
        "bubble": "pop",
        "camera": "shutter",
        "clap": "punch",
        "crash": "boom",
        "cut": "slash",
        "ding": "chime",
        "drop": "fall",
        "electric": "spark",
        "explode": "explosion",
        "flap": "wings",
        "flash": "shutter",
        "growl": "roar",
        "hit": "punch",
        "ice": "crack",
        "impact": "boom",
        "inflate": "rise",
        "magic": "sparkle",
        "melt": "squish",
        "noise": "glitch",
        "page": "swish",
        "reveal": "swell",
        "riser": "rise",
        "shatter": "glass",
        "shimmer": "sparkle",
        "slam": "door",
        "slice": "slash",
        "smash": "crunch",
        "snap": "crack",
        "squelch": "squish",
        "stab": "slash",
        "static": "glitch",
        "steam": "hiss",
        "step": "footsteps",
        "steps": "footsteps",
        "stomp": "thud",
        "sword": "slash",
        "taiko": "drum",
        "tear": "crack",
        "tick": "click",
        "twinkle": "sparkle",
        "water": "splash",
        "wave": "splash",
        "wind": "gust",
        "wobble": "boing",
        "zap": "spark",
    }
)
"""Other words for the same sounds."""


def resolved(kind: str) -> str | None:
    """The event that a cue's kind names, directly, by another word, or by a part of a compound (``ice_crack``)."""
    name = kind.strip().lower().replace("-", "_").replace(" ", "_")
    for word in (name, *reversed(name.split("_"))):
        if word in EVENTS:
            return word
        if word in ALIASES:
            return ALIASES[word]
    return None


def strike(kind: str, rng: Rng, duration_s: float = 0.5, strength: float = 1.0, pan: float = 0.0) -> Sounding:
    """The event of that name.

    Raises:
        KeyError: there is no such event.
    """
    return EVENTS[kind](Hit(rng, duration_s, strength, pan))
