"""Words that the picture can do nothing with are no riddle where the sound answers them."""

from __future__ import annotations

import pytest

from photoplay.shot import Plan
from photoplay.sound.hearing import answered, with_heard


@pytest.mark.parametrize(
    "fragment", ["gulls cry", "a dog barks", "upbeat music plays", "the cat purrs", "with the sound of rain"]
)
def test_a_sound_and_nothing_else_is_answered(fragment: str) -> None:
    assert answered(fragment)


@pytest.mark.parametrize(
    "fragment",
    [
        "she dances to loud music",
        "he runs away",
        "the dog jumps over the fence",
        "runs away from the thunder",
        "no music",
    ],
)
def test_what_asks_for_a_deed_or_refuses_the_sound_is_not(fragment: str) -> None:
    assert not answered(fragment)


def test_only_the_answered_fragments_change_places() -> None:
    plan = Plan(ignored=("gulls cry", "he runs away"))
    told = with_heard(plan)
    assert told.heard == ("gulls cry",)
    assert told.ignored == ("he runs away",)
    assert with_heard(told) == told
    assert with_heard(Plan()) == Plan()
