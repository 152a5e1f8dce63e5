"""Sway: leaves, hair, a blossom on its stem and the top of a standing figure move in a light wind.

Displacement is a few incommensurate waves that run with the wind, swelling and dying in gusts; it grows away from
the root. Where the region ends it ends too, so nothing that stands still is dragged along.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from photoplay.engines.motion.animate import Animator, Changes, LayerChange, LayerKey, Moment, Spec
from photoplay.engines.motion.life.base import LifeForm
from photoplay.engines.motion.life.places import Place, find, frame_unit, mesh_size, onset
from photoplay.engines.motion.living import ANIMAL, PERSON
from photoplay.engines.motion.living import BLOSSOM as BLOSSOM_KIND
from photoplay.engines.motion.toolkit import Subject, nodes, rng_for, subject_of
from photoplay.engines.motion.types import F32, Stage
from photoplay.shot import LifeKind, Plan

LEAVES = 0.0042  # of the frame's shorter side, at strength 1
HAIR = 0.0030
FIGURE = 0.0016
BLOSSOM = 0.0034
STEM = 1.2  # of its height: how far below a blossom its stem is taken to hold it
LEAST_LEAVES = 0.02  # of the frame
LEAST_HAIR = 0.004


class Sway(LifeForm):
    """Wind."""

    kinds = (LifeKind.SWAY,)
    order = 20

    def by_default(self, kind: LifeKind, stage: Stage, plan: Plan) -> float:
        """Where there are leaves, hair, a blossom, an animal or somebody upright: a wide cut may hold a bus."""
        del kind, plan
        if _bendable(stage):
            return 1.0
        subject = subject_of(stage) if _alive(stage) else None
        if subject is None:
            return 0.0
        upright = subject.height > 0.9 * subject.width or stage.scene.stats["subject_kind"] != PERSON
        return 1.0 if upright else 0.0

    def prepare(self, kind: LifeKind, stage: Stage, spec: Spec, strength: float, *, asked: bool) -> Animator | None:
        """See :class:`LifeForm`."""
        del kind
        subject = subject_of(stage)
        parts: list[_Part] = []
        for name, place in _bendable(stage).items():
            parts.append(_part(stage, place, strength * (LEAVES if name == "foliage" else HAIR) * frame_unit(stage)))
        if subject is not None and stage.scene.stats.get("subject_kind") == BLOSSOM_KIND:
            parts.append(_blossom(stage, subject, strength * BLOSSOM * frame_unit(stage)))
        elif subject is not None and (asked or _alive(stage)):
            parts.append(_figure(stage, subject, strength * FIGURE * frame_unit(stage)))
        return _Wind(stage, parts, spec) if parts else None


def _alive(stage: Stage) -> bool:
    """Whether the subject is such that it sways as a whole."""
    return stage.scene.stats.get("subject_kind") in (PERSON, ANIMAL, BLOSSOM_KIND)


def _bendable(stage: Stage) -> dict[str, Place]:
    found: dict[str, Place] = {}
    for name, least in (("foliage", LEAST_LEAVES), ("hair", LEAST_HAIR)):
        place = find(stage, name, least=least, feather=0.012)
        if place is not None:
            found[name] = place
    return found


@dataclass(frozen=True, slots=True)
class _Part:
    """``reach`` (rows, columns) float32: how far each node of the layer swings, in working pixels."""

    key: LayerKey
    reach: F32
    slow: float  # its own pace against the wind's
    stiff: bool  # swings as one, without waves running through


def _part(stage: Stage, place: Place, size: float) -> _Part:
    columns, rows = mesh_size(stage)
    _, y = nodes(stage, rows, columns)
    _, top, _, bottom = place.box
    # Leaves hang on what is below them, as far as one can tell: higher swings further.
    height = np.clip((bottom - y) / max(1.0, bottom - top), 0.0, 1.0)
    return _Part(place.layer, (place.weight * (0.45 + 0.55 * height) * np.float32(size)).astype(np.float32), 1.0, False)


def _figure(stage: Stage, subject: Subject, size: float) -> _Part:
    columns, rows = mesh_size(stage)
    _, y = nodes(stage, rows, columns)
    foot = subject.foot[1] + (0.5 * subject.height if subject.cut else 0.0)
    lean = np.clip((foot - y) / max(1.0, foot - subject.box[1]), 0.0, 1.2)
    return _Part(subject.key, (np.float32(size) * lean**1.5).astype(np.float32), 0.35, True)


def _blossom(stage: Stage, subject: Subject, size: float) -> _Part:
    """It nods as one on a stem that ends below it, in sight or not."""
    columns, rows = mesh_size(stage)
    _, y = nodes(stage, rows, columns)
    root = subject.box[3] + STEM * subject.height
    lean = np.clip((root - y) / max(1.0, root - subject.box[1]), 0.0, 1.1)
    return _Part(subject.key, (np.float32(size) * lean).astype(np.float32), 0.7, True)


class _Wind(Animator):
    def __init__(self, stage: Stage, parts: Sequence[_Part], spec: Spec) -> None:
        rng = rng_for(spec, "sway")
        self._spec = spec
        self._parts = tuple(parts)
        columns, rows = mesh_size(stage)
        x, y = nodes(stage, rows, columns)
        unit = frame_unit(stage)
        self._waves: list[tuple[F32, F32, float, float]] = []
        for hertz, length in ((0.31, 0.9), (0.53, 0.45), (0.97, 0.22)):
            angle = float(rng.normal(0.0, 0.35))
            run = (np.cos(angle) * x + np.sin(angle) * y) * np.float32(2 * math.pi / (length * unit))
            phase = (run + np.float32(rng.uniform(0, 2 * math.pi))).astype(np.float32)
            self._waves.append((phase, phase * np.float32(1.3), 2 * math.pi * hertz, 0.6 * (length / 0.9) ** 0.5))
        self._gust = rng.uniform(0, 2 * math.pi, 2)
        self._start = {part.slow: self._field(0.0, part) for part in self._parts}

    def _field(self, time_s: float, part: _Part) -> F32:
        """(rows, columns, 2) float32 of about unit size."""
        gust = 0.7 + 0.3 * math.sin(0.9 * time_s + self._gust[0]) * math.sin(0.37 * time_s + self._gust[1])
        if part.stiff:
            angle = 2 * math.pi * 0.35 * part.slow * time_s
            one = np.float32(gust * math.sin(angle + self._gust[0]))
            return np.stack([np.full_like(part.reach, one), np.zeros_like(part.reach)], axis=-1)
        dx = np.zeros_like(part.reach)
        dy = np.zeros_like(part.reach)
        for across, down, omega, size in self._waves:
            angle32 = np.float32(omega * part.slow * time_s)
            dx += np.float32(size) * np.sin(across - angle32)
            dy += np.float32(0.3 * size) * np.sin(down - angle32 * np.float32(1.17))
        return np.stack([dx, dy], axis=-1) * np.float32(gust)

    def frame(self, moment: Moment) -> Changes:
        begun = np.float32(onset(moment.time_s, self._spec))
        layers: dict[LayerKey, LayerChange] = {}
        for part in self._parts:
            # Less where it started, so that it sets in from rest and not with a lurch.
            swing = (self._field(moment.time_s, part) - self._start[part.slow]) * begun
            change = LayerChange(mesh=swing * part.reach[..., None])
            layers[part.key] = layers[part.key].plus(change) if part.key in layers else change
        return Changes(layers=layers)
