"""Builds the stage of a composed scene: a backdrop's own layers, and one layer for every subject placed in it.

Every subject also keeps a **view**: the same stage seen with the subject's own scene and place, so that whatever
animates a subject (breathing, a blink, a motion brush) finds it as if it were alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Container, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from photoplay.engines.motion import edges, filters
from photoplay.engines.motion.animate import ExtraLayer
from photoplay.engines.motion.camera import photo_size, photo_to_frame, subject_layer
from photoplay.engines.motion.ensemble import match, shadow
from photoplay.engines.motion.ensemble.cutout import CutOut
from photoplay.engines.motion.ensemble.layout import Spot
from photoplay.engines.motion.types import F32, U8, Box, Face, Layer, SceneMap, Stage

LEAST_DEPTH, MOST_DEPTH = 0.34, 0.93  # inverse depth of subjects
ROW_STEP = 0.10  # of inverse depth between rows, at least
BUST_DEPTH = 0.88  # who goes on below the frame is near
BEFORE_GROUND = 0.02  # of inverse depth that a subject stands before the ground it touches
RELIEF = 0.55  # of a subject's own relief that is kept
RELIEF_BOUND = 0.05  # of inverse depth
SIDE_FADE = 0.05  # of its width over which a cut side that is not at the frame's border fades
BLADES = 0.055  # of a subject's height: how far grass stands before its feet
DEPTH_STEP = 4  # a layer's depth is kept at 1/DEPTH_STEP of the working size
CAST = {"outdoor": 0.42, "indoor": 0.26, "night": 0.22}  # darkness of cast shadows
TONE_BAND = 0.12  # of the frame's height above and below a subject's place that its tone is matched to


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody in the scene: the cut-out and where it stands."""

    cutout: CutOut
    spot: Spot


@dataclass(frozen=True, slots=True)
class Composed:
    """A composed stage. ``views``: by image number; ``picture`` (h, w, 3) uint8: what frame 0 shows, small;
    ``shadow``: all shadows as a layer for the ground, where they were asked for."""

    stage: Stage
    views: dict[int, Stage]
    picture: U8
    shadow: ExtraLayer | None = None


def compose(
    backdrop: Stage,
    members: Sequence[Member],
    *,
    merged: bool = False,
    carried: Container[int] = (),
    loose: bool = False,
) -> Composed:
    """Puts members, farthest first, into a backdrop.

    Args:
        backdrop: the place's stage.
        members: the subjects, farthest first.
        merged: all subjects in one layer, for effects, which know one subject.
        carried: numbers of images whose subject takes its shadow along when its layer moves.
        loose: the shadows are not laid on the ground but handed out, for who lets them fade.
    """
    height, width = backdrop.layers[0].rgb.shape[:2]
    ground = _flattened(backdrop)
    placed = [
        _place(backdrop, member, ground, depth)
        for member, depth in zip(members, _depths(backdrop, members), strict=True)
    ]
    shades = _shades(backdrop, members, placed)
    placed = [
        (_with_shadow(layer, shades[member.spot.number]), where)
        if member.spot.number in carried and member.spot.number in shades
        else (layer, where)
        for member, (layer, where) in zip(members, placed, strict=True)
    ]
    shade = shadow.joined([one for number, one in shades.items() if number not in carried])
    own = subject_layer(backdrop)
    laid = None if loose else shade
    layers = [replace(layer, rgb=_darkened(layer, laid, index, own)) for index, layer in enumerate(backdrop.layers)]
    cast_layers = [layer for layer, _ in placed]
    scene = _scene(backdrop, members, placed)
    if merged:
        cast_layers = [_merged(cast_layers)]
    # A subject of the backdrop's own stands before those whose feet are farther away.
    order = [*layers, *cast_layers]
    if own and len(backdrop.layers) - 1 == own and not merged:
        foot = _own_foot(backdrop)
        behind = sum(member.spot.grounded and member.spot.foot < foot for member in members)
        order = [*layers[:own], *cast_layers[:behind], layers[own], *cast_layers[behind:]]
    stage = Stage(scene, tuple(order), backdrop.frame, backdrop.output, backdrop.photo_to_working, _size_of(backdrop))
    views = {
        member.spot.number: replace(
            stage, scene=member.cutout.scene, photo_to_working=where, photo_size=member.cutout.photo_size
        )
        for member, (_, where) in zip(members, placed, strict=True)
    }
    if width * height == 0:
        raise ValueError("an empty stage")
    return Composed(stage, views, _picture(stage), _shadow_layer(backdrop, shade) if loose else None)


