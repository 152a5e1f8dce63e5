"""Speaks the words that a prompt puts in quotes.

The voice is a Piper network (VITS, 22.05 kHz) run with ONNX Runtime; what it reads are phonemes, which the program
``espeak-ng`` makes of text. Both are optional. Without them nothing is spoken, and the job's notes say so.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from photoplay.errors import WeightsCorrupt
from photoplay.models.weights import find
from photoplay.sound.dsp import F32, RATE, f32, faded, samples
from photoplay.sound.filters import filtered, resampled

VOICE = "voice"
VOICE_CONFIG = "voice_config"
PHONEMIZER = "espeak-ng"

MAX_CHARACTERS = 600
_LEAD_S = 0.35  # silence before the first word, where the clip has room for it
_TAIL_S = 0.30
_TIGHT_S = 0.06  # the same when the words hardly fit
_FASTEST = 0.72  # shortest length of a word against its natural one that is still clear
_NOISE, _NOISE_W = 0.667, 0.8  # liveliness of tone and of timing, as the voice was published
_TIMEOUT_S = 10.0
_CLAUSE = re.compile(r"[^.,;:!?…。，！？]+[.,;:!?…。，！？]*")
_MARKS = str.maketrans({"。": ".", "，": ",", "！": "!", "？": "?", "…": "."})
_FOREIGN = re.compile(r"\([a-z-]+\)")  # espeak-ng marks a change of language in brackets


@dataclass(frozen=True, slots=True)
class Narration:
    """Spoken words on the clip's time line, ``(n,)`` float32, silent between them; ``notes`` say what is missing."""

    sound: F32 | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Voice:
    """A loaded voice. ``ids`` maps a phoneme to what the network reads."""

    session: Any  # onnxruntime.InferenceSession, which ships no types
    ids: dict[str, list[int]]
    rate_hz: int
    language: str


def narrated(words: str, n: int, models_dir: Path | None, seed: int) -> Narration:
    """The words spoken within ``n`` samples: slower never, faster if they must be, cut if that is not enough.

    Raises:
        WeightsCorrupt: the voice that is installed cannot be used.
    """
    text = " ".join(words.split())[:MAX_CHARACTERS]
    reason = _unable(text, models_dir)
    if reason is not None:
        return Narration(None, (f"the narration was left out: {reason}",))
    voice = _load(models_dir, seed)
    room_s = n / RATE - _LEAD_S - _TAIL_S
    notes: tuple[str, ...] = ()
    spoken = _speak(voice, text, 1.0)
    natural_s = spoken.size / RATE
    if natural_s > room_s:
        room_s = max(0.2, n / RATE - 2 * _TIGHT_S)
        if natural_s > room_s:
            pace = max(_FASTEST, 0.97 * room_s / natural_s)
            spoken = _speak(voice, text, pace)
            while spoken.size / RATE > room_s and " " in text:
                kept = max(1, int(len(text.split()) * min(0.95, room_s * RATE / spoken.size)))
                text = " ".join(text.split()[:kept])
                spoken = _speak(voice, text, pace)
                notes = ("the narration is longer than the clip; its end was left out",)
    spoken = faded(spoken[: samples(room_s)], 0.005, 0.03)
    slack_s = n / RATE - spoken.size / RATE
    out = np.zeros(n, np.float32)
    at = samples(min(_LEAD_S, 0.5 * slack_s))
    out[at : at + spoken.size] = spoken[: n - at]
    return Narration(out, notes)


def _unable(text: str, models_dir: Path | None) -> str | None:
    """Why nothing can be spoken, in plain words; None if it can."""
    letters = [c for c in text if c.isalpha()]
    if not letters:
        return "there are no words in it"
    if sum(unicodedata.name(c, "").startswith("LATIN") for c in letters) < 0.6 * len(letters):
        return "the voice of this server speaks English only"
    if models_dir is None or find(VOICE, models_dir) is None or find(VOICE_CONFIG, models_dir) is None:
        return "this server has no voice installed"
    if shutil.which(PHONEMIZER) is None:
        return f"the program {PHONEMIZER} is not installed on this server"
    return None


