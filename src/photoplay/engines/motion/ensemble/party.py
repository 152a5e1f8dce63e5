"""From several photos to one scene: who is in it, where, before what; and the take of it.

Photos are looked at one after the other and let go; what is kept of a subject is its cut-out, so that seven large
photos need no more memory than two.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from photoplay.engines.motion import filters
from photoplay.engines.motion.animate import Animator, Changes, ExtraLayer, LayerChange, Moment, Spec
from photoplay.engines.motion.director import MAX_MARGIN, Directions, Take, set_stage, shoot
from photoplay.engines.motion.easing import span
from photoplay.engines.motion.ensemble import roles
from photoplay.engines.motion.ensemble.brushwork import Colour
from photoplay.engines.motion.ensemble.compose import Composed, Member, compose, horizon_in_frame, taken_by_own
from photoplay.engines.motion.ensemble.cutout import CutOut, cut_out
from photoplay.engines.motion.ensemble.layout import Shape, Spot, arrange
from photoplay.engines.motion.ensemble.lexicon import STATURES_M
from photoplay.engines.motion.ensemble.painted import Painted, paint
from photoplay.engines.motion.ensemble.roles import Casting, Looks, Role
from photoplay.engines.motion.ensemble.words import Said, Wish, Wishes
from photoplay.engines.motion.fit import choose_output, fit
from photoplay.engines.motion.language import facts_of
from photoplay.engines.motion.life import registry as life
from photoplay.engines.motion.life.breathing import LIVING
from photoplay.engines.motion.living import ANIMAL, PERSON
from photoplay.engines.motion.quality import Quality
from photoplay.engines.motion.stage import build_stage
from photoplay.engines.motion.stage_cache import StageCache
from photoplay.engines.motion.types import Photo, SceneMap, Stage
from photoplay.shot import AspectRatio, ImageUse, LifeKind, Plan

PREVIEW_SIDE = 360  # pixels of the short side at which a scene is composed to be looked at
TALLEST = 1.15  # of the video's short side: cut-outs are kept no larger
PAINTED_SHAPE: AspectRatio = "16:9"  # of a clip whose place is painted and whose shape is left open
OWN_LIFE = frozenset({LifeKind.BREATHING, LifeKind.SWAY, LifeKind.BLINK, LifeKind.SMILE})
PEOPLE = frozenset(
    {"person", "people", "man", "woman", "girl", "boy", "child", "kid", "baby", "toddler", "lady", "guy", "astronaut"}
    | {"dancer", "bride", "groom", "friend", "mother", "father", "mom", "dad", "couple", "character", "knight"}
)

LookAt = Callable[[int], tuple[Photo, SceneMap]]
"""Decodes and analyses the image of an index. May be asked again for the same one."""


@dataclass(frozen=True, slots=True)
class Assembly:
    """What several images are used as. ``party`` is None when they are shown one after another.

    ``first_size``: (width, height) in pixels of the first image.
    """

    casting: Casting
    uses: tuple[ImageUse, ...]
    party: Party | None
    first_size: tuple[int, int]

    @property
    def alone(self) -> tuple[int, ...]:
        """Indices of the images that are shown by themselves."""
        return tuple(i for i, role in enumerate(self.casting.roles) if role is Role.SCENE)


class Party:
    """Subjects together in one place, ready to be filmed at ``output``.

    ``scene`` and ``facts`` say what the whole looks like, for whoever plans the shot.
    """

    def __init__(
        self,
        cutouts: dict[int, CutOut],
        spots: Sequence[Spot],
        backdrop: tuple[Photo, SceneMap] | Painted,
        output: tuple[int, int],
        wishes: dict[int, Wish],
        small: Composed,
    ) -> None:
        """``cutouts`` and ``wishes`` are by 1-based image number; ``small``: the scene composed at a small size."""
        self._cutouts = cutouts
        self._spots = tuple(spots)
        self._backdrop = backdrop
        self._wishes = wishes
        self.output = output
        self.scene = small.stage.scene
        self.facts = facts_of(small.stage.scene, small.picture)

    def film(self, directions: Directions) -> Take:
        """The take. The brushes are painted on the first image; an effect takes all subjects as one."""
        effect, brushes = directions.effect, directions.brushes
        made: list[Composed] = []

        def stage_for(margin: float) -> Stage:
            place = _place_stage(self._backdrop, directions.spec, directions.quality, margin, directions.stages)
            # A brush carries the first image's subject about: its shadow goes along.
            carried = {1} if any(len(one.trajectory) > 1 for one in brushes) else set()
            goes = effect is not None and effect.takes_away is not None
            made.append(compose(place, self._members(), merged=effect is not None, carried=carried, loose=goes))
            return made[-1].stage

        def shadows(stage: Stage) -> Animator:
            return _Fading(made[-1].shadow, None if effect is None else effect.takes_away)

        def lives(stage: Stage, plan: Plan, spec: Spec) -> list[Animator]:
            if effect is not None:
                return life.animators(stage, plan, spec)
            found = life.animators(stage, plan, spec, skip=OWN_LIFE)
            for number, view in made[-1].views.items():
                own = replace(spec, seed=spec.seed + 101 * number)
                found += life.animators(view, self._plan_for(number, plan), own, only=OWN_LIFE)
            return found

        if effect is not None and effect.takes_away is not None:
            directions = replace(directions, more=[shadows, *directions.more])
        return shoot(
            stage_for,
            directions,
            # Without a view of its own the first image is the backdrop, whose measures are the stage's.
            brushed=lambda stage: made[-1].views.get(1, stage),
            lives=lives,
        )

    def _members(self) -> list[Member]:
        return [Member(self._cutouts[spot.number], spot) for spot in self._spots]

    def _plan_for(self, number: int, plan: Plan) -> Plan:
        """The plan as it concerns one subject: a cup does not breathe because a cat was spoken of."""
        noun = self._wishes.get(number, Wish()).noun
        words = (noun,) if noun in LIVING else ()
        scene = self._cutouts[number].scene
        alive = bool(words) or scene.stats.get("subject_kind") in (PERSON, ANIMAL)
        asked = tuple(one for one in plan.life if alive or one.strength == 0.0)
        return plan.model_copy(update={"subject_words": words, "life": asked})


class _Fading(Animator):
    """Shadows on the ground that go when those who cast them go."""

    def __init__(self, shadow: ExtraLayer | None, gone: tuple[float, float] | None) -> None:
        self.extra_layers = () if shadow is None else (shadow,)
        self._gone = gone or (1.0, 1.0)

    def frame(self, moment: Moment) -> Changes:
        """See :class:`Animator`."""
        left = 1.0 - span(moment.t, *self._gone)
        return Changes(layers={extra.name: LayerChange(opacity=left) for extra in self.extra_layers})


def assemble(
    count: int,
    look_at: LookAt,
    said: Wishes,
    *,
    short_side: int,
    aspect_ratio: AspectRatio = "auto",
    size: tuple[int, int] | None = None,
    seed: int = 0,
) -> Assembly:
    """What several images are for; and, where they belong together, the scene they make.

    Args:
        count: of the images.
        look_at: decodes and analyses one.
        said: what the prompt says of them.
        short_side: of the video in pixels.
        aspect_ratio: of the video; auto follows the backdrop.
        size: exact, overriding the two above.
        seed: of what is painted.
    """
    looks: list[Looks] = []
    cutouts: dict[int, CutOut] = {}
    sizes: list[tuple[int, int]] = []
    for index in range(count):
        photo, scene = look_at(index)
        one = roles.looks_of(scene, filters.resize_u8(photo.rgb, filters.fit_size(photo.size, 512)), photo.size)
        looks.append(one)
        sizes.append(photo.size)
        asked = said.of(index + 1).role is Said.SUBJECT
        if roles.can_be_cut_out(one, asked=asked):
            cutout = cut_out(photo, scene, round(TALLEST * short_side))
            if cutout is None:
                looks[-1] = replace(one, confidence=0.0)
            else:
                cutouts[index + 1] = cutout
        del photo, scene
    casting = roles.cast(looks, said)
    if not casting.composed:
        return Assembly(casting, _uses(casting, looks, {}, (), None, 1.0), None, sizes[0])
    cutouts = {i + 1: cutouts[i + 1] for i in casting.subjects}
    wishes = _with_nouns({i + 1: said.of(i + 1) for i in casting.subjects}, said, looks)
    place: tuple[Photo, SceneMap] | Painted
    if casting.backdrop is not None:
        place = look_at(casting.backdrop)
        output = choose_output(place[0].size, short_side, aspect_ratio, size)
    else:
        shape = PAINTED_SHAPE if aspect_ratio == "auto" else aspect_ratio
        output = choose_output((16, 9), short_side, shape, size)
        beyond = 1.0 + 2.0 * MAX_MARGIN
        canvas = round(output[0] * beyond), round(output[1] * beyond)
        place = paint(said.place or "studio", said.light, canvas, seed, _mean_colour(cutouts))
    small = filters.fit_size(output, round(PREVIEW_SIDE * max(output) / min(output)))
    even = max(2, small[0] // 2 * 2), max(2, small[1] // 2 * 2)
    ground = _small_stage(place, even)
    aspect = output[0] / output[1]
    shapes = [_shape(number, cutouts[number], wishes[number]) for number in sorted(cutouts)]
    spots = arrange(shapes, aspect, horizon=horizon_in_frame(ground), taken=taken_by_own(ground))
    composed = compose(ground, [Member(cutouts[spot.number], spot) for spot in spots])
    party = Party(cutouts, spots, place, output, wishes, composed)
    painted = place if isinstance(place, Painted) else None
    return Assembly(casting, _uses(casting, looks, wishes, spots, painted, aspect), party, sizes[0])


def _shape(number: int, cutout: CutOut, wish: Wish) -> Shape:
    person = cutout.scene.stats.get("subject_kind") == "person" or wish.noun in PEOPLE
    return Shape(
        number=number,
        aspect=cutout.shape,
        cut_below=cutout.cut_below,
        cut_left=cutout.cut_left,
        cut_right=cutout.cut_right,
        face_height=cutout.face_height,
        person=person,
        wish=wish,
    )


def _with_nouns(wishes: dict[int, Wish], said: Wishes, looks: Sequence[Looks]) -> dict[int, Wish]:
    """Nouns that no address ties to an image: people's go to faces, the rest in order if they are as many."""
    used = [wish.noun for wish in wishes.values() if wish.noun is not None]
    free = [noun for noun in said.nouns if noun not in used]
    for of_people in (True, False):
        nouns = [noun for noun in free if (noun in PEOPLE) is of_people]
        open_ = [
            number
            for number, wish in wishes.items()
            if wish.noun is None and (looks[number - 1].kind == "person") is of_people
        ]
        if len(nouns) != len(open_):
            continue
        for number, noun in zip(open_, nouns, strict=True):
            wishes[number] = replace(wishes[number], noun=noun, stature_m=STATURES_M[noun])
    return wishes


