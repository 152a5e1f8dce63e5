"""Small image filters that the scene and the stage share: typed, deterministic, built on OpenCV.

Arrays are (H, W) or (H, W, C). Sizes are (width, height). Float images run 0..1 unless a function says otherwise.
"""

from __future__ import annotations

import threading
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from photoplay.engines.motion.types import F32, U8

Image = NDArray[Any]


def fit_size(size: tuple[int, int], long_side: int) -> tuple[int, int]:
    """``size`` scaled down (never up) so that its long side is at most ``long_side``; both sides at least 1."""
    width, height = size
    scale = min(1.0, long_side / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _resize(image: Image, size: tuple[int, int], how: int | None) -> Image:
    height, width = image.shape[:2]
    if (width, height) == size:
        return image
    if how is None:
        how = cv2.INTER_AREA if size[0] * size[1] < width * height else cv2.INTER_LINEAR
    # Halving is many times quicker than any other shrinking, and the mean of means is the mean.
    while how == cv2.INTER_AREA and width % 2 == height % 2 == 0 and width >= 2 * size[0] and height >= 2 * size[1]:
        width, height = width // 2, height // 2
        image = _same_rank(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA), image)
    if (width, height) == size:
        return image
    return _same_rank(cv2.resize(image, size, interpolation=how), image)


def _same_rank(result: Image, image: Image) -> Image:
    """OpenCV drops a last axis of length 1; it is put back."""
    return result if result.ndim == image.ndim else result[..., None]


def resize_u8(image: U8, size: tuple[int, int], how: int | None = None) -> U8:
    """``image`` at ``size``: area average when shrinking, linear when growing, or the OpenCV flag ``how``."""
    return np.asarray(_resize(image, size, how), dtype=np.uint8)


def resize_f32(image: F32, size: tuple[int, int], how: int | None = None) -> F32:
    """As :func:`resize_u8`, for floats."""
    return np.asarray(_resize(image, size, how), dtype=np.float32)


def shrunk(image: U8, size: tuple[int, int]) -> U8:
    """``image`` at a smaller ``size`` by area average. As :func:`resize_u8`, but as quick where a side is odd: its last
    row or column is then not looked at."""
    height, width = image.shape[0] // 2, image.shape[1] // 2
    if width >= size[0] and height >= size[1]:
        image = resize_u8(image[: 2 * height, : 2 * width], (width, height), cv2.INTER_AREA)
    return resize_u8(image, size)


class Sizes:
    """A picture that is asked for at several sizes, perhaps by threads beside each other: each size is made once.

    What takes either this or a plain array calls :meth:`of`. What was made lives as long as this does.
    """

    def __init__(self, full: U8) -> None:
        """``full``: (H, W) or (H, W, C) uint8, not written to any more."""
        self.full = full
        self.size = (full.shape[1], full.shape[0])  # width, height
        self._made: dict[tuple[int, int], U8] = {}
        self._making: dict[tuple[int, int], threading.Lock] = {}
        self._lock = threading.Lock()

    @classmethod
    def of(cls, picture: U8 | Sizes) -> Sizes:
        """``picture`` itself, or the sizes of an array that nobody shares."""
        return picture if isinstance(picture, Sizes) else cls(picture)

    def at(self, long_side: int) -> U8:
        """The picture at :func:`fit_size`, as :func:`resize_u8` makes it; read-only, for others have it too."""
        size = fit_size(self.size, long_side)
        with self._lock:
            making = self._making.setdefault(size, threading.Lock())
        with making:  # one lock per size: who wants another one does not wait
            if size not in self._made:
                picture = resize_u8(self.full, size).view()
                picture.flags.writeable = False
                self._made[size] = picture
            return self._made[size]


def bounds(mask: NDArray[np.bool_], pad: int) -> tuple[slice, slice] | None:
    """The rows and columns that hold all of ``mask``, ``pad`` pixels more on each side; None where it is empty."""
    if mask.size == 0:
        return None
    x, y, width, height = cv2.boundingRect(np.ascontiguousarray(mask).view(np.uint8))
    if width == 0:
        return None
    return (
        slice(max(0, y - pad), min(mask.shape[0], y + height + pad)),
        slice(max(0, x - pad), min(mask.shape[1], x + width + pad)),
    )


