"""Draws one frame: every layer through the camera, far to near, with sprites between, straight in YUV planes.

Pure per frame: any frame can be drawn at any time, by any thread.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

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
    LayerChange,
    LayerKey,
    Moment,
    Spec,
    Sprite,
)
from photoplay.engines.motion.camera import CameraPath, View, nudged
from photoplay.engines.motion.extents import Run, bands, everywhere, extents
from photoplay.engines.motion.inks import Inks
from photoplay.engines.motion.paint import Pose, grade_planes, paint
from photoplay.engines.motion.planes import Planes
from photoplay.engines.motion.sheet import Sheet
from photoplay.engines.motion.sprites import draw_sprite
from photoplay.engines.motion.types import F32, Stage
from photoplay.engines.motion.warp import Lattice, Rays, bend, grid_step, ways

_UNCHANGED = LayerChange()


class Compositor:
    """A stage, a camera path and what animates them; draws frames by index."""

    def __init__(
        self,
        stage: Stage,
        path: CameraPath,
        spec: Spec,
        animators: Sequence[Animator] = (),
        *,
        still: F32 | None = None,
    ) -> None:
        """``still``: see :class:`Ensemble`."""
        self.path = path
        self.spec = spec
        self.ensemble = Ensemble(tuple(animators), still)
        height, width = stage.layers[0].rgb.shape[:2]
        self.working = (width, height)
        self._inks = Inks()
        output = (spec.width, spec.height)
        fine = any(animator.fine_mesh for animator in animators)
        self.lattice = Lattice(output, stage.frame, grid_step(*output, fine=fine))
        sheets: list[tuple[LayerKey, Sheet]] = [
            (index, Sheet(layer, path.rig, order=index)) for index, layer in enumerate(stage.layers)
        ]
        sheets += [
            (extra.name, Sheet(extra.layer, path.rig, order=extra.after, hold_alpha=extra.hold_alpha))
            for extra in self.ensemble.extra_layers
        ]
        self.sheets = sorted(sheets, key=lambda pair: pair[1].order)  # stable: extras follow their layer

    def frame(self, index: int) -> Planes:
        """Draws frame ``index``, 0-based, into new memory."""
        out = yuv.allocate(self.spec.width, self.spec.height)
        self.draw_frame(index, out)
        return out

    def draw_frame(self, index: int, out: Planes) -> None:
        """Draws frame ``index``, 0-based, into ``out``, whose every sample is written."""
        spec = self.spec
        t = spec.moment_t(index)
        view = self.path.at(t)
        changes = self.ensemble.frame(Moment(index=index, t=t, time_s=index / spec.fps, view=view))
        if changes.nudge != NO_NUDGE:
            view = nudged(view, changes.nudge)
        self.draw(out, view, changes)

    def draw(self, out: Planes, view: View, changes: Changes = NO_CHANGES) -> None:
        """Draws one picture into ``out``."""
        rays = Rays.cast(self.lattice, view)
        poses = [
            self._pose(sheet, view, rays, change)
            for key, sheet in self.sheets
            for change in (changes.layers.get(key, _UNCHANGED),)
            if not (sheet.empty or change.hidden or (change.opacity <= 0.0 and not sheet.opaque))
        ]
        hidden = self._hidden(poses)
        waiting = [self._carried(sprite, changes) for sprite in changes.sprites]
        for position, pose in enumerate(poses):
            paint(out, pose, self.lattice, hidden[position])
            order = pose.sheet.order
            if waiting and (position + 1 == len(poses) or poses[position + 1].sheet.order > order):
                self._draw_sprites(out, [s for s in waiting if s.after is not None and s.after <= order], view)
                waiting = [s for s in waiting if s.after is None or s.after > order]
        self._draw_sprites(out, waiting, view)
        if changes.grade != NEUTRAL:
            grade_planes(out, changes.grade)
        if changes.finish is not None:
            done = yuv.frame_from_rgb(changes.finish(yuv.to_rgb(out)))
            for target, source in zip(out, done, strict=True):
                np.copyto(target, source)

    def nearness(self) -> F32:
        """(h, w) float32: how near what the first frame shows is (0 far .. 1 near), at a fraction of its size."""
        columns = 160
        rows = max(2, round(columns * self.spec.height / self.spec.width))
        x, y, width, height = self.lattice.frame
        at_x = np.tile((x + (np.arange(columns) + 0.5) / columns * width).astype(np.float32), (rows, 1))
        at_y = np.repeat((y + (np.arange(rows) + 0.5) / rows * height).astype(np.float32)[:, None], columns, axis=1)
        seen: F32 = np.zeros((rows, columns), np.float32)
        for _, sheet in self.sheets:
            cell = sheet.depth.cell
            q = np.asarray(
                cv2.remap(
                    sheet.depth.q, at_x / cell[0], at_y / cell[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
                ),
                np.float32,
            )
            seen += (q - seen) * sheet.alpha_at(at_x, at_y)
        low, high = float(seen.min()), float(seen.max())
        return np.asarray(cv2.GaussianBlur((seen - low) / max(high - low, 1e-6), (0, 0), 2.0), np.float32)

    def _draw_sprites(self, out: Planes, sprites: Sequence[Sprite], view: View) -> None:
        for sprite in sprites:
            draw_sprite(out, sprite, view, self.path.rig, self.lattice, self._inks)

    def _carried(self, sprite: Sprite, changes: Changes) -> Sprite:
        """A sprite moved along with the layer it follows."""
        change = None if sprite.follows is None else changes.layers.get(sprite.follows)
        if change is None or (change.mesh is None and change.affine is None):
            return sprite
        rows, columns = sprite.rgba.shape[:2]
        x, y = sprite.x + sprite.scale * columns / 2, sprite.y + sprite.scale * rows / 2
        at_x, at_y = x, y
        for _ in range(3):  # the maps say where a point comes from; where the middle goes is their inverse
            spot = np.array([[[at_x]], [[at_y]]], np.float32)
            found_x, found_y = bend(spot, change.affine, change.mesh, self.working).ravel().tolist()
            at_x, at_y = at_x + x - found_x, at_y + y - found_y
        return replace(sprite, x=sprite.x + at_x - x, y=sprite.y + at_y - y)

    def _hidden(self, poses: Sequence[Pose]) -> list[tuple[Run | None, ...]]:
        """For every pose and band: the columns that the cores of nearer layers cover."""
        none: tuple[Run | None, ...] = (None,) * len(bands(self.lattice))
        found = [none]
        for pose in reversed(poses[1:]):
            found.append(tuple(_longer(a, b) for a, b in zip(found[-1], pose.extents.cores, strict=True)))
        return found[::-1]

    def _disc(self, sheet: Sheet, view: View, change: LayerChange) -> float:
        """Largest blur disc of a sheet in working pixels."""
        disc = change.blur
        if view.blur_far > 0.0 or view.blur_near > 0.0:
            disc += sheet.disc(view.blur_far, view.blur_near)
        return disc * self.lattice.frame[2]

    def _pose(self, sheet: Sheet, view: View, rays: Rays, change: LayerChange) -> Pose:
        plain = rays.meet(sheet.depth)
        colour_at = bend(plain, change.affine, change.mesh, self.working)
        alpha_at = bend(plain, change.affine, None, self.working) if sheet.hold_alpha else colour_at
        colour_way = ways(colour_at)
        alpha_way = ways(alpha_at) if sheet.hold_alpha else colour_way
        disc = self._disc(sheet, view, change)
        if sheet.opaque:
            shows = everywhere(self.lattice)
        else:
            shows = extents(self.lattice, alpha_at, alpha_way, sheet, math.ceil(disc))
            if change.opacity < 1.0 or change.mask is not None:
                shows = replace(shows, cores=(None,) * len(shows.cores))
        if sheet.graduates and (view.blur_far > 0.0 or view.blur_near > 0.0):
            scale = self.lattice.frame[2]
            pixels = sheet.graded((view.blur_far + change.blur) * scale, (view.blur_near + change.blur) * scale)
        else:
            pixels = sheet.focused(disc)
        return Pose(sheet, change, pixels, colour_at, colour_way, alpha_at, alpha_way, shows)


def _longer(a: Run | None, b: Run | None) -> Run | None:
    if a is None or b is None:
        return b if a is None else a
    return a if a[1] - a[0] >= b[1] - b[0] else b
