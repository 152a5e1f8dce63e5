"""Previews: a logo and a clip for an effect, made by the engine."""

from __future__ import annotations

from importlib.resources import as_file
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from photoplay.engines.motion import preview
from photoplay.engines.motion.engine import MotionEngine
from photoplay.errors import UnknownEffect
from photoplay.media.probe import probe


@pytest.fixture
def engine(tmp_path: Path) -> MotionEngine:
    return MotionEngine(tmp_path / "no-weights", tmp_path / "cache")


def test_a_preview_is_a_square_logo_and_a_short_clip(
    engine: MotionEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preview, "DURATION_S", 1.0)
    monkeypatch.setattr(preview, "SHORT_SIDE", 240)
    with as_file(preview.DEMO_PHOTO) as photo:
        made = preview.make_preview(engine, "ripple", photo)
    logo = Image.open(BytesIO(made.logo))
    assert (logo.format, logo.size) == ("PNG", (256, 256))
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(made.video)
    assert probe(clip).frames == 24


def test_an_unknown_effect_has_no_preview(engine: MotionEngine, tmp_path: Path) -> None:
    with pytest.raises(UnknownEffect):
        preview.make_preview(engine, "no-such-effect", tmp_path / "photo.jpg")


def test_previews_that_are_there_are_left_alone(engine: MotionEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def made(_engine: MotionEngine, slug: str, _photo: Path) -> preview.Preview:
        asked.append(slug)
        return preview.Preview(b"logo", b"video")

    monkeypatch.setattr(preview, "make_preview", made)
    kept = {("rain", "logo.png"): b"old", ("rain", "preview.mp4"): b"old", ("snow", "logo.png"): b"old"}

    def put(slug: str, name: str, content: bytes) -> None:
        kept[slug, name] = content

    done = preview.make_previews(
        engine, Path("photo.jpg"), put, slugs=("rain", "snow"), has=lambda slug, name: (slug, name) in kept
    )
    assert done == ("snow",)
    assert asked == ["snow"]
    assert kept["rain", "logo.png"] == b"old"
    assert kept["snow", "preview.mp4"] == b"video"
