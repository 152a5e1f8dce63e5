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
_VERBS: dict[MoveKind, tuple[str, ...]] = {
    MoveKind.STATIC: ("holds still",),
    MoveKind.DOLLY: ("moves closer", "moves back"),
    MoveKind.ZOOM: ("zooms in", "zooms out"),
    MoveKind.DOLLY_ZOOM: ("moves in while the lens widens", "moves back while the lens closes in"),
    MoveKind.TRUCK: ("glides to the right", "glides to the left"),
    MoveKind.PEDESTAL: ("rises", "sinks"),
    MoveKind.PAN: ("pans right", "pans left"),
    MoveKind.TILT: ("tilts up", "tilts down"),
    MoveKind.ROLL: ("rolls clockwise", "rolls counter-clockwise"),
    MoveKind.ORBIT: ("circles to the right", "circles to the left"),
    MoveKind.CRANE: ("cranes up", "cranes down"),
    MoveKind.HANDHELD: ("sways as if held in the hand",),
    MoveKind.PUSH_THROUGH: ("pushes past what is near", "draws back past what is near"),
    MoveKind.RACK_FOCUS: ("draws the focus onto the subject", "lets the focus go into the distance"),
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
            f"Sound: {_listed(plan.sounds)}." if plan.sounds else "",
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
    take: int = 0,
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
        text,
        negative_prompt,
        facts=facts,
        duration_s=duration_s,
        effect=plan.effect,
        seed=seed,
        meaning=meaning,
        take=take,
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
    elif facts.has_subject and (
        facts.subject_kind in ("person", "animal") or (_PEOPLE | _ANIMALS) & set(plan.subject_words)
    ):
        wanted = [LifeKind.BREATHING, *wanted]
    fresh = [kind for kind in dict.fromkeys(wanted) if kind not in known][:MAX_ADDED_LIFE]
    return plan.model_copy(update={"life": (*plan.life, *(Life(kind=kind, strength=0.8) for kind in fresh))})


# -- sentences


def _subject(facts: PhotoFacts, plan: Plan) -> str:
    who = _who(facts, plan)
    place = next((word for word in plan.subject_words if word in _PLACES), None)
    seen = _listed([_IN_VIEW[region] for region in facts.regions if region in _IN_VIEW][:3])
    where = f"in {_article(place)}" if place else _surroundings(facts)
    if who is None:
        if not (seen or where or facts.depth is not None):
            return ""
        what = _article(f"{_depth(facts)} {'landscape' if facts.is_landscape else 'view'}".strip())
        around = f" {where}" if where and not facts.is_landscape else ""
        return f"{_capital(what)}{around}{' with ' + seen if seen else ''}."
    size = (
        "fills the frame" if facts.subject_height > 0.85 else "stands out" if facts.subject_height > 0.45 else "is seen"
    )
    side = " on the left" if facts.subject_x < 0.38 else " on the right" if facts.subject_x > 0.62 else ""
    behind = f" before {seen}" if seen else ""
    if not (facts.subject_height or side or where or behind):
        return ""
    return f"{_capital(who)} {size}{side}{' ' + where if where else ''}{behind}."


def _who(facts: PhotoFacts, plan: Plan) -> str | None:
    named = next((word for word in plan.subject_words if word in _PEOPLE or word in _ANIMALS), None)
    if facts.faces > 1:
        return f"a group of {facts.faces} people" if named is None else f"the {named} among {facts.faces} faces"
    if named is not None:
        return f"the {named}"
    if facts.has_face or facts.subject_kind == "person":
        return "one person"
    if facts.subject_kind == "animal":
        return "the animal"
    return "the subject" if facts.has_subject else None


def _surroundings(facts: PhotoFacts) -> str:
    if facts.outdoor is None:
        return ""
    return "outdoors" if facts.outdoor > 0.5 else "indoors"


def _depth(facts: PhotoFacts) -> str:
    if facts.depth is None:
        return ""
    return "flat" if facts.depth < 0.15 else "deep" if facts.depth > 0.5 else ""


def _light(facts: PhotoFacts) -> str:
    if facts.luminance is None:
        return ""
    hard = facts.contrast is not None and facts.contrast > 0.27
    level = "low" if facts.night or facts.luminance < 0.25 else "bright" if facts.luminance > 0.6 else "even"
    words = ["hard" if hard and level != "low" else level]
    if facts.warmth is not None and abs(facts.warmth) > 0.06:
        words.append("warm" if facts.warmth > 0 else "cool")
    up = "above " if facts.light_y < -0.5 else "below " if facts.light_y > 0.5 else ""
    side = "left" if facts.light_x < -0.4 else "right" if facts.light_x > 0.4 else ""
    source = (
        f" from {up}{side}".rstrip() if up and side else f" from {up.strip() or 'the ' + side}" if up or side else ""
    )
    colours = f", in {_listed(facts.colours)}" if facts.colours else ""
    return f"{_capital(', '.join(words))} light{source}{colours}."


def _camera(plan: Plan) -> str:
    moves = plan.shot.moves
    if not moves:
        return ""
    if all(move.kind is MoveKind.STATIC for move in moves):
        return "The camera stays perfectly still."
    whole = [_move(move) for move in moves if move.start <= 0.01 and move.end >= 0.99]
    rest = [
        move for move in sorted(moves, key=lambda m: (m.start, m.end)) if not (move.start <= 0.01 and move.end >= 0.99)
    ]
    steps: list[list[Move]] = []
    for move in rest:
        if steps and steps[-1][0].start == move.start:
            steps[-1].append(move)
        else:
            steps.append([move])
    row = ", then ".join(" while it ".join(_move(move) for move in step) for step in steps)
    if row and whole:
        return f"The camera {row}; all the while it {_listed(whole)}."
    return f"The camera {row or _listed(whole)}."


def _move(move: Move) -> str:
    pace = abs(move.amount) / max(0.2, move.end - move.start) ** 0.5
    how = "slowly " if pace < 0.75 else "boldly " if pace > 1.9 else ""
    return how + _VERBS[move.kind][0 if move.amount >= 0 else -1]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _article(noun: str) -> str:
    return f"{'an' if noun[:1] in 'aeiou' else 'a'} {noun}"


def _life(plan: Plan) -> str:
    present = [_LIFE_TEXT[life.kind] for life in plan.life if life.strength > 0]
    absent = [life.kind.value.replace("_", " ") for life in plan.life if life.strength == 0]
    text = f"{_capital(_listed(present))}." if present else ""
    if absent:
        text = f"{text} There is no {_listed(absent)}.".strip()
    if not plan.life_by_default:
        text = f"{text} Nothing else moves.".strip()
    return text


def _listed(words: Sequence[str]) -> str:
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"
