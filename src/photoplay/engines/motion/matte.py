"""The subject's matte: what stands out of the photo, with a soft but decided edge.

U²-Net (Qin et al. 2020, the small ``u2netp``) says where the subject is at 320 pixels, in about the photo's own shape;
the last of its stages, which takes half of its time, is run only where the one before it is in doubt. Its levels are
hardened, doubtful parts go to the background, people with a face are completed by a network that knows only people,
and the edge is found again in the photo itself: a band around the outline is solved from the colours on both sides,
smoothed by a guided filter. Without the weights a spectral residual saliency (Hou and Zhang 2007) seeds a graph cut
(GrabCut, Rother et al. 2004): plainer, and it says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from photoplay.engines.motion import edges, filters, nets
from photoplay.engines.motion.onnx_parts import Part
from photoplay.engines.motion.types import F32, U8, Face

NET_SIDE = 320  # pixels; the long side of the network's input
SHORT_SIDES = (192, 240, NET_SIDE)  # pixels; few, for each shape is a network of its own to load
SPARE = 1.05  # a short side has at least that much more than the photo's shape: with less, thin uprights are lost
PEOPLE_SIDE = 256  # pixels; the people network's input
PEOPLE_OUTPUT = "activation_10"
BODY_REACH = 0.95  # half the width of the column under a face that its body may fill, in face widths
SURE, SEEN = 0.60, 0.45  # probability above which a pixel is subject; mean a component needs at least to count
DOUBTFUL = 0.15  # probability from which a pixel may be subject
MIN_AREA, MAX_AREA = 0.004, 0.88  # fractions of the photo: smaller is a speck, larger is no subject but a close-up
MAX_DOUBT = 0.85  # doubtful pixels per sure pixel beyond which there is no clear subject
REFINE_SIDE = 512  # pixels of the long side at which the edge is solved
SOLVED_RIM = 8  # pixels at that size around what may be subject: more than the last filter reaches
SEEN_RIM = 3.0  # deviations of the widest blur around that: what is farther away has no say
CLEAR_SHARE, CLEAR_AREA = 0.12, 0.015  # doubt per sure pixel, or of the photo, below which the last stage adds nothing
MIN_CONFIDENCE = 0.45  # below this the subject is likely a part of something (a cable, a shadow)
BAND_WIDTH = 0.9  # of the photo's columns: what runs from side to side leaves no gap
MIN_SPECK = 0.02  # parts smaller than this fraction of the largest part are dropped

NOTE_PLAIN = "subject matte: the network's weights are missing, a plainer estimate was used"


@dataclass(frozen=True, slots=True)
class _Net:
    """The network in two parts, for an input of one shape.

    The second stage from the end, with which ``beginning`` ends, answers with "1961" and leaves ``handed_on``, from
    which ``end``, the last one, goes on.
    """

    beginning: Part
    handed_on: tuple[str, ...]
    end: Part


@lru_cache(maxsize=8)
def _net(width: int, height: int) -> _Net:
    sides = tuple((name, (1, 1, height, width)) for name in ("1876", "1896", "1916", "1936", "1956"))
    halved = (1, 64, -(-height // 2), -(-width // 2))
    values = (("947", (1, 64, height, width)), ("1686", halved), *sides)
    names = tuple(name for name, _ in values)
    beginning = Part((("input.1", (1, 3, height, width)),), ("1961", *names))
    return _Net(beginning, names, Part(values, ("1959",)))


@dataclass(frozen=True, slots=True)
class Matte:
    """The matte (h, w) uint8, how sure it is (0..1; 0 when there is no subject) and what was done plainer."""

    alpha: U8
    confidence: float
    note: str | None = None


def look(rgb: U8, models_dir: Path) -> F32 | None:
    """The network's map of a photo (h, w, 3) uint8: float32 0..1 at :func:`net_size`; None without its weights."""
    path = nets.locate("u2netp", models_dir)
    return None if path is None else _seen(path, rgb)


def net_size(width: int, height: int) -> tuple[int, int]:
    """The (width, height) at which the network sees a photo: about the photo's shape, out of a few.

    What the network says of a wide photo changes less with what does not matter (its mirror image, its brightness)
    when it is not pulled square, and fewer pixels take less time.
    """
    needed = SPARE * NET_SIDE * min(width, height) / max(width, height)
    short = next((side for side in SHORT_SIDES if side >= needed), NET_SIDE)
    return (NET_SIDE, short) if width >= height else (short, NET_SIDE)


