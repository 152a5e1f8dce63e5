"""The scene of photos made in code, where what is right is known."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from photoplay.engines.motion import depth, faces, filters, layers, matte, nets, regions, scene
from photoplay.engines.motion.types import Box, Face, Photo
from photoplay.errors import WeightsCorrupt
from support.tiny_onnx import channel_mean

NOWHERE = Path("/nonexistent/models")


def textured(height: int, width: int, seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    noise = rng.normal(0, 1, (height, width, 3)).astype(np.float32)
    grain = cv2.GaussianBlur(noise, (0, 0), 2.0) * 60
    return np.clip(110 + grain, 0, 255).astype(np.uint8)


def disc_photo(width: int = 640, height: int = 480) -> tuple[Photo, np.ndarray]:
    """A red disc on grey-green grain, anti-aliased, and its true opacity."""
    big = np.zeros((height * 4, width * 4), np.uint8)
    cv2.circle(big, (width * 2, height * 2), height, 255, -1)
    alpha = cv2.resize(big, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    ground = textured(height, width)
    rgb = ground * (1 - alpha[..., None]) + np.array([220, 40, 30], np.float32) * alpha[..., None]
    return Photo(np.clip(rgb + 0.5, 0, 255).astype(np.uint8), "disc"), alpha


def landscape(width: int = 640, height: int = 480) -> Photo:
    """A blue sky that pales towards a rough green ground."""
    rgb = textured(height, width, 3).astype(np.float32)
    rgb = rgb * np.array([0.6, 0.9, 0.4], np.float32)
    line = height // 2
    t = np.linspace(0, 1, line, dtype=np.float32)[:, None, None]
    rgb[:line] = np.array([70, 120, 210], np.float32) * (1 - t) + np.array([170, 200, 240], np.float32) * t
    return Photo(np.clip(rgb, 0, 255).astype(np.uint8), "landscape")


@pytest.fixture
def locate(monkeypatch, tmp_path):
    """Puts made-up networks in place of the weights: ``locate["u2netp"] = bytes``."""
    files: dict[str, bytes] = {}

    def find(name: str, models_dir: Path) -> Path | None:
        del models_dir
        if name not in files:
            return None
        path = tmp_path / f"{name}.onnx"
        if not path.exists() or path.read_bytes() != files[name]:
            path.write_bytes(files[name])
        return path

    monkeypatch.setattr(nets.weights, "find", find)
    return files


def test_without_weights_a_disc_is_still_found_and_said_so():
    photo, truth = disc_photo()
    found = scene.analyze(photo, NOWHERE)
    assert matte.NOTE_PLAIN in found.notes
    assert faces.NOTE_MISSING in found.notes
    solid = found.matte > 127
    true = truth > 0.5
    assert (solid & true).sum() / (solid | true).sum() > 0.93
    assert found.subject is not None
    assert found.subject.centre == pytest.approx((0.5, 0.5), abs=0.03)
    assert found.stats["subject_kind"] == "object"
    assert len(found.layers) == 2
    assert found.layer_depths[0] < found.layer_depths[1]


def test_the_edge_is_as_soft_as_the_photos():
    photo, truth = disc_photo()
    mask = (cv2.resize(truth, (320, 320)) > 0.5).astype(np.uint8) * 255
    alpha = matte.refine(photo.rgb, mask, mask.astype(np.float32) / 255).astype(np.float32) / 255
    assert np.abs(alpha - truth).mean() < 0.006
    band = (truth > 0.02) & (truth < 0.98)
    assert np.abs(alpha - truth)[band].mean() < 0.30
    far = cv2.erode((truth == 0).astype(np.uint8), np.ones((21, 21), np.uint8)) > 0
    assert alpha[far].max() == 0


@pytest.mark.parametrize(
    "photo", [landscape(), Photo(textured(300, 400), "wall"), Photo(np.full((200, 300, 3), 90, np.uint8), "flat")]
)
def test_where_nothing_stands_out_there_is_no_subject(photo):
    found = scene.analyze(photo, NOWHERE)
    assert not found.matte.any()
    assert found.subject is None
    assert found.stats["subject_kind"] == "none"


def test_a_landscape_has_a_sky_at_infinity_a_horizon_and_ground_that_comes_near():
    found = scene.analyze(landscape(), NOWHERE)
    assert found.horizon == pytest.approx(0.5, abs=0.06)
    sky = found.regions["sky"] > 127
    assert sky[:200].mean() > 0.95
    assert sky[280:].mean() < 0.02
    height = found.size[1]
    rows = found.inverse_depth.mean(axis=1)
    assert rows[: int(height * 0.4)].max() < 0.05
    assert rows[int(height * 0.95)] > rows[int(height * 0.7)] > rows[int(height * 0.55)]
    assert found.stats["outdoor"] == 1.0
    assert "water" not in found.regions
    assert "fire" not in found.regions


def test_a_backdrop_that_reaches_the_floor_is_no_sky():
    t = np.linspace(0, 1, 300, dtype=np.float32)[:, None, None]
    rgb = np.broadcast_to(np.array([120, 160, 230], np.float32) * (1 - 0.3 * t), (300, 400, 3)).astype(np.uint8)
    assert "sky" not in regions.find_regions(np.ascontiguousarray(rgb), np.zeros((300, 400), np.uint8), ()).weights


def test_the_same_photo_gives_the_same_scene():
    photo, _ = disc_photo()
    first, second = scene.analyze(photo, NOWHERE), scene.analyze(photo, NOWHERE)
    assert np.array_equal(first.inverse_depth, second.inverse_depth)
    assert all(np.array_equal(a, b) for a, b in zip(first.layers, second.layers, strict=True))
    assert first.stats == second.stats


def test_the_photo_is_reduced_to_each_size_once(monkeypatch):
    photo, _ = disc_photo()
    plain, made = filters.resize_u8, []

    def noted(image, size, how=None):
        made.append((image.shape, size, how))
        return plain(image, size, how)

    monkeypatch.setattr(filters, "resize_u8", noted)
    scene.analyze(photo, NOWHERE)
    assert made.count((photo.rgb.shape, (512, 384), None)) == 1
    assert made.count((photo.rgb.shape, (256, 192), None)) == 1
    assert made.count((photo.rgb.shape[:2], (256, 192), None)) == 2, "the matte and the sky"


def test_a_cut_out_photo_brings_its_own_matte():
    photo, truth = disc_photo()
    cut = Photo(photo.rgb, photo.digest, alpha=(truth * 255).astype(np.uint8))
    found = scene.analyze(cut, NOWHERE)
    assert np.array_equal(found.matte, cut.alpha)
    assert matte.NOTE_PLAIN not in found.notes


@pytest.mark.parametrize("size", [(16, 16), (40, 16), (2000, 20), (20, 2000), (333, 17)])
def test_small_and_narrow_photos_pass(size):
    rng = np.random.default_rng(4)
    photo = Photo(rng.integers(0, 255, (size[1], size[0], 3), dtype=np.uint8), "small")
    found = scene.analyze(photo, NOWHERE)
    assert found.inverse_depth.shape == (found.size[1], found.size[0])
    assert max(found.size) <= scene.ANALYSIS_SIDE
    assert np.isfinite(found.inverse_depth).all()


class TestDecide:
    def disc(self, level: float = 0.97) -> np.ndarray:
        out = np.zeros((320, 320), np.float32)
        cv2.circle(out, (160, 160), 60, level, -1)
        return cv2.GaussianBlur(out, (0, 0), 1.5)

    def test_a_clear_disc_is_taken(self):
        mask, confidence = matte.decide(self.disc(), (640, 480))
        assert mask[160, 160] == 255
        assert mask[10, 10] == 0
        assert confidence > 0.7

    def test_a_faint_one_is_not(self):
        assert matte.decide(self.disc(0.62), (640, 480))[1] == 0.0

    def test_a_wide_doubt_is_no_subject(self):
        assert matte.decide(np.maximum(self.disc(), 0.4), (640, 480))[1] == 0.0

    def test_doubtful_parts_go_to_the_background(self):
        both = self.disc()
        cv2.circle(both, (280, 60), 20, 0.64, -1)
        mask, _ = matte.decide(both, (640, 480))
        assert mask[160, 160] == 255
        assert mask[60, 280] == 0

    def test_unless_they_hold_a_face(self):
        both = self.disc()
        cv2.circle(both, (280, 60), 20, 0.64, -1)
        face = Face(Box(270 / 320, 50 / 320, 290 / 320, 70 / 320), 0.9)
        assert matte.decide(both, (640, 480), (face,))[0][60, 280] == 255

    def test_a_range_of_hills_is_no_subject(self):
        band = np.zeros((320, 320), np.float32)
        band[100:200] = 0.98
        assert matte.decide(band, (640, 480))[1] == 0.0

    def test_things_at_both_sides_are_no_landscape(self):
        both = np.zeros((240, 320), np.float32)
        both[60:160, :90] = both[90:200, 240:] = 0.95
        assert matte.decide(both, (640, 480))[1] > 0.5

    def test_nothing_and_everything_are_no_subject(self):
        assert matte.decide(np.zeros((320, 320), np.float32), (640, 480))[1] == 0.0
        assert matte.decide(np.ones((320, 320), np.float32), (640, 480))[1] == 0.0


@pytest.mark.parametrize("width", [400, 600])  # another network than ours takes the shape that it was made for
def test_the_matte_network_is_fed_and_heard(locate, width):
    # The mean of the normalised channels is above 0.6 where the photo is bright: a bright disc on black is found.
    locate["u2netp"] = channel_mean([1, 3, 320, 320], keep_axis=True)
    rgb = np.zeros((300, width, 3), np.uint8)
    cv2.circle(rgb, (120, 150), 60, (255, 255, 255), -1)
    found = matte.find_subject(rgb, NOWHERE)
    assert found.note is None
    assert found.alpha[150, 120] > 250
    assert found.alpha[20, 380] == 0
    assert found.confidence > 0.5


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((800, 800), (320, 320)),
        ((1024, 768), (320, 320)),
        ((1024, 683), (320, 240)),
        ((1024, 576), (320, 192)),
        ((1024, 410), (320, 192)),
        ((683, 1024), (240, 320)),
        ((576, 1024), (192, 320)),
    ],
)
def test_the_network_sees_about_the_photos_shape(size, expected):
    assert matte.net_size(*size) == expected


@pytest.mark.parametrize("shape", [[1, 3, "h", "w"], [1, 3, 252, 266]])
def test_a_depth_network_of_free_or_fixed_size_is_used(locate, shape):
    locate["depth"] = channel_mean(shape)
    ramp = np.repeat(np.linspace(0, 255, 320)[:, None], 480, axis=1)
    photo = Photo(np.repeat(ramp[..., None], 3, axis=2).astype(np.uint8), "ramp")
    found = scene.analyze(photo, NOWHERE)
    assert found.stats["depth_source"] == "network"
    rows = found.inverse_depth.mean(axis=1)
    assert rows[0] < 0.05
    assert rows[-1] > 0.95
    assert (np.diff(rows) > -0.01).all()


def test_the_matte_sharpens_the_networks_edges(locate):
    locate["depth"] = channel_mean([1, 3, "h", "w"])
    _, truth = disc_photo()
    alpha = (truth * 255).astype(np.uint8)
    soft = cv2.GaussianBlur(truth, (0, 0), 8)[..., None] * np.array([180, 180, 180]) + 40
    answer = depth.network(nets.locate("depth", NOWHERE), soft.astype(np.uint8))
    assert answer is not None
    with_edge = depth.estimate(
        soft.astype(np.uint8), alpha, np.zeros_like(alpha), None, (), NOWHERE, outdoor=0.0
    ).inverse
    row = with_edge[240]
    edge = np.flatnonzero(truth[240] > 0.5)[0]
    assert row[edge + 3] - row[edge - 3] > 0.45
    assert answer[240, edge + 3] - answer[240, edge - 3] < 0.30


@pytest.mark.parametrize(
    "data",
    [
        b"not a model",
        b"",
        channel_mean([1, 4, "h", "w"]),  # four channels are no photo
        channel_mean([1, 3, "h", "w"], axis=0),  # answers with three channels
    ],
)
def test_a_file_that_is_no_depth_network_is_passed_over(locate, data):
    locate["depth"] = data
    photo, _ = disc_photo(320, 240)
    assert scene.analyze(photo, NOWHERE).stats["depth_source"] == "priors"


def test_corrupt_weights_are_passed_over(monkeypatch):
    def corrupt(name: str, models_dir: Path) -> Path:
        raise WeightsCorrupt(f"{name} is damaged")

    monkeypatch.setattr(nets.weights, "find", corrupt)
    photo, _ = disc_photo(320, 240)
    assert matte.NOTE_PLAIN in scene.analyze(photo, NOWHERE).notes


def test_layers_are_cut_where_depth_jumps():
    rgb = textured(240, 320)
    ground = np.full((240, 320), 0.05, np.float32)
    ground[:, 100:] = 0.45
    ground[:, 220:] = 0.85
    cut = layers.cut(rgb, ground, ground, np.zeros((240, 320), np.uint8))
    assert len(cut.alphas) == 3
    assert (cut.alphas[0] == 255).all()
    assert cut.alphas[1][120, 50] < 5
    assert cut.alphas[1][120, 150] > 250
    assert cut.alphas[2][120, 150] < 5
    assert cut.alphas[2][120, 280] > 250
    assert cut.depths == pytest.approx((0.05, 0.45, 0.85), abs=0.03)


def test_a_slope_is_not_cut():
    ground = np.repeat(np.linspace(0, 1, 240, dtype=np.float32)[:, None], 320, axis=1)
    assert len(layers.cut(textured(240, 320), ground, ground, np.zeros((240, 320), np.uint8)).alphas) == 1


def test_skin_and_hair_come_with_a_face():
    rgb = np.full((300, 300, 3), 40, np.uint8)
    cv2.ellipse(rgb, (150, 120), (70, 85), 0, 0, 360, (60, 40, 25), -1)  # hair
    cv2.ellipse(rgb, (150, 140), (50, 65), 0, 0, 360, (215, 170, 145), -1)  # face
    alpha = np.zeros((300, 300), np.uint8)
    cv2.ellipse(alpha, (150, 125), (75, 90), 0, 0, 360, 255, -1)
    angles = np.linspace(0, 2 * np.pi, 468, endpoint=False)
    mesh = np.stack([0.5 + 0.16 * np.cos(angles), 0.467 + 0.21 * np.sin(angles), np.zeros(468)], axis=1)
    face = Face(Box(0.34, 0.26, 0.66, 0.68), 0.99, mesh.astype(np.float32))
    found = regions.find_regions(rgb, alpha, (face,)).weights
    assert found["skin"][150, 150] > 180
    assert found["skin"][45, 150] < 60
    assert found["hair"][45, 150] > 120
    assert found["hair"][150, 150] < 40
    assert found["hair"][280, 20] == 0


def test_people_are_completed_below_their_faces_only(monkeypatch, locate):
    class Everywhere:
        def run(self, blob, outputs):
            assert blob.shape == (1, 3, 256, 256)
            return [np.ones((1, 1, 256, 256), np.float32) for _ in outputs]

    locate["selfie"] = b"weights"
    locate["u2netp"] = channel_mean([1, 3, 320, 320], keep_axis=True)
    monkeypatch.setattr(nets, "tflite", lambda path: Everywhere())
    rgb = np.zeros((300, 400, 3), np.uint8)
    cv2.circle(rgb, (100, 80), 40, (255, 255, 255), -1)  # the head, which the matte network sees
    face = Face(Box(0.2, 0.2, 0.3, 0.34), 0.95)
    alpha = matte.find_subject(rgb, NOWHERE, (face,)).alpha
    assert alpha[80, 100] > 250
    assert alpha[280, 100] > 250  # the legs, dark before dark
    assert alpha[280, 300] == 0
    assert alpha[10, 100] == 0
