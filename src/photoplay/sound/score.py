"""Art direction: from what is known of a clip to what is heard in it.

A :class:`Score` says which beds, events and music there are, how loud, and when; it makes no sound itself, so it can
be read, tested and shown. The order of trust: sounds that the prompt names, places and things it names, life that
moves in the picture, what the photo shows, moods. Where nothing fits, music does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from photoplay.shot import Ease, LifeKind, Move, MoveKind, Plan
from photoplay.sound.events import resolved
from photoplay.sound.lexicon import NAMED, PLACE, Mention, meanings_of, mentions, refused, spoken_away
from photoplay.sound.request import SoundRequest
from photoplay.sound.wishes import MusicWish, wished

MAX_BEDS = 3
_SEEN = 0.5  # weight of what moves in the picture
_SHOWN = 0.45  # weight of what the photo shows
_FITS = 0.42  # a bed below this does not carry a clip on its own

_CONTAINS: dict[str, frozenset[str]] = {
    "storm": frozenset({"rain", "wind"}),
    "forest": frozenset({"birds", "leaves"}),
    "jungle": frozenset({"birds", "leaves", "forest", "crickets", "insects"}),
    "night": frozenset({"crickets", "birds"}),
    "city": frozenset({"traffic", "crowd"}),
    "cafe": frozenset({"crowd", "room_tone"}),
    "stadium": frozenset({"crowd"}),
    "applause": frozenset({"crowd"}),
    "snow": frozenset({"wind"}),
    "underwater": frozenset({"sea", "lake", "river", "wind", "room_tone"}),
    "space": frozenset({"wind", "night", "room_tone"}),
    "sea": frozenset({"lake"}),
    "waterfall": frozenset({"river"}),
}
"""What a bed already holds."""

LIFE_BEDS: dict[LifeKind, str] = {
    LifeKind.RAIN: "rain",
    LifeKind.SNOW: "snow",
    LifeKind.FIRE: "fire",
    LifeKind.WATER: "lake",
    LifeKind.SWAY: "leaves",
    LifeKind.CLOUDS: "wind",
    LifeKind.PETALS: "leaves",
    LifeKind.BUBBLES: "underwater",
    LifeKind.SPARKS: "magic",
    LifeKind.CONFETTI: "crowd",
}
"""The bed of each kind of life that can be heard."""

_SPEED: dict[MoveKind, float] = {
    MoveKind.DOLLY: 1.0,
    MoveKind.ZOOM: 1.0,
    MoveKind.DOLLY_ZOOM: 0.8,
    MoveKind.TRUCK: 0.9,
    MoveKind.PEDESTAL: 0.9,
    MoveKind.PAN: 1.0,
    MoveKind.TILT: 1.0,
    MoveKind.ROLL: 0.6,
    MoveKind.ORBIT: 0.9,
    MoveKind.CRANE: 0.9,
    MoveKind.PUSH_THROUGH: 1.6,
}
"""How much air a unit of each move stirs."""

_FAST_PER_S = 0.55
"""Units of a move in a second from which it is heard."""

_CARRIES = 0.4
"""Share of a clip that named events must fill to stand without a bed or music."""

_AMBIENT_DB = (0.0, -5.0, -9.0)
"""Level of the first, second and third bed."""


@dataclass(frozen=True, slots=True)
class BedPart:
    """A bed from start to end."""

    kind: str
    level_db: float
    strength: float = 1.0


@dataclass(frozen=True, slots=True)
class EventPart:
    """An event; ``locked`` when it belongs to a moment of the picture (else the score chose the moment)."""

    kind: str
    at_s: float
    duration_s: float = 0.5
    strength: float = 1.0
    pan: float = 0.0
    locked: bool = True


@dataclass(frozen=True, slots=True)
class MusicPart:
    """Music of a style; ``bright`` and ``energy`` 0..1 come from prompt and picture.

    ``bpm``, ``tonic`` (0 C .. 11 B) and ``minor`` are what the prompt demands, None where it leaves them open.
    """

    style: str
    level_db: float
    bright: float = 0.5
    energy: float = 0.5
    bpm: float | None = None
    tonic: int | None = None
    minor: bool | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """Everything that will be heard."""

    beds: tuple[BedPart, ...] = ()
    events: tuple[EventPart, ...] = ()
    music: MusicPart | None = None
    speech: str | None = None
    notes: tuple[str, ...] = ()


def read(request: SoundRequest) -> Score:
    """The score of a request."""
    plan, scene = request.plan, request.scene
    text = spoken_away(request.prompt, plan.speech)
    unwanted = refused(text)
    wanted = [m for m in _wanted(text, plan, scene) if m.meaning not in unwanted]
    if "music" in unwanted:
        wanted = [m for m in wanted if not m.meaning.startswith("music")]
    gone = {LIFE_BEDS[life.kind] for life in plan.life if life.strength == 0 and life.kind in LIFE_BEDS}
    beds = _beds([m for m in wanted if m.meaning.removeprefix("bed:") not in gone], plan)
    notes: list[str] = []
    events = _cued(request, notes)
    events += _asked(wanted, events, request.duration_s)
    events += _moves(plan, events, request.duration_s)
    music = _music(wanted, beds, events, request, wished(text), silent="music" in unwanted)
    if music is not None and not _named(wanted, "music"):
        beds = beds[:2]
    if not beds:
        beds = [BedPart("room_tone", -16.0)]
    elif music is not None and music.level_db >= 0:
        beds = [BedPart(b.kind, b.level_db - 9.0, b.strength) for b in beds]
    return Score(tuple(beds), tuple(sorted(events, key=lambda e: (e.at_s, e.kind))), music, plan.speech, tuple(notes))


def _wanted(text: str, plan: Plan, scene: dict[str, Any]) -> list[Mention]:
    """All that asks for sound, surest first, each meaning once."""
    found: dict[str, Mention] = {}

    def add(mention: Mention) -> None:
        known = found.get(mention.meaning)
        if known is None or (-mention.weight, mention.at) < (-known.weight, known.at):
            found[mention.meaning] = mention

    for at, word in enumerate(plan.sounds):
        for meaning in meanings_of(word):
            add(Mention(meaning, NAMED, at))
        for mention in mentions(word):
            add(mention)
    for mention in mentions(text):
        add(mention)
    for mention in mentions(", ".join(plan.subject_words)):
        add(Mention(mention.meaning, min(mention.weight, PLACE), 10_000 + mention.at))
    for mention in mentions((plan.effect or "").replace("-", " ").replace("_", " ")):
        if not mention.meaning.startswith("event:"):  # the effect's own cues say when it sounds
            add(Mention(mention.meaning, min(mention.weight, PLACE), 15_000 + mention.at))
    for at, life in enumerate(plan.life):
        if life.kind in LIFE_BEDS and life.strength > 0:
            add(Mention(f"bed:{LIFE_BEDS[life.kind]}", _SEEN, 20_000 + at))
    for at, (kind, weight) in enumerate(_shown(scene)):
        add(Mention(f"bed:{kind}", weight, 30_000 + at))
    return sorted(found.values(), key=lambda m: (-m.weight, m.at, m.meaning))


def _shown(scene: dict[str, Any]) -> list[tuple[str, float]]:
    """Beds that the photo itself suggests."""
    regions = scene.get("regions")
    share = {str(k): float(v) for k, v in regions.items()} if isinstance(regions, dict) else {}
    water, green, sky = share.get("water", 0.0), share.get("foliage", 0.0), share.get("sky", 0.0)
    dark = bool(scene.get("night", False))
    out: list[tuple[str, float]] = []
    if share.get("fire", 0.0) > 0.01:
        out.append(("fire", _SHOWN))
    if water > 0.10:
        out.append(("sea" if sky > 0.15 and green < 0.15 else "lake", _SHOWN))
    if green > 0.15:
        out.append(("night" if dark else "forest", _SHOWN))
    if sky > 0.25:
        out.append(("night" if dark and green > 0.02 else "wind", _SHOWN if sky > 0.4 else 0.4))
    elif not out and float(scene.get("outdoor", 0.0)) > 0.6:
        out.append(("wind", 0.4))
    return out


def _named(wanted: list[Mention], prefix: str) -> bool:
    return any(m.meaning.startswith(prefix) and m.weight >= NAMED for m in wanted)


def _beds(wanted: list[Mention], plan: Plan) -> list[BedPart]:
    """At most :data:`MAX_BEDS`, the surest first, none that another already holds."""
    asked = [m for m in wanted if m.meaning.startswith("bed:")]
    kinds: list[str] = []
    # What the photo shows is only worth adding where the prompt says little.
    surest = asked[0].weight if asked else 0.0
    for mention in asked:
        kind = mention.meaning.removeprefix("bed:")
        if mention.weight < _FITS or (surest >= PLACE and mention.weight <= _SHOWN):
            continue
        if any(kind in _CONTAINS.get(other, ()) for other in kinds) or kind in kinds:
            continue
        kinds = [other for other in kinds if other not in _CONTAINS.get(kind, ())]
        kinds.append(kind)
    strengths = {
        LIFE_BEDS[life.kind]: life.strength for life in plan.life if life.kind in LIFE_BEDS and life.strength > 0
    }
    return [
        BedPart(kind, level, min(2.0, max(0.4, strengths.get(kind, 1.0))))
        for kind, level in zip(kinds[:MAX_BEDS], _AMBIENT_DB, strict=False)
    ]


# events -----------------------------------------------------------------------------------------------------------


def _cued(request: SoundRequest, notes: list[str]) -> list[EventPart]:
    """The engine's cues."""
    events = []
    for cue in request.cues:
        if cue.at_s >= request.duration_s:
            continue
        kind = resolved(cue.kind)
        if kind is None:
            notes.append(f"no sound is known for “{cue.kind}”; it was left out")
            continue
        if cue.strength > 0:
            events.append(EventPart(kind, cue.at_s, cue.duration_s, cue.strength, cue.pan))
    return events


