"""The names of a picture's colours."""

from __future__ import annotations

import cv2
import numpy as np

from photoplay.engines.motion.types import U8


def _small(rgb: U8) -> U8:
    return np.asarray(cv2.resize(rgb, (64, 64), interpolation=cv2.INTER_AREA), dtype=np.uint8)


# Hue of OpenCV's 8-bit HSV (0..180) up to which a colour has its name.
_HUES = (
    (8, "red"),
    (20, "orange"),
    (33, "yellow"),
    (80, "green"),
    (98, "teal"),
    (128, "blue"),
    (150, "violet"),
    (168, "pink"),
)


_WRAPPED = "red again"  # where the circle of hues closes
_NAMES = (*(name for _, name in _HUES), _WRAPPED, "black", "white", "grey", "brown")
_MAY_BE_BROWN = tuple(number for number, name in enumerate(_NAMES) if name in {"orange", "red", "yellow", _WRAPPED})


def colours_of(rgb: U8, most: int = 3) -> tuple[str, ...]:
    """Names of the main colours, most first; (H, W, 3) uint8."""
    hue, saturation, value = cv2.cvtColor(_small(rgb), cv2.COLOR_RGB2HSV).reshape(-1, 3).T
    names = np.searchsorted([limit for limit, _ in _HUES], hue, side="right")  # past all of them: red again
    brown = np.isin(names, _MAY_BE_BROWN) & (value < 140)
    names = np.select(
        [value < 45, (saturation < 40) & (value > 200), saturation < 40, brown],
        [_NAMES.index(name) for name in ("black", "white", "grey", "brown")],
        names,
    )
    counts = {name: int(count) for name, count in zip(_NAMES, np.bincount(names, minlength=len(_NAMES)), strict=True)}
    counts["red"] += counts.pop(_WRAPPED)
    total = len(hue)
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return tuple(name for name, count in ranked if count >= 0.08 * total)[:most]
