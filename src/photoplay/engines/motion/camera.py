"""The camera: a pinhole that travels, turns and changes its focal length; a Shot becomes a View for every time.

Lengths are in two units only. On the picture: **frame widths**, measured from the frame's centre, x right
and y down. In the world: **subject distances**: the subject plane lies at Z = 1, so its nearness q = 1/Z is
1. A layer's inverse depth d (0 far .. 1 near) becomes nearness by :meth:`Rig.nearness`; the far end keeps a
finite distance, since photos whose far end stands dead still look cut out.

A point seen at u' in the frame comes, on a surface of nearness q, from

    u = (1 - q * t_z) * h(u') + q * f * (t_x, t_y)

of the photo, where h is the homography of rotation and focal length alone. The shift is linear in q, which
is what makes solving for depth inside a layer cheap (``warp.py``).

Every path starts at the identity: whatever the shot, the view at t = 0 shows the photo.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from photoplay.engines.motion.easing import progress, smooth
from photoplay.engines.motion.interest import aim_and_focus
from photoplay.engines.motion.matrices import Matrix, as_array, product, times, turn
from photoplay.engines.motion.types import F32, Stage
from photoplay.shot import Ease, Move, MoveKind, Shot

F64 = NDArray[np.float64]

DEFAULT_FOV_DEG = 50.0  # across the longer side; a normal lens
FILM_DIAGONAL_MM = 43.27  # of the 36 x 24 mm frame that "35 mm equivalent" refers to
FAR_OFFSET = 0.27  # added to inverse depths: puts d = 0 at about 4 subject distances for a subject at d = 0.8
MIN_SUBJECT_DEPTH = 0.25
PASSING = 0.85  # the camera never gets nearer to the nearest surface than 1 - PASSING of its distance

# What an amount of 1.0 does; see photoplay.shot.UNITS.
DOLLY_SCALE = 1.15
ZOOM_SCALE = 1.15
DOLLY_ZOOM_SCALE = 1.15
TRUCK_SHARE = 0.05
PEDESTAL_SHARE = 0.05
PAN_SHARE = 0.08
TILT_SHARE = 0.08
ROLL_RAD = math.radians(4.0)
ORBIT_SHARE = 0.05
CRANE_SHARE = 0.05
HANDHELD_RMS = 0.004
PUSH_NEAR_SCALE = 1.4
PUSH_FAR_SCALE = 1.1
RACK_DISC = 0.012

_HANDHELD_HZ = (0.13, 0.21, 0.34, 0.55, 0.89, 1.44, 2.33)  # golden-ratio steps: no common period below 3 Hz
_RACK_DIP = 0.35  # part of a rack's span in which the other plane is focused first


@dataclass(frozen=True, slots=True)
class Rig:
    """What the camera needs to know of the stage: lens, shape and depth of the subject.

    ``focal``: focal length in frame widths. ``aspect``: frame height over width. ``aim``: the point the camera
    cares for (face, subject; else where the scene is busy), in frame widths from the
    centre. ``subject_depth``: inverse depth of the subject. ``focus``: in a scene without a subject, the inverse
    depths between which focus goes, far and near, and whether anything is near; None: from the far end to the subject.
    """

    focal: float
    aspect: float
    aim: tuple[float, float] = (0.0, 0.0)
    subject_depth: float = 0.8
    focus: tuple[float, float, bool] | None = None

    def nearness(self, inverse_depth: float) -> float:
        """q = 1/Z of an inverse depth; 1 on the subject plane."""
        return (inverse_depth + FAR_OFFSET) / (max(self.subject_depth, MIN_SUBJECT_DEPTH) + FAR_OFFSET)

    def nearness_map(self, inverse_depth: F32) -> F32:
        """The same for a whole array."""
        scale = 1.0 / (max(self.subject_depth, MIN_SUBJECT_DEPTH) + FAR_OFFSET)
        return ((inverse_depth + np.float32(FAR_OFFSET)) * np.float32(scale)).astype(np.float32)

    @property
    def far(self) -> float:
        """q of the far end."""
        return self.nearness(0.0)

    @property
    def near(self) -> float:
        """q of the near end."""
        return self.nearness(1.0)

    @property
    def focal_planes(self) -> tuple[float, float]:
        """q of the planes between which focus goes: all beyond the first is as sharp as it, all before the second."""
        return (self.far, 1.0) if self.focus is None else (self.nearness(self.focus[0]), self.nearness(self.focus[1]))


def subject_layer(stage: Stage) -> int:
    """Index of the layer that carries the subject: the nearest one with an alpha that the matte agrees with.

    0 (the plate) when the photo has no clear subject.
    """
    matte = stage.scene.matte
    if len(stage.layers) < 2 or not matte.any():
        return 0
    scale, dx, dy = stage.photo_to_working
    box = stage.scene.subject
    best, best_score = 0, 0.2
    for index, layer in enumerate(stage.layers):
        if layer.alpha is None:
            continue
        alpha = layer.alpha[::8, ::8].astype(np.float32) / 255.0
        if box is None:
            score = float(alpha.mean())
        else:
            # The subject's box, brought to working pixels; the photo's size follows from the stage's own scale.
            photo_w, photo_h = photo_size(stage)
            x0, x1 = ((v * photo_w * scale + dx) / 8 for v in (box.x0, box.x1))
            y0, y1 = ((v * photo_h * scale + dy) / 8 for v in (box.y0, box.y1))
            inside = alpha[max(0, int(y0)) : max(1, int(y1) + 1), max(0, int(x0)) : max(1, int(x1) + 1)]
            total = float(alpha.sum())
            score = float(inside.mean()) * (float(inside.sum()) / total) if inside.size and total > 0 else 0.0
        if score >= best_score:
            best, best_score = index, score
    return best


def photo_size(stage: Stage) -> tuple[float, float]:
    """(width, height) of the photo in its own pixels, recovered from the stage; exact up to rounding."""
    if stage.photo_size is not None:
        return float(stage.photo_size[0]), float(stage.photo_size[1])
    scale, _, _ = stage.photo_to_working
    # Without a record: the working area holds the photo's shape around the frame.
    width, height = stage.scene.size
    _, _, frame_w, frame_h = stage.frame
    fit = max(frame_w / width, frame_h / height)
    return width * fit / scale, height * fit / scale


def photo_to_frame(stage: Stage, x: float, y: float) -> tuple[float, float]:
    """A point of the photo (fractions of its sides) in frame widths from the frame's centre."""
    width, height = photo_size(stage)
    scale, dx, dy = stage.photo_to_working
    frame_x, frame_y, frame_w, frame_h = stage.frame
    return (
        (x * width * scale + dx - frame_x - frame_w / 2) / frame_w,
        (y * height * scale + dy - frame_y - frame_h / 2) / frame_w,
    )


