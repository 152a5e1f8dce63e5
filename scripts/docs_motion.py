"""Makes the pictures of docs/motion.md with the engine itself, into docs/images/motion/.

    python scripts/docs_motion.py                 all of them
    python scripts/docs_motion.py --only margin   one stage's

Photos: the demo photo and photos of scikit-image's that are in the public domain or CC0.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import av
import cv2
import numpy as np
import skimage.data

from photoplay.engines.base import RenderRequest
from photoplay.engines.motion import continuation, depth, edges, filters, margin, matte, plate, regions, relief
from photoplay.engines.motion import photo as photos
from photoplay.engines.motion.camera import CameraPath, build_rig
from photoplay.engines.motion.diagrams import colour_depth, scene_sheet, side_by_side, webp
from photoplay.engines.motion.effects.registry import effects
from photoplay.engines.motion.engine import MotionEngine
from photoplay.engines.motion.fringe import with_fringe
from photoplay.engines.motion.language import plan_from_prompt
from photoplay.engines.motion.stage import build_stage
from photoplay.engines.motion.types import F32, U8, Photo, SceneMap, Stage
from photoplay.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "images" / "motion"
WIDTH = 1200  # pixels of a picture
TILE, ACROSS = 148, 8  # pixels of an effect's picture, and how many stand side by side
MARK = (255, 0, 255)  # what shows through a layer


@dataclass(frozen=True)
class Desk:
    """The engine and the photos that pictures are made of."""

    cache: Path

    @cached_property
    def engine(self) -> MotionEngine:
        """The engine with the weights that are installed."""
        return MotionEngine(Settings().resolved_models_dir, self.cache)

    def photo(self, name: str) -> Photo:
        """A photo by name."""
        return photos.load(self.path(name), 40_000_000)

    def path(self, name: str) -> Path:
        """Where a photo lies."""
        if name == "raccoon":
            return ROOT / "examples" / "photos" / "demo.jpg"
        return Path(skimage.data.__file__).parent / name

    def scene(self, name: str) -> SceneMap:
        """A photo's scene."""
        return self.engine.scene(self.photo(name))

    def stage(self, name: str, size: tuple[int, int], border: float = 0.1) -> Stage:
        """A photo's stage."""
        return build_stage(self.photo(name), self.scene(name), size, margin=border)

    def frames(self, name: str, prompt: str = "", effect: str | None = None, duration_s: float = 4.0) -> list[U8]:
        """All frames of a clip at 360 pixels."""
        request = RenderRequest(
            images=(self.path(name),), prompt=prompt, effect=effect, duration_s=duration_s, short_side=360, fps=12
        )
        with tempfile.TemporaryDirectory(prefix="photoplay-docs-") as folder:
            made = self.engine.render(request, Path(folder), lambda _share, _word: None)
            with av.open(str(made.video)) as container:
                return [np.asarray(frame.to_ndarray(format="rgb24"), np.uint8) for frame in container.decode(video=0)]


def row(*pictures: U8) -> U8:
    """Pictures of one shape in a row, as wide as the page."""
    height, width = pictures[0].shape[:2]
    return side_by_side(pictures, round(WIDTH / len(pictures) * max(1.0, height / width)))


def rows(*parts: U8) -> U8:
    """Rows of one width above each other."""
    width = min(part.shape[1] for part in parts)
    gap = np.full((4, width, 3), 255, np.uint8)
    return np.vstack([piece for part in parts for piece in (part[:, :width], gap)][:-1])


def shown(colour: U8, alpha: U8 | None, ground: tuple[int, int, int] = MARK) -> U8:
    """A layer over a flat colour."""
    if alpha is None:
        return colour
    out = np.empty_like(colour)
    out[:] = ground
    edges.mix(out, colour, alpha)
    return out


def grey(picture: U8 | F32) -> U8:
    """A map as a grey picture."""
    values = picture if picture.dtype == np.uint8 else filters.to_u8(np.asarray(picture, np.float32))
    return np.repeat(np.asarray(values, np.uint8)[..., None], 3, axis=2)


def crop(picture: U8, x0: float, y0: float, x1: float, y1: float) -> U8:
    """A part, in fractions."""
    height, width = picture.shape[:2]
    return np.ascontiguousarray(picture[round(y0 * height) : round(y1 * height), round(x0 * width) : round(x1 * width)])


