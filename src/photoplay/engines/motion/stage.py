"""The stage: the photo fitted to an output, cut into layers that can be moved against each other.

The canvas is the frame with a margin on every side. Where the crop left picture, the margin is picture; beyond the
photo's border it is made up (:mod:`margin`). Every layer goes on for a little behind what hides it (:mod:`plate`).
"""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from photoplay.engines.motion import edges, filters, plate
from photoplay.engines.motion.continuation import carried_on
from photoplay.engines.motion.fit import fit
from photoplay.engines.motion.margin import LINES_SIDE, extended, extended_alpha, plan_margin
from photoplay.engines.motion.types import F32, U8, Layer, Photo, SceneMap, Stage

HOLE_GROWTH = 0.5  # pixels at analysis size by which a hole is larger than the nearer layer's matte
CONTEXT_GROWTH = 4.0  # pixels at analysis size around a nearer layer that no fill is made from: its blur tints them
FILL_LONG_SIDE = 2048  # pixels; larger canvases are filled at this size and the fill enlarged
LEVEL_SIDE = 512  # pixels of the long side at which a fill's tone is drawn to its surroundings
LEVEL_RIM = 0.03  # of the long side: how far around a hole that looks
LEVEL_FADE = 0.05  # of the long side: how fast it fades into the hole
DEPTH_STEP = 4  # a layer's depth is kept at 1/DEPTH_STEP of the working size


@dataclass(frozen=True, slots=True)
class Canvas:
    """Where the photo lies on the working canvas. ``shown`` (x, y, w, h): the part that is photo, in working pixels."""

    size: tuple[int, int]
    frame: tuple[int, int, int, int]
    scale: float  # working pixels per photo pixel
    shift: tuple[float, float]
    source: tuple[int, int, int, int]  # the photo's pixels that land on it
    shown: tuple[int, int, int, int]


def lay_out(
    photo_size: tuple[int, int],
    crop: tuple[float, float, float, float],
    output: tuple[int, int],
    *,
    margin: float,
    oversample: float = 1.0,
) -> Canvas:
    """The canvas for a crop (x, y, w, h in photo pixels) shown at ``output``.

    Args:
        photo_size: (width, height).
        crop: what frame 0 shows.
        output: the video's (width, height).
        margin: what to keep beyond the frame on each side, as a fraction of its width and height.
        oversample: working pixels per output pixel.
    """
    frame_w, frame_h = round(output[0] * oversample), round(output[1] * oversample)
    margin_x, margin_y = round(margin * frame_w), round(margin * frame_h)
    scale = frame_w / crop[2]
    shift = (margin_x - crop[0] * scale, margin_y - crop[1] * scale)
    size = (frame_w + 2 * margin_x, frame_h + 2 * margin_y)
    source, shown = [0, 0, 0, 0], [0, 0, 0, 0]
    for axis in (0, 1):
        low = max(0.0, -shift[axis] / scale)
        high = min(float(photo_size[axis]), (size[axis] - shift[axis]) / scale)
        first, last = round(low), max(round(low) + 1, round(high))
        last = min(last, photo_size[axis])
        start = min(max(0, round(first * scale + shift[axis])), size[axis] - 1)
        stop = min(size[axis], max(start + 1, round(last * scale + shift[axis])))
        source[axis], source[axis + 2] = first, last - first
        shown[axis], shown[axis + 2] = start, stop - start
    return Canvas(
        size,
        (margin_x, margin_y, frame_w, frame_h),
        scale,
        shift,
        (source[0], source[1], source[2], source[3]),
        (shown[0], shown[1], shown[2], shown[3]),
    )