def build_rig(stage: Stage, focal_mm: float | None = None) -> Rig:
    """The rig for a stage: focal length from EXIF (35 mm equivalent) or a 50 degree field of view."""
    _, _, frame_w, frame_h = stage.frame
    aspect = frame_h / frame_w
    if focal_mm is not None and focal_mm > 0:
        width, height = photo_size(stage)
        diagonal = math.hypot(width, height) * stage.photo_to_working[0] / frame_w
        focal = min(max(focal_mm, 14.0), 200.0) / FILM_DIAGONAL_MM * diagonal
    else:
        focal = max(1.0, aspect) / (2.0 * math.tan(math.radians(DEFAULT_FOV_DEG / 2)))
    aim: tuple[float, float] = (0.0, 0.0)
    focus: tuple[float, float, bool] | None = None
    scene = stage.scene
    faces = sorted(scene.faces, key=lambda face: -(face.box.x1 - face.box.x0))
    if faces:
        aim = photo_to_frame(stage, *faces[0].box.centre)
    elif scene.subject is not None:
        aim = photo_to_frame(stage, *scene.subject.centre)
    else:
        aim, focus = aim_and_focus(stage)
    aim = (min(max(aim[0], -0.4), 0.4), min(max(aim[1], -0.4 * aspect), 0.4 * aspect))
    index = subject_layer(stage)
    depth = stage.layers[index].anchor_depth if index else float(np.quantile(stage.layers[0].inverse_depth, 0.75))
    return Rig(focal=focal, aspect=aspect, aim=aim, subject_depth=min(max(depth, MIN_SUBJECT_DEPTH), 1.0), focus=focus)


