"""The place that a subject leaves: what fills it, its shadow, and where it touches the ground."""

from __future__ import annotations

import cv2
import numpy as np

from photoplay.engines.motion.effects import craft, vacancy
from photoplay.engines.motion.effects.crush import Outline
from photoplay.engines.motion.effects.levitate import footprint
from photoplay.engines.motion.effects.patchwork import patchwork
from photoplay.engines.motion.types import F32, U8

from .stages import stage

HEIGHT, WIDTH = 120, 180


def facade() -> F32:
    """A wall with windows every 12 pixels."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    windows = ((x % 12) > 5) & ((y % 12) > 5)
    return np.repeat(np.where(windows, 0.2, 0.8)[..., None], 3, axis=2).astype(np.float32)


def place() -> U8:
    """Where somebody stands: 255 there."""
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.ellipse(mask, (90, 70), (26, 40), 0, 0, 360, 255, -1)
    return mask


def test_a_wall_goes_on_window_by_window() -> None:
    wall, known = facade(), place() == 0
    guide = np.full_like(wall, 0.6)
    made = patchwork(wall, known, guide)
    assert not made.missing.any()
    filled = wall[made.rows, made.columns]
    assert np.abs(filled - wall)[~known].mean() < 0.03, "pieces are laid so that the windows meet"


def test_a_patchwork_takes_nothing_from_the_place_itself() -> None:
    known = place() == 0
    made = patchwork(facade(), known, np.full((HEIGHT, WIDTH, 3), 0.6, np.float32))
    assert known[made.rows, made.columns][~made.missing].all()


def test_its_seams_stay_beside_the_place() -> None:
    known = place() == 0
    made = patchwork(facade(), known, np.full((HEIGHT, WIDTH, 3), 0.6, np.float32))
    near = cv2.dilate((~known).astype(np.uint8), np.ones((15, 15), np.uint8)) > 0
    assert made.known[~near].all()


def ground_with_shadow() -> U8:
    picture = np.full((HEIGHT, WIDTH, 3), 180, np.uint8)
    cv2.ellipse(picture, (90, 104), (30, 12), 0, 0, 360, (60, 60, 60), -1)
    return picture


def test_the_shadow_at_its_foot_goes_with_it() -> None:
    found = cv2.resize(vacancy._shadow(ground_with_shadow(), place(), 0.58), (WIDTH, HEIGHT)) > 127
    assert found[112, 80:100].all()
    assert not found[:60].any()
    assert found.mean() < 0.1


def test_a_dark_ground_is_no_shadow() -> None:
    rng = np.random.default_rng(3)
    blocks = rng.choice(np.array([20, 200], np.uint8), (HEIGHT // 6, WIDTH // 6), p=[0.7, 0.3])
    picture = cv2.resize(blocks, (WIDTH, HEIGHT), interpolation=cv2.INTER_NEAREST)
    assert not vacancy._shadow(np.repeat(picture[..., None], 3, axis=2), place(), 0.58).any()


def test_an_even_ground_has_none() -> None:
    assert not vacancy._shadow(np.full((HEIGHT, WIDTH, 3), 150, np.uint8), place(), 0.58).any()


def test_two_shoes_leave_two_soles() -> None:
    alpha = np.zeros((200, 120), np.uint8)
    alpha[20:110, 40:80] = 255
    for x in (42, 66):
        alpha[110:190, x : x + 12] = 255
    sole = footprint(alpha)
    count, _ = cv2.connectedComponents((sole > 127).astype(np.uint8))
    assert count - 1 == 2
    assert not sole[:170].any()


def test_a_saucer_leaves_its_whole_rim() -> None:
    alpha = np.zeros((160, 240), np.uint8)
    cv2.ellipse(alpha, (120, 100), (100, 50), 0, 0, 360, 255, -1)
    sole = footprint(alpha) > 127
    assert np.count_nonzero(sole.any(axis=0)) > 150
    assert np.count_nonzero(sole[:, 120]) > 40


def test_nothing_stands_nowhere() -> None:
    assert not footprint(np.zeros((20, 30), np.uint8)).any()


def test_what_was_pressed_is_flat_and_then_round() -> None:
    focus = craft.focus_of(stage("subject"))
    outline = Outline.of(stage("subject"), focus, focus.box[1] + 10, np.random.default_rng(1))
    flat, loose = outline.mask(0.0) > 127, outline.mask(1.0) > 127
    assert (flat == flat[:, :1]).all(), "as flat as the press"
    top = np.argmax(loose, axis=0)
    middle, side = top[len(top) // 2], top[len(top) // 4]
    assert side > middle, "its sides sag"


def test_a_rising_subject_empties_its_lower_half_only() -> None:
    on = stage("subject")
    focus = craft.focus_of(on)
    mask = vacancy.lower_half(on, focus)
    rows = on.layers[0].rgb.shape[0]
    at = [round(y / rows * mask.shape[0]) for y in (focus.box[1] + 2, focus.box[3] - 2)]
    assert not mask[at[0]].any()
    assert (mask[at[1]] == 255).all()
