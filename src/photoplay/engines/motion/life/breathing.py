"""Breathing: the chest of a person or an animal rises and widens by well under a hundredth of their height."""

from __future__ import annotations

import math

import numpy as np

from photoplay.engines.motion.animate import Animator, Changes, LayerChange, Moment, Spec
from photoplay.engines.motion.life.base import LifeForm
from photoplay.engines.motion.life.places import frame_unit, mesh_size
from photoplay.engines.motion.living import ANIMAL, PERSON
from photoplay.engines.motion.toolkit import Subject, nodes, rng_for, subject_of
from photoplay.engines.motion.types import F32, Stage
from photoplay.shot import LifeKind, Plan

RISE = 0.0045  # of the subject's height, at strength 1
SWELL = 0.006  # of the subject's width
MOST = 0.004  # of the frame's shorter side: a head that fills the frame heaves no more than three pixels at 720p
BREATHS_HZ = 0.24  # about 14 a minute
INHALE = 0.42  # of a breath
LIVING = frozenset(
    {"person", "woman", "man", "girl", "boy", "child", "baby", "couple", "family", "bride", "groom", "model"}
    | {"dancer", "portrait", "face", "dog", "cat", "bird", "horse", "animal", "cow", "sheep", "lion", "tiger", "bear"}
    | {"fox", "wolf", "rabbit", "elephant", "kitten", "puppy", "pet"}
)


class Breathing(LifeForm):
    """Chest and shoulders."""

    kinds = (LifeKind.BREATHING,)
    order = 10

    def by_default(self, kind: LifeKind, stage: Stage, plan: Plan) -> float:
        """People, animals, and what the prompt calls a living thing."""
        del kind
        if stage.scene.stats.get("subject_kind") in (PERSON, ANIMAL) or LIVING.intersection(plan.subject_words):
            return 1.0
        return 0.0

    def prepare(self, kind: LifeKind, stage: Stage, spec: Spec, strength: float, *, asked: bool) -> Animator | None:
        """See :class:`LifeForm`."""
        del kind
        subject = subject_of(stage)
        if subject is None:
            return _Nobody() if asked else None
        return _Chest(stage, subject, spec, strength)


class _Nobody(Animator):
    notes = ("breathing left out: no clear subject was found",)

    def frame(self, moment: Moment) -> Changes:
        return Changes()


class _Chest(Animator):
    def __init__(self, stage: Stage, subject: Subject, spec: Spec, strength: float) -> None:
        rng = rng_for(spec, "breathing")
        self._hz = BREATHS_HZ * float(rng.uniform(0.92, 1.08))
        self._key = subject.key
        columns, rows = mesh_size(stage, 48)
        x, y = nodes(stage, rows, columns)
        self._mesh = _pull(x, y, subject, strength, MOST * frame_unit(stage))

    def frame(self, moment: Moment) -> Changes:
        return Changes(layers={self._key: LayerChange(mesh=self._mesh * np.float32(breath(moment.time_s * self._hz)))})


def breath(cycles: float) -> float:
    """0 at rest .. 1 full: in a little quicker than out, a short rest before the next."""
    phase = cycles % 1.0
    if phase < INHALE:
        return 0.5 - 0.5 * math.cos(math.pi * phase / INHALE)
    out = min(1.0, (phase - INHALE) / (0.92 - INHALE))
    return 0.5 + 0.5 * math.cos(math.pi * out)


def _pull(x: F32, y: F32, subject: Subject, strength: float, most: float) -> F32:
    """(rows, columns, 2): the mesh of a full breath. Backward: a point that rises looks up what lay below it."""
    _, top, _, bottom = subject.box
    height = bottom - top
    chest = bottom - (0.35 if subject.cut else 0.55) * height
    if subject.face is not None:  # a face says where the chest is: two face heights below its middle
        _, face_y, face_w = subject.face
        chest = min(bottom, face_y + 1.9 * face_w)
    # What stands on the ground stays there; from the chest upwards all rises together.
    foot = bottom if not subject.cut else bottom + 0.25 * height
    lift = np.clip((foot - y) / max(1.0, foot - chest), 0.0, 1.0)
    lift = lift * lift * (3.0 - 2.0 * lift)
    reach = 0.22 * height
    bell = np.exp(-(((y - chest) / max(1.0, reach)) ** 2))
    middle, half = subject.centre[0], max(1.0, 0.5 * subject.width)
    if subject.face is not None:
        middle, half = 0.5 * (middle + subject.face[0]), min(half, 1.7 * subject.face[2])
    side = (x - middle) / np.float32(half)
    side = side * np.exp(np.float32(0.5) - np.float32(0.5) * side * side)  # greatest at the ribs, none far outside
    dy = np.float32(strength * min(most, RISE * height)) * lift
    dx = -np.float32(strength * min(most, SWELL * subject.width)) * bell * side
    return np.stack([dx, dy], axis=-1).astype(np.float32)
