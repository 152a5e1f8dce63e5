"""The stage: the photo fitted to an output, cut into layers that can be moved against each other.

The canvas is the frame with a margin on every side. Where the crop left picture, the margin is picture; beyond the
photo's border it is made up: the plate goes on by example (:mod:`plate`), nearer layers that the border cuts go on
as they leave it. Every layer goes on for a little behind what hides it.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from photoplay.engines.motion import edges, filters, plate
from photoplay.engines.motion.fit import fit
from photoplay.engines.motion.types import F32, U8, Layer, Photo, SceneMap, Stage

HOLE_GROWTH = 4.0  # pixels at analysis size by which a hole is larger than the nearer layer's matte
FILL_LONG_SIDE = 2048  # pixels; larger canvases are filled at this size and the fill enlarged
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
    shown = np.zeros((canvas.size[1], canvas.size[0]), np.uint8)
    x, y, w, h = canvas.shown
    shown[y : y + h, x : x + w] = 255
    alphas: list[U8 | None] = [None]
    for alpha in scene.layers[1:]:
        enlarged = np.asarray(_sample(alpha, photo, scene, canvas, 1), dtype=np.uint8)
        alphas.append(edges.sharpen(picture, enlarged, ratio))
    layers: list[Layer] = []
    for index, alpha in enumerate(alphas):
        nearer = [other for other in alphas[index + 1 :] if other is not None]
        if nearer or alpha is None:
            known = _known(alpha, nearer, shown, max(1.5, HOLE_GROWTH * ratio))
            rgb = _filled(picture, known)
            if alpha is not None:
                rgb = edges.foreground(rgb, alpha, layers[-1].rgb)
                alpha = _behind(alpha, nearer, max(1.5, HOLE_GROWTH * ratio))
        else:
            rgb = edges.foreground(_continued(picture, alpha, canvas), alpha, layers[-1].rgb)
        inverse = _depth(index, photo, scene, canvas)
        layers.append(Layer(rgb, alpha, inverse, scene.layer_depths[index]))
    frame = (float(canvas.frame[0]), float(canvas.frame[1]), float(canvas.frame[2]), float(canvas.frame[3]))
    return Stage(scene, tuple(layers), frame, output, (canvas.scale, canvas.shift[0], canvas.shift[1]))


def _place(rgb: U8, canvas: Canvas) -> U8:
    """The photo on the canvas; beyond its border mirrored."""
    sx, sy, sw, sh = canvas.source
    x, y, w, h = canvas.shown
    sized = filters.resize_u8(
        rgb[sy : sy + sh, sx : sx + sw], (w, h), cv2.INTER_AREA if canvas.scale <= 1.0 else cv2.INTER_CUBIC
    )
    return _surround(sized, canvas)


def _surround(image: U8, canvas: Canvas) -> U8:
    x, y, w, h = canvas.shown
    right, bottom = canvas.size[0] - x - w, canvas.size[1] - y - h
    return np.asarray(cv2.copyMakeBorder(image, y, bottom, x, right, cv2.BORDER_REFLECT), dtype=np.uint8)


def _sample(field: U8 | F32, photo: Photo, scene: SceneMap, canvas: Canvas, step: int) -> U8 | F32:
    """A map of the scene on the canvas, at 1/step of its size; beyond the photo its border goes straight on."""
    fx, fy = scene.size[0] / photo.size[0] / canvas.scale, scene.size[1] / photo.size[1] / canvas.scale
    matrix = np.array(
        [
            [fx * step, 0.0, fx * (0.5 * step - canvas.shift[0]) - 0.5],
            [0.0, fy * step, fy * (0.5 * step - canvas.shift[1]) - 0.5],
        ]
    )
    size = (-(-canvas.size[0] // step), -(-canvas.size[1] // step))
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(field, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE))


def _known(alpha: U8 | None, nearer: list[U8], shown: U8, growth: float) -> U8:
    """(H, W) uint8: 255 where the picture shows this layer and nothing else."""
    known = shown.copy()
    for other in nearer:
        hidden = np.asarray((other > edges.CLEAR).astype(np.uint8) * np.uint8(255), dtype=np.uint8)
        known[_grown(hidden, growth) > 0] = 0
    if alpha is not None:
        known[alpha <= edges.SOLID] = 0
    return known


def _grown(mask: U8, radius: float) -> U8:
    """Dilation by a square at reduced size: quick for the large radii of large pictures."""
    factor = max(1, int(radius // 4))
    if factor == 1:
        return filters.dilate(mask, radius)
    height, width = mask.shape
    small = filters.resize_u8(mask, (-(-width // factor), -(-height // factor)), cv2.INTER_AREA)
    grown = filters.dilate(np.asarray((small > 0).astype(np.uint8) * np.uint8(255)), radius / factor)
    return filters.resize_u8(grown, (width, height), cv2.INTER_NEAREST)


def _filled(picture: U8, known: U8) -> U8:
    """The picture where known, the fill elsewhere, feathered inside the known side."""
    height, width = known.shape
    if bool((known == 255).all()):
        return picture
    size = filters.fit_size((width, height), FILL_LONG_SIDE)
    canvas, seen = filters.resize_u8(picture, size), filters.resize_u8(known, size, cv2.INTER_AREA)
    seen = np.asarray((seen == 255).astype(np.uint8) * np.uint8(255), dtype=np.uint8)
    small = filters.fit_size(size, plate.FILL_SIDE)
    share = filters.to_f32(filters.resize_u8(seen, small, cv2.INTER_AREA))
    only = np.asarray(cv2.bitwise_and(canvas, canvas, mask=seen), dtype=np.uint8)
    colour = filters.to_f32(filters.resize_u8(only, small, cv2.INTER_AREA)) / np.maximum(share, 1e-3)[..., None]
    fill = plate.synthesize(np.clip(colour, 0, 1).astype(np.float32), np.asarray(share > 0.98, dtype=np.bool_))
    rendered = plate.render(fill, canvas, seen)
    out = np.ascontiguousarray(filters.resize_u8(rendered, (width, height), cv2.INTER_CUBIC))
    if out is rendered:
        out = rendered.copy()
    feather = max(3, round(max(width, height) / 400)) | 1
    weight = np.asarray(cv2.blur(cv2.erode(known, np.ones((feather, feather), np.uint8)), (feather, feather)))
    edges.mix(out, picture, np.asarray(weight, dtype=np.uint8))
    return out


def _continued(picture: U8, alpha: U8, canvas: Canvas) -> U8:
    """The picture for a layer that the photo's border cuts: mirrored beyond it where the mirror shows the layer."""
    x, y, w, h = canvas.shown
    if (w, h) == canvas.size:
        return picture
    inside = alpha[y : y + h, x : x + w]
    mirrored = _surround(np.ascontiguousarray(inside), canvas)
    missing = np.asarray((alpha > edges.CLEAR) & (mirrored <= edges.SOLID), dtype=np.uint8)
    missing[y : y + h, x : x + w] = 0
    if not bool(missing.any()):
        return picture
    size = filters.fit_size(canvas.size, edges.ESTIMATE_SIDE)
    solid = filters.smoothstep(filters.to_f32(filters.resize_u8(mirrored, size)), 0.9, 1.0)
    colour = filters.push_pull(filters.to_f32(filters.resize_u8(picture, size)), solid)
    out = picture.copy()
    enlarged = filters.resize_u8(filters.to_u8(colour), canvas.size, cv2.INTER_LINEAR)
    edges.mix(out, enlarged, np.asarray(cv2.blur(missing * np.uint8(255), (5, 5)), dtype=np.uint8))
    return out


