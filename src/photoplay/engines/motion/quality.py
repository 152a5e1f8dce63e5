"""What the words std, pro and premium mean here."""

from __future__ import annotations

from dataclasses import dataclass

from photoplay.errors import UnsupportedValue


@dataclass(frozen=True, slots=True)
class Quality:
    """How much work a clip gets.

    ``oversample``: working pixels per video pixel where the photo has that many: sharper zooms. ``crf`` and
    ``preset``: of the encoder.
    """

    name: str
    oversample: float
    crf: float
    preset: str


QUALITIES: dict[str, Quality] = {
    # The knee: 45.7 dB against the frames, about as fast as encoding alone.
    "std": Quality("std", oversample=1.12, crf=19.0, preset="superfast"),
    # Zooms to 1.25 stay as sharp as the photo; a better picture in fewer bytes, for nearly twice the time.
    "pro": Quality("pro", oversample=1.25, crf=17.0, preset="fast"),
    # For further editing: sharper at the end of a zoom, a third more bytes. Measured in docs/motion.md.
    "premium": Quality("premium", oversample=1.40, crf=14.0, preset="medium"),
}


def quality_named(name: str) -> Quality:
    """The quality of that name.

    Raises:
        UnsupportedValue: there is none.
    """
    try:
        return QUALITIES[name]
    except KeyError:
        raise UnsupportedValue("quality", f"quality must be one of {', '.join(QUALITIES)}") from None


def oversample_for(quality: Quality, photo_px_per_video_px: float) -> float:
    """Working pixels per video pixel: never more than the photo has, but for a little where it is nearly enough.

    A photo that has to be enlarged anyway is soft already, and linear sampling takes nothing from it.
    """
    if photo_px_per_video_px < 0.75:
        return 1.0
    return max(1.0, min(quality.oversample, max(1.12, photo_px_per_video_px)))