def find_subject(
    rgb: U8 | filters.Sizes, models_dir: Path, faces: tuple[Face, ...] = (), seen: F32 | None = None
) -> Matte:
    """The subject of a photo at analysis size; all zeros where none is clear.

    Args:
        rgb: (h, w, 3) uint8.
        models_dir: where the weights are.
        faces: faces already found; a part that holds one is kept however small.
        seen: what :func:`look` gave; None: the network is asked here.
    """
    picture = filters.Sizes.of(rgb)
    rgb = picture.full
    if seen is None:
        seen = look(rgb, models_dir)
    note = None
    if seen is not None:
        probability = seen
    else:
        probability = salient(rgb)
        note = NOTE_PLAIN
    if faces:
        bodies = _people(rgb, faces, models_dir, (probability.shape[1], probability.shape[0]))
        if bodies is not None:
            probability = np.maximum(probability, bodies)
    mask, confidence = decide(probability, picture.size, faces)
    if confidence == 0.0:
        return Matte(np.zeros(rgb.shape[:2], np.uint8), 0.0, note)
    return Matte(refine(picture, mask, probability), confidence, note)


def _seen(path: Path, rgb: U8) -> F32 | None:
    """The network's map, (h, w) float32 0..1, or None when it cannot be loaded."""
    size = net_size(rgb.shape[1], rgb.shape[0])
    net = _net(*size)
    beginning = nets.onnx_part(path, net.beginning)
    if beginning is None:
        whole = nets.onnx(path)
        if whole is None:
            return None
        blob = _net_input(rgb, (NET_SIDE, NET_SIDE))  # the only shape that the file itself takes
        return _map(whole.run([whole.get_outputs()[0].name], {whole.get_inputs()[0].name: blob})[0])
    answer, *handed_on = beginning.run(None, {"input.1": _net_input(rgb, size)})
    probability = _map(answer)
    end = nets.onnx_part(path, net.end) if in_doubt(probability) else None
    if end is None:
        return probability
    return _map(end.run(None, dict(zip(net.handed_on, handed_on, strict=True)))[0])


def _map(answer: Any) -> F32:
    """A network's (1, 1, h, w) answer as (h, w)."""
    probability: F32 = np.asarray(answer, dtype=np.float32)[0, 0]
    return probability


def in_doubt(probability: F32) -> bool:
    """Whether it is not clear enough what the subject is, over so much of the photo that it would be seen."""
    sure, doubt = _areas(probability)
    if sure < MIN_AREA or doubt > 1.5 * MAX_DOUBT * sure:
        return False  # no subject; the last stage was never seen to find one where the stage before is so far from it
    return doubt > max(CLEAR_AREA, CLEAR_SHARE * sure)


def _areas(probability: F32) -> tuple[float, float]:
    """Shares of the photo that are surely subject, and that may be."""
    sure = probability > SURE
    return float(sure.mean()), float(((probability > DOUBTFUL) & ~sure).mean())


def _net_input(rgb: U8, size: tuple[int, int]) -> F32:
    """(1, 3, h, w) float32, scaled by the photo's own peak and the ImageNet statistics, as U²-Net was trained."""
    # In one step: halved first, the picture is a little softer, and the network sees half of an animal in its fur.
    small = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.float32)
    small /= max(1.0, float(small.max()))
    small = (small - filters.row(0.485, 0.456, 0.406)) / filters.row(0.229, 0.224, 0.225)
    return np.ascontiguousarray(small.transpose(2, 0, 1)[None], dtype=np.float32)


def people(rgb: U8, models_dir: Path) -> F32 | None:
    """MediaPipe's selfie segmentation: (256, 256) float32 0..1 over the whole photo, or None without its weights."""
    path = nets.locate("selfie", models_dir)
    net = nets.tflite(path) if path is not None else None
    if net is None:
        return None
    small = filters.to_f32(filters.resize_u8(rgb, (PEOPLE_SIDE, PEOPLE_SIDE), cv2.INTER_AREA))
    answer = net.run(np.ascontiguousarray(small.transpose(2, 0, 1)[None]), (PEOPLE_OUTPUT,))[0]
    return np.ascontiguousarray(answer[0, 0], dtype=np.float32)


