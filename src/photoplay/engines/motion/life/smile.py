"""A slight smile: the corners of the mouth rise and draw apart, the cheeks follow."""

from __future__ import annotations

import numpy as np

from photoplay.engines.motion.animate import Animator, Changes, LayerChange, LayerKey, Moment, Spec
from photoplay.engines.motion.easing import span
from photoplay.engines.motion.life.base import LifeForm
from photoplay.engines.motion.life.features import Features, clear_faces
from photoplay.engines.motion.life.places import mesh_size
from photoplay.engines.motion.toolkit import nodes
from photoplay.engines.motion.types import F32, Stage
from photoplay.shot import LifeKind, Plan

RISE, APART = 0.055, 0.04  # of the mouth's width, at strength 1
_NODES = 160
DEFAULT = 0.5


class Smile(LifeForm):
    """Mouths of clear faces."""

    kinds = (LifeKind.SMILE,)
    order = 31

    def by_default(self, kind: LifeKind, stage: Stage, plan: Plan) -> float:
        """Half of what is done when asked for."""
        del kind, plan
        return DEFAULT if clear_faces(stage) else 0.0

    def prepare(self, kind: LifeKind, stage: Stage, spec: Spec, strength: float, *, asked: bool) -> Animator | None:
        """See :class:`LifeForm`."""
        del kind, spec
        faces = clear_faces(stage)
        if not faces:
            return _NoFace() if asked else None
        return _Mouths(stage, faces[:4], strength)


class _NoFace(Animator):
    notes = ("smile left out: no clear face was found",)

    def frame(self, moment: Moment) -> Changes:
        return Changes()


class _Mouths(Animator):
    fine_mesh = True

    def __init__(self, stage: Stage, faces: list[Features], strength: float) -> None:
        self._meshes: dict[LayerKey, F32] = {}
        columns, rows = mesh_size(stage, _NODES)
        x, y = nodes(stage, rows, columns)
        for face in faces:
            mesh = _lift(x, y, face, strength)
            self._meshes[face.layer] = self._meshes[face.layer] + mesh if face.layer in self._meshes else mesh

    def frame(self, moment: Moment) -> Changes:
        begun = np.float32(span(moment.t, 0.2, 0.55))
        if begun == 0.0:
            return Changes()
        return Changes(layers={key: LayerChange(mesh=mesh * begun) for key, mesh in self._meshes.items()})


def _lift(x: F32, y: F32, face: Features, strength: float) -> F32:
    left, right = face.mouth
    way = right - left
    width = float(np.linalg.norm(way))
    axis = way / max(width, 1e-6)
    down = np.array([-axis[1], axis[0]])
    mesh = np.zeros((*x.shape, 2), np.float32)
    for corner, side in ((left, -1.0), (right, 1.0)):
        for centre, reach, share in (
            (corner, 0.30, 1.0),
            (corner + axis * side * 0.22 * width - down * 0.45 * width, 0.42, 0.45),
        ):
            near = np.exp(-((x - centre[0]) ** 2 + (y - centre[1]) ** 2) / np.float32((reach * width) ** 2))
            move = (axis * side * APART - down * RISE) * (width * strength * share)
            # Backward: what rises looks up what lay below.
            mesh[..., 0] -= np.float32(move[0]) * near
            mesh[..., 1] -= np.float32(move[1]) * near
    return mesh
