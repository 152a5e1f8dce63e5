"""What streams for ever: two copies of a texture carried along a velocity field, each reset while the other shows.

Two-phase advection after Vlachos, "Water flow in Portal 2" (2010): a copy is carried from half a period before to
half a period after its rest; its weight is nothing at both ends and full at rest. The copies are half a period
apart, so their weights add to one and no reset is ever seen. At time 0 one copy is at rest with full weight: the
photo itself.
"""

from __future__ import annotations

import cv2
import numpy as np

from photoplay.engines.motion.animate import ExtraLayer, LayerChange, LayerKey, Moment, Spec
from photoplay.engines.motion.filters import push_pull
from photoplay.engines.motion.life.places import Place, onset
from photoplay.engines.motion.types import F32, U8, Layer, Stage

_FILL_LONG_SIDE = 480


class Stream:
    """Two extra layers over a place, and their meshes at any time.

    Not an animator itself: smoke, fire and falling water own one and add what is theirs.
    """

    def __init__(self, stage: Stage, place: Place, velocity: F32, spec: Spec, *, name: str, period_s: float) -> None:
        """``velocity``: (rows, columns, 2) float32 over the working rectangle, working pixels a second."""
        base = stage.layers[place.layer]
        alpha = feathered(place.mask, max(2.0, 0.008 * stage.frame[2]))
        layer = Layer(carried_on(base.rgb, place.mask), alpha, base.inverse_depth, base.anchor_depth)
        self._names = (f"{name}-a", f"{name}-b")
        self.layers = tuple(ExtraLayer(one, layer, after=place.layer, hold_alpha=True) for one in self._names)
        self._velocity = velocity
        self._period_s = period_s
        self._spec = spec

    def changes(self, moment: Moment, extra: F32 | None = None) -> dict[LayerKey, LayerChange]:
        """The two copies' changes; ``extra``: a mesh added to both."""
        begun = np.float32(onset(moment.time_s, self._spec))
        phase = (moment.time_s / self._period_s + 0.5) % 1.0
        other = (phase + 0.5) % 1.0
        weight = 1.0 - abs(2.0 * phase - 1.0)  # of the first copy
        meshes = []
        for part in (phase, other):
            # Backward: what is seen here was upstream of here.
            mesh = self._velocity * np.float32(-(part - 0.5) * self._period_s) * begun
            meshes.append(mesh if extra is None else mesh + extra)
        # The lower copy is opaque, the upper one mixed over it.
        return {
            self._names[0]: LayerChange(mesh=meshes[0]),
            self._names[1]: LayerChange(mesh=meshes[1], opacity=1.0 - weight),
        }


def feathered(mask: U8, radius: float) -> U8:
    """A mask softened inwards, so that its edge shows the still picture."""
    reach = 2 * max(1, round(radius)) + 1
    inner = cv2.erode(mask, np.ones((reach, reach), np.uint8))
    return np.asarray(cv2.GaussianBlur(inner, (0, 0), radius * 0.6), np.uint8)


def carried_on(rgb: U8, mask: U8) -> U8:
    """The picture inside a mask, carried on smoothly outside it: what streams past the edge is of the same stuff."""
    height, width = mask.shape
    scale = min(1.0, _FILL_LONG_SIDE / max(height, width))
    size = max(2, round(width * scale)), max(2, round(height * scale))
    weight = np.asarray(cv2.resize(mask, size, interpolation=cv2.INTER_AREA), np.float32) / np.float32(255.0)
    weight = np.clip(weight * 1.5 - 0.5, 0.0, 1.0).astype(np.float32)
    small = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.float32)
    smooth = cv2.resize(np.clip(push_pull(small, weight), 0, 255).astype(np.uint8), (width, height))
    share = (mask[..., None].astype(np.float32) / np.float32(255.0)).astype(np.float32)
    return np.asarray(rgb * share + smooth * (np.float32(1.0) - share) + np.float32(0.5), np.uint8)


def curl(rng: np.random.Generator, rows: int, columns: int, cell: float) -> F32:
    """A divergence-free swirl field of about unit size (Bridson et al. 2007): the curl of smooth noise."""
    grid = max(3, round(rows / cell) + 2), max(3, round(columns / cell) + 2)
    noise = cv2.resize(rng.random(grid, dtype=np.float32), (columns, rows), interpolation=cv2.INTER_CUBIC)
    dy, dx = np.gradient(np.asarray(noise, np.float32))
    field = np.stack([dy, -dx], axis=-1)
    return np.asarray(field / max(float(np.abs(field).max()), 1e-6), np.float32)
