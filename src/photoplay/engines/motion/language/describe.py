"""The extended prompt: the fuller shot, written from what is seen in the photo and what was understood.

``extend_plan`` adds to a plan the life that the photo offers and a text that names every move and every life of
the plan: subject, place, light, camera, life, in that order. An :class:`Extender` can write the text instead; when
it cannot, the built-in text stands in and a note says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from photoplay.engines.motion.language.facts import PhotoFacts
from photoplay.engines.motion.language.meaning import Meaning
from photoplay.engines.motion.language.plan import plan_from_prompt
from photoplay.engines.motion.language.timeline import move_name
from photoplay.errors import ExtenderFailed
from photoplay.shot import Life, LifeKind, Move, MoveKind, Plan

MAX_CHARS = 2500  # what the wire APIs allow for a prompt
MAX_ADDED_LIFE = 3

_PEOPLE = frozenset(
    {"person", "woman", "man", "girl", "boy", "child", "baby", "couple", "family", "bride", "groom", "model", "dancer"}
)
_ANIMALS = frozenset(
    {
        "dog",
        "cat",
        "bird",
        "horse",
        "animal",
        "cow",
        "sheep",
        "lion",
        "tiger",
        "bear",
        "fox",
        "wolf",
        "rabbit",
        "elephant",
    }
)
_PLACES = (
    "beach", "city", "street", "forest", "garden", "mountain", "desert", "field", "castle", "house", "room",
    "kitchen", "cafe", "lake", "sea", "river", "park", "bridge", "temple", "church", "village", "island", "canyon",
    "cave", "space", "stage",
)  # fmt: skip
_IN_VIEW = {
    "sky": "open sky", "water": "water", "foliage": "greenery", "fire": "fire", "smoke": "drifting smoke",
    "ground": "the ground",
}  # fmt: skip
_LIFE_TEXT: dict[LifeKind, str] = {
    LifeKind.BREATHING: "the subject breathes quietly",
    LifeKind.SWAY: "hair, cloth and leaves sway in the air",
    LifeKind.WATER: "the water flows and glitters",
    LifeKind.CLOUDS: "clouds drift across the sky",
    LifeKind.SMOKE: "smoke and steam rise",
    LifeKind.FIRE: "flames and lights flicker",
    LifeKind.BLINK: "the eyes blink",
    LifeKind.SMILE: "a smile appears",
    LifeKind.LIGHT_LEAK: "light wanders over the picture",
    LifeKind.SNOW: "snow falls",
    LifeKind.RAIN: "rain falls",
    LifeKind.PETALS: "petals float down",
    LifeKind.DUST: "dust floats in the light",
    LifeKind.SPARKS: "sparks drift up",
    LifeKind.BUBBLES: "bubbles rise",
    LifeKind.CONFETTI: "confetti rains down",
}
_REGION_LIFE = {
    "water": LifeKind.WATER,
    "fire": LifeKind.FIRE,
    "smoke": LifeKind.SMOKE,
    "sky": LifeKind.CLOUDS,
    "foliage": LifeKind.SWAY,
    "hair": LifeKind.SWAY,
}


class Extender(Protocol):
    """Something that writes the extended prompt."""

    def extend(self, prompt: str, facts: PhotoFacts, plan: Plan) -> str:
        """The fuller prompt in plain words.

        Raises:
            ExtenderFailed: no usable answer came.
        """
        ...


class BuiltInExtender:
    """Writes the text from facts and plan; always the same for the same two."""

    def extend(self, prompt: str, facts: PhotoFacts, plan: Plan) -> str:
        """See :meth:`Extender.extend`."""
        said = " ".join(prompt.split())
        parts = [
            said if not said or said[-1] in ".!?。！？" else f"{said}.",
            _subject(facts, plan),
            _light(facts),
            _camera(plan),
            _life(plan),
            f"It sounds of {_listed(plan.sounds)}." if plan.sounds else "",
        ]
        tail = " ".join(part for part in parts[1:] if part)
        room = MAX_CHARS - len(tail) - 1
        return " ".join(part for part in (parts[0][: max(0, room)], tail) if part)


def extend_plan(
    plan: Plan,
    prompt: str,
    facts: PhotoFacts,
    *,
    negative_prompt: str = "",
    duration_s: float = 5.0,
    seed: int = 0,
    extender: Extender | None = None,
    meaning: Meaning | None = None,
) -> Plan:
    """The plan with an extended prompt and with the life that prompt names.

    What the caller asked for stays: the camera of a remote text is used only where the plan's own was a default,
    and refused life stays refused.
    """
    fuller = _with_seen_life(plan, facts)
    built_in = BuiltInExtender()
    if extender is None:
        return fuller.model_copy(update={"extended_prompt": built_in.extend(prompt, facts, fuller)})
    try:
        text = " ".join(extender.extend(prompt, facts, fuller).split())[:MAX_CHARS]
    except ExtenderFailed as error:
        note = f"prompt extended by photoplay itself: {error.message}"
        extended = built_in.extend(prompt, facts, fuller)
        return fuller.model_copy(update={"extended_prompt": extended, "notes": (*fuller.notes, note)})
    written = plan_from_prompt(
        text, negative_prompt, facts=facts, duration_s=duration_s, effect=plan.effect, seed=seed, meaning=meaning
    )
    return _joined(fuller, written, text)


def _is_default(plan: Plan) -> bool:
    return any(note.startswith("default shot") for note in plan.notes)


def _joined(plan: Plan, written: Plan, text: str) -> Plan:
    """The caller's plan with what an extender's text adds to it."""
    known = {life.kind for life in plan.life}
    added = tuple(life for life in written.life if life.kind not in known) if plan.life_by_default else ()
    take_camera = _is_default(plan) and not _is_default(written)
    notes = tuple(n for n in plan.notes if not (take_camera and n.startswith("default shot")))
    if take_camera:
        notes = (*notes, "camera taken from the extended prompt")
    return plan.model_copy(
        update={
            "shot": written.shot if take_camera else plan.shot,
            "life": (*plan.life, *added),
            "sounds": tuple(dict.fromkeys((*plan.sounds, *written.sounds))),
            "subject_words": tuple(dict.fromkeys((*plan.subject_words, *written.subject_words))),
            "extended_prompt": text,
            "notes": notes,
        }
    )


def _with_seen_life(plan: Plan, facts: PhotoFacts) -> Plan:
    """Adds the life that fits what is seen, gently, unless the caller wants things still."""
    if not plan.life_by_default:
        return plan
    known = {life.kind for life in plan.life}
    wanted = [_REGION_LIFE[region] for region in facts.regions if region in _REGION_LIFE]
    if facts.has_face:
        wanted = [LifeKind.BLINK, LifeKind.BREATHING, *wanted]
    elif facts.has_subject and (facts.subject_kind == "person" or (_PEOPLE | _ANIMALS) & set(plan.subject_words)):
        wanted = [LifeKind.BREATHING, *wanted]
    fresh = [kind for kind in dict.fromkeys(wanted) if kind not in known][:MAX_ADDED_LIFE]
    return plan.model_copy(update={"life": (*plan.life, *(Life(kind=kind, strength=0.8) for kind in fresh))})


# -- sentences


def _subject(facts: PhotoFacts, plan: Plan) -> str:
    who = _who(facts, plan)
    place = next((word for word in plan.subject_words if word in _PLACES), None)
    seen = [_IN_VIEW[region] for region in facts.regions if region in _IN_VIEW and _IN_VIEW[region] != place][:3]
    scenery = f"a {place}" if place else _kind_of_place(facts)
    depth = (
        "" if facts.depth is None else "flat, close " if facts.depth < 0.15 else "deep " if facts.depth > 0.5 else ""
    )
    scenery = scenery.replace("a ", f"a {depth}", 1) if depth and place is None else scenery
    behind = f" with {_listed(seen)}" if seen else ""
    if who is None:
        return f"The picture shows {scenery}{behind}."
    size = (
        "fills the frame"
        if facts.subject_height > 0.85
        else "stands out"
        if facts.subject_height > 0.45
        else "appears small"
    )
    side = " on the left" if facts.subject_x < 0.38 else " on the right" if facts.subject_x > 0.62 else ""
    return f"{who[:1].upper()}{who[1:]} {size}{side} against {scenery}{behind}."


def _who(facts: PhotoFacts, plan: Plan) -> str | None:
    named = next((word for word in plan.subject_words if word in _PEOPLE or word in _ANIMALS), None)
    if facts.faces > 1:
        return f"a group of {facts.faces} people" if named is None else f"the {named} among {facts.faces} faces"
    if named is not None:
        return f"the {named}"
    if facts.has_face or facts.subject_kind == "person":
        return "one person"
    if facts.has_subject:
        thing = next((word for word in plan.subject_words if word not in _PLACES and word not in _IN_VIEW), None)
        return f"the {thing}" if thing else "the subject"
    return None


def _kind_of_place(facts: PhotoFacts) -> str:
    if facts.is_landscape:
        return "a landscape"
    if facts.outdoor is None:
        return "a background"
    return "a place outdoors" if facts.outdoor > 0.5 else "a place indoors"


def _light(facts: PhotoFacts) -> str:
    if facts.luminance is None:
        return ""
    level = "dark" if facts.night or facts.luminance < 0.25 else "bright" if facts.luminance > 0.6 else "soft"
    if facts.contrast is not None and facts.contrast > 0.27 and level != "dark":
        level = "hard"
    tone = ""
    if facts.warmth is not None:
        tone = ", warm" if facts.warmth > 0.06 else ", cool" if facts.warmth < -0.06 else ""
    sides = [word for word, yes in (("above", facts.light_y < -0.5), ("below", facts.light_y > 0.5)) if yes]
    sides += [word for word, yes in (("the left", facts.light_x < -0.4), ("the right", facts.light_x > 0.4)) if yes]
    source = f" comes from {' and '.join(sides)}" if sides else " lies over the scene"
    colours = f" in {_listed(facts.colours)}" if facts.colours else ""
    return f"The light is {level}{tone}; it{source}{colours}."


def _camera(plan: Plan) -> str:
    moves = plan.shot.moves
    if not moves or all(move.kind is MoveKind.STATIC for move in moves):
        return "The camera stays still." if moves else ""
    whole = [move for move in moves if move.start <= 0.01 and move.end >= 0.99]
    parts = [move for move in sorted(moves, key=lambda m: (m.start, m.end)) if move not in whole]
    sentences: list[str] = []
    if whole:
        sentences.append(f"Throughout the shot: {_listed([_move(move) for move in whole])}.")
    if parts:
        sentences.append(f"The camera goes in steps: {', then '.join(_move(move) for move in parts)}.")
    return " ".join(sentences)


def _move(move: Move) -> str:
    size = abs(move.amount) / max(0.2, move.end - move.start) ** 0.5
    how = "gentle " if size < 0.75 else "bold " if size > 1.9 else ""
    return f"{how}{move_name(move.kind, move.amount)}"


def _life(plan: Plan) -> str:
    present = [_LIFE_TEXT[life.kind] for life in plan.life if life.strength > 0]
    absent = [life.kind.value.replace("_", " ") for life in plan.life if life.strength == 0]
    text = f"{_listed(present)}.".capitalize() if present else ""
    if absent:
        text = f"{text} There is no {_listed(absent)}.".strip()
    if not plan.life_by_default:
        text = f"{text} Nothing else moves.".strip()
    return text


def _listed(words: Sequence[str]) -> str:
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"
