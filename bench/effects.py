"""What every effect costs a frame, against a plain frame of the same photo, and how long it takes to prepare.

::

    python bench/effects.py [--models DIR] [--photo FILE] [--short 720] [--effects melt,rain] [--frames 8]

A plain frame has a slow dolly and the photo's own life. Processor time of drawing, without the encoder, one thread;
plain frames and an effect's are drawn in turn, and of each frame the quickest of three counts.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import skimage.data

from photoplay.engines.motion import engine as motion
from photoplay.engines.motion.animate import Spec
from photoplay.engines.motion.compositor import Compositor
from photoplay.engines.motion.director import Directions, film
from photoplay.engines.motion.effects import registry
from photoplay.engines.motion.fit import choose_output
from photoplay.engines.motion.photo import load
from photoplay.engines.motion.planes import allocate
from photoplay.engines.motion.quality import quality_named
from photoplay.engines.motion.render import single_threaded_cv2
from photoplay.settings import Settings
from photoplay.shot import Move, MoveKind, Plan, Shot

LIMIT = 2.5  # plain frames
FPS, SECONDS = 24, 5.0
PHOTO = Path(skimage.data.__file__).parent / "astronaut.png"
PLAIN = Plan(shot=Shot(moves=(Move(kind=MoveKind.DOLLY, amount=0.7),)))
TURNS = 3


def draw_all(compositor: Compositor, moments: list[int]) -> list[float]:
    """Milliseconds of processor time for each frame."""
    out = allocate(compositor.spec.width, compositor.spec.height)
    taken = []
    for index in moments:
        compositor.draw_frame(index, out)  # what neighbouring frames share is made here, not within a frame's time
        begin = time.process_time()
        compositor.draw_frame(index, out)
        taken.append((time.process_time() - begin) * 1e3)
    return taken


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=Path, default=Settings.load().resolved_models_dir)
    parser.add_argument("--photo", type=Path, default=PHOTO)
    parser.add_argument("--short", type=int, default=720)
    parser.add_argument("--effects", default=",".join(registry.effects()))
    parser.add_argument("--frames", type=int, default=8)
    given = parser.parse_args()
    photo = load(given.photo, 10**9)
    scene = motion.MotionEngine(given.models).scene(photo)
    width, height = choose_output(photo.size, given.short, "16:9", None)
    spec = Spec(width, height, FPS, round(SECONDS * FPS), seed=1)
    quality = quality_named("std")
    plain = film(photo, scene, Directions(PLAIN, spec, quality)).compositor
    moments = [round((number + 0.5) * (spec.frames - 1) / given.frames) for number in range(given.frames)]
    print(f"{width}x{height}, photo {given.photo.name}, {given.frames} frames over the clip")
    print(f"{'effect':14} {'prepare':>9} {'plain':>9} {'mean':>9} {'slowest':>9}  mean/plain")
    with single_threaded_cv2():
        for slug in given.effects.split(","):
            begin = time.process_time()
            filmed = film(photo, scene, Directions(Plan(), spec, quality, registry.find(slug))).compositor
            prepared = (time.process_time() - begin) * 1e3
            draws: dict[str, list[list[float]]] = {"plain": [], "effect": []}
            for _ in range(TURNS):
                draws["plain"].append(draw_all(plain, moments))
                draws["effect"].append(draw_all(filmed, moments))
            usual, own = ([min(frame) for frame in zip(*draws[what], strict=True)] for what in ("plain", "effect"))
            mean, base = sum(own) / len(own), sum(usual) / len(usual)
            mark = "" if mean <= LIMIT * base else "!"
            print(
                f"{slug:14} {prepared:6.0f} ms {base:6.1f} ms {mean:6.1f} ms {max(own):6.1f} ms"
                f"  {mean / base:9.2f}{mark}",
                flush=True,
            )
    print(f"limit {LIMIT}; ! marks what is over; the time to prepare holds that of the stage, which a cache may save")


if __name__ == "__main__":
    main()