@dataclass(frozen=True, slots=True)
class View:
    """The camera at one time.

    ``ray``: (3, 3) float64, takes (u', v', 1) in the frame to (h_x, h_y, 1) up to scale, in frame widths.
    ``travel``: (x, y, z) of the camera in subject distances. ``focal``: of the photo, in frame widths.
    ``blur_near`` and ``blur_far``: diameter of the blur disc on the subject and on the far end, in frame widths.
    """

    ray: F64
    travel: tuple[float, float, float]
    focal: float
    blur_near: float = 0.0
    blur_far: float = 0.0

    def look(self, u: float, v: float, q: float) -> tuple[float, float]:
        """Where (u, v) of the frame comes from on a surface of nearness ``q``; all in frame widths."""
        x, y, w = self.ray @ np.array([u, v, 1.0])
        keep = 1.0 - q * self.travel[2]
        return (
            float(keep * x / w + q * self.focal * self.travel[0]),
            float(keep * y / w + q * self.focal * self.travel[1]),
        )

    def homography(self, q: float) -> F64:
        """(3, 3): frame point to photo point for a surface of nearness ``q``, both in frame widths."""
        keep = 1.0 - q * self.travel[2]
        shift = np.array(
            [
                [keep, 0.0, q * self.focal * self.travel[0]],
                [0.0, keep, q * self.focal * self.travel[1]],
                [0.0, 0.0, 1.0],
            ]
        )
        seen: F64 = shift @ self.ray
        return seen

    @property
    def parallax(self) -> bool:
        """Whether depth matters to this view."""
        return any(abs(value) > 1e-7 for value in self.travel)


@dataclass(frozen=True, slots=True)
class Nudge:
    """A small push of the camera on top of its path: an effect's shake or recoil.

    ``dx, dy``: the picture moves by this many frame widths; ``roll_rad``: the picture turns clockwise;
    ``scale``: the picture grows by this factor about ``about`` (frame widths from the centre).
    """

    dx: float = 0.0
    dy: float = 0.0
    roll_rad: float = 0.0
    scale: float = 1.0
    about: tuple[float, float] = (0.0, 0.0)

    def matrix(self) -> Matrix:
        """Nudged frame point to frame point before the nudge."""
        cos, sin = math.cos(self.roll_rad) / self.scale, math.sin(self.roll_rad) / self.scale
        ax, ay = self.about
        # u = about + Rot(-roll) (u' - d - about) / scale
        bx, by = -self.dx - ax, -self.dy - ay
        return (cos, sin, ax + cos * bx + sin * by), (-sin, cos, ay - sin * bx + cos * by), (0.0, 0.0, 1.0)


def nudged(view: View, nudge: Nudge) -> View:
    """``view`` with ``nudge`` on top."""
    return replace(view, ray=view.ray @ as_array(nudge.matrix()))


class Sway:
    """Handheld motion: four channels of band-limited 1/f noise (below 3 Hz), zero at t = 0, from a seed.

    Sums of sines rather than filtered white noise: exact at any time, so frames can be made in any order.
    """

    def __init__(self, seed: int, duration_s: float) -> None:
        rng = np.random.default_rng([0x5A7, seed & 0xFFFFFFFF])
        self._duration_s = duration_s
        self._omega = 2.0 * np.pi * np.array(_HANDHELD_HZ)[None, :] * rng.uniform(0.93, 1.07, (4, len(_HANDHELD_HZ)))
        self._phase = rng.uniform(0.0, 2.0 * np.pi, self._omega.shape)
        self._gain: F64 = 1.0 / self._omega
        times = np.linspace(0.0, duration_s, 241)
        raw = np.stack([self._raw(float(s)) for s in times])
        rms = np.sqrt(np.mean((raw - raw.mean(axis=0)) ** 2, axis=0))
        self._scale = 1.0 / np.maximum(rms, 1e-9)

    def _raw(self, time_s: float) -> F64:
        value: F64 = (self._gain * (np.sin(self._omega * time_s + self._phase) - np.sin(self._phase))).sum(axis=1)
        return value

    def at(self, t: float) -> tuple[float, float, float, float]:
        """(x, y, roll, forward) at time ``t`` 0..1, each of rms 1 over the clip about its mean."""
        x, y, roll, forward = (self._raw(t * self._duration_s) * self._scale).tolist()
        return x, y, roll, forward


