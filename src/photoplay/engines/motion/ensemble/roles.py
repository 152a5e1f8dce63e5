"""What each of several images is for: somebody or something to be placed, the place itself, or a place of its own.

Looked at: the matte (how sure, how large, cut by which borders), what is around it (plain, soft, or a view with sky
and ground), faces; and what the prompt says, which wins where the photo allows it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np

from photoplay.engines.motion import filters
from photoplay.engines.motion.ensemble.words import Said, Wish, Wishes
from photoplay.engines.motion.types import U8, SceneMap

SURE = 0.5  # confidence of a matte from which it can be cut out
LEAST_SHARE = 0.03  # of the photo: less is a detail of a place
ASKED_SHARE = 0.008  # the same where the prompt calls it a subject
TOP_CUT = 0.45  # of a subject's width that the photo's upper edge may cut: beyond, its head is missing
BOTH_CUT = 0.72  # a subject cut on the left and the right over more than this share of its height is a close-up
VIEW_SHARE = 0.36  # up to this share a thing under a sky is part of the view
VIEW_SKY = 0.10  # of the photo: sky that makes a view
OWN_PLACE_SHARE = 0.36  # a subject that leaves more than the rest of this free shows its place too
PLAIN = 0.040  # texture (0..1) around a subject below which the place is a plain ground


class Role(StrEnum):
    """What an image is used as."""

    SUBJECT = "subject"
    BACKDROP = "backdrop"
    SCENE = "scene"


@dataclass(frozen=True, slots=True)
class Looks:
    """What decides, as numbers. Shares are of the photo; cuts are shares of the subject's width or height."""

    confidence: float
    share: float
    kind: str  # person, object, none
    faces: int
    cut_top: float
    cut_bottom: float
    cut_left: float
    cut_right: float
    texture: float  # of what is around the subject, 0 plain .. 1
    sky: float
    outdoor: float
    area_px: int


@dataclass(frozen=True, slots=True)
class Casting:
    """The images' roles, by 0-based index. ``why`` says in plain words what decided, one text an image.

    ``composed``: whether subjects are placed together. ``backdrop``: the image that is the place; None: it is painted.
    """

    roles: tuple[Role, ...]
    composed: bool
    backdrop: int | None
    why: tuple[str, ...]

    @property
    def subjects(self) -> tuple[int, ...]:
        """Images whose subject is placed."""
        return tuple(i for i, role in enumerate(self.roles) if role is Role.SUBJECT)


def looks_of(scene: SceneMap, rgb: U8, photo_size: tuple[int, int]) -> Looks:
    """What decides an image's role; ``rgb`` (h, w, 3) uint8 is the photo at any size."""
    solid = scene.matte > 127
    box = scene.subject
    cuts = (0.0, 0.0, 0.0, 0.0)
    if box is not None and bool(solid.any()):
        height, width = solid.shape
        across = max(1.0, (box.x1 - box.x0) * width)
        down = max(1.0, (box.y1 - box.y0) * height)
        cuts = (
            float(solid[:2].any(axis=0).sum()) / across,
            float(solid[-2:].any(axis=0).sum()) / across,
            float(solid[:, :2].any(axis=1).sum()) / down,
            float(solid[:, -2:].any(axis=1).sum()) / down,
        )
    return Looks(
        confidence=float(scene.stats.get("subject_confidence", 0.0)) if box is not None else 0.0,
        share=float(solid.mean()),
        kind=str(scene.stats.get("subject_kind", "none")),
        faces=len(scene.faces),
        cut_top=cuts[0],
        cut_bottom=cuts[1],
        cut_left=cuts[2],
        cut_right=cuts[3],
        texture=_texture_around(scene.matte, rgb),
        sky=float(scene.regions["sky"].mean()) / 255.0 if "sky" in scene.regions else 0.0,
        outdoor=float(scene.stats.get("outdoor", 0.0)),
        area_px=photo_size[0] * photo_size[1],
    )


