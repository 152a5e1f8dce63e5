"""Colour: against the formulas of BT.709 written out, one sample at a time."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data
from PIL import Image

from photoplay.media.colour import alpha_to_420, rgb_to_yuv420, rgb_to_yuv444, yuv420_to_rgb

PHOTOS = Path(skimage.data.__file__).parent


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    with Image.open(PHOTOS / "coffee.png") as image:
        return np.asarray(image.convert("RGB").resize((160, 96)))


def reference_444(rgb: np.ndarray) -> np.ndarray:
    """BT.709-6, items 3.2 to 3.4, 8 bits: in floats, rounded at the very end."""
    r, g, b = (rgb[..., i] / 255.0 for i in range(3))
    luma = 0.2126 * r + 0.7152 * g + 0.0722 * b
    cb, cr = (b - luma) / 1.8556, (r - luma) / 1.5748
    return np.stack([219 * luma + 16, 224 * cb + 128, 224 * cr + 128], axis=-1)


def reference_420(rgb: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Chroma of column 2i from columns 2i-1, 2i, 2i+1 (1 2 1) and rows 2j, 2j+1 (1 1), edges repeated."""
    full = reference_444(rgb)
    padded = np.pad(full, ((0, 0), (1, 1), (0, 0)), mode="edge")
    across = (padded[:, :-2] + 2 * padded[:, 1:-1] + padded[:, 2:]) / 4
    sited = (across[::2, ::2] + across[1::2, ::2]) / 2
    return full[..., 0], sited[..., 1], sited[..., 2]


def test_planes_follow_the_formula(photo):
    for made, wanted in zip(rgb_to_yuv420(photo), reference_420(photo), strict=True):
        assert made.dtype == np.uint8
        assert made.flags.c_contiguous
        assert made.shape == wanted.shape
        # Luma is rounded once; chroma three times (the pairs, their mean, the matrix), and never all one way.
        assert np.abs(made - wanted).max() <= 1.25
        assert abs(float((made - wanted).mean())) < 0.1


@pytest.mark.parametrize(
    ("rgb", "yuv"),
    [
        ((0, 0, 0), (16, 128, 128)),
        ((255, 255, 255), (235, 128, 128)),
        ((255, 0, 0), (63, 102, 240)),
        ((0, 255, 0), (173, 42, 26)),
        ((0, 0, 255), (32, 240, 118)),
    ],
)
def test_known_colours(rgb, yuv):
    flat = np.full((16, 16, 3), rgb, np.uint8)
    assert tuple(int(plane[4, 4]) for plane in rgb_to_yuv420(flat)) == yuv
    assert tuple(rgb_to_yuv444(flat)[4, 4].tolist()) == yuv


def test_chroma_is_sited_left():
    # A red bar one column wide: on an even column it lies on a chroma sample, on an odd one between two.
    even, odd = (np.zeros((16, 32, 3), np.uint8) for _ in range(2))
    even[:, 10], odd[:, 11] = (255, 0, 0), (255, 0, 0)
    v_even, v_odd = rgb_to_yuv420(even)[2][4].astype(int) - 128, rgb_to_yuv420(odd)[2][4].astype(int) - 128
    assert np.flatnonzero(v_even).tolist() == [5]
    assert np.flatnonzero(v_odd).tolist() == [5, 6]
    assert v_odd[5] == v_odd[6]


def test_there_and_back(photo):
    back = yuv420_to_rgb(*rgb_to_yuv420(photo))
    assert back.shape == photo.shape
    assert cv2.PSNR(photo, back) > 34  # the loss of 4:2:0 itself
    smooth = cv2.GaussianBlur(photo, (0, 0), 4)
    assert cv2.PSNR(smooth, yuv420_to_rgb(*rgb_to_yuv420(smooth))) > 46


def test_back_has_no_shift():
    # Chroma sited wrongly by half a column would move colour against brightness.
    ramp = np.zeros((32, 64, 3), np.uint8)
    ramp[..., 0] = np.linspace(0, 255, 64).astype(np.uint8)
    back = yuv420_to_rgb(*rgb_to_yuv420(ramp))
    assert np.abs(back[4:-4, 4:-4].astype(int) - ramp[4:-4, 4:-4].astype(int)).max() <= 3


def test_opacity_on_the_chroma_grid():
    alpha = np.zeros((16, 16), np.uint8)
    alpha[:, 8:] = 255
    small = alpha_to_420(alpha)
    assert small.shape == (8, 8)
    assert small[4].tolist() == [0, 0, 0, 0, 191, 255, 255, 255]


@pytest.mark.parametrize("shape", [(15, 16, 3), (16, 15, 3), (16, 16), (16, 16, 4)])
def test_wrong_shapes_are_refused(shape):
    with pytest.raises(ValueError, match=r"expected|even|unpack"):
        rgb_to_yuv420(np.zeros(shape, np.uint8))