def _people(rgb: U8, faces: tuple[Face, ...], models_dir: Path, size: tuple[int, int]) -> F32 | None:
    """Where people with a face are: (h, w) float32 at ``size``, or None without the network's weights.

    It knows people only, and them better: dark clothes before a dark ground, legs.
    """
    answer = people(rgb, models_dir)
    if answer is None:
        return None
    found = filters.resize_f32(answer, size, cv2.INTER_LINEAR)
    # It takes crowds and statues for people too: only what lies in a face's own column and below its top is used.
    columns, rows = np.arange(size[0]) / size[0], np.arange(size[1]) / size[1]
    reach = np.zeros((size[1], size[0]), np.float32)
    for face in faces:
        width = (face.box.x1 - face.box.x0) * BODY_REACH
        across = np.abs(columns - face.box.centre[0]) < width
        reach[np.ix_(rows > face.box.y0 - 0.3 * (face.box.y1 - face.box.y0), across)] = 1.0
    return np.asarray(filters.smoothstep(found, 0.80, 0.98) * reach, dtype=np.float32)


def decide(probability: F32, size: tuple[int, int], faces: tuple[Face, ...] = ()) -> tuple[U8, float]:
    """Which parts of the network's map are the subject.

    Args:
        probability: (h, w) float32 0..1 over the whole photo.
        size: the analysis (width, height), for the parts' true areas and faces' places.
        faces: parts that hold a face stay.

    Returns:
        (h, w) uint8 mask, 0 or 255, and the confidence 0..1; 0 means no subject.
    """
    side_y, side_x = probability.shape
    total = probability.size
    hard = (probability > SURE).astype(np.uint8)
    sure, doubt = (share * total for share in _areas(probability))
    empty = np.zeros_like(hard)
    if sure < MIN_AREA * total or sure > MAX_AREA * total or doubt > MAX_DOUBT * sure:
        return empty, 0.0
    count, labels, stats, _ = cv2.connectedComponentsWithStats(hard, connectivity=8)
    areas = stats[:, cv2.CC_STAT_AREA].astype(np.float64)
    areas[0] = 0.0
    keep = np.zeros(count, dtype=bool)
    face_labels = {
        int(labels[min(side_y - 1, int(y * side_y)), min(side_x - 1, int(x * side_x))])
        for x, y in (face.box.centre for face in faces)
    }
    means = np.bincount(labels.ravel(), weights=probability.ravel().astype(np.float64), minlength=count)
    for label in range(1, count):
        strong = means[label] / areas[label] > SURE + 0.12 and areas[label] > MIN_SPECK * areas.max()
        keep[label] = strong or label in face_labels
    mask = keep[labels].astype(np.uint8) * 255
    kept = float((mask > 0).sum())
    if kept < MIN_AREA * total:
        return empty, 0.0
    mask = _fill_small_holes(mask, probability)
    level = float(probability[mask > 0].mean())
    confidence = float(np.clip((level - SEEN) / (1 - SEEN), 0, 1)) * (1.0 - 0.6 * min(1.0, doubt / max(kept, 1.0)))
    if confidence < MIN_CONFIDENCE or (not faces and _is_landscape_band(mask)):
        return empty, 0.0
    return mask, confidence


def _is_landscape_band(mask: U8) -> bool:
    """Whether the mask runs from side to side with ground before it: a mountain range, not a subject."""
    seen = mask > 0
    from_side_to_side = seen[:, :2].any() and seen[:, -2:].any() and seen.any(axis=0).mean() > BAND_WIDTH
    return bool(from_side_to_side and seen[-2:].mean() < 0.05)


