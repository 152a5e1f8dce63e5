"""Hostile image files become upright 8-bit sRGB, or are refused with a plain reason.

Nothing is decoded before the header's size is known to be within limits, and a picture is whole or refused: a
truncated file never yields half a picture. Decoders are C code fed with strangers' bytes: call this in the render
child or another process with a memory limit.
"""

from __future__ import annotations

import hashlib
import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageCms

from photoplay.errors import (
    FileTooLarge,
    ImageFormatUnsupported,
    ImageShapeUnsupported,
    ImageTooLarge,
    ImageTooSmall,
    ImageUnreadable,
    InputError,
)
from photoplay.media.backdrop import composite
from photoplay.media.sniff import SNIFF_BYTES, sniff, webp_size

U8 = NDArray[np.uint8]

FORMATS: Final = {
    "image/jpeg": ("JPEG", "MPO"),
    "image/png": ("PNG",),
    "image/webp": ("WEBP",),
    "image/gif": ("GIF",),
    "image/bmp": ("BMP",),
    "image/tiff": ("TIFF",),
    "image/avif": ("AVIF",),
}
"""Media types that are decoded, and Pillow's decoders for each."""

DEFAULT_MAX_PIXELS: Final = 120_000_000
DEFAULT_MAX_BYTES: Final = 64 * 1024 * 1024
DEFAULT_MIN_SIDE: Final = 16  # pixels; below this there is no picture to move in
NOTE_BACKDROP: Final = "the image's transparent parts were given a backdrop"
_REASONS: Final = {
    "image/heic": "HEIC images are not supported; export the photo as JPEG, PNG or WebP",
    "image/jp2": "JPEG 2000 images are not supported",
    "image/jxl": "JPEG XL images are not supported",
    "image/svg+xml": "vector images are not supported",
    "image/vnd.adobe.photoshop": "Photoshop files are not supported",
}
_SUPPORTED: Final = "use JPEG, PNG, WebP, AVIF, GIF, BMP or TIFF"
_SRGB_PRIMARIES: Final = np.array(  # XYZ of red, green and blue as seen under D50 (ICC: sRGB.icm)
    [(0.43604, 0.22248, 0.01392), (0.38511, 0.71690, 0.09707), (0.14305, 0.06061, 0.71391)]
)
_PRIMARY_TOLERANCE: Final = 0.003
_UPRIGHT: Final = {  # by EXIF's number for which way up a picture lies
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_ON_ITS_SIDE: Final = (5, 6, 7, 8)
_FOCAL_RANGE_MM: Final = (5.0, 2000.0)  # what a 35 mm equivalent can be

# Pillow's own limit knows neither ours nor its error; _check_size is run on every header instead.
Image.MAX_IMAGE_PIXELS = None


@dataclass(frozen=True, slots=True)
class DecodedImage:
    """A decoded picture.

    ``rgb`` (H, W, 3) uint8 sRGB, upright, C-contiguous; transparent parts lie over a backdrop.
    ``alpha`` (H, W) uint8: the opacity it had, None when it was opaque everywhere.
    ``source_format``: "JPEG", "PNG", ...
    ``digest``: SHA-256 of the file, hex.
    ``focal_mm``: 35 mm equivalent focal length from EXIF, when it is there and plausible.
    ``notes``: what was assumed or left out, in plain words for the user.
    """

    rgb: U8
    source_format: str
    digest: str
    alpha: U8 | None = None
    focal_mm: float | None = None
    notes: tuple[str, ...] = ()

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        return self.rgb.shape[1], self.rgb.shape[0]

    @property
    def had_alpha(self) -> bool:
        """Whether parts of the file's picture were transparent."""
        return self.alpha is not None


class OpenedImage:
    """An image file whose header was read and found within limits; its pixels are not decoded yet.

    ``digest``, ``focal_mm``: see :class:`DecodedImage`. ``size``: (width, height) in pixels, upright.
    """

    def __init__(self, image: Image.Image, digest: str) -> None:
        """Made by :func:`open_image`."""
        self._image = image
        self.digest = digest
        self.focal_mm = _focal_mm(image)
        turned = image.format != "TIFF" and _orientation(image) in _ON_ITS_SIDE  # Pillow turns a TIFF itself
        self.size: tuple[int, int] = (image.size[1], image.size[0]) if turned else image.size

    def decode(self) -> DecodedImage:
        """Its pixels. Once only: the file is closed afterwards.

        Raises:
            ImageUnreadable: damaged, cut short or fully transparent.
            ImageTooLarge: there is not enough memory.
        """
        with _refusing(), self._image as image:
            decoded = _decode(image, self.digest, self.focal_mm)
            if decoded.size != self.size:
                raise ImageUnreadable("the image has another size than its header says")
            return decoded


def open_photo(
    path: Path,
    *,
    max_pixels: int = DEFAULT_MAX_PIXELS,
    max_bytes: int = DEFAULT_MAX_BYTES,
    min_side: int = DEFAULT_MIN_SIDE,
    max_aspect: float | None = None,
) -> OpenedImage:
    """Opens an image file. Arguments and errors: see :func:`open_image`; a missing file is unreadable."""
    try:
        if path.stat().st_size > max_bytes:
            raise FileTooLarge(f"the image file is larger than {max_bytes:,} bytes")
        data = path.read_bytes()
    except OSError as error:
        raise ImageUnreadable("the image file cannot be read") from error
    return open_image(data, max_pixels=max_pixels, min_side=min_side, max_aspect=max_aspect)


def open_image(
    data: bytes,
    *,
    max_pixels: int = DEFAULT_MAX_PIXELS,
    min_side: int = DEFAULT_MIN_SIDE,
    max_aspect: float | None = None,
) -> OpenedImage:
    """Reads the header of an image file's bytes.

    Args:
        data: the whole file.
        max_pixels: refuse more than this; checked on the header, before decoding.
        min_side: refuse when the short side has fewer pixels.
        max_aspect: refuse when the long side is more than this many times the short side; None: any shape.

    Raises:
        ImageUnreadable: not an image, empty, truncated or corrupt.
        ImageFormatUnsupported: an image, but of a format that is not decoded here.
        ImageTooLarge: too many pixels.
        ImageTooSmall: too few.
        ImageShapeUnsupported: too long or too tall.
    """
    mime = _check_format(data)

    def check(width: int, height: int) -> None:
        _check_size(width, height, max_pixels=max_pixels, min_side=min_side, max_aspect=max_aspect)

    if mime == "image/webp" and (size := webp_size(data)) is not None:
        check(*size)
    with _refusing():
        image = Image.open(io.BytesIO(data), formats=FORMATS[mime])
        check(*image.size)
        return OpenedImage(image, hashlib.sha256(data).hexdigest())


def load_photo(
    path: Path,
    *,
    max_pixels: int = DEFAULT_MAX_PIXELS,
    max_bytes: int = DEFAULT_MAX_BYTES,
    min_side: int = DEFAULT_MIN_SIDE,
    max_aspect: float | None = None,
) -> DecodedImage:
    """Reads an image file. Arguments and errors: see :func:`decode_photo`; a missing file is unreadable."""
    opened = open_photo(path, max_pixels=max_pixels, max_bytes=max_bytes, min_side=min_side, max_aspect=max_aspect)
    return opened.decode()


def decode_photo(
    data: bytes,
    *,
    max_pixels: int = DEFAULT_MAX_PIXELS,
    min_side: int = DEFAULT_MIN_SIDE,
    max_aspect: float | None = None,
) -> DecodedImage:
    """Decodes an image file's bytes. Arguments and errors: see :func:`open_image` and :meth:`OpenedImage.decode`."""
    return open_image(data, max_pixels=max_pixels, min_side=min_side, max_aspect=max_aspect).decode()


@contextmanager
def _refusing() -> Iterator[None]:
    """What the decoders raise, as one of ours."""
    try:
        with warnings.catch_warnings():
            # Broken metadata in a readable picture is a warning to Pillow; it is of no use to anyone here.
            warnings.simplefilter("ignore")
            yield
    except InputError:
        raise
    except MemoryError as error:
        raise ImageTooLarge("the image needs more memory than there is") from error
    except Exception as error:
        # The rim to the decoders: on hostile bytes they raise OSError, SyntaxError, ValueError, struct.error,
        # KeyError, IndexError, TypeError, zlib.error, ... and all of them mean the same.
        raise ImageUnreadable("the image is damaged or cut short") from error


def _check_format(data: bytes) -> str:
    if not data:
        raise ImageUnreadable("the image file is empty")
    mime = sniff(data[:SNIFF_BYTES])
    if mime in FORMATS:
        return mime
    if mime is None:
        raise ImageUnreadable(f"the file is not an image; {_SUPPORTED}")
    if mime in _REASONS:
        raise ImageFormatUnsupported(_REASONS[mime])
    if mime.startswith("image/"):
        raise ImageFormatUnsupported(f"{mime} is not supported; {_SUPPORTED}")
    raise ImageUnreadable(f"the file is {mime}, not an image; {_SUPPORTED}")


def _check_size(width: int, height: int, *, max_pixels: int, min_side: int, max_aspect: float | None) -> None:
    if width * height > max_pixels:
        raise ImageTooLarge(f"the image has {width}x{height} pixels; at most {max_pixels:,} are allowed")
    if min(width, height) < min_side:
        raise ImageTooSmall(f"the image has {width}x{height} pixels; each side needs at least {min_side}")
    if max_aspect is not None and max(width, height) > max_aspect * min(width, height):
        raise ImageShapeUnsupported(f"the image is {width}x{height}; at most {max_aspect:g}:1 is allowed")


def _decode(image: Image.Image, digest: str, focal_mm: float | None) -> DecodedImage:
    notes: list[str] = []
    source_format = str(image.format)
    if source_format == "MPO":  # a JPEG with further pictures behind it (stereo, gain map)
        source_format = "JPEG"
    elif getattr(image, "is_animated", False):
        notes.append("the image has several frames or pages; the first one was used")
    profile = image.info.get("icc_profile")
    image.load()
    upright: Image.Image = _upright(image)
    colour, alpha = _split_alpha(upright)
    eight = _to_eight_bits(colour, notes)
    rgb = np.array(_to_srgb(eight, profile, notes), dtype=np.uint8)
    if alpha is not None:
        if not alpha.any():
            raise ImageUnreadable("the image is fully transparent")
        if int(alpha.min()) == 255:
            alpha = None
        else:
            rgb = composite(rgb, alpha)
            notes.append(NOTE_BACKDROP)
    return DecodedImage(rgb, source_format, digest, alpha, focal_mm, tuple(notes))


def _upright(image: Image.Image) -> Image.Image:
    how = _UPRIGHT.get(_orientation(image))
    return image if how is None else image.transpose(how)


def _orientation(image: Image.Image) -> int:
    """EXIF's number for which way up the picture lies; 1 where it says none."""
    try:
        return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # noqa: BLE001 - broken EXIF raises anything; the picture itself is sound: take it as it lies
        return 1


def _focal_mm(image: Image.Image) -> float | None:
    try:
        value: Any = image.getexif().get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.FocalLengthIn35mmFilm)
        focal = float(value)
    except Exception:  # noqa: BLE001 - absent or broken EXIF raises anything; the focal length is optional
        return None
    low, high = _FOCAL_RANGE_MM
    return focal if low <= focal <= high else None


