"""Draws one frame: every layer through the camera, far to near, with sprites between, straight in YUV planes.

Pure per frame: any frame can be drawn at any time, by any thread. Buffers are kept per thread.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from photoplay.engines.motion import planes as yuv
from photoplay.engines.motion.animate import (
    NEUTRAL,
    NO_CHANGES,
    NO_NUDGE,
    Animator,
    Changes,
    Ensemble,
    Grade,
    LayerChange,
    LayerKey,
    Moment,
    Spec,
    Sprite,
)
from photoplay.engines.motion.camera import CameraPath, View, nudged
from photoplay.engines.motion.planes import Planes
from photoplay.engines.motion.sheet import Pixels, Sheet
from photoplay.engines.motion.sprites import draw_sprite
from photoplay.engines.motion.types import F32, U8, Stage
from photoplay.engines.motion.warp import Lattice, Window, bend, grid_step, source_grid, spread, whole, window_of

_UNCHANGED = LayerChange()


@dataclass
class _Scratch(threading.local):
    """Buffers of one thread, by name and shape."""

    arrays: dict[tuple[str, tuple[int, ...]], U8] = field(default_factory=dict)

    def take(self, name: str, rows: int, columns: int) -> U8:
        key = (name, (rows, columns))
        if key not in self.arrays:
            # Shapes vary with where a layer stands: keep one buffer per name and cut it to size.
            self.arrays = {k: v for k, v in self.arrays.items() if k[0] != name}
            self.arrays[key] = np.empty((rows, columns), np.uint8)
        return self.arrays[key]


class Compositor:
    """A stage, a camera path and what animates them; draws frame by index."""

    def __init__(self, stage: Stage, path: CameraPath, spec: Spec, animators: Sequence[Animator] = ()) -> None:
        self.stage = stage
        self.path = path
        self.spec = spec
        self.ensemble = Ensemble(tuple(animators))
        height, width = stage.layers[0].rgb.shape[:2]
        self.working = (width, height)
        output = (spec.width, spec.height)
        self.lattice = Lattice(output, stage.frame, grid_step(*output))
        sheets: list[tuple[LayerKey, Sheet]] = [
            (index, Sheet(layer, path.rig, order=index)) for index, layer in enumerate(stage.layers)
        ]
        sheets += [
            (extra.name, Sheet(extra.layer, path.rig, order=extra.after, hold_alpha=extra.hold_alpha))
            for extra in self.ensemble.extra_layers
        ]
        self.sheets = sorted(sheets, key=lambda pair: pair[1].order)  # stable: extras follow their layer
        self._scratch = _Scratch()

    def frame(self, index: int) -> Planes:
        """Draws frame ``index``, 0-based."""
        spec = self.spec
        t = spec.moment_t(index)
        view = self.path.at(t)
        changes = self.ensemble.frame(Moment(index=index, t=t, time_s=index / spec.fps, view=view))
        if changes.nudge != NO_NUDGE:
            view = nudged(view, changes.nudge)
        out = yuv.allocate(spec.width, spec.height)
        self.draw(out, view, changes)
        return out

    def draw(self, out: Planes, view: View, changes: Changes = NO_CHANGES) -> None:
        """Draws one picture into ``out``."""
        waiting = list(changes.sprites)
        for position, (key, sheet) in enumerate(self.sheets):
            change = changes.layers.get(key, _UNCHANGED)
            if not (sheet.empty or change.hidden or change.opacity <= 0.0):
                self._draw_sheet(out, sheet, view, change)
            last = position + 1 == len(self.sheets) or self.sheets[position + 1][1].order > sheet.order
            if last and waiting:
                here = [s for s in waiting if s.after is not None and s.after <= sheet.order]
                waiting = [s for s in waiting if s.after is None or s.after > sheet.order]
                self._draw_sprites(out, here, view)
        self._draw_sprites(out, waiting, view)
        if changes.grade != NEUTRAL:
            _grade_opaque(out, changes.grade)
        if changes.finish is not None:
            done = yuv.from_rgb(changes.finish(yuv.to_rgb(out)))
            for target, source in zip(out, done, strict=True):
                np.copyto(target, source)

    def _draw_sprites(self, out: Planes, sprites: Sequence[Sprite], view: View) -> None:
        for sprite in sprites:
            draw_sprite(out, sprite, view, self.path.rig, self.lattice)

    def _disc(self, sheet: Sheet, view: View, change: LayerChange) -> float:
        """Blur disc of a sheet in working pixels."""
        disc = change.blur
        if view.blur_far > 0.0 or view.blur_near > 0.0:
            rig = self.path.rig
            towards = min(max((sheet.depth.mean - rig.far) / (1.0 - rig.far), 0.0), 1.0)
            disc += view.blur_far * (1.0 - towards) + view.blur_near * towards
        return disc * self.stage.frame[2]

    def _draw_sheet(self, out: Planes, sheet: Sheet, view: View, change: LayerChange) -> None:
        plain = source_grid(self.lattice, view, sheet.depth)
        grid = bend(plain, change.affine, change.mesh, self.working)
        disc = self._disc(sheet, view, change)
        pixels = sheet.focused(disc)
        opaque = pixels.alpha is None
        if opaque:
            window = whole(self.lattice.output)
        else:
            reach = math.ceil(disc)
            x0, y0, x1, y1 = sheet.box
            window = window_of(self.lattice, grid, (x0 - reach, y0 - reach, x1 + reach, y1 + reach))
        if window.empty:
            return
        maps = _maps(self.lattice, grid, sheet.box, window)
        if opaque:
            self._sample_into(out, pixels.picture, maps, window)
            if change.grade != NEUTRAL:
                _grade_opaque(out, change.grade)
            return
        alpha_maps = maps
        if sheet.hold_alpha:
            alpha_maps = _maps(self.lattice, bend(plain, change.affine, None, self.working), sheet.box, window)
        veil = None
        if change.mask is not None:
            veil = _maps_of_mask(self.lattice, grid, change.mask.shape, self.working, window)
        self._blend(out, sheet, pixels, change, window, maps, alpha_maps, veil)

    def _sample_into(self, out: Planes, picture: Planes, maps: _Maps, window: Window) -> None:
        for plane, target, (x, y) in zip(
            picture, _cut(out, window), (maps.luma, maps.chroma, maps.chroma), strict=True
        ):
            cv2.remap(plane, x, y, cv2.INTER_LINEAR, dst=target, borderMode=cv2.BORDER_REPLICATE)

    def _blend(
        self,
        out: Planes,
        sheet: Sheet,
        pixels: Pixels,
        change: LayerChange,
        window: Window,
        maps: _Maps,
        alpha_maps: _Maps,
        veil: _Maps | None,
    ) -> None:
        assert pixels.alpha is not None and pixels.alpha_half is not None  # noqa: S101, PT018 - for the type checker
        parts = (
            (pixels.picture.y, maps.luma, pixels.alpha, alpha_maps.luma, veil.luma if veil else None),
            (pixels.picture.u, maps.chroma, pixels.alpha_half, alpha_maps.chroma, veil.chroma if veil else None),
            (pixels.picture.v, maps.chroma, pixels.alpha_half, alpha_maps.chroma, veil.chroma if veil else None),
        )
        cover: U8 | None = None
        for number, (target, (plane, at, alpha, alpha_at, veil_at)) in enumerate(
            zip(_cut(out, window), parts, strict=True)
        ):
            rows, columns = target.shape
            ink = cv2.remap(
                plane, *at, cv2.INTER_LINEAR, dst=self._scratch.take("ink", rows, columns),
                borderMode=cv2.BORDER_REPLICATE,
            )  # fmt: skip
            if number != 2 or cover is None:  # u and v share their alpha
                cover = np.asarray(
                    cv2.remap(
                        alpha, *alpha_at, cv2.INTER_LINEAR, dst=self._scratch.take("cover", rows, columns),
                        borderMode=cv2.BORDER_REPLICATE,
                    ),
                    np.uint8,
                )  # fmt: skip
                fade: U8 | None = None
                if veil_at is not None and change.mask is not None:
                    fade = np.asarray(
                        cv2.remap(change.mask, *veil_at, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.uint8
                    )
            ink = np.asarray(ink, np.uint8)
            whole_cover = cover
            if change.grade != NEUTRAL and not sheet.hold_alpha:
                ink = _grade_ink(ink, cover, change.grade, number)
            if sheet.hold_alpha:
                if change.grade != NEUTRAL:
                    ink = _grade_ink(ink, np.full_like(ink, 255), change.grade, number)
                ink = np.asarray(cv2.multiply(ink, cover, scale=1.0 / 255.0), np.uint8)
            if fade is not None:
                ink = np.asarray(cv2.multiply(ink, fade, scale=1.0 / 255.0), np.uint8)
                whole_cover = np.asarray(cv2.multiply(cover, fade, scale=1.0 / 255.0), np.uint8)
            if change.opacity < 1.0:
                ink = np.asarray(cv2.convertScaleAbs(ink, alpha=change.opacity), np.uint8)
                whole_cover = np.asarray(cv2.convertScaleAbs(whole_cover, alpha=change.opacity), np.uint8)
            over(target, ink, whole_cover, self._scratch.take("rest", rows, columns))


def over(target: U8, ink: U8, cover: U8, rest: U8) -> None:
    """``target`` under ``ink`` (premultiplied) of alpha ``cover``, in place; ``rest`` is room to work in."""
    cv2.bitwise_not(cover, dst=rest)
    cv2.multiply(target, rest, dst=target, scale=1.0 / 255.0)
    cv2.add(target, ink, dst=target)


@dataclass(frozen=True, slots=True)
class _Maps:
    luma: tuple[F32, F32]
    chroma: tuple[F32, F32]


def _cut(planes: Planes, window: Window) -> tuple[U8, U8, U8]:
    full = (slice(window.y0, window.y1), slice(window.x0, window.x1))
    half = (slice(window.y0 // 2, window.y1 // 2), slice(window.x0 // 2, window.x1 // 2))
    return planes.y[full], planes.u[half], planes.v[half]


def _maps(lattice: Lattice, grid: F32, box: tuple[int, int, int, int], window: Window) -> _Maps:
    """Maps into a sheet's own planes, whose corner is the box's."""
    x, y = grid[..., 0] - np.float32(box[0]), grid[..., 1] - np.float32(box[1])
    # A frame's chroma sample sits half a luma pixel left of the middle of its four; the sheet's in the middle.
    left = np.float32(-0.5 / lattice.step)
    chroma_x = (x + left * np.gradient(x, axis=1) - np.float32(0.5)) * np.float32(0.5)
    chroma_y = (y + left * np.gradient(y, axis=1) - np.float32(0.5)) * np.float32(0.5)
    return _Maps(
        (spread(lattice, x, window, 1), spread(lattice, y, window, 1)),
        (spread(lattice, chroma_x, window, 2), spread(lattice, chroma_y, window, 2)),
    )


def _maps_of_mask(
    lattice: Lattice, grid: F32, shape: tuple[int, ...], working: tuple[int, int], window: Window
) -> _Maps:
    """Maps into a mask that covers the working rectangle with fewer pixels."""
    kx, ky = np.float32(shape[1] / working[0]), np.float32(shape[0] / working[1])
    x = (grid[..., 0] + np.float32(0.5)) * kx - np.float32(0.5)
    y = (grid[..., 1] + np.float32(0.5)) * ky - np.float32(0.5)
    return _Maps(
        (spread(lattice, x, window, 1), spread(lattice, y, window, 1)),
        (spread(lattice, x, window, 2), spread(lattice, y, window, 2)),
    )


def _coefficients(grade: Grade, number: int) -> tuple[float, float]:
    """(gain, offset) of plane 0 y, 1 u, 2 v, offset in codes."""
    if number == 0:
        return grade.luma_gain, 16.0 - 16.0 * grade.luma_gain + grade.luma_offset
    shift = grade.du if number == 1 else grade.dv
    return grade.chroma_gain, 128.0 - 128.0 * grade.chroma_gain + shift


def _grade_opaque(planes: Planes, grade: Grade) -> None:
    codes = np.arange(256, dtype=np.float64)
    for number, plane in enumerate(planes):
        gain, offset = _coefficients(grade, number)
        table = np.clip(np.rint(codes * gain + offset), 0, 255).astype(np.uint8)
        cv2.LUT(plane, table, dst=plane)


def _grade_ink(ink: U8, cover: U8, grade: Grade, number: int) -> U8:
    gain, offset = _coefficients(grade, number)
    graded = np.asarray(cv2.addWeighted(ink, gain, cover, offset / 255.0, 0.0), np.uint8)
    # Premultiplied ink never exceeds its cover; a brightened soft edge would glow.
    return np.asarray(cv2.min(graded, cover), np.uint8)
