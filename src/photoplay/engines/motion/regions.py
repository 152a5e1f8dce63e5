"""Regions of the photo by vote of colour, texture and position: sky, mist, water, foliage, fire, smoke, hair, skin...

Lamps are found one by one, see ``lamps``. Every vote is strict, because a wrong region moves what should be still, and
no region only leaves it still. All is worked out at 256 pixels; only the sky, which sets depth, is taken to the photo's
own edges.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from photoplay.engines.motion import filters, waters
from photoplay.engines.motion.lamps import NIGHT, find_lamps
from photoplay.engines.motion.looks import Looks, Mask, below, look, parts
from photoplay.engines.motion.types import F32, U8, Face

SIDE = 256  # pixels of the long side
PORTRAIT = 0.12  # of the photo's height: behind a face this large a grey or warm ground is as likely a wall
WARM_GREY = 2.0  # b* of Lab
LAND_WITHIN = 0.08  # of the height: how far under what was found the sky may go on to land at sunset
LAND_SHARE = 0.5  # of the sky's width under which there must be such land
SILHOUETTE = 22.0  # L*: land against a low sun is darker
GLOW, GLOW_SHARE = 12.0, 0.2  # b* of the sky beside a low sun, and the least share of the width under which it is seen
MIN_AREA = {"sky": 0.03, "foliage": 0.03, "fire": 0.002, "smoke": 0.01, "mist": 0.02, "ground": 0.05}


@dataclass(frozen=True, slots=True)
class Regions:
    """Weights (h, w) uint8 by name at analysis size, the horizon (fraction of the height) and how outdoor it looks."""

    weights: dict[str, U8] = field(default_factory=dict)
    horizon: float | None = None
    outdoor: float = 0.0  # 0 a room or a table .. 1 under the sky


def find_regions(rgb: U8 | filters.Sizes, matte: U8 | filters.Sizes, faces: tuple[Face, ...]) -> Regions:
    """The regions of a photo at analysis size.

    Args:
        rgb: (h, w, 3) uint8.
        matte: (h, w) uint8.
        faces: for hair and skin.
    """
    picture, cover = filters.Sizes.of(rgb), filters.Sizes.of(matte)
    small_matte = cover.at(SIDE)
    looks = look(picture.at(SIDE), small_matte)
    found: dict[str, F32] = {}
    portrait = any(face.box.y1 - face.box.y0 > PORTRAIT for face in faces)
    lake = waters.lake_of(looks)
    sky = _sky(looks, found_subject=bool(cover.full.any()), portrait=portrait, lake=lake)
    horizon = _horizon(sky, looks) if sky is not None else None
    if sky is not None:
        found["sky"] = sky.astype(np.float32)
    foliage = _foliage(looks, sky)
    if foliage is not None:
        found["foliage"] = foliage
    if sky is not None and horizon is not None:
        water = waters.open_water(looks, sky, horizon) if lake is None else waters.under(sky, lake, looks)
        if water is not None:
            found["water"] = water
        ground = _ground(looks, horizon, found)
        if ground is not None:
            found["ground"] = ground
        mist = _mist(looks, sky)
        if mist is not None:
            found["mist"] = mist
    fire = _fire(looks)
    if fire is not None:
        found["fire"] = fire
        smoke = _smoke(looks, fire)
        if smoke is not None:
            found["smoke"] = smoke
    skin, hair = _person(looks, filters.to_f32(small_matte), faces)
    if skin is not None:
        found["skin"] = skin
    if hair is not None:
        found["hair"] = hair
    sky_share = float(found["sky"].mean()) if "sky" in found else 0.0
    green_share = float(found["foliage"].mean()) if "foliage" in found else 0.0
    outdoor = float(np.clip(sky_share * 8 + green_share * 3, 0, 1))
    weights = {name: _to_full(weight, picture.size) for name, weight in found.items() if name != "sky"}
    if "sky" in found:
        weights["sky"] = _sky_edge(picture.full, found["sky"], cover.full)
    dark = float(np.median(looks.light)) < NIGHT
    lamps = find_lamps(picture) if dark and not portrait else None
    if lamps is not None:
        weights["lamps"] = lamps
    return Regions(weights, horizon, outdoor)


def _to_full(weight: F32, size: tuple[int, int]) -> U8:
    return filters.to_u8(filters.resize_f32(filters.blur(weight, 1.2), size, cv2.INTER_LINEAR))


def _sky_edge(rgb: U8, sky: F32, matte: U8) -> U8:
    """The sky's weight with its edge on the photo's edge; the subject is cut out of it."""
    size = (rgb.shape[1], rgb.shape[0])
    radius = max(4, max(size) // 90)
    wide = filters.resize_f32(sky, size, cv2.INTER_LINEAR)
    smooth = filters.guided(filters.to_f32(rgb), wide, radius, 1e-4, step=max(1, radius // 3))
    weight = filters.smoothstep(smooth, 0.3, 0.75) * (1.0 - filters.to_f32(matte))
    return filters.to_u8(np.asarray(weight, dtype=np.float32))


def _sky(looks: Looks, *, found_subject: bool, portrait: bool = False, lake: Mask | None = None) -> Mask | None:
    """Smooth, sky-coloured, hanging from the top edge, ending above the ground; behind a portrait only if blue.

    ``lake``: water under a far shore, which is no sky, however alike the two are where mist hides the shore.
    """
    blue = (looks.b < -4) & (looks.hue > 185) & (looks.hue < 265) & (looks.light > 8)
    grey = (np.hypot(looks.a, looks.b) < 11) & (looks.light > 62)
    warm = (looks.light > 45) & (looks.hue < 62) & (looks.saturation < 0.65) & (looks.y < 0.55)
    # The red of a low sun, on clouds.
    warm |= (looks.light > 25) & (looks.hue > 270) & (abs(looks.saturation - 0.46) < 0.29) & (looks.y < 0.6)
    coloured = blue if portrait else blue | grey | (warm & _has_sky_tone(looks, blue | grey))
    # Clouds are bright and textured; plain sky is smooth.
    smooth = looks.texture < np.where(grey & (looks.light > 70), 0.060, 0.034)
    open_to = looks.free if lake is None else looks.free & ~waters.filled_down(lake)
    candidate = np.asarray(coloured & smooth & open_to, dtype=np.uint8)
    candidate = np.asarray(cv2.morphologyEx(candidate, cv2.MORPH_CLOSE, filters.disc(2)), dtype=np.uint8)
    _, labels = cv2.connectedComponents(candidate, connectivity=4)
    top = labels[0:2][looks.free[0:2]]
    hanging = np.unique(top[top > 0])
    sky = np.isin(labels, hanging)
    if float(sky.mean()) < MIN_AREA["sky"]:
        return None
    # Holes in the sky are birds, cables and clouds.
    _, holes, stats, _ = cv2.connectedComponentsWithStats((~sky & open_to).astype(np.uint8), connectivity=4)
    small = stats[:, cv2.CC_STAT_AREA] < 0.004 * sky.size
    small[0] = False
    sky = _first_runs(_cut_at_shore(np.asarray(sky | small[holes], dtype=np.bool_), looks), looks)
    if float(sky.mean()) < (2.0 if found_subject else 1.0) * MIN_AREA["sky"]:
        return None
    width = sky.shape[1]
    top_share = float(sky[:3].any(axis=0).mean())
    bottom_share = float(sky[-4:].any(axis=0).mean())
    if top_share < (0.25 if found_subject else 0.35) or bottom_share > 0.02:
        return None  # a wall, a studio backdrop or a blurred background reaches down beside the subject
    # Sky ends at something: under most of its lower edge there is more texture than in itself, or a clear step.
    under = below(sky, max(2, width // 60)) & looks.free
    if int(under.any(axis=0).sum()) < width // 4:
        return None
    # The grey of a covered sky is neutral or cold. Without any blue and warm, it is paper, plaster, a studio's wall.
    only_grey = float(blue[sky].mean()) < 0.05 and float((grey & sky).sum()) > 0.8 * float(sky.sum())
    if only_grey and float(np.median(looks.b[sky])) > WARM_GREY:
        return None
    inside = float(np.median(looks.texture[sky]))
    edge = np.where(under, looks.texture, 0.0).max(axis=0)[under.any(axis=0)]
    if inside > 0.03 or float((edge > max(0.02, 2.0 * inside)).mean()) < 0.7:
        return None
    return _down_to_land(sky, looks)


def _down_to_land(sky: Mask, looks: Looks) -> Mask:
    """``sky`` carried on to dark land a little under it, at sunset: beside a low sun it is too bright and too striped
    for the vote, and what stands there is a silhouette."""
    height, width = sky.shape
    columns = np.arange(width)
    lowest = height - 1 - np.argmax(sky[::-1], axis=0)
    reach = max(2, round(LAND_WITHIN * height))
    under = np.minimum(lowest[None, :] + np.arange(1, reach + 1)[:, None], height - 1)
    warm = (looks.b[under, columns] > GLOW) & (looks.light[under, columns] > 2 * SILHOUETTE)
    if float(warm.any(axis=0).mean()) < GLOW_SHARE:
        return sky
    dark = looks.light[under, columns] < SILHOUETTE
    first = np.argmax(dark, axis=0)
    free = np.logical_and.accumulate(looks.free[under, columns], axis=0)
    lands = sky.any(axis=0) & dark.any(axis=0) & free[first, columns]
    if float(lands.sum()) < LAND_SHARE * float(sky.any(axis=0).sum()):
        return sky
    rows = np.arange(height)[:, None]
    # One row less: where light and dark mix, the photo's own edge decides.
    return np.asarray(sky | (lands & (rows > lowest) & (rows < lowest + first)), dtype=np.bool_)


def _cut_at_shore(sky: Mask, looks: Looks) -> Mask:
    """``sky`` above a straight level line across it: hazy water under hazy sky looks the same but for the shore.

    A shore is a step; mist over a wood thickens row by row.
    """
    strength = np.abs(looks.slope_y)
    rows = sky.sum(axis=1)
    usual = float(np.median(strength[sky])) + 0.3
    strong = (np.where(sky, strength, 0.0) > 4.0 * usual).sum(axis=1) / np.maximum(rows, 1)
    wide = rows > 0.35 * sky.shape[1]
    before = np.concatenate([np.zeros(waters.SHORE_ROWS), strong])[: len(strong)]
    lines = np.flatnonzero(wide & (strong > 0.5) & (before < 0.25) & (np.arange(len(rows)) > 0.2 * len(rows)))
    if lines.size == 0:
        return sky
    cut = sky.copy()
    cut[int(lines[0]) :] = False
    return cut


def _first_runs(sky: Mask, looks: Looks) -> Mask:
    """The part of ``sky`` that is seen from the top edge of its own column; a façade is broken by its windows."""
    tall = np.ones((max(3, sky.shape[0] // 20), 1), np.uint8)  # cables, masts and twigs do not break the sky
    closed = np.asarray(cv2.morphologyEx(sky.astype(np.uint8), cv2.MORPH_CLOSE, tall), dtype=np.bool_)
    open_above = np.logical_and.accumulate(closed | ~looks.free, axis=0)
    runs = sky & open_above
    if float(runs.sum()) < 0.75 * float(sky.sum()):
        return np.zeros_like(sky)
    return np.asarray(sky, dtype=np.bool_)


def _has_sky_tone(looks: Looks, tones: NDArray[np.bool_]) -> bool:
    """Warm evening colours count as sky only where blue or grey sky is seen too."""
    return float(tones[: max(1, tones.shape[0] // 3)].mean()) > 0.3


def _above(mask: Mask) -> Mask:
    rows = max(2, mask.shape[0] // 12)
    return np.asarray(below(mask[::-1], rows)[::-1], dtype=np.bool_)


def _horizon(sky: Mask, looks: Looks) -> float | None:
    """The fraction of the height where ground and sky would meet: low in the sky's lower edge, ignoring the subject."""
    height, width = sky.shape
    seen = sky.any(axis=0)
    if float(seen.mean()) < 0.3:
        return None
    lowest = height - 1 - np.argmax(sky[::-1], axis=0)
    under = np.clip(lowest + 3, 0, height - 1)
    usable = seen & looks.free[under, np.arange(width)]
    if float(usable.mean()) < 0.2:
        return None
    line = float(np.percentile(lowest[usable], 80)) / height
    return line if line < 0.9 else None


