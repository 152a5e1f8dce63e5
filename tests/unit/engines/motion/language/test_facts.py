"""Facts out of a scene."""

from __future__ import annotations

import numpy as np
import pytest

from photoplay.engines.motion.colours import colours_of
from photoplay.engines.motion.language import facts_of
from photoplay.engines.motion.language.facts import PhotoFacts
from photoplay.engines.motion.types import Box, Face, SceneMap


def scene(**changes: object) -> SceneMap:
    h, w = 60, 90
    given: dict[str, object] = {
        "digest": "x",
        "size": (w, h),
        "inverse_depth": np.tile(np.linspace(0, 1, h, dtype=np.float32)[:, None], (1, w)),
        "matte": np.zeros((h, w), np.uint8),
        "layers": (np.full((h, w), 255, np.uint8),),
        "layer_depths": (0.3,),
        "subject": None,
    }
    return SceneMap(**{**given, **changes})  # type: ignore[arg-type]  # fields of mixed types


def test_a_landscape() -> None:
    sky = np.zeros((60, 90), np.uint8)
    sky[:30] = 255
    speck = np.zeros((60, 90), np.uint8)
    speck[0, 0] = 255
    facts = facts_of(scene(regions={"sky": sky, "fire": speck}, horizon=0.5, stats={"luminance": 0.4, "night": True}))
    assert facts.regions == ("sky",), "what is too small is not named"
    assert facts.is_landscape
    assert not facts.is_flat
    assert not facts.has_subject
    assert facts.depth == pytest.approx(0.9, abs=0.05)
    assert (facts.luminance, facts.night, facts.aspect) == (0.4, True, 1.5)


def test_a_portrait() -> None:
    matte = np.zeros((60, 90), np.uint8)
    matte[10:, 30:60] = 255
    facts = facts_of(
        scene(
            matte=matte,
            subject=Box(1 / 3, 1 / 6, 2 / 3, 1.0),
            faces=(Face(Box(0.4, 0.2, 0.6, 0.5), 0.9), Face(Box(0, 0, 0.1, 0.1), 0.2)),
            stats={"subject_kind": "person"},
        )
    )
    assert facts.has_subject
    assert facts.faces == 1, "a doubtful face is none"
    assert facts.face_height == pytest.approx(0.3)
    assert facts.subject_height == pytest.approx(5 / 6)
    assert facts.subject_kind == "person"
    assert not facts.is_landscape


def test_a_wall_is_flat() -> None:
    assert facts_of(scene(inverse_depth=np.full((60, 90), 0.4, np.float32))).is_flat


def test_a_stray_matte_is_no_subject() -> None:
    matte = np.zeros((60, 90), np.uint8)
    matte[0, :5] = 255
    assert not facts_of(scene(matte=matte, subject=Box(0, 0, 0.05, 0.02))).has_subject


@pytest.mark.parametrize(
    ("rgb", "name"),
    [
        ((250, 250, 250), "white"),
        ((10, 10, 10), "black"),
        ((20, 60, 220), "blue"),
        ((30, 160, 40), "green"),
        ((220, 30, 30), "red"),
    ],
)
def test_colours(rgb: tuple[int, int, int], name: str) -> None:
    picture = np.full((40, 30, 3), rgb, np.uint8)
    assert colours_of(picture) == (name,)
    assert facts_of(scene(), picture).colours == (name,)


def test_nothing_known() -> None:
    facts = PhotoFacts()
    assert not facts.has_face
    assert not facts.is_landscape
    assert not facts.is_flat
