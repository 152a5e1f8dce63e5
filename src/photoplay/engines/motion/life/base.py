"""What a kind of life is: subtle motion inside the photo, or before it.

One module a kind (or a family of kinds), one subclass of :class:`LifeForm` in it; the registry finds it. Like an
effect it makes an :class:`~photoplay.engines.motion.animate.Animator`, and the same rules hold: pure per frame,
chance from the seed, the first frame untouched.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from photoplay.engines.motion.animate import Animator, Spec
from photoplay.engines.motion.types import Stage
from photoplay.shot import LifeKind, Plan


class LifeForm(ABC):
    """A kind of life, or a family of kinds."""

    kinds: ClassVar[tuple[LifeKind, ...]]
    """What it makes."""

    order: ClassVar[int] = 50
    """Lower is prepared first: what moves the photo before what falls in front of it."""

    def by_default(self, kind: LifeKind, stage: Stage, plan: Plan) -> float:
        """Strength it has when nobody asked: 0 unless the photo plainly shows where it belongs."""
        return 0.0

    @abstractmethod
    def prepare(self, kind: LifeKind, stage: Stage, spec: Spec, strength: float, *, asked: bool) -> Animator | None:
        """The animator, or None when the photo has no place for it.

        ``asked``: somebody wants it, so a doubtful place will do, and an animator without any should be one that
        only carries a note saying so.
        """
