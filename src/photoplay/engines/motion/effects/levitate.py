"""Levitate: the subject gathers itself, rises and hovers; its shadow stays on the ground and grows soft.

The shadow lies where the subject stood: it is as broad as what touched the ground, which is read from the subject's
lower outline. Under two shoes that is two soles, under a saucer seen from above the whole curve of its rim.
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from photoplay.engines.motion import filters, toolkit
from photoplay.engines.motion.animate import Animator, Changes, LayerChange, Moment, Spec, Sprite
from photoplay.engines.motion.easing import span
from photoplay.engines.motion.effects import craft
from photoplay.engines.motion.effects.base import Effect
from photoplay.engines.motion.effects.vacancy import emptied, lower_half
from photoplay.engines.motion.types import U8, Stage
from photoplay.shot import Cue, Move, MoveKind, Plan, Shot

CROUCH, RISE, UP = 0.06, 0.16, 0.52  # fractions of the clip
LOW, HIGH, ROOM = 0.085, 0.17, 0.06  # how far it rises, in frame sides: at least, at most; what may leave the frame
SIDE = 480  # pixels of the long side at which the shadow is worked out
NEARER = 0.02  # how much larger it is up there: it rises towards a camera that looks a little down
EMPTY = "levitate-empty"
SHADE = (10.0, 7.0, 9.0)


class Levitate(Effect):
    """See the module."""

    slug = "levitate"
    name = "Levitate"
    logo_at = 0.60
    description = "The subject rises and hovers above its shadow; best with a whole subject that stands on something."

    def prepare(self, stage: Stage, plan: Plan, spec: Spec) -> Animator:
        return _Rise(stage, spec)


class _Rise(Animator):
    life = False

    def __init__(self, stage: Stage, spec: Spec) -> None:
        focus = craft.focus_of(stage)
        self._focus, self._duration_s = focus, spec.duration_s
        rng = toolkit.rng_for(spec, "levitate")
        self._sway, self._bob = toolkit.wander(rng, 0.10, 0.35), toolkit.wander(rng, 0.15, 0.4)
        free_above = max(0.0, focus.box[1] - focus.frame[1])
        self._height = min(HIGH * focus.unit, max(LOW * focus.unit, 0.8 * free_above))
        self._whole = focus.subject is not None and not focus.cut[3]
        self._shadows: list[tuple[U8, float, float, float]] = []
        if focus.subject is None:
            self.shot = Shot(moves=(Move(kind=MoveKind.CRANE, amount=1.6, start=0.08, end=0.9),))
            self.notes = ("levitate: no clear subject was found, so the camera rises instead",)
        elif not self._whole:
            self.shot = Shot(moves=(Move(kind=MoveKind.PEDESTAL, amount=-0.8, start=RISE, end=0.9),))
            self.notes = ("levitate: the frame cuts the subject off below, so it rises only a little",)
            self._height = 0.05 * focus.unit
        else:
            # Little room above: the camera looks up after it and draws back.
            short = (self._height - free_above) / focus.unit + ROOM
            look = min(1.0, max(0.0, short / 0.10))
            self.shot = (
                Shot(
                    moves=(
                        Move(kind=MoveKind.TILT, amount=0.45 * look, start=CROUCH, end=UP),
                        Move(kind=MoveKind.DOLLY, amount=-0.7 * look, end=UP),
                    )
                )
                if look > 0.1
                else craft.closer(focus, 0.35)
            )
            self._shadows = _shadows(focus.subject.alpha, focus)
            empty = emptied(stage, focus, EMPTY)
            self.extra_layers = () if empty is None else (empty,)
            self._lower = lower_half(stage, focus)
        self._dust = craft.crumbs([(190, 176, 150), (150, 138, 120)], 0.011 * spec.height, rng, 6)
        scale = toolkit.frame_scale(stage, spec)
        self._flecks = [
            craft.Fleck(
                index, float(rng.uniform(RISE, 0.75)) * spec.duration_s, float(rng.uniform(1.0, 2.2)),
                (focus.centre[0] + float(rng.normal(0, 0.35)) * focus.width - focus.frame[0]) * scale,
                (focus.box[3] - float(rng.uniform(0, 0.1)) * focus.height - focus.frame[1]) * scale,
                float(rng.normal(0, 0.03)) * spec.height,
                -float(rng.uniform(0.06, 0.22)) * spec.height,
                float(rng.uniform(0.3, 1.0)),
            )
            for index in range(34)
        ]  # fmt: skip
        d = spec.duration_s
        self.cues = (
            Cue(at_s=CROUCH * d, kind="rise", strength=0.6, duration_s=(UP - CROUCH) * d),
            Cue(at_s=RISE * d, kind="whoosh", strength=0.4, duration_s=0.8),
            Cue(at_s=UP * d, kind="sparkle", strength=0.45, duration_s=1.4),
        )

    def frame(self, moment: Moment) -> Changes:
        focus, t = self._focus, moment.t
        if focus.subject is None:
            return Changes()
        crouch = 0.030 * toolkit.pulse(t, 0.5 * (CROUCH + RISE), 0.08) if self._whole else 0.0
        lift = span(t, RISE, UP)
        since = max(0.0, moment.time_s - RISE * self._duration_s)
        stretch = 0.030 * toolkit.pulse(t, 0.5 * (RISE + UP) - 0.05, 0.16) if self._whole else 0.0
        foot = (focus.centre[0], focus.box[3])
        bob = 0.016 * focus.unit * lift * math.sin(2 * math.pi * 0.42 * since)
        dy = -self._height * lift + bob
        dx = 0.012 * focus.unit * lift * self._sway(since)
        tilt = 0.045 * lift * self._bob(since)
        tall = 1.0 - crouch + stretch
        grown = 1.0 + (NEARER * lift if self._whole else 0.0)
        affine = toolkit.chain(
            toolkit.stretch(foot, grown / tall, grown * tall),
            toolkit.rotate(focus.centre, tilt),
            toolkit.shift(dx, dy),
        )
        sprites = self._cast(lift * (1.0 + 0.15 * bob / max(1.0, 0.016 * focus.unit)), span(t, CROUCH, RISE + 0.06), dx)
        sprites += craft.flying(self._dust, self._flecks, moment.time_s, -0.02 * focus.unit, 0.3)
        layers: dict[int | str, LayerChange] = {focus.key: LayerChange(affine=affine)}
        if self._whole:
            layers[EMPTY] = LayerChange(mask=self._lower, opacity=min(1.0, 5.0 * lift), hidden=lift <= 0.0)
        return Changes(layers=layers, sprites=tuple(sprites))

    def _cast(self, lift: float, there: float, dx: float) -> list[Sprite]:
        """The shadow on the ground: sharp and dark at the foot, soft and a little wider from high above."""
        if not self._shadows or there <= 0.0:
            return []
        soft = min(1.0, max(0.0, lift))
        found = []
        for (picture, scale, x, y), share in zip(self._shadows, ((1.0 - soft) ** 1.5, soft**0.7), strict=True):
            spread = scale * (1.0 + 0.05 * soft)
            cx, cy = x + picture.shape[1] * scale / 2 + 0.4 * dx, y + picture.shape[0] * scale / 2
            found.append(
                craft.placed(
                    picture,
                    (cx, cy),
                    self._focus.depth,
                    self._focus.key - 1,
                    scale=spread,
                    opacity=min(1.0, there * share),
                )
            )
        return found


def _shadows(alpha: U8, focus: craft.Focus) -> list[tuple[U8, float, float, float]]:
    """The subject's shadow on the ground, close and from high: premultiplied RGBA, scale, and the
    corner's working (x, y)."""
    step = max(1.0, max(alpha.shape) / SIDE)
    pad = 0.16 * focus.unit  # for the softness
    x0, y0 = focus.box[0] - pad, focus.box[1] - pad
    x1, y1 = focus.box[2] + pad, focus.box[3] + pad
    size = max(8, round((x1 - x0) / step)), max(8, round((y1 - y0) / step))
    place = np.array([[step, 0.0, x0 + step / 2 - 0.5], [0.0, step, y0 + step / 2 - 0.5]])
    soft = cv2.blur(alpha, (max(1, round(step)),) * 2)
    small = cv2.warpAffine(soft, place, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    sole = footprint(np.asarray(small, np.uint8)).astype(np.float32)
    unit = focus.unit / step
    found = []
    # What stands broadly shades the ground under it more than two soles do.
    broad = min(1.0, float(np.count_nonzero(sole.any(axis=0))) / (0.7 * unit))
    for blur, darkness, down in ((0.012, 0.85, 0.006), (0.028, 0.54 + 0.32 * broad, 0.016)):
        # Grown by as much as it is softened, or two soles would fade to nothing.
        grown = cv2.dilate(sole, filters.disc(max(1.0, 1.1 * blur * unit)))
        spread = cv2.GaussianBlur(grown, (0, 0), max(0.8, blur * unit))
        picture = toolkit.painted(SHADE, np.asarray(np.clip(spread * darkness, 0, 255), np.uint8))
        found.append((picture, step, x0, y0 + down * focus.unit))
    return found


def footprint(alpha: U8) -> U8:
    """Where a subject touches the ground, seen from a little above: (h, w) uint8, 255 there.

    From its lowest places its lower outline is followed sideways as long as it climbs no steeper than 60 degrees:
    that far it is the near rim of what it stands on. The far rim is as far behind the line between the ends as the
    near one is before it, and at least a foot's depth.
    """
    solid = alpha >= 128
    height, width = solid.shape
    columns = solid.any(axis=0)
    out = np.zeros((height, width), np.uint8)
    if not bool(columns.any()):
        return out
    lowest = np.where(columns, height - 1 - np.argmax(solid[::-1], axis=0), -height)
    bottom = int(lowest.max())
    tall = bottom - int(np.flatnonzero(solid.any(axis=1))[0]) + 1
    touching = lowest >= bottom - 0.05 * tall
    reach = 3  # columns over which the climb is measured: an outline is never quite smooth
    for order in (range(reach, width), range(width - 1 - reach, -1, -1)):
        side = -1 if order.step > 0 else 1
        for x in order:
            before = x + side * reach
            if touching[x + side] and not touching[x]:
                touching[x] = abs(int(lowest[x]) - int(lowest[before])) <= 1.73 * reach
    labels, count = _runs(touching)
    for run in range(1, count + 1):
        at = np.flatnonzero(labels == run)
        rim = lowest[at].astype(np.float64)
        ends = np.interp(at, [at[0], at[-1]], [rim[0], rim[-1]])
        deep = max(0.16 * len(at), float((rim - ends).max()))
        across = np.sqrt(np.clip(1.0 - ((at - at.mean()) / (0.5 * len(at) + 0.5)) ** 2, 0.0, 1.0))
        far = np.minimum(2 * ends - rim, rim - 2 * deep * across)
        corners = np.concatenate([np.stack([at, rim], axis=1), np.stack([at, far], axis=1)[::-1]])
        craft.fill(out, corners.astype(np.float32))
    return out


def _runs(marked: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> tuple[np.ndarray[tuple[int], np.dtype[np.intp]], int]:
    """A number for every run of marked places, 0 elsewhere; and how many there are."""
    starts = marked & ~np.concatenate([[False], marked[:-1]])
    return np.where(marked, np.cumsum(starts), 0), int(starts.sum())
