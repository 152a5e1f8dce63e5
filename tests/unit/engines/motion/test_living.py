"""What a subject is taken for decides how it lives; in doubt it is a thing."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from tests.support import pictures, stages

from photoplay.engines.motion import living, matte
from photoplay.engines.motion.faces import Seen
from photoplay.engines.motion.types import F32, U8, Box, Face

NOWHERE = Path("/nonexistent")
NOBODY = Seen(())


def disc(rgb: U8, x: float, y: float, radius: float) -> U8:
    """A round subject: middle in fractions, radius as a share of the height."""
    mask = np.zeros(rgb.shape[:2], np.uint8)
    height, width = mask.shape
    cv2.circle(mask, (round(x * width), round(y * height)), round(radius * height), 255, -1)
    return mask


def says(monkeypatch: pytest.MonkeyPatch, inside: float, outside: float, subject: U8) -> None:
    """The people network answers this."""
    small = cv2.resize(subject, (256, 256), interpolation=cv2.INTER_AREA)
    answer: F32 = np.where(small > 127, inside, outside).astype(np.float32)
    monkeypatch.setattr(matte, "people", lambda _rgb, _models: answer)


def blossom(*, ground: tuple[int, int, int] = (20, 70, 50), vivid: bool = True, fine: bool = True) -> tuple[U8, U8]:
    """A round, finely petalled thing before a plain ground, and its matte."""
    rgb = np.zeros((480, 640, 3), np.uint8)
    rgb[:] = ground
    y, x = np.indices((480, 640), dtype=np.float32)
    away, turn = np.hypot(x - 320, y - 240), np.arctan2(y - 240, x - 320)
    petals = np.sin(away / 5 + 2 * np.sin(9 * turn)) * np.sin(9 * turn) if fine else np.zeros_like(away)
    colour = np.float32([220, 120, 60]) if vivid else np.float32([150, 150, 150])
    inside = away < 130
    rgb[inside] = np.clip(colour * (0.8 + 0.25 * petals[..., None]), 0, 255)[inside].astype(np.uint8)
    return rgb, inside.astype(np.uint8) * np.uint8(255)


def test_no_subject_is_nothing_and_a_face_makes_a_person() -> None:
    rgb = pictures.wall()
    face = Face(Box(0.4, 0.3, 0.6, 0.6), 0.95)
    assert living.kind_of(rgb, np.zeros(rgb.shape[:2], np.uint8), NOBODY, NOWHERE) == "none"
    assert living.kind_of(rgb, disc(rgb, 0.5, 0.5, 0.4), Seen((face,)), NOWHERE) == "person"
    assert living.kind_of(rgb, disc(rgb, 0.1, 0.9, 0.1), Seen((face,)), NOWHERE) == "object"


def test_fur_and_a_body_make_an_animal_and_neither_alone_does(monkeypatch: pytest.MonkeyPatch) -> None:
    cat = stages.photo("chelsea.png")
    alpha = disc(cat, 0.48, 0.5, 0.45)
    says(monkeypatch, 0.9, 0.5, alpha)
    assert living.kind_of(cat, alpha, NOBODY, NOWHERE) == "animal"
    says(monkeypatch, 0.2, 0.1, alpha)
    assert living.kind_of(cat, alpha, NOBODY, NOWHERE) == "object"
    for name, place in (
        ("coffee.png", (0.45, 0.45, 0.4)), ("motorcycle_left.png", (0.5, 0.55, 0.3)), ("brick.png", (0.5, 0.5, 0.4)),
        ("gravel.png", (0.5, 0.5, 0.4)), ("coins.png", (0.5, 0.5, 0.4)), ("rocket.jpg", (0.5, 0.6, 0.2)),
    ):  # fmt: skip
        thing = stages.photo(name)
        alpha = disc(thing, *place)
        says(monkeypatch, 0.99, 0.0, alpha)
        assert living.kind_of(thing, alpha, NOBODY, NOWHERE) == "object", name


def test_without_the_people_network_nothing_is_taken_for_an_animal() -> None:
    cat = stages.photo("chelsea.png")
    assert living.kind_of(cat, disc(cat, 0.48, 0.5, 0.45), NOBODY, NOWHERE) == "object"


def test_what_may_be_a_face_makes_a_person_only_on_a_body(monkeypatch: pytest.MonkeyPatch) -> None:
    rgb = pictures.wall()
    alpha = disc(rgb, 0.5, 0.5, 0.4)
    maybe = Seen((), doubtful=((0.5, 0.4),))
    for inside, outside, kind in ((0.9, 0.1, "person"), (0.4, 0.1, "object"), (0.9, 0.8, "object")):
        says(monkeypatch, inside, outside, alpha)
        assert living.kind_of(rgb, alpha, maybe, NOWHERE) == kind
    says(monkeypatch, 0.9, 0.1, alpha)
    assert living.kind_of(rgb, alpha, Seen((), doubtful=((0.05, 0.05),)), NOWHERE) == "object"


def test_a_blossom_is_vivid_round_fine_and_before_green() -> None:
    assert living.kind_of(*blossom(), NOBODY, NOWHERE) == "blossom"
    assert living.kind_of(*blossom(ground=(120, 90, 70)), NOBODY, NOWHERE) == "object"
    assert living.kind_of(*blossom(vivid=False), NOBODY, NOWHERE) == "object"
    assert living.kind_of(*blossom(fine=False), NOBODY, NOWHERE) == "object"
    rgb, alpha = blossom()
    alpha[:, :285] = alpha[:, 355:] = 0
    assert living.kind_of(rgb, alpha, NOBODY, NOWHERE) == "object", "a standing figure in a bright dress"
    rgb, alpha = blossom()
    rough = np.where(alpha[..., None] > 0, rgb, np.clip(rgb + 25.0 * pictures.grain(0.8)[..., None], 0, 255))
    assert living.kind_of(rough.astype(np.uint8), alpha, NOBODY, NOWHERE) == "object", "a thing among leaves as sharp"
