"""The stage: what frame 0 shows, what lies behind, what lies beyond."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from photoplay.engines.motion import edges, plate, stage
from photoplay.engines.motion.types import Photo, SceneMap

MARK = np.array([255, 0, 255], np.uint8)


def textured(height: int, width: int, seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    noise = rng.normal(0, 1, (height, width, 3)).astype(np.float32)
    return np.clip(110 + cv2.GaussianBlur(noise, (0, 0), 2.0) * 60, 0, 255).astype(np.uint8)


def opacity(height: int, width: int, centre: tuple[int, int], radius: int, soft_px: float = 1.2) -> np.ndarray:
    out = np.zeros((height, width), np.float32)
    cv2.circle(out, centre, radius, 1.0, -1)
    return cv2.GaussianBlur(out, (0, 0), soft_px)


def made(alpha: np.ndarray, ground: np.ndarray | None = None, colour=(255, 0, 255)) -> tuple[Photo, SceneMap]:
    """A photo of a one-coloured subject on a ground, and the scene that says so."""
    height, width = alpha.shape
    ground = textured(height, width) if ground is None else ground
    rgb = ground * (1 - alpha[..., None]) + np.array(colour, np.float32) * alpha[..., None]
    matte = np.clip(alpha * 255 + 0.5, 0, 255).astype(np.uint8)
    scene = SceneMap(
        digest="x",
        size=(width, height),
        inverse_depth=np.where(alpha > 0.5, 0.8, 0.2).astype(np.float32),
        matte=matte,
        layers=(np.full((height, width), 255, np.uint8), matte),
        layer_depths=(0.2, 0.8),
        subject=None,
    )
    return Photo(np.clip(rgb + 0.5, 0, 255).astype(np.uint8), "x"), scene


def composite(made_stage) -> np.ndarray:
    out = made_stage.layers[0].rgb.astype(np.float32)
    for layer in made_stage.layers[1:]:
        alpha = layer.alpha[..., None].astype(np.float32) / 255
        out = out * (1 - alpha) + layer.rgb.astype(np.float32) * alpha
    return np.clip(out + 0.5, 0, 255).astype(np.uint8)


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    error = ((a.astype(np.float64) - b) ** 2).mean()
    return 10 * np.log10(255**2 / max(error, 1e-9))


def in_frame(image: np.ndarray, made_stage) -> np.ndarray:
    x, y, w, h = (round(v) for v in made_stage.frame)
    return image[y : y + h, x : x + w]


def test_frame_0_is_the_photo():
    photo, scene = made(opacity(360, 480, (240, 180), 90), colour=(200, 60, 40))
    result = stage.build_stage(photo, scene, (480, 360))
    assert in_frame(composite(result), result).shape == (360, 480, 3)
    assert psnr(in_frame(composite(result), result), photo.rgb) > 42


def test_shapes_and_places_agree():
    photo, scene = made(opacity(360, 480, (240, 180), 90))
    result = stage.build_stage(photo, scene, (640, 360), margin=0.1)
    height, width = result.layers[0].rgb.shape[:2]
    assert (width, height) == (640 + 2 * 64, 360 + 2 * 36)
    assert result.frame == (64.0, 36.0, 640.0, 360.0)
    assert result.layers[0].alpha is None
    for layer in result.layers:
        assert layer.rgb.shape == (height, width, 3)
        assert layer.rgb.flags.c_contiguous
        assert layer.inverse_depth.shape == (-(-height // 4), -(-width // 4))
        assert layer.inverse_depth.dtype == np.float32
    scale, dx, dy = result.photo_to_working
    # The subject's centre, moved by the mapping, lies in the middle of the subject's layer.
    x, y = 240 * scale + dx, 180 * scale + dy
    rows, columns = np.nonzero(result.layers[1].alpha > 127)
    assert columns.mean() == pytest.approx(x, abs=1.5)
    assert rows.mean() == pytest.approx(y, abs=1.5)


def test_away_from_what_shows_of_a_layer_there_are_the_plates_colours():
    photo, scene = made(opacity(360, 480, (200, 300), 50))
    plate, near = stage.build_stage(photo, scene, (640, 360), margin=0.1).layers
    assert near.alpha is not None
    rows, columns = stage.part_of(near.alpha)
    assert not np.array_equal(near.rgb[rows, columns], plate.rgb[rows, columns])
    seen = np.zeros(near.alpha.shape, np.bool_)
    seen[rows, columns] = True
    assert seen[near.alpha > 0].all()
    assert 0.1 < seen.mean() < 0.7
    assert np.array_equal(near.rgb[~seen], plate.rgb[~seen])


def test_nothing_of_the_subject_is_left_on_the_plate():
    photo, scene = made(opacity(360, 480, (240, 180), 90))  # the subject has the marker's colour
    result = stage.build_stage(photo, scene, (480, 360))
    rgb = result.layers[0].rgb.astype(int)
    magenta = np.minimum(rgb[..., 0], rgb[..., 2]) - rgb[..., 1]
    ground = textured(360, 480).astype(int)
    usual = (np.minimum(ground[..., 0], ground[..., 2]) - ground[..., 1]).max()
    assert magenta.max() < usual + 25


def test_the_fill_has_the_grounds_tone_and_grain():
    photo, scene = made(opacity(360, 480, (240, 180), 90))
    result = stage.build_stage(photo, scene, (480, 360))
    hole = in_frame(result.layers[0].rgb, result)[130:230, 190:290].astype(np.float32)
    ground = photo.rgb[:80, :80].astype(np.float32)
    assert hole.mean(axis=(0, 1)) == pytest.approx(ground.mean(axis=(0, 1)), abs=12)
    fine = np.abs(hole - cv2.GaussianBlur(hole, (0, 0), 2)).mean()
    assert fine > 0.3 * np.abs(ground - cv2.GaussianBlur(ground, (0, 0), 2)).mean()


def test_the_fill_meets_its_surroundings_without_a_step():
    t = np.linspace(40, 210, 480, dtype=np.float32)
    ground = np.repeat(np.repeat(t[None, :, None], 360, axis=0), 3, axis=2)
    photo, scene = made(opacity(360, 480, (240, 180), 90), ground=ground)
    result = stage.build_stage(photo, scene, (480, 360))
    inside = in_frame(result.layers[0].rgb, result).astype(np.float32)
    # A level run through the hole: no pixel-to-pixel jump that the ramp would not explain.
    assert np.abs(np.diff(inside[180, :, 0])).max() < 12
    assert np.abs(inside[180, 155:325, 0] - t[155:325]).mean() < 22


def test_soft_edges_carry_no_background():
    # A white subject with a 6-pixel edge on black ground: its own colour must stay white wherever it shows.
    photo, scene = made(
        opacity(360, 480, (240, 180), 90, soft_px=3.0), ground=np.zeros((360, 480, 3), np.uint8), colour=(250, 250, 250)
    )
    layer = stage.build_stage(photo, scene, (480, 360)).layers[1]
    shows = (layer.alpha > 60) & (layer.alpha < 250)
    assert shows.sum() > 500
    halo = 250 - layer.rgb[shows].astype(float).mean(axis=1)
    assert halo.mean() < 8
    assert np.percentile(halo, 95) < 40


def test_beyond_the_border_the_picture_goes_on_without_a_step():
    photo, scene = made(opacity(360, 480, (240, 180), 60))
    result = stage.build_stage(photo, scene, (480, 360), margin=0.12)
    rgb = result.layers[0].rgb.astype(np.float32)
    x, y, w, h = (round(v) for v in result.frame)
    usual = np.percentile(np.abs(np.diff(rgb[y : y + h, x : x + w], axis=1)), 99)
    for at in (x, x + w):
        assert np.abs(rgb[:, at] - rgb[:, at - 1]).mean() < usual
    for at in (y, y + h):
        assert np.abs(rgb[at] - rgb[at - 1]).mean() < usual
    assert rgb[:y].std() > 5  # it is picture, not a flat colour


def test_a_subject_cut_by_the_border_goes_on_and_one_near_it_has_no_twin():
    cut = opacity(360, 480, (240, 340), 90)  # runs out at the bottom
    photo, scene = made(cut)
    result = stage.build_stage(photo, scene, (480, 360), margin=0.1)
    x, y, _, h = (round(v) for v in result.frame)
    alpha = result.layers[1].alpha
    assert alpha[y + h + 5, x + 240] > 250
    assert (result.layers[1].rgb[y + h + 5, x + 240] == MARK).all()
    near = opacity(360, 480, (240, 100), 92)  # ends 8 pixels under the top
    photo, scene = made(near)
    result = stage.build_stage(photo, scene, (480, 360), margin=0.1)
    assert result.layers[1].alpha[:y].max() == 0


def test_where_the_crop_left_picture_the_margin_is_picture():
    photo, scene = made(opacity(360, 640, (320, 180), 60))
    result = stage.build_stage(photo, scene, (360, 360), margin=0.1)
    x, y, _, h = (round(v) for v in result.frame)
    left = 320 - 180  # the crop's left edge in the photo
    margin = composite(result)[y : y + h, :x]
    assert psnr(margin, photo.rgb[:, left - x : left]) > 40


def test_a_middle_layer_goes_on_behind_the_nearest():
    height, width = 240, 320
    wall = np.zeros((height, width), np.uint8)
    wall[:, 160:] = 255
    rgb = textured(height, width)
    rgb[:, 160:] = (40, 160, 60)
    ball = opacity(height, width, (220, 120), 40)
    rgb = np.clip(rgb * (1 - ball[..., None]) + np.array([240, 30, 30]) * ball[..., None] + 0.5, 0, 255).astype(
        np.uint8
    )
    matte = (ball * 255).astype(np.uint8)
    scene = SceneMap(
        digest="x",
        size=(width, height),
        inverse_depth=np.where(ball > 0.5, 0.9, np.where(wall > 0, 0.5, 0.1)).astype(np.float32),
        matte=matte,
        layers=(np.full((height, width), 255, np.uint8), wall, matte),
        layer_depths=(0.1, 0.5, 0.9),
        subject=None,
    )
    result = stage.build_stage(Photo(rgb, "x"), scene, (width, height), margin=0.0)
    middle = result.layers[1]
    assert middle.alpha[120, 220] > 250
    assert middle.rgb[120, 220].astype(int) == pytest.approx([40, 160, 60], abs=25)
    assert middle.alpha[120, 60] < 5
    assert result.layers[2].inverse_depth[30, 55] == pytest.approx(0.9, abs=0.05)
    assert result.layers[1].inverse_depth[30, 55] == pytest.approx(0.5, abs=0.05)  # its own, behind the ball
    # The plate behind the wall is made from what is not wall.
    assert result.layers[0].rgb[120, 280].astype(int)[1] < 150


def test_a_scene_of_one_layer_is_one_opaque_layer():
    photo = Photo(textured(200, 300), "x")
    scene = SceneMap(
        "x",
        (300, 200),
        np.full((200, 300), 0.4, np.float32),
        np.zeros((200, 300), np.uint8),
        (np.full((200, 300), 255, np.uint8),),
        (0.4,),
        None,
    )
    result = stage.build_stage(photo, scene, (480, 320), margin=0.05)
    assert len(result.layers) == 1
    assert result.layers[0].alpha is None


def test_the_same_stage_twice():
    photo, scene = made(opacity(240, 320, (160, 120), 60))
    first, second = (stage.build_stage(photo, scene, (320, 240)) for _ in range(2))
    for a, b in zip(first.layers, second.layers, strict=True):
        assert np.array_equal(a.rgb, b.rgb)
        assert np.array_equal(a.inverse_depth, b.inverse_depth)


def test_the_photo_itself_is_never_written_to():
    photo, scene = made(opacity(240, 320, (160, 120), 60))
    before = photo.rgb.copy()
    stage.build_stage(photo, scene, (320, 240), margin=0.0)
    assert np.array_equal(photo.rgb, before)


def test_a_fill_copies_a_pattern_rather_than_smearing_it():
    stripes = np.where((np.arange(160) // 8 % 2)[None, :, None] > 0, 0.8, 0.2) * np.ones((120, 160, 3))
    image = stripes.astype(np.float32)
    known = np.ones((120, 160), bool)
    known[40:80, 60:100] = False
    image[~known] = 0
    fill = plate.synthesize(image, known)
    hole = fill.colour[45:75, 64:96, 0]
    assert hole.std() > 0.2  # a smear is grey
    assert np.abs(hole - stripes[45:75, 64:96, 0]).mean() < 0.15


def test_a_fill_without_anything_known_stays_finite():
    fill = plate.synthesize(np.zeros((40, 60, 3), np.float32), np.zeros((40, 60), bool))
    assert np.isfinite(fill.colour).all()


def test_an_enlarged_edge_follows_the_large_photo():
    big = opacity(800, 800, (400, 400), 250, soft_px=1.0)
    rgb = (np.array([30, 30, 30]) * (1 - big[..., None]) + np.array([220, 200, 60]) * big[..., None]).astype(np.uint8)
    small = cv2.resize((big * 255).astype(np.uint8), (200, 200), interpolation=cv2.INTER_AREA)
    rough = cv2.resize(small, (800, 800), interpolation=cv2.INTER_LINEAR)
    fine = edges.sharpen(rgb, rough, 4.0)
    truth = big * 255
    assert np.abs(fine - truth).mean() < 0.6 * np.abs(rough - truth).mean()