def _asked(wanted: list[Mention], have: list[EventPart], duration_s: float) -> list[EventPart]:
    """Events that the prompt names and the picture has no moment for: placed where they tell best."""
    taken = {event.kind for event in have}
    out: list[EventPart] = []
    slots = (0.30, 0.62, 0.16, 0.80, 0.46)
    singles = 0
    for mention in wanted:
        if not mention.meaning.startswith("event:") or mention.weight < NAMED:
            continue
        kind = mention.meaning.removeprefix("event:")
        if kind in taken or (kind == "hooves" and "footsteps" in taken):
            continue
        taken.add(kind)
        if kind == "heartbeat":
            out += [EventPart(kind, at, 0.7, 0.9, 0.0, locked=False) for at in _every(0.15, 0.86, duration_s - 0.5)]
        elif kind == "hooves":
            out += [
                EventPart("thud", at + shift, 0.2, 0.45 + 0.2 * (i == 2), 0.15 * (i - 1), locked=False)
                for at in _every(0.1, 0.46, duration_s - 0.5)
                for i, shift in enumerate((0.0, 0.11, 0.24))
            ]
        elif kind in ("footsteps", "purr"):
            out.append(EventPart(kind, 0.1, max(0.5, duration_s - 0.7), 0.9, 0.0, locked=False))
        elif kind == "shutter":
            out += [EventPart(kind, at, 0.3, 0.8, 0.0, locked=False) for at in _every(0.4, 1.1, duration_s - 0.4)[:4]]
        elif singles < len(slots):
            out.append(EventPart(kind, slots[singles] * duration_s, 0.8, 1.0, 0.0, locked=False))
            if kind in ("thunder", "bark", "laugh", "meow", "bell") and duration_s >= 7.5 and singles == 0:
                out.append(EventPart(kind, 0.72 * duration_s, 0.8, 0.7, 0.3, locked=False))
            singles += 1
    return out