def _mean_colour(cutouts: dict[int, CutOut]) -> Colour:
    total, weight = np.zeros(3), 0.0
    for cutout in cutouts.values():
        solid = cutout.alpha > 200
        if bool(solid.any()):
            total += cutout.rgb[solid].mean(axis=0) / 255.0
            weight += 1.0
    mean = total / max(weight, 1.0)
    return round(float(mean[0]), 3), round(float(mean[1]), 3), round(float(mean[2]), 3)


def _crop_of(place: tuple[Photo, SceneMap] | Painted, output: tuple[int, int]) -> tuple[float, float, float, float]:
    """What frame 0 shows of the place, in its pixels: of a painted one the middle, so that its rims are real."""
    if isinstance(place, Painted):
        width, height = place.photo.size
        across, down = width / (1.0 + 2.0 * MAX_MARGIN), height / (1.0 + 2.0 * MAX_MARGIN)
        return (width - across) / 2, (height - down) / 2, across, down
    return fit(place[0].size, output, place[1])


def _small_stage(place: tuple[Photo, SceneMap] | Painted, output: tuple[int, int]) -> Stage:
    photo, scene = (place.photo, place.scene) if isinstance(place, Painted) else place
    stage = build_stage(photo, scene, output, margin=0.03, crop=_crop_of(place, output))
    return replace(stage, photo_size=photo.size)