class CameraPath:
    """A shot, ready to be asked for its view at any time. Pure: the same time gives the same view."""

    def __init__(
        self,
        shot: Shot,
        rig: Rig,
        *,
        duration_s: float,
        seed: int = 0,
        reframe: float = 0.0,
        backwards: bool = False,
    ) -> None:
        """``reframe``: natural logarithm of the push-in reached with the moves' end, to keep within the stage.

        ``backwards``: the path is run from its end, so that the last view, not the first, shows the photo.
        """
        self.shot = shot
        self.rig = rig
        self.duration_s = duration_s
        self.seed = seed
        self.reframe = reframe
        self.backwards = backwards
        self._sway = Sway(seed, duration_s) if any(m.kind is MoveKind.HANDHELD for m in shot.moves) else None

    def with_shot(self, shot: Shot, reframe: float) -> CameraPath:
        """The same camera on another shot."""
        return CameraPath(
            shot, self.rig, duration_s=self.duration_s, seed=self.seed, reframe=reframe, backwards=self.backwards
        )

    def progress(self, t: float) -> float:
        """How far the moves as a whole have come at the shot's own time ``t``: 0..1, 0 at first, never falling."""
        total = sum(abs(move.amount) for move in self.shot.moves if move.kind is not MoveKind.STATIC)
        if total == 0.0:
            return 0.0
        done = sum(
            abs(move.amount) * self._engaged(move, t) for move in self.shot.moves if move.kind is not MoveKind.STATIC
        )
        return done / total

    def _engaged(self, move: Move, t: float) -> float:
        if move.kind is MoveKind.HANDHELD:  # needs its room early: sway does not grow slowly
            first = min(move.end, move.start + min(0.25, 1.0 / self.duration_s))
            return progress(t, move.start, first)
        return progress(t, move.start, move.end, move.ease)

    def at(self, t: float) -> View:
        """The view at time ``t`` 0..1."""
        if self.backwards:
            t = 1.0 - t
        rig = self.rig
        f, far = rig.focal, rig.far
        x = y = z = 0.0  # travel
        pan = tilt = roll = 0.0
        around_x = around_y = 0.0  # angles about the subject
        log_zoom = 0.0
        log_held = 0.0  # zoom about the aim whichever its sign: a dolly zoom's, to hold the subject
        forward = 0.0  # travel of the dolly and the push
        blur_near = blur_far = 0.0
        for move in self.shot.moves:
            p = progress(t, move.start, move.end, move.ease)
            a = move.amount * p
            match move.kind:
                case MoveKind.STATIC:
                    pass
                case MoveKind.ZOOM:
                    log_zoom += a * math.log(ZOOM_SCALE)
                case MoveKind.DOLLY:
                    forward += 1.0 - DOLLY_SCALE**-a
                case MoveKind.DOLLY_ZOOM:
                    g = DOLLY_ZOOM_SCALE**-a
                    step = (1.0 - g) / (1.0 - g * far)
                    z += step
                    x, y = x + step * rig.aim[0] / f, y + step * rig.aim[1] / f
                    log_held += math.log(1.0 - step)
                case MoveKind.PUSH_THROUGH:
                    near_scale, far_scale = PUSH_NEAR_SCALE**a, PUSH_FAR_SCALE**a
                    step = (near_scale - far_scale) / (near_scale - far_scale * far)
                    forward += step
                    log_zoom += math.log(near_scale * (1.0 - step))
                case MoveKind.TRUCK:
                    x += a * TRUCK_SHARE / f
                case MoveKind.PEDESTAL:
                    y -= a * PEDESTAL_SHARE * rig.aspect / f
                case MoveKind.PAN:
                    pan += math.atan(a * PAN_SHARE / f)
                case MoveKind.TILT:
                    tilt += math.atan(a * TILT_SHARE * rig.aspect / f)
                case MoveKind.ROLL:
                    roll += a * ROLL_RAD
                case MoveKind.ORBIT:
                    around_x += _arc(a * ORBIT_SHARE, f, far)
                case MoveKind.CRANE:
                    around_y += _arc(a * CRANE_SHARE * rig.aspect, f, far)
                case MoveKind.HANDHELD:
                    sx, sy, sr, sf = self._sway_at(t, move)
                    # Mostly turning, a little travel: hands turn a camera more than they carry it.
                    pan += 0.7 * sx / f
                    x += 0.3 * sx / f
                    tilt -= 0.7 * sy / f
                    y += 0.3 * sy / f
                    roll += 0.5 * sr
                    z += 0.6 * sf
                case MoveKind.RACK_FOCUS:
                    # Where nothing is near, every rack ends on the one thing there is.
                    near, far_blur = _rack(move, t, to_far=rig.focus is not None and not rig.focus[2])
                    blur_near, blur_far = blur_near + near, blur_far + far_blur
        z += forward
        lean = forward * _inward(forward) / f
        x, y = x + lean * rig.aim[0], y + lean * rig.aim[1]
        turned = turn(pan, tilt)
        if around_x or around_y:
            orbit = turn(-around_x, -around_y)
            pivot = rig.aim[0] / f, rig.aim[1] / f, 1.0
            x, y, z = (
                at + (here - there) for at, here, there in zip((x, y, z), pivot, times(orbit, *pivot), strict=True)
            )
            turned = product(orbit, turned)
        z = min(z, PASSING / max(rig.near, 1.0))
        # From frame widths to the lens's own measure and back: diag(f, f, 1) @ turned @ its inverse.
        (a00, a01, a02), (a10, a11, a12), (a20, a21, a22) = turned
        ray = (a00, a01, a02 * f), (a10, a11, a12 * f), (a20 / f, a21 / f, a22)
        weight = _inward(log_zoom)
        for nudge in (
            Nudge(scale=math.exp(log_held), about=rig.aim),
            Nudge(scale=math.exp(log_zoom), about=(weight * rig.aim[0], weight * rig.aim[1])),
            Nudge(roll_rad=roll),
            Nudge(scale=math.exp(self.reframe * self.progress(t))),
        ):
            if nudge.scale != 1.0 or nudge.roll_rad:
                ray = product(ray, nudge.matrix())
        return View(
            ray=as_array(ray),
            travel=(x, y, z),
            focal=f,
            blur_near=blur_near,
            blur_far=blur_far,
        )

    def _sway_at(self, t: float, move: Move) -> tuple[float, float, float, float]:
        if self._sway is None:
            return 0.0, 0.0, 0.0, 0.0
        ramp = min(0.5, 0.6 / self.duration_s) * (move.end - move.start)
        envelope = 1.0
        if move.start > 0.0:
            envelope *= progress(t, move.start, move.start + ramp)
        if move.end < 1.0:
            envelope *= 1.0 - progress(t, move.end - ramp, move.end)
        # x takes more than y, both together have the rms that UNITS names.
        size = HANDHELD_RMS * move.amount * envelope
        x, y, roll, forward = self._sway.at(t)
        return 0.8 * size * x, 0.6 * size * y, size * roll, size * forward


