"""A photo from a file."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from photoplay.engines.motion.types import U8, Photo
from photoplay.media.image import DEFAULT_MIN_SIDE, DecodedImage, OpenedImage, open_photo


class PhotoFile(Photo):
    """A file's photo. Its header was read; it is decoded when its pixels are first asked for, which a clip whose
    scene and stage are in the cache never does: large photos take longer to decode than to film.

    All that needs the pixels raises InputError when they are damaged.
    """

    def __init__(self, opened: OpenedImage) -> None:
        """``opened``: the file, checked."""
        self._opened = opened

    @cached_property
    def _decoded(self) -> DecodedImage:
        return self._opened.decode()

    @property
    def digest(self) -> str:
        """See :class:`Photo`."""
        return self._opened.digest

    @property
    def focal_mm(self) -> float | None:
        """See :class:`Photo`."""
        return self._opened.focal_mm

    @property
    def size(self) -> tuple[int, int]:
        """See :class:`Photo`."""
        return self._opened.size

    @property
    def rgb(self) -> U8:
        """See :class:`Photo`."""
        return self._decoded.rgb

    @property
    def alpha(self) -> U8 | None:
        """See :class:`Photo`."""
        return self._decoded.alpha

    @property
    def notes(self) -> tuple[str, ...]:
        """See :class:`Photo`."""
        return self._decoded.notes


def load(path: Path, max_pixels: int, *, min_side: int | None = None, max_shape: float | None = None) -> Photo:
    """A photo of unknown content.

    Args:
        path: the file.
        max_pixels: a larger picture is refused before it is decoded.
        min_side: pixels; a picture with a shorter side is refused. None: what is too small to move in.
        max_shape: a picture whose long side is more than this many times the short one is refused. None: any shape.

    Raises:
        InputError: the file is no picture that can be used; the leaf says why.
    """
    least = max(min_side or 0, DEFAULT_MIN_SIDE)
    return PhotoFile(open_photo(path, max_pixels=max_pixels, min_side=least, max_aspect=max_shape))