def _fill_small_holes(mask: U8, probability: F32) -> U8:
    """Fills holes that the network itself was unsure of; real openings (a handle, crossed legs) stay open."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats((mask == 0).astype(np.uint8), connectivity=4)
    area = float((mask > 0).sum())
    height, width = mask.shape
    out = mask.copy()
    for label in range(1, count):
        x, y, w, h, size = (int(v) for v in stats[label, :5])
        touches = x == 0 or y == 0 or x + w == width or y + h == height
        if not touches and size < 0.03 * area:
            inside = labels == label
            if size < 12 or float(probability[inside].mean()) > 0.3:
                out[inside] = 255
    return out


def refine(rgb: U8 | filters.Sizes, mask: U8, probability: F32) -> U8:
    """The mask's edge, found again in the photo.

    In a band around the outline each pixel's opacity is where its colour lies between the local subject colour
    and the local background colour; where those two are alike, the outline itself, smoothed along the photo's
    edges, is kept. Solved at half the analysis size, then put on the photo's own edge at full size.

    Returns:
        (h, w) uint8.
    """
    picture = filters.Sizes.of(rgb)
    full = picture.size
    size = filters.fit_size(full, REFINE_SIDE)
    unit = max(size) / NET_SIDE  # pixels of one network pixel
    reach = max(2.0, 2.2 * unit)
    spread = 3.0 * reach
    inside = filters.resize_f32(filters.to_f32(mask), size, cv2.INTER_LINEAR)
    hard = np.asarray((inside > 0.5).astype(np.uint8) * np.uint8(255), dtype=np.uint8)
    sure_out = np.asarray(255 - filters.dilate(hard, reach * 1.3), dtype=np.uint8)
    alpha = np.zeros(hard.shape, np.uint8)
    # Far beyond what may be subject the answer is nothing: only the part of the photo around it is looked at.
    part = filters.bounds(sure_out == 0, SOLVED_RIM + round(SEEN_RIM * spread))
    if part is not None:
        sure_in, sure_out, inside = filters.erode(hard, reach)[part], sure_out[part], inside[part]
        near_mask = filters.resize_f32(filters.to_f32(filters.dilate(mask, 2)), size, cv2.INTER_LINEAR)[part]
        soft = filters.resize_f32(probability, size, cv2.INTER_LINEAR)[part] * near_mask
        outline = np.asarray(0.5 * inside + 0.5 * soft, dtype=np.float32)
        image = filters.to_f32(picture.at(REFINE_SIDE)[part])
        smooth = filters.guided(image, outline, max(3, round(3.0 * unit)), 1e-4, step=max(1, round(unit)))
        window = filters.bounds(sure_out == 0, SOLVED_RIM)
        if window is not None:
            alpha[part][window] = filters.to_u8(_solved(image, smooth, sure_in, sure_out, spread, window))
    return edges.sharpen(picture.full, filters.resize_u8(alpha, full, cv2.INTER_LINEAR), full[0] / size[0])


def _solved(image: F32, smooth: F32, sure_in: U8, sure_out: U8, spread: float, window: tuple[slice, slice]) -> F32:
    """The opacity in a part of the photo, 0..1, where each colour lies between those on either side of the outline.

    Args:
        image: (h, w, 3) float32 0..1, the photo.
        smooth: (h, w) float32: the outline along the photo's edges, for where the two colours are alike.
        sure_in, sure_out: (h, w) uint8, 0 or 255.
        spread: pixels over which the colours on either side are averaged.
        window: the rows and columns of the part.
    """
    in_weight, out_weight = filters.to_f32(sure_in), filters.to_f32(sure_out)
    in_sums, out_sums = filters.blur(in_weight, spread)[window], filters.blur(out_weight, spread)[window]
    in_floor, out_floor = np.maximum(in_sums, 1e-4), np.maximum(out_sums, 1e-4)
    lines = []  # of each channel: how far it is from the background's colour to the subject's, and to the pixel's own
    for plane in filters.channels(image):
        back = filters.blur(plane * out_weight, spread)[window] / out_floor
        lines.append((filters.blur(plane * in_weight, spread)[window] / in_floor - back, plane[window] - back))
    image, smooth = image[window], smooth[window]
    sure_in, sure_out = sure_in[window], sure_out[window]
    apart, along = sum(axis * axis for axis, _ in lines), sum(offset * axis for axis, offset in lines)
    share = along / np.maximum(apart, np.float32(1e-4))
    # How far the pixel lies off the line between the two colours tells whether two colours explain it at all.
    miss = sum((offset - axis * share) ** 2 for axis, offset in lines)
    both_near = filters.smoothstep(np.minimum(in_sums, out_sums), 0.002, 0.03)
    trust = np.asarray(apart / (apart + 0.03) * np.exp(-miss / 0.01) * both_near, dtype=np.float32)
    mixed = np.clip(share, 0.0, 1.0) * trust + np.clip(smooth, 0.0, 1.0) * (1.0 - trust)
    solved = filters.guided(image, np.asarray(mixed, dtype=np.float32), 2, 1e-4, step=1)
    # The hardened outline bounds the answer: nothing far outside turns solid, nothing deep inside turns thin.
    alpha = filters.smoothstep(solved, 0.08, 0.82)
    alpha = np.where(sure_in > 0, np.maximum(alpha, filters.smoothstep(smooth, 0.1, 0.5)), alpha)
    return np.asarray(np.where(sure_out > 0, np.float32(0.0), alpha), dtype=np.float32)


def salient(rgb: U8) -> F32:
    """Where the eye goes, without a network: (n, n) float32 0..1, decided by a graph cut; near 0 when spread out.

    The spectral residual of the photo at 64 pixels, weighted towards the centre, gives seeds; GrabCut at 160
    pixels finds the region whose colours they share.
    """
    small = filters.resize_u8(rgb, (160, 160), cv2.INTER_AREA)
    lab = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2LAB), dtype=np.float32)
    saliency = np.zeros((64, 64), np.float32)
    for channel in range(3):
        plane = filters.resize_f32(np.ascontiguousarray(lab[..., channel]), (64, 64), cv2.INTER_AREA)
        spectrum = np.fft.fft2(plane)
        log_amplitude = np.log(np.abs(spectrum) + 1e-6).astype(np.float32)
        residual = log_amplitude - np.asarray(cv2.blur(log_amplitude, (3, 3)), dtype=np.float32)
        back = np.abs(np.fft.ifft2(np.exp(residual + 1j * np.angle(spectrum)))) ** 2
        saliency += filters.blur(np.asarray(back, dtype=np.float32), 3.0)
    # Colours unlike the rim's are likelier subject: distance to the nearest of four border means.
    rims = (lab[:8].mean((0, 1)), lab[-8:].mean((0, 1)), lab[:, :8].mean((0, 1)), lab[:, -8:].mean((0, 1)))
    unlike = np.min([np.linalg.norm(lab - rim, axis=2) for rim in rims], axis=0).astype(np.float32)
    unlike = filters.blur(unlike, 3.0)
    y, x = np.mgrid[-1:1:160j, -1:1:160j].astype(np.float32)
    centre = np.exp(-(x * x + y * y) / 0.55)
    score = filters.resize_f32(saliency / max(float(saliency.max()), 1e-6), (160, 160)) * 0.4
    score = (score + 0.6 * unlike / max(float(unlike.max()), 1e-6)) * centre
    score /= max(float(score.max()), 1e-6)
    if float(unlike.max()) < 12.0 or float((score > 0.5).mean()) > 0.4:
        return np.zeros((160, 160), np.float32)  # nothing stands out
    seeds = np.full((160, 160), cv2.GC_PR_BGD, np.uint8)
    seeds[score > 0.45] = cv2.GC_PR_FGD
    seeds[score > 0.75] = cv2.GC_FGD
    seeds[score < 0.12] = cv2.GC_BGD
    seeds[:3], seeds[:, :3], seeds[:, -3:] = cv2.GC_BGD, cv2.GC_BGD, cv2.GC_BGD
    if not bool((seeds == cv2.GC_FGD).any()):
        return np.zeros((160, 160), np.float32)
    cv2.setRNGSeed(7)  # GrabCut's k-means draws from OpenCV's global generator
    cv2.grabCut(small, seeds, (0, 0, 0, 0), np.zeros((1, 65)), np.zeros((1, 65)), 3, cv2.GC_INIT_WITH_MASK)
    cut = ((seeds == cv2.GC_FGD) | (seeds == cv2.GC_PR_FGD)).astype(np.uint8) * np.uint8(255)
    cut = np.asarray(cv2.morphologyEx(cut, cv2.MORPH_OPEN, filters.disc(2)), dtype=np.uint8)
    if not _stands_apart(lab, cut):
        return np.zeros((160, 160), np.float32)
    return filters.blur(filters.to_f32(cut), 1.0)


def _stands_apart(lab: F32, cut: U8) -> bool:
    """Whether a cut is one thing unlike what is around it, and not just the darker half of a texture or a view."""
    inside = cut > 127
    ring = np.asarray(filters.dilate(cut, 14) > 127, dtype=np.bool_) & ~np.asarray(filters.dilate(cut, 2) > 127)
    if int(inside.sum()) < 0.12 * inside.size or int(ring.sum()) < 60:  # small cuts are parts of things
        return False
    rim = np.concatenate([inside[0], inside[-1], inside[:, 0], inside[:, -1]])
    if float(rim.mean()) > 0.3:
        return False
    gap = float(np.linalg.norm(lab[inside].mean(axis=0) - lab[ring].mean(axis=0)))
    spread = float(np.sqrt(lab[ring].var(axis=0).sum()))
    # A plain surrounding is needed: in a busy one the cut is as likely an eye or a window as the whole subject.
    outside = filters.dilate(cut, 2) <= 127
    busy = float(np.sqrt(lab[outside].var(axis=0).sum()))
    return gap > max(14.0, 1.2 * spread, 1.2 * busy)