def _every(first_s: float, step_s: float, last_s: float) -> list[float]:
    return [first_s + k * step_s for k in range(max(1, int((last_s - first_s) / step_s) + 1))]


def _moves(plan: Plan, have: list[EventPart], duration_s: float) -> list[EventPart]:
    """A whoosh for each fast move of the camera, loudest when it is fastest, unless the engine gave cues itself."""
    if any(event.locked for event in have):
        return []
    out = []
    for move in plan.shot.moves:
        span_s = (move.end - move.start) * duration_s
        if span_s <= 0 or move.kind not in _SPEED:
            continue
        speed = abs(move.amount) * _SPEED[move.kind] / span_s
        if speed < _FAST_PER_S:
            continue
        length_s = min(max(0.35, span_s), 1.6)
        start_s = max(0.0, _fastest(move) * duration_s - length_s / 2)
        pan = 0.4 if move.amount > 0 else -0.4
        sideways = move.kind in (MoveKind.TRUCK, MoveKind.PAN, MoveKind.ORBIT)
        out.append(EventPart("whoosh", start_s, length_s, min(2.0, 0.5 + 0.5 * speed), pan if sideways else 0.0))
    return out


def _fastest(move: Move) -> float:
    """When a move is fastest, as a fraction of the clip."""
    share = {Ease.IN: 0.92, Ease.OUT: 0.08}.get(move.ease, 0.5)
    return move.start + share * (move.end - move.start)


