"""A place painted in code, for subjects that bring none: sky, far end, ground, in the light that the prompt names.

Not a photo and not meant to pass for one: it is kept soft, as a backdrop behind a lens is, and only the ground near
the feet has detail. Its depth and regions are known exactly, so clouds drift and water glitters in it as in a photo.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import cv2
import numpy as np

from photoplay.engines.motion import filters
from photoplay.engines.motion.ensemble import brushwork
from photoplay.engines.motion.ensemble.brushwork import Canvas, Colour
from photoplay.engines.motion.types import F32, U8, Photo, SceneMap

PAINT_SIDE = 1280  # pixels of the long side at most: what is soft needs no more
SOFT = 0.0022  # of the width: blur of the far end
ANALYSIS_SIDE = 1024


@dataclass(frozen=True, slots=True)
class Look:
    """How a place is painted. Colours are sRGB 0..1, by daylight; light changes them.

    ``horizon`` and ``shore`` (where water ends) are shares of the height. ``far``: what stands at the horizon.
    """

    horizon: float
    ground: tuple[Colour, Colour]  # far and near
    far: str = ""  # mountains, trees, skyline, dunes, hills
    far_colour: Colour = (0.45, 0.52, 0.60)
    shore: float | None = None
    texture: float = 0.05  # of the ground
    grain: float = 9.0  # of the ground's texture: smaller is coarser
    sky: bool = True
    light: str = "day"  # what it is painted in when nothing is said


LOOKS: dict[str, Look] = {
    "beach": Look(0.44, ((0.86, 0.78, 0.62), (0.80, 0.69, 0.50)), shore=0.585, texture=0.045, grain=14.0),
    "sea": Look(0.46, ((0.62, 0.60, 0.55), (0.42, 0.40, 0.37)), shore=0.74, texture=0.09, grain=7.0),
    "meadow": Look(
        0.46,
        ((0.56, 0.66, 0.30), (0.25, 0.42, 0.12)),
        far="trees",
        far_colour=(0.24, 0.36, 0.20),
        texture=0.13,
        grain=26.0,
    ),
    "forest": Look(
        0.50,
        ((0.34, 0.38, 0.20), (0.23, 0.20, 0.12)),
        far="forest",
        far_colour=(0.14, 0.22, 0.13),
        texture=0.14,
        grain=16.0,
    ),
    "mountains": Look(
        0.52,
        ((0.50, 0.56, 0.32), (0.30, 0.36, 0.18)),
        far="mountains",
        far_colour=(0.36, 0.44, 0.56),
        texture=0.12,
        grain=18.0,
    ),
    "snow": Look(
        0.48,
        ((0.90, 0.93, 0.97), (0.84, 0.89, 0.96)),
        far="mountains",
        far_colour=(0.62, 0.70, 0.80),
        texture=0.035,
        grain=8.0,
    ),
    "desert": Look(
        0.46,
        ((0.88, 0.70, 0.46), (0.78, 0.55, 0.32)),
        far="dunes",
        far_colour=(0.80, 0.60, 0.38),
        texture=0.05,
        grain=12.0,
    ),
    "city": Look(
        0.50,
        ((0.40, 0.41, 0.44), (0.26, 0.27, 0.30)),
        far="skyline",
        far_colour=(0.44, 0.49, 0.57),
        texture=0.06,
        grain=22.0,
    ),
    "room": Look(
        0.64,
        ((0.58, 0.44, 0.31), (0.44, 0.31, 0.20)),
        sky=False,
        far="wall",
        far_colour=(0.78, 0.74, 0.68),
        texture=0.05,
        grain=10.0,
    ),
    "stage": Look(
        0.66,
        ((0.17, 0.10, 0.09), (0.10, 0.06, 0.06)),
        sky=False,
        far="curtain",
        far_colour=(0.36, 0.06, 0.09),
        texture=0.03,
        grain=10.0,
        light="spot",
    ),
    "space": Look(
        0.60,
        ((0.42, 0.42, 0.44), (0.24, 0.24, 0.26)),
        far="hills",
        far_colour=(0.30, 0.30, 0.33),
        texture=0.14,
        grain=9.0,
        light="space",
    ),
    "night_sky": Look(
        0.58,
        ((0.40, 0.47, 0.46), (0.22, 0.30, 0.27)),
        far="trees",
        far_colour=(0.03, 0.05, 0.07),
        texture=0.08,
        grain=24.0,
        light="night",
    ),
    "studio": Look(
        0.62,
        ((0.86, 0.86, 0.87), (0.76, 0.76, 0.78)),
        sky=False,
        far="sweep",
        far_colour=(0.90, 0.90, 0.91),
        texture=0.0,
    ),
}


@dataclass(frozen=True, slots=True)
class Painted:
    """A painted place and what is known of it. ``light``: the light it was painted in."""

    photo: Photo
    scene: SceneMap
    place: str
    light: str


def paint(place: str, light: str | None, size: tuple[int, int], seed: int, key: Colour | None = None) -> Painted:
    """Paints a place.

    Args:
        place: a key of :data:`LOOKS`.
        light: day, sunset or night; None: what suits the place.
        size: (width, height) in pixels.
        seed: of all chance.
        key: mean colour of the subjects (sRGB 0..1): a studio takes a tone they stand out from.
    """
    look = LOOKS[place]
    chosen = look.light if light is None or look.light in ("space", "spot") else light
    if place == "studio":
        chosen = "day"
    small = filters.fit_size(size, PAINT_SIDE)
    rng = np.random.default_rng([seed & 0xFFFFFFFF, *place.encode(), *chosen.encode()])
    canvas = Canvas(small[0], small[1], look.horizon, rng)
    picture, regions = _picture(canvas, place, look, chosen, key)
    rgb = filters.resize_u8(brushwork.dithered(picture, rng), size, cv2.INTER_CUBIC)
    inverse = _depth(canvas, look)
    digest = hashlib.sha256(repr((place, chosen, size, seed, key)).encode()).hexdigest()
    return Painted(Photo(rgb, digest), _scene(digest, size, inverse, regions, look, chosen, picture), place, chosen)


def _picture(canvas: Canvas, place: str, look: Look, light: str, key: Colour | None) -> tuple[F32, dict[str, F32]]:
    """(h, w, 3) float32 0..1 and the regions' weights."""
    if place == "studio":
        return brushwork.sweep(canvas, key), {}
    regions: dict[str, F32] = {}
    picture = brushwork.sky(canvas, light) if look.sky else brushwork.wall(canvas, look.far, look.far_colour, light)
    if look.sky:
        regions["sky"] = np.asarray(canvas.y < look.horizon, dtype=np.float32)
    ground = brushwork.ground(canvas, look.ground, look.texture, look.grain, light, hazy=look.sky)
    below = filters.smoothstep(canvas.y, look.horizon - 0.001, look.horizon + 0.004)[..., None]
    picture = picture * (1.0 - below) + ground * below
    if look.shore is not None:
        water, wet = brushwork.sea(canvas, look.shore, light)
        picture = picture * (1.0 - wet[..., None]) + water * wet[..., None]
        regions["water"] = np.asarray((wet > 0.95) & (canvas.y >= look.horizon), dtype=np.float32)
    if look.sky and look.far:
        stands, over = brushwork.far_end(canvas, look.far, look.far_colour, light)
        picture = picture * (1.0 - over[..., None]) + stands * over[..., None]
        regions["sky"] = np.asarray(regions["sky"] * (1.0 - over), dtype=np.float32)
    if place == "meadow":
        regions["foliage"] = np.asarray(canvas.y > look.horizon + 0.10, dtype=np.float32)
    picture = brushwork.softened(canvas, np.asarray(picture, dtype=np.float32), SOFT)
    if look.far == "skyline" and light == "night":
        picture = brushwork.street_lights(canvas, picture)
    picture = brushwork.lit(canvas, picture, light)
    return np.asarray(np.clip(picture, 0.0, 1.0), dtype=np.float32), regions