def horizon_in_frame(stage: Stage) -> float:
    """The horizon as a share of the frame's height; where none is seen, what is usual for its kind of place."""
    scene = stage.scene
    if scene.horizon is not None:
        _, v = photo_to_frame(stage, 0.5, scene.horizon)
        share = 0.5 + v * stage.frame[2] / stage.frame[3]
        return float(min(max(share, 0.05), 0.80))
    return 0.42 if float(scene.stats.get("outdoor", 0.0)) > 0.5 else 0.50


def taken_by_own(stage: Stage) -> tuple[float, float] | None:
    """(left, right) in shares of the frame's width, where the backdrop's own subject stands."""
    box = stage.scene.subject
    if box is None or not subject_layer(stage):
        return None
    left, right = (0.5 + photo_to_frame(stage, x, 0.5)[0] for x in (box.x0, box.x1))
    return max(0.0, left), min(1.0, right)


def _own_foot(stage: Stage) -> float:
    """Where the backdrop's own subject ends below, as a share of the frame's height."""
    box = stage.scene.subject
    return 0.0 if box is None else 0.5 + photo_to_frame(stage, 0.5, box.y1)[1] * stage.frame[2] / stage.frame[3]


def _size_of(stage: Stage) -> tuple[int, int]:
    width, height = photo_size(stage)
    return round(width), round(height)


def _depths(backdrop: Stage, members: Sequence[Member]) -> list[float]:
    """Inverse depth of each member: the ground's where it stands; busts are near; it never falls towards the front."""
    found: list[float] = []
    own = subject_layer(backdrop)
    own_depth, own_foot = (backdrop.layers[own].anchor_depth, _own_foot(backdrop)) if own else (0.0, 0.0)
    for member in members:
        spot = member.spot
        near = BUST_DEPTH - ROW_STEP * spot.row
        depth = _ground_depth(backdrop, spot) + BEFORE_GROUND if spot.grounded else near
        if own and spot.foot >= own_foot:
            depth = max(depth, own_depth)
        found.append(min(max(depth, LEAST_DEPTH), MOST_DEPTH))
    for index in range(1, len(found)):
        rows = members[index - 1].spot.row - members[index].spot.row
        found[index] = min(MOST_DEPTH, max(found[index], found[index - 1] + (ROW_STEP if rows > 0 else 0.0)))
    return found


def _ground_depth(backdrop: Stage, spot: Spot) -> float:
    """Inverse depth of what lies at a spot's foot, in the layer that shows there and is no subject."""
    left, top, _, frame_h = backdrop.frame
    own = subject_layer(backdrop)
    x, y = left + spot.x * frame_h, top + spot.foot * frame_h
    value = 0.5
    for index, layer in enumerate(backdrop.layers):
        if index and index == own:
            continue
        rows, columns = layer.inverse_depth.shape
        row = min(rows - 1, max(0, round(y / DEPTH_STEP)))
        column = min(columns - 1, max(0, round(x / DEPTH_STEP)))
        height, width = layer.rgb.shape[:2]
        shows = layer.alpha is None or layer.alpha[min(height - 1, round(y)), min(width - 1, max(0, round(x)))] > 127
        if shows:
            reach = slice(max(0, row - 4), row + 5), slice(max(0, column - 12), column + 13)
            value = float(np.median(layer.inverse_depth[reach]))
    return value


