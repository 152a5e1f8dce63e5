"""Soft edges at working size: alpha that follows a large photo's detail, and colours without background in them."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from photoplay.engines.motion import filters
from photoplay.engines.motion.types import F32, U8

AROUND = 0.06  # of the long side: how far beyond the layer its colours go on
ESTIMATE_SIDE = 512  # pixels of the long side at which foreground colours are estimated
MAX_TINT = 4.0  # levels by which a soft edge may correct the layers below where they are smooth
GROSS = 12.0  # levels from which an error of the unmoved photo is seen as a line
GATHER_WIDTH = 1024  # samples taken in a row
SOLID, CLEAR = 250, 5  # alpha above and below which a pixel is wholly in, wholly out

Places = NDArray[np.intp]


def mix(under: U8, over: U8, weight: U8) -> None:
    """Lays ``over`` on ``under`` (H, W, 3), in place, by ``weight`` (H, W) uint8; only mixed pixels cost arithmetic."""
    cv2.copyTo(over, filters.above(weight, 254), under)
    places = np.flatnonzero((weight > 0) & (weight < 255))
    if places.size == 0:
        return
    share = _opacity(weight, places)
    low, high = _taken(under, places), _taken(over, places)
    _put(under, places, low + (high - low) * share + np.float32(0.5))


def _opacity(alpha: U8, places: Places) -> F32:
    """(n,) float32 0..1: ``alpha`` (H, W) at ``places``, which are counted row by row."""
    return alpha.ravel().take(places).astype(np.float32) * np.float32(1 / 255)


def _taken(image: U8, places: Places) -> F32:
    """(3, n) float32: the colours of ``image`` (H, W, 3) at ``places``. A row a channel: NumPy is slow on rows of 3."""
    found = np.ascontiguousarray(image).reshape(-1, 3).take(places, axis=0)
    return found.T.astype(np.float32, order="C")


def _put(image: U8, places: Places, colours: F32) -> None:
    """Writes ``colours`` (3, n), 0..255, into ``image`` (H, W, 3), in place."""
    values = np.ascontiguousarray(colours.astype(np.uint8).T)
    if image.flags.c_contiguous:
        image.reshape(-1, 3)[places] = values
    else:
        image[np.divmod(places, image.shape[1])] = values


def sharpen(picture: U8, alpha: U8, scale: float) -> U8:
    """An enlarged alpha's edge, put on the picture's own edge.

    The alpha is a local linear function of the picture's colours (the guided filter's model); the model is found at
    reduced size and applied to the full picture, in the edge's band only.

    Args:
        picture: (H, W, 3) uint8.
        alpha: (H, W) uint8, enlarged ``scale`` times from the analysis.
        scale: working pixels per analysis pixel.
    """
    if scale < 1.4:
        return alpha
    height, width = alpha.shape
    kernel = filters.disc(scale)
    # Only the part with any opacity has an edge.
    x, y, w, h = cv2.boundingRect(alpha)
    rim = kernel.shape[0]
    first_x, first_y = max(0, x - rim), max(0, y - rim)
    part = np.ascontiguousarray(alpha[first_y : y + h + rim, first_x : x + w + rim])
    if part.size == 0:
        return alpha
    near = np.flatnonzero(np.asarray(cv2.dilate(part, kernel) != cv2.erode(part, kernel)))
    if near.size == 0:
        return alpha
    rows, columns = np.divmod(near, part.shape[1])
    rows, columns = rows + first_y, columns + first_x
    top, bottom, left, right = int(rows.min()), int(rows.max()) + 1, int(columns.min()), int(columns.max()) + 1
    pad = round(4 * scale)
    top, left = max(0, top - pad), max(0, left - pad)
    bottom, right = min(height, bottom + pad), min(width, right + pad)
    model = filters.guided_model(
        picture[top:bottom, left:right], alpha[top:bottom, left:right], max(2, round(2.0 * scale)), 2e-4, round(scale)
    )
    model_h, model_w = model.shape[:2]
    grid_x = (columns - left + 0.5) * (model_w / (right - left)) - 0.5
    grid_y = (rows - top + 0.5) * (model_h / (bottom - top)) - 0.5
    coefficients = gather(model, grid_x.astype(np.float32), grid_y.astype(np.float32))
    places = rows * width + columns
    red, green, blue = _taken(picture, places) * np.float32(1 / 255)
    by_red, by_green, by_blue, plain = np.ascontiguousarray(coefficients.T)
    value = by_red * red + by_green * green + by_blue * blue + plain
    value = filters.smoothstep(np.asarray(value, dtype=np.float32), 0.08, 0.92)
    # The enlarged alpha still says how far from the edge a pixel is; the picture decides only near it.
    old = _opacity(alpha, places)
    nearness = 1.0 - np.square(np.square(2.0 * old - 1.0))
    out = alpha.copy()
    out[rows, columns] = filters.to_u8(np.asarray(old + (value - old) * nearness, dtype=np.float32))
    return out


def gather(image: F32, x: F32, y: F32) -> F32:
    """(n, C) bilinear samples of ``image`` (H, W, C) at pixel centres ``x``, ``y`` (n,), clamped at the border."""
    # OpenCV samples at maps of two sides, neither too long.
    shape = (-(-x.size // GATHER_WIDTH), GATHER_WIDTH)
    map_x, map_y = np.resize(x, shape), np.resize(y, shape)
    found = cv2.remap(image, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(found, dtype=np.float32).reshape(-1, image.shape[2])[: x.size]


def foreground(
    own: U8,
    picture: U8,
    alpha: U8,
    behind: U8,
    below: list[tuple[U8, U8 | None]],
    hidden: U8 | None = None,
    *,
    firm: bool = False,
) -> U8:
    """The layer's own colours: (H, W, 3) uint8, without the background that its soft edge lets through.

    Forte 2021 ("Approximate fast foreground colour estimation"), with two blur radii at reduced size. What the two
    colours do not explain at full size goes to the layer where it is opaque and to the layers below, in place, where
    it is thin, so that unmoved layers give the photo again. Outside the layer its colours go on smoothly, so that a
    warp's interpolation finds nothing else there.

    Args:
        own: (H, W, 3) uint8: the layer's colours where it shows, filled where nearer layers hide it.
        picture: (H, W, 3) uint8: the photo.
        alpha: (H, W) uint8.
        behind: (H, W, 3) uint8: all layers below, composited.
        below: colours and alpha of each of them; the colours are corrected in place.
        hidden: (H, W) uint8: where nearer layers cover the photo, so that it says nothing of this layer's edge.
        firm: what neither colour explains makes the layer more opaque, in place in ``alpha``, instead of colouring
            the layers below: an outline's glow then goes with its layer and leaves no line behind.
    """
    height, width = alpha.shape
    whole = filters.fit_size((width, height), ESTIMATE_SIDE)
    window = filters.bounds(alpha > 0, round(AROUND * max(width, height)))
    if window is None:
        return own.copy()
    out = own.copy()
    out[window] = _unmixed(
        own[window],
        picture[window],
        alpha[window],
        behind[window],
        [(colours[window], None if opacity is None else opacity[window]) for colours, opacity in below],
        None if hidden is None else hidden[window],
        firm=firm,
        scale=whole[0] / width,
    )
    return out


def _unmixed(
    own: U8,
    picture: U8,
    alpha: U8,
    behind: U8,
    below: list[tuple[U8, U8 | None]],
    hidden: U8 | None,
    *,
    firm: bool,
    scale: float,
) -> U8:
    """:func:`foreground` of a part of the picture; ``scale``: the estimate's size over the picture's."""
    height, width = alpha.shape
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = filters.to_f32(filters.shrunk(own, size))
    a = filters.to_f32(filters.shrunk(alpha, size))
    solid = filters.smoothstep(a, 0.85, 0.99)
    front = filters.push_pull(small, solid) if float(solid.max()) > 0.5 else filters.push_pull(small, a)
    opaque = filters.like(a, small)
    clear = np.float32(1.0) - opaque
    for radius in (ESTIMATE_SIDE // 40 + 2, 3):
        weight = filters.like(filters.box(a, radius), small)
        mean_front = filters.box(front * opaque, radius) / np.maximum(weight, np.float32(1e-4))
        share = np.clip(weight / np.float32(0.05), 0, 1)
        mean_front = mean_front * share + front * (1 - share)
        back = filters.box(small * clear, radius) / np.maximum(1 - weight, np.float32(1e-4))
        front = mean_front + opaque * (small - opaque * mean_front - clear * back)
        front = np.clip(front, 0, 1).astype(np.float32)
    out = np.ascontiguousarray(filters.resize_u8(filters.to_u8(front), (width, height), cv2.INTER_LINEAR))
    cv2.copyTo(own, filters.above(alpha, SOLID), out)
    places = np.flatnonzero((alpha > CLEAR) & (alpha <= SOLID))
    if places.size == 0:
        return out
    share = _opacity(alpha, places)
    guess, seen, drawn = (_taken(image, places) for image in (out, picture, behind))
    rest = seen - share * guess - (1 - share) * drawn
    unsaid = None if hidden is None else np.flatnonzero(hidden.ravel().take(places) > CLEAR)
    if unsaid is not None:
        rest[:, unsaid] = 0.0
    to_front = filters.smoothstep(share, 0.08, 0.4)
    front_colour = np.trunc(np.clip(guess + to_front * rest / share + np.float32(0.5), 0, 255))
    # More than this is no error of the fill but the outline's own light (sharpening, glare): it must not stay behind.
    # Where the ground is textured such an outline cannot be seen, and the photo is kept more exactly.
    grey = filters.total(filters.shrunk(behind, size).astype(np.float32)) / np.float32(3.0)
    mean = filters.box(grey, 4)
    texture = np.sqrt(np.maximum(filters.box(grey * grey, 4) - mean * mean, 0.0))
    rows, columns = np.divmod(places, width)
    here = texture.ravel().take((rows * size[1] // height) * size[0] + columns * size[0] // width)
    limit = np.float32(MAX_TINT) + np.float32(8.0) * np.maximum(here - np.float32(7.0), 0.0)
    to_back = np.clip((1.0 - to_front) * rest / np.maximum(1.0 - share, 0.2), -limit, limit)
    # What is still far off shows as a line in the unmoved photo: the edge is not where the alpha says, and no colour in
    # front can make up for it. There the photo itself is what lies behind.
    left = seen - share * front_colour - (1.0 - share) * (drawn + to_back)
    if unsaid is not None:
        left[:, unsaid] = 0.0
    gross = filters.smoothstep(np.abs(left).max(axis=0), GROSS, 2 * GROSS)
    if firm:
        raised = share + (1.0 - share) * gross
        moved = np.clip((seen - (1.0 - raised) * (drawn + to_back)) / raised + np.float32(0.5), 0, 255)
        front_colour = np.where(gross > 0.0, moved, front_colour)
        alpha[rows, columns] = np.clip(raised * 255.0 + 0.5, 0, 255).astype(np.uint8)
    else:
        to_back += gross * left / np.maximum(1.0 - share, 0.05)
    _put(out, places, front_colour)
    for colours, opacity in below:
        shows = np.arange(places.size) if opacity is None else np.flatnonzero(opacity.ravel().take(places) > SOLID)
        at = places.take(shows)
        corrected = _taken(colours, at) + to_back.take(shows, axis=1)
        _put(colours, at, np.clip(corrected + np.float32(0.5), 0, 255))
    return out