def box(image: F32, radius: int) -> F32:
    """Mean over a square of side ``2 * radius + 1`` pixels, mirrored at the border."""
    side = 2 * radius + 1
    return np.asarray(cv2.blur(image, (side, side), borderType=cv2.BORDER_REFLECT), dtype=np.float32)


def blur(image: F32, sigma_px: float) -> F32:
    """Gaussian blur; wide ones are worked out at a reduced size, where they look the same and cost far less."""
    height, width = image.shape[:2]
    factor = int(min(sigma_px / 3.0, min(height, width) / 8.0))
    if factor >= 2:
        small = resize_f32(image, (max(1, width // factor), max(1, height // factor)), cv2.INTER_AREA)
        return resize_f32(blur(small, sigma_px / factor), (width, height), cv2.INTER_LINEAR)
    return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma_px, borderType=cv2.BORDER_REFLECT), dtype=np.float32)


def smoothstep(image: F32, low: float, high: float) -> F32:
    """0 below ``low``, 1 above ``high``, a cubic without corners between."""
    t = np.clip((image - np.float32(low)) / np.float32(high - low), 0.0, 1.0)
    return np.asarray(t * t * (3.0 - 2.0 * t), dtype=np.float32)


def total(image: F32) -> F32:
    """(H, W) float32: the sum of an image's three channels."""
    return np.asarray(cv2.transform(image, np.ones((1, 3), np.float32)), dtype=np.float32)


def row(*values: float) -> F32:
    """A small float32 vector, for arithmetic with images."""
    return np.array(values, dtype=np.float32)


def disc(radius_px: float) -> U8:
    """A round structuring element."""
    side = 2 * max(1, round(radius_px)) + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), dtype=np.uint8)


def dilate(mask: U8, radius_px: float) -> U8:
    """``mask`` grown by about ``radius_px``."""
    return np.asarray(cv2.dilate(mask, disc(radius_px)), dtype=np.uint8) if radius_px >= 0.5 else mask


def erode(mask: U8, radius_px: float) -> U8:
    """``mask`` shrunk by about ``radius_px``; what touches the border stays."""
    if radius_px < 0.5:
        return mask
    return np.asarray(cv2.erode(mask, disc(radius_px), borderType=cv2.BORDER_REPLICATE), dtype=np.uint8)


def to_u8(image: F32) -> U8:
    """0..1 floats to 0..255, rounded."""
    return np.asarray(np.clip(image * 255.0 + 0.5, 0, 255), dtype=np.uint8)


def above(field: U8, level: int) -> U8:
    """(H, W) uint8: 255 where ``field`` is greater than ``level``, 0 elsewhere."""
    return np.asarray(cv2.threshold(field, level, 255, cv2.THRESH_BINARY)[1], dtype=np.uint8)


def to_f32(image: U8) -> F32:
    """0..255 to 0..1 floats."""
    return np.asarray(image, dtype=np.float32) * np.float32(1 / 255)


def like(field: F32, image: Image) -> F32:
    """``field`` (H, W) once for each channel of ``image``: arithmetic with few channels is many times quicker so than
    with one that NumPy has to stretch at every pixel."""
    if image.ndim == 2:
        return field
    count = image.shape[2]
    return field[..., None] if count == 1 else np.asarray(cv2.merge([field] * count), dtype=np.float32)


def weighted_blur(image: F32, weight: F32, sigma_px: float, floor: float = 1e-4) -> F32:
    """The blur of ``image`` (H, W[, C]) where ``weight`` (H, W) counts (normalised convolution, Knutsson 1993)."""
    sums = np.maximum(blur(weight, sigma_px), np.float32(floor))
    values = blur(image * like(weight, image), sigma_px)
    return np.asarray(values / like(sums, image), dtype=np.float32)


