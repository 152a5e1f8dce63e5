"""What an effect is, and how to write one.

An effect is one module in this package with one subclass of :class:`Effect`; the registry finds it by
importing the package's modules, nothing is listed anywhere. The class says what the effect is called and how
well it suits a photo; :meth:`Effect.prepare` looks at the stage once and returns an
:class:`~photoplay.engines.motion.animate.Animator`, which is asked for every frame::

    class Levitate(Effect):
        slug = "levitate"
        name = "Levitate"
        description = "The subject rises and hovers, its shadow staying on the ground."

        def suits(self, scene: SceneMap) -> float:
            return 1.0 if scene.subject is not None else 0.2

        def prepare(self, stage: Stage, plan: Plan, spec: Spec) -> Animator:
            return _Rise(toolkit.subject_of(stage), spec)


    class _Rise(Animator):
        shot = Shot(moves=(Move(kind=MoveKind.DOLLY, amount=0.6),))

        def frame(self, moment: Moment) -> Changes:
            lift = 0.08 * self._height * span(moment.t, 0.1, 0.6)
            return Changes(layers={self._layer: LayerChange(affine=toolkit.shift(0.0, -lift))})

What an animator can do, cheapest first: nudge the camera; grade a layer or the frame; move a layer by an
affine map; bend it by a mesh; fade or mask it; add layers of its own (``extra_layers``); draw sprites before,
between and after the layers, in frame pixels or placed in the scene at a depth; and, dearest, repaint the
finished RGB frame. ``toolkit`` has the subject, meshes, particles, noise, soft brushes and projections.

Rules: pure per frame (any order, several threads); all chance from ``spec.seed``; the first frame is the
untouched photo; timing in fractions of the clip, so that 3 s and 10 s both work; sizes relative to the
subject or the frame, so that 480p and 4k look alike; on a photo it does not suit, do something smaller and
say so in ``Animator.notes``; cues for what can be heard.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from photoplay.engines.motion.animate import Animator, Spec
from photoplay.engines.motion.types import SceneMap, Stage
from photoplay.shot import Plan


class Effect(ABC):
    """A named animation of a photo."""

    slug: ClassVar[str]
    """Lower-case name with dashes, unique: how requests and files name it."""

    name: ClassVar[str]
    """As people read it."""

    description: ClassVar[str]
    """One sentence: what happens, and which photos it suits."""

    logo_at: ClassVar[float] = 0.5
    """The moment of the clip, 0..1, that shows best what it is: the logo."""

    takes_away: ClassVar[tuple[float, float] | None] = None
    """From when to when, in fractions of the clip, the subject goes for good: what belongs to it fades as well."""

    def suits(self, scene: SceneMap) -> float:
        """How well this photo suits the effect: 1 made for it .. 0 it will be something smaller."""
        return 1.0 if scene.subject is not None else 0.5

    @abstractmethod
    def prepare(self, stage: Stage, plan: Plan, spec: Spec) -> Animator:
        """Looks at the stage once, before the first frame."""
