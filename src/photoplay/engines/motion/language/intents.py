"""What a prompt asks for, clause by clause, before it becomes a timeline."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from photoplay.shot import Ease, LifeKind, MoveKind

PATH_KINDS = frozenset(set(MoveKind) - {MoveKind.STATIC, MoveKind.HANDHELD, MoveKind.RACK_FOCUS})
"""Moves that take the view somewhere: two of them in two sentences come one after the other."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How something is done: said by adverbs, adjectives and numbers.

    ``factor`` scales the normal amount; ``exact`` replaces it (already in units of the move);
    ``seconds`` is how long it shall take.
    """

    factor: float = 1.0
    exact: float | None = None
    sudden: bool = False
    ease: Ease | None = None
    seconds: float | None = None

    def joined(self, other: Manner) -> Manner:
        """Both: factors multiply, the other's words win."""
        return Manner(
            factor=min(3.2, max(0.25, self.factor * other.factor)),
            exact=self.exact if other.exact is None else other.exact,
            sudden=self.sudden or other.sudden,
            ease=other.ease or self.ease,
            seconds=self.seconds if other.seconds is None else other.seconds,
        )


PLAIN = Manner()


@dataclass(frozen=True, slots=True)
class MoveIntent:
    """A camera move that was asked for. ``sign`` as in :class:`~photoplay.shot.MoveKind`."""

    kind: MoveKind
    sign: int
    manner: Manner = PLAIN
    loose: bool = False  # no direction was said: the sign is the usual one
    both: bool = False  # there and back ("side to side")
    words: str = ""  # the prompt's own words

    def with_manner(self, manner: Manner) -> MoveIntent:
        """The same move, done that way too."""
        return replace(self, manner=self.manner.joined(manner))


@dataclass(frozen=True, slots=True)
class LifeIntent:
    """Motion inside the photo that was asked for (or, with strength 0, asked to be absent)."""

    kind: LifeKind
    strength: float
    words: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A move that must not happen: of this kind, and this sign unless 0."""

    kind: MoveKind
    sign: int = 0
    words: str = ""


@dataclass(slots=True)
class Reading:
    """What one clause says."""

    moves: list[MoveIntent] = field(default_factory=list)
    life: list[LifeIntent] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    no_motion: str | None = None  # "no camera movement": its words
    some_motion: str | None = None  # "dynamic camera": its words
    still_subject: str | None = None  # "nothing else moves"
    actions: list[str] = field(default_factory=list)  # what a photo engine cannot do
    hints: list[MoveIntent] = field(default_factory=list)  # count only when nothing else moves the camera
    doubtful: bool = False  # the action has no doer: it may mean the camera in other words
    effects: list[tuple[str, str]] = field(default_factory=list)  # (name, words)
    unclear: list[str] = field(default_factory=list)  # asks for motion, but not which
    uncovered: bool = False  # nothing was recognised: worth asking for its meaning
    manner: Manner = PLAIN  # of a clause that has nothing but manner
    manner_only: bool = False

    @property
    def empty(self) -> bool:
        """Whether the clause asks for nothing."""
        return not (
            self.moves
            or self.life
            or self.refusals
            or self.no_motion
            or self.some_motion
            or self.still_subject
            or self.actions
            or self.effects
            or self.hints
            or self.unclear
        )