def reversed_shot(shot: Shot) -> Shot:
    """The shot that, run backwards, looks like ``shot`` but ends where it would begin: it arrives at the photo."""
    mirrored = {Ease.IN: Ease.OUT, Ease.OUT: Ease.IN}
    return Shot(
        moves=tuple(
            move.model_copy(
                update={
                    "amount": -move.amount,
                    "start": 1.0 - move.end,
                    "end": 1.0 - move.start,
                    "ease": mirrored.get(move.ease, move.ease),
                }
            )
            for move in shot.moves
        )
    )


def _arc(share: float, focal: float, far: float) -> float:
    """Angle about the subject that moves the far end by ``share`` frame widths against it."""
    return math.asin(_within(share / (focal * (1.0 - far)), 0.6))


def _inward(log_scale: float) -> float:
    """How much a move heads for the aim: in towards it, out from the frame's centre, without a kink between."""
    return 1.0 / (1.0 + math.exp(-_within(log_scale / 0.03, 30.0)))


def _within(value: float, limit: float) -> float:
    return min(max(value, -limit), limit)


def _rack(move: Move, t: float, *, to_far: bool) -> tuple[float, float]:
    """(near, far) blur discs; ``to_far``: it ends on the far plane whichever it is to.

    A rack first lets the plane it will end on go soft, then pulls focus onto it.

    The first picture is the photo, sharp everywhere, as every move's must be.
    """
    size = RACK_DISC * abs(move.amount)
    length = move.end - move.start
    turn_at = move.start + _RACK_DIP * length
    dip = progress(t, move.start, turn_at, move.ease)
    pull = progress(t, turn_at, move.end, move.ease)
    leaving, arriving = size * pull, 0.75 * size * dip * (1.0 - pull)
    return (arriving, leaving) if move.amount > 0 and not to_far else (leaving, arriving)


def reached(path: CameraPath, t: float) -> float:
    """Scale of the subject plane at ``t`` against the photo; > 1 when it has grown."""
    left = path.at(t).look(-0.25, 0.0, 1.0)
    right = path.at(t).look(0.25, 0.0, 1.0)
    return 0.5 / math.hypot(right[0] - left[0], right[1] - left[1])


__all__ = [
    "CameraPath",
    "Nudge",
    "Rig",
    "Sway",
    "View",
    "build_rig",
    "nudged",
    "photo_to_frame",
    "reached",
    "smooth",
    "subject_layer",
]
