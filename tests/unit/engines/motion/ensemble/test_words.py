"""What prompts say of their images: addresses in every vendor's writing, roles, sides, sizes, places, order."""

from __future__ import annotations

import pytest

from photoplay.engines.motion.ensemble.lexicon import LIGHTS, PLACES, STATURES_M
from photoplay.engines.motion.ensemble.painted import LOOKS
from photoplay.engines.motion.ensemble.words import Said, wishes, without_addresses


@pytest.mark.parametrize(
    "address",
    ["@image2", "@Image2", "image 2", "Image_2", "<<<image_2>>>", "[image 2]", "@img2", "photo 2", "picture #2"],
)
def test_every_writing_of_an_address_is_read(address: str) -> None:
    said = wishes(f"the man from image 1 walks on {address}")
    assert said.of(2).role is Said.BACKDROP
    assert said.of(1).role is Said.SUBJECT
    assert said.of(1).noun == "man"


@pytest.mark.parametrize(
    ("prompt", "number", "role"),
    [
        ("The woman in @image1 walks on the beach of @image2", 1, Said.SUBJECT),
        ("The woman in @image1 walks on the beach of @image2", 2, Said.BACKDROP),
        ("the cat from image 1 sits in front of <<<image_2>>>", 2, Said.BACKDROP),
        ("image 2 is the background, image 1 on the left", 2, Said.BACKDROP),
        ("background: @image3, everybody else before it", 3, Said.BACKDROP),
        ("Put the dog of image 1 and a cup from the second photo into image 3", 3, Said.BACKDROP),
        ("Put the dog of image 1 and a cup from the second photo into image 3", 2, Said.SUBJECT),
        ("图1的猫坐在图2的沙滩上", 2, Said.BACKDROP),
        ("use image 1 as the scene", 1, Said.BACKDROP),
        ("image 1 and image 2", 1, None),
        ("slow zoom in", 1, None),
    ],
)
def test_roles_that_are_said(prompt: str, number: int, role: Said | None) -> None:
    assert wishes(prompt).of(number).role is role


def test_where_and_how_large() -> None:
    said = wishes("a giant cup from image 1 on the left, the tiny man in image 2 in the background, image 3 up front")
    assert (said.of(1).side, said.of(1).size, said.of(1).stature_m) == ("left", 1.7, STATURES_M["cup"])
    assert (said.of(2).depth, said.of(2).size) == ("back", 0.5)
    assert said.of(3).depth == "front"


@pytest.mark.parametrize(
    ("prompt", "place", "light"),
    [
        ("A girl and a cat on the beach at sunset", "beach", "sunset"),
        ("together in a studio", "studio", None),
        ("los dos en la playa de noche", "beach", "night"),
        ("на пляже на закате", "beach", "sunset"),
        ("他们一起站在城市的夜晚", "city", "night"),
        ("in a meadow with a shallow depth of field", "meadow", None),
        ("slow pan with shallow depth of field", None, None),
        ("it snows", None, None),
    ],
)
def test_places_and_light(prompt: str, place: str | None, light: str | None) -> None:
    said = wishes(prompt)
    assert (said.place, said.light) == (place, light)


def test_order_and_togetherness() -> None:
    assert wishes("from image 1 to image 2 with a smooth transition").in_sequence
    assert wishes("travel from @image1 to @image2").in_sequence
    assert wishes("a slideshow of my holiday").in_sequence
    assert not wishes("the man from image 1 goes to image 2").in_sequence
    assert wishes("they stand side by side").together


def test_those_who_read_for_motion_see_no_addresses() -> None:
    assert without_addresses("zoom in on @image1, then <<<image_2>>> pan left") == "zoom in on , then pan left"
    assert without_addresses("zoom in") == "zoom in"


def test_every_place_and_light_can_be_painted() -> None:
    assert set(PLACES) == set(LOOKS)
    assert set(LIGHTS) == {"day", "sunset", "night"}
