"""Writes docs/reference/motion-language.md from the word tables; with --check, says whether it is up to date."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path

from photoplay.engines.motion.language import SOUND_WORDS, move_name
from photoplay.engines.motion.language.grammar import ALONE
from photoplay.engines.motion.language.lexicon import LANGUAGES, data, phrases
from photoplay.engines.motion.language.manner import FACTORS
from photoplay.shot import UNITS, Ease, LifeKind, MoveKind
from photoplay.shot_presets import PRESETS

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "motion-language.md"
WORDS_SHOWN = 12

LANGUAGE_NAMES = {
    "ar": "Arabic",
    "de": "German",
    "en": "English",
    "es": "Spanish",
    "fr": "French",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "nl": "Dutch",
    "pl": "Polish",
    "pt": "Portuguese",
    "ru": "Russian",
    "th": "Thai",
    "tr": "Turkish",
    "zh": "Chinese, simplified and traditional",
}

HEAD = """\
# Motion language

<!-- Written by scripts/docs_motion_language.py from src/photoplay/engines/motion/language/words: run it again. -->

A prompt is read for what the camera does, what moves in the photo, and what can be heard. Nothing is faked: what asks
for motion that a still photo cannot give ("he jumps over the fence") is named in the plan as ignored.
`photoplay plan "slow zoom in, then orbit left" photo.jpg` prints what was understood; every job keeps its plan.

## How a prompt is read

1. Quotations are set aside: spoken words ("she says …") are for narration, written ones ("a sign that reads …") are
   part of the picture; neither is read as an order.
2. The text is cut into clauses, and each clause into phrases of the word tables:
   {languages}.
3. A clause becomes a request by its verb, its direction and its doer. "The camera turns left" pans; "the dog turns
   left" is something a photo cannot do; "turn left" is an order to the camera.
4. Clauses that no table covers are compared with example phrases by a sentence encoder that knows sixteen languages.
   What is not clearly nearest to one kind is "not understood" and changes nothing. The encoder is not loaded for
   prompts that the tables cover.
5. The requests are laid out in time, contradictions are resolved, and every change is noted.

Of 283 prompts written after the rules and read for the first time, in three lots, the whole plan (every move, its
direction and order, every kind of life, nothing extra) was right for 80 to 85 %; with word tables alone, 76 to 85 %.

## Camera moves

Amount 1 is a clearly visible, tasteful move over 5 s.
"""

SENSE = """\
### Which way is left

| words | move |
|---|---|
| pan left, turn left, look left | the camera **turns** left about its own place: pan |
| move, slide, glide, track, truck left | the camera **travels** left: truck |
| pan up, tilt up, look up | tilt |
| move up, rise | pedestal; "crane up", "jib up": crane, which keeps looking at the subject |
| move in, forward, closer; push in; approach | dolly; "zoom in" is the lens: zoom |
| tilt left, dutch angle | roll |
| rotate clockwise, rotate the picture | roll; "the camera rotates around the tree", "the camera rotates": orbit |
| orbit clockwise | as seen from above: the camera goes to its left |
| follow, tracking shot | truck; "track forward": dolly |
| move, fly, walk through | push through |
| dolly in while zooming out | dolly zoom |
| drone shot, aerial | crane up, if no move is asked for |
| from left to right, from top to bottom | the way the view goes |

"Left" is the camera's own left, so the picture runs to the right. A verb without a direction takes the usual one.

### When

| words | meaning |
|---|---|
| then, after that, next, followed by, before, finally | one after the other |
| and, while, with, at the same time, + | together |
| a comma | together; one after the other beside "first", "then", "finally", "hold", or against a move it undoes |
| a new sentence | one after the other, when both carry the view somewhere |
| 0-3s: …, [0:03-0:05], for 2 seconds, after 3 seconds, the last 2 seconds | at that time |
| back and forth, side to side, in and out | there and back |
| and then back out | the verb before, the other way |

Steps share the clip and flow into each other over 5 % of it. A step with less than 5 s goes less far, so that it is not
hurried; amounts given as numbers are kept.

### How much

Words for one move multiply. "Very" strengthens the word after it. Numbers are exact: "by 20 degrees", "1.5x", "30 %",
"by 10 %". More than 4 units is reduced, and noted.

"""

NEGATION = """\
### What must not happen

"no zoom", "without camera shake", "don't pan", "never tilt", "avoid rain" and everything in the negative prompt take
moves and life away; "no zoom, pan or tilt" takes all three. A direction narrows it: "don't zoom in, zoom out" zooms
out. "No camera movement" and "static camera" hold the camera still; "only the camera moves" and "nothing else moves"
keep the engine from adding life of its own; "no movement" does both.

### Contradictions

Opposite moves at the same time are done one after the other. A static camera beside a move gives way to it. The same
move said twice is one. What is asked for and refused is left out. More than eight steps are cut. Each is noted.

### Nothing asked for

Without a camera request the shot is chosen by what the photo offers, and marked `default shot` in the notes: a face or
subject is approached (a very close one circled a little), a landscape is travelled into, a wide one along, a tall one
up, a flat picture zoomed. What was refused is avoided. "Dynamic camera" and the like give a livelier default. An effect
brings its own camera.

"""

LIFE = """\
## Life

Motion inside the photo, by name or by a noun and what it does ("leaves rustle", "smoke drifts"). "Heavy", "gentle" and
the like scale it; 1 is subtle. Weather is asked for by its noun alone ("rain, fog").
"""

SPEECH = """\
Quoted words after `Speak`, `says`, `whispers` and the like, in any quotation marks, are narration.
"""

SCRIPT = """\
## Written shots

