"""The whole way from a request to a finished soundtrack."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from photoplay.errors import AudioUnreadable
from photoplay.media.audio import write_wav
from photoplay.sound.coding import coded_safely
from photoplay.sound.compose import composed
from photoplay.sound.dsp import F32, samples
from photoplay.sound.loudness import mastered, measured
from photoplay.sound.request import SoundRequest, SoundResult
from photoplay.sound.upload import fitted

Progress = Callable[[float, str], None]
"""Called with 0..1 and a short word for what is being done."""

FILE_NAME = "soundtrack.wav"


def render_soundtrack(request: SoundRequest, work_dir: Path, progress: Progress | None = None) -> SoundResult:
    """Makes the soundtrack of a clip in ``work_dir``.

    Raises:
        AudioUnreadable: the caller's file (mode ``file``) has no usable sound.
    """
    tell = progress or (lambda _share, _word: None)
    if request.mode == "none":
        return SoundResult()
    n = max(1, samples(request.duration_s))
    heard: tuple[str, ...] = ("the file that was given",)
    notes: tuple[str, ...] = ()
    if request.mode == "file":
        if request.file is None:
            raise AudioUnreadable("no sound file was given")
        tell(0.1, "sound")
        mixed = fitted(request.file, n)
    else:
        tell(0.1, "sound")
        mixed, heard, notes = _generated(request, n)
    tell(0.7, "sound")
    final = coded_safely(mastered(mixed))
    loudness = measured(final)
    path = work_dir / FILE_NAME
    write_wav(path, np.ascontiguousarray(final.T))
    tell(1.0, "sound")
    return SoundResult(path=path, loudness=loudness, notes=notes, heard=heard)


def _generated(request: SoundRequest, n: int) -> tuple[F32, tuple[str, ...], tuple[str, ...]]:
    """The engine's own sound where it made some, else composed sound: mix, what is heard, notes."""
    if request.engine_soundtrack is None:
        return composed(request, n)
    try:
        return fitted(request.engine_soundtrack, n), ("the engine's own sound",), ()
    except AudioUnreadable:
        mixed, heard, notes = composed(request, n)
        return mixed, heard, (*notes, "the engine's own sound could not be used; it was composed instead")
