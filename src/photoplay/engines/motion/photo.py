"""A photo from a file."""

from __future__ import annotations

from pathlib import Path

from photoplay.engines.motion.types import Photo
from photoplay.media.image import DEFAULT_MIN_SIDE, load_photo


def load(path: Path, max_pixels: int, *, min_side: int | None = None, max_shape: float | None = None) -> Photo:
    """Decodes a photo of unknown content.

    Args:
        path: the file.
        max_pixels: a larger picture is refused before it is decoded.
        min_side: pixels; a picture with a shorter side is refused. None: what is too small to move in.
        max_shape: a picture whose long side is more than this many times the short one is refused. None: any shape.

    Raises:
        InputError: the file is no picture that can be used; the leaf says why.
    """
    image = load_photo(path, max_pixels=max_pixels, min_side=max(min_side or 0, DEFAULT_MIN_SIDE), max_aspect=max_shape)
    return Photo(image.rgb, image.digest, focal_mm=image.focal_mm, alpha=image.alpha, notes=image.notes)
