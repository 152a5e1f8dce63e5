"""The visible mark and the metadata that says what made a clip."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from photoplay.media.provenance import metadata
from photoplay.media.video import VideoWriter, probe
from photoplay.media.watermark import Watermark


@pytest.mark.parametrize("size", [(320, 240), (1280, 720), (720, 1280), (3840, 2160), (64, 48)])
@pytest.mark.parametrize("grey", [16, 128, 235])
def test_the_mark_is_visible_on_any_background_and_stays_in_its_corner(size: tuple[int, int], grey: int) -> None:
    width, height = size
    y = np.full((height, width), grey, np.uint8)
    u = np.full((height // 2, width // 2), 90, np.uint8)
    v = np.full((height // 2, width // 2), 170, np.uint8)
    mark = Watermark(width, height)
    mark.apply(y, u, v)
    left, top, columns, rows = mark.box
    inside = y[top : top + rows, left : left + columns].astype(int)
    assert np.ptp(inside) > 35
    y[top : top + rows, left : left + columns] = grey
    assert (y == grey).all()
    assert left + columns <= width
    assert top + rows <= height
    assert left > width / 3 or width < 100


def test_a_second_frame_is_marked_the_same() -> None:
    mark = Watermark(320, 240)
    shots = [[np.full((240, 320), 99, np.uint8), *(np.full((120, 160), 99, np.uint8) for _ in "uv")] for _ in "ab"]
    for planes in shots:
        mark.apply(*planes)
    for one, other in zip(*shots, strict=True):
        assert (one == other).all()


def test_the_metadata_survives_in_the_file(tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "a.mp4", 64, 48, 24, metadata=metadata("motion")) as writer:
        writer.write_rgb(np.zeros((48, 64, 3), np.uint8))
    said = probe(tmp_path / "a.mp4").metadata
    for key, value in metadata("motion").items():
        assert said[key] == value
    assert "still photo" in said["comment"]