def _place_stage(
    place: tuple[Photo, SceneMap] | Painted, spec: Spec, quality: Quality, margin: float, stages: StageCache | None
) -> Stage:
    if not isinstance(place, Painted):
        return set_stage(*place, spec, quality, margin, stages)
    output = (spec.width, spec.height)
    stage = build_stage(place.photo, place.scene, output, margin=margin, crop=_crop_of(place, output))
    return replace(stage, photo_size=place.photo.size)


def _uses(
    casting: Casting,
    looks: Sequence[Looks],
    wishes: dict[int, Wish],
    spots: Sequence[Spot],
    painted: Painted | None,
    aspect: float,
) -> tuple[ImageUse, ...]:
    """What every image is used as, in words."""
    by_number = {spot.number: spot for spot in spots}
    found = []
    for index, role in enumerate(casting.roles):
        number = index + 1
        spot = by_number.get(number)
        wish = wishes.get(number, Wish())
        shows = wish.noun or ("person" if looks[index].kind == "person" else "object" if spot is not None else None)
        where = None
        if spot is not None:
            where = f"{'stands' if spot.grounded else 'near, cut by the frame'} {spot.place(aspect)}"
        found.append(ImageUse(number=number, role=role.value, shows=shows, where=where, why=casting.why[index]))
    if painted is not None:
        light = "" if painted.place in ("studio", "space", "stage") else f", {painted.light}"
        found.append(ImageUse(number=None, role="painted", shows=f"{painted.place.replace('_', ' ')}{light}"))
    return tuple(found)