def _behind(alpha: U8, nearer: list[U8], growth: float) -> U8:
    """A middle layer's alpha, carried on behind what hides it."""
    hidden = np.zeros_like(alpha)
    for other in nearer:
        hidden = np.maximum(hidden, other)
    hole = _grown(np.asarray((hidden > edges.CLEAR).astype(np.uint8) * np.uint8(255)), growth)
    height, width = alpha.shape
    size = filters.fit_size((width, height), 320)
    seen = np.asarray(1.0 - filters.to_f32(filters.resize_u8(hole, size)), dtype=np.float32)
    small = filters.push_pull(filters.to_f32(filters.resize_u8(alpha, size))[..., None], seen)[..., 0]
    carried = filters.resize_u8(filters.to_u8(filters.smoothstep(small, 0.35, 0.65)), (width, height), cv2.INTER_LINEAR)
    return np.asarray(np.where(hole > 0, carried, alpha), dtype=np.uint8)


def _depth(index: int, photo: Photo, scene: SceneMap, canvas: Canvas) -> F32:
    """The layer's inverse depth at 1/DEPTH_STEP of the working size, from where it shows, smooth elsewhere."""
    size = filters.fit_size(scene.size, 512)
    own = filters.to_f32(filters.resize_u8(scene.layers[index], size))
    for other in scene.layers[index + 1 :]:
        own = own * (1.0 - filters.to_f32(filters.resize_u8(filters.dilate(other, 2), size)))
    inverse = filters.resize_f32(scene.inverse_depth, size)
    certain = filters.smoothstep(own, 0.75, 0.99)
    if float(certain.max()) < 0.5:
        inverse = np.full_like(inverse, scene.layer_depths[index])
    else:
        inverse = filters.push_pull(inverse[..., None], certain)[..., 0]
    inverse = filters.blur(np.ascontiguousarray(inverse), 1.5)
    full = filters.resize_f32(inverse, scene.size, cv2.INTER_LINEAR)
    return np.asarray(_sample(full, photo, scene, canvas, DEPTH_STEP), dtype=np.float32)