The same moves in a strict form, for programs and `photoplay animate --camera`; a word that is not understood is an
error.

    shot  := step ("," "then"? | "then") step ...          one after the other
    step  := move ("+" | "and" | "with" | "while") move ... at the same time
    move  := name direction? amount? manner* span?
    manner:= slow | fast | gentle | slight | strong | extreme | smooth | linear | ease-in | ease-out
    span  := "@" start "-" end                             fractions of the clip, 0..1

`dolly in 1.2, then pan left 0.5 slow` is two halves; `zoom in + handheld 0.4` is one whole;
`zoom in @0-0.4 + pan left @0.3-1 ease-out` says when.

"""

AXES = """\
## Axes and presets

Six axes from -10 to 10, and presets, for APIs that have no words. 5 is one unit of the move.

| axis | move | positive |
|---|---|---|
| horizontal | truck | right |
| vertical | pedestal | up |
| pan | tilt | up |
| tilt | pan | right |
| roll | roll | clockwise |
| zoom | zoom | out (a wider field of view) |

That is how the vendor who brought these axes up defines them: `pan` turns in the vertical plane, `tilt` in the
horizontal one, and a longer lens is negative.

"""

EXTENDED = """\
## Extended prompt

A request with `extend_prompt` gets a fuller text in its plan, written from what is seen in the photo and what was
understood: subject, place, light, camera, life. The plan gains the life that text names, gently. An operator can have
an OpenAI-compatible chat API write it (`extend_prompt_url` and its neighbours in the [settings](settings.md)): it gets
the prompt and plain facts, never the photo. Its camera is used only where the caller asked for none, what the caller
refused stays refused, and when it does not answer, photoplay writes the text by itself and notes why.
"""


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def words(concepts: Sequence[str], most: int = WORDS_SHOWN) -> str:
    """English words of concepts, readable: the first of each alternative, without the tables' signs."""
    found: list[str] = []
    for concept in concepts:
        for key, text in data("en")["concepts"].items():
            if concept == key:
                found.extend(_plain(phrase) for phrase in phrases(text))
    unique = [word for word in dict.fromkeys(found) if word]
    return ", ".join(unique[:most]) + (", …" if len(unique) > most else "")


def _plain(phrase: str) -> str:
    return " ".join(word.split("|")[0].rstrip("~^").replace("*", "…") for word in phrase.split())


def moves() -> str:
    """Every move, its unit and its words."""
    rows = []
    for kind in MoveKind:
        usual = ALONE.get(kind.value, (kind, 1))[1]
        positive, negative = move_name(kind, 1), move_name(kind, -1)
        one_way = kind in {MoveKind.STATIC, MoveKind.HANDHELD, MoveKind.PUSH_THROUGH}
        said = [kind.value, f"{kind.value}+", f"{kind.value}-"]
        shown = positive if one_way else f"**{positive}** / {negative}" if usual > 0 else f"{positive} / **{negative}**"
        rows.append((shown, UNITS[kind], words(said)))
    return table(("move (usual way in bold)", "amount 1", "some of its words"), rows)


def manner() -> str:
    """Every manner word and what it does."""
    eases = {
        Ease.SMOOTH: "starts and ends at rest",
        Ease.LINEAR: "constant speed",
        Ease.IN: "starts at rest",
        Ease.OUT: "ends at rest",
    }
    rows = []
    for name, how in FACTORS.items():
        does = [f"× {how.factor:g}"] if how.factor != 1 else []
        does += ["within 0.9 s"] if how.sudden else []
        does += [eases[how.ease]] if how.ease else []
        rows.append((words([name], 8), ", ".join(does)))
    return table(("words", "effect"), rows)


def life() -> str:
    """Every kind of life and its words."""
    rows = [(kind.value.replace("_", " "), words([f"life.{kind.value}"])) for kind in LifeKind]
    return table(("life", "some of its words"), rows)


def languages() -> str:
    """The main moves in every language."""
    rows = []
    for language in LANGUAGES:
        concepts = {**data(language)["concepts"], **(data("film")["concepts"] if language == "en" else {})}

        def first(*names: str, table: dict[str, str] = concepts) -> str:
            return next((_plain(phrases(table[name])[0]) for name in names if name in table), "")

        rows.append(
            (
                LANGUAGE_NAMES[language],
                first("zoom+"),
                first("zoom-"),
                first("pan"),
                first("tilt"),
                first("orbit"),
                first("static"),
                first("slow"),
                first("neg"),
                first("life.snow"),
            )
        )
    return table(("language", "zoom in", "zoom out", "pan", "tilt", "orbit", "static", "slow", "no", "snow"), rows)


def presets() -> str:
    """The presets."""
    rows = [
        (f"`{name}`", " and ".join(move_name(m.kind, m.amount) for m in shot.moves)) for name, shot in PRESETS.items()
    ]
    return table(("preset", "moves"), rows)


def page() -> str:
    """The page."""
    names = textwrap.fill(", ".join(LANGUAGE_NAMES[language] for language in LANGUAGES), 110, subsequent_indent="   ")
    sounds = textwrap.fill(f"Kept for the soundtrack: {', '.join(SOUND_WORDS)}.", 118)
    parts = [
        HEAD.replace("{languages}", names),
        moves(),
        SENSE + manner(),
        NEGATION + LIFE,
        life(),
        f"## Sound and speech\n\n{sounds}\n\n{SPEECH}",
        f"## Languages\n\n{languages()}",
        SCRIPT + AXES + presets(),
        EXTENDED,
    ]
    return "\n".join(parts)


def main(arguments: list[str]) -> int:
    """Writes the page, or with ``--check`` tells by the exit code whether it is up to date."""
    made = page()
    if "--check" in arguments:
        return 0 if PAGE.read_text(encoding="utf-8") == made else 1
    PAGE.write_text(made, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