def _foliage(looks: Looks, sky: Mask | None) -> F32 | None:
    green = (looks.hue > 62) & (looks.hue < 160) & (looks.saturation > 0.16) & (looks.a < -4) & (looks.light > 6)
    rough = filters.blur(looks.texture, 3.0) > 0.03
    mask = green & rough & looks.free
    if sky is not None:
        mask &= ~sky
    dense = filters.blur(mask.astype(np.float32), 3.0)
    solid = parts(np.asarray(dense > 0.45, dtype=np.bool_), 0.008)
    if float(solid.mean()) < MIN_AREA["foliage"]:
        return None
    return np.asarray(filters.blur(solid.astype(np.float32), 2.0) * (looks.free.astype(np.float32)), dtype=np.float32)


def _mist(looks: Looks, sky: Mask) -> F32 | None:
    """What dims towards the land under a plain covered sky, softly: clouds are not so plain, clear air has an edge."""
    rows = np.flatnonzero(sky.any(axis=1))
    upper = sky & (np.arange(sky.shape[0]) < rows[0] + 0.5 * (rows[-1] - rows[0]))[:, None]
    if not bool(upper.any()):
        return None
    soft = filters.blur(looks.light, 2.0)
    tone, spread = float(np.median(soft[upper])), float(soft[upper].std())
    chroma = float(np.median(np.hypot(looks.a[upper], looks.b[upper])))
    if tone < 60 or spread > 3.0 or chroma > 11:
        return None
    # The land's own outline is sharp: what lies beside it is sky, blurred in the shrinking.
    dim = sky & ~upper & (soft < tone - max(4.0, 2.5 * spread)) & (looks.texture < 0.05)
    inner = cv2.erode(dim.astype(np.uint8), np.ones((3, 3), np.uint8))
    solid = parts(np.asarray(cv2.dilate(inner, filters.disc(2)) > 0, dtype=np.bool_), 0.004)
    # It ends in what it hides, which is dark; a stain on a wall only differs a little.
    if float(solid.mean()) < MIN_AREA["mist"] or float(np.percentile(soft[solid], 10)) > tone - 18:
        return None
    return filters.blur(solid.astype(np.float32), 4.0)


