"""A photo from a file."""

from __future__ import annotations

from pathlib import Path

from photoplay.engines.motion.types import Photo
from photoplay.media.image import load_photo


def load(path: Path, max_pixels: int) -> Photo:
    """Decodes a photo of unknown content.

    Args:
        path: the file.
        max_pixels: a larger picture is refused before it is decoded.

    Raises:
        InputError: the file is no picture that can be used; the leaf says why.
    """
    image = load_photo(path, max_pixels=max_pixels)
    return Photo(image.rgb, image.digest, focal_mm=image.focal_mm, alpha=image.alpha, notes=image.notes)
