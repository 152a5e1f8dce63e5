"""Writes docs/sound.md from the sound room's tables; with --check, says whether it is up to date."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from photoplay.cli.console import as_size
from photoplay.models.weights import entry
from photoplay.settings import Settings
from photoplay.shot import LifeKind
from photoplay.sound.beds import BEDS
from photoplay.sound.events import ALIASES, EVENTS
from photoplay.sound.lexicon import MOOD, NAMED, PLACE, table, words_of
from photoplay.sound.music.styles import DRUMS, styles
from photoplay.sound.score import LIFE_BEDS

PAGE = Path(__file__).parents[1] / "docs" / "sound.md"
ASSETS = ("soundfont", "voice", "voice_config")
INSTRUMENTS = (
    "piano", "tuned percussion", "organ", "guitar", "bass", "strings", "ensemble and choir", "brass", "reed", "pipe",
    "synth lead", "synth pad", "synth effects", "plucked, folk", "percussion", "effects",
)  # fmt: skip
"""The families of General MIDI, eight programs each."""

HEAD = """\
# Sound

<!-- Written by scripts/docs_sound.py: change the prose there, the words in src/photoplay/sound, and run it again. -->

A clip's sound is made after its picture, from what is known of both: the prompt, the plan of the camera and of what
moves, the moments the engine names (an impact, a fast move, a crack), what the photo shows, the length and the seed.
Nothing is sampled from recordings but the instruments of the sound font: places and events are synthesised, so there
is nothing to license and no two requests sound the same. The same request gives the same bytes, in any process and on
any number of threads.

## Who makes it