def _ground(looks: Looks, horizon: float, found: dict[str, F32]) -> F32 | None:
    mask = (looks.y > horizon + 0.03) & looks.free
    weight = mask.astype(np.float32)
    for name in ("water", "sky"):
        if name in found:
            weight = weight * (1.0 - np.clip(found[name], 0, 1))
    if float(weight.mean()) < MIN_AREA["ground"]:
        return None
    return filters.blur(np.asarray(weight, dtype=np.float32), 1.5)


def _fire(looks: Looks) -> F32 | None:
    """Flames: an orange mantle around a nearly white core, both far brighter than what is around them.

    A candle or a torch is often the subject itself, so the subject is not left out here.
    """
    mantle = (looks.hue < 48) & (looks.saturation > 0.55) & (looks.value > 0.75)
    core = (looks.value > 0.97) & (looks.light > 88) & (looks.b > 6) & (looks.hue < 65)
    both = np.asarray(mantle | core, dtype=np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(both, connectivity=8)
    wide = filters.blur(looks.light, 16.0)
    result = np.zeros(both.shape, dtype=np.bool_)
    for label in range(1, count):
        area = int(stats[label, cv2.CC_STAT_AREA])
        if not MIN_AREA["fire"] * both.size <= area <= 0.25 * both.size:
            continue
        part = labels == label
        share = float(core[part].mean())
        # Flames light up what is close to them: the dark is a little farther out.
        near = np.asarray(cv2.dilate(part.astype(np.uint8), filters.disc(2)), dtype=np.bool_)
        ring = np.asarray(cv2.dilate(part.astype(np.uint8), filters.disc(9)), dtype=np.bool_) & ~near
        dark, glow = np.percentile(looks.light[ring], (40, 80)) if ring.any() else (100.0, 100.0)
        white = bool((core & part).any()) and float(np.median(looks.b[core & part])) < 32  # a yellow coat is not
        tall = int(stats[label, cv2.CC_STAT_HEIGHT]) > 0.55 * int(stats[label, cv2.CC_STAT_WIDTH])
        if 0.06 < share < 0.75 and dark < 38 and glow < 52 and white and tall and float(wide[part].mean()) < 66:
            result |= part
    if float(result.mean()) < MIN_AREA["fire"]:
        return None
    return filters.blur(result.astype(np.float32), 1.5)


def _smoke(looks: Looks, fire: F32) -> F32 | None:
    """Grey, soft, above a fire and paler than the dark beside it; smoke without its fire looks like too much else."""
    above = np.maximum.accumulate(fire[::-1] > 0.3, axis=0)[::-1]
    spread = filters.blur(above.astype(np.float32), 10.0) > 0.12
    beside = np.where(spread, np.nan, looks.light)
    open_rows = np.isfinite(beside).sum(axis=1) > 8
    dark = np.full((looks.light.shape[0], 1), 100.0, np.float32)
    dark[open_rows, 0] = np.nanmedian(beside[open_rows], axis=1)
    grey = (np.hypot(looks.a, looks.b) < 12) & (looks.light > 14) & (looks.texture < 0.04) & (looks.light > dark + 4.0)
    solid = parts(np.asarray(spread & grey & looks.free & (fire < 0.1), dtype=np.bool_), 0.005)
    if float(solid.mean()) < MIN_AREA["smoke"]:
        return None
    return filters.blur(solid.astype(np.float32), 4.0)


def _person(looks: Looks, alpha: F32, faces: tuple[Face, ...]) -> tuple[F32 | None, F32 | None]:
    """Skin like the faces' own cheeks, inside the subject; hair above and beside each face, unlike its skin."""
    height, width = alpha.shape
    skin = np.zeros_like(alpha)
    hair = np.zeros_like(alpha)
    ys, xs = np.mgrid[0:height, 0:width].astype(np.float32)
    for face in faces:
        if face.mesh is None:
            continue
        left, top = face.box.x0 * width, face.box.y0 * height
        w, h = (face.box.x1 - face.box.x0) * width, (face.box.y1 - face.box.y0) * height
        if w < 10:
            continue
        oval = np.round(cv2.convexHull(face.mesh[:, :2] * np.array([width, height], np.float32))[:, 0]).astype(np.int32)
        inside = np.zeros((height, width), np.uint8)
        cv2.fillConvexPoly(inside, oval, 255)
        core = filters.erode(inside, w * 0.12) > 0
        if int(core.sum()) < 20:
            continue
        tone = np.stack([np.median(plane[core]) for plane in (looks.light, looks.a, looks.b)])
        near = ((looks.a - tone[1]) / 9) ** 2 + ((looks.b - tone[2]) / 11) ** 2 + ((looks.light - tone[0]) / 38) ** 2
        like = np.exp(-near) * (np.clip(alpha * 2, 0, 1))
        skin = np.maximum(skin, np.asarray(like, dtype=np.float32))
        skin = np.maximum(skin, filters.to_f32(inside) * 0.8)
        cx, cy = left + w / 2, top + h * 0.30
        cap = ((xs - cx) / (w * 0.95)) ** 2 + ((ys - cy) / (h * 1.05)) ** 2
        head = np.clip(1.6 - 1.6 * cap, 0, 1) * (1 - filters.to_f32(filters.dilate(inside, 1))) * alpha
        # Hair has the colour of what is right above the forehead; a wall or a bus behind the head has not.
        crest = int(oval[:, 1].min())
        strip = (np.abs(xs - cx) < 0.3 * w) & (ys < crest - 0.04 * h) & (ys > crest - 0.22 * h) & (alpha > 0.5)
        if int(strip.sum()) < 6:
            continue
        crown = [float(np.median(plane[strip])) for plane in (looks.light, looks.a, looks.b)]
        off = ((looks.a - crown[1]) / 12) ** 2 + ((looks.b - crown[2]) / 14) ** 2 + ((looks.light - crown[0]) / 30) ** 2
        same = filters.smoothstep(filters.blur(np.exp(-off).astype(np.float32), 1.5), 0.15, 0.5)
        hair = np.maximum(hair, np.asarray(head * same * (1 - np.clip(like * 1.5, 0, 1)), dtype=np.float32))
    found_skin = filters.blur(skin, 1.0) if float(skin.mean()) > 0.002 else None
    found_hair = filters.blur(hair, 1.5) if float((hair > 0.4).mean()) > 0.001 else None
    return found_skin, found_hair
