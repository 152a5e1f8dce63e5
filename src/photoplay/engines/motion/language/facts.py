"""What a photo offers: the few plain facts that choose a default shot and write the extended prompt."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from photoplay.engines.motion.colours import colours_of
from photoplay.engines.motion.types import U8, SceneMap

SUBJECT_MIN = 0.02  # share of the picture a matte must cover to count as a subject
REGION_MIN = 0.03  # share a region must cover to be named


@dataclass(frozen=True, slots=True)
class PhotoFacts:
    """Facts about a photo. ``None`` and empty mean "not known"."""

    aspect: float | None = None  # width over height
    has_subject: bool = False
    subject_height: float = 0.0  # of the frame's height
    subject_x: float = 0.5  # centre, 0 left .. 1 right
    faces: int = 0
    face_height: float = 0.0  # of the largest face, of the frame's height
    depth: float | None = None  # 0 flat (a wall, a page) .. 1 deep
    horizon: float | None = None  # of the frame's height, from the top
    regions: tuple[str, ...] = ()  # "sky", "water", "foliage", "fire", "smoke", "ground", "hair", ...
    luminance: float | None = None  # 0 black .. 1 white
    contrast: float | None = None  # standard deviation of luminance, 0..0.5
    warmth: float | None = None  # mean red less mean blue, -1 cold .. +1 warm
    saturation: float | None = None  # 0 grey .. 1
    outdoor: float | None = None  # 0 indoors .. 1 outdoors
    night: bool = False
    subject_kind: str = ""  # "person", "animal", "blossom", "object" or not known
    colours: tuple[str, ...] = ()  # the main ones, most first
    subjects: int = 1  # that stand in it apart, each at a depth of its own
    light_x: float = 0.0  # towards the main light: -1 left .. +1 right
    light_y: float = 0.0  # -1 above .. +1 below

    @property
    def has_face(self) -> bool:
        """Whether a clear face is seen."""
        return self.faces > 0

    @property
    def is_landscape(self) -> bool:
        """A scene without one clear subject, seen to have a sky, a horizon, water or plants."""
        scenic = bool({"sky", "water", "foliage"} & set(self.regions)) or self.horizon is not None
        return scenic and not self.has_face and (not self.has_subject or self.subject_height < 0.2)

    @property
    def is_flat(self) -> bool:
        """Nothing to travel through: a wall, a page, a pattern."""
        return self.depth is not None and self.depth < 0.12 and not self.has_subject


def facts_of(scene: SceneMap, rgb: U8 | None = None) -> PhotoFacts:
    """Facts of an analysed scene; ``rgb`` (H, W, 3) uint8: a picture, of any size, to take the colours from instead."""
    width, height = scene.size
    matte_share = _share(scene.matte)
    has_subject = scene.subject is not None and matte_share >= SUBJECT_MIN
    subject_height = scene.subject.y1 - scene.subject.y0 if scene.subject is not None else 0.0
    faces = [face for face in scene.faces if face.score >= 0.5]
    depth = scene.inverse_depth[::2, ::2]  # smooth, and a quarter is sorted in a quarter of the time
    low, high = np.percentile(depth, (5, 95)) if depth.size else (0.0, 0.0)
    shares = {name: _share(weight) for name, weight in scene.regions.items()}
    regions = sorted((name for name, share in shares.items() if share >= REGION_MIN), key=lambda name: -shares[name])
    stats = scene.stats
    return PhotoFacts(
        aspect=width / height if height else None,
        has_subject=has_subject,
        subject_height=subject_height,
        subject_x=scene.subject.centre[0] if scene.subject is not None else 0.5,
        faces=len(faces),
        face_height=max((face.box.y1 - face.box.y0 for face in faces), default=0.0),
        depth=float(high - low),
        horizon=scene.horizon,
        regions=tuple(regions),
        light_x=scene.light[0],
        light_y=scene.light[1],
        colours=tuple(stats.get("colours", ())) if rgb is None else colours_of(rgb),
        luminance=_number(stats.get("luminance")),
        contrast=_number(stats.get("contrast")),
        warmth=_number(stats.get("warmth")),
        saturation=_number(stats.get("colourfulness")),
        outdoor=_number(stats.get("outdoor")),
        night=bool(stats.get("night", False)),
        subjects=int(stats.get("subjects", 1)),
        subject_kind=str(stats.get("subject_kind", "")) if has_subject or faces else "",
    )


def _share(weight: U8) -> float:
    """The mean of a map (h, w) uint8, 0..1."""
    return float(cv2.mean(weight)[0]) / 255.0 if weight.size else 0.0


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
