"""Earth zoom: the camera shoots up from the photo, through clouds, until it is one spot on the turning Earth.

A photo looks along the ground and a map looks down on it, so the one never lies in the other: while the camera leaves,
the photo goes on beyond its borders in its own colours, out of focus, and clouds close in around it; when they part,
there is country below, then the globe (:mod:`earth`).
"""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np

from photoplay.engines.motion import toolkit
from photoplay.engines.motion.animate import Animator, Changes, Moment, Spec
from photoplay.engines.motion.effects import earth
from photoplay.engines.motion.effects.base import Effect
from photoplay.engines.motion.types import F32, U8, SceneMap, Stage
from photoplay.shot import Cue, Plan, Shot

START, AWAY = 0.06, 0.90  # fractions of the clip
GLOBE = 600  # pixels of the drawn pictures' sides, doubled from 1440 lines up
ROUND = 0.66  # diameter of the Earth in the last frame, in frame heights (or widths if fewer)
CLIMB = 520.0  # how much smaller everything is in the end
WINDOWS = (earth.RIM, 0.42, 0.16, 0.06)  # parts of the globe that are drawn each for itself
SOFT = 8  # the continuation beyond the photo is drawn this much smaller
SHEETS = 6
LOWEST, APART = 1.07, 1.30  # height of the lowest sheet of cloud, in heights of the camera at first; ratio of the next
WHITE = (2.7, 4.0, 4.6)  # heights at which the fog is nothing, whole, and still whole; it then thins out
THIN = 9.5
CLOUD = (238, 242, 247)  # of the fog


class EarthZoom(Effect):
    """See the module."""

    slug = "earth-zoom"
    name = "Earth zoom"
    logo_at = 0.78
    description = "The camera flies up through clouds until the photo is one spot on the Earth; suits any photo."

    def suits(self, scene: SceneMap) -> float:
        return 1.0

    def prepare(self, stage: Stage, plan: Plan, spec: Spec) -> Animator:
        return _Up(spec, stage)


class _Up(Animator):
    shot = Shot()

    def __init__(self, spec: Spec, stage: Stage) -> None:
        self._spec = spec
        rng = toolkit.rng_for(spec, "earth-zoom")
        size = GLOBE * (2 if min(spec.width, spec.height) >= 1440 else 1)
        tint = np.mean(np.array(toolkit.palette(stage.layers[0].rgb, None, 3, spec.seed), np.float32), axis=0)
        globe = earth.Globe(rng, (float(tint[0]), float(tint[1]), float(tint[2])))
        with ThreadPoolExecutor(
            1, thread_name_prefix="photoplay-earth"
        ) as beside:  # a window takes nothing from chance
            later = [beside.submit(globe.window, size, share) for share in WINDOWS[2:]]
            self._sky = _stars(spec.width, spec.height, rng)
            self._sheets = earth.sheets(384, SHEETS, rng)
            drawn = [globe.window(size, share) for share in WINDOWS[:2]] + [one.result() for one in later]
        self._windows = list(zip(WINDOWS, drawn, strict=True))
        d = spec.duration_s
        self.cues = (
            Cue(at_s=START * d, kind="rise", strength=0.6, duration_s=0.7 * d),
            Cue(at_s=0.16 * d, kind="whoosh", strength=0.9, duration_s=1.0),
            Cue(at_s=0.36 * d, kind="whoosh", strength=0.7, duration_s=1.2),
            Cue(at_s=0.78 * d, kind="swell", strength=0.5, duration_s=1.5),
        )

    def frame(self, moment: Moment) -> Changes:
        progress = _climbed(moment.t)
        if progress <= 0.0:
            return Changes()
        return Changes(finish=lambda photo: self._seen(photo, progress))

    def _seen(self, photo: U8, progress: float) -> U8:
        """The frame from a height: the photo or the Earth, then the clouds between."""
        high = CLIMB**progress  # of the camera, 1 at first: all is smaller by as much
        turn = 0.38 * progress
        white = _fog(high)
        if white > 0.995:
            return np.full_like(photo, CLOUD)
        out = _left_behind(photo, 1.0 / high, turn) if high < WHITE[1] else self._below(high, turn)
        diagonal = math.hypot(photo.shape[1], photo.shape[0])
        for index in range(SHEETS):
            level = LOWEST * APART**index
            above = high / level
            if above <= 1.0:
                continue  # still overhead
            # Those with an opening close in around the photo; the others fill the frame as long as they are seen.
            wide, until = (0.95, 3.2) if self._sheets[index][1] > 0.0 else (2.4, 2.6)
            side = wide * diagonal / (above - 1.0)
            share = min(1.0, (above - 1.0) / 0.10) * min(1.0, max(0.0, (until - above) / 1.2))
            if share > 0.0 and side < 14.0 * diagonal:
                _paste(out, self._sheets[index][0], side, turn + 1.3 * index, share)
        if white > 0.0:
            cv2.addWeighted(out, 1.0 - white, np.full_like(out, CLOUD), white, 0.0, dst=out)
        return out

    def _below(self, high: float, turn: float) -> U8:
        """The Earth from a height."""
        height, width = self._sky.shape[:2]
        diameter = ROUND * min(width, height) * CLIMB / high
        out = self._sky.copy()
        diagonal = math.hypot(width, height)
        # The widest window first; one whose even middle fills the frame hides those before it.
        first = max((n for n, (share, _) in enumerate(self._windows) if 0.60 * share * diameter > diagonal), default=0)
        for share, picture in self._windows[first:]:
            side = share * diameter
            fine = side / picture.shape[0]  # frame pixels per pixel of the picture
            opacity = 1.0 if share > 1.0 else min(1.0, max(0.0, (fine - 0.38) / 0.37))
            if opacity > 0.0:
                _paste(out, picture, side, turn, opacity)
        return out


