"""Makes what a :class:`~photoplay.sound.score.Score` asks for, and mixes it."""

from __future__ import annotations

import logging
from concurrent.futures import Executor, ThreadPoolExecutor

import numpy as np

from photoplay.models.weights import find
from photoplay.sound.beds import record
from photoplay.sound.dsp import (
    F32,
    HOP,
    RATE,
    add_at,
    decibels,
    f32,
    faded,
    levelled,
    panned,
    reverb,
    samples,
)
from photoplay.sound.events import strike
from photoplay.sound.events.hit import Sounding
from photoplay.sound.filters import filtered, moving_max, moving_mean
from photoplay.sound.lexicon import spoken_away
from photoplay.sound.music import piece, played, player
from photoplay.sound.music.form import Demands
from photoplay.sound.neural import generated, load
from photoplay.sound.request import SoundRequest
from photoplay.sound.score import BedPart, EventPart, Score, read
from photoplay.sound.seeds import Chance
from photoplay.sound.speech import narrated
from photoplay.sound.upload import shaped

log = logging.getLogger(__name__)

SOUNDFONT = "soundfont"

_THREADS = 2

_GROUND_RMS = 0.1
"""Root mean square of music and neural sound at 0 dB, as of beds."""

_VOICE_GAIN = 1.35
_DUCK_DB = -11.0
_DUCK_HOLD_S = 0.18  # before and after the words
_DUCK_SLOPE_S = 0.22

_EVENT_RMS = 0.22
"""Root mean square of the loudest 100 ms of an event at strength 1; beds have 0.1."""

_EVENT_PEAK = 1.4
"""Highest peak an event may have in the mix: sharp clicks are lifted no further."""

_EVENT_DB: dict[str, float] = {
    "boom": 3.0,
    "breath": -6.0,
    "click": -5.0,
    "explosion": 4.0,
    "fall": -4.0,
    "footsteps": -4.0,
    "gust": -3.0,
    "hiss": -4.0,
    "purr": -3.0,
    "shutter": -2.0,
    "sparkle": -5.0,
    "swell": -3.0,
    "swish": -5.0,
    "thud": 1.0,
    "thunder": 4.0,
    "wings": -4.0,
}
"""Art: what should stand out, and what should not."""


def composed(request: SoundRequest, n: int) -> tuple[F32, tuple[str, ...], tuple[str, ...]]:
    """The mix ``(2, n)`` before mastering, what can be heard in it, and notes for the user.

    Raises:
        WeightsCorrupt: an installed voice or sound font cannot be used.
    """
    score = read(request)
    chance = Chance(request)
    notes = list(score.notes)
    heard: list[str] = []
    voice = None
    if score.speech:
        narration = narrated(score.speech, n, request.models_dir, chance.number("speech"))
        notes += narration.notes
        voice = narration.sound
    ground = _neural(score, request, chance, n, heard, notes)
    # NumPy's long loops run beside each other on threads; each part draws from chances of its own.
    with ThreadPoolExecutor(_THREADS, "photoplay-parts") as beside:
        if ground is None:
            waiting = beside.submit(_music, score, request, chance, n)
            ground = _ambience(score, chance, n, heard, beside)
            music, told = waiting.result()
            ground += music
            heard += told
        events = _events(score, chance, n, heard, beside)
    out = ground + events
    if voice is not None:
        heard.append("speech")
        out = _under(out, voice)
    return _ended(out), tuple(heard), tuple(notes)


def _neural(
    score: Score, request: SoundRequest, chance: Chance, n: int, heard: list[str], notes: list[str]
) -> F32 | None:
    """The ground made by an operator's pipeline, if there is one and it works."""
    if request.text_to_audio is None:
        return None
    words = spoken_away(request.prompt, score.speech).strip() or _told(score)
    try:
        made = shaped(generated(load(request.text_to_audio), words, n / RATE, chance.number("neural")), n)
    except Exception:  # whatever an operator's code raises: the job still gets sound, and says what happened
        log.exception("the text-to-audio pipeline failed")
        notes.append("the neural sound could not be made; it was composed instead")
        return None
    heard.append("neural sound")
    return levelled(made, _GROUND_RMS)