# music --------------------------------------------------------------------------------------------------------------


def _music(
    wanted: list[Mention],
    beds: list[BedPart],
    events: list[EventPart],
    request: SoundRequest,
    wish: MusicWish,
    *,
    silent: bool,
) -> MusicPart | None:
    if silent:
        return None
    asked = [m for m in wanted if m.meaning == "music" or m.meaning.startswith("music:")]
    named = [m for m in asked if m.weight >= NAMED]
    styled = [m for m in asked if m.meaning != "music"]
    scene = request.scene
    bright = _bright(scene) if wish.bright is None else wish.bright
    busy = len([e for e in events if e.locked]) + sum(abs(m.amount) > 1.2 for m in request.plan.shot.moves)
    energy = min(1.0, 0.35 + 0.12 * busy + 0.2 * float(scene.get("colourfulness", 0.4)))
    energy = energy if wish.energy is None else wish.energy

    def part(style: str, level_db: float) -> MusicPart:
        return MusicPart(style, level_db, bright, energy, wish.bpm, wish.tonic, wish.minor)

    if named:
        # "A knight rides, epic music": the word next to "music" is the one that describes it.
        word = next((m.at for m in named if m.meaning == "music"), 0)
        styled.sort(key=lambda m: (-(m.weight >= NAMED), abs(m.at - word)))
        style = styled[0].meaning.removeprefix("music:") if styled else _picture_style(scene)
        return part(style, 0.0)
    if styled:
        # A mood without a word of music: music is the ground where nothing else is heard, else a layer behind it.
        style = styled[0].meaning.removeprefix("music:")
        return part(style, 0.0 if not beds else -7.0)
    if beds:
        return None
    # Sounds that the prompt names carry a clip if they fill it (a heartbeat); a few clicks leave it empty.
    filled = sum(event.duration_s for event in events if not event.locked) / request.duration_s
    if filled > _CARRIES:
        return None
    return part(_picture_style(scene), -4.0 if filled > 0 else 0.0)


def _bright(scene: dict[str, Any]) -> float:
    """0 sombre .. 1 sunny, from the light and the colours of the photo."""
    luminance = float(scene.get("luminance", 0.5))
    warmth = float(scene.get("warmth", 0.0))
    colour = float(scene.get("colourfulness", 0.4))
    return min(1.0, max(0.0, 0.15 + 0.75 * luminance + 0.5 * warmth + 0.15 * colour))


def _picture_style(scene: dict[str, Any]) -> str:
    """The kind of music a photo suggests when nobody asked for one."""
    bright = _bright(scene)
    if float(scene.get("outdoor", 0.0)) > 0.5:
        return "uplifting" if bright > 0.55 else "cinematic"
    if float(scene.get("colourfulness", 0.4)) > 0.7 and bright > 0.5:
        return "playful"
    if bright < 0.3:
        return "ambient"
    return "piano" if float(scene.get("faces", 0)) > 0 else "warm"
