"""How long the motion engine takes against encoding alone, in what memory, and how smooth it is.

One run prints everything, each case in a process of its own::

    python bench/motion.py [--models DIR] [--cases 720p,1080p,4k] [--photo FILE] [--repeat 3]

"encode only" writes the very frames the engine drew, with the same encoder and settings, from memory. "cold" has
no scene of the photo, "cached" has; both film two layers without life, and "alive" is "cached" with the life that the
photo has by default (on the default photo, lamps that glow). All are run in turn, several times; the ratios are taken
within a turn and the median is told, of the time that passed and of the processor time of all threads: the first is
what a user waits, the second can be trusted while other work goes on. Modules, word tables and networks are loaded
before the clock starts. "own process" is a first clip with all of that in it, as a job renders it. Beside it: ffmpeg's
``zoompan``, what people use today, from the libraries that PyAV brings, as usually written and with the photo enlarged
first against its jitter.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import skimage.data
from av.filter import Graph
from numpy.typing import NDArray

from photoplay.engines.base import RenderRequest
from photoplay.engines.motion import engine as motion
from photoplay.engines.motion.animate import Spec
from photoplay.engines.motion.director import Directions, film
from photoplay.engines.motion.fit import choose_output
from photoplay.engines.motion.measure import follow, jitter
from photoplay.engines.motion.photo import load
from photoplay.engines.motion.planes import allocate
from photoplay.engines.motion.quality import quality_named
from photoplay.jobs.child import child_environment
from photoplay.media.encode import VideoWriter
from photoplay.settings import Settings
from photoplay.shot import Move, MoveKind, Shot

U8 = NDArray[np.uint8]

CASES: dict[str, tuple[int, float, float, float]] = {  # short side, seconds, limit cold, limit cached
    "720p": (720, 5.0, 2.0, 1.5),
    "1080p": (1080, 5.0, 1.7, 1.5),
    "4k": (2160, 10.0, 1.7, 1.5),
}
MEMORY_LIMIT_MB = {"720p": 600, "1080p": 600, "4k": 1200}
ZOOM = 1.15  # over 5 s; what a move of amount 1.0 does
FPS = 24
SHOT = Shot(moves=(Move(kind=MoveKind.DOLLY, amount=0.8), Move(kind=MoveKind.ORBIT, amount=0.4)))
STILL = "flickering lights"  # the only life that the default photo has
PHOTO = Path(skimage.data.__file__).parent / "rocket.jpg"


def processor_s() -> float:
    """Processor time of this process and its ended children, all threads."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


def both(work: Callable[..., object], *arguments: object) -> tuple[float, float]:
    """(seconds that pass, seconds of processor time) while ``work`` is done."""
    begin, used = time.perf_counter(), processor_s()
    work(*arguments)
    return time.perf_counter() - begin, processor_s() - used


def timed(work: Callable[..., object], *arguments: object) -> float:
    """Seconds that ``work`` takes."""
    return both(work, *arguments)[0]


def silent(done: float, doing: str) -> None:
    """Progress that nobody watches."""


def peak_mb() -> float:
    """Most memory this process ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def request_for(name: str, photo: Path, *, alive: bool = False) -> RenderRequest:
    """What a case asks for."""
    short, seconds, _, _ = CASES[name]
    return RenderRequest(
        images=(photo,),
        negative_prompt="" if alive else STILL,
        short_side=short,
        aspect_ratio="16:9",
        duration_s=seconds,
        fps=FPS,
        shot=SHOT,
        seed=1,
    )


def one_case(name: str, photo: Path, models: Path, repeat: int) -> dict[str, Any]:
    """One size, measured in this process. Times are pairs: passed, and of the processor."""
    request = request_for(name, photo)
    turns: dict[str, list[tuple[float, float]]] = {"cold": [], "cached": [], "alive": [], "encode": []}
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        motion.MotionEngine(models).render(
            request.model_copy(update={"short_side": 240, "duration_s": 0.3}), work, silent
        )
        memory = 0.0
        frames, size = np.empty((0, 0), np.uint8), (0, 0)
        for attempt in range(repeat):  # all in turn, so that a busy moment does not hit only one of them
            engine = motion.MotionEngine(models, work / f"cache{attempt}")
            turns["cold"].append(both(engine.render, request, work, silent))
            turns["cached"].append(both(engine.render, request, work, silent))
            turns["alive"].append(both(engine.render, request_for(name, photo, alive=True), work, silent))
            if not attempt:
                memory = peak_mb()  # before the frames are held, for which the engine is not to blame
                frames, size = drawn(request, models, work)
            turns["encode"].append(both(encoded, frames, size, work / "plain.mp4"))
        return {
            "size": size,
            "frames": len(frames),
            "turns": turns,
            "memory_mb": memory,
            "bytes": (work / "video.mp4").stat().st_size,
        }


def first_clip(name: str, photo: Path, models: Path) -> dict[str, Any]:
    """A case in a process that has loaded the engine's modules and nothing else yet."""
    with tempfile.TemporaryDirectory() as folder:
        motion.MotionEngine(models).render(request_for(name, photo), Path(folder), silent)
    return {"memory_mb": peak_mb()}


