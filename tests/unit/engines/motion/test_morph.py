"""Flow between two photos: found where they are alike, refused where they are not."""

from __future__ import annotations

import cv2
import numpy as np

from photoplay.engines.motion.measure import psnr
from photoplay.engines.motion.morph import FLOW_SIDE, PACES, backward_mesh, correspond, morph_spans
from photoplay.engines.motion.types import U8
from support.stages import make_stage, photo


def grey(name: str) -> U8:
    picture = cv2.cvtColor(photo(name), cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.resize(picture, (FLOW_SIDE, 298)), np.uint8)


def moved(picture: U8) -> U8:
    height, width = picture.shape
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    return np.asarray(
        cv2.remap(picture, x + 8 * np.sin(y / 50), y + 6 * np.cos(x / 70), cv2.INTER_LINEAR, borderMode=4), np.uint8
    )


def test_flow_between_alike_pictures_leads_from_one_to_the_other() -> None:
    first = grey("astronaut.png")
    second = moved(first)
    found = correspond(first, second)
    assert found is not None
    assert found.trusted > 0.7
    x, y = np.meshgrid(np.arange(FLOW_SIDE, dtype=np.float32), np.arange(298, dtype=np.float32))
    there = found.there * FLOW_SIDE
    looked = cv2.remap(second, x + there[..., 0], y + there[..., 1], cv2.INTER_LINEAR)
    assert psnr(looked[20:-20, 20:-20], first[20:-20, 20:-20]) > psnr(second[20:-20, 20:-20], first[20:-20, 20:-20]) + 6


def test_a_change_of_light_is_not_motion() -> None:
    first = grey("astronaut.png")
    darker = np.asarray(first * 0.7, np.uint8)
    found = correspond(first, darker)
    assert found is not None
    assert float(np.abs(found.there).mean()) * FLOW_SIDE < 0.6


def test_different_pictures_do_not_correspond() -> None:
    assert correspond(grey("astronaut.png"), grey("coffee.png")) is None


def test_a_mesh_moves_points_where_the_flow_says() -> None:
    stage = make_stage(output=(320, 180))
    flow = np.zeros((45, 80, 2), np.float32)
    flow[..., 0] = 0.02  # of the frame's width
    mesh = backward_mesh(stage, flow)
    assert np.allclose(mesh[..., 0], -0.02 * stage.frame[2], atol=0.05)
    assert np.allclose(mesh[..., 1], 0.0, atol=0.05)


def test_both_photos_are_seen_and_overlap() -> None:
    for frames in (13, 48, 120):
        first, second = morph_spans(frames)
        assert first.first == 0
        assert second.last == frames
        assert second.first < first.last


def test_each_take_has_a_pace_of_its_own() -> None:
    for frames in (13, 48, 120):
        for take in range(2 * len(PACES)):
            first, second = morph_spans(frames, take)
            assert 0 == first.first < second.first < first.last < second.last == frames
    assert len({morph_spans(120, take) for take in range(len(PACES))}) >= 6
    assert morph_spans(120) == morph_spans(120, 0)