def _split_alpha(image: Image.Image) -> tuple[Image.Image, U8 | None]:
    """The colour part and the opacity (H, W) uint8, whichever way the file says it."""
    marked = "transparency" in image.info and image.mode in ("1", "L", "RGB", "P")
    if image.mode == "La":
        image = image.convert("LA")
    elif marked or image.mode in ("RGBa", "PA"):
        image = image.convert("RGBA")
    if image.mode not in ("LA", "RGBA"):
        return image, None
    alpha = np.array(image.getchannel("A"), dtype=np.uint8)
    return image.convert("RGB" if image.mode == "RGBA" else "L"), alpha


def _to_eight_bits(image: Image.Image, notes: list[str]) -> Image.Image:
    """Modes with more than 8 bits, and palettes, become L or RGB; CMYK and LAB stay for their profile."""
    if image.mode.startswith("I;16"):
        return Image.fromarray(_scale(np.asarray(image).astype(np.float32), 65535.0))
    if image.mode == "I":
        values = np.asarray(image).astype(np.float64)
        full = 65535.0 if values.min() >= 0 and values.max() <= 65535 else None
        return Image.fromarray(_scale(values, full))
    if image.mode == "F":
        notes.append("the image holds floating-point values; they were scaled to the visible range")
        values = np.nan_to_num(np.asarray(image).astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
        return Image.fromarray(_scale(values, 1.0 if values.min() >= 0 and values.max() <= 1.0 else None))
    if image.mode in ("L", "RGB", "CMYK", "LAB"):
        return image
    return image.convert("L" if image.mode == "1" else "RGB")


def _scale(values: NDArray[Any], full: float | None) -> U8:
    """``values`` (H, W) to uint8: 0..``full`` becomes 0..255, or what they span when there is no full scale."""
    low, high = (0.0, full) if full is not None else (float(values.min()), float(values.max()))
    span = (high - low) or 1.0
    return np.asarray(np.clip(np.rint((values - low) * (255.0 / span)), 0, 255), dtype=np.uint8)


def _is_srgb(profile: Any) -> bool:
    """Whether a profile is sRGB's own, by its name and by its primaries as seen under D50."""
    primaries = (profile.red_colorant, profile.green_colorant, profile.blue_colorant)
    if not (profile.profile_description or "").startswith("sRGB") or None in primaries:
        return False
    said = np.array([primary[0] for primary in primaries if primary is not None])
    return bool(np.abs(said - _SRGB_PRIMARIES).max() < _PRIMARY_TOLERANCE)


def _to_srgb(image: Image.Image, profile: bytes | None, notes: list[str]) -> Image.Image:
    """Applies the embedded colour profile; without one, L and RGB are taken as sRGB."""
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            if image.mode == "L" and source.profile.xcolor_space.strip() == "RGB":
                image = image.convert("RGB")
            if image.mode == "RGB" and _is_srgb(source.profile):
                return image  # to itself it would cost as much as the decoding, and change a level here and there
            converted = ImageCms.profileToProfile(
                image,
                source,
                ImageCms.createProfile("sRGB"),
                renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
                outputMode="RGB",
                flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
            )
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            converted = None
        if converted is not None:
            return converted
        notes.append("the image's colour profile is unusable; standard colours were assumed")
    if image.mode == "LAB":
        lab = ImageCms.createProfile("LAB")
        converted = ImageCms.profileToProfile(image, lab, ImageCms.createProfile("sRGB"), outputMode="RGB")
        if converted is None:
            raise ImageUnreadable("the image's LAB colours cannot be converted")
        return converted
    if image.mode == "CMYK":
        notes.append("the image has print colours (CMYK) without a usable profile; colours are approximate")
    return image.convert("RGB")
