"""Pictures made in code that show one thing each, for what is told from colour and texture. (H, W, 3) uint8 RGB."""

from __future__ import annotations

import cv2
import numpy as np

from photoplay.engines.motion.types import F32, U8

SIZE = (640, 480)


def grain(softness: float, seed: int = 0, size: tuple[int, int] = SIZE) -> F32:
    """(h, w) smooth noise of deviation 1."""
    noise = np.random.default_rng(seed).normal(0, 1, (size[1], size[0])).astype(np.float32)
    soft = np.asarray(cv2.GaussianBlur(noise, (0, 0), softness), np.float32)
    return np.asarray(soft / soft.std(), np.float32)


def _places() -> tuple[F32, F32]:
    y, x = np.indices((SIZE[1], SIZE[0]), dtype=np.float32)
    return x, y


def _done(image: F32) -> U8:
    soft = cv2.GaussianBlur(image.astype(np.float32) + grain(0.8, 1)[..., None] * 1.5, (0, 0), 0.8)
    return np.clip(soft, 0, 255).astype(np.uint8)


def _over(image: F32, share: F32, colour: F32 | tuple[float, float, float]) -> F32:
    return np.asarray(image * (1 - share[..., None]) + np.asarray(colour, np.float32) * share[..., None], np.float32)


def candle() -> U8:
    """A burning candle in the dark."""
    x, y = _places()
    image = np.zeros((SIZE[1], SIZE[0], 3), np.float32) + np.float32([16, 11, 9])
    image += np.exp(-(((x - 320) ** 2 + (y - 200) ** 2) / 140**2))[..., None] * np.float32([110, 60, 20])
    image[(np.abs(x - 320) < 36) & (y > 280)] = [120, 85, 60]
    t = np.clip((y - 150) / 110, 0, 1.15)
    half = 30 * np.sqrt(t) * np.sqrt(1.15 - t) * 1.5
    image = _over(image, np.clip((half - np.abs(x - 320)) / 6, 0, 1) * (y > 150) * (y < 275), (255, 165, 50))
    core = np.clip((half * 0.55 - np.abs(x - 320)) / 6, 0, 1) * (t > 0.4) * (t < 0.95)
    return _done(_over(image, core, (255, 250, 225)))


def campfire() -> U8:
    """A fire at night, smoke above it."""
    x, y = _places()
    image = np.zeros((SIZE[1], SIZE[0], 3), np.float32) + np.float32([13, 15, 24])
    image[y > 345] = [36, 24, 15]
    image += np.exp(-(((x - 320) ** 2 + (y - 300) ** 2) / 180**2))[..., None] * np.float32([90, 45, 12])
    smoke = np.clip((80 + (180 - y) * 0.3 - np.abs(x - 320 - grain(32, 5) * 16)) / 50, 0, 1) * np.clip(
        (205 - y) / 50, 0, 1
    )
    image = _over(image, np.asarray(smoke * (0.30 + 0.12 * grain(20, 7).clip(-1, 1)), np.float32), (140, 135, 133))
    up = np.clip((355 - y) / 175, 0, 1)
    wide = 100 * (1 - up) ** 0.8
    licks = grain(17, 3) * up
    image = _over(image, np.clip((wide + licks * 20 - np.abs(x - 320)) / 14, 0, 1) * (y < 358), (250, 130, 25))
    core = np.clip((wide * 0.55 + licks * 15 - np.abs(x - 320)) / 20, 0, 1) * (y < 352) * (up < 0.6)
    return _done(_over(image, np.asarray(core, np.float32), (255, 246, 205)))


def sea(*, clouds: bool = False) -> U8:
    """A rippled sea under a blue sky, with clouds if asked."""
    _, y = _places()
    sky = np.float32([120, 165, 225]) + (y / 240)[..., None] * np.float32([60, 45, 20])
    if clouds:
        puff = np.clip(grain(26, 4) * 0.8, 0, 1) * np.clip((200 - y) / 60, 0, 1)
        sky = _over(sky, np.asarray(puff * 0.75, np.float32), (246, 248, 252))
    stretched = cv2.resize(grain(2.0, 8, (40, SIZE[1])), SIZE, interpolation=cv2.INTER_CUBIC)
    depth = np.clip((y - 240) / 240, 0, 1)
    water = np.float32([70, 115, 175]) + (stretched * (4 + 14 * depth))[..., None] * np.float32([1.0, 1.0, 0.9])
    return _done(np.where((y < 240)[..., None], sky, water).astype(np.float32))


def lake(*, shore: bool = True, mist: bool = False, hue: tuple[float, float, float] = (150, 185, 205)) -> U8:
    """A bright lake before wooded islands under a covered sky, which comes down to the water between them.

    ``shore``: without, the islands go on down to the lower edge. ``mist``: between them a wood is half hidden.
    ``hue``: of the water.
    """
    x, y = _places()
    image = np.zeros((SIZE[1], SIZE[0], 3), np.float32) + np.float32([226, 222, 236])
    if mist:
        hidden = np.clip((y - 240) / 130, 0, 1) * (0.6 + 0.1 * grain(30, 11))
        image = _over(image, np.asarray(hidden, np.float32), (70, 100, 110))
    wooded = np.clip((y - 230 - 20 * grain(14, 9)) / 30, 0, 1) * np.clip((np.abs(x - 340) - 60) / 60, 0, 1)
    image = _over(image, np.asarray(wooded, np.float32), (25, 52, 58))
    if shore:
        image = np.where((y < 405)[..., None], image, np.float32([hue]))
        strip = (y >= 394) & (y < 405)
        image[strip] = [40, 70, 78]
        stretched = cv2.resize(grain(1.6, 8, (40, SIZE[1])), SIZE, interpolation=cv2.INTER_CUBIC)
        image = np.where((y < 405)[..., None], image, image + (stretched * 9)[..., None])
    return _done(image)


def harbour(*, lamps: int = 6, warm: bool = True, shine: float = 1.0) -> U8:
    """A quay at night with lamps in a row. ``warm``: or white. ``shine``: of their halos; without they are discs."""
    x, y = _places()
    image = np.zeros((SIZE[1], SIZE[0], 3), np.float32) + np.float32([14, 18, 30])
    tint = np.float32([255, 165, 70]) if warm else np.float32([255, 255, 255])
    for number in range(lamps):
        away = np.hypot(x - 60 - number * 520 / max(1, lamps - 1), y - 300 - 20 * (number % 3))
        image += (shine * 0.75 * np.exp(-away / 11))[..., None] * tint
        image = _over(image, np.clip(6.5 - away, 0, 1), (255, 252, 240))
    return _done(image)


def meadow() -> U8:
    """Leaves and grass all over."""
    leaves = grain(2.5, 2) * 26 + grain(9, 3) * 14
    return _done(np.float32([70, 120, 45]) + leaves[..., None] * np.float32([0.8, 1.0, 0.5]))


def wall() -> U8:
    """A plastered wall, evenly lit."""
    return _done(np.float32([186, 178, 166]) + (grain(3, 6) * 3 + grain(60, 2) * 4)[..., None])
