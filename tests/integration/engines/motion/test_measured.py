"""What the engine promises in numbers that are not timings, on real photos with the networks that are installed."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
import skimage.data

from photoplay.engines.base import RenderRequest
from photoplay.engines.motion import planes as yuv
from photoplay.engines.motion.animate import Spec
from photoplay.engines.motion.director import Directions, Take, film
from photoplay.engines.motion.engine import MotionEngine
from photoplay.engines.motion.fit import fit
from photoplay.engines.motion.measure import follow, jitter
from photoplay.engines.motion.photo import load
from photoplay.engines.motion.planes import Planes
from photoplay.engines.motion.quality import quality_named
from photoplay.engines.motion.types import U8, Photo, SceneMap
from photoplay.settings import Settings
from photoplay.shot import Move, MoveKind, Plan, Shot

MODELS = Settings.load().resolved_models_dir
PHOTOS = Path(skimage.data.__file__).parent
NAMES = ("astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg")
HD = (1280, 720)
DOLLY = Shot(moves=(Move(kind=MoveKind.DOLLY, amount=0.8), Move(kind=MoveKind.ORBIT, amount=0.4)))
MIB = 1024 * 1024


@cache
def seen(name: str) -> tuple[Photo, SceneMap]:
    photo = load(PHOTOS / name, 10**8)
    return photo, MotionEngine(MODELS).scene(photo)


def take(name: str, size: tuple[int, int] = HD, frames: int = 48, plan: Plan | None = None) -> Take:
    return film(
        *seen(name), Directions(plan or Plan(shot=DOLLY), Spec(*size, 24, frames, seed=4), quality_named("std"))
    )


def cropped(photo: Photo, scene: SceneMap, size: tuple[int, int]) -> U8:
    """The photo fitted to the frame by area or cubic sampling: what frame 0 has to be."""
    x, y, width, _ = fit(photo.size, size, scene)
    scale = size[0] / width
    matrix = np.array([[scale, 0.0, (0.5 - x) * scale - 0.5], [0.0, scale, (0.5 - y) * scale - 0.5]])
    return np.asarray(cv2.warpAffine(photo.rgb, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE))


def psnr(a: Planes, b: Planes) -> float:
    """Over all samples of the frame's planes, as ffmpeg's ``psnr`` averages: what 4:2:0 itself takes does not count."""
    wrong = [(x.astype(float) - y.astype(float)).ravel() for x, y in zip(a, b, strict=True)]
    return float(10 * np.log10(255.0**2 / np.mean(np.concatenate(wrong) ** 2)))


@pytest.mark.parametrize("name", NAMES)
def test_the_first_frame_is_the_fitted_photo(name: str) -> None:
    wanted = yuv.frame_from_rgb(cropped(*seen(name), HD))
    assert psnr(take(name).compositor.frame(0), wanted) >= 38.0


def test_a_move_is_smooth_in_the_finished_video(tmp_path: Path) -> None:
    request = RenderRequest(
        images=(PHOTOS / "rocket.jpg",),
        size=HD,
        duration_s=2.0,
        shot=Shot(moves=(Move(kind=MoveKind.ZOOM, amount=0.6),)),
        seed=1,
    )
    done = MotionEngine(MODELS).render(request, tmp_path, lambda share, doing: None)
    with av.open(str(done.video)) as video:
        frames = [np.ascontiguousarray(frame.to_ndarray(format="gray")) for frame in video.decode(video=0)]
    fits = follow(frames)
    assert len(fits) == len(frames) == 48
    assert fits[-1].scale > 1.05, "it is the move that is measured"
    assert jitter(fits, HD) <= 0.1


@pytest.mark.parametrize("name", NAMES)
def test_every_sample_of_a_frame_is_written(name: str) -> None:
    compositor = take(name, (640, 360)).compositor
    for index in (0, 20, 47):
        made = []
        for code in (3, 252):  # what the buffer held before must not matter
            frame = yuv.allocate(640, 360)
            for plane in frame:
                plane.fill(code)
            compositor.draw_frame(index, frame)
            made.append(frame)
        assert same(*made)


def test_again_it_is_the_same_to_the_bit() -> None:
    one, other = (take("coffee.png", (640, 360)).compositor for _ in range(2))
    for index in (47, 0, 11):
        assert same(one.frame(index), other.frame(index))
        assert same(one.frame(index), one.frame(index))


def same(a: Planes, b: Planes) -> bool:
    return all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


_RENDER = """
import sys, tempfile
from pathlib import Path
from photoplay.engines.base import RenderRequest
from photoplay.engines.motion.engine import MotionEngine
from photoplay.shot import Move, MoveKind, Shot
models, photo, short, seconds, effect = sys.argv[1:]
shot = Shot(moves=(Move(kind=MoveKind.DOLLY, amount=0.8), Move(kind=MoveKind.ORBIT, amount=0.4)))
request = RenderRequest(
    images=(Path(photo),), short_side=int(short), aspect_ratio="16:9", duration_s=float(seconds), shot=shot,
    effect=effect or None,
)
with tempfile.TemporaryDirectory() as folder:
    MotionEngine(Path(models)).render(request, Path(folder), lambda share, doing: None)
# Not getrusage: what that tells begins with the memory of the process that started this one.
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


def peak_bytes(short: int, seconds: float, effect: str = "", models: Path = MODELS) -> int:
    """Most memory a process of its own ever held while it rendered a clip."""
    arguments = [str(models), str(PHOTOS / "rocket.jpg"), str(short), str(seconds), effect]
    done = subprocess.run(
        [sys.executable, "-c", _RENDER, *arguments], capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return int(done.stdout.splitlines()[-1]) * 1024


@pytest.mark.parametrize("effect", ["", "snow"])
def test_memory_does_not_grow_with_the_clip(effect: str, tmp_path: Path) -> None:
    # Small, so that the frames and not the understanding of the photo make the peak; a frame here is 0.3 MB.
    short, long = (peak_bytes(360, seconds, effect, tmp_path) for seconds in (2.0, 10.0))
    assert long - short < 12 * MIB


@pytest.mark.parametrize(("short", "most"), [(1080, 600e6), (2160, 1200e6)])
def test_memory_is_bounded_by_the_size(short: int, most: float) -> None:
    assert peak_bytes(short, 0.4) <= most