def push_pull(image: F32, weight: F32) -> F32:
    """Fills the places without ``weight`` smoothly from those with it (pyramid push-pull, Gortler et al. 1996).

    Args:
        image: (H, W, C) float32.
        weight: (H, W) float32 0..1; pixels of weight 1 come back unchanged.
    """
    height, width = weight.shape
    own = image * like(weight, image)
    rest = like(np.asarray(np.float32(1.0) - weight), image)
    if min(height, width) <= 2 or bool(weight.min() >= 1.0):
        total = float(weight.sum())
        if total <= 0:
            return image
        mean = own.sum(axis=(0, 1)) / total
        return np.asarray(own + mean * rest, dtype=np.float32)
    half = ((width + 1) // 2, (height + 1) // 2)
    small_weight = resize_f32(weight, half, cv2.INTER_AREA)
    small = resize_f32(own, half, cv2.INTER_AREA) / like(np.maximum(small_weight, np.float32(1e-6)), image)
    pulled = push_pull(np.asarray(small, dtype=np.float32), np.minimum(small_weight * 4.0, 1.0))
    coarse = resize_f32(pulled, (width, height), cv2.INTER_LINEAR)
    return np.asarray(own + coarse * rest, dtype=np.float32)


def guided(guide: F32, image: F32, radius_px: int, epsilon: float, step: int = 4) -> F32:
    """Guided filter with a colour guide (He, Sun and Tang 2010), in its subsampled form (He and Sun 2015).

    Args:
        guide: (H, W, 3) float32, 0..1.
        image: (H, W) float32: what to smooth along the guide's edges.
        radius_px: window radius at full size.
        epsilon: edges of a smaller variance than this are smoothed over.
        step: the linear model is worked out at 1/step of the size.
    """
    height, width = image.shape
    step = max(1, min(step, radius_px, height // 8, width // 8))
    size = (max(1, width // step), max(1, height // step))
    small_guide, small = resize_f32(guide, size, cv2.INTER_AREA), resize_f32(image, size, cv2.INTER_AREA)
    *factors, rest = _model(small_guide, small, max(1, round(radius_px / step)), epsilon)
    result = resize_f32(rest, (width, height), cv2.INTER_LINEAR)
    for factor, plane in zip(factors, channels(guide), strict=True):
        result += resize_f32(factor, (width, height), cv2.INTER_LINEAR) * plane
    return result


def guided_model(guide: U8, image: U8, radius_px: int, epsilon: float, step: int) -> F32:
    """The guided filter's linear model alone, at 1/step of the size: (h, w, 4) float32; image = r, g, b, 1 times it."""
    height, width = image.shape
    step = max(1, min(step, radius_px, height // 8, width // 8))
    size = (max(1, width // step), max(1, height // step))
    small_guide, small = to_f32(resize_u8(guide, size, cv2.INTER_AREA)), to_f32(resize_u8(image, size, cv2.INTER_AREA))
    model = _model(small_guide, small, max(1, round(radius_px / step)), epsilon)
    return np.asarray(cv2.merge(model), dtype=np.float32)


def channels(image: F32) -> list[F32]:
    """An image's channels, each a (H, W) array of its own: arithmetic on every third number takes twice the time."""
    return [np.asarray(channel, dtype=np.float32) for channel in cv2.split(image)]


def _model(g: F32, p: F32, r: int, epsilon: float) -> list[F32]:
    """The factors of red, green and blue and what is added, (H, W) each: about any pixel p is near to their sum."""
    red, green, blue = channels(g)
    m0, m1, m2, mean_p = box(red, r), box(green, r), box(blue, r), box(p, r)
    k0, k1, k2 = box(red * p, r) - m0 * mean_p, box(green * p, r) - m1 * mean_p, box(blue * p, r) - m2 * mean_p
    s00, s01, s02 = box(red * red, r) - m0 * m0 + epsilon, box(red * green, r) - m0 * m1, box(red * blue, r) - m0 * m2
    s11, s12 = box(green * green, r) - m1 * m1 + epsilon, box(green * blue, r) - m1 * m2
    s22 = box(blue * blue, r) - m2 * m2 + epsilon
    # The 3x3 covariance is symmetric: its inverse by cofactors is far quicker than a batched solve.
    c00, c01, c02 = s11 * s22 - s12 * s12, s02 * s12 - s01 * s22, s01 * s12 - s02 * s11
    c11, c12, c22 = s00 * s22 - s02 * s02, s01 * s02 - s00 * s12, s00 * s11 - s01 * s01
    det = s00 * c00 + s01 * c01 + s02 * c02
    a0 = (c00 * k0 + c01 * k1 + c02 * k2) / det
    a1 = (c01 * k0 + c11 * k1 + c12 * k2) / det
    a2 = (c02 * k0 + c12 * k1 + c22 * k2) / det
    b = mean_p - (a0 * m0 + a1 * m1 + a2 * m2)
    return [box(np.asarray(part, dtype=np.float32), r) for part in (a0, a1, a2, b)]
