"""What a take can be made of: one photo, or several composed into one scene."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from photoplay.engines.motion.director import Directions, Take, film
from photoplay.engines.motion.language import PhotoFacts, facts_of
from photoplay.engines.motion.types import Photo, SceneMap
from photoplay.shot import ImageUse


class Place(Protocol):
    """Something that can be filmed."""

    @property
    def scene(self) -> SceneMap:
        """What is seen in it."""
        ...

    @property
    def facts(self) -> PhotoFacts:
        """What is said of it in words."""
        ...

    def film(self, directions: Directions) -> Take:
        """Makes a take."""
        ...


class PhotoPlace:
    """One photo as it is."""

    def __init__(self, photo: Photo, scene: SceneMap) -> None:
        self.photo = photo
        self.scene = scene

    @property
    def facts(self) -> PhotoFacts:
        """See :class:`Place`."""
        return facts_of(self.scene)

    def film(self, directions: Directions) -> Take:
        """See :class:`Place`."""
        return film(self.photo, self.scene, directions)


@dataclass(frozen=True)
class Opening:
    """What a clip begins with. ``alone``: indices of the images that follow by themselves; ``uses``: of several images,
    what each is used as; ``first_size``: (width, height) in pixels of the first image."""

    place: Place
    output: tuple[int, int]
    alone: tuple[int, ...] = ()
    uses: tuple[ImageUse, ...] = ()
    first_size: tuple[int, int] = (0, 0)
