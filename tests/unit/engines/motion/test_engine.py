"""The engine from files to files, without any weights: small clips, the promises of every clip, and bad requests."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from photoplay.engines.base import RenderRequest, RenderResult
from photoplay.engines.motion.engine import MotionEngine
from photoplay.engines.motion.measure import psnr
from photoplay.engines.motion.types import U8
from photoplay.engines.registry import load
from photoplay.errors import ImageUnreadable, RenderFailed, UnknownEffect, UnsupportedValue
from photoplay.media.image import OpenedImage
from photoplay.shot import Move, MoveKind, Shot
from support.stages import PHOTOS, fitted, photo

CAT, COFFEE = PHOTOS / "chelsea.png", PHOTOS / "coffee.png"
SMALL = {"short_side": 240, "duration_s": 0.5, "fps": 12}


@pytest.fixture
def engine(tmp_path: Path) -> MotionEngine:
    return MotionEngine(tmp_path / "no-models", tmp_path / "scenes")


@pytest.fixture
def work(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


def render(engine: MotionEngine, work: Path, *images: Path, **given: object) -> RenderResult:
    request = RenderRequest.model_validate({"images": images or (CAT,), **SMALL, **given})
    return engine.render(request, work, lambda done, doing: None)


def pictures(path: Path) -> list[U8]:
    with av.open(str(path)) as video:
        return [np.asarray(frame.to_ndarray(format="rgb24"), np.uint8) for frame in video.decode(video=0)]


def test_a_clip_keeps_its_promises(engine: MotionEngine, work: Path) -> None:
    seen: list[tuple[float, str]] = []
    request = RenderRequest.model_validate({"images": (CAT,), **SMALL, "prompt": "zoom in"})
    result = engine.render(request, work, lambda done, doing: seen.append((done, doing)))
    frames = pictures(result.video)
    assert len(frames) == result.frames == 6
    assert (result.width, result.height) == (frames[0].shape[1], frames[0].shape[0]) == (360, 240)
    assert result.fps == 12
    assert [move.kind for move in result.plan.shot.moves] == [MoveKind.ZOOM]
    assert psnr(frames[0], fitted(photo(), (360, 240))) > 33, "the first frame is the photo, but for the encoder"
    assert psnr(frames[-1], frames[0]) < 30, "something moved"
    values = [done for done, _ in seen]
    assert all(b >= a for a, b in pairwise(values))
    assert values[0] == 0.0
    assert values[-1] == 1.0
    assert max(done for done, doing in seen if doing == "scene") <= 0.15
    assert sum(doing == "frames" for _, doing in seen) >= 6
    assert any("weights" in note for note in result.notes), "what was missing is said"
    assert sorted(path.name for path in work.iterdir()) == ["video.mp4"]


@pytest.mark.parametrize(("duration_s", "fps", "frames"), [(0.5, 24, 12), (1.0, 16, 16), (0.52, 25, 13), (0.3, 60, 18)])
def test_the_number_of_frames_is_exact(
    engine: MotionEngine, work: Path, duration_s: float, fps: int, frames: int
) -> None:
    result = render(engine, work, duration_s=duration_s, fps=fps)
    assert result.frames == len(pictures(result.video)) == frames


def test_the_same_request_gives_the_same_bytes(engine: MotionEngine, tmp_path: Path) -> None:
    made = []
    for number, one in enumerate((engine, engine, MotionEngine(tmp_path / "no-models"))):
        folder = tmp_path / f"work{number}"
        folder.mkdir()
        result = render(one, folder, prompt="handheld orbit", seed=5)
        made.append(result.video.read_bytes())
    assert made[0] == made[1], "cold and cached scene"
    other = tmp_path / "other"
    other.mkdir()
    assert render(engine, other, prompt="handheld orbit", seed=6).video.read_bytes() != made[0]


def test_another_clip_of_a_photo_does_without_decoding_it(
    engine: MotionEngine, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = render(engine, work, CAT).video.read_bytes()
    with monkeypatch.context() as patched:
        patched.setattr(OpenedImage, "decode", None)
        assert render(engine, work, CAT).video.read_bytes() == first
        with pytest.raises(RenderFailed):  # what has not been seen yet has to be
            render(engine, work, CAT, short_side=300)


def test_a_given_shot_overrides_the_prompt(engine: MotionEngine, work: Path) -> None:
    shot = Shot(moves=(Move(kind=MoveKind.PAN, amount=0.3),))
    result = render(engine, work, prompt="zoom in", shot=shot)
    assert [move.kind for move in result.plan.shot.moves] == [MoveKind.PAN]


def test_a_shot_too_large_for_the_photo_is_reduced_and_said(engine: MotionEngine, work: Path) -> None:
    shot = Shot(moves=(Move(kind=MoveKind.PAN, amount=4.0),))
    result = render(engine, work, shot=shot)
    assert 0 < result.plan.shot.moves[0].amount < 4.0
    assert any("pan reduced" in note for note in result.plan.notes)


def test_fast_moves_can_be_heard(engine: MotionEngine, work: Path) -> None:
    fast = render(engine, work, shot=Shot(moves=(Move(kind=MoveKind.PAN, amount=0.8),)))
    assert [cue.kind for cue in fast.cues] == ["whoosh"]
    assert fast.cues[0].pan > 0
    slow = render(engine, work, shot=Shot(moves=(Move(kind=MoveKind.PAN, amount=0.1),)))
    assert not slow.cues


def test_a_watermarked_copy_comes_from_the_same_pass(engine: MotionEngine, work: Path) -> None:
    result = render(engine, work, watermark=True)
    assert result.watermarked is not None
    plain, marked = pictures(result.video), pictures(result.watermarked)
    assert len(plain) == len(marked)
    difference = np.abs(plain[3].astype(int) - marked[3]).max(axis=2)
    rows, columns = np.nonzero(difference > 40)
    assert rows.size
    assert rows.min() > 0.8 * 240
    assert columns.min() > 0.5 * 360


@pytest.mark.parametrize("quality", ["std", "pro", "premium"])
def test_qualities(engine: MotionEngine, work: Path, quality: str) -> None:
    assert render(engine, work, quality=quality).frames == 6


def test_better_quality_is_closer_to_the_photo(engine: MotionEngine, tmp_path: Path) -> None:
    closeness = []
    for quality in ("std", "premium"):
        folder = tmp_path / quality
        folder.mkdir()
        result = render(engine, folder, quality=quality, shot=Shot())
        closeness.append(psnr(pictures(result.video)[0], fitted(photo(), (360, 240))))
    assert closeness[1] > closeness[0] + 0.5


class TestSeveralImages:
    def test_the_camera_travels_from_one_to_the_next(self, engine: MotionEngine, work: Path) -> None:
        result = render(engine, work, CAT, COFFEE, duration_s=2.0)
        frames = pictures(result.video)
        assert len(frames) == 24
        assert psnr(frames[0], fitted(photo(), (360, 240))) > 30
        assert psnr(frames[-1], frames[0]) < 16, "another scene"
        steps = [float(np.abs(b.astype(int) - a).mean()) for a, b in pairwise(frames)]
        assert max(steps) < 40, "no hard cut"

    def test_the_last_image_is_arrived_at_exactly(self, engine: MotionEngine, work: Path) -> None:
        result = render(engine, work, last_image=COFFEE, duration_s=1.5)
        frames = pictures(result.video)
        assert psnr(frames[0], fitted(photo(), (360, 240))) > 30
        assert psnr(frames[-1], fitted(photo("coffee.png"), (360, 240))) > 30
        assert any("dissolve" in note for note in result.notes)

    def test_alike_images_morph(self, engine: MotionEngine, work: Path, tmp_path: Path) -> None:
        cat = photo()
        height, width = cat.shape[:2]
        x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
        moved = cv2.remap(cat, x + 9 * np.sin(y / 60), y + 7 * np.cos(x / 80), cv2.INTER_LINEAR, borderMode=4)
        other = tmp_path / "moved.png"
        cv2.imwrite(str(other), cv2.cvtColor(moved, cv2.COLOR_RGB2BGR))
        result = render(engine, work, last_image=other, duration_s=1.5, short_side=300)
        frames = pictures(result.video)
        target = fitted(np.asarray(moved, np.uint8), (result.width, result.height))
        assert psnr(frames[-1], target) > 30
        assert not any("dissolve" in note for note in result.notes)
        middle = frames[len(frames) // 2].astype(int)
        ghosted = (frames[0].astype(int) + frames[-1]) / 2

        def detail(picture: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float:
            return float(np.abs(np.diff(picture, axis=1)).mean())

        assert detail(middle.astype(float)) > 1.02 * detail(ghosted), "sharper than a plain fade"

    def test_too_short_for_so_many(self, engine: MotionEngine, work: Path) -> None:
        with pytest.raises(UnsupportedValue, match="too short"):
            render(engine, work, *[CAT] * 7, duration_s=0.5)


class TestBadRequests:
    def test_unknown_effect(self, engine: MotionEngine, work: Path) -> None:
        with pytest.raises(UnknownEffect):
            render(engine, work, effect="no-such-effect")

    def test_unknown_quality(self, engine: MotionEngine, work: Path) -> None:
        with pytest.raises(UnsupportedValue):
            render(engine, work, quality="platinum")

    @pytest.mark.parametrize("content", [b"", b"not an image", b"\x89PNG\r\n\x1a\n" + b"\0" * 64])
    def test_unusable_files(self, engine: MotionEngine, work: Path, tmp_path: Path, content: bytes) -> None:
        bad = tmp_path / "bad.png"
        bad.write_bytes(content)
        with pytest.raises(ImageUnreadable):
            render(engine, work, bad)
        assert not list(work.iterdir()), "nothing is left behind"

    def test_a_bad_last_image_fails_as_such(self, engine: MotionEngine, work: Path, tmp_path: Path) -> None:
        with pytest.raises(ImageUnreadable):
            render(engine, work, last_image=tmp_path / "absent.png", duration_s=2.0)

    def test_an_error_in_numbers_is_a_failed_render(
        self, engine: MotionEngine, work: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(*args: object, **kwargs: object) -> None:
            raise ZeroDivisionError

        monkeypatch.setattr("photoplay.engines.motion.compositor.bend", broken)
        with pytest.raises(RenderFailed):
            render(engine, work)
        assert not list(work.glob("*.mp4"))


@pytest.mark.parametrize("size", [(16, 16), (17, 400), (900, 40)])
def test_odd_photos(engine: MotionEngine, work: Path, tmp_path: Path, size: tuple[int, int]) -> None:
    path = tmp_path / "odd.png"
    cv2.imwrite(str(path), np.random.default_rng(1).integers(0, 255, (size[1], size[0], 3), np.uint8))
    result = render(engine, work, path, duration_s=0.25)
    assert max(result.width, result.height) <= 2.5 * min(result.width, result.height) + 2
    assert len(pictures(result.video)) == 3


def test_the_registry_loads_it(tmp_path: Path) -> None:
    engine = load("motion", tmp_path)
    assert engine.name == "motion"
    capability = engine.capability()
    assert capability.available
    assert "u2netp" in capability.detail


def test_the_registry_gives_it_a_place_to_keep_scenes(tmp_path: Path, work: Path) -> None:
    kept = tmp_path / "scenes"
    engine = load("motion", tmp_path, cache_dir=kept)
    assert isinstance(engine, MotionEngine)
    render(engine, work)
    assert list(kept.glob("*.npz"))
    assert list((kept / "stages").glob("*.stage"))
