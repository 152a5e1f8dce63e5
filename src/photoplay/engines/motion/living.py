"""What a subject is, as far as its life goes: a person, an animal, a blossom, or a thing that stands still.

No network here knows animals or flowers. A person without a clear face is one where two networks agree: the face
detector sees what may be a face, the people network a body. An animal is told by fur, a texture of fine strands all
over, of furry colours, without flat parts and hard edges; and the people network, which knows bodies, must not rule it
out. A blossom is vivid, round and finely drawn before blurred green. The limits were drawn between some forty
subjects, with a gap on either side.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from photoplay.engines.motion import filters, matte
from photoplay.engines.motion.faces import Seen
from photoplay.engines.motion.looks import Mask
from photoplay.engines.motion.types import F32, U8

NONE, PERSON, ANIMAL, BLOSSOM, OBJECT = "none", "person", "animal", "blossom", "object"
SIDE = 512  # pixels of the long side at which the texture is looked at
LEAST_AREA = 400  # pixels of subject at that size, and of what lies around it
SURE_PERSON = 0.70  # mean answer of the people network where a face may be
LIKELY_ANIMAL = 0.45  # the same, for what has fur: a raccoon's back gives 0.5, tables, roofs and engines 0.2 at most
LEAST_VIVID = 25.0  # median chroma of a blossom
LEAST_BUSY = 0.6  # share of fur or blossom that shows fine structure
AROUND = 6  # pixels between a subject and what counts as its background


@dataclass(frozen=True, slots=True)
class _Texture:
    """Of the inside of a subject. Shares are of its area.

    ``busy``, ``flat``: where fine structure stands out, and where there is next to none. ``strands``: median coherence
    of its direction, 0 crumbs .. 1 straight stripes. ``edges``: the strongest slopes, in usual ones. ``chroma``,
    ``vivid``: median and 95th percentile of the chroma in Lab. ``fine``: median fine structure, grey levels.
    """

    busy: float
    flat: float
    strands: float
    edges: float
    chroma: float
    vivid: float
    fine: float


def kind_of(rgb: U8 | filters.Sizes, alpha: U8, seen: Seen, models_dir: Path) -> str:
    """One of the five kinds.

    Args:
        rgb: (h, w, 3) uint8 at analysis size.
        alpha: (h, w) uint8, the subject; zeros where there is none.
        seen: the photo's faces.
        models_dir: where the weights are.
    """
    if not bool((alpha > 127).any()):
        return PERSON if seen.faces else NONE
    if any(_holds(alpha, *face.box.centre) for face in seen.faces):
        return PERSON
    faced = any(_holds(alpha, *point) for point in seen.doubtful)
    picture = filters.Sizes.of(rgb)
    small, mask = picture.at(SIDE), filters.resize_u8(alpha, filters.fit_size(picture.size, SIDE))
    window = filters.bounds(mask > 127, 4 * AROUND)
    if window is None:
        return OBJECT
    texture = _texture(np.ascontiguousarray(small[window]), np.ascontiguousarray(mask[window]))
    furry = texture is not None and _is_fur(texture)
    if furry or faced:
        inside, outside = _bodies(picture.full, alpha, models_dir)
        if furry and inside >= LIKELY_ANIMAL:
            return ANIMAL
        if faced and inside >= SURE_PERSON and outside < 0.5 * inside:
            return PERSON
    if texture is not None and _is_blossom(texture, small, mask):
        return BLOSSOM
    return OBJECT


def _holds(alpha: U8, x: float, y: float) -> bool:
    """Whether a point (fractions) lies in the subject."""
    height, width = alpha.shape
    return bool(alpha[min(height - 1, int(y * height)), min(width - 1, int(x * width))] > 127)


def _bodies(rgb: U8, alpha: U8, models_dir: Path) -> tuple[float, float]:
    """What the people network answers on average inside and outside the subject; 0 without its weights."""
    people = matte.people(rgb, models_dir)
    if people is None:
        return 0.0, 0.0
    inside = filters.resize_u8(alpha, (people.shape[1], people.shape[0]), cv2.INTER_AREA) > 127
    if not bool(inside.any()):
        return 0.0, 0.0
    return float(people[inside].mean()), float(people[~inside].mean()) if not bool(inside.all()) else 0.0


def _texture(rgb: U8, mask: U8) -> _Texture | None:
    """The texture inside ``mask``, measured at every second pixel of every second row; None where none can decide.

    What its colours rule out both as fur and as a blossom, as they do most things, is not looked at any further.
    """
    inside: Mask = np.asarray(cv2.erode((mask > 127).astype(np.uint8), np.ones((7, 7), np.uint8)) > 0, dtype=np.bool_)
    inside = inside[::2, ::2]
    if int(inside.sum()) < LEAST_AREA // 4:
        return None
    some = filters.to_f32(np.ascontiguousarray(rgb[::2, ::2]))
    lab = np.asarray(cv2.cvtColor(some, cv2.COLOR_RGB2LAB), dtype=np.float32)[inside]
    chromas = np.hypot(lab[:, 1], lab[:, 2])
    chroma, vivid = float(np.median(chromas)), float(np.percentile(chromas, 95))
    if chroma < LEAST_VIVID and not _furry_colours(chroma, vivid):
        return None
    grey = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), dtype=np.float32)
    fine = _fine(grey)[::2, ::2][inside]
    busy = float((fine > 2.0).mean())
    if busy < LEAST_BUSY:
        return None
    gx = np.asarray(cv2.Sobel(grey, cv2.CV_32F, 1, 0), dtype=np.float32)
    gy = np.asarray(cv2.Sobel(grey, cv2.CV_32F, 0, 1), dtype=np.float32)
    # The structure tensor: how far slopes nearby point the same way.
    xx, yy, xy = (
        np.asarray(cv2.GaussianBlur(product, (0, 0), 3.0), dtype=np.float32)[::2, ::2][inside]
        for product in (gx * gx, gy * gy, gx * gy)
    )
    strands = np.hypot(xx - yy, 2 * xy) / (xx + yy + 1e-3)
    slopes = np.hypot(gx[::2, ::2][inside], gy[::2, ::2][inside])
    return _Texture(
        busy=busy,
        flat=float((fine < 1.0).mean()),
        strands=float(np.median(strands)),
        edges=float(np.percentile(slopes, 98)) / max(1.0, float(np.median(slopes))),
        chroma=chroma,
        vivid=vivid,
        fine=float(np.median(fine)),
    )


def _fine(grey: F32) -> F32:
    """Deviation of what is finer than some three pixels, in grey levels, averaged over nine pixels."""
    detail = grey - np.asarray(cv2.GaussianBlur(grey, (0, 0), 1.5), dtype=np.float32)
    return np.sqrt(np.maximum(cv2.blur(detail * detail, (9, 9)), 0.0)).astype(np.float32)


def _furry_colours(chroma: float, vivid: float) -> bool:
    """Whether fur has such colours. A black-and-white picture has none to tell by."""
    return 4.0 < chroma < 32.0 and vivid < 48.0


def _is_fur(texture: _Texture) -> bool:
    strands = texture.flat < 0.06 and 0.49 < texture.strands < 0.68 and texture.edges < 5.0
    return strands and texture.busy > 0.65 and _furry_colours(texture.chroma, texture.vivid)


def _is_blossom(texture: _Texture, rgb: U8, mask: U8) -> bool:
    if texture.strands > 0.85 or texture.chroma < LEAST_VIVID:
        return False
    outlines, _ = cv2.findContours((mask > 127).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    outline = max(outlines, key=cv2.contourArea)
    _, radius = cv2.minEnclosingCircle(outline)
    if cv2.contourArea(outline) < 0.5 * np.pi * radius * radius:
        return False
    reach = 2 * AROUND + 1
    beyond: Mask = np.asarray(cv2.dilate((mask > 20).astype(np.uint8), np.ones((reach, reach), np.uint8)) == 0)
    if int(beyond.sum()) < LEAST_AREA:
        return False
    grey = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), dtype=np.float32)
    if float(np.percentile(_fine(grey)[beyond], 80)) > 0.45 * texture.fine:
        return False  # the ground is as sharp: a thing among things
    image = filters.to_f32(rgb)
    hsv = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2HSV), dtype=np.float32)[beyond]
    redness = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2LAB), dtype=np.float32)[..., 1][beyond]
    # Blurred leaves in shade are bluer than those that sway one by one.
    green = (hsv[:, 0] > 62) & (hsv[:, 0] < 195) & (hsv[:, 1] > 0.16) & (redness < -3)
    return float(green.mean()) > 0.35