def ratio(turns: dict[str, list[tuple[float, float]]], what: str, which: int) -> float:
    """The median over the turns of ``what`` over encoding only; ``which``: 0 time passed, 1 processor time."""
    pairs = zip(turns[what], turns["encode"], strict=True)
    return statistics.median(one[which] / encode[which] for one, encode in pairs)


def drawn(request: RenderRequest, models: Path, work: Path) -> tuple[NDArray[np.uint8], tuple[int, int]]:
    """The frames of a request, drawn and not encoded: (frames, bytes of a frame) in a file that is mapped."""
    engine = motion.MotionEngine(models, work / "cache0")
    photo = load(request.images[0], request.max_pixels)
    scene = engine.scene(photo)
    width, height = choose_output(photo.size, request.short_side, request.aspect_ratio, request.size)
    spec = Spec(width, height, request.fps, round(request.duration_s * request.fps), request.seed)
    compositor = film(
        photo, scene, Directions(engine.plan(request, photo, scene), spec, quality_named("std"))
    ).compositor
    room = np.memmap(work / "frames", np.uint8, "w+", shape=(spec.frames, width * height * 3 // 2))
    for index in range(spec.frames):
        frame = allocate(width, height)
        compositor.draw_frame(index, frame)
        room[index] = np.concatenate([plane.ravel() for plane in frame])
    return room, (width, height)


def encoded(frames: NDArray[np.uint8], size: tuple[int, int], path: Path) -> None:
    """Encodes frames with the engine's settings."""
    width, height = size
    luma, quarter = width * height, width * height // 4
    quality = quality_named("std")
    with VideoWriter(path, width, height, FPS, crf=quality.crf, preset=quality.preset) as writer:
        for block in frames:
            writer.write_yuv(
                block[:luma].reshape(height, width),
                block[luma : luma + quarter].reshape(height // 2, width // 2),
                block[luma + quarter :].reshape(height // 2, width // 2),
            )


def zoompan(photo: Path, size: tuple[int, int], seconds: float, path: Path, enlarge: int | None) -> float:
    """Seconds that ffmpeg's zoompan takes for a zoom to ``ZOOM``; ``enlarge``: width the photo is brought to first."""
    width, height = size
    frames = round(seconds * FPS)

    def work() -> None:
        picture = next(av.open(str(photo)).decode(video=0))
        graph = Graph()
        links = [graph.add_buffer(width=picture.width, height=picture.height, format=picture.format,
                                  time_base=picture.time_base)]  # fmt: skip
        crop = f"crop='min(iw,ih*{width}/{height})':'min(ih,iw*{height}/{width})'"
        links.append(graph.add("crop", crop.removeprefix("crop=")))
        if enlarge is not None:
            links.append(graph.add("scale", f"{enlarge}:-2"))
        step = (ZOOM - 1.0) / frames
        links.append(
            graph.add(
                "zoompan",
                f"z='1+{step}*on':d={frames}:x='iw/2-(iw/zoom/2)':y='ih/2-(ih/zoom/2)':s={width}x{height}:fps={FPS}",
            )
        )
        links.append(graph.add("format", "yuv420p"))
        links.append(graph.add("buffersink"))
        for before, after in pairwise(links):
            before.link_to(after)
        graph.configure()
        graph.push(picture)
        graph.push(None)
        with av.open(str(path), "w") as out:
            stream = out.add_stream("libx264", rate=FPS, options={"preset": "superfast", "crf": "19"})
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            for _ in range(frames):
                frame: Any = graph.pull()
                frame.pts = None
                out.mux(stream.encode(frame))
            out.mux(stream.encode(None))

    return timed(work)


def lumas(path: Path) -> Iterator[U8]:
    """The frames of a video, luma only."""
    with av.open(str(path)) as video:
        for frame in video.decode(video=0):
            yield np.ascontiguousarray(frame.to_ndarray(format="gray"), dtype=np.uint8)


def smoothness(path: Path, size: tuple[int, int]) -> float:
    """Jitter of a video of one move, in pixels, over its middle two seconds."""
    frames = list(lumas(path))
    middle = frames[len(frames) // 2 - FPS : len(frames) // 2 + FPS]
    return jitter(follow(middle), size)


def beside(photo: Path, models: Path) -> dict[str, Any]:
    """zoompan and the engine on the same zoom at 720p: seconds and jitter."""
    size = (1280, 720)
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        for name, enlarge in (("zoompan", None), ("zoompan, 4x upscale first", 5120)):
            seconds = zoompan(photo, size, 5.0, work / "zoompan.mp4", enlarge)
            found[name] = {"s": seconds, "jitter_px": smoothness(work / "zoompan.mp4", size)}
        request = RenderRequest(
            images=(photo,),
            size=size,
            duration_s=5.0,
            shot=Shot(moves=(Move(kind=MoveKind.ZOOM, amount=1.0),)),
        )
        engine = motion.MotionEngine(models, work / "cache")
        engine.render(request, work, silent)
        seconds = timed(engine.render, request, work, silent)
        found["photoplay, scene cached"] = {"s": seconds, "jitter_px": smoothness(work / "video.mp4", size)}
    return found


def child(arguments: list[str]) -> dict[str, Any]:
    """Runs this script in a process of its own and reads its answer."""
    # With the environment that a job's own process has.
    environment = child_environment(os.environ)
    done = subprocess.run(
        [sys.executable, __file__, *arguments], capture_output=True, text=True, check=False, env=environment
    )
    if done.returncode:
        sys.exit(f"bench case failed:\n{done.stderr}")
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=Path, default=Settings.load().resolved_models_dir)
    parser.add_argument("--cases", default=",".join(CASES))
    parser.add_argument("--photo", type=Path, default=PHOTO)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one == "beside":
        print(json.dumps(beside(given.photo, given.models)))
        return
    if given.one is not None and given.one.startswith("first-"):
        print(json.dumps(first_clip(given.one.removeprefix("first-"), given.photo, given.models)))
        return
    if given.one is not None:
        print(json.dumps(one_case(given.one, given.photo, given.models, given.repeat)))
        return
    shared = ["--models", str(given.models), "--photo", str(given.photo), "--repeat", str(given.repeat)]
    missing = motion.MotionEngine(given.models).capability().detail
    if missing:
        print(missing)
    print(f"{os.cpu_count()} cores, {given.repeat} turns, photo {given.photo.name}, two layers: dolly and orbit")
    print("seconds are the best turn's; ratios to encoding only are medians: time passed | processor time")
    print(f"{'case':6} {'encode':>8} {'cached':>8} {'cold':>8}   {'cached/encode':>13}   {'cold/encode':>13}"
          f"   {'alive/encode':>13}   {'memory':>8}   own process")  # fmt: skip
    for name in given.cases.split(","):
        row = child(["--one", name, *shared])
        own = both(child, ["--one", f"first-{name}", *shared])
        turns, (_, _, limit_cold, limit_cached) = row["turns"], CASES[name]
        best = {what: min(passed for passed, _ in taken) for what, taken in turns.items()}
        cells = []
        for what, limit in (("cached", limit_cached), ("cold", limit_cold), ("alive", math.inf)):
            told = [ratio(turns, what, which) for which in (0, 1)]
            cells.append(" | ".join(f"{one:.2f}{'' if one <= limit else '!':1}" for one in told))
        over = "" if row["memory_mb"] <= MEMORY_LIMIT_MB[name] else "!"
        print(
            f"{name:6} {best['encode']:6.2f} s {best['cached']:6.2f} s {best['cold']:6.2f} s   {cells[0]:>13}   "
            f"{cells[1]:>13}   {cells[2]:>13}   {row['memory_mb']:5.0f} MB{over:1} {own[0]:6.2f} s | {own[1]:.2f} s",
            flush=True,
        )
    print("limits: cold 2.0 / 1.7 / 1.7, cached 1.5, memory 600 / 600 / 1200 MB; ! marks what is over")
    print("\na zoom of 1.15 over 5 s at 720p")
    for name, row in child(["--one", "beside", *shared]).items():
        print(f"{name:28} {row['s']:6.2f} s   jitter {row['jitter_px']:.3f} px")


if __name__ == "__main__":
    main()