def _climbed(t: float) -> float:
    """0..1: how far the camera has come, as the logarithm of its height. It leaves quickly and arrives slowly."""
    x = min(max((t - START) / (AWAY - START), 0.0), 1.0)
    # Speed as x (1 - x)^1.6, which is steepest early: the integral of it, in closed form, over its end value.
    p = 1.6
    left = (1.0 - x) ** (p + 1.0)
    return float(1.0 - left * (1.0 + (p + 1.0) * x))


def _fog(high: float) -> float:
    """How much of the frame is nothing but cloud."""
    rise, whole, until = WHITE
    if high <= rise or high >= THIN:
        return 0.0
    if high < whole:
        x = math.log(high / rise) / math.log(whole / rise)
    else:
        x = min(1.0, math.log(THIN / high) / math.log(THIN / until))
    return x * x * (3.0 - 2.0 * x)


def _left_behind(photo: U8, small: float, turn: float) -> U8:
    """The photo from a height, still filling the frame: beyond its borders it goes on, mirrored and out of focus."""
    height, width = photo.shape[:2]
    matrix = _placed(width, height, (width, height), small, turn)
    sharp = cv2.warpAffine(photo, matrix, (width, height), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REFLECT_101)
    w, h = max(8, width // SOFT), max(8, height // SOFT)
    thumb = cv2.resize(photo, (w, h), interpolation=cv2.INTER_AREA)
    place = _placed(w, h, (w, h), small, turn)
    edge = min(w, h)
    around = cv2.warpAffine(thumb, place, (w, h), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    around = cv2.GaussianBlur(around, (0, 0), max(0.8, 0.10 * edge * min(small, 1.2 - small)))
    inset = 0.30 * min(1.0, 2.2 * (1.0 - small))  # how far the softness reaches into the photo, in its shorter side
    gone = cv2.warpAffine(_rim(w, h, inset), place, (w, h), flags=cv2.INTER_LINEAR, borderValue=1.0)
    share = np.asarray(cv2.resize(gone, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
    soft = cv2.resize(around, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(cv2.blendLinear(soft, np.ascontiguousarray(sharp), share, np.float32(1.0) - share), np.uint8)


def _rim(width: int, height: int, inset: float) -> F32:
    """(h, w) float32: 0 in the middle, rising to 1 at the border, round at the corners."""
    x, y = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    reach = max(1e-3, inset * min(width, height))
    dx = np.clip(1.0 - np.minimum(x, width - x) / reach, 0, 1)
    dy = np.clip(1.0 - np.minimum(y, height - y) / reach, 0, 1)
    far = np.clip(np.hypot(dx, dy), 0, 1)
    return np.asarray(far * far * (3 - 2 * far), np.float32)


def _placed(width: int, height: int, size: tuple[int, int], scale: float, turn: float) -> F32:
    """(2, 3): a picture's pixels to a frame's, its middle (pixel centres) on the frame's."""
    c, s = math.cos(turn) * scale, math.sin(turn) * scale
    mx, my = (width - 1) / 2, (height - 1) / 2
    tx, ty = (size[0] - 1) / 2, (size[1] - 1) / 2
    return np.array([[c, -s, tx - c * mx + s * my], [s, c, ty - s * mx - c * my]], np.float32)


def _paste(out: U8, rgba: U8, side: float, turn: float, opacity: float = 1.0) -> None:
    """A square premultiplied picture in the frame's middle, ``side`` frame pixels wide, turned, in place."""
    height, width = out.shape[:2]
    picture = rgba
    while side / picture.shape[0] < 0.5 and picture.shape[0] > 8:  # shrink by area first, or it sparkles
        half = picture.shape[0] // 2
        picture = np.asarray(cv2.resize(picture, (half, half), interpolation=cv2.INTER_AREA), np.uint8)
    if side < 1.0:
        return
    reach = (abs(math.cos(turn)) + abs(math.sin(turn))) * side / 2 + 2
    x0, x1 = max(0, math.floor(width / 2 - reach)), min(width, math.ceil(width / 2 + reach))
    y0, y1 = max(0, math.floor(height / 2 - reach)), min(height, math.ceil(height / 2 + reach))
    matrix = _placed(picture.shape[0], picture.shape[0], (width, height), side / picture.shape[0], turn)
    matrix[:, 2] -= (x0, y0)
    drawn = np.asarray(cv2.warpAffine(picture, matrix, (x1 - x0, y1 - y0), flags=cv2.INTER_LINEAR), np.uint8)
    if opacity < 1.0:
        drawn = np.asarray(cv2.convertScaleAbs(drawn, alpha=opacity), np.uint8)
    under = out[y0:y1, x0:x1]
    rest = cv2.cvtColor(cv2.bitwise_not(cv2.extractChannel(drawn, 3)), cv2.COLOR_GRAY2RGB)
    cv2.multiply(under, rest, dst=under, scale=1 / 255.0)
    cv2.add(under, cv2.cvtColor(drawn, cv2.COLOR_RGBA2RGB), dst=under)


def _stars(width: int, height: int, rng: np.random.Generator) -> U8:
    """Space: (H, W, 3) uint8."""
    sky = np.zeros((height, width, 3), np.uint8)
    sky[:] = (3, 4, 9)
    size = max(1.0, min(width, height) / 720)
    for _ in range(420):
        at = round(float(rng.uniform(0, width)) * 16), round(float(rng.uniform(0, height)) * 16)
        bright = 40 + 200 * float(rng.random()) ** 3
        cv2.circle(
            sky,
            at,
            round(size * float(rng.uniform(0.4, 1.1)) * 16),
            (bright, bright, min(255.0, bright * 1.06)),
            -1,
            cv2.LINE_AA,
            4,
        )
    return sky
