"""Mist drifts: thin veils of it, of its own colour, pass before the land that it half hides. Nothing is bent."""

from __future__ import annotations

import cv2
import numpy as np

from photoplay.engines.motion.animate import Animator, Changes, Moment, Spec, Sprite
from photoplay.engines.motion.easing import smooth
from photoplay.engines.motion.life.places import Place
from photoplay.engines.motion.toolkit import clouds, rng_for
from photoplay.engines.motion.types import F32, Stage

THICK = 0.48  # opacity of the thickest veil at strength 1
DRIFT = 0.022  # of the frame's width a second
RISE = 0.15  # of the drift
LONG_SIDE = 192  # pixels of the veils' picture: they are soft, so it is drawn larger
SET_IN_S = 2.0  # they gather over this long: the first frame is the photo


class Veils(Animator):
    """Two layers of soft cloud, one slower than the other; where both are thick a veil is seen."""

    def __init__(self, stage: Stage, place: Place, spec: Spec, strength: float) -> None:
        rng = rng_for(spec, "veils")
        x0, y0, x1, y1 = place.box
        reach = 0.04 * stage.frame[2]
        height, width = place.mask.shape
        x0, y0, x1, y1 = max(0.0, x0 - reach), max(0.0, y0 - reach), min(width, x1 + reach), min(height, y1 + reach)
        self._scale = max(x1 - x0, y1 - y0) / LONG_SIDE
        self._at = x0, y0
        size = max(8, round((x1 - x0) / self._scale)), max(8, round((y1 - y0) / self._scale))
        part = place.mask[int(y0) : int(np.ceil(y1)), int(x0) : int(np.ceil(x1))]
        weight: F32 = np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.float32) / np.float32(255)
        # Soft on all sides, and nothing at the picture's own rim.
        rim = cv2.copyMakeBorder(weight[1:-1, 1:-1], 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=(0.0,) * 4)
        inner = cv2.erode(rim, np.ones((5, 5), np.uint8)) if x0 > 0 and x1 < width else weight
        self._weight = np.asarray(cv2.GaussianBlur(inner, (0, 0), 3.0), np.float32) * np.float32(THICK * strength)
        rgb = stage.layers[place.layer].rgb[int(y0) : int(np.ceil(y1)), int(x0) : int(np.ceil(x1))]
        bright = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.float32)
        lit = bright.mean(axis=2)
        self._colour = bright[lit >= np.percentile(lit, 80)].mean(axis=0).astype(np.float32)
        # Each noise is wide enough for the whole clip to pass over it.
        side = 1.0 if rng.random() < 0.5 else -1.0
        self._pace = side * DRIFT * stage.frame[2] / self._scale
        room = int(np.ceil(abs(self._pace) * (spec.duration_s + 1.0))) + 4
        self._room = room
        self._noise = [clouds(rng, size[0] + 2 * room, size[1] + 2 * room, cell) for cell in (34.0, 22.0)]
        self._size = size
        self._spec = spec
        self._depth, self._layer = stage.layers[place.layer].anchor_depth, place.layer

    def frame(self, moment: Moment) -> Changes:
        begun = smooth(min(1.0, moment.time_s / min(SET_IN_S, 0.6 * max(0.1, self._spec.duration_s))))
        if begun <= 0.0:
            return Changes()
        thick = np.ones((self._size[1], self._size[0]), np.float32)
        for noise, share in zip(self._noise, (1.0, 0.55), strict=True):
            gone = self._pace * share * moment.time_s
            middle = (
                self._room + 0.5 * (self._size[0] - 1) - gone,
                self._room + 0.5 * (self._size[1] - 1) + RISE * abs(gone),
            )
            seen = np.asarray(cv2.getRectSubPix(noise, self._size, middle), np.float32)
            thick *= np.clip(seen * np.float32(3.2) - np.float32(0.95), 0.0, 1.0)
        alpha = thick * self._weight
        rgba = np.empty((self._size[1], self._size[0], 4), np.uint8)
        rgba[..., :3] = alpha[..., None] * self._colour + np.float32(0.5)
        rgba[..., 3] = alpha * np.float32(255.0) + np.float32(0.5)
        sprite = Sprite(
            rgba, *self._at, self._scale, after=self._layer, depth=self._depth, opacity=begun,
        )  # fmt: skip
        return Changes(sprites=(sprite,))
