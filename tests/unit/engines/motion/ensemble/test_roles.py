"""Who is placed and who is the place: by what is seen, and by what is said where the photo allows it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from photoplay.engines.motion.ensemble.roles import Looks, Role, can_be_cut_out, cast, looks_of
from photoplay.engines.motion.ensemble.words import wishes

SUBJECT = Looks(0.95, 0.30, "object", 0, 0.0, 0.0, 0.0, 0.0, texture=0.01, sky=0.0, outdoor=0.0, area_px=1_000_000)
PERSON = replace(SUBJECT, kind="person", faces=1, cut_bottom=0.9)
PLACE = replace(SUBJECT, confidence=0.0, share=0.0, kind="none", sky=0.3, outdoor=1.0, texture=0.05)
CLOSE_UP = replace(SUBJECT, share=0.6, cut_top=0.9, cut_bottom=0.5)
LANDMARK = replace(SUBJECT, sky=0.3, outdoor=1.0, texture=0.05, share=0.25)
AT_HOME = replace(SUBJECT, texture=0.07, share=0.28)
S, B, C = Role.SUBJECT, Role.BACKDROP, Role.SCENE


@pytest.mark.parametrize(
    ("images", "prompt", "roles", "backdrop"),
    [
        ((SUBJECT, PLACE), "", (S, B), 1),
        ((PLACE, SUBJECT, PERSON), "", (B, S, S), 0),
        ((PLACE, PLACE), "", (C, C), None),
        ((SUBJECT, PERSON), "", (S, S), None),
        ((SUBJECT, LANDMARK), "", (S, B), 1),
        ((PERSON, CLOSE_UP), "", (C, C), None),
        ((PERSON, SUBJECT, CLOSE_UP), "", (S, S, C), None),
        ((PERSON, CLOSE_UP), "on the beach", (S, C), None),
        ((AT_HOME, SUBJECT), "", (B, S), 0),
        ((AT_HOME, SUBJECT), "together on the beach", (S, S), None),
        ((SUBJECT, PERSON), "@image2 is the background", (S, B), 1),
        ((LANDMARK, PLACE), "the tower of image 1 stands in image 2", (S, B), 1),
        ((SUBJECT, PLACE), "from image 1 to image 2", (C, C), None),
        ((SUBJECT, PERSON), "a slideshow", (C, C), None),
        ((SUBJECT, PLACE, replace(PLACE, area_px=9_000_000)), "", (S, C, B), 2),
    ],
)
def test_roles(images: tuple[Looks, ...], prompt: str, roles: tuple[Role, ...], backdrop: int | None) -> None:
    casting = cast(images, wishes(prompt))
    assert casting.roles == roles
    assert casting.backdrop == backdrop
    assert casting.composed is (S in roles)
    assert len(casting.why) == len(images)
    assert all(casting.why)


def test_a_word_does_not_make_a_subject_where_none_is_seen() -> None:
    casting = cast((PLACE, PLACE), wishes("the man of image 1 walks in image 2"))
    assert S not in casting.roles


def test_a_close_up_can_be_asked_for() -> None:
    assert not can_be_cut_out(CLOSE_UP)
    assert can_be_cut_out(CLOSE_UP, asked=True)


def test_looks_are_read_from_photos(album) -> None:  # type: ignore[no-untyped-def]  # a fixture of this folder
    photo, scene = album("red")
    red = looks_of(scene, photo.rgb, photo.size)
    assert red.confidence == 1.0
    assert red.cut_bottom == red.cut_top == red.cut_left == 0.0
    photo, scene = album("bust")
    assert looks_of(scene, photo.rgb, photo.size).cut_bottom > 0.5
    photo, scene = album("view")
    seen = looks_of(scene, photo.rgb, photo.size)
    assert seen.confidence == 0.0
    assert seen.texture > red.texture