def _depth(canvas: Canvas, look: Look) -> F32:
    """Inverse depth (h, w): nothing above the horizon is near, the ground comes nearer as a plane does."""
    below = np.clip((canvas.y - look.horizon) / (1.0 - look.horizon), 0.0, 1.0)
    base = 0.02 if look.sky else 0.10
    return np.asarray(base + (0.92 - base) * below, dtype=np.float32)


def _scene(
    digest: str,
    size: tuple[int, int],
    inverse: F32,
    regions: dict[str, F32],
    look: Look,
    light: str,
    picture: F32,
) -> SceneMap:
    small = filters.fit_size(size, ANALYSIS_SIDE)
    weights: dict[str, U8] = {
        name: filters.to_u8(filters.resize_f32(weight, small)) for name, weight in regions.items() if weight.any()
    }
    depth = filters.resize_f32(inverse, small, cv2.INTER_LINEAR)
    empty = np.zeros((small[1], small[0]), np.uint8)
    grey = picture @ filters.row(0.2126, 0.7152, 0.0722)
    stats = {
        "luminance": round(float(grey.mean()), 4),
        "contrast": round(float(grey.std()), 4),
        "warmth": round(float((picture[..., 0] - picture[..., 2]).mean()), 4),
        "outdoor": 1.0 if look.sky else 0.0,
        "night": light in ("night", "space"),
        "subject_kind": "none",
        "subject_share": 0.0,
        "subject_confidence": 0.0,
        "faces": 0,
        "depth_source": "painted",
        "regions": {name: round(float(weight.mean()) / 255, 4) for name, weight in sorted(weights.items())},
    }
    return SceneMap(
        digest=digest,
        size=small,
        inverse_depth=depth,
        matte=empty,
        layers=(np.full((small[1], small[0]), 255, np.uint8),),
        layer_depths=(float(np.median(depth)),),
        subject=None,
        horizon=look.horizon,
        regions=weights,
        light=brushwork.TOWARDS_LIGHT[light],
        stats=stats,
    )