def scene(desk: Desk) -> U8:
    """What is seen in two photos."""
    made = [scene_sheet(desk.photo(name).rgb, desk.scene(name), WIDTH // 4) for name in ("raccoon", "coffee.png")]
    return rows(*made)


def subject(desk: Desk) -> U8:
    """From the network's answer to a matte with whiskers."""
    photo = desk.photo("chelsea.png")
    rgb = filters.resize_u8(photo.rgb, filters.fit_size(photo.size, 1024))
    found = matte.find_subject(rgb, Settings().resolved_models_dir)
    small = filters.resize_u8(found.alpha, (48, 32))
    hard = filters.resize_u8(small, (rgb.shape[1], rgb.shape[0]), cv2.INTER_LINEAR)
    hard = np.asarray((hard > 127).astype(np.uint8) * np.uint8(255))
    pictures = (rgb, shown(rgb, hard), shown(rgb, found.alpha), shown(rgb, with_fringe(rgb, found.alpha)))
    return row(*(crop(one, 0.0, 0.35, 0.85, 1.0) for one in pictures))


def distance(desk: Desk) -> U8:
    """The summed priors, the subject in them, the gentle relief; and the lines that are kept straight."""
    photo = desk.photo("rocket.jpg")
    rgb = filters.resize_u8(photo.rgb, filters.fit_size(photo.size, 1024))
    models = Settings().resolved_models_dir
    alpha = matte.find_subject(rgb, models).alpha
    seen = regions.find_regions(rgb, alpha, ())
    sky = seen.weights.get("sky", np.zeros(alpha.shape, np.uint8))
    summed = depth.estimate(rgb, alpha, sky, seen.horizon, (), models, seen.outdoor)
    lines = relief.find_lines(rgb)
    drawn = rgb.copy()
    for x0, y0, x1, y1 in lines * np.array([rgb.shape[1], rgb.shape[0]] * 2, np.float32):
        cv2.line(drawn, (round(x0), round(y0)), (round(x1), round(y1)), (255, 60, 60), 2, cv2.LINE_AA)
    gentle = relief.gentle(summed.inverse, desk.scene("rocket.jpg").layers, lines)
    return row(drawn, colour_depth(summed.ground), colour_depth(summed.inverse), colour_depth(gentle))


def layers(desk: Desk) -> U8:
    """The stage of a photo: what frame 0 shows, the plate, the subject."""
    stage = desk.stage("astronaut.png", (640, 640), 0.06)
    whole = stage.layers[0].rgb.copy()
    for layer in stage.layers[1:]:
        edges.mix(whole, layer.rgb, layer.alpha if layer.alpha is not None else np.full(whole.shape[:2], 255, np.uint8))
    return row(whole, stage.layers[0].rgb, shown(stage.layers[-1].rgb, stage.layers[-1].alpha))


def hole(desk: Desk) -> U8:
    """A hole, its fill by example, and the fill with the rim carried on along the picture's lines."""
    photo = desk.photo("raccoon")
    rgb = filters.resize_u8(photo.rgb, filters.fit_size(photo.size, 800))
    known = np.full(rgb.shape[:2], 255, np.uint8)
    cv2.ellipse(known, (668, 478), (70, 92), 0, 0, 360, 0, -1)
    empty = rgb.copy()
    empty[known == 0] = MARK
    size = filters.fit_size((rgb.shape[1], rgb.shape[0]), plate.FILL_SIDE)
    filled = plate.render(plate.synthesize(*plate.reduced(rgb, known, size)), rgb, known)
    edges.mix(filled, rgb, known)
    carried = filled.copy()
    continued = continuation.carried_on(rgb, known)
    if continued is not None:
        continued.lay_over(carried, known)
    return row(*(crop(one, 0.6, 0.5, 1.0, 1.0) for one in (empty, filled, carried)))


def border(desk: Desk) -> U8:
    """A margin by a plain mirror, and along the photo's lines; the photo's border is drawn."""
    photo = desk.photo("raccoon")
    rgb = filters.resize_u8(photo.rgb, filters.fit_size(photo.size, 720))
    rims = (60, 60, 90, 90)
    plain = np.asarray(cv2.copyMakeBorder(rgb, *rims, cv2.BORDER_REFLECT), np.uint8)
    along = margin.extended(rgb, margin.plan_margin(rgb, rims))
    for picture in (plain, along):
        cv2.rectangle(picture, (90, 60), (90 + rgb.shape[1], 60 + rgb.shape[0]), (255, 255, 255), 1)
    return row(plain, along)


def softness(desk: Desk) -> U8:
    """Hair on its old ground, on another with its old colours, and with its own."""
    stage = desk.stage("astronaut.png", (960, 960), 0.0)
    photo = filters.resize_u8(desk.photo("astronaut.png").rgb, (960, 960), cv2.INTER_CUBIC)
    front = stage.layers[-1]
    green = (40, 150, 80)
    pictures = (photo, shown(photo, front.alpha, green), shown(front.rgb, front.alpha, green))
    return row(*(crop(one, 0.28, 0.0, 0.62, 0.3) for one in pictures))


def camera(desk: Desk) -> U8:
    """A shot over time: how far it has come in each move; and its frames."""
    prompt = "slow dolly in, then pan right"
    frames = desk.frames("raccoon", prompt + ", static scene")
    plan = plan_from_prompt(prompt)
    stage = desk.stage("raccoon", (480, 360))
    path = CameraPath(plan.shot, build_rig(stage), duration_s=4.0)
    graph = np.full((220, WIDTH, 3), 250, np.uint8)
    times = np.linspace(0.0, 1.0, 240)
    zero = path.at(0.0).look(0.0, 0.0, 1.0)
    centre = np.array([path.at(float(t)).look(0.0, 0.0, 1.0) for t in times]) - zero
    size = np.array(
        [0.5 / (path.at(float(t)).look(0.25, 0, 1)[0] - path.at(float(t)).look(-0.25, 0, 1)[0]) for t in times]
    )
    for values, tone, name in (
        (size - 1.0, (200, 60, 40), "size of the subject"),
        (centre[:, 0], (40, 90, 200), "shift to the side"),
    ):
        scaled = 190 - 160 * values / max(float(np.abs(values).max()), 1e-6)
        points = np.stack([40 + times * (WIDTH - 80), scaled], axis=1).round().astype(np.int32)
        cv2.polylines(graph, [points], False, tone, 2, cv2.LINE_AA)
        at = (50, 30 if tone[0] > 100 else 54)
        cv2.putText(graph, name, at, cv2.FONT_HERSHEY_SIMPLEX, 0.6, tone, 1, cv2.LINE_AA)
    cv2.line(graph, (40, 190), (WIDTH - 40, 190), (120, 120, 120), 1)
    picked = row(*(frames[round(i * (len(frames) - 1) / 5)] for i in range(6)))
    return rows(filters.resize_u8(graph, (picked.shape[1], 220 * picked.shape[1] // WIDTH)), picked)


def life(desk: Desk) -> U8:
    """A static shot: the first frame, one later, and where they differ (ten times)."""
    frames = desk.frames("raccoon", "static camera")
    first, later = frames[0], frames[round(0.6 * len(frames))]
    moved = np.abs(later.astype(np.int16) - first).max(axis=2)
    return row(
        first, later, colour_depth(np.clip(cv2.GaussianBlur(moved.astype(np.float32), (0, 0), 1.5) / 25.5, 0, 1))
    )


def every_effect(desk: Desk) -> U8:
    """Every effect at its telling moment."""
    tiles = []
    for slug, effect in effects().items():
        frames = desk.frames("astronaut.png" if slug == "samurai" else "raccoon", effect=slug)
        frame = frames[round(effect.logo_at * (len(frames) - 1))]
        side = min(frame.shape[:2])
        x, y = (frame.shape[1] - side) // 2, (frame.shape[0] - side) // 2
        tile = np.asarray(
            cv2.resize(frame[y : y + side, x : x + side], (TILE, TILE), interpolation=cv2.INTER_AREA), np.uint8
        )
        label = np.full((22, TILE, 3), 255, np.uint8)
        cv2.putText(label, slug, (4, 16), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (30, 30, 30), 1, cv2.LINE_AA)
        tiles.append(np.vstack([tile, label]))
    while len(tiles) % ACROSS:
        tiles.append(np.full_like(tiles[0], 255))
    return np.vstack([np.hstack(tiles[start : start + ACROSS]) for start in range(0, len(tiles), ACROSS)])


STAGES: dict[str, Callable[[Desk], U8]] = {
    "scene": scene,
    "subject": subject,
    "depth": distance,
    "layers": layers,
    "hole": hole,
    "margin": border,
    "edges": softness,
    "camera": camera,
    "life": life,
    "effects": every_effect,
}


def make(names: Sequence[str], folder: Path, cache: Path) -> list[Path]:
    """Writes the pictures of these stages; gives their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    desk = Desk(cache)
    written = []
    for name in names:
        path = folder / f"{name}.webp"
        path.write_bytes(webp(STAGES[name](desk), 82))
        written.append(path)
    return written


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes the pictures; 0 when they are there."""
    parser = argparse.ArgumentParser(description="Makes the pictures of docs/motion.md.")
    parser.add_argument("--only", action="append", choices=sorted(STAGES), help="one stage's; repeat")
    parser.add_argument("--out", type=Path, default=FOLDER, help="folder to write to")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="photoplay-docs-") as cache:
        for path in make(asked.only or list(STAGES), asked.out, Path(cache)):
            sys.stderr.write(f"{path} {path.stat().st_size / 1000:.0f} kB\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
