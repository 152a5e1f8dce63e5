"""The whole way from a request to a finished soundtrack."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from av.packet import Packet

from photoplay.errors import AudioUnreadable
from photoplay.media.audio import write_wav
from photoplay.sound.coding import coded_safely, through_aac
from photoplay.sound.compose import composed
from photoplay.sound.dsp import F32, RATE, samples
from photoplay.sound.loudness import mastered, measured
from photoplay.sound.request import SoundRequest, SoundResult
from photoplay.sound.upload import fitted

Progress = Callable[[float, str], None]
"""Called with 0..1 and a short word for what is being done."""

FILE_NAME = "soundtrack.wav"
_MOMENT_S = 0.5
_MOMENT = int(_MOMENT_S * RATE)


@dataclass(frozen=True)
class Soundtrack:
    """A finished soundtrack: ``samples`` ``(2, n)`` float32 at 48 kHz, as loud as all are, safe to code as AAC.

    ``packets``: ``samples`` in AAC where they had to be coded to find that out. ``notes``: plain words for the user;
    ``heard``: as in :class:`SoundResult`.
    """

    samples: F32
    packets: tuple[Packet[Any], ...] | None
    notes: tuple[str, ...]
    heard: tuple[str, ...]


def make_soundtrack(request: SoundRequest, progress: Progress | None = None) -> Soundtrack:
    """The soundtrack of a clip whose ``mode`` is not ``none``.

    Raises:
        AudioUnreadable: the caller's file (mode ``file``) has no usable sound.
    """
    tell = progress or (lambda _share, _word: None)
    n = max(1, samples(request.duration_s))
    heard: tuple[str, ...] = ("the file that was given",)
    notes: tuple[str, ...] = ()
    tell(0.1, "sound")
    if request.mode == "file":
        if request.file is None:
            raise AudioUnreadable("no sound file was given")
        mixed = fitted(request.file, n)
    else:
        mixed, heard, notes = _generated(request, n)
    tell(0.7, "sound")
    coded = coded_safely(mastered(mixed))
    tell(1.0, "sound")
    return Soundtrack(coded.samples, coded.packets, notes, heard)


def render_soundtrack(request: SoundRequest, work_dir: Path, progress: Progress | None = None) -> SoundResult:
    """Makes the soundtrack of a clip as a file in ``work_dir``.

    Raises:
        AudioUnreadable: the caller's file (mode ``file``) has no usable sound.
    """
    if request.mode == "none":
        return SoundResult()
    made = make_soundtrack(request, progress)
    path = work_dir / FILE_NAME
    write_wav(path, np.ascontiguousarray(made.samples.T))
    return SoundResult(path=path, loudness=measured(made.samples), notes=made.notes, heard=made.heard)


def warm_up(models_dir: Path | None) -> None:
    """Does once, for a moment of sound, what is slower the first time: loads words, instruments, filters, the coder."""
    through_aac(
        mastered(composed(SoundRequest(prompt="piano", duration_s=_MOMENT_S, models_dir=models_dir), _MOMENT)[0])
    )


def _generated(request: SoundRequest, n: int) -> tuple[F32, tuple[str, ...], tuple[str, ...]]:
    """The engine's own sound where it made some, else composed sound: mix, what is heard, notes."""
    if request.engine_soundtrack is None:
        return composed(request, n)
    try:
        return fitted(request.engine_soundtrack, n), ("the engine's own sound",), ()
    except AudioUnreadable:
        mixed, heard, notes = composed(request, n)
        return mixed, heard, (*notes, "the engine's own sound could not be used; it was composed instead")
