"""Whose motion it is, and which way is left: the documented rules."""

from __future__ import annotations

import pytest

from photoplay.engines.motion.language import plan_from_prompt
from support.plans import is_default, steps


@pytest.mark.parametrize(
    ("prompt", "move"),
    [
        ("pan left", "pan-"),
        ("the camera turns left", "pan-"),
        ("the camera looks left", "pan-"),
        ("the camera moves left", "truck-"),
        ("the camera slides left", "truck-"),
        ("the camera tracks left", "truck-"),
        ("pan up", "tilt+"),
        ("the camera looks up", "tilt+"),
        ("the camera moves up", "pedestal+"),
        ("crane up", "crane+"),
        ("tilt left", "roll-"),
        ("the camera moves forward", "dolly+"),
        ("zoom in on her face", "zoom+"),
        ("push in on her face", "dolly+"),
        ("the camera rotates clockwise", "roll+"),
        ("the camera rotates around the tree", "orbit+"),
        ("rotate the picture", "roll+"),
        ("orbit clockwise", "orbit-"),
        ("pan from right to left", "pan-"),
        ("tilt from top to bottom", "tilt-"),
        ("dutch angle", "roll+"),
        ("we walk into the garden", "dolly+"),
        ("fly through the window", "push_through+"),
        ("follow the cyclist", "truck+"),
    ],
)
def test_one_move(prompt: str, move: str) -> None:
    assert steps(plan_from_prompt(prompt)) == [{move}]


@pytest.mark.parametrize(
    "prompt",
    [
        "she turns left",
        "the dog moves forward",
        "he tilts his head",
        "tilt your head",
        "the car rolls down the hill",
        "the zeppelin rises",
        "move the chair to the left",
        "her head turns right",
    ],
)
def test_the_motion_of_others_is_not_the_cameras(prompt: str) -> None:
    plan = plan_from_prompt(prompt)
    assert is_default(plan)
    assert plan.ignored


@pytest.mark.parametrize(
    "prompt",
    [
        "a frying pan on the stove",
        "a truck on a dusty road",
        "a crane at the harbour",
        "a marble pedestal",
        "spring rolls and sushi",
        "a girl looking left",
        "a man on the right side",
        "close-up of a face",
        "standing in a field of grass",
        "a smiling woman in a flowing dress",
        "wind turbines on a hill",
        "a rainbow over snow-capped mountains",
        "her vintage camera",
    ],
)
def test_things_that_sound_like_moves(prompt: str) -> None:
    plan = plan_from_prompt(prompt)
    assert is_default(plan)
    assert plan.ignored == ()
    assert plan.life == ()


def test_the_doer_is_inherited() -> None:
    assert steps(plan_from_prompt("The camera rises and turns left")) == [{"pedestal+", "pan-"}]
    assert plan_from_prompt("She turns and walks away").ignored
    assert steps(plan_from_prompt("The camera moves forward. Then it turns right.")) == [{"dolly+"}, {"pan+"}]


def test_directions_alone_take_the_verb_before() -> None:
    assert steps(plan_from_prompt("zoom in and then back out")) == [{"zoom+"}, {"zoom-"}]
    assert steps(plan_from_prompt("the camera moves forward and up")) == [{"dolly+", "pedestal+"}]


def test_order_words() -> None:
    rows = [{"zoom+"}, {"pan-"}]
    for prompt in (
        "zoom in, then pan left",
        "zoom in before panning left",
        "before panning left, zoom in",
        "pan left after zooming in",
        "after zooming in, pan left",
        "first zoom in, finally pan left",
        "Zoom in. Pan left.",
        "zoom in followed by a pan to the left",
        "start with a zoom in and end with a pan left",
        "zoom in, next pan left",
    ):
        assert steps(plan_from_prompt(prompt)) == rows, prompt


def test_together_words() -> None:
    for prompt in (
        "zoom in and pan left",
        "zoom in while panning left",
        "zoom in, pan left",
        "zoom in with a pan left",
        "zoom in, panning left",
        "while zooming in, pan left",
        "zoom in and at the same time pan left",
    ):
        assert steps(plan_from_prompt(prompt)) == [{"zoom+", "pan-"}], prompt