def build_stage(
    photo: Photo,
    scene: SceneMap,
    output: tuple[int, int],
    *,
    margin: float = 0.10,
    oversample: float = 1.0,
    crop: tuple[float, float, float, float] | None = None,
) -> Stage:
    """The stage for a scene at an output size.

    Args:
        photo: the photo the scene was worked out from.
        scene: its scene.
        output: the video's (width, height), both even.
        margin: picture kept beyond the frame on each side, as a fraction of the frame's width and height.
        oversample: working pixels per output pixel; above 1 keeps zooms into a large photo crisp.
        crop: (x, y, width, height) in photo pixels of what frame 0 shows, of the output's shape; None: it follows
            faces and subject.
    """
    chosen = crop if crop is not None else fit(photo.size, output, scene)
    canvas = lay_out(photo.size, chosen, output, margin=margin, oversample=oversample)
    ratio = canvas.scale * photo.size[0] / scene.size[0]  # working pixels per analysis pixel
    picture = _place(photo.rgb, canvas)
    with ThreadPoolExecutor(1, thread_name_prefix="photoplay-stage") as beside:
        # Done while the bands are cut and filled: what neither waits for.
        small = filters.shrunk(picture, filters.fit_size(canvas.shown[2:], LINES_SIDE))
        planned = beside.submit(plan_margin, picture, _rims(canvas), small)
        depths = beside.submit(_depths, photo, scene, canvas)
        sharpened = (edges.sharpen(picture, _enlarged(band, photo, canvas), ratio) for band in scene.layers[1:])
        alphas: list[U8 | None] = [None, *sharpened]
        cut = _cut(picture, small, alphas, ratio, beside)
        beyond = planned.result()
        fields = depths.result()

        def layer(index: int) -> Layer:
            colour, opacity = cut[index]
            widened = None if opacity is None else extended_alpha(opacity, beyond)
            return Layer(extended(colour, beyond, widened), widened, fields[index], scene.layer_depths[index])

        nearer = [beside.submit(layer, index) for index in range(1, len(cut))]
        layers = (layer(0), *(one.result() for one in nearer))
        for one in layers[1:]:
            _spare(one, layers[0])
    frame = (float(canvas.frame[0]), float(canvas.frame[1]), float(canvas.frame[2]), float(canvas.frame[3]))
    shift = (canvas.scale, canvas.shift[0], canvas.shift[1])
    return Stage(scene, layers, frame, output, shift, photo_size=photo.size)


def _cut(
    picture: U8, small: U8, alphas: list[U8 | None], ratio: float, beside: ThreadPoolExecutor
) -> list[tuple[U8, U8 | None]]:
    """Colours and opacity of each layer within the photo, far to near.

    Args:
        picture: (H, W, 3) uint8: the photo at working size.
        small: the same with a long side of :data:`LINES_SIDE` at most.
        alphas: (H, W) uint8 of each layer, far to near; None: opaque.
        ratio: working pixels per analysis pixel.
        beside: does what a fill does not wait for.
    """
    growth = max(2.0, CONTEXT_GROWTH * ratio)
    cut: list[tuple[U8, U8 | None]] = []
    under = picture
    for index, alpha in enumerate(alphas):
        nearer = [other for other in alphas[index + 1 :] if other is not None]
        colour, opacity = picture, alpha
        if nearer:
            known = _known(alpha, nearer, HOLE_GROWTH * ratio)
            colour = _filled(picture, small, known, _known(alpha, nearer, growth), beside)
            if alpha is not None:
                opacity = _behind(alpha, nearer, growth)
        if opacity is not None:
            hidden = _cover(nearer) if nearer else None
            opacity = opacity.copy()
            colour = edges.foreground(colour, picture, opacity, under, cut, hidden, firm=True)
        cut.append((colour, opacity))
        if opacity is None:
            under = colour
        elif nearer:
            under = under.copy()
            edges.mix(under, colour, opacity)
    return cut


def part_of(alpha: U8) -> tuple[slice, slice]:
    """The rows and columns of a layer that hold all that shows of it, and as much around it as may ever be sampled."""
    part = filters.bounds(alpha > 0, round(edges.AROUND * max(alpha.shape)))
    return part if part is not None else (slice(0, 0), slice(0, 0))


def _spare(layer: Layer, behind: Layer) -> None:
    """Gives a layer the colours of what lies ``behind`` where nothing of it shows nor can be sampled, in place: none of
    its own need be kept there."""
    if layer.alpha is None:
        return
    rows, columns = part_of(layer.alpha)
    layer.rgb[: rows.start], layer.rgb[rows.stop :] = behind.rgb[: rows.start], behind.rgb[rows.stop :]
    layer.rgb[rows, : columns.start] = behind.rgb[rows, : columns.start]
    layer.rgb[rows, columns.stop :] = behind.rgb[rows, columns.stop :]


def _place(rgb: U8, canvas: Canvas) -> U8:
    """The photo's part that the canvas shows, at working size."""
    sx, sy, sw, sh = canvas.source
    size = (canvas.shown[2], canvas.shown[3])
    how = cv2.INTER_AREA if canvas.scale <= 1.0 else cv2.INTER_CUBIC
    return np.ascontiguousarray(filters.resize_u8(rgb[sy : sy + sh, sx : sx + sw], size, how))