def _texture_around(matte: U8, rgb: U8) -> float:
    """Mean local contrast of what is no subject: near 0 for plain and for blurred grounds."""
    size = filters.fit_size((matte.shape[1], matte.shape[0]), 256)
    grey = filters.to_f32(np.asarray(cv2.cvtColor(filters.resize_u8(rgb, size), cv2.COLOR_RGB2GRAY), dtype=np.uint8))
    free = filters.to_f32(np.asarray(255 - filters.dilate(filters.resize_u8(matte, size), 4), dtype=np.uint8))
    if float(free.mean()) < 0.02:
        return 0.0
    mean = filters.box(grey, 2)
    local = np.sqrt(np.maximum(filters.box(grey * grey, 2) - mean * mean, 0.0))
    return float((local * free).sum() / free.sum())


def can_be_cut_out(looks: Looks, *, asked: bool = False) -> bool:
    """Whether an image has a subject that can stand somewhere else."""
    if looks.confidence < SURE or looks.share < (ASKED_SHARE if asked else LEAST_SHARE):
        return False
    if asked:
        return True
    close_up = min(looks.cut_left, looks.cut_right) > BOTH_CUT
    return looks.cut_top <= TOP_CUT and not close_up


def cast(looks: Sequence[Looks], said: Wishes) -> Casting:
    """The roles of all images."""
    roles: list[Role] = []
    why: list[str] = []
    for index, one in enumerate(looks):
        role, reason = _role(one, said.of(index + 1))
        roles.append(role)
        why.append(reason)
    if said.in_sequence and not said.together and not any(wish.role for wish in said.images.values()):
        return Casting((Role.SCENE,) * len(roles), False, None, ("shown in turn, as the prompt says",) * len(roles))
    subjects = [i for i, role in enumerate(roles) if role is Role.SUBJECT]
    if not subjects:
        # A backdrop that nobody stands in is a place like the others.
        return Casting((Role.SCENE,) * len(roles), False, None, tuple(why))
    backdrop = _backdrop(looks, roles, said)
    if backdrop is None and said.place is None and len(subjects) < 2:
        return Casting((Role.SCENE,) * len(roles), False, None, tuple(why))
    if backdrop is not None:
        if roles[backdrop] is Role.SUBJECT:
            why[backdrop] = "the subject stays in its own picture, the others join it there"
        roles[backdrop] = Role.BACKDROP
    for index, role in enumerate(roles):
        if role is Role.BACKDROP and index != backdrop:
            roles[index] = Role.SCENE
    return Casting(tuple(roles), True, backdrop, tuple(why))


def _role(looks: Looks, wish: Wish) -> tuple[Role, str]:
    if wish.role is Said.BACKDROP:
        return Role.BACKDROP, "the prompt calls it the place"
    if wish.role is Said.SUBJECT and can_be_cut_out(looks, asked=True):
        return Role.SUBJECT, "the prompt calls it a subject"
    if not can_be_cut_out(looks):
        if looks.confidence < SURE or looks.share < LEAST_SHARE:
            return Role.SCENE, "no clear subject: a place"
        return Role.SCENE, "a close-up that its borders cut off: a picture of its own"
    if looks.sky >= VIEW_SKY and looks.share <= VIEW_SHARE and looks.faces == 0:
        return Role.SCENE, "a view under a sky"
    return Role.SUBJECT, "a clear subject"


def _backdrop(looks: Sequence[Looks], roles: Sequence[Role], said: Wishes) -> int | None:
    """Which image is the place: the one the prompt names, else the largest place, else a subject's own place.

    None where the prompt names a place that no image shows, or where all subjects stand before plain grounds.
    """
    named = [i for i, role in enumerate(roles) if role is Role.BACKDROP]
    if named:
        return named[0]
    places = [i for i, role in enumerate(roles) if role is Role.SCENE and looks[i].cut_top <= TOP_CUT]
    if places:
        return max(places, key=lambda i: (looks[i].area_px * (1.0 - looks[i].share), -i))
    if said.place is not None or len([r for r in roles if r is Role.SUBJECT]) < 2:
        return None
    own = [
        i
        for i, one in enumerate(looks)
        if one.share <= OWN_PLACE_SHARE and one.texture > PLAIN and said.of(i + 1).role is not Said.SUBJECT
    ]
    return max(own, key=lambda i: (1.0 - looks[i].share, -i)) if own else None
