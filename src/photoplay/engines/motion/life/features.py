"""A clear face on the stage: the landmarks that blink and smile need, in working pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from photoplay.engines.motion.toolkit import from_photo, subject_of
from photoplay.engines.motion.types import F32, Face, Stage

F64 = NDArray[np.float64]

# Points of the MediaPipe face mesh. Eyes from the outer to the inner corner; left and right as in the picture.
_EYES = (
    ((33, 246, 161, 160, 159, 158, 157, 173, 133), (33, 7, 163, 144, 145, 153, 154, 155, 133), (70, 63, 105, 66, 107)),
    ((263, 466, 388, 387, 386, 385, 384, 398, 362), (263, 249, 390, 373, 374, 380, 381, 382, 362),
     (300, 293, 334, 296, 336)),
)  # fmt: skip
_MOUTH = (61, 291)
_NOSE = 1
_CHEEKS = (234, 454)
LEAST_SCORE = 0.6
LEAST_EYE_PX = 14.0  # working pixels: a smaller eye is a smudge, and a lid on it another
TURNED = 0.26  # the nose must lie this far from either side of the face, as a share of its width


@dataclass(frozen=True, slots=True)
class Eye:
    """``upper``, ``lower`` (9, 2) float64: the lids from corner to corner; ``brow`` (5, 2)."""

    upper: F64
    lower: F64
    brow: F64

    @property
    def width(self) -> float:
        """From corner to corner."""
        return float(np.linalg.norm(self.upper[-1] - self.upper[0]))

    @property
    def opening(self) -> float:
        """Mean distance of the lids in the middle of the eye."""
        return float(np.linalg.norm(self.lower[3:6] - self.upper[3:6], axis=1).mean())


@dataclass(frozen=True, slots=True)
class Features:
    """Landmarks of one face that looks at us. ``layer`` carries it; ``depth``: its inverse depth there."""

    eyes: tuple[Eye, Eye]
    mouth: tuple[F64, F64]  # corners, left and right in the picture
    width: float
    layer: int
    depth: float


def clear_faces(stage: Stage) -> list[Features]:
    """The faces that are large, sure and frontal enough to be moved, largest first."""
    found = [features for face in stage.scene.faces if (features := _features(stage, face)) is not None]
    return sorted(found, key=lambda features: -features.width)


def _features(stage: Stage, face: Face) -> Features | None:
    if face.mesh is None or face.score < LEAST_SCORE:
        return None
    mesh = np.array([from_photo(stage, float(x), float(y)) for x, y in face.mesh[:468, :2]])
    left, right, nose = mesh[_CHEEKS[0]], mesh[_CHEEKS[1]], mesh[_NOSE]
    width = float(np.linalg.norm(right - left))
    along = float(np.dot(nose - left, right - left)) / max(width * width, 1e-6)
    if not TURNED < along < 1.0 - TURNED:
        return None
    eyes = tuple(Eye(mesh[list(upper)], mesh[list(lower)], mesh[list(brow)]) for upper, lower, brow in _EYES)
    if min(eye.width for eye in eyes) < LEAST_EYE_PX:
        return None
    subject = subject_of(stage)
    layer = 0
    height, wide = stage.layers[0].rgb.shape[:2]
    x, y = min(max(int(nose[0]), 0), wide - 1), min(max(int(nose[1]), 0), height - 1)
    if subject is not None and subject.alpha[y, x] >= 128:
        layer = subject.key
    field: F32 = stage.layers[layer].inverse_depth
    depth = float(
        field[
            min(field.shape[0] - 1, y * field.shape[0] // height), min(field.shape[1] - 1, x * field.shape[1] // wide)
        ]
    )
    return Features((eyes[0], eyes[1]), (mesh[_MOUTH[0]], mesh[_MOUTH[1]]), width, layer, depth)
