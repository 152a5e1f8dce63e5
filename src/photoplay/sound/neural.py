"""The place for neural sound: an operator's own text-to-audio pipeline.

The setting ``text_to_audio`` names it: the URL of a server (:mod:`photoplay.sound.remote`), or ``module:attribute``,
a callable, or a class without arguments whose object is one, of the shape of :class:`TextToAudio`. It gives the
ambience; events that belong to moments of the picture and speech are added by this room, and loudness is set as for
everything else.
"""

from __future__ import annotations

import importlib
import inspect
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from photoplay.errors import RenderFailed, SettingsError
from photoplay.sound.dsp import F32, RATE, f32
from photoplay.sound.filters import resampled
from photoplay.sound.request import AudioAccess


class TextToAudio(Protocol):
    """A pipeline that makes sound from words."""

    def __call__(self, prompt: str, *, duration_s: float, seed: int) -> tuple[NDArray[np.floating[Any]], int]:
        """Sound for the prompt: ``(n,)`` or ``(n, channels)`` between -1 and 1, and its rate in Hz."""
        ...


def load(access: AudioAccess) -> TextToAudio:
    """The pipeline that the operator has named.

    Raises:
        SettingsError: there is none of that name, or it cannot be called.
    """
    name = access.source
    if name.startswith(("http://", "https://")):
        # Imported here: most soundtracks need no HTTP client.
        from photoplay.sound.remote import RemoteAudio

        return RemoteAudio(access)
    module_name, _, attribute = name.partition(":")
    if not module_name or not attribute:
        raise SettingsError(f"text_to_audio must be module:attribute, not {name!r}")
    try:
        found = getattr(importlib.import_module(module_name), attribute)
    except (ImportError, AttributeError) as error:
        raise SettingsError(f"text_to_audio {name!r} cannot be loaded: {error}") from error
    made = found() if inspect.isclass(found) else found
    if not callable(made):
        raise SettingsError(f"text_to_audio {name!r} cannot be called")
    return cast("TextToAudio", made)


def generated(pipeline: TextToAudio, prompt: str, duration_s: float, seed: int) -> F32:
    """What the pipeline makes, as stereo at 48 kHz: ``(2, m)``.

    Raises:
        RenderFailed: what it gave is not sound.
    """
    values, rate_hz = pipeline(prompt, duration_s=duration_s, seed=seed)
    sound = f32(values)
    if sound.ndim == 1:
        sound = sound[:, None]
    if sound.ndim != 2 or not sound.size or sound.shape[0] < sound.shape[1] or not np.isfinite(sound).all():
        raise RenderFailed("the text-to-audio pipeline gave no usable sound")
    stereo = np.repeat(sound, 2, axis=1) if sound.shape[1] == 1 else sound[:, :2]
    return resampled(np.ascontiguousarray(stereo.T), int(rate_hz), RATE)