def _rims(canvas: Canvas) -> tuple[int, int, int, int]:
    """Working pixels beyond the photo: top, bottom, left, right."""
    x, y, w, h = canvas.shown
    return y, canvas.size[1] - y - h, x, canvas.size[0] - x - w


def _sample(field: U8 | F32, photo: Photo, canvas: Canvas, window: tuple[int, int, int, int], step: int) -> Any:
    """A map of the whole photo on the canvas, at 1/step of its size; beyond the photo its border goes straight on.

    ``window``: (x, y, width, height) in pixels of the result: the part of it that is made.
    """
    fx, fy = field.shape[1] / photo.size[0] / canvas.scale, field.shape[0] / photo.size[1] / canvas.scale
    x, y, width, height = window
    matrix = np.array(
        [
            [fx * step, 0.0, fx * ((x + 0.5) * step - canvas.shift[0]) - 0.5],
            [0.0, fy * step, fy * ((y + 0.5) * step - canvas.shift[1]) - 0.5],
        ]
    )
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(field, matrix, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)


def _enlarged(band: U8, photo: Photo, canvas: Canvas) -> U8:
    """A layer's opacity at working size, within the photo: made only around where there is any."""
    left, top, width, height = canvas.shown
    out = np.zeros((height, width), np.uint8)
    x, y, w, h = cv2.boundingRect(band)
    if w == 0:
        return out
    per_x, per_y = (photo.size[axis] * canvas.scale / band.shape[1 - axis] for axis in (0, 1))
    x0 = min(max(0, math.floor((x - 1) * per_x + canvas.shift[0]) - left), width)
    y0 = min(max(0, math.floor((y - 1) * per_y + canvas.shift[1]) - top), height)
    x1 = min(width, math.ceil((x + w + 1) * per_x + canvas.shift[0]) - left)
    y1 = min(height, math.ceil((y + h + 1) * per_y + canvas.shift[1]) - top)
    if x1 > x0 and y1 > y0:
        out[y0:y1, x0:x1] = _sample(band, photo, canvas, (left + x0, top + y0, x1 - x0, y1 - y0), 1)
    return out


def _known(alpha: U8 | None, nearer: list[U8], growth: float) -> U8:
    """(H, W) uint8: 255 where the picture shows this layer and nothing else."""
    hidden: Any = _grown(filters.above(_cover(nearer), edges.CLEAR), growth)
    if alpha is not None:
        hidden = cv2.max(hidden, cv2.threshold(alpha, edges.SOLID, 255, cv2.THRESH_BINARY_INV)[1])
    return np.asarray(cv2.bitwise_not(hidden), dtype=np.uint8)


def _cover(nearer: list[U8]) -> U8:
    """(H, W) uint8: the greatest opacity of these layers."""
    cover = nearer[0]
    for other in nearer[1:]:
        cover = np.maximum(cover, other)
    return cover