def _told(score: Score) -> str:
    """The score in words, for a pipeline that is given no prompt."""
    parts = [f"the sound of {bed.kind.replace('_', ' ')}" for bed in score.beds]
    if score.music is not None:
        parts.insert(0, f"{score.music.style} music")
    return ", ".join(parts)


def _ambience(score: Score, chance: Chance, n: int, heard: list[str], beside: Executor) -> F32:
    def recorded(bed: BedPart) -> F32:
        return record(bed.kind, chance.rng(f"bed {bed.kind}"), n, bed.strength)

    out = np.zeros((2, n), np.float32)
    for bed, sound in zip(score.beds, beside.map(recorded, score.beds), strict=True):
        out += sound * np.float32(decibels(bed.level_db))
        heard.append(f"bed {bed.kind}")
    duration_s = n / RATE
    return faded(out, min(0.12, 0.05 * duration_s), min(0.6, 0.15 * duration_s))


def _music(score: Score, request: SoundRequest, chance: Chance, n: int) -> tuple[F32, list[str]]:
    part = score.music
    if part is None:
        return np.zeros((2, n), np.float32), []
    soundfont = None if request.models_dir is None else find(SOUNDFONT, request.models_dir)
    moments = [event.at_s for event in score.events if event.locked]
    demands = Demands(part.bpm, part.tonic, part.minor)
    music = piece(part.style, chance.rng("music"), n / RATE, part.bright, part.energy, moments, demands)
    told = f"music {part.style} in {music.form.key.name}, {music.form.bpm:.0f} beats a minute"
    return levelled(played(music, player(soundfont), n), _GROUND_RMS * decibels(part.level_db)), [told]


def _under(out: F32, voice: F32) -> F32:
    """The mix with a voice on top; everything else makes way while it speaks."""
    count = -(-voice.size // HOP)
    padded = np.zeros(count * HOP, np.float32)
    padded[: voice.size] = voice
    talking = f32(np.abs(padded).reshape(count, HOP).max(axis=1) > 0.02)
    hold = moving_max(talking, int(_DUCK_HOLD_S * RATE / HOP))
    depth = moving_mean(hold, int(_DUCK_SLOPE_S * RATE / HOP))
    gain = np.interp(np.arange(out.shape[1]), (np.arange(count) + 0.5) * HOP, 10.0 ** (depth * _DUCK_DB / 20.0))
    spoken = reverb(panned(voice * np.float32(_VOICE_GAIN), 0.0), 111, 0.35, 0.06, 4000.0, 0.008)
    return f32(out * gain) + spoken


def _events(score: Score, chance: Chance, n: int, heard: list[str], beside: Executor) -> F32:
    def struck(index: int, event: EventPart) -> Sounding:
        rng = chance.rng(f"event {index} {event.kind}")
        return strike(event.kind, rng, event.duration_s, event.strength, event.pan)

    out = np.zeros((2, n), np.float32)
    numbers = range(len(score.events))
    for event, sounding in zip(score.events, beside.map(struck, numbers, score.events), strict=True):
        add_at(out, sounding.sound, samples(event.at_s) - sounding.anchor, _gain(event, sounding.sound))
        heard.append(f"event {event.kind} at {event.at_s:.2f} s")
    return out


def _gain(event: EventPart, sound: F32) -> float:
    window = min(4800, sound.shape[1])
    power = np.square(sound).mean(axis=0)
    running = np.cumsum(np.concatenate([[0.0], power], dtype=np.float64))
    loudest = float(np.sqrt(max((running[window:] - running[:-window]).max() / window, 1e-12)))
    level = decibels(_EVENT_DB.get(event.kind, 0.0)) * (0.35 + 0.65 * event.strength)
    return min(_EVENT_RMS * level / loudest, _EVENT_PEAK * max(level, 1e-3) / max(float(np.abs(sound).max()), 1e-6))


def _ended(out: F32) -> F32:
    """No rumble, no offset, silence at both ends."""
    duration_s = out.shape[1] / RATE
    return faded(filtered(out, "high", 25.0), 0.004, min(0.25, 0.1 * duration_s))
