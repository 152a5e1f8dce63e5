"""What is asked of the sound room, and what it hands back."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from photoplay.shot import Cue, Plan


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class AudioAccess(_Value):
    """An operator's own text-to-audio pipeline.

    ``source``: the base URL (``http://host/v1``) of a server (see :mod:`photoplay.sound.remote`), or
    ``module:attribute`` of a pipeline in this process (see :mod:`photoplay.sound.neural`). The rest is for servers.
    """

    source: str
    key: str | None = Field(default=None, repr=False)
    model: str | None = None
    timeout_s: float = Field(default=120.0, gt=0)


class SoundRequest(_Value):
    """One soundtrack. ``file`` and ``engine_soundtrack`` are local, of unknown content, and may be hostile.

    ``mode``: ``none`` gives no sound, ``generate`` composes, ``file`` fits the caller's own.
    ``prompt``: what the caller wrote; everything that shapes the sound counts towards what makes it unique.
    ``scene``: what the engine saw in the photo (``SceneMap.stats``): ``luminance``, ``colourfulness``, ``contrast``,
    ``outdoor`` (0..1), ``warmth`` (-1..1), ``night``, ``faces`` (a count), and ``regions``, shares 0..1 of the picture
    by name (``sky``, ``water``, ``foliage``, ``fire``, ...). What is missing is not guessed.
    ``engine_soundtrack``: sound the engine made together with the picture; it is preferred to composing.
    ``text_to_audio``: what makes the ambience in place of this room, when the operator has something better.
    """

    mode: Literal["none", "generate", "file"] = "generate"
    plan: Plan = Plan()
    cues: tuple[Cue, ...] = ()
    prompt: str = ""
    duration_s: float = Field(gt=0, le=600)
    seed: int = 0
    file: Path | None = None
    models_dir: Path | None = None
    engine_soundtrack: Path | None = None
    scene: dict[str, Any] = Field(default_factory=dict)
    text_to_audio: AudioAccess | None = None


class Loudness(_Value):
    """How loud a soundtrack is, after ITU-R BS.1770-4."""

    integrated_lufs: float
    true_peak_dbtp: float


class SoundResult(_Value):
    """A finished soundtrack: stereo WAV, 48 kHz, exactly as long as asked; ``path`` is None when there is none."""

    path: Path | None = None
    loudness: Loudness | None = None
    notes: tuple[str, ...] = ()  # plain words for the user: what was left out and why
    heard: tuple[
        str, ...
    ] = ()  # what can be heard: "bed rain", "event whoosh at 1.20 s", "music calm piano in D major"