def _load(models_dir: Path | None, seed: int) -> Voice:
    # Imported here: loading it takes longer than most soundtracks, and most have no words.
    import onnxruntime  # type: ignore[import-untyped]  # ships no types

    network = None if models_dir is None else find(VOICE, models_dir)
    config = None if models_dir is None else find(VOICE_CONFIG, models_dir)
    if network is None or config is None:
        raise WeightsCorrupt("the voice is incomplete")
    try:
        said = json.loads(config.read_text(encoding="utf-8"))
        ids = {str(k): [int(i) for i in v] for k, v in said["phoneme_id_map"].items()}
        rate_hz, language = int(said["audio"]["sample_rate"]), str(said["espeak"]["voice"])
    except (ValueError, KeyError, TypeError) as error:
        raise WeightsCorrupt("the voice's description cannot be read") from error
    # The network draws its own noise; one thread and a seed make the same words sound the same.
    onnxruntime.set_seed(seed)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # The network is loaded for one sentence: what optimising it further costs is not won back.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    session = onnxruntime.InferenceSession(str(network), options, providers=["CPUExecutionProvider"])
    return Voice(session, ids, rate_hz, language)


def _speak(voice: Voice, text: str, pace: float) -> F32:
    """The words at :data:`RATE`, at an even level, without silence around them. ``(m,)``."""
    pieces = []
    for clause in clauses(text):
        ids = phoneme_ids(_phonemes(clause, voice.language), voice.ids)
        fed = {
            "input": np.array([ids], np.int64),
            "input_lengths": np.array([len(ids)], np.int64),
            "scales": np.array([_NOISE, pace, _NOISE_W], np.float32),
        }
        pieces.append(_bare(f32(voice.session.run(None, fed)[0]).reshape(-1), voice.rate_hz))
        pieces.append(np.zeros(int(_pause_s(clause) * pace * voice.rate_hz), np.float32))
    raw = np.concatenate(pieces[:-1])
    lifted = resampled(raw, voice.rate_hz, RATE)
    return filtered(lifted, "high", 80.0)


def clauses(text: str) -> list[str]:
    """The text in parts that are spoken in one breath, each with the mark that ends it."""
    parts = [part.strip() for part in _CLAUSE.findall(text.translate(_MARKS))]
    return [part for part in parts if any(c.isalnum() for c in part)]


def _pause_s(clause: str) -> float:
    return {",": 0.16, ";": 0.22, ":": 0.22, ".": 0.34, "!": 0.34, "?": 0.34}.get(clause[-1], 0.1)


def _phonemes(clause: str, language: str) -> str:
    """The clause in the phonetic alphabet, with its closing mark (it shapes the melody)."""
    program = shutil.which(PHONEMIZER) or PHONEMIZER
    # The words go in as standard input, never as an argument.
    done = subprocess.run(  # noqa: S603
        [program, "-q", "--ipa", "-v", language, "--stdin"],
        input=clause,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=_TIMEOUT_S,
        check=True,
    )
    ipa = " ".join(_FOREIGN.sub("", done.stdout).split())
    return ipa + (clause[-1] if clause[-1] in ".,;:!?" else "")


def phoneme_ids(phonemes: str, ids: dict[str, list[int]]) -> list[int]:
    """What the network reads: a beginning, each phoneme followed by a blank, an end. Unknown signs are skipped."""
    out = list(ids["^"])
    for sign in unicodedata.normalize("NFD", phonemes):
        if sign in ids:
            out += ids[sign] + ids["_"]
    return out + ids["$"]


def _bare(sound: F32, rate_hz: int) -> F32:
    """A clause without the silence before and after it, at one level for all clauses."""
    loud = np.flatnonzero(np.abs(sound) > 0.02 * max(float(np.abs(sound).max(initial=0.0)), 1e-6))
    if loud.size == 0:
        return sound[:0]
    margin = int(0.02 * rate_hz)
    cut = sound[max(0, int(loud[0]) - margin) : int(loud[-1]) + 2 * margin]
    level = float(np.sqrt(np.mean(np.square(cut))))
    return cut * np.float32(0.12 / max(level, 1e-4))