| Request | What is heard |
|---|---|
| no sound | no audio track |
| sound that fits | the engine's own soundtrack where it made one; else the operator's [text-to-audio](#text-to-audio) \
pipeline where there is one; else what is composed here |
| a file | the caller's own, fitted to the clip |

Whatever makes it, it leaves the room alike: -16 LUFS within 1 LU (ITU-R BS.1770), true peaks at or below -1 dBTP after
coding, 48 kHz stereo, AAC at 192 kbit/s. The picture's packets are copied, not coded again. Sound and picture start
together and end within one frame.

## How it is composed

1. **Score.** The prompt is read for sounds by the [motion language](reference/motion-language.md) (in its languages)
   and by the tables below (English). What names a sound weighs most, then places and things, then life that moves in
   the picture, then what the photo shows (water, foliage, fire, sky, night), then moods. "No birds", "without music"
   take away. At most three beds play, the first mentioned loudest, none that another already holds (a forest has
   birds).
2. **Beds** last as long as the clip and never repeat: painted noise that follows a moving spectrum, and hundreds of
   small grains (drops, bubbles, crackles, claps) at random moments.
3. **Events** belong to moments. An engine's cue sounds on its frame; a fast move of the camera whooshes when it is
   fastest; an event that only the prompt names is put where it tells best.
4. **Music** plays when the prompt asks, when a mood suits it, or when nothing else fits. It is written for the clip:
   the length decides chords and tempo, beats meet the picture's moments, light and colour choose the mode, and it
   starts, grows and ends with the clip.
5. **Speech.** Words in quotes after "says", "speak" and the like are spoken if a voice is installed: started after a
   breath, faster if they must be to fit, with everything else 11 dB down. Where they cannot be spoken the job's notes
   say so and why.
6. **Mastering.** Loudness and limiter take turns until both promises hold. Sounds that AAC is known to raise are coded
   on trial and turned down for some milliseconds where they would stand out.

## A caller's own file

Anything FFmpeg's libraries decode: MP3, M4A, WAV, FLAC, Ogg, Opus, the sound of a video; any rate; mono to 5.1. A
file that is longer than the clip is cut, one that is shorter comes round at quiet points near its ends, cross-faded.
A beginning that stays silent for longer than the clip is skipped. Both ends are faded. A file without sound in it, a
silent or a broken one fails the job with `audio_unreadable` and costs nothing; of a file that breaks off, the part
before the break is used.
"""

INSTALLED = """\
## What can be installed

With `photoplay models pull soundfont voice voice_config`. Beds and events need neither; music is otherwise played by
synthesis, and words are otherwise left out. The voice also needs the program `espeak-ng` (GPL-3.0-or-later; it is run
as a program, not linked).
"""

WISHES = """\
Only beside a word of music: in "slow zoom in, upbeat piano" the camera is slow. "At 128 bpm" and "in E flat minor" are
taken at their word; "in a minor key" chooses among the style's modes. A sad, tense or dark word makes the key sombre, a
happy or uplifting one bright, whatever the photo says.
"""

NEURAL = """\
## Text-to-audio

photoplay carries no network that makes sound from words. An operator who has one names it in the settings, and it then
makes the ambience in place of beds and music; events on their frames, speech and loudness stay as they are. When it
fails, the sound is composed, and the job's notes say so.

**A server** with vLLM-Omni's Audio Generate API, which serves Stable Audio and its like:

```sh
PHOTOPLAY_TEXT_TO_AUDIO=http://gpu-host:8091/v1
```

It is sent `POST /v1/audio/generate` with `input` (the prompt; for an empty one what would have been composed, in
words), `audio_length` in seconds, `seed`, `response_format: "wav"`, and `model` where one is set. A prompt with
nothing but words to be spoken counts as empty.

**A pipeline of your own**, as `module:attribute`: a callable, or a class without arguments whose object is one.

```python
class Ambience:
    def __call__(self, prompt: str, *, duration_s: float, seed: int) -> tuple[numpy.ndarray, int]:
        samples, rate_hz = ...  # (n,) or (n, channels) between -1 and 1
        return samples, rate_hz
```

It is loaded in the process that makes the sound, once a job: a network that takes long to load is better served.

An engine that makes sound together with its picture returns it as `RenderResult.soundtrack` (a WAV); that is used
first.
"""

MEASURED = """\
## Measured

With `bench/sound.py`, on two cores shared with other work. Shares are of processor time; times are by the clock, with
the processes that are timed put before the others.

| | |
|---|---|
| Sound's share of the processor time of a 5 s clip at 1080p, loading included, median of 3 | {shares} |
| Composing, mastering and coding 10 s, in a process that is loaded | {loaded} |
| New sound for a finished 10 s 4k clip, picture copied, in a process that is loaded | {remux} |
| The whole job that makes it, from request to finished video (`--audio-job`, SQLite, a folder), median | {job} |
| Loudness of the decoded AAC over every bed, event and style, 1 to 15 s (97 soundtracks) | -16.5 to -15.8 LUFS |
| Highest true peak among them | -1.3 dBTP |
| Sound against picture at the start, 16 to 60 frames a second, 1 to 15 s | less than 1 ms |
"""
FIGURES = {
    "shares": "5 to 8.5 %",
    "loaded": "0.25 to 0.4 s",
    "remux": "0.3 s",
    "job": "0.5 to 0.7 s",
}


def rows(names: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """A table."""
    head = f"| {' | '.join(names)} |\n|{'---|' * len(names)}\n"
    return head + "".join(f"| {' | '.join(line)} |\n" for line in lines)


def meant(meanings: Sequence[str]) -> str:
    """Meanings in plain words."""
    return ", ".join(meaning.removeprefix("bed:").replace(":", " ").replace("_", " ") for meaning in meanings)


def words() -> str:
    """The word tables."""
    parts = []
    for weight, title in (
        (NAMED, "Words that name a sound"),
        (PLACE, "Places and things that sound so"),
        (MOOD, "Moods"),
    ):
        found = ((meant(meanings), ", ".join(said)) for said, has, meanings in table() if has == weight)
        parts.append(f"### {title}\n\n" + rows(("sound", "words"), found))
    paces = ((name, ", ".join(words_of("tempo", name))) for name in ("slow", "fast"))
    parts.append(f"### Tempo, key and mood of music\n\n{WISHES}\n" + rows(("tempo", "words"), paces))
    lives = (
        (kind.value.replace("_", " "), LIFE_BEDS[kind].replace("_", " ")) for kind in LifeKind if kind in LIFE_BEDS
    )
    parts.append("### Life in the picture\n\n" + rows(("life", "bed"), lives))
    return "\n".join(parts)


def summary(function: object) -> str:
    """The first sentence of a docstring, without its full stop."""
    return " ".join((inspect.getdoc(function) or "").split("\n\n")[0].split()).rstrip(".")


def beds() -> str:
    """Every bed."""
    return rows(("bed", "what is heard"), ((name.replace("_", " "), summary(bed)) for name, bed in BEDS.items()))


def events() -> str:
    """Every event."""
    also: dict[str, list[str]] = {}
    for word, event in ALIASES.items():
        also.setdefault(event, []).append(word)
    return rows(
        ("event", "what is heard", "other names"),
        ((name, summary(event), ", ".join(also.get(name, []))) for name, event in EVENTS.items()),
    )


def music() -> str:
    """Every style."""
    lines = []
    for name, style in styles().items():
        played = dict.fromkeys(
            "drums" if role.programs[0] == DRUMS else INSTRUMENTS[role.programs[0] // 8] for role in style.roles
        )
        lines.append((name, f"{style.bpm[0]} to {style.bpm[1]}", ", ".join(style.modes), ", ".join(played)))
    return rows(("style", "beats a minute", "modes, sombre or bright by the photo", "played by"), lines)


def assets() -> str:
    """What can be installed."""
    lines = []
    for name in ASSETS:
        about = entry(name)
        size = as_size(about.size_bytes or 0)
        lines.append((f"`{name}`", about.purpose, size, f"{about.registry}: `{about.package}`", about.licence))
    return rows(("name", "what for", "size", "from", "licence"), lines)


def settings() -> str:
    """The settings that concern sound."""
    names = [name for name in Settings.model_fields if name.startswith("text_to_audio") or name == "max_audio_bytes"]
    return rows(
        ("variable", "meaning"),
        ((f"`PHOTOPLAY_{name.upper()}`", Settings.model_fields[name].description or "") for name in names),
    )


def page() -> str:
    """The page."""
    return "\n".join(
        [
            HEAD,
            INSTALLED,
            assets(),
            NEURAL,
            "## Settings\n",
            settings(),
            MEASURED.format(**FIGURES),
            "## Which words call what\n",
            words(),
            "## Beds\n",
            beds(),
            "## Events\n\nFor the `kind` of an engine's cues; a compound (`ice_crack`) is known by its last part.\n",
            events(),
            "## Music\n",
            music(),
        ]
    )


def main(arguments: list[str]) -> int:
    """Writes the page, or with ``--check`` tells by the exit code whether it is up to date."""
    made = page()
    if "--check" in arguments:
        return 0 if PAGE.read_text(encoding="utf-8") == made else 1
    PAGE.write_text(made, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
