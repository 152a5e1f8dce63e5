"""Clouds drift: slowly, faster overhead than at the horizon, and only where there are clouds to see."""

from __future__ import annotations

import cv2
import numpy as np

from photoplay.engines.motion.animate import Animator, Changes, LayerChange, Moment, Spec
from photoplay.engines.motion.life.base import LifeForm
from photoplay.engines.motion.life.places import Place, find, mesh_size, onset
from photoplay.engines.motion.toolkit import nodes, rng_for
from photoplay.engines.motion.types import F32, Stage
from photoplay.shot import LifeKind, Plan

SPEED = 0.0065  # of the frame's width a second, overhead, at strength 1
FURTHEST = 0.045  # of the frame's width: beyond this the sky's edge would be seen to stretch
LEAST = 0.06  # of the frame that must be sky
LEAST_CLOUDS = 2.2  # grey levels of soft contrast that make a sky cloudy
FEATHER = 0.05
EDGE = 0.35  # what the softened weight is at most where the sky ends


class Clouds(LifeForm):
    """Sky with clouds in it."""

    kinds = (LifeKind.CLOUDS,)
    order = 12

    def by_default(self, kind: LifeKind, stage: Stage, plan: Plan) -> float:
        """A cloudy sky. Over mist it is plain, and what differs in it is the half-hidden land."""
        del kind, plan
        if "mist" in stage.scene.regions:
            return 0.0
        place = find(stage, "sky", least=LEAST, feather=FEATHER)
        return 1.0 if place is not None and cloudiness(stage, place) >= LEAST_CLOUDS else 0.0

    def prepare(self, kind: LifeKind, stage: Stage, spec: Spec, strength: float, *, asked: bool) -> Animator | None:
        """See :class:`LifeForm`."""
        del kind, asked
        place = find(stage, "sky", least=0.02, feather=FEATHER)
        return None if place is None else _Drift(stage, place, spec, strength)


def cloudiness(stage: Stage, place: Place) -> float:
    """Contrast of the sky at the size of clouds, in grey levels: between fine grain and the sky's own gradient."""
    size = 256, max(16, round(256 * stage.layers[0].rgb.shape[0] / stage.layers[0].rgb.shape[1]))
    small = cv2.resize(stage.layers[place.layer].rgb, size, interpolation=cv2.INTER_AREA)
    grey = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.float32)
    weight = np.asarray(cv2.resize(place.weight, size), np.float32)
    band = cv2.GaussianBlur(grey, (0, 0), 2.0) - cv2.GaussianBlur(grey, (0, 0), 12.0)
    total = float(weight.sum())
    return float(np.sqrt((weight * band**2).sum() / total)) if total > 1.0 else 0.0


class _Drift(Animator):
    def __init__(self, stage: Stage, place: Place, spec: Spec, strength: float) -> None:
        rng = rng_for(spec, "clouds")
        self._spec, self._key = spec, place.layer
        columns, rows = mesh_size(stage)
        _, y = nodes(stage, rows, columns)
        _, top, _, bottom = place.box
        overhead = np.clip((bottom - y) / max(1.0, bottom - top), 0.0, 1.0)
        # Nothing at the sky's own edge and in the soft part beyond it: roofs and spires stand.
        free = np.clip((place.weight - EDGE) / (1.0 - EDGE), 0.0, 1.0)
        speed = (0.25 + 0.75 * overhead) * free
        side = 1.0 if rng.random() < 0.5 else -1.0
        across = (np.float32(-side) * speed).astype(np.float32)
        self._way: F32 = np.stack([across, np.float32(0.12) * np.abs(across)], axis=-1)
        self._speed = SPEED * strength * stage.frame[2]
        self._furthest = FURTHEST * stage.frame[2]

    def frame(self, moment: Moment) -> Changes:
        gone = self._speed * moment.time_s * onset(moment.time_s, self._spec)
        # Slows towards the furthest it may go, rather than stopping.
        gone = self._furthest * float(np.tanh(gone / self._furthest))
        return Changes(layers={self._key: LayerChange(mesh=self._way * np.float32(gone))})