def _place(backdrop: Stage, member: Member, ground: U8, depth: float) -> tuple[Layer, tuple[float, float, float]]:
    """A member's layer, and how its photo lies on the stage: working = photo pixels * scale + (dx, dy)."""
    cutout, spot = member.cutout, member.spot
    height, width = backdrop.layers[0].rgb.shape[:2]
    left, top, frame_w, frame_h = backdrop.frame
    k = spot.height * frame_h / cutout.height  # working pixels per cut-out pixel
    size = max(2, round(cutout.rgb.shape[1] * k)), max(2, round(cutout.rgb.shape[0] * k))
    x = round(left + spot.x * frame_h - (cutout.box[0] + cutout.width / 2) * k)
    y = round(top + spot.foot * frame_h - cutout.box[3] * k)
    how = cv2.INTER_AREA if k < 1.0 else cv2.INTER_CUBIC
    alpha = filters.resize_u8(cutout.alpha, size, cv2.INTER_AREA if k < 1.0 else cv2.INTER_LINEAR)
    colours = filters.resize_u8(cutout.rgb, size, how)
    window = _around(spot, backdrop)
    shift = match.shift_towards(match.tone_of(cutout.rgb, cutout.alpha), match.tone_of(ground[window]))
    colours = match.matched(colours, shift, backdrop.scene.light)
    alpha = _faded(alpha, cutout, (x, y), (left, left + frame_w))
    if spot.grounded:
        alpha = _among_blades(alpha, _growth(backdrop, spot), cutout.box[3] * k, spot.number)
    rgb_out, alpha_out = np.zeros((height, width, 3), np.uint8), np.zeros((height, width), np.uint8)
    _paste(rgb_out, colours, x, y)
    _paste(alpha_out, alpha, x, y)
    if cutout.cut_below:
        _carry_down(rgb_out, alpha_out, y + size[1])
    inverse = np.full((-(-height // DEPTH_STEP), -(-width // DEPTH_STEP)), depth, np.float32)
    relief = np.clip(cutout.relief * np.float32(RELIEF), -RELIEF_BOUND, RELIEF_BOUND).astype(np.float32)
    small = filters.resize_f32(relief, (max(1, size[0] // DEPTH_STEP), max(1, size[1] // DEPTH_STEP)))
    if spot.grounded:  # the feet do not leave the ground
        rise = np.clip((small.shape[0] - np.arange(small.shape[0], dtype=np.float32)) / (0.3 * small.shape[0]), 0, 1)
        small = np.asarray(small * rise[:, None], dtype=np.float32)
    _add(inverse, filters.blur(small, 1.5), x // DEPTH_STEP, y // DEPTH_STEP)
    scale = cutout.scale * k
    where = (scale, x - cutout.corner[0] * scale, y - cutout.corner[1] * scale)
    return Layer(rgb_out, alpha_out, np.clip(inverse, 0.0, 1.0).astype(np.float32), depth), where


def _around(spot: Spot, backdrop: Stage) -> tuple[slice, slice]:
    """Rows and columns of the working area around a spot: what the subject is seen against."""
    left, top, _, frame_h = backdrop.frame
    height, width = backdrop.layers[0].rgb.shape[:2]
    half = 0.75 * spot.height
    y0, y1 = spot.foot - spot.height - TONE_BAND, min(1.0, spot.foot) + TONE_BAND
    rows = slice(max(0, round(top + y0 * frame_h)), min(height, round(top + y1 * frame_h)))
    columns = slice(
        max(0, round(left + (spot.x - half) * frame_h)), min(width, round(left + (spot.x + half) * frame_h))
    )
    return rows, columns


def _faded(alpha: U8, cutout: CutOut, corner: tuple[int, int], frame: tuple[float, float]) -> U8:
    """A side that the photo's border cut fades out, unless it lies beyond the frame."""
    width = alpha.shape[1]
    reach = max(2, round(SIDE_FADE * width))
    ramp = np.ones(width, np.float32)
    curve = filters.smoothstep(np.linspace(0.0, 1.0, reach, dtype=np.float32), 0.0, 1.0)
    if cutout.cut_left and corner[0] > frame[0] + 2:
        ramp[:reach] = curve
    if cutout.cut_right and corner[0] + width < frame[1] - 2:
        ramp[-reach:] = curve[::-1]
    if bool((ramp == 1.0).all()):
        return alpha
    return np.asarray(alpha * ramp[None, :], dtype=np.uint8)


def _growth(backdrop: Stage, spot: Spot) -> float:
    """How much grows where a subject stands, 0..1: feet sink into grass, not into a road."""
    ground = backdrop.scene.regions.get("foliage")
    if ground is None:
        return 0.0
    left, top, _, frame_h = backdrop.frame
    scale, dx, dy = backdrop.photo_to_working
    photo_w, photo_h = photo_size(backdrop)
    rows, columns = ground.shape
    x = (left + spot.x * frame_h - dx) / scale / photo_w * columns
    y = (top + spot.foot * frame_h - dy) / scale / photo_h * rows
    reach = max(2, round(0.2 * spot.height * columns / photo_w * frame_h / scale))
    y0, x0 = min(rows - 2, max(0, round(y) - reach // 2)), min(columns - 2, max(0, round(x) - reach))
    part = ground[y0 : max(y0 + 1, round(y) + reach // 4), x0 : max(x0 + 1, round(x) + reach)]
    return float(part.mean()) / 255.0 if part.size else 0.0


def _among_blades(alpha: U8, growth: float, foot: float, seed: int) -> U8:
    """Lets blades of grass stand before the lowest part of a subject: its alpha is bitten out from below."""
    tall = BLADES * alpha.shape[0]
    if growth < 0.25 or tall < 2.0:
        return alpha
    rng = np.random.default_rng([0xB1AD, seed])
    width = alpha.shape[1]
    fine = rng.random(max(4, round(width / max(1.5, 0.25 * tall)))).astype(np.float32)
    wide = rng.random(max(3, round(width / (2.5 * tall)))).astype(np.float32)
    at = np.linspace(0.0, 1.0, width)
    blades = 0.7 * np.interp(at, np.linspace(0, 1, fine.size), fine**1.6) + 0.3 * np.interp(
        at, np.linspace(0, 1, wide.size), wide
    )
    y = np.arange(alpha.shape[0], dtype=np.float32)[:, None]
    above = (np.float32(foot) - y) - (blades * tall * min(1.0, 1.4 * growth))[None, :].astype(np.float32)
    keep = filters.smoothstep(np.asarray(above, dtype=np.float32), -0.15 * tall, 0.15 * tall)
    return np.asarray(alpha * keep, dtype=np.uint8)


def _paste(target: U8, source: U8, x: int, y: int) -> None:
    x0, y0 = max(0, x), max(0, y)
    x1, y1 = min(target.shape[1], x + source.shape[1]), min(target.shape[0], y + source.shape[0])
    if x1 > x0 and y1 > y0:
        target[y0:y1, x0:x1] = source[y0 - y : y1 - y, x0 - x : x1 - x]


def _add(target: F32, source: F32, x: int, y: int) -> None:
    x0, y0 = max(0, x), max(0, y)
    x1, y1 = min(target.shape[1], x + source.shape[1]), min(target.shape[0], y + source.shape[0])
    if x1 > x0 and y1 > y0:
        target[y0:y1, x0:x1] += source[y0 - y : y1 - y, x0 - x : x1 - x]


def _carry_down(rgb: U8, alpha: U8, below: int) -> None:
    """A body that is cut off goes on below its cut, mirrored, to the end of the working area."""
    height = rgb.shape[0]
    edge = below - 2  # the photo's last line is often darker
    if edge >= height or edge < 2:
        return
    count = min(height - edge, edge)
    rgb[edge : edge + count] = rgb[edge - count : edge][::-1]
    straight = alpha[edge - 1].copy()
    alpha[edge : edge + count] = np.minimum(alpha[edge - count : edge][::-1], straight[None, :])


def _flattened(stage: Stage) -> U8:
    """(H, W, 3): all layers as they lie over each other, unmoved."""
    flat = stage.layers[0].rgb.copy()
    for layer in stage.layers[1:]:
        if layer.alpha is not None:
            edges.mix(flat, layer.rgb, layer.alpha)
    return flat


def _small(alpha: U8) -> U8:
    height, width = alpha.shape
    return filters.resize_u8(alpha, (-(-width // shadow.STEP), -(-height // shadow.STEP)), cv2.INTER_AREA)


def _shades(
    backdrop: Stage, members: Sequence[Member], placed: Sequence[tuple[Layer, tuple[float, float, float]]]
) -> dict[int, F32]:
    """The shadows of all who have feet, by image number, at 1/STEP of the working size."""
    scene = backdrop.scene
    outdoor = float(scene.stats.get("outdoor", 0.0)) > 0.5
    dark = CAST["night"] if scene.stats.get("night") else CAST["outdoor"] if outdoor else CAST["indoor"]
    _, top, _, frame_h = backdrop.frame
    # The sun low in the picture stands behind everybody.
    behind = bool(outdoor and scene.stats.get("depth_source") == "painted" and scene.light[1] > -0.2)
    found: dict[int, F32] = {}
    for member, (layer, _) in zip(members, placed, strict=True):
        if not member.spot.grounded or layer.alpha is None:
            continue
        small = _small(layer.alpha)
        foot = (top + member.spot.foot * frame_h) / shadow.STEP
        thrown = shadow.cast(small, foot, scene.light, behind=behind) * np.float32(dark)
        both = shadow.joined([shadow.contact(small, foot), thrown])
        if both is not None:
            found[member.spot.number] = both
    return found


def _shadow_layer(backdrop: Stage, shade: F32 | None) -> ExtraLayer | None:
    if shade is None:
        return None
    plate = backdrop.layers[0]
    height, width = plate.rgb.shape[:2]
    alpha = filters.resize_u8(filters.to_u8(shade), (width, height), cv2.INTER_LINEAR)
    layer = Layer(np.zeros((height, width, 3), np.uint8), alpha, plate.inverse_depth, plate.anchor_depth)
    return ExtraLayer("shadows", layer, after=len(backdrop.layers) - 1)


def _with_shadow(layer: Layer, shade: F32) -> Layer:
    """A layer that lies on its own shadow: black under what is there."""
    assert layer.alpha is not None  # noqa: S101 - subjects always have one
    height, width = layer.alpha.shape
    dark = filters.resize_u8(filters.to_u8(shade), (width, height), cv2.INTER_LINEAR).astype(np.uint16)
    alpha = layer.alpha.astype(np.uint16)
    both = 255 - ((255 - alpha) * (255 - dark) + 127) // 255
    share = alpha.astype(np.float32) / np.maximum(both, 1).astype(np.float32)
    rgb = np.asarray(layer.rgb * np.clip(share, 0.0, 1.0)[..., None] + 0.5, dtype=np.uint8)
    return replace(layer, rgb=rgb, alpha=np.asarray(both, dtype=np.uint8))


def _darkened(layer: Layer, shade: F32 | None, index: int, own: int) -> U8:
    if shade is None or (index and index == own):
        return layer.rgb
    return shadow.darken(layer.rgb, shade)


def _merged(layers: Sequence[Layer]) -> Layer:
    """All layers in one, as they cover each other."""
    rgb, alpha = layers[0].rgb.copy(), layers[0].alpha
    assert alpha is not None  # noqa: S101 - subjects always have one
    alpha = alpha.copy()
    inverse = layers[0].inverse_depth.copy()
    weights = [float(layer.alpha.mean()) if layer.alpha is not None else 0.0 for layer in layers]
    for layer in layers[1:]:
        if layer.alpha is None:
            continue
        # Where nothing was yet, the new colours are taken whole: alpha makes the edge, not a mix with black.
        cv2.copyTo(layer.rgb, np.asarray((alpha == 0) & (layer.alpha > 0), dtype=np.uint8), rgb)
        edges.mix(rgb, layer.rgb, layer.alpha)
        alpha = np.asarray(255 - ((255 - alpha.astype(np.uint16)) * (255 - layer.alpha) + 127) // 255, dtype=np.uint8)
        rows, columns = inverse.shape
        seen = filters.resize_u8(layer.alpha, (columns, rows), cv2.INTER_AREA) > 127
        inverse[seen] = layer.inverse_depth[seen]
    depth = float(np.average([layer.anchor_depth for layer in layers], weights=np.maximum(weights, 1e-6)))
    mean = np.clip(inverse, depth - 0.12, depth + 0.12).astype(np.float32)
    return Layer(rgb, alpha, filters.blur(mean, 6.0), depth)


def _scene(
    backdrop: Stage, members: Sequence[Member], placed: Sequence[tuple[Layer, tuple[float, float, float]]]
) -> SceneMap:
    """The scene of the whole, in the backdrop's own measure."""
    old = backdrop.scene
    size = old.size
    matte = np.zeros((size[1], size[0]), np.uint8)
    inverse = old.inverse_depth.copy()
    faces: list[Face] = []
    own_face_share = 0.0
    for member, (layer, where) in zip(members, placed, strict=True):
        alpha = _onto_scene(layer.alpha, backdrop)
        inverse[alpha > 127] = layer.anchor_depth
        matte = np.maximum(matte, alpha)
        for face in member.cutout.scene.faces:
            faces.append(_moved(face, member.cutout.photo_size, where, backdrop))
            own_face_share = max(own_face_share, face.box.y1 - face.box.y0)
    regions = {
        name: np.asarray(cv2.multiply(weight, 255 - matte, scale=1.0 / 255.0), dtype=np.uint8)
        for name, weight in old.regions.items()
        if name not in ("hair", "skin")
    }
    solid = matte > 127
    columns, rows = np.flatnonzero(solid.any(axis=0)), np.flatnonzero(solid.any(axis=1))
    box = None
    if columns.size and rows.size:
        box = Box(
            float(columns[0] / size[0]), float(rows[0] / size[1]),
            float((columns[-1] + 1) / size[0]), float((rows[-1] + 1) / size[1]),
        )  # fmt: skip
    faces.sort(key=lambda face: -(face.box.x1 - face.box.x0) * (face.box.y1 - face.box.y0))
    kinds = {str(member.cutout.scene.stats.get("subject_kind", "object")) for member in members}
    stats = old.stats | {
        "subject_kind": "person" if "person" in kinds else "object",
        "subject_share": round(float(solid.mean()), 4),
        "subject_confidence": 1.0,
        "faces": len(faces),
        "subjects": len(members),
    }
    names = "-".join([old.digest, *(f"{m.cutout.scene.digest}:{m.spot}" for m in members)])
    notes = dict.fromkeys((*old.notes, *(note for member in members for note in member.cutout.scene.notes)))
    return SceneMap(
        digest=hashlib.sha256(names.encode()).hexdigest(),
        size=size,
        inverse_depth=inverse,
        matte=matte,
        layers=(*old.layers, matte),
        layer_depths=(*old.layer_depths, max(layer.anchor_depth for layer, _ in placed)),
        subject=box,
        faces=tuple(faces),
        horizon=old.horizon,
        regions=regions,
        light=old.light,
        stats=stats,
        notes=tuple(notes),
    )


def _onto_scene(alpha: U8 | None, stage: Stage) -> U8:
    """A layer's alpha in the scene's measure."""
    assert alpha is not None  # noqa: S101 - subjects always have one
    width, height = stage.scene.size
    photo_w, photo_h = photo_size(stage)
    scale, dx, dy = stage.photo_to_working
    fx, fy = photo_w * scale / width, photo_h * scale / height
    matrix = np.array([[fx, 0.0, 0.5 * fx - 0.5 + dx], [0.0, fy, 0.5 * fy - 0.5 + dy]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(alpha, matrix, (width, height), flags=flags), dtype=np.uint8)


def _moved(face: Face, own_size: tuple[int, int], where: tuple[float, float, float], backdrop: Stage) -> Face:
    """A face of a member's photo, in fractions of the backdrop's photo."""
    photo_w, photo_h = photo_size(backdrop)
    scale, dx, dy = backdrop.photo_to_working
    gain_x = own_size[0] * where[0] / (photo_w * scale)
    gain_y = own_size[1] * where[0] / (photo_h * scale)
    move_x, move_y = (where[1] - dx) / (photo_w * scale), (where[2] - dy) / (photo_h * scale)
    box = Box(
        face.box.x0 * gain_x + move_x, face.box.y0 * gain_y + move_y,
        face.box.x1 * gain_x + move_x, face.box.y1 * gain_y + move_y,
    )  # fmt: skip
    mesh = None
    if face.mesh is not None:
        mesh = np.asarray(face.mesh * filters.row(gain_x, gain_y, gain_x), dtype=np.float32)
        mesh[:, 0] += np.float32(move_x)
        mesh[:, 1] += np.float32(move_y)
    return Face(box, face.score, mesh)


def _picture(stage: Stage) -> U8:
    """What frame 0 shows, at most 640 pixels wide or tall."""
    x, y, width, height = (round(value) for value in stage.frame)
    flat = _flattened(stage)[y : y + height, x : x + width]
    return filters.resize_u8(flat, filters.fit_size((width, height), 640), cv2.INTER_AREA)