def _grown(mask: U8, radius: float) -> U8:
    """Dilation by a square at reduced size: quick for the large radii of large pictures. Only around what there is."""
    factor = max(1, int(radius // 4))
    window = filters.bounds(mask > 0, math.ceil(radius) + 2 * factor)
    if window is None:
        return mask
    rows, columns = (slice(side.start // factor * factor, side.stop) for side in window)
    part = np.ascontiguousarray(mask[rows, columns])
    if factor == 1:
        part = filters.dilate(part, radius)
    else:
        height, width = part.shape
        small = filters.resize_u8(part, (-(-width // factor), -(-height // factor)), cv2.INTER_AREA)
        grown = filters.dilate(np.asarray((small > 0).astype(np.uint8) * np.uint8(255)), radius / factor)
        part = filters.resize_u8(grown, (width, height), cv2.INTER_NEAREST)
    out = np.zeros_like(mask)
    out[rows, columns] = part
    return out


def _filled(picture: U8, small: U8, known: U8, context: U8, beside: ThreadPoolExecutor) -> U8:
    """The picture where ``known``, elsewhere a fill made from ``context``. The photo's own
    pixels reach to the nearer layer's edge; what that edge lets through is taken out of them with its colours."""
    height, width = known.shape
    hole = filters.bounds(known < 255, round(LEVEL_RIM * max(width, height)))
    if hole is None:
        return picture
    continued = beside.submit(carried_on, picture, known, small)
    size = filters.fit_size((width, height), FILL_LONG_SIDE)
    canvas, seen = filters.resize_u8(picture, size), filters.resize_u8(context, size, cv2.INTER_AREA)
    seen = filters.above(seen, 254)
    fill = plate.synthesize(*plate.reduced(canvas, seen, filters.fit_size(size, plate.FILL_SIDE)))
    filled = filters.resize_u8(plate.render(fill, canvas, seen), (width, height), cv2.INTER_CUBIC)
    part = _levelled(filled[hole], picture[hole], known[hole], LEVEL_SIDE / max(width, height))
    continuation = continued.result()
    out = picture.copy()
    out[hole] = part
    if continuation is not None:
        continuation.lay_over(out, known)
    part = np.ascontiguousarray(out[hole])
    edges.mix(part, picture[hole], known[hole])
    out[hole] = part
    return out


def _levelled(filled: U8, picture: U8, known: U8, scale: float) -> U8:
    """The fill with its tone drawn to what surrounds it: a membrane over the hole, fading inwards.

    The tone is read a little away from the hole, because nearer layers' blur and sharpening tint its very rim.

    Args:
        filled: (h, w, 3) uint8: the part of a fill that holds the hole and its rim.
        picture: (h, w, 3) uint8.
        known: (h, w) uint8.
        scale: the size at which the membrane is worked out over the picture's.
    """
    height, width = known.shape
    scale = min(1.0, scale)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    seen = np.asarray((filters.shrunk(known, size) == 255).astype(np.uint8) * np.uint8(255))
    rim = filters.dilate(np.asarray(255 - seen), 4) & filters.erode(seen, 1)
    if not bool(rim.any()) or not bool((seen == 0).any()):
        return filled
    weight = filters.to_f32(np.asarray(rim, dtype=np.uint8))
    off = filters.shrunk(picture, size).astype(np.float32) - filters.shrunk(filled, size).astype(np.float32)
    off = filters.weighted_blur(np.clip(off, -70, 70).astype(np.float32), weight, 2.5)
    spread = filters.push_pull(off, np.minimum(filters.blur(weight, 1.5) * 4.0, 1.0).astype(np.float32))
    distance = np.asarray(cv2.distanceTransform((seen == 0).astype(np.uint8), cv2.DIST_L2, 3), dtype=np.float32)
    correction = spread * np.exp(-distance / np.float32(LEVEL_FADE * LEVEL_SIDE))[..., None]
    enlarged = cv2.resize(correction, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.add(filled, enlarged, dtype=cv2.CV_8U), dtype=np.uint8)


def _behind(alpha: U8, nearer: list[U8], growth: float) -> U8:
    """A middle layer's alpha, carried on behind what hides it."""
    hole = _grown(np.asarray((_cover(nearer) > edges.CLEAR).astype(np.uint8) * np.uint8(255)), growth)
    height, width = alpha.shape
    size = filters.fit_size((width, height), 320)
    seen = np.asarray(1.0 - filters.to_f32(filters.resize_u8(hole, size)), dtype=np.float32)
    small = filters.push_pull(filters.to_f32(filters.resize_u8(alpha, size))[..., None], seen)[..., 0]
    carried = filters.resize_u8(filters.to_u8(filters.smoothstep(small, 0.35, 0.65)), (width, height), cv2.INTER_LINEAR)
    return np.asarray(np.where(hole > 0, carried, alpha), dtype=np.uint8)


def _depths(photo: Photo, scene: SceneMap, canvas: Canvas) -> list[F32]:
    """Each layer's inverse depth at 1/DEPTH_STEP of the working size, from where it shows, smooth elsewhere."""
    size = filters.fit_size(scene.size, 512)
    inverse = filters.resize_f32(scene.inverse_depth, size)
    window = (0, 0, -(-canvas.size[0] // DEPTH_STEP), -(-canvas.size[1] // DEPTH_STEP))
    found = []
    bare: F32 = np.ones((size[1], size[0]), np.float32)  # what no layer nearer than this one covers
    for index in reversed(range(len(scene.layers))):
        own = bare
        if index:  # the farthest is opaque
            own = bare * filters.to_f32(filters.resize_u8(scene.layers[index], size))
            bare = bare * (1.0 - filters.to_f32(filters.resize_u8(filters.dilate(scene.layers[index], 2), size)))
        certain = filters.smoothstep(own, 0.75, 0.99)
        if float(certain.max()) < 0.5:
            smooth = np.full_like(inverse, scene.layer_depths[index])
        else:
            smooth = filters.push_pull(inverse[..., None], certain)[..., 0]
        smooth = filters.blur(np.ascontiguousarray(smooth), 1.5)
        found.append(np.asarray(_sample(smooth, photo, canvas, window, DEPTH_STEP), dtype=np.float32))
    return found[::-1]
