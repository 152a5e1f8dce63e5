"""Where the operator's text-to-audio pipeline is, out of the settings."""

from __future__ import annotations

from photoplay.settings import Settings
from photoplay.sound.request import AudioAccess


def text_to_audio_of(settings: Settings) -> AudioAccess | None:
    """What makes ambience from words; None when the operator has named nothing and photoplay composes."""
    if settings.text_to_audio is None:
        return None
    return AudioAccess(
        source=settings.text_to_audio,
        key=settings.text_to_audio_key,
        model=settings.text_to_audio_model,
        timeout_s=settings.text_to_audio_timeout_s,
    )
