"""What of a prompt is answered by the sound alone.

Whoever makes the picture names the words that it can do nothing with: "gulls cry", "upbeat music plays". Where the
sound room knows such words, they were understood all the same, and are told apart here.
"""

from __future__ import annotations

import re

from photoplay.shot import Plan
from photoplay.sound.lexicon import NAMED, meanings_of, mentions, table

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
# What may stand beside a sound's own word without asking for anything else.
_BESIDE = """
a an the some of with and or to in on at from by its his her their there is are be as far away near nearby
distant distance background behind outside softly soft quiet quietly loud loudly gently gentle faint faintly
calm low deep sound sounds noise noises hear hears heard hearing audio music song tune melody sing sings singing
call calls calling cry cries crying play plays playing ring rings ringing rumble rumbles rumbling roar roars
roaring crackle crackles crackling chirp chirps chirping whistle whistles whistling howl howls howling bark
barks barking meow meows purr purrs purring tick ticks ticking hum hums humming buzz buzzes buzzing murmur
murmurs splash splashes crash crashes boom booms echo echoes rustle rustles patter patters beat beats cheer
cheers clap claps upbeat slow fast sad happy epic
"""
_HARMLESS = frozenset(_BESIDE.split())


def answered(fragment: str) -> bool:
    """Whether a fragment of a prompt names a sound that can be made, and asks for nothing besides."""
    if not any(mention.weight >= NAMED for mention in mentions(fragment)):
        return False
    left = fragment.lower()
    for words, _, _ in table():
        for word in words:
            if word in left:
                left = re.sub(rf"\b{re.escape(word)}\b", " ", left)
    return all(word in _HARMLESS or meanings_of(word) for word in _WORD.findall(left))


def with_heard(plan: Plan) -> Plan:
    """The plan with those of its ignored fragments that the sound answers named as heard instead."""
    heard = tuple(fragment for fragment in plan.ignored if answered(fragment))
    if not heard:
        return plan
    ignored = tuple(fragment for fragment in plan.ignored if fragment not in heard)
    return plan.model_copy(update={"ignored": ignored, "heard": (*plan.heard, *heard)})
